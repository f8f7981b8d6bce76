//! Where each line of a file comes from.
//!
//! Nothing is recorded while rendering. On demand each value is changed by its type, the file is rendered again, and the
//! lines that differ are that value's. A value that changes no line is read by nothing; a line that no value moves is
//! the template's own.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::CompactString;
use serde::Serialize;

use super::document::{RenderError, Renderer, render};
use crate::catalogue::{FilePattern, Kind, Outcome, Scope, Setting, SettingId};
use crate::phone::{Area, Function, Number, Place, Secret, SettingValue, Use};
use crate::resolve::{Key, Origin, Phase, Resolved, resolve, stored_at};
use crate::world::Subject;

/// A line of a file with the values that move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What moves it; empty where it is the template's own.
    pub from: Vec<Explanation>,
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmptyKey {
    /// Which key.
    pub key: Place,
    /// Why.
    pub why: String,
}

/// The explanation of a whole file.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Every line.
    pub lines: Vec<Explained>,
    /// The keys that are sent empty.
    pub empty_keys: Vec<EmptyKey>,
    /// Values that change no line of the file.
    pub unread: Vec<Explanation>,
}

/// Explains a document of a phone.
///
/// # Errors
/// Why the file cannot be rendered in the first place.
pub fn explain(
    subject: &Subject,
    band: crate::catalogue::Band,
    phase: Phase,
    file: &FilePattern,
    with: &Renderer<'_>,
) -> Result<Report, RenderError> {
    let resolved =
        resolve(subject, band, phase).ok_or_else(|| RenderError::NoTemplate(subject.model.family.to_string()))?;
    let text = text_of(&resolved, file, with)?;
    let mut report = Report {
        lines: text
            .lines()
            .enumerate()
            .map(|(at, text)| Explained { line: at + 1, text: text.to_owned(), from: Vec::new() })
            .collect(),
        empty_keys: empty_keys(&resolved),
        unread: Vec::new(),
    };
    let explainer = Explainer { subject, band, phase, file, with, text: &text };
    explainer.settings(&resolved, &mut report);
    explainer.keys(&resolved, &mut report);
    Ok(report)
}

fn text_of(resolved: &Resolved<'_>, file: &FilePattern, with: &Renderer<'_>) -> Result<String, RenderError> {
    let document = render(resolved, file, with)?;
    Ok(String::from_utf8_lossy(&document.bytes).into_owned())
}

struct Explainer<'a> {
    subject: &'a Subject,
    band: crate::catalogue::Band,
    phase: Phase,
    file: &'a FilePattern,
    with: &'a Renderer<'a>,
    text: &'a str,
}

impl Explainer<'_> {
    fn settings(&self, resolved: &Resolved<'_>, report: &mut Report) {
        for (id, setting) in self.subject.catalogue.vocabulary.iter() {
            if !is_account(self.subject, id) {
                let Some(value) = resolved.settings[id.0 as usize].value else { continue };
                let origin = resolved.settings[id.0 as usize].origin;
                let primary = self.subject.primary().map(Arc::as_ref);
                let from = explanation(format!("settings.{}", setting.name), origin, self.subject, primary);
                self.try_values(setting, value, report, from, |again, other| {
                    again.settings[id.0 as usize].value = Some(other)
                });
                continue;
            }
            for (at, account) in resolved.accounts.iter().enumerate() {
                let (Some(line), Some(stored)) = (account.line, account.settings.get(id.0 as usize)) else { continue };
                let Some(value) = stored.value else { continue };
                let from = explanation(account_path(setting, at), stored.origin, self.subject, Some(line));
                self.try_values(setting, value, report, from, |again, other| {
                    again.accounts[at].settings[id.0 as usize].value = Some(other);
                });
            }
        }
    }

    /// Renders with other values in the place of one, until lines move.
    fn try_values(
        &self,
        setting: &Setting,
        value: &SettingValue,
        report: &mut Report,
        from: Explanation,
        put: impl for<'v> Fn(&mut Resolved<'v>, &'v SettingValue),
    ) {
        for other in &others(setting, value) {
            let Some(mut again) = resolve(self.subject, self.band, self.phase) else { return };
            put(&mut again, other);
            if let Ok(text) = text_of(&again, self.file, self.with)
                && attribute(report, self.text, &text, &from)
            {
                return;
            }
        }
        report.unread.push(from);
    }

    fn keys(&self, resolved: &Resolved<'_>, report: &mut Report) {
        let modules = resolved.modules.iter().flat_map(|module| &module.keys);
        let places: Vec<Place> =
            resolved.keys.iter().chain(&resolved.soft_keys).chain(modules).map(|key| key.place).collect();
        for place in places {
            let (what, label) = stored_at(self.subject, place);
            if let Some((what, origin)) = what {
                let from = self.of_key(place.to_string(), origin);
                self.try_key(place, Some(other_use(what)), None, report, from);
            }
            if let Some((label, origin)) = label {
                let from = self.of_key(format!("{place}.label"), origin);
                self.try_key(place, None, Some(changed(label)), report, from);
            }
        }
    }

    fn of_key(&self, value: String, origin: Origin) -> Explanation {
        explanation(value, origin, self.subject, self.subject.primary().map(Arc::as_ref))
    }

    fn try_key(
        &self,
        place: Place,
        what: Option<Use>,
        label: Option<CompactString>,
        report: &mut Report,
        from: Explanation,
    ) {
        let mut subject = self.subject.clone();
        let Some(primary) = subject.lines.first_mut() else { return };
        let line = Arc::make_mut(primary);
        let mut keys = line.keys.to_vec();
        let at = match keys.binary_search_by_key(&place, |key| key.place) {
            Ok(at) => at,
            Err(at) => {
                let key = crate::phone::KeySetting { place, what: None, label: None, accept: Box::default(), at: 0 };
                keys.insert(at, key);
                at
            }
        };
        if what.is_some() {
            keys[at].what = what;
        }
        if label.is_some() {
            keys[at].label = label;
        }
        line.keys = keys.into();
        let again = resolve(&subject, self.band, self.phase).map(|again| text_of(&again, self.file, self.with));
        let moved = matches!(again, Some(Ok(text)) if attribute(report, self.text, &text, &from));
        if !moved {
            report.unread.push(from);
        }
    }
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

