//! How each file of the fleet looked when it was last read, so that looking at everything reads only what changed.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use rayon::prelude::*;

use crate::fleet::Entity;

/// A file's identity, size and time of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified_nanos: i128,
    changed_nanos: i128,
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path).ok()?;
        let nanos = |secs: i64, nanos: i64| i128::from(secs) * 1_000_000_000 + i128::from(nanos);
        Some(Stamp {
            inode: meta.ino(),
            size: meta.size(),
            modified_nanos: nanos(meta.mtime(), meta.mtime_nsec()),
            changed_nanos: nanos(meta.ctime(), meta.ctime_nsec()),
        })
    }
}

/// The stamps of all files.
#[derive(Debug, Default)]
pub struct Stamps {
    known: HashMap<Entity, Option<Stamp>>,
}

impl Stamps {
    /// Notes how files look just before they are read.
    pub fn note(&mut self, root: &Path, entities: &[Entity]) {
        let stamps: Vec<_> =
            entities.par_iter().map(|entity| (entity.clone(), Stamp::of(&root.join(entity.path())))).collect();
        self.known.extend(stamps);
    }

    /// Those of the listed files that do not look as they did.
    pub fn changed(&self, root: &Path, listed: &[Entity]) -> Vec<Entity> {
        let differs = |entity: &&Entity| match self.known.get(entity) {
            Some(known) => *known != Stamp::of(&root.join(entity.path())),
            None => true,
        };
        listed.par_iter().filter(differs).cloned().collect()
    }

    /// Forgets files that are gone, and says which they were.
    pub fn gone(&mut self, listed: &BTreeSet<Entity>) -> Vec<Entity> {
        let gone: Vec<Entity> = self.known.keys().filter(|entity| !listed.contains(entity)).cloned().collect();
        for entity in &gone {
            self.known.remove(entity);
        }
        gone
    }
}
