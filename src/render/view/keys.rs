//! Keys and modules: most of a view.

use tera::Value;

use super::table;
use crate::catalogue::Outcome;
use crate::phone::Function;
use crate::render::scalars::{Scalar, object};
use crate::render::shared::Shared;
use crate::resolve::{Key, Module};

/// The fields of a key that are ours, before the family's own.
pub(in crate::render) const KEY_FIELDS: [&str; 10] =
    ["n", "group_n", "class", "page", "label", "function", "outcome", "reserved", "written", "unset"];

/// A key with these of our fields, and the family's own.
pub(in crate::render) fn key_value(ours: &[&'static str], fields: &[&'static str], key: &Key<'_>) -> Value {
    let own = |name: &&'static str| {
        let value = match *name {
            "n" => Scalar::Number(key.place.position.into()),
            "group_n" => Scalar::Number(key.class_position.into()),
            "class" => Scalar::Text(key.class.name()),
            "page" => Scalar::Number(key.page.into()),
            "label" => Scalar::Text(&key.label),
            "function" => Scalar::Text(key.function.name()),
            "outcome" => Scalar::Text(outcome(key)),
            "reserved" => key.reserved.map_or(Scalar::None, Scalar::Text),
            "written" => Scalar::Flag(key.written),
            _ => Scalar::Flag(key.asked.is_none() && key.function == Function::None),
        };
        (*name, value)
    };
    // A family's own field of the same name lies over ours.
    let given = fields.iter().zip(key.fields.iter()).map(|(name, value)| (*name, Scalar::Text(value)));
    object(ours.iter().map(own).chain(given))
}

fn outcome(key: &Key<'_>) -> &'static str {
    match key.outcome {
        Outcome::Native => "native",
        Outcome::Dialled => "dialled",
        Outcome::Degraded => "degraded",
        Outcome::Impossible => "impossible",
    }
}

pub(super) fn keys(shared: &Shared, keys: &[Key<'_>]) -> Value {
    keys.iter().map(|key| key_value(&shared.key_fields, &shared.fields, key)).collect::<Vec<_>>().into()
}

pub(super) fn modules(shared: &Shared, modules: &[Module<'_>]) -> Value {
    modules.iter().map(|module| self::module(shared, module)).collect::<Vec<_>>().into()
}

pub(super) fn are_same(like: &[Module<'_>], own: &[Module<'_>]) -> bool {
    let is_same = |(like, own): (&Module<'_>, &Module<'_>)| {
        let same_module = like.attached == own.attached && like.model.id == own.model.id;
        like.number == own.number && same_module && like.keys == own.keys
    };
    like.len() == own.len() && like.iter().zip(own).all(is_same)
}

fn module(shared: &Shared, module: &Module<'_>) -> Value {
    let keys = match shared.unset_modules.get(&module.model.id) {
        Some(unset) if !module.attached => unset.clone(),
        _ => keys(shared, &module.keys),
    };
    table([
        ("n", module.number.into()),
        ("attached", module.attached.into()),
        ("model", module.model.id.as_str().into()),
        ("keys", keys),
    ])
}
