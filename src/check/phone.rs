//! One phone: its keys on its model, its settings in its family's words, its files in its format.

use std::sync::Arc;

use compact_str::CompactString;

use super::parameters::KnownNumbers;
use crate::catalogue::{How, Outcome};
use crate::findings::{Finding, Level};
use crate::fleet::{Line, Modules};
use crate::live::Serving;
use crate::phone::{Function, KeySetting, Mac, Place, key_at};
use crate::render::{RenderError, Renderer, Reveal, RevisionKey, Trouble, render};
use crate::resolve::{Origin, Phase, Problem, Resolved, SettingLayer, carried_name, resolve};
use crate::world::Subject;

/// What becomes of stored data that a phone cannot have.
pub const KEPT: &str = "it is kept, and not sent";

/// How far a phone is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What its files say of it, and its keys.
    Keys,
    /// Its finished files too.
    Files,
}

/// Everything that is wrong or doubtful about one phone.
pub fn check_phone(serving: &Serving, known: &KnownNumbers<'_>, mac: Mac, depth: Depth) -> Vec<Finding> {
    // What keeps a phone from being served at all is among the world's findings.
    let Ok(subject) = serving.world.subject(mac) else { return Vec::new() };
    let mut checker = Checker { subject: &subject, findings: Vec::new() };
    checker.device();
    checker.trust();
    checker.stored_keys(known);
    let band = subject.band(None, None);
    match resolve(&subject, band, Phase::First) {
        Some(resolved) => {
            checker.keys(&resolved);
            checker.lines_without_key(&resolved);
            checker.names(&resolved);
            checker.lines_without_handset(&resolved);
            checker.unsupported(&resolved);
            if depth == Depth::Files {
                checker.files(&resolved, serving);
            }
        }
        None => checker.on_phone(
            Level::Error,
            "no-files",
            subject.phone.model.1,
            subject.no_files(band),
            Some("its phones are recognised, and answered with 404".into()),
        ),
    }
    checker.findings
}

pub(super) struct Checker<'a> {
    pub(super) subject: &'a Subject,
    pub(super) findings: Vec<Finding>,
}

