//! What has changed on disk since it was read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use compact_str::CompactString;

use super::Loader;
use crate::fleet::{Entity, Stamp, list, list_sites};
use crate::live::Held;
use crate::live::shipped::shipped;

/// What a look at the whole folder has found.
#[derive(Debug, Default)]
pub struct Seen {
    /// Files that do not look as they did.
    pub changed: BTreeSet<Entity>,
    /// Of those, files so young that somebody may still be writing them.
    pub young: BTreeSet<Entity>,
    /// Files that are not there any more.
    pub missing: BTreeSet<Entity>,
    /// Something lies over the built-in catalogue and templates that was not read.
    pub catalogue: bool,
    /// Files below `overrides` that lay over something built in, and are not there any more.
    pub missing_overrides: Vec<PathBuf>,
}

impl Loader {
    /// Looks for what has changed in some sites, or everywhere; leaves alone what is held.
    pub fn look(&self, sites: Option<&BTreeSet<CompactString>>, held: &Held) -> Seen {
        let listed = match sites {
            Some(sites) => list_sites(&self.root, sites).0,
            None => list(&self.root).0,
        };
        let listed: BTreeSet<Entity> = listed.into_iter().collect();
        let is_free = |entity: &Entity| !held.entities.contains(entity);
        let is_meant = |entity: &Entity| {
            sites.is_none_or(|sites| entity.site().is_some_and(|site| sites.contains(site))) && is_free(entity)
        };
        let missing = self.stamps.unlisted(&listed).into_iter().filter(is_meant).collect();
        let changed = self.stamps.changed(&self.root, &listed).into_iter().filter(|(entity, _)| is_free(entity));
        let is_young = |stamp: &Option<Stamp>| stamp.is_some_and(|stamp| stamp.is_unfinished());
        let (young, changed): (Vec<_>, Vec<_>) = changed.partition(|(_, stamp)| is_young(stamp));
        let entities = |found: Vec<(Entity, Option<Stamp>)>| found.into_iter().map(|(entity, _)| entity).collect();
        let (differs, missing_overrides) = if sites.is_none() { self.look_at_overrides() } else { (false, Vec::new()) };
        let catalogue = differs && missing_overrides.is_empty() && !held.overrides;
        Seen { changed: entities(changed), young: entities(young), missing, catalogue, missing_overrides }
    }

    /// Of some files, those that do not look as they did when they were read.
    pub fn not_as_read(&self, entities: &BTreeSet<Entity>) -> Vec<Entity> {
        self.stamps.changed(&self.root, entities).into_iter().map(|(entity, _)| entity).collect()
    }

    /// Whether something lies over the built-in catalogue and templates that was not read, or does so no more.
    pub fn is_overridden_otherwise(&self) -> bool {
        self.look_at_overrides().0
    }

    /// Whether overrides differ from what was read, and those that are gone.
    fn look_at_overrides(&self) -> (bool, Vec<PathBuf>) {
        let (texts, _) = self.overrides.over_shipped();
        if texts == self.texts {
            return (false, Vec::new());
        }
        let shipped = shipped();
        let gone = self
            .texts
            .iter()
            .filter(|(path, text)| texts.get(*path) != Some(text) && texts.get(*path) == shipped.get(*path));
        (true, gone.map(|(path, _)| self.overrides.folder.join(path)).collect())
    }

    /// The entities whose secrets come from a file that has changed.
    pub fn users_of_changed_secrets(&self) -> BTreeSet<Entity> {
        self.secrets.users_of_changed()
    }
}