/// Gives the lines that differ to a value; says whether there are any.
fn attribute(report: &mut Report, before: &str, after: &str, from: &Explanation) -> bool {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let moved: Vec<usize> = if old.len() == new.len() {
        (0..old.len()).filter(|at| old[*at] != new[*at]).collect()
    } else {
        let diff = similar::TextDiff::from_lines(before, after);
        let changes = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
        // Lines that only the changed file has are given to the line that stands where they would.
        changes
            .map(|change| {
                change.old_index().unwrap_or_else(|| change.new_index().unwrap_or(0).min(old.len().saturating_sub(1)))
            })
            .collect()
    };
    for at in &moved {
        if let Some(line) = report.lines.get_mut(*at)
            && !line.from.contains(from)
        {
            line.from.push(from.clone());
        }
    }
    !moved.is_empty()
}

/// Other values of a setting's type; several where one might be written like the first.
fn others(setting: &Setting, value: &SettingValue) -> Vec<SettingValue> {
    let text = |text: &str| SettingValue::Text(text.into());
    match (value, &setting.kind) {
        (SettingValue::Boolean(value), _) => vec![SettingValue::Boolean(!value)],
        (SettingValue::Integer(number), Kind::Integer(low, high)) => [number + 1, number - 1, *low, *high]
            .into_iter()
            .filter(|other| other != number && (low..=high).contains(&other))
            .map(SettingValue::Integer)
            .collect(),
        (SettingValue::Integer(number), _) => vec![SettingValue::Integer(number + 1)],
        (SettingValue::Text(word), Kind::Enum(words)) => {
            words.iter().filter(|other| *other != word).map(|other| text(other)).collect()
        }
        (SettingValue::Text(_), Kind::Timezone) => ["Asia/Kolkata", "America/New_York"].map(text).to_vec(),
        (SettingValue::Text(word), Kind::Language) => {
            ["fr", "en", "de"].into_iter().filter(|other| other != word).map(text).collect()
        }
        (SettingValue::Text(address), Kind::Ipv4) => {
            vec![text(if address == "192.0.2.1" { "192.0.2.2" } else { "192.0.2.1" })]
        }
        (SettingValue::Text(number), Kind::Number) => vec![text(&format!("{number}0"))],
        (SettingValue::Text(other), _) => vec![SettingValue::Text(changed(other))],
        (SettingValue::List(items), Kind::Codec) => {
            let mut items = items.to_vec();
            let last = crate::catalogue::CODECS.iter().find(|codec| !items.iter().any(|item| item == **codec));
            items.extend(last.map(|codec| CompactString::from(*codec)));
            items.rotate_right(1);
            vec![SettingValue::List(items.into())]
        }
        (SettingValue::List(items), _) => {
            let mut items = items.to_vec();
            match items.first_mut() {
                Some(first) => *first = changed(first),
                None => items.push("x".into()),
            }
            vec![SettingValue::List(items.into())]
        }
        (SettingValue::Secret(_), _) => vec![SettingValue::Secret(Secret::new("x".into()))],
    }
}

fn changed(text: &CompactString) -> CompactString {
    let mut text = text.clone();
    text.push('x');
    text
}

/// Another use of a key: the same function with another parameter where it has one, else another function.
fn other_use(what: &Use) -> Use {
    let mut other = what.clone();
    if let Some(number) = &what.number {
        let longer = format!("{number}0").parse::<Number>().ok();
        other.number = longer.or_else(|| "0".parse().ok());
        return other;
    }
    if let Some(url) = &what.url {
        other.url = Some(format!("{url}x").into());
        return other;
    }
    match what.function {
        Function::None => Use { number: "0".parse().ok(), ..Use::of(Function::Dial) },
        _ => Use::of(Function::None),
    }
}

fn empty_keys(resolved: &Resolved<'_>) -> Vec<EmptyKey> {
    let subject = resolved.subject;
    let own = resolved.keys.iter().chain(&resolved.soft_keys).map(|key| (key, true));
    let modules = resolved.modules.iter().flat_map(|module| module.keys.iter().map(|key| (key, module.attached)));
    own.chain(modules)
        .filter_map(|(key, attached)| Some(EmptyKey { key: key.place, why: why_empty(key, attached, subject)? }))
        .collect()
}

fn why_empty(key: &Key<'_>, attached: bool, subject: &Subject) -> Option<String> {
    if let Some(why) = key.reserved {
        return Some(format!("reserved: {why}"));
    }
    if let Area::Module(module) = key.place.area
        && !attached
    {
        return Some(format!("module {module} is not attached"));
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

fn is_account(subject: &Subject, id: SettingId) -> bool {
    subject.catalogue.vocabulary.get(id).scope == Scope::Account
}
