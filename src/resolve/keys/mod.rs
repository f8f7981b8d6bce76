//! The primary line's keys on the phone's model: every key, soft key and module key that the model has, empty or not.

mod problems;
mod unset;
mod wide;

use super::Resolved;
use super::functions::{Asked, Placed, empty, place};
use super::labels::{LabelRoom, label_changed, label_of};
use super::settings::{Origin, SettingLayer};
use crate::catalogue::{Class, ModuleModel, Outcome};
use crate::fleet::Services;
use crate::phone::{Area, Function, Place, Use, key_at};
use crate::world::Subject;
use compact_str::CompactString;
pub use problems::Problem;
use problems::{guard_line_key, refuses, tell_outcome};
use std::sync::Arc;
pub use unset::unset_module;
use unset::{bare, empty_keys};
use wide::WideChoice;

/// What becomes of a key that cannot be what it is asked to be.
pub const SENT_EMPTY: &str = "the key is sent as an empty one; `offhook functions` lists what it can do";

/// A key of the phone and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Key<'s> {
    /// Where it is.
    pub place: Place,
    /// Its class.
    pub class: Class,
    /// Its number among the model's keys of its class, from 1.
    pub class_position: u16,
    /// The page of the screen on which it is, from 1.
    pub page: u16,
    /// What is asked of it; none where nothing is, so that it is what the model makes of it.
    pub asked: Option<Written<'s, Use>>,
    /// What it does.
    pub function: Function,
    /// How well.
    pub outcome: Outcome,
    /// Why not better.
    pub why: Option<CompactString>,
    /// Its label as the format carries it.
    pub label: CompactString,
    /// Where its label is written.
    pub label_origin: Option<Origin>,
    /// Its fields, in the order of the family's.
    pub fields: Arc<[CompactString]>,
    /// Why nothing can be set here.
    pub reserved: Option<&'s str>,
    /// It is written into the file: reserved keys may not be.
    pub written: bool,
    /// What its owner should know.
    pub problems: Vec<Problem>,
}

/// An expansion module.
#[derive(Debug)]
pub struct Module<'s> {
    /// Its number, from 1.
    pub number: u8,
    /// It is plugged in.
    pub attached: bool,
    /// Its model.
    pub model: &'s ModuleModel,
    /// All its keys; none where it is not plugged in, since they are all empty then.
    pub keys: Vec<Key<'s>>,
}

/// A stored value, and where it is written.
pub type Written<'s, T> = (&'s T, Origin);

/// What is stored at a place: the line's own function and label, each over the layout's.
pub fn stored_at(subject: &Subject, place: Place) -> (Option<Written<'_, Use>>, Option<Written<'_, CompactString>>) {
    let Some(line) = subject.primary() else { return (None, None) };
    let own = key_at(&line.keys, place).map(|key| (key, SettingLayer::Line));
    let layout = line.layout.as_ref().and_then(|(name, _)| subject.site.layouts.get(name));
    let laid = layout.and_then(|keys| key_at(keys, place)).map(|key| (key, SettingLayer::Layout));
    let (mut function, mut label) = (None, None);
    for (key, layer) in [laid, own].into_iter().flatten() {
        let origin = Origin { layer, at: key.at };
        function = key.what.as_ref().map(|said| (said, origin)).or(function);
        label = key.label.as_ref().map(|said| (said, origin)).or(label);
    }
    (function, label)
}

/// How a function would do at a place of a phone, whatever is stored there.
pub fn place_on<'s>(resolved: &Resolved<'s>, class: Class, what: &Use, label: Option<&str>) -> Placed<'s> {
    place_in(resolved, what, label, own_room(resolved.subject, class))
}

/// The room for labels on the model's own keys of a class.
fn own_room(subject: &Subject, class: Class) -> LabelRoom<'_> {
    LabelRoom::of(subject, class, &subject.model.id, subject.model.label_width(class))
}

fn place_in<'s>(resolved: &Resolved<'s>, what: &Use, label: Option<&str>, room: LabelRoom<'_>) -> Placed<'s> {
    let subject = resolved.subject;
    let name = what.number.as_ref().and_then(|number| subject.name_of_number(number.as_str()));
    place(
        &resolved.tables.functions,
        &Asked {
            what,
            class: room.class,
            band: resolved.band,
            model: &subject.model.id,
            codes: &subject.codes,
            phone_first: subject.site.services == Services::Phone || subject.site.native.contains(&what.function),
            label,
            number_name: name,
            room,
        },
    )
}

/// Puts all keys in place, and lets them decide what they decide for the whole phone.
pub(super) fn fill(resolved: &mut Resolved<'_>) {
    let subject = resolved.subject;
    let tables = resolved.tables;
    let nothing: Arc<[CompactString]> = empty(&tables.functions, Outcome::Native, None).fields.into();
    let mut filler = Filler { resolved, nothing, wide: WideChoice::new(tables) };
    let keys = filler.own_keys();
    let soft_keys = filler.soft_keys();
    let modules = filler.modules(subject);
    let wide = filler.wide.chosen();
    resolved.keys = keys;
    resolved.soft_keys = soft_keys;
    resolved.modules = modules;
    resolved.wide = wide;
}

