//! The handsets of a DECT base: every one that its file can speak of, used or not.

use compact_str::CompactString;

use super::Resolved;
use crate::fleet;
use crate::world::Subject;

/// A handset of a base.
#[derive(Debug)]
pub struct Handset<'s> {
    /// Its number, from 1.
    pub number: u16,
    /// The account that it uses, from 0; none for a handset that the base has not.
    pub account: Option<usize>,
    /// What the fleet says of it; none where nothing is stored.
    pub stored: Option<&'s fleet::Handset>,
}

impl<'s> Handset<'s> {
    /// What it is called: its own name, else its line's.
    pub fn name(&self, subject: &'s Subject) -> Option<&'s CompactString> {
        let line = subject.lines.get(self.account?)?;
        let own = self.stored.and_then(|stored| stored.name.as_ref());
        Some(own.or(line.display_name.as_ref()).unwrap_or(&line.name))
    }
}

/// Puts the handsets in place. Where none is stored, handset n uses line n, and there are as many as lines; on some bases
/// the others share the last line.
pub(super) fn handsets<'s>(resolved: &Resolved<'s>) -> Vec<Handset<'s>> {
    let subject = resolved.subject;
    let slots = subject.model.handsets.as_ref().filter(|slots| slots.assignable);
    let max = slots.map_or(0, |slots| slots.max);
    let shared = slots.is_some_and(|slots| slots.share_last_line);
    let stored = &subject.phone.handsets;
    let used = subject.lines.len().min(resolved.accounts.len());
    let handset = |number: u16| {
        let at = stored.binary_search_by_key(&number, |handset| handset.number).ok();
        let stored_here = at.map(|at| &stored[at]);
        let line = match stored_here {
            Some(handset) => Some(handset.line),
            None if !stored.is_empty() => None,
            None if shared => Some(number.min(used as u16)).filter(|line| *line > 0),
            None => Some(number),
        };
        let account = line.map(|line| usize::from(line) - 1).filter(|account| *account < used);
        Handset { number, account, stored: stored_here }
    };
    (1..=max).map(handset).collect()
}
