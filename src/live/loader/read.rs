//! Files of the fleet, read.

use std::path::Path;

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::Loader;
use crate::catalogue::Vocabulary;
use crate::findings::Finding;
use crate::fleet::{Entity, Reading, Root, list};
use crate::reader::{Source, read_text};
use crate::world::{Change, World};

impl Loader {
    /// The fleet's own file alone, for its addresses; what is wrong with it is told when everything is loaded. None where it
    /// cannot be read.
    pub fn root_alone(&self) -> Option<Root> {
        let text = self.text_of(&Entity::Root).ok()?;
        let reading = Reading { vocabulary: &Vocabulary::default(), secrets: &self.secrets, entity: None };
        Source::read(&Entity::Root.path(), &text, |table| Root::read(table, &reading)).0
    }

    /// The text of a file of the fleet as it is now.
    ///
    /// # Errors
    /// The finding to show.
    pub fn text_of(&self, entity: &Entity) -> Result<String, Finding> {
        let relative = entity.path();
        read_text(&self.root.join(&relative), &relative)
    }

    /// Reads every file there is.
    pub(super) fn everything(&mut self, world: &World) -> Vec<Change> {
        let (entities, findings) = list(&self.root);
        let mut changes = self.read_all(world, entities);
        // What the folder itself has wrong is told with the fleet's own file.
        if let Some(root) = changes.iter_mut().find(|change| change.entity == Entity::Root) {
            root.findings.extend(findings);
        }
        changes
    }

    pub(super) fn read_all(&mut self, world: &World, entities: Vec<Entity>) -> Vec<Change> {
        // A file that changes while it is read looks different at the next rescan.
        self.stamps.note(&self.root, &entities);
        let vocabulary = world.catalogue.vocabulary.clone();
        entities.into_par_iter().map(|entity| self.read_one(entity, &vocabulary)).collect()
    }

    fn read_one(&self, entity: Entity, vocabulary: &Vocabulary) -> Change {
        let relative = entity.path();
        let path = self.root.join(&relative);
        match read_text(&path, &relative) {
            // Secrets may stand in it.
            Ok(text) => {
                let known = entity.clone();
                let reading = Reading { vocabulary, secrets: &self.secrets, entity: Some(&known) };
                Change::read(entity, &Zeroizing::new(text), &reading)
            }
            Err(_) if is_gone(&path) => Change::gone(entity),
            Err(finding) => Change::unreadable(entity, finding),
        }
    }

    /// A file as it is with this text, which it need not have: nothing of it is remembered.
    pub(super) fn as_text(&self, entity: &Entity, text: &str, vocabulary: &Vocabulary) -> Change {
        Change::read(entity.clone(), text, &Reading { vocabulary, secrets: &self.secrets, entity: None })
    }
}

/// Not there at all; a link that leads nowhere is there, and cannot be read.
fn is_gone(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
