//! How each file of the fleet looked when it was last read, so that looking at everything reads only what changed.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use rayon::prelude::*;

use crate::fleet::{Entity, Stamp};

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

    /// Those of the listed files that do not look as they did, with their stamps.
    pub fn changed(&self, root: &Path, listed: &BTreeSet<Entity>) -> Vec<(Entity, Option<Stamp>)> {
        let changed = |entity: &Entity| {
            let now = Stamp::of(&root.join(entity.path()));
            (self.known.get(entity) != Some(&now)).then(|| (entity.clone(), now))
        };
        listed.par_iter().filter_map(changed).collect()
    }

    /// Those that are not listed any more.
    pub fn unlisted(&self, listed: &BTreeSet<Entity>) -> Vec<Entity> {
        self.known.keys().filter(|entity| !listed.contains(entity)).cloned().collect()
    }

    /// Forgets a file that is gone.
    pub fn forget(&mut self, entity: &Entity) {
        self.known.remove(entity);
    }
}
