//! One phone in two states.

use std::cell::LazyCell;
use std::sync::Arc;

use super::{Change, Fate, FileLines, Reboot, device, files, keys, reboots};
use crate::live::Serving;
use crate::phone::{Mac, Secret};
use crate::render::Reveal;
use crate::resolve::{Phase, Resolved, resolve};
use crate::world::{Subject, Unserved};

/// What becomes of one phone.
pub(super) struct Compared {
    pub fate: Fate,
    pub changes: Vec<Change>,
    pub files: Vec<FileLines>,
    pub reboots: Vec<Reboot>,
}

/// Compares a phone with itself; none where it gets what it got.
pub(super) fn compare(before: &Serving, after: &Serving, mac: Mac) -> Option<Compared> {
    let phones = (before.world.phone(mac), after.world.phone(mac));
    if let (Some(old), Some(new)) = phones
        && before.generations(old) == after.generations(new)
    {
        return None;
    }
    let (was, will_be) = (before.world.subject(mac), after.world.subject(mac));
    let fate = match (&was, &will_be) {
        (Ok(old), Ok(new)) => return changed((before, old), (after, new)),
        (Err(was), Err(will_be)) if is_stored(was) == is_stored(will_be) => return None,
        (Err(was), _) if !is_stored(was) => Fate::Comes,
        (_, Err(will_be)) if !is_stored(will_be) => Fate::Goes,
        (_, Ok(_)) => Fate::Mends,
        (_, Err(_)) => Fate::Breaks,
    };
    let changes = Change::between("served", served(&was), served(&will_be)).into_iter().collect();
    Some(Compared { fate, changes, files: Vec::new(), reboots: Vec::new() })
}

fn is_stored(unserved: &Unserved) -> bool {
    !matches!(unserved, Unserved::Unknown(_))
}

/// As what a phone is served, or why not; none where it is not stored.
fn served(subject: &Result<Subject, Unserved>) -> Option<String> {
    match subject {
        Ok(subject) => Some(format!("as {}", subject.model.id)),
        Err(Unserved::Unknown(_)) => None,
        Err(Unserved::Broken { mac, why }) => {
            // Its own file's name would make each phone a group of its own.
            let own = |file: &&str| file.to_lowercase().ends_with(&format!("/{mac}.toml"));
            let rest = why.split_once(": ").filter(|(file, _)| own(file)).map_or(why.as_str(), |(_, rest)| rest);
            Some(format!("not, since {rest}"))
        }
    }
}

fn changed((before, old): (&Serving, &Subject), (after, new): (&Serving, &Subject)) -> Option<Compared> {
    if before.has_templates_of(after) && is_same(old, new) {
        return None;
    }
    let (shown_old, shown_new) = (old.clone().without_raw(), new.clone().without_raw());
    let (was, will_be) = (resolved(&shown_old), resolved(&shown_new));
    let mut told = device::of_place(old, new);
    if let (Some(was), Some(will_be)) = (&was, &will_be) {
        told.extend(device::changes(was, will_be));
        told.extend(keys::changes(was, will_be));
        told.extend(device::secrets(old, new));
    }
    let (secrets, mut changes): (Vec<_>, Vec<_>) = told.into_iter().partition(Change::is_of_secret);
    let shown = files::differing([(before, was.as_ref()), (after, will_be.as_ref())], Reveal::Nothing);
    let is_shown = !shown.is_empty();
    let sent = LazyCell::new(|| {
        let (was, will_be) = (resolved(old), resolved(new));
        files::differing([(before, was.as_ref()), (after, will_be.as_ref())], Reveal::Secrets)
    });
    let is_secret = !secrets.is_empty() && (is_shown || file_key(old) != file_key(new) || !sent.is_empty());
    if !is_shown {
        changes.clear();
    }
    if is_secret {
        changes.extend(secrets);
    }
    let (of_files, lines) = files::told(&shown, new.phone.mac);
    // The values of raw edits are not shown, and phones restart for them.
    let reboots = match is_secret && old.phone.raw != new.phone.raw {
        true => reboots::of(&sent, |_| true, &new.maker.family),
        false => reboots::of(&shown, |name| lines.iter().any(|file| file.may_say(name)), &new.maker.family),
    };
    changes.extend(of_files);
    (is_shown || is_secret).then_some(Compared { fate: Fate::Changes, changes, files: lines, reboots })
}

/// As it is after its first provisioning, with the firmware that the fleet names.
fn resolved(subject: &Subject) -> Option<Resolved<'_>> {
    resolve(subject, subject.band(None, None), Phase::Later)
}

/// Whether everything that has a say in the files is the same, so that they need not be made.
fn is_same(old: &Subject, new: &Subject) -> bool {
    fn same<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
        Arc::ptr_eq(a, b) || a == b
    }
    let names = |subject: &Subject| -> Vec<_> {
        subject.names.iter().map(|name| (name.number.clone(), name.shown.clone())).collect()
    };
    same(&old.phone, &new.phone)
        && old.lines == new.lines
        && same(&old.root, &new.root)
        && same(&old.site, &new.site)
        && same(&old.codes, &new.codes)
        && names(old) == names(new)
}

/// The key under which the phone's files are encrypted.
fn file_key(subject: &Subject) -> Option<&Secret> {
    let key = subject.phone.access.as_ref()?.file_key.as_ref()?;
    (subject.site.trust.encrypt_files && subject.maker.family.encryption.is_some()).then_some(key)
}
