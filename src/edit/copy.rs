//! Keys of one line, copied to others.
//!
//! What the source's phones show is what is copied: its own keys over those of its layout. Each target is judged by its own
//! phones before anything is drafted, as if the keys were there already, so that a key which one of them cannot do is left
//! out and told, and all the others are written as one. A key that is like the source's already is not touched, so a layout
//! that says the same is not written down again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::places::{Places, What, put, spelt, use_fields};
use super::{Draft, Mistake, Refused};
use crate::access::LineId;
use crate::check::KnownNumbers;
use crate::findings::Level;
use crate::fleet::{Entity, Line, Site};
use crate::phone::{KeySetting, Keys, Mac, Place, Use, key_at};
use crate::resolve::{Phase, resolve};
use crate::world::World;

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

/// One line, or several of a site.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
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

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skip {
    /// A short stable name: `not-found`, `forbidden`, `locked`, `layout`, or as `offhook check` has it.
    pub code: &'static str,
    /// Why.
    pub why: String,
}

impl Skip {
    /// There is no such line, or whoever asks may not know of it.
    pub const NOT_FOUND: &'static str = "not-found";
    /// Whoever asks may know of it, and may not write it.
    pub const FORBIDDEN: &'static str = "forbidden";

    /// Why something is left out.
    pub fn new(code: &'static str, why: impl Into<String>) -> Skip {
        Skip { code, why: why.into() }
    }
}

/// What has become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Did {
    /// It is like the source's now.
    Copied,
    /// It is gone, since the source has none there.
    Removed,
    /// It was like the source's already.
    Unchanged,
    /// It is as it was.
    Skipped,
}

/// A key of a target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CopiedKey {
    /// Where it is.
    #[schema(value_type = String)]
    pub place: Place,
    /// What has become of it.
    pub did: Did,
    /// Why it is left out.
    #[serde(flatten)]
    pub skip: Option<Skip>,
}

/// What has come of one target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CopiedLine {
    /// Which line.
    #[serde(flatten)]
    pub line: LineId,
    /// How many phones have it as their primary line.
    pub phones: usize,
    /// Why all of it is left out.
    #[serde(flatten)]
    pub skip: Option<Skip>,
    /// Its keys.
    pub keys: Vec<CopiedKey>,
}

/// What has come of a copy: how many keys, and each of them.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CopyReport {
    /// Nothing was left out.
    pub complete: bool,
    /// Keys that are like the source's now.
    pub copied: usize,
    /// Keys that are gone.
    pub removed: usize,
    /// Keys that were like the source's already.
    pub unchanged: usize,
    /// Keys that are left out.
    pub skipped: usize,
    /// Lines that are left out as a whole.
    pub skipped_lines: usize,
    /// Every target with its keys.
    pub lines: Vec<CopiedLine>,
}

/// Copies keys within a draft.
///
/// # Errors
/// There is no such source, a target cannot be understood, or something would be left out that must not be.
pub fn copy(
    draft: &mut Draft<'_>,
    from: &LineId,
    copying: &Copying,
    hand: &Hand<'_>,
) -> Result<CopyReport, Refused> {
    let world = &draft.serving().world;
    let keys = source(world, from)?;
    let keys = keys.into_iter().filter(|(place, _)| copying.takes(*place)).collect();
    let copier =
        Copier { world, known: KnownNumbers::of(world), copying, keys, heeds_locks: hand.heeds_locks };
    let targets = copying.targets(world, from, hand)?;
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

/// A layout to be made of a line's keys.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLayout {
    /// The line of the site whose keys they are.
    #[schema(value_type = String)]
    pub line: CompactString,
    /// Which of them.
    #[serde(default)]
    pub what: What,
    /// With their labels.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub labels: bool,
}

