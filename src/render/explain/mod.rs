//! Where each line of a file comes from.
//!
//! Nothing is recorded while rendering. On demand each value is changed by its type, the file is rendered again, and the
//! lines that differ are that value's. A value that changes no line is read by nothing; a line that no value moves is
//! the template's own.

mod changes;
mod handsets;

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::format_compact;
use serde::Serialize;

use super::document::{RenderError, Renderer, Reveal, render};
use crate::catalogue::{Band, FeatureCodes, FilePattern, Outcome, Scope, Setting};
use crate::fleet::{Access, Modules};
use crate::phone::{Accept, Function, KeySetting, Place, Secret, SettingValue, Use};
use crate::resolve::{Key, Origin, Phase, Resolved, ResolvedSetting, resolve, stored_at};
use crate::world::Subject;
use changes::{changed, other_uses, others, shown_otherwise};

/// A line of a file with the values that move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Explained {
    /// The line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What moves it; empty where it is the template's own.
    pub from: Vec<Explanation>,
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// What it is: `settings.language`, `keys.3`.
    pub value: String,
    /// The layer it comes from.
    pub layer: &'static str,
    /// The file.
    pub file: String,
    /// The line in it, from 1; 0 where the file has no line for it.
    pub at: u32,
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {}", self.value, self.layer, self.file)?;
        if self.at > 0 { write!(f, ":{})", self.at) } else { write!(f, ")") }
    }
}

/// Why a key is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EmptyKey {
    /// Which key.
    #[schema(value_type = String)]
    pub key: Place,
    /// Why.
    pub why: String,
}

/// The explanation of a whole file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Every line.
    pub lines: Vec<Explained>,
    /// The keys that are sent empty.
    pub empty_keys: Vec<EmptyKey>,
    /// Values that change no line of the file.
    pub unread: Vec<Explanation>,
}

/// Explains a document of a phone. Secrets move lines like any other value, and are not shown.
///
/// # Errors
/// Why the file cannot be rendered in the first place.
pub fn explain(
    subject: &Subject,
    band: Band,
    phase: Phase,
    file: &FilePattern,
    with: &Renderer<'_>,
) -> Result<Report, RenderError> {
    let resolved =
        resolve(subject, band, phase).ok_or_else(|| RenderError::NoTemplate(subject.model.family.to_string()))?;
    let shown = text_of(&resolved, file, &Renderer { reveal: Reveal::Nothing, ..*with })?;
    let with = Renderer { reveal: Reveal::Secrets, ..*with };
    let text = text_of(&resolved, file, &with)?;
    let line = |(at, text): (usize, &str)| Explained { line: at + 1, text: text.to_owned(), from: Vec::new() };
    let report = Report {
        lines: shown.lines().enumerate().map(line).collect(),
        empty_keys: empty_keys(&resolved),
        unread: Vec::new(),
    };
    let mut explainer = Explainer { subject, band, phase, file, with, text, report };
    explainer.settings(&resolved);
    explainer.device();
    explainer.codes();
    explainer.keys(&resolved);
    Ok(explainer.report)
}

fn text_of(resolved: &Resolved<'_>, file: &FilePattern, with: &Renderer<'_>) -> Result<String, RenderError> {
    let document = render(resolved, file, with)?;
    Ok(document.text().into_owned())
}

struct Explainer<'a> {
    subject: &'a Subject,
    band: Band,
    phase: Phase,
    file: &'a FilePattern,
    with: Renderer<'a>,
    text: String,
    report: Report,
}

