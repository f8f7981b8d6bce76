//! What the handsets of a DECT base move in its file.

use std::sync::Arc;

use compact_str::CompactString;

use super::changes::changed;
use super::{Explainer, Explanation};
use crate::fleet::{Handset, Registration};
use crate::phone::Secret;

/// Gives another value to one part of what is said of registering.
type Change = fn(&mut Registration);

impl Explainer<'_> {
    /// What each stored handset says, one thing after the other.
    pub(super) fn handsets(&mut self) {
        let subject = self.subject;
        let lines = subject.lines.len() as u16;
        for (at, handset) in subject.phone.handsets.iter().enumerate() {
            let from = |field: &str| Explanation {
                value: format!("handsets.{}{field}", handset.number),
                layer: "phone",
                file: subject.phone.path(),
                at: handset.at,
            };
            let mut change = |from: Explanation, change: &dyn Fn(&mut Handset)| {
                let moved = self.try_subject(&from, |again| change(&mut Arc::make_mut(&mut again.phone).handsets[at]));
                if !moved {
                    self.report.unread.push(from);
                }
            };
            if lines > 1 {
                change(from(".line"), &|handset| handset.line = handset.line % lines + 1);
            }
            if handset.ipui.is_some() {
                change(from(".ipui"), &|handset| handset.ipui = handset.ipui.as_ref().map(other_ipui));
            }
            if handset.name.is_some() {
                change(from(".name"), &|handset| handset.name = handset.name.as_ref().map(changed));
            }
            // Without its only handset a base has one for each of its lines.
            if subject.phone.handsets.len() > 1 {
                let from = from("");
                self.try_subject(&from, |again| {
                    let phone = Arc::make_mut(&mut again.phone);
                    phone.handsets = phone.handsets.iter().filter(|other| *other != handset).cloned().collect();
                });
            }
        }
    }

    /// When handsets may register, for how long and with what code.
    pub(super) fn registration(&mut self) {
        let subject = self.subject;
        let Some(registration) = &subject.phone.registration else { return };
        let changes: [(&str, Change); 3] = [
            ("from", |registration| registration.from += 60),
            ("minutes", |registration| registration.seconds += 60),
            ("code", |registration| registration.code = registration.code.as_ref().map(|_| Secret::new("x".into()))),
        ];
        for (field, change) in changes {
            if field == "code" && registration.code.is_none() {
                continue;
            }
            let from = Explanation {
                value: format!("registration.{field}"),
                layer: "phone",
                file: subject.phone.path(),
                at: registration.at,
            };
            let moved = self.try_subject(&from, |again| {
                Arc::make_mut(&mut again.phone).registration.iter_mut().for_each(change);
            });
            if !moved {
                self.report.unread.push(from);
            }
        }
    }
}

fn other_ipui(ipui: &CompactString) -> CompactString {
    if ipui.ends_with('0') { "0000000001".into() } else { "0000000000".into() }
}