/// Makes a layout of a line's keys, which stay the line's own.
///
/// # Errors
/// There is no such line, or there is such a layout already.
pub fn make_layout(draft: &mut Draft<'_>, site: &str, layout: &str, wanted: &NewLayout) -> Result<(), Refused> {
    let from = LineId { site: site.into(), line: wanted.line.clone() };
    let keys = source(&draft.serving().world, &from)?;
    let (entity, path) = (Entity::Site(site.into()), ["layouts", layout]);
    if draft.value(&entity, &["layouts"])?.is_some_and(|layouts| layouts.get(layout).is_some()) {
        return Err(Refused::Conflict(format!("the layout `{layout}` is there already"), Vec::new()));
    }
    let mut made = Map::new();
    for (place, held) in keys.into_iter().filter(|(place, held)| wanted.what.has(*place) && *held != Held::default()) {
        let mut fields = held.fields(wanted.labels);
        fields.retain(|_, value| !value.is_null());
        put(&mut made, &spelt(&Value::Null, place), fields.into());
    }
    draft.patch(&entity, &path, made)
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

impl Copying {
    fn takes(&self, place: Place) -> bool {
        self.what.has(place) && (self.only.is_empty() || self.only.iter().any(|places| places.has(place)))
    }

    /// The targets, each once, and why some are left out. Of those that are not named one by one, only lines that whoever
    /// copies knows of are any.
    fn targets(
        &self,
        world: &World,
        from: &LineId,
        hand: &Hand<'_>,
    ) -> Result<Vec<(LineId, Option<Skip>)>, Refused> {
        let (mut targets, mut seen, mut mistakes) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (at, to) in self.to.iter().enumerate() {
            let mut wrong = |field: &str, code: &str, what: String| {
                mistakes.push(Mistake::at(format!("/to/{at}{field}"), code, what));
            };
            if let (Some(_), Some(_)) = (&to.line, &to.layout) {
                wrong("/layout", "bad-value", "`layout` chooses among all lines: leave `line` or `layout` out".into());
                continue;
            }
            let lines = match &to.line {
                Some(line) => vec![LineId { site: to.site.clone(), line: line.clone() }],
                None => to.all(world, from, hand),
            };
            if lines.is_empty() {
                wrong("", "no-lines", format!("there are no lines of `{}` to copy to", to.site));
            }
            for line in lines.into_iter().filter(|line| seen.insert(line.clone())) {
                let skip = match &line == from {
                    true => Some(Skip::new("source", "the keys come from this line")),
                    false => (hand.may)(&line).err(),
                };
                targets.push((line, skip));
            }
        }
        if self.to.is_empty() {
            mistakes.push(Mistake::at("/to", "no-lines", "`to` names no line"));
        }
        let hidden = |(_, skip): &(LineId, Option<Skip>)| skip.as_ref().filter(|skip| skip.code == Skip::FORBIDDEN).cloned();
        match targets.iter().map(hidden).collect::<Option<Vec<Skip>>>() {
            _ if !mistakes.is_empty() => Err(Refused::Mistakes(mistakes)),
            Some(forbidden) if !forbidden.is_empty() => Err(Refused::Forbidden(forbidden[0].why.clone())),
            _ => Ok(targets),
        }
    }
}

impl To {
    /// The lines of the site, but the source.
    fn all(&self, world: &World, from: &LineId, hand: &Hand<'_>) -> Vec<LineId> {
        let is_wanted = |line: &&Arc<Line>| {
            let layout = line.layout.as_ref().map(|(name, _)| name);
            self.layout.is_none() || self.layout.as_ref() == layout
        };
        let lines = world.lines_of(&self.site).filter(is_wanted);
        let lines = lines.map(|line| LineId { site: line.site.clone(), line: line.name.clone() });
        let is_known = |line: &LineId| (hand.may)(line).err().is_none_or(|skip| skip.code != Skip::NOT_FOUND);
        let mut lines: Vec<LineId> = lines.filter(|line| line != from && is_known(line)).collect();
        lines.sort();
        lines
    }
}

/// What is to be written at a place.
struct KeyEdit {
    place: Place,
    /// None: the key goes.
    key: Option<Held>,
    labels: bool,
}

struct Copier<'c> {
    world: &'c World,
    known: KnownNumbers<'c>,
    copying: &'c Copying,
    keys: BTreeMap<Place, Held>,
    heeds_locks: bool,
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
    fn plan(&self, id: LineId) -> (CopiedLine, Vec<KeyEdit>) {
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
        let none = || Skip::new(Skip::NOT_FOUND, format!("there is no line `{id}`"));
        let line = self.world.line(&id.site, &id.line).ok_or_else(none)?;
        let site = self.world.site(&id.site).ok_or_else(none)?;
        let entity = Entity::Line(id.site.clone(), id.line.clone());
        let wrong = self.world.findings_of(&BTreeSet::from([entity.clone()]));
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
            subject.lines[0] = line.clone();
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
            KeySetting { place: *place, what: None, label: None, accept: Box::default(), locked: false, at: 0 };
        let stored = made.entry(*place).or_insert(bare);
        stored.what = what;
        if *labels {
            stored.label = label;
        }
    }
    made.into_values().collect()
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

impl CopyReport {
    fn of(lines: Vec<CopiedLine>) -> CopyReport {
        let count = |did: Did| lines.iter().flat_map(|line| &line.keys).filter(|key| key.did == did).count();
        let skipped_lines = lines.iter().filter(|line| line.skip.is_some()).count();
        let skipped = count(Did::Skipped);
        CopyReport {
            complete: skipped + skipped_lines == 0,
            copied: count(Did::Copied),
            removed: count(Did::Removed),
            unchanged: count(Did::Unchanged),
            skipped,
            skipped_lines,
            lines,
        }
    }

    /// What is left out, as mistakes of whoever wants all of it.
    fn mistakes(&self) -> Vec<Mistake> {
        let of_line = |CopiedLine { line, skip, keys, .. }: &CopiedLine| {
            let of = |pointer: Option<String>, Skip { code, why }: &Skip| Mistake {
                pointer,
                file: Some(Entity::Line(line.site.clone(), line.line.clone()).path().display().to_string()),
                ..Mistake::at("", code, why.clone())
            };
            let pointer = |place: Place| Some(format!("/{}", place.to_string().replace('.', "/")));
            let whole = skip.iter().map(|skip| of(None, skip));
            let keys = keys.iter().filter_map(|key| Some(of(pointer(key.place), key.skip.as_ref()?)));
            whole.chain(keys).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(of_line).collect()
    }
}
