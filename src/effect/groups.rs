//! Phones to which the same happens, put together.

use std::collections::HashMap;

use super::phone::Compared;
use super::{Change, Effect, Fate, FileGroup, FileLines, Group, Reboot};
use crate::phone::Mac;

/// So many phones of a group are named.
const FIRST: usize = 5;
/// So many ways in which files of a group differ are kept.
const WAYS: usize = 20;

#[derive(Default)]
pub(super) struct Groups {
    by_what: HashMap<(Fate, Vec<Change>), usize>,
    groups: Vec<Group>,
    affected: usize,
}

impl Groups {
    /// Takes a phone in; they come in their order.
    pub fn add(&mut self, (mac, compared): (Mac, Compared)) {
        let Compared { fate, changes, files, reboots } = compared;
        self.affected += 1;
        let at = *self.by_what.entry((fate, changes)).or_insert_with_key(|(fate, changes)| {
            let (fate, changes) = (*fate, changes.clone());
            let (first, reboots, files) = (Vec::new(), Vec::new(), Vec::new());
            self.groups.push(Group { fate, phones: 0, first, changes, reboots, files, more_files: 0 });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.phones += 1;
        if group.first.len() < FIRST {
            group.first.push(mac);
        }
        files.into_iter().for_each(|file| group.add(file));
        reboots.into_iter().for_each(|reboot| group.add_reboot(reboot));
    }

    /// The largest groups first, and in each the most frequent differences.
    pub fn finish(mut self, phones: usize) -> Effect {
        self.groups.sort_by_key(|group| (std::cmp::Reverse(group.phones), group.fate));
        for group in &mut self.groups {
            group.files.sort_by_key(|file| std::cmp::Reverse(file.phones));
        }
        Effect { phones, affected: self.affected, groups: self.groups }
    }
}

impl Group {
    fn add(&mut self, differs: FileLines) {
        let known = self.files.iter().position(|file| file.differs == differs);
        match known {
            Some(at) => self.files[at].phones += 1,
            None if self.files.len() < WAYS => self.files.push(FileGroup { differs, phones: 1 }),
            None => self.more_files += 1,
        }
    }

    fn add_reboot(&mut self, reboot: Reboot) {
        match self.reboots.iter_mut().find(|known| known.source == reboot.source) {
            Some(known) => {
                known.phones += reboot.phones;
                known.parameters.extend(reboot.parameters);
            }
            None => self.reboots.push(reboot),
        }
    }
}
