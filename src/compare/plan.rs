//! Where keys go that have no place on another model: to the first free key that can do them.
//!
//! A key of the phone looks for one on the phone, from its first page on, and then on the modules; a key of a module
//! first on the modules, then on the phone; a soft key among the soft keys. A key is free if neither the line nor its
//! layout says anything of it, and the model makes no line key of it. Keys that have a place stay where they are.

use std::collections::BTreeSet;

use compact_str::CompactString;

use crate::catalogue::{Model, Outcome};
use crate::fleet::Modules;
use crate::phone::{Area, Function, KeySetting, Mac, Place, Use, key_at};
use crate::resolve::{Phase, Resolved, place_on, resolve, stored_at};
use crate::world::{Subject, World};

/// What becomes of keys that another model has no place for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// From where to where.
    pub moves: Vec<(Place, Place)>,
    /// Why the free keys that there are cannot do what a key asks.
    pub refused: Vec<(Place, CompactString)>,
    /// Other phones with the same primary line, for whose sake nothing moves.
    pub shared_with: Vec<Mac>,
}

impl Plan {
    /// Makes room for keys that lose their place; `new` is the phone as another model, its keys not moved yet.
    pub fn of(world: &World, old: &Subject, new: &Subject) -> Plan {
        let homeless: Vec<(Place, &Use)> = stored_places(old)
            .into_iter()
            .filter(|place| old.class_at(*place).is_some() && new.class_at(*place).is_none())
            .filter_map(|place| Some((place, stored_at(old, place).0?.0)))
            .filter(|(_, what)| what.function != Function::None)
            .collect();
        let shared_with = if homeless.is_empty() { Vec::new() } else { others_with_primary(world, old) };
        let resolved = resolve(new, new.band(None, None), Phase::Later);
        let Some(resolved) = resolved.filter(|_| shared_with.is_empty()) else {
            return Plan { shared_with, ..Plan::default() };
        };
        let mut free = free_places(&resolved);
        let (mut moves, mut refused) = (Vec::new(), Vec::new());
        for (from, what) in homeless {
            let fits = |to: &Place| is_of_kind(from, *to) && refusal(&resolved, *to, what).is_none();
            // What the phone itself has comes first in the list; a module's key would rather stay on one.
            let on_module = |to: &Place| matches!(to.area, Area::Module(_)) == matches!(from.area, Area::Module(_));
            let first = free.iter().position(|to| on_module(to) && fits(to));
            if let Some(at) = first.or_else(|| free.iter().position(fits)) {
                moves.push((from, free.remove(at)));
            } else if let Some(to) = free.iter().find(|to| is_of_kind(from, **to)) {
                refused.extend(refusal(&resolved, *to, what).map(|why| (from, why)));
            }
        }
        Plan { moves, refused, shared_with }
    }

    /// Where a key is afterwards.
    pub fn target(&self, place: Place) -> Place {
        self.moves.iter().find(|(from, _)| *from == place).map_or(place, |(_, to)| *to)
    }

    /// Whether it goes to another place.
    pub fn moves(&self, place: Place) -> bool {
        self.target(place) != place
    }
}

/// A soft key belongs to the screen, the others to the room beside it.
fn is_of_kind(from: Place, to: Place) -> bool {
    (from.area == Area::SoftKeys) == (to.area == Area::SoftKeys)
}

/// Why the key at a place cannot do something; none if it can.
fn refusal(resolved: &Resolved<'_>, place: Place, what: &Use) -> Option<CompactString> {
    let placed = place_on(resolved, resolved.subject.class_at(place)?, what, None);
    (placed.outcome == Outcome::Impossible).then(|| placed.why.unwrap_or_default())
}

/// Everything at which the primary line or its layout stores something, in order.
pub(super) fn stored_places(subject: &Subject) -> BTreeSet<Place> {
    layers(subject).flat_map(|keys| keys.iter().map(|key| key.place)).collect()
}

/// The keys of the primary line, and of its layout.
pub(super) fn layers(subject: &Subject) -> impl Iterator<Item = &[KeySetting]> {
    let line = subject.primary();
    let layout = line.and_then(|line| subject.site.layouts.get(&line.layout.as_ref()?.0));
    line.map(|line| &*line.keys).into_iter().chain(layout.map(|keys| &**keys))
}

/// The keys of which nobody says anything: those of the phone, its soft keys, then those of its modules.
fn free_places(resolved: &Resolved<'_>) -> Vec<Place> {
    let subject = resolved.subject;
    let modules = resolved.modules.iter().filter(|module| module.attached).flat_map(|module| &module.keys);
    let keys = resolved.keys.iter().chain(&resolved.soft_keys).chain(modules);
    let free = keys.filter(|key| key.reserved.is_none() && key.function == Function::None);
    free.map(|key| key.place).filter(|place| layers(subject).all(|keys| key_at(keys, *place).is_none())).collect()
}

/// The phones besides this one whose keys its primary line gives as well.
fn others_with_primary(world: &World, subject: &Subject) -> Vec<Mac> {
    let own = subject.phone.mac;
    let line = subject.primary().map(|line| &line.name);
    let shares = |mac: &Mac| {
        world.phone(*mac).is_some_and(|phone| {
            phone.site == subject.site.id && phone.lines.first().map(|(name, _)| name) == line && phone.mac != own
        })
    };
    world.macs().filter(shares).collect()
}

/// The modules of a phone on another model, where they have to be others than its file says.
pub(super) fn modules(old: &Subject, new: &Model) -> Option<Modules> {
    let most = new.modules.as_ref().map_or(0, |slots| usize::from(slots.max));
    let count = old.attached_modules().len().min(most) as u8;
    let now = &old.phone.modules.0;
    let wanted = match now {
        Modules::Count(_) => Modules::Count(count),
        Modules::Models(_) if count == 0 => Modules::Count(0),
        Modules::Models(ids) => {
            let slots = new.modules.as_ref()?;
            let fits = |id: &CompactString| slots.models.contains(id);
            let ids = ids.iter().take(usize::from(count));
            let mut wanted: Vec<_> =
                ids.map(|id| if fits(id) { id.clone() } else { slots.models[0].clone() }).collect();
            if slots.same && wanted.iter().any(|id| *id != wanted[0]) {
                wanted.fill(slots.models[0].clone());
            }
            Modules::Models(wanted.into())
        }
    };
    (wanted != *now).then_some(wanted)
}
