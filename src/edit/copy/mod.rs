//! Keys of one line, copied to others.
//!
//! What the source's phones show is what is copied: its own keys over those of its layout. Each target is judged by its own
//! phones before anything is drafted, as if the keys were there already, so that a key which one of them cannot do is left
//! out and told, and all the others are written as one. A key that is like the source's already is not touched, so a layout
//! that says the same is not written down again.

mod layout;
mod plan;
mod report;
mod targets;

use std::collections::BTreeMap;

use compact_str::CompactString;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use layout::{NewLayout, make_layout};
pub use report::{CopiedKey, CopiedLine, CopyReport, Did, Skip};

use super::places::{Places, What, put, spelt, use_fields};
use super::{Draft, Refused};
use crate::access::LineId;
use crate::check::KnownNumbers;
use crate::fleet::{Entity, Line, Site};
use crate::phone::{KeySetting, Keys, Place, Use, key_at};
use crate::world::World;
use plan::{Copier, KeyEdit};

/// What is to be copied, and where to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Copying {
    /// The lines that get the keys.
    pub to: Vec<To>,
    /// Which keys.
    #[serde(default)]
    pub what: What,
    /// Of these only some, such as `keys.2-9` or `modules.1.keys.40`; none: all.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub only: Vec<Places>,
    /// With their labels.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub labels: bool,
    /// What becomes of the target's other keys.
    #[serde(default)]
    pub mode: Mode,
    /// What cannot be copied is left out; else nothing is written then.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub partial: bool,
}

fn yes() -> bool {
    true
}

impl Copying {
    fn takes(&self, place: Place) -> bool {
        self.what.has(place) && (self.only.is_empty() || self.only.iter().any(|places| places.has(place)))
    }
}

/// One line, or several of a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct To {
    /// The site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// This line; left out: all of the site.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub line: Option<CompactString>,
    /// Of all lines those with this layout.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub layout: Option<CompactString>,
}

/// What becomes of keys that the source has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They stay.
    #[default]
    Merge,
    /// They go.
    Replace,
}

/// Whose hand copies.
pub struct Hand<'a> {
    /// Whether they may write the keys of a line.
    pub may: &'a dyn Fn(&LineId) -> Result<(), Skip>,
    /// Keys that are locked stay as they are.
    pub heeds_locks: bool,
}

/// Copies keys within a draft.
///
/// # Errors
/// There is no such source, a target cannot be understood, or something would be left out that must not be.
pub fn copy(draft: &mut Draft<'_>, from: &LineId, copying: &Copying, hand: &Hand<'_>) -> Result<CopyReport, Refused> {
    let world = &draft.serving().world;
    let keys = source(world, from)?;
    let keys = keys.into_iter().filter(|(place, _)| copying.takes(*place)).collect();
    let copier = Copier { world, known: KnownNumbers::of(world), copying, keys, heeds_locks: hand.heeds_locks };
    let mut targets = copying.targets(world, from, hand)?;
    for (line, skip) in targets.iter_mut().filter(|(_, skip)| skip.is_none()) {
        // Somebody may have taken it away, of which what is served has not heard yet.
        if !draft.has(&Entity::Line(line.site.clone(), line.line.clone()))? {
            *skip = Some(Skip::no_line(line));
        }
    }
    let planned: Vec<(CopiedLine, Vec<KeyEdit>)> = targets
        .into_par_iter()
        .map(|(line, skip)| match skip {
            Some(skip) => (CopiedLine { line, phones: 0, skip: Some(skip), keys: Vec::new() }, Vec::new()),
            None => copier.plan(line),
        })
        .collect();
    let report = CopyReport::of(planned.iter().map(|(line, _)| line.clone()).collect());
    if !copying.partial && !report.complete {
        return Err(Refused::Mistakes(report.mistakes()));
    }
    for (CopiedLine { line, .. }, edits) in planned.into_iter().filter(|(_, edits)| !edits.is_empty()) {
        write(draft, &Entity::Line(line.site, line.line), &edits)?;
    }
    Ok(report)
}

/// The function and label that hold at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    what: Option<Use>,
    label: Option<CompactString>,
}

/// What a line holds at each place: its own keys over those of its layout.
///
/// # Errors
/// There is no such line.
pub(super) fn source(world: &World, from: &LineId) -> Result<BTreeMap<Place, Held>, Refused> {
    let none = || Refused::NotThere(format!("there is no line `{from}`"));
    let line = world.line(&from.site, &from.line).ok_or_else(none)?;
    let laid = world.site(&from.site).and_then(|site| laid(site, line));
    let places = line.keys.iter().chain(laid.into_iter().flat_map(|keys| keys.iter())).map(|key| key.place);
    Ok(places.map(|place| (place, held(laid, &line.keys, place))).collect())
}

/// The keys of a line's layout.
fn laid<'s>(site: &'s Site, line: &Line) -> Option<&'s Keys> {
    site.layouts.get(&line.layout.as_ref()?.0)
}

fn held(laid: Option<&Keys>, own: &[KeySetting], place: Place) -> Held {
    let stored = [laid.and_then(|keys| key_at(keys, place)), key_at(own, place)];
    stored.into_iter().flatten().fold(Held::default(), |under, key| Held {
        what: key.what.clone().or(under.what),
        label: key.label.clone().or(under.label),
    })
}

fn write(draft: &mut Draft<'_>, entity: &Entity, edits: &[KeyEdit]) -> Result<(), Refused> {
    let file = draft.value(entity, &[])?.unwrap_or_default();
    let mut patch = Map::new();
    for KeyEdit { place, key, labels } in edits {
        let path = spelt(&file, *place);
        let fields = key.as_ref().map_or(Value::Null, |held| held.fields(*labels).into());
        put(&mut patch, &path, fields);
    }
    draft.patch(entity, &[], patch)
}

impl Held {
    /// As a key's fields; null is what it has not.
    pub(super) fn fields(&self, labels: bool) -> Map<String, Value> {
        let mut fields = use_fields(self.what.as_ref());
        if labels {
            fields.insert("label".into(), self.label.as_ref().map_or(Value::Null, |label| label.as_str().into()));
        }
        fields
    }
}