impl Checker<'_> {
    pub(super) fn on_phone(&mut self, level: Level, code: &'static str, at: u32, what: String, hint: Option<String>) {
        let file = self.subject.phone.path();
        self.findings.push(Finding { file: file.into(), line: Some(at), level, code, what, hint, accepted: false });
    }

    /// Lines and modules against the model.
    fn device(&mut self) {
        let (phone, model) = (&self.subject.phone, &self.subject.model);
        let most = usize::from(model.line_count_with(phone.modules.0.count()));
        if phone.lines.len() > most {
            self.too_many_lines(most);
        }
        for (at, (name, line)) in phone.lines.iter().enumerate() {
            if phone.lines[..at].iter().any(|(other, _)| other == name) {
                self.on_phone(Level::Error, "twice", *line, format!("the line `{name}` is named twice"), None);
            }
        }
        self.modules();
        self.handsets();
        self.host_name();
        for raw in phone.raw.iter().filter(|raw| raw.family != model.family) {
            let what = format!("[raw.{}] changes nothing: the phone is of the family `{}`", raw.family, model.family);
            self.findings.push(Finding::warning("raw-of-other-family", phone.path(), raw.at, what));
        }
    }

    fn too_many_lines(&mut self, most: usize) {
        let (phone, model) = (&self.subject.phone, &self.subject.model);
        let named = phone.lines.len();
        let has = if model.lines.at_least { "is only known to have" } else { "has" };
        let what = format!("the phone has {named} lines, but `{}` {has} {most}; the others are not sent", model.id);
        let more = usize::from(model.lines.count) > most;
        let hint = more.then(|| format!("with an expansion module it has {}", model.lines.count));
        self.on_phone(Level::Error, "too-many-lines", phone.lines[most].1, what, hint);
    }

    /// Some phones hold an https server's name against its certificate, and take no address for a name.
    fn host_name(&mut self) {
        let url = self.subject.root.url();
        let host = url::Url::parse(&url).ok().filter(|url| url.scheme() == "https");
        let is_address = host.is_some_and(|url| matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_))));
        if is_address && self.subject.maker.family.needs_host_name && self.subject.root.public_url.is_some() {
            let what = format!(
                "phones of the family `{}` do not fetch from `{url}`: over https they need a name",
                self.subject.model.family
            );
            let hint = Some("give public_url a host name, or a plain listener".into());
            self.findings.push(Finding { hint, ..Finding::warning("needs-host-name", "fleet.toml", None, what) });
        }
    }

    fn modules(&mut self) {
        let (phone, model) = (&self.subject.phone, &self.subject.model);
        let (modules, at) = (&phone.modules.0, phone.modules.1);
        let count = modules.count();
        let Some(slots) = &model.modules else {
            if count > 0 {
                let what = format!("`{}` takes no expansion module, and the phone says it has {count}", model.id);
                self.on_phone(Level::Error, "no-modules", at, what, None);
            }
            return;
        };
        if count > usize::from(slots.max) {
            let what = format!("`{}` takes {} modules at the most, not {count}", model.id, slots.max);
            self.on_phone(Level::Error, "too-many-modules", at, what, None);
        }
        if let Modules::Models(names) = modules {
            if let (true, Some(other)) = (slots.same, names.iter().find(|name| **name != names[0])) {
                let what = format!("`{}` takes modules of one model only, not `{}` and `{other}`", model.id, names[0]);
                self.on_phone(Level::Error, "mixed-modules", at, what, None);
            }
            for name in names.iter().filter(|name| !slots.models.contains(name)) {
                let what = format!("the module `{name}` does not fit `{}`", model.id);
                self.on_phone(
                    Level::Error,
                    "wrong-module",
                    at,
                    what,
                    Some(format!("it takes {}", slots.models.join(" or "))),
                );
            }
        }
    }

    /// Stored keys of the primary line and its layout: that they exist, and that what they name does.
    fn stored_keys(&mut self, known: &KnownNumbers<'_>) {
        let subject = self.subject;
        let Some(line) = subject.primary() else { return };
        let layout = line.layout.as_ref().and_then(|(name, _)| subject.site.layouts.get(name));
        let layers = [(Some(&line.keys), SettingLayer::Line), (layout, SettingLayer::Layout)];
        for (keys, layer) in layers {
            for key in keys.into_iter().flat_map(|keys| keys.iter()) {
                let over = key_at(&line.keys, key.place).filter(|_| layer == SettingLayer::Layout);
                self.stored_key(known, line, key, layer, over);
            }
        }
    }

    /// A stored key, with the line's own key that lies over it where it is a layout's.
    fn stored_key(
        &mut self,
        known: &KnownNumbers<'_>,
        line: &Line,
        key: &KeySetting,
        layer: SettingLayer,
        over: Option<&KeySetting>,
    ) {
        let origin = Origin { layer, at: key.at };
        if let Some((code, what)) = self.subject.no_place(key.place) {
            let problem = Problem { level: Level::Error, code, what, hint: Some(KEPT.into()) };
            self.on_key(line, origin, &key.accept, problem);
            return;
        }
        let what = key.what.as_ref().filter(|_| over.is_none_or(|own| own.what.is_none()));
        let label = key.label.as_deref().filter(|_| over.is_none_or(|own| own.label.is_none()));
        let site = &self.subject.site;
        let of_label = known.check_label(site, label.unwrap_or_default());
        for problem in what.and_then(|what| known.check(site, what)).into_iter().chain(of_label) {
            self.on_key(line, origin, &key.accept, problem);
        }
    }

    fn on_key(&mut self, line: &Line, origin: Origin, accept: &[CompactString], problem: Problem) {
        let Problem { level, code, what, hint } = problem;
        let file = origin.file(self.subject, Some(line)).into();
        let finding = Finding { file, line: Some(origin.at), level, code, what, hint, accepted: false };
        self.findings.push(finding.accepted_by(accept));
    }

    /// What is accepted at a place: beside the line's own key, and beside the layout's under it.
    fn accepted(&self, line: &Line, place: Place) -> Vec<CompactString> {
        let layout = line.layout.as_ref().and_then(|(name, _)| self.subject.site.layouts.get(name));
        let stored = [Some(&line.keys), layout].into_iter().flatten().filter_map(|keys| key_at(keys, place));
        stored.flat_map(|key| key.accept.iter().cloned()).collect()
    }

    /// What placing the keys has told.
    fn keys(&mut self, resolved: &Resolved<'_>) {
        let Some(line) = self.subject.primary().cloned() else { return };
        let modules = resolved.modules.iter().filter(|module| module.attached).flat_map(|module| &module.keys);
        for key in resolved.keys.iter().chain(&resolved.soft_keys).chain(modules) {
            let accept = self.accepted(&line, key.place);
            let at = |origin: Option<Origin>| origin.unwrap_or(Origin { layer: SettingLayer::Line, at: 1 });
            for problem in &key.problems {
                let of_label = problem.code.starts_with("label");
                let asked = key.asked.map(|(_, origin)| origin);
                let origin = if of_label { key.label_origin.or(asked) } else { asked };
                self.on_key(&line, at(origin), &accept, problem.clone());
            }
        }
    }

    /// Names for which the phone's file has no room.
    fn names(&mut self, resolved: &Resolved<'_>) {
        let (subject, limits) = (self.subject, self.subject.maker.family.label_limits);
        let name = |line: &Line, what, name: &str, most: Option<u16>| {
            let (whole, sent) = (carried_name(subject, name, None), carried_name(subject, name, most));
            if whole != name {
                let what = format!(
                    "the {what} `{name}` is sent as `{whole}`, since the phone's file cannot carry it as it is"
                );
                return Some(Finding::warning("label-changed", line.path(), None, what));
            }
            let what = format!("the {what} `{whole}` is sent as `{sent}`: the phone's file takes {}", most?);
            (whole != sent).then(|| Finding::note("name-too-long", line.path(), None, what))
        };
        for account in &resolved.accounts {
            let (Some(line), Some(names)) = (account.line, account.names(&subject.catalogue.vocabulary)) else { break };
            self.findings.extend(name(line, "account's label", names.label, limits.account));
            self.findings.extend(name(line, "display name", names.display_name, limits.account));
        }
        if let Some(line) = subject.primary() {
            let shown = line.display_name.as_deref().unwrap_or(&line.name);
            self.findings.extend(name(line, "phone's name", shown, limits.phone));
        }
    }

    /// A line without a key, on a model on which it then cannot be used.
    fn lines_without_key(&mut self, resolved: &Resolved<'_>) {
        if !self.subject.model.needs_line_key {
            return;
        }
        for (at, line) in self.subject.lines.iter().enumerate() {
            let index = at as u8 + 1;
            let is_default =
                |key: &crate::resolve::Key<'_>| key.asked.is_none() && usize::from(key.class_position) == at + 1;
            let on_modules = resolved.modules.iter().flat_map(|module| &module.keys);
            let carries =
                |key: &&crate::resolve::Key<'_>| key.function == Function::Line && key.outcome != Outcome::Impossible;
            let has_key = resolved.keys.iter().chain(on_modules).filter(carries).any(|key| match key.asked {
                Some((what, _)) => what.line == index,
                None => is_default(key),
            });
            if !has_key {
                let what = format!(
                    "line {index} (`{}`) has no line key, and `{}` cannot use it without one",
                    line.name, self.subject.model.id
                );
                let hint = format!("put `function = \"line\", line = {index}` on a key");
                self.on_phone(Level::Warning, "no-line-key", self.subject.phone.lines[at].1, what, Some(hint));
            }
        }
    }

    /// Settings that the phone's file cannot carry, or that its family has not.
    fn settings(&mut self, resolved: &Resolved<'_>, troubles: Vec<Trouble>) {
        for trouble in troubles {
            let settings = match trouble.account {
                Some(at) => resolved.accounts.get(at).map(|account| &account.settings),
                None => Some(&resolved.settings),
            };
            let Some(setting) = settings.and_then(|settings| settings.get(trouble.setting.0 as usize)) else {
                continue;
            };
            let line = self.subject.lines.get(trouble.account.unwrap_or(0)).map(Arc::as_ref);
            let file = setting.origin.file(self.subject, line);
            let at = (setting.origin.at > 0).then_some(setting.origin.at);
            let mut finding = Finding::warning(trouble.code, file, at, trouble.what);
            finding.level = trouble.level;
            finding.hint = trouble.hint;
            self.findings.push(finding);
        }
    }

    /// Settings of this very phone that its family has not.
    fn unsupported(&mut self, resolved: &Resolved<'_>) {
        for (id, setting) in self.subject.catalogue.vocabulary.iter() {
            let account = resolved.accounts.first().and_then(|account| account.settings.get(id.0 as usize));
            let phone = &resolved.settings[id.0 as usize];
            let stored =
                if setting.scope == crate::catalogue::Scope::Account { account.unwrap_or(phone) } else { phone };
            // What is said for a whole fleet or site cannot fit every phone of it; what is said for this one should.
            let own = matches!(stored.origin.layer, SettingLayer::Line | SettingLayer::Phone | SettingLayer::Seed);
            if stored.value.is_none() || !own {
                continue;
            }
            let mapping = resolved.tables.mappings.of(id, resolved.band, &self.subject.model.id);
            let reason = match mapping.map(|mapping| &mapping.how) {
                Some(How::Unsupported(reason)) => reason.as_str(),
                None => "no source says how",
                Some(_) => continue,
            };
            let what = format!("`{}` changes nothing on `{}`: {reason}", setting.name, self.subject.model.id);
            let file = stored.origin.file(self.subject, self.subject.primary().map(Arc::as_ref));
            self.findings.push(Finding::note("not-supported", file, stored.origin.at, what));
        }
    }

    /// Every document of the phone is made, and parsed again in its own syntax.
    fn files(&mut self, resolved: &Resolved<'_>, serving: &Serving) {
        let key = RevisionKey::fixed();
        let url = self.subject.root.url();
        let with = Renderer {
            templates: &serving.templates,
            url: &url,
            token: None,
            key: &key,
            reveal: Reveal::Secrets,
            changed_at: &|_| 0,
        };
        let family = self.subject.maker.family.clone();
        for (_, file) in family.documents() {
            match render(resolved, file, &with) {
                Ok(document) => self.settings(resolved, document.troubles),
                Err(RenderError::CannotCarry(troubles)) => self.settings(resolved, troubles),
                Err(RenderError::Raw(error)) => {
                    let at = self.subject.phone.raw.iter().find(|raw| error.to_string().contains(raw.name.as_str()));
                    let at = at.map_or(1, |raw| raw.at);
                    self.on_phone(
                        Level::Error,
                        "bad-raw",
                        at,
                        format!("an edit of [raw] cannot be made: {error}"),
                        None,
                    );
                }
                Err(error) => self.on_phone(Level::Error, "cannot-render", 1, error.to_string(), None),
            }
        }
    }
}
