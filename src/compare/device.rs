//! Everything but keys on two models: lines, modules, handsets, settings, raw edits, firmware.

use super::{Difference, Kind};
use crate::catalogue::Scope;
use crate::resolve::{Phase, Resolved, ResolvedSetting, SettingLayer, resolve};
use crate::world::Subject;

/// What becomes of the phone besides its keys.
pub(super) fn differences(old: &Subject, new: &Subject) -> Vec<Difference> {
    let mut device = Device { old, new, differences: Vec::new() };
    device.lines();
    device.modules();
    device.handsets();
    device.pages();
    device.settings();
    device.raw();
    device.firmware();
    device.differences
}

struct Device<'a> {
    old: &'a Subject,
    new: &'a Subject,
    differences: Vec<Difference>,
}

impl Device<'_> {
    fn tell(&mut self, kind: Kind, about: impl Into<String>, what: String, at: u32) {
        let file = Some(self.old.phone.path());
        self.differences.push(Difference { kind, about: about.into(), what, file, line: Some(at) });
    }

    fn lines(&mut self) {
        let modules = self.new.attached_modules().len();
        let (before, after) = (self.old.lines.len(), usize::from(self.new.model.line_count_with(modules)));
        let model = &self.new.model.id;
        for (n, (name, at)) in self.old.phone.lines.iter().enumerate() {
            let about = format!("lines.{}", n + 1);
            if n < before && n >= after {
                let what = format!("the line `{name}` has no account: `{model}` has {after} lines");
                self.tell(Kind::Lost, about, what, *at);
            } else if n >= before && n < after {
                self.tell(Kind::Gained, about, format!("the line `{name}` has an account now"), *at);
            }
        }
    }

    fn modules(&mut self) {
        let ids = |subject: &Subject| -> Vec<_> {
            subject.attached_modules().iter().map(|module| module.id.clone()).collect()
        };
        let (before, after) = (ids(self.old), ids(self.new));
        let (at, model) = (self.old.phone.modules.1, &self.new.model.id);
        if before.len() > after.len() {
            let what = match after.len() {
                0 => format!("`{model}` takes no expansion module, and the phone has {}", before.len()),
                most => format!("`{model}` takes {most} expansion modules, and the phone has {}", before.len()),
            };
            self.tell(Kind::Lost, "modules", what, at);
        }
        for (n, (before, after)) in before.iter().zip(&after).enumerate().filter(|(_, (before, after))| before != after)
        {
            let what = format!("the module `{before}` does not fit; a `{after}` is taken to be in its place");
            self.tell(Kind::Changed, format!("modules.{}", n + 1), what, at);
        }
    }

    fn handsets(&mut self) {
        let most = |subject: &Subject| subject.model.handsets.as_ref().map_or(0, |slots| slots.max);
        let (before, after) = (most(self.old), most(self.new));
        let has = match after {
            0 => format!("`{}` has no handsets", self.new.model.id),
            after => format!("`{}` has {after} handsets", self.new.model.id),
        };
        for handset in &self.old.phone.handsets {
            let about = format!("handsets.{}", handset.number);
            if handset.number <= before && handset.number > after {
                self.tell(Kind::Lost, about, has.clone(), handset.at);
            } else if handset.number > before && handset.number <= after {
                self.tell(Kind::Gained, about, has.clone(), handset.at);
            }
        }
    }

    /// The keys of a page, which decide what a person sees together.
    fn pages(&mut self) {
        let pages = |subject: &Subject| {
            let groups = subject.model.keys.iter().filter(|group| group.count > 0);
            let shown = groups.map(|group| match group.per_page {
                Some(per_page) => format!("{} {} keys, {per_page} a page", group.count, group.class.name()),
                None => format!("{} {} keys", group.count, group.class.name()),
            });
            let shown: Vec<_> = shown.collect();
            if shown.is_empty() { "no keys".to_owned() } else { shown.join(" and ") }
        };
        let (before, after) = (pages(self.old), pages(self.new));
        if before != after {
            self.tell(Kind::Note, "keys", format!("{before} -> {after}"), self.old.phone.model.1);
        }
    }

    /// Settings that somebody gave, and that only one of the two models has.
    fn settings(&mut self) {
        let (old, new) = (self.old, self.new);
        let before = resolve(old, old.band(None, None), Phase::First);
        let (Some(before), Some(after)) = (before, resolve(new, new.band(None, None), Phase::First)) else { return };
        for (id, setting) in old.catalogue.vocabulary.iter() {
            let Some((stored, account)) = given(&before, usize::from(id.0), setting.scope) else { continue };
            let (kind, what) = match (before.lacks(id), after.lacks(id)) {
                (None, Some(why)) => (Kind::Lost, format!("changes nothing on `{}`: {why}", new.model.id)),
                (Some(_), None) => (Kind::Gained, format!("holds on `{}`", new.model.id)),
                _ => continue,
            };
            let line = old.lines.get(account).map(AsRef::as_ref);
            let name = if setting.name.starts_with("sip.") { "" } else { "settings." };
            self.differences.push(Difference {
                kind,
                about: format!("{name}{}", setting.name),
                what,
                file: Some(stored.origin.file(old, line)),
                line: Some(stored.origin.at),
            });
        }
    }

    fn raw(&mut self) {
        let (old, new) = (&self.old.model.family, &self.new.model.family);
        for raw in self.old.phone.raw.iter().filter(|_| old != new) {
            let about = format!("raw.{}.{:?}", raw.family, raw.name);
            if raw.family == *old {
                self.tell(Kind::Lost, about, format!("changes nothing on a phone of the family `{new}`"), raw.at);
            } else if raw.family == *new {
                self.tell(Kind::Gained, about, format!("holds on a phone of the family `{new}`"), raw.at);
            }
        }
    }

    fn firmware(&mut self) {
        let (old, new) = (&self.old.model.family, &self.new.model.family);
        if let Some(firmware) = self.old.phone.firmware.as_ref().filter(|_| old != new) {
            let what = format!("`{firmware}` is a firmware of the family `{old}`, and is taken out");
            self.tell(Kind::Note, "firmware", what, self.old.phone.model.1);
        }
    }
}

/// A setting that the fleet gives, and the account for which it does so first.
fn given<'s>(resolved: &Resolved<'s>, at: usize, scope: Scope) -> Option<(ResolvedSetting<'s>, usize)> {
    let is_given = |stored: &ResolvedSetting<'_>| {
        let ours = matches!(stored.origin.layer, SettingLayer::Product | SettingLayer::Family | SettingLayer::Model);
        stored.value.is_some() && !ours
    };
    if scope == Scope::Phone {
        return resolved.settings.get(at).copied().filter(is_given).map(|stored| (stored, 0));
    }
    let accounts = resolved.accounts.iter().enumerate();
    accounts.filter_map(|(n, account)| Some((*account.settings.get(at)?, n))).find(|(stored, _)| is_given(stored))
}