struct Filler<'r, 's> {
    resolved: &'r Resolved<'s>,
    nothing: Arc<[CompactString]>,
    wide: WideChoice<'s>,
}

impl<'s> Filler<'_, 's> {
    fn own_keys(&mut self) -> Vec<Key<'s>> {
        let subject = self.resolved.subject;
        let modules = subject.phone.modules.0.count();
        let mut keys = Vec::with_capacity(usize::from(subject.model.key_count()));
        let mut of_class = [0_u16; 4];
        for group in &subject.model.keys {
            for at in 1..=group.count_with(modules) {
                let position = keys.len() as u16 + 1;
                of_class[group.class as usize] += 1;
                let page = group.per_page.map_or(1, |per_page| (at - 1) / per_page + 1);
                let room = own_room(subject, group.class);
                let default_line = (group.default_lines && usize::from(at) <= subject.lines.len()).then_some(at as u8);
                keys.push(self.key(Place::key(position), of_class[group.class as usize], page, default_line, room));
            }
        }
        keys
    }

    fn soft_keys(&mut self) -> Vec<Key<'s>> {
        let subject = self.resolved.subject;
        let model = &subject.model;
        let slots: Vec<_> = model.soft_slots().collect();
        slots
            .into_iter()
            .map(|(slot, class)| {
                let room = LabelRoom::of(subject, class, &model.id, model.soft_label_width(slot));
                self.key(Place { area: Area::SoftKeys, position: slot }, slot, 1, None, room)
            })
            .collect()
    }

    fn modules(&mut self, subject: &'s Subject) -> Vec<Module<'s>> {
        let Some(slots) = &subject.model.modules else { return Vec::new() };
        let attached = subject.attached_modules();
        let default = slots.models.first().and_then(|id| subject.catalogue.modules.get(id));
        let model = |at: u8| attached.get(usize::from(at)).copied().or(default);
        (0..slots.max)
            .filter_map(|at| Some(self.module(at + 1, usize::from(at) < attached.len(), model(at)?)))
            .collect()
    }

    fn module(&mut self, number: u8, attached: bool, model: &'s ModuleModel) -> Module<'s> {
        if !attached {
            return Module { number, attached, model, keys: Vec::new() };
        }
        let room = LabelRoom::of(self.resolved.subject, model.class, &model.id, model.label_width);
        let mut keys = empty_keys(self.resolved.tables, &self.nothing, model, number);
        for key in keys.iter_mut().filter(|key| key.reserved.is_none()) {
            *key = self.key(key.place, key.class_position, key.page, None, room);
        }
        Module { number, attached, model, keys }
    }

    fn key(
        &mut self,
        place: Place,
        class_position: u16,
        page: u16,
        default_line: Option<u8>,
        room: LabelRoom<'s>,
    ) -> Key<'s> {
        let class = room.class;
        let resolved = self.resolved;
        let subject = resolved.subject;
        let mut key = bare(&self.nothing, place, class, class_position, page);
        let (asked, label) = stored_at(subject, place);
        key.asked = asked;
        if let Some((text, origin)) = label {
            key.label_origin = Some(origin);
            key.label = label_of(subject, subject.maker.family.format(), text, room, &mut key.problems);
            key.problems.extend(room.not_shown(&key.label, None));
        }
        let default = default_line.map(Use::line);
        let Some(what) = asked.map(|(what, _)| what).or(default.as_ref()) else { return key };
        key.function = what.function;
        if let (Some((what, _)), Some(line)) = (asked, default_line) {
            guard_line_key(&mut key.problems, what, place, line);
        }
        if what.function == Function::None {
            return key;
        }
        if let Some(refusal) = refuses(subject, what) {
            key.outcome = Outcome::Impossible;
            key.why = Some(refusal.what.as_str().into());
            key.problems.push(refusal);
            return key;
        }
        let label = (!key.label.is_empty()).then_some(key.label.as_str());
        let placed = place_in(resolved, what, label, room);
        self.wide.ask(placed.also, place, &mut key.problems);
        if let Some((text, sent)) = &placed.fitted {
            key.problems.push(room.too_wide(text, sent, "there is no label, and"));
        }
        if let Some((shown, sent)) = &placed.softened {
            key.problems.push(label_changed(shown, sent));
        }
        if !placed.shows && label.is_some() && !key.problems.iter().any(|problem| problem.code == "label-not-shown") {
            key.problems.extend(room.not_shown(&key.label, Some(what.function.name())));
        }
        tell_outcome(&mut key.problems, what.function, &placed);
        key.outcome = placed.outcome;
        key.why = placed.why;
        key.fields = placed.fields.into();
        key
    }
}
