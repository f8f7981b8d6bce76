//! The keys of a phone in two states.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Said};
use crate::catalogue::Outcome;
use crate::phone::{Function, Place, Use};
use crate::resolve::{Key, Resolved};

/// What keys do, how well, and what they are called.
pub(super) fn changes(was: &Resolved<'_>, will_be: &Resolved<'_>) -> Vec<Change> {
    let (old, new) = (keys(was), keys(will_be));
    let places: BTreeSet<Place> = old.keys().chain(new.keys()).copied().collect();
    let of_key = |place: Place| of_key(place, (was, old.get(&place).copied()), (will_be, new.get(&place).copied()));
    places.into_iter().flat_map(of_key).collect()
}

fn keys<'r, 's>(resolved: &'r Resolved<'s>) -> BTreeMap<Place, &'r Key<'s>> {
    let modules = resolved.modules.iter().flat_map(|module| &module.keys);
    let all = resolved.keys.iter().chain(&resolved.soft_keys).chain(modules);
    all.filter(|key| key.reserved.is_none()).map(|key| (key.place, key)).collect()
}

type Placed<'r, 's> = (&'r Resolved<'s>, Option<&'r Key<'s>>);

fn of_key(place: Place, (was, old): Placed<'_, '_>, (will_be, new): Placed<'_, '_>) -> Vec<Change> {
    if old.zip(new).is_some_and(|(old, new)| is_same(old, new)) {
        return Vec::new();
    }
    let label = |key: Option<&Key<'_>>| key.map(|key| key.label.clone()).filter(|label| !label.is_empty());
    let changes = [
        Change::between(place.to_string(), old.and_then(does), new.and_then(does)),
        Change::between(format!("label of {place}"), label(old), label(new)),
    ];
    let changes: Vec<Change> = changes.into_iter().flatten().collect();
    match (old, new) {
        (Some(old), Some(new)) if changes.is_empty() => of_fields((was, old), (will_be, new)).into_iter().collect(),
        _ => changes,
    }
}

/// Most keys are, and need no words.
fn is_same(old: &Key<'_>, new: &Key<'_>) -> bool {
    let said = |key: &Key<'_>| (key.function, key.class_position, key.outcome);
    let asked = old.asked.map(|(what, _)| what) == new.asked.map(|(what, _)| what);
    asked && said(old) == said(new) && old.label == new.label && old.fields == new.fields
}

/// What a key does as people say it; none for nothing.
fn does(key: &Key<'_>) -> Option<String> {
    let what = match key.asked {
        Some((what, _)) => what.clone(),
        None if key.function == Function::Line => Use::line(key.class_position as u8),
        None => Use::of(key.function),
    };
    if what.function == Function::None {
        return None;
    }
    Some(match key.outcome {
        Outcome::Native | Outcome::Dialled => what.to_string(),
        Outcome::Degraded => format!("{what}, not as asked"),
        Outcome::Impossible => format!("{what}, which is impossible"),
    })
}

/// A key that does the same in another way: another code is dialled, or the family says it in other words.
fn of_fields((was, old): (&Resolved<'_>, &Key<'_>), (will_be, new): (&Resolved<'_>, &Key<'_>)) -> Option<Change> {
    if was.subject.model.family != will_be.subject.model.family || old.fields == new.fields {
        return None;
    }
    let said = |resolved: &Resolved<'_>, key: &Key<'_>, other: &Key<'_>| {
        let names = resolved.tables.functions.fields.iter().map(|field| &field.name);
        let fields = names.zip(key.fields.iter()).enumerate();
        let differing = fields.filter(|(at, (_, value))| other.fields.get(*at) != Some(value));
        let shown: Vec<String> = differing.map(|(_, (name, value))| format!("{name} `{value}`")).collect();
        Said::of(shown.join(", "))
    };
    let about = format!("{} ({})", new.place, new.function);
    Some(Change::told(about, Some(said(was, old, new)), Some(said(will_be, new, old))))
}
