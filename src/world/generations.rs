//! Numbers by which a rendered file is known to be what would be rendered now.

use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use super::World;
use crate::fleet::Phone;

/// A number that no two versions of anything share.
pub fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl World {
    /// The generations of the catalogue and of `fleet.toml`.
    pub fn common_generations(&self) -> [u64; 2] {
        [self.catalogue_generation, self.root.generation]
    }

    /// The generations of everything that has a say in a phone's files.
    pub fn generations(&self, phone: &Phone) -> SmallVec<[u64; 6]> {
        let mut generations = SmallVec::new();
        generations.push(self.catalogue_generation);
        generations.push(self.root.generation);
        generations.push(self.sites.get(&phone.site).map_or(0, |slot| slot.generation));
        generations.push(self.phones.get(&phone.mac).map_or(0, |slot| slot.generation));
        for (name, _) in &phone.lines {
            generations.push(self.lines.get(&(phone.site.clone(), name.clone())).map_or(0, |slot| slot.generation));
        }
        if let Some(entry) = self.sites.get(&phone.site).and_then(|slot| slot.good.as_ref()) {
            let primary = phone.lines.first().map(|(name, _)| (phone.site.clone(), name.clone()));
            let primary = primary.and_then(|key| self.lines.get(&key)?.good.as_deref());
            generations.extend(self.generations_of_names(&entry.site, primary));
        }
        generations
    }
}
