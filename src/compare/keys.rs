//! Keys and their labels on two models.

use super::plan::{Plan, stored_places};
use super::{Difference, Kind};
use crate::catalogue::Outcome;
use crate::phone::{Area, Function, Place, Use};
use crate::resolve::{Key, Origin, Phase, Resolved, SettingLayer, resolve, stored_at};
use crate::world::Subject;

/// What becomes of the phone's keys.
pub(super) fn differences(old: &Subject, new: &Subject, plan: &Plan) -> Vec<Difference> {
    let before = resolve(old, old.band(None, None), Phase::Later);
    let (Some(before), Some(after)) = (before, resolve(new, new.band(None, None), Phase::Later)) else {
        return Vec::new();
    };
    let mut keys = Keys { before: &before, after: &after, plan, differences: Vec::new() };
    stored_places(old).into_iter().for_each(|place| keys.stored(place));
    keys.default_lines();
    keys.differences
}

struct Keys<'r, 's> {
    before: &'r Resolved<'s>,
    after: &'r Resolved<'s>,
    plan: &'r Plan,
    differences: Vec<Difference>,
}

impl Keys<'_, '_> {
    /// A key that the primary line or its layout stores.
    fn stored(&mut self, place: Place) {
        let (what, label) = stored_at(self.before.subject, place);
        let Some((what, origin)) = what.filter(|(what, _)| what.function != Function::None) else { return };
        let to = self.plan.target(place);
        let (before, after) = (key_at(self.before, place), key_at(self.after, to));
        // As people see it, with names in the place of numbers.
        let label = before.map(|key| &key.label).filter(|label| !label.is_empty()).or(label.map(|(label, _)| label));
        let named = named(what, label.map(|label| label.as_str()));
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) if after.outcome == Outcome::Impossible => {}
            (None, Some(_)) => self.tell(Kind::Gained, place, origin, format!("{named} has a place now")),
            (Some(_), None) => {
                let what = format!("{named} has no place: {}", self.no_place(place));
                self.tell(Kind::Lost, place, origin, what);
            }
            (Some(before), Some(after)) => {
                if self.plan.moves(place) {
                    self.moved(place, before, after, origin, &named);
                }
                self.outcome(place, before, after, origin, &named);
                self.label(place, before, after, origin);
            }
        }
    }

    fn tell(&mut self, kind: Kind, place: Place, origin: Origin, what: String) {
        let subject = self.before.subject;
        let file = Some(origin.file(subject, subject.primary().map(AsRef::as_ref)));
        self.differences.push(Difference { kind, about: place.to_string(), what, file, line: Some(origin.at) });
    }

    /// Why a key has no place, and why none was found for it.
    fn no_place(&self, place: Place) -> String {
        let new = self.after.subject;
        let why = new.no_place(place).map(|(_, why)| why).unwrap_or_default();
        let others: Vec<String> = self.plan.shared_with.iter().map(|mac| format!("`{mac}`")).collect();
        if !others.is_empty() {
            let others = others.join(", ");
            return format!("{why}; its line is the primary one of {others} too, so that nothing of it is moved");
        }
        let kind = if place.area == Area::SoftKeys { "soft key" } else { "key" };
        match self.plan.refused.iter().find(|(from, _)| *from == place) {
            Some((_, refusal)) => format!("{why}, and no free {kind} does it: {refusal}"),
            None if new.model.key_count() == 0 && new.model.soft_keys.is_empty() => why,
            None => format!("{why}, and no {kind} is free"),
        }
    }

    fn moved(&mut self, place: Place, before: &Key<'_>, after: &Key<'_>, origin: Origin, named: &str) {
        let from_layout = match origin.layer {
            SettingLayer::Layout => ", written on the line; the layout keeps its own",
            _ => "",
        };
        let on = |key: &Key<'_>| match key.place.area {
            Area::Module(module) => format!("page {} of module {module}", key.page),
            _ => format!("page {}", key.page),
        };
        let (from, to) = (on(before), on(after));
        let pages = if from == to { String::new() } else { format!(", from {from} to {to}") };
        let what = format!("{named} goes to {}{pages}{from_layout}", after.place);
        self.tell(Kind::Moved, place, origin, what);
    }

    fn outcome(&mut self, place: Place, before: &Key<'_>, after: &Key<'_>, origin: Origin, named: &str) {
        let why = |key: &Key<'_>| key.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let (then, now) = (before.outcome, after.outcome);
        let (kind, what) = match (then, now) {
            (then, now) if then == now => return,
            (_, Outcome::Impossible) => (Kind::Lost, format!("{named} is impossible{}", why(after))),
            (_, Outcome::Degraded) => (Kind::Degraded, format!("{named} works, but not as asked{}", why(after))),
            (Outcome::Impossible, _) => (Kind::Gained, format!("{named} is {} now{}", word(now), why(after))),
            (Outcome::Degraded, _) => (Kind::Gained, format!("{named} works as asked now{}", why(after))),
            _ => (Kind::Changed, format!("{named} was {} and is {}{}", word(then), word(now), why(after))),
        };
        self.tell(kind, place, origin, what);
    }

    fn label(&mut self, place: Place, before: &Key<'_>, after: &Key<'_>, origin: Origin) {
        if after.outcome == Outcome::Impossible || before.label.is_empty() {
            return;
        }
        let origin = before.label_origin.unwrap_or(origin);
        let is_shown = |key: &Key<'_>| !key.problems.iter().any(|problem| problem.code == "label-not-shown");
        match (is_shown(before), is_shown(after)) {
            (true, false) => {
                let what = format!("the label `{}` is not shown there", before.label);
                self.tell(Kind::Changed, place, origin, what);
            }
            (false, true) => {
                self.tell(Kind::Gained, place, origin, format!("the label `{}` is shown now", after.label));
            }
            (true, true) if before.label != after.label => {
                let is_longer = after.label.chars().count() > before.label.chars().count();
                let kind = if is_longer { Kind::Gained } else { Kind::Changed };
                self.tell(kind, place, origin, format!("the label `{}` is sent as `{}`", before.label, after.label));
            }
            _ => {}
        }
    }

    /// Keys that the model makes line keys of, because nobody says otherwise.
    fn default_lines(&mut self) {
        // Without any key a phone has other ways to its lines.
        if self.after.keys.is_empty() {
            return;
        }
        for key in self.before.keys.iter().filter(|key| key.asked.is_none() && key.function == Function::Line) {
            let line = key.class_position;
            let same = self.after.keys.iter().any(|other| match other.asked {
                Some((what, _)) => what.function == Function::Line && u16::from(what.line) == line,
                None => other.function == Function::Line && other.class_position == line,
            });
            if same {
                continue;
            }
            let what = format!(
                "`{}` makes it the key of line {line}, and `{}` does not",
                self.before.subject.model.id, self.after.subject.model.id
            );
            let about = key.place.to_string();
            self.differences.push(Difference { kind: Kind::Changed, about, what, file: None, line: None });
        }
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Native => "native",
        Outcome::Dialled => "dialled",
        Outcome::Degraded => "degraded",
        Outcome::Impossible => "impossible",
    }
}

/// A key as people know it: what it does, with what, and its label.
fn named(what: &Use, label: Option<&str>) -> String {
    let label = label.map(|label| format!(" `{label}`")).unwrap_or_default();
    format!("`{what}`{label}")
}

fn key_at<'r, 's>(resolved: &'r Resolved<'s>, place: Place) -> Option<&'r Key<'s>> {
    resolved.subject.class_at(place)?;
    let keys = match place.area {
        Area::Keys => &resolved.keys,
        Area::SoftKeys => &resolved.soft_keys,
        Area::Module(module) => &resolved.modules.get(usize::from(module) - 1)?.keys,
    };
    keys.iter().find(|key| key.place == place)
}
