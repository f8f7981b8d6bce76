//! The handsets of a DECT base against its model and its lines.

use super::phone::{Checker, KEPT};
use crate::findings::Level;
use crate::fleet::Handset;
use crate::resolve::Resolved;

impl Checker<'_> {
    /// Handsets of a phone that has none, or of which its model has not so many.
    pub(super) fn handsets(&mut self) {
        let (phone, model) = (&self.subject.phone, &self.subject.model);
        if let Some(registration) = &phone.registration
            && !model.handsets.as_ref().is_some_and(|slots| slots.registration)
        {
            let what = format!("`registration` changes nothing on `{}`: no file opens it there", model.id);
            self.on_phone(Level::Warning, "not-supported", registration.at, what, None);
        }
        let Some(first) = phone.handsets.first() else { return };
        let Some(slots) = &model.handsets else {
            let what = format!("`{}` has no handsets", model.id);
            self.on_phone(Level::Error, "no-handsets", first.at, what, Some("handsets belong to DECT bases".into()));
            return;
        };
        if !slots.assignable {
            let what =
                format!("`handsets` changes nothing on `{}`: no source shows how its file assigns lines", model.id);
            let hint = Some("assign them in the base's own web page".into());
            self.on_phone(Level::Warning, "not-supported", first.at, what, hint);
        }
        for handset in phone.handsets.iter().filter(|handset| handset.number > slots.max) {
            let what =
                format!("`handsets.{}` does not exist on `{}`, which has {}", handset.number, model.id, slots.max);
            self.on_phone(Level::Error, "no-such-handset", handset.at, what, Some(KEPT.into()));
        }
        for field in &slots.leaves_out {
            let is_stored = |handset: &&Handset| match field.as_str() {
                "ipui" => handset.ipui.is_some(),
                _ => handset.name.is_some(),
            };
            if let Some(handset) = phone.handsets.iter().find(is_stored) {
                let what =
                    format!("`{field}` of handsets changes nothing on `{}`: its file has no place for it", model.id);
                self.on_phone(Level::Note, "not-supported", handset.at, what, None);
            }
        }
        for handset in phone.handsets.iter().filter(|handset| slots.own_line && handset.line != handset.number) {
            let (number, line) = (handset.number, handset.line);
            let what = format!("handset {number} of `{}` always uses line {number}, and never line {line}", model.id);
            let hint = "put the lines in the order of the handsets";
            self.on_phone(Level::Error, "other-line", handset.at, what, Some(hint.into()));
        }
    }

    /// A line of a base that none of its handsets uses.
    pub(super) fn lines_without_handset(&mut self, resolved: &Resolved<'_>) {
        if self.subject.model.handsets.as_ref().is_none_or(|slots| slots.own_line || !slots.assignable) {
            return;
        }
        for (at, line) in self.subject.lines.iter().enumerate().take(resolved.accounts.len()) {
            if resolved.handsets.iter().any(|handset| handset.account == Some(at)) {
                continue;
            }
            let what = format!("no handset uses line {} (`{}`)", at + 1, line.name);
            let hint = format!("put `line = {}` on a handset", at + 1);
            let said_at = self.subject.phone.lines.get(at).map_or(1, |(_, said_at)| *said_at);
            self.on_phone(Level::Warning, "no-handset", said_at, what, Some(hint));
        }
    }
}
