//! Everything but keys in two states: place, model, lines, handsets, settings, secrets.

use std::sync::Arc;

use compact_str::CompactString;

use super::{Change, Said};
use crate::catalogue::{Kind, Scope, SettingId};
use crate::fleet::{Access, Phone};
use crate::phone::{Secret, SettingValue};
use crate::resolve::{Account, Resolved, ResolvedSetting};
use crate::world::Subject;

impl Change {
    /// A change from one value to another; none where they are the same.
    pub(super) fn between<T: PartialEq + ToString>(
        about: impl Into<String>,
        before: Option<T>,
        after: Option<T>,
    ) -> Option<Change> {
        let said = |value: &T| Said::of(value.to_string());
        (before != after).then(|| Change::told(about, before.as_ref().map(said), after.as_ref().map(said)))
    }

    /// A change from one value to another. What differs in nothing that is shown differs in a secret.
    pub(super) fn told(about: impl Into<String>, before: Option<Said>, after: Option<Said>) -> Change {
        if before == after {
            return Change::untold(about);
        }
        Change { about: about.into(), before, after }
    }

    /// That something is another one, and no word of what.
    fn untold(about: impl Into<String>) -> Change {
        Change { about: about.into(), before: None, after: None }
    }

    /// Whether it is about something that is not told.
    pub(super) fn is_of_secret(&self) -> bool {
        self.before.is_none() && self.after.is_none()
    }
}

/// Where the phone is, what it is, and what it calls us.
pub(super) fn of_place(old: &Subject, new: &Subject) -> Vec<Change> {
    let band = |subject: &Subject| subject.maker.family.bands.name(subject.band(None, None)).to_owned();
    let same_family = old.model.family == new.model.family;
    let bands = if same_family { [Some(band(old)), Some(band(new))] } else { [None, None] };
    let [was, will_be] = bands;
    let modules = |subject: &Subject| {
        let ids: Vec<_> = subject.attached_modules().iter().map(|module| module.id.to_string()).collect();
        (!ids.is_empty()).then(|| ids.join(", "))
    };
    let changes = [
        Change::between("site", Some(&old.site.id), Some(&new.site.id)),
        Change::between("model", Some(&old.model.id), Some(&new.model.id)),
        Change::between("firmware", was, will_be),
        Change::between("modules", modules(old), modules(new)),
        Change::between("public_url", Some(old.root.url()), Some(new.root.url())),
    ];
    changes.into_iter().flatten().collect()
}

/// The phone's settings, its accounts and its handsets.
pub(super) fn changes(was: &Resolved<'_>, will_be: &Resolved<'_>) -> Vec<Change> {
    let mut device = Device { was, will_be, changes: Vec::new() };
    device.settings(Scope::Phone, &was.settings, &will_be.settings, None);
    for at in 0..was.accounts.len().max(will_be.accounts.len()) {
        device.account(at);
    }
    for at in 0..was.handsets.len().max(will_be.handsets.len()) {
        let shown = |resolved: &Resolved<'_>| {
            let handset = resolved.handsets.get(at)?;
            let line = resolved.subject.lines.get(handset.account?)?;
            Some(format!("line {} `{}`", line.name, handset.name(resolved.subject)?))
        };
        device.changes.extend(Change::between(format!("handsets.{}", at + 1), shown(was), shown(will_be)));
    }
    device.changes
}

struct Device<'r, 's> {
    was: &'r Resolved<'s>,
    will_be: &'r Resolved<'s>,
    changes: Vec<Change>,
}

impl Device<'_, '_> {
    /// One account: another line, or the same with other settings.
    fn account(&mut self, at: usize) {
        let (was, will_be) = (self.was.accounts.get(at), self.will_be.accounts.get(at));
        let name = |account: Option<&Account<'_>>| account?.line.map(|line| line.name.clone());
        let (before, after) = (name(was), name(will_be));
        let is_same = before == after;
        self.changes.extend(Change::between(format!("lines.{}", at + 1), before.clone(), after));
        let (Some(was), Some(will_be), Some(line), true) = (was, will_be, before, is_same) else { return };
        let label = |resolved: &Resolved<'_>, account: &Account<'_>| {
            account.names(&resolved.subject.catalogue.vocabulary).map(|names| names.label.to_owned())
        };
        let (before, after) = (label(self.was, was), label(self.will_be, will_be));
        self.changes.extend(Change::between(format!("name of line {}", at + 1), before, after));
        self.settings(Scope::Account, &was.settings, &will_be.settings, Some((at + 1, &line)));
    }

