//! What `${name:NUMBER}` in a label stands for: the name of a line of the site, or of a number that the site names.
//!
//! A label is on one line and the name on another, so a phone's file follows lines that are none of its own: whatever
//! its labels name is among the generations of its files, also while no such line is there.

use compact_str::CompactString;

use super::subject::Name;
use super::{Slot, World};
use crate::fleet::{Line, Site};
use crate::phone::Number;

impl World {
    /// What the labels of a phone with this primary line name.
    pub(super) fn names(&self, site: &Site, primary: Option<&Line>) -> Vec<Name> {
        named(site, primary).filter_map(|number| self.name(site, number)).collect()
    }

    /// The generations of the lines that those labels name.
    pub(super) fn generations_of_names<'w>(
        &'w self,
        site: &'w Site,
        primary: Option<&'w Line>,
    ) -> impl Iterator<Item = u64> + 'w {
        let lines = named(site, primary).flat_map(spellings);
        lines.map(|name| self.present_line(site, &name).map_or(0, |slot| slot.generation))
    }

    fn name(&self, site: &Site, number: &CompactString) -> Option<Name> {
        let line = |name: &CompactString| self.present_line(site, name)?.good.clone();
        if let Some(line) = spellings(number).find_map(|name| line(&name)) {
            let shown = line.shown_name(&self.catalogue.vocabulary).clone();
            return Some(Name { number: number.clone(), shown, line: Some(line) });
        }
        let shown = spellings(number).find_map(|name| site.numbers.get(&name)?.label.clone())?;
        Some(Name { number: number.clone(), shown, line: None })
    }

    fn present_line(&self, site: &Site, name: &CompactString) -> Option<&Slot<Line>> {
        self.lines.get(&(site.id.clone(), name.clone())).filter(|slot| slot.present)
    }
}

/// The numbers that the labels of a line and of its layout name.
fn named<'a>(site: &'a Site, primary: Option<&'a Line>) -> impl Iterator<Item = &'a CompactString> {
    let layout = primary.and_then(|line| site.layout_names.get(&line.layout.as_ref()?.0));
    let names = [primary.map(|line| &line.names), layout].into_iter().flatten();
    names.flat_map(|names| names.iter())
}

/// How the file of the line may be named: as the label has the number, or without the blanks and dots of people.
pub fn spellings(number: &CompactString) -> impl Iterator<Item = CompactString> + use<> {
    let plain = number.parse::<Number>().ok().map(|plain| CompactString::from(plain.as_str()));
    let other = plain.filter(|plain| plain != number);
    [Some(number.clone()), other].into_iter().flatten()
}