impl Explainer<'_> {
    fn settings(&mut self, resolved: &Resolved<'_>) {
        let subject = self.subject;
        for (id, setting) in subject.catalogue.vocabulary.iter() {
            let at = usize::from(id.0);
            if setting.scope == Scope::Phone {
                let ResolvedSetting { value: Some(value), origin } = resolved.settings[at] else { continue };
                let from = self.of_primary(format!("settings.{}", setting.name), origin);
                self.try_values(setting, value, from, |again, other| again.settings[at].value = Some(other));
                continue;
            }
            for (n, account) in resolved.accounts.iter().enumerate() {
                let (Some(line), Some(stored)) = (account.line, account.settings.get(at)) else { continue };
                let Some(value) = stored.value else { continue };
                let from = explanation(account_path(setting, n), stored.origin, subject, Some(line));
                self.try_values(setting, value, from, |again, other| {
                    again.accounts[n].settings[at].value = Some(other)
                });
            }
        }
    }

    /// Renders with other values in the place of one, until lines move.
    fn try_values(
        &mut self,
        setting: &Setting,
        value: &SettingValue,
        from: Explanation,
        put: impl for<'v> Fn(&mut Resolved<'v>, &'v SettingValue),
    ) {
        for other in &others(setting, value) {
            let Some(mut again) = resolve(self.subject, self.band, self.phase) else { return };
            put(&mut again, other);
            if let Ok(text) = text_of(&again, self.file, &self.with)
                && self.attribute(&text, &from)
            {
                return;
            }
        }
        self.report.unread.push(from);
    }

    /// What the phone's and its lines' own files say besides settings and keys, and what phones call us.
    fn device(&mut self) {
        let subject = self.subject;
        let phone = |value: &str, at: u32| Explanation {
            value: value.to_owned(),
            layer: "phone",
            file: subject.phone.path(),
            at,
        };
        for (n, line) in subject.lines.iter().enumerate() {
            if line.display_name.is_some() {
                let from = Explanation {
                    value: format!("display_name (account {})", n + 1),
                    layer: "line",
                    file: line.path(),
                    at: 1,
                };
                self.try_subject(&from, |again| {
                    let line = Arc::make_mut(&mut again.lines[n]);
                    line.display_name = line.display_name.as_ref().map(shown_otherwise);
                });
            }
            let at = subject.phone.lines.get(n).map_or(1, |(_, at)| *at);
            self.try_subject(&phone(&format!("lines[{}] ({})", n + 1, line.name), at), |again| {
                Arc::make_mut(&mut again.lines[n]).name = changed(&line.name);
            });
        }
        for (n, name) in subject.names.iter().enumerate() {
            let (value, layer, file) = match &name.line {
                Some(line) => (format!("display_name ({})", line.name), "line", line.path()),
                None => (format!("numbers.{:?}.label", name.number), "site", subject.site.path()),
            };
            let from = Explanation { value, layer, file, at: 0 };
            self.try_subject(&from, |again| again.names[n].shown = shown_otherwise(&name.shown));
        }
        // Without its only line a phone is a spare one, on which everything differs.
        if let (2.., Some((_, at))) = (subject.lines.len(), subject.phone.lines.last()) {
            self.try_subject(&phone("lines", *at), |again| {
                again.lines.pop();
            });
        }
        if subject.phone.modules.0 != Modules::Count(0) {
            self.try_subject(&phone("modules", subject.phone.modules.1), |again| {
                Arc::make_mut(&mut again.phone).modules.0 = Modules::Count(0);
            });
        }
        self.handsets();
        self.registration();
        self.access();
        for raw in subject.phone.raw.iter().filter(|raw| raw.family == subject.model.family) {
            self.try_subject(&phone(&format!("raw.{}.{:?}", raw.family, raw.name), raw.at), |again| {
                let phone = Arc::make_mut(&mut again.phone);
                phone.raw = phone.raw.iter().filter(|other| other.name != raw.name).cloned().collect();
            });
        }
        self.public_url();
    }

    /// Not every family can be told what to show, so what moves no line is no news.
    fn access(&mut self) {
        let subject = self.subject;
        let mut change = |field: &str, change: fn(&mut Access)| {
            let (value, file) = (format!("trust.{field}"), subject.phone.path());
            self.try_subject(&Explanation { value, layer: "phone", file, at: 0 }, |again| {
                Arc::make_mut(&mut again.phone).access.iter_mut().for_each(|access| change(access));
            });
        };
        change("user", |access| access.user = Some("x".into()));
        change("password", |access| access.password = access.password.as_ref().map(|_| Secret::new("x".into())));
    }

    fn public_url(&mut self) {
        let other = format!("{}x", self.with.url);
        let with = Renderer { url: &other, ..self.with };
        let Some(again) = resolve(self.subject, self.band, self.phase) else { return };
        let Ok(text) = text_of(&again, self.file, &with) else { return };
        let from = Explanation { value: "public_url".into(), layer: "fleet", file: "fleet.toml".into(), at: 0 };
        self.attribute(&text, &from);
    }

    /// The operator's codes that the phone's keys and settings use.
    fn codes(&mut self) {
        let subject = self.subject;
        let table = subject.site.feature_codes.as_ref().map(|(name, _)| format!("models/feature-codes/{name}.toml"));
        let table = table.unwrap_or_else(|| subject.site.path());
        let origin = |value: String, own: bool| Explanation {
            value,
            layer: if own { "site" } else { "feature codes" },
            file: if own { subject.site.path() } else { table.clone() },
            at: 0,
        };
        if subject.codes.pickup.is_some() {
            let from = origin("codes.pickup".into(), subject.site.codes.pickup.is_some());
            self.try_codes(&from, |codes| codes.pickup = codes.pickup.as_ref().map(|code| format_compact!("{code}0")));
        }
        let functions: Vec<Function> = subject.codes.iter().map(|(function, _)| function).collect();
        for function in functions {
            let from = origin(format!("codes.{function}"), subject.site.codes.of(function).is_some());
            self.try_codes(&from, |codes| codes.change(function));
        }
    }

    fn try_codes(&mut self, from: &Explanation, change: impl Fn(&mut FeatureCodes)) {
        let mut again = self.subject.clone();
        change(Arc::make_mut(&mut again.codes));
        self.render_again(&again, from);
    }

    fn try_subject(&mut self, from: &Explanation, change: impl Fn(&mut Subject)) -> bool {
        let mut again = self.subject.clone();
        change(&mut again);
        self.render_again(&again, from)
    }

    fn render_again(&mut self, subject: &Subject, from: &Explanation) -> bool {
        let again = resolve(subject, self.band, self.phase).map(|again| text_of(&again, self.file, &self.with));
        matches!(again, Some(Ok(text)) if self.attribute(&text, from))
    }

    fn keys(&mut self, resolved: &Resolved<'_>) {
        let subject = self.subject;
        let modules = resolved.modules.iter().flat_map(|module| &module.keys);
        let keys = resolved.keys.iter().chain(&resolved.soft_keys).chain(modules);
        for place in keys.map(|key| key.place) {
            let (what, label) = stored_at(subject, place);
            if let Some((what, origin)) = what {
                let from = self.of_primary(place.to_string(), origin);
                let moves = |other: Use| {
                    self.try_subject(&from, |again| put_key(again, place, |key| key.what = Some(other.clone())))
                };
                let moved = other_uses(what).into_iter().map(moves).fold(false, |any, moved| any | moved);
                if !moved {
                    self.report.unread.push(from);
                }
            }
            if let Some((label, origin)) = label {
                let from = self.of_primary(format!("{place}.label"), origin);
                if !self
                    .try_subject(&from, |again| put_key(again, place, |key| key.label = Some(shown_otherwise(label))))
                {
                    self.report.unread.push(from);
                }
            }
        }
    }

    fn of_primary(&self, value: String, origin: Origin) -> Explanation {
        explanation(value, origin, self.subject, self.subject.primary().map(Arc::as_ref))
    }

    /// Gives the lines that differ to a value; says whether there are any.
    fn attribute(&mut self, after: &str, from: &Explanation) -> bool {
        let old: Vec<&str> = self.text.lines().collect();
        let new: Vec<&str> = after.lines().collect();
        let moved: Vec<usize> = if old.len() == new.len() {
            (0..old.len()).filter(|at| old[*at] != new[*at]).collect()
        } else {
            let diff = similar::TextDiff::from_lines(self.text.as_str(), after);
            let changes = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
            // Lines that only the changed file has are given to the line that stands where they would.
            let last = old.len().saturating_sub(1);
            changes
                .map(|change| change.old_index().unwrap_or_else(|| change.new_index().unwrap_or(0).min(last)))
                .collect()
        };
        for at in &moved {
            if let Some(line) = self.report.lines.get_mut(*at)
                && !line.from.contains(from)
            {
                line.from.push(from.clone());
            }
        }
        !moved.is_empty()
    }
}

