//! What becomes of one target, by its site and its phones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::report::{CopiedKey, CopiedLine, Did, Skip};
use super::{Copying, Held, Mode, held, laid};
use crate::access::LineId;
use crate::check::{KnownNumbers, unknown_layouts};
use crate::findings::Level;
use crate::fleet::{Entity, Line, Site};
use crate::phone::{Accept, KeySetting, Keys, Mac, Place, key_at};
use crate::resolve::{Phase, resolve};
use crate::world::World;

/// What is to be written at a place.
pub(super) struct KeyEdit {
    pub place: Place,
    /// None: the key goes.
    pub key: Option<Held>,
    /// The label is written, too.
    pub labels: bool,
}

/// Plans a copy, target by target.
pub(super) struct Copier<'c> {
    pub world: &'c World,
    pub known: KnownNumbers<'c>,
    pub copying: &'c Copying,
    /// What the source has, as far as it is copied.
    pub keys: BTreeMap<Place, Held>,
    pub heeds_locks: bool,
}

/// One target while it is planned.
struct Target<'c> {
    site: &'c Site,
    line: &'c Arc<Line>,
    laid: Option<&'c Keys>,
    phones: Vec<Mac>,
}

impl Copier<'_> {
    /// What becomes of a line.
    pub fn plan(&self, id: LineId) -> (CopiedLine, Vec<KeyEdit>) {
        let target = match self.target(&id) {
            Ok(target) => target,
            Err(skip) => return (CopiedLine { line: id, phones: 0, skip: Some(skip), keys: Vec::new() }, Vec::new()),
        };
        let (mut keys, mut edits) = (Vec::new(), Vec::new());
        for place in self.places(&target) {
            match self.edit(&target, place) {
                Ok(Some(edit)) => edits.push(edit),
                Ok(None) => keys.push(CopiedKey { place, did: Did::Unchanged, skip: None }),
                Err(skip) => keys.push(CopiedKey { place, did: Did::Skipped, skip: Some(skip) }),
            }
        }
        let impossible = self.impossible(&target, &edits);
        edits.retain(|edit| !impossible.contains_key(&edit.place));
        let did = |edit: &KeyEdit| if edit.key.is_some() { Did::Copied } else { Did::Removed };
        keys.extend(edits.iter().map(|edit| CopiedKey { place: edit.place, did: did(edit), skip: None }));
        let skipped = |(place, skip)| CopiedKey { place, did: Did::Skipped, skip: Some(skip) };
        keys.extend(impossible.into_iter().map(skipped));
        keys.sort_by_key(|key| key.place);
        (CopiedLine { line: id, phones: target.phones.len(), skip: None, keys }, edits)
    }

    fn target(&self, id: &LineId) -> Result<Target<'_>, Skip> {
        let none = || Skip::no_line(id);
        let line = self.world.line(&id.site, &id.line).ok_or_else(none)?;
        let site = self.world.site(&id.site).ok_or_else(none)?;
        let entity = Entity::Line(id.site.clone(), id.line.clone());
        let mut wrong = self.world.findings_of(&BTreeSet::from([entity.clone()]));
        wrong.extend(unknown_layouts(self.world, std::iter::once(line)));
        if let Some(wrong) = wrong.iter().find(|finding| finding.is_open_error()) {
            return Err(Skip::new("broken-line", format!("the line's file has to be mended first: {}", wrong.what)));
        }
        let is_primary = |mac: &Mac| {
            let phone = self.world.phone(*mac);
            phone.is_some_and(|phone| phone.lines.first().is_some_and(|(name, _)| *name == id.line))
        };
        let phones = self.world.phones_using(&entity).into_iter().filter(is_primary).collect();
        Ok(Target { site, line, laid: laid(site, line), phones })
    }

    /// The places that are looked at: those of the source, and those that it may leave empty.
    fn places(&self, target: &Target<'_>) -> BTreeSet<Place> {
        let mut places: BTreeSet<Place> = self.keys.keys().copied().collect();
        if self.copying.mode == Mode::Replace {
            let own = target.line.keys.iter().chain(target.laid.into_iter().flat_map(|keys| keys.iter()));
            places.extend(own.map(|key| key.place).filter(|place| self.copying.takes(*place)));
        }
        places
    }

    /// What is to be written at a place; none where it is like the source already.
    fn edit(&self, target: &Target<'_>, place: Place) -> Result<Option<KeyEdit>, Skip> {
        let now = held(target.laid, &target.line.keys, place);
        let wanted = self.keys.get(&place).cloned();
        let labels = self.copying.labels || wanted.is_none();
        let mut then = wanted.clone().unwrap_or_default();
        if !labels {
            then.label = now.label.clone();
        }
        if then == now {
            return Ok(None);
        }
        let under = target.laid.and_then(|keys| key_at(keys, place));
        let own = key_at(&target.line.keys, place);
        if self.heeds_locks && [own, under].into_iter().flatten().any(|key| key.locked) {
            return Err(Skip::new("locked", format!("`{place}` is locked")));
        }
        if let Some(under) = under
            && (under.what.is_some() && then.what.is_none() || under.label.is_some() && then.label.is_none())
        {
            let layout = target.line.layout.as_ref().map_or("", |(name, _)| name);
            return Err(Skip::new("layout", format!("the line's layout `{layout}` says something at `{place}`")));
        }
        Ok(Some(KeyEdit { place, key: wanted, labels }))
    }

    /// Of what is to be written, what cannot be on the site or on one of the phones.
    fn impossible(&self, target: &Target<'_>, edits: &[KeyEdit]) -> BTreeMap<Place, Skip> {
        let mut found = BTreeMap::new();
        let written: Vec<(Place, &Held)> =
            edits.iter().filter_map(|edit| Some((edit.place, edit.key.as_ref()?))).collect();
        let tell = |found: &mut BTreeMap<Place, Skip>, place: Place, level, code: &'static str, what: &str| {
            let stored = [Some(&target.line.keys), target.laid].into_iter().flatten();
            let accept = stored.filter_map(|keys| key_at(keys, place)).flat_map(|key| key.accept.iter());
            if level == Level::Error && !accept.into_iter().any(|accepted| accepted == code) {
                found.entry(place).or_insert_with(|| Skip::new(code, what));
            }
        };
        for (place, Held { what, .. }) in &written {
            if let Some(wrong) = what.as_ref().and_then(|what| self.known.check(target.site, what)) {
                tell(&mut found, *place, wrong.level, wrong.code, &wrong.what);
            }
        }
        let mut line = Line::clone(target.line);
        line.keys = with_edits(&line.keys, edits);
        let line = Arc::new(line);
        for mac in target.phones.iter().filter(|_| !written.is_empty()) {
            let Ok(mut subject) = self.world.subject(*mac) else { continue };
            let Some(primary) = subject.lines.first_mut() else { continue };
            *primary = line.clone();
            for (place, _) in &written {
                if let Some((code, what)) = subject.no_place(*place) {
                    tell(&mut found, *place, Level::Error, code, &what);
                }
            }
            let Some(resolved) = resolve(&subject, subject.band(None, None), Phase::First) else { continue };
            let modules = resolved.modules.iter().flat_map(|module| &module.keys);
            let keys = resolved.keys.iter().chain(&resolved.soft_keys).chain(modules);
            for key in keys.filter(|key| written.iter().any(|(place, _)| *place == key.place)) {
                key.problems.iter().for_each(|problem| {
                    tell(&mut found, key.place, problem.level, problem.code, &problem.what);
                });
            }
        }
        found
    }
}

/// Keys with edits made.
fn with_edits(keys: &Keys, edits: &[KeyEdit]) -> Keys {
    let mut made: BTreeMap<Place, KeySetting> = keys.iter().map(|key| (key.place, key.clone())).collect();
    for KeyEdit { place, key, labels } in edits {
        let Some(Held { what, label }) = key.clone() else {
            made.remove(place);
            continue;
        };
        let bare =
            KeySetting { place: *place, what: None, label: None, accept: Accept::default(), locked: false, at: 0 };
        let stored = made.entry(*place).or_insert(bare);
        stored.what = what;
        if *labels {
            stored.label = label;
        }
    }
    made.into_values().collect()
}