    /// Settings that the family has and whose values differ; of secrets, that they do.
    fn settings(
        &mut self,
        scope: Scope,
        was: &[ResolvedSetting<'_>],
        will_be: &[ResolvedSetting<'_>],
        line: Option<(usize, &CompactString)>,
    ) {
        let vocabulary = &self.will_be.subject.catalogue.vocabulary;
        for (id, setting) in vocabulary.iter().filter(|(_, setting)| setting.scope == scope) {
            let before = self.twin(id, &setting.name);
            let old = before.and_then(|id| was.get(usize::from(id.0)));
            let new = will_be.get(usize::from(id.0));
            if old.and_then(|old| old.value) == new.and_then(|new| new.value) || self.is_lacking(before, id) {
                continue;
            }
            let secret = matches!(setting.kind, Kind::Secret(_));
            let name = setting.name.strip_prefix("sip.").unwrap_or(&setting.name);
            let about = match (line, secret) {
                (Some((_, line)), true) => format!("the {name} of line {line}"),
                (Some((n, _)), false) if setting.name == "sip.server" => format!("line {n} registered at"),
                (Some((n, _)), false) => format!("{} of line {n}", setting.name),
                (None, true) => format!("the {name}"),
                (None, false) => format!("settings.{name}"),
            };
            self.changes.push(match secret {
                true => Change::untold(about),
                false => Change::told(about, old.and_then(said), new.and_then(said)),
            });
        }
    }

    /// The same setting in the vocabulary before.
    fn twin(&self, id: SettingId, name: &str) -> Option<SettingId> {
        let (old, new) = (&self.was.subject.catalogue, &self.will_be.subject.catalogue);
        if Arc::ptr_eq(old, new) { Some(id) } else { old.vocabulary.id(name) }
    }

    fn is_lacking(&self, before: Option<SettingId>, after: SettingId) -> bool {
        before.is_none_or(|id| self.was.lacks(id).is_some()) && self.will_be.lacks(after).is_some()
    }
}

fn said(setting: &ResolvedSetting<'_>) -> Option<Said> {
    let value = match setting.value? {
        SettingValue::Boolean(value) => value.to_string(),
        SettingValue::Integer(value) => value.to_string(),
        SettingValue::Text(value) => value.to_string(),
        SettingValue::List(values) => values.join(", "),
        SettingValue::Secret(_) => return None,
    };
    Some(Said { layer: Some(setting.origin.layer.name()), ..Said::of(value) })
}

/// Secrets that are no settings, and edits of the finished file, which may be some.
pub(super) fn secrets(old: &Subject, new: &Subject) -> Vec<Change> {
    let (was, will_be) = (old.phone.access.as_deref(), new.phone.access.as_deref());
    let of = |pick: fn(&Access) -> Option<&Secret>| was.and_then(pick) != will_be.and_then(pick);
    let code = |phone: &Phone| phone.registration.as_ref().and_then(|registration| registration.code.clone());
    let raw = |phone: &Phone| -> Vec<_> {
        phone.raw.iter().map(|raw| (raw.name.clone(), raw.values.clone(), raw.attributes.clone())).collect()
    };
    let encrypts = |subject: &Subject| subject.site.trust.encrypt_files;
    let differing = [
        ("the password of the phone", of(|access| access.password.as_ref())),
        ("the file_key of the phone", of(|access| access.file_key.as_ref())),
        ("the encryption of its files", encrypts(old) != encrypts(new)),
        ("the registration code", code(&old.phone) != code(&new.phone)),
        ("[raw]", raw(&old.phone) != raw(&new.phone)),
    ];
    differing.into_iter().filter(|(_, differs)| *differs).map(|(about, _)| Change::untold(about)).collect()
}