/// Changes what the primary line stores at a place.
fn put_key(subject: &mut Subject, place: Place, change: impl Fn(&mut KeySetting)) {
    let Some(primary) = subject.lines.first_mut() else { return };
    let line = Arc::make_mut(primary);
    let mut keys = line.keys.to_vec();
    let at = keys.binary_search_by_key(&place, |key| key.place).unwrap_or_else(|at| {
        keys.insert(at, KeySetting { place, what: None, label: None, accept: Accept::default(), locked: false, at: 0 });
        at
    });
    change(&mut keys[at]);
    line.keys = keys.into();
}

fn account_path(setting: &Setting, at: usize) -> String {
    let path = if setting.name.starts_with("sip.") {
        Cow::Borrowed(setting.name.as_str())
    } else {
        format!("settings.{}", setting.name).into()
    };
    format!("{path} (account {})", at + 1)
}

fn explanation(value: String, origin: Origin, subject: &Subject, line: Option<&crate::fleet::Line>) -> Explanation {
    Explanation { value, layer: origin.layer.name(), file: origin.file(subject, line), at: origin.at }
}

/// The keys that are sent empty; those of modules that are not plugged in are not listed one by one.
fn empty_keys(resolved: &Resolved<'_>) -> Vec<EmptyKey> {
    let subject = resolved.subject;
    let modules = resolved.modules.iter().flat_map(|module| &module.keys);
    let keys = resolved.keys.iter().chain(&resolved.soft_keys).chain(modules);
    keys.filter_map(|key| Some(EmptyKey { key: key.place, why: why_empty(key, subject)? })).collect()
}

fn why_empty(key: &Key<'_>, subject: &Subject) -> Option<String> {
    if let Some(why) = key.reserved {
        return Some(format!("reserved: {why}"));
    }
    if key.outcome == Outcome::Impossible {
        return Some(format!("`{}` is impossible here: {}", key.function, key.why.as_deref().unwrap_or_default()));
    }
    match key.asked {
        _ if key.function != Function::None => None,
        Some((_, origin)) => {
            let file = origin.file(subject, subject.primary().map(Arc::as_ref));
            Some(format!("set to none in {file}, line {}", origin.at))
        }
        None if subject.lines.is_empty() => Some("the phone has no line".into()),
        None => Some("nothing is stored for it on the primary line".into()),
    }
}
