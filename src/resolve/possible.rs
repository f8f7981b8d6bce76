//! What a phone's keys can do: each function tried on a key, whatever is stored there.

use compact_str::CompactString;

use super::{Key, Resolved, place_on};
use crate::catalogue::{Class, Outcome};
use crate::phone::{FUNCTIONS, Function, Parameter, Place, Use};
use crate::world::Subject;

/// What a key does with one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The function.
    pub function: Function,
    /// How well.
    pub outcome: Outcome,
    /// Why not better.
    pub why: Option<CompactString>,
    /// What it dials, where it dials a code.
    pub dials: Option<CompactString>,
}

/// What the phone's keys of a class can do: one for each function, in the functions' order.
pub fn possible(resolved: &Resolved<'_>, class: Class) -> Vec<Possible> {
    let on_class = |info: &crate::phone::FunctionInfo| {
        let placed = place_on(resolved, class, &example(info.function, resolved.subject), None);
        Possible { function: info.function, outcome: placed.outcome, why: placed.why, dials: placed.dials }
    };
    FUNCTIONS.iter().map(on_class).collect()
}

/// A function with a parameter of the right kind, to ask whether it is possible.
fn example(function: Function, subject: &Subject) -> Use {
    let number = subject.lines.last().and_then(|line| line.name.parse().ok()).or_else(|| "100".parse().ok());
    match function.info().parameter {
        Parameter::None | Parameter::LineIndex => Use::of(function),
        Parameter::Url => Use { url: Some("https://example.org/".into()), ..Use::of(function) },
        _ => Use { number, ..Use::of(function) },
    }
}

impl<'s> Resolved<'s> {
    /// All keys that the phone has: its own, its soft keys, those of the modules that are plugged in.
    pub fn all_keys(&self) -> impl Iterator<Item = &Key<'s>> {
        let modules = self.modules.iter().flat_map(|module| &module.keys);
        self.keys.iter().chain(&self.soft_keys).chain(modules)
    }

    /// The key at a place, where there is one that can be set.
    pub fn settable_key(&self, place: Place) -> Option<&Key<'s>> {
        self.all_keys().find(|key| key.place == place && key.reserved.is_none())
    }
}
