//! From folders to what is served, the first time and after every change.

mod catalogue;
mod look;
mod read;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use compact_str::CompactString;

use catalogue::Models;
pub use look::Seen;

use super::proofs::Proofs;
use super::serving::Serving;
use super::shipped::{Overrides, shipped};
use super::stamps::Stamps;
use crate::catalogue::Texts;
use crate::fleet::{Edit, Entity, Secrets};
use crate::world::{Change, Read, World};

/// Loads a fleet's folder, and loads it again as it changes.
#[derive(Debug)]
pub struct Loader {
    root: PathBuf,
    overrides: Overrides,
    secrets: Secrets,
    texts: Texts,
    stamps: Stamps,
    proofs: Proofs,
    changed: BTreeSet<CompactString>,
    models: Option<Models>,
}

impl Loader {
    /// A loader for a fleet's folder, with the overrides in its own folder `overrides`.
    pub fn new(root: &Path) -> Loader {
        let overrides = Overrides { folder: root.join("overrides") };
        Loader {
            root: root.to_owned(),
            overrides,
            secrets: Secrets::new(root),
            // What is built in is proven by `tests/catalogue.rs`, so only what lies over it is proven at the start.
            texts: shipped(),
            stamps: Stamps::default(),
            proofs: Proofs::default(),
            changed: BTreeSet::new(),
            models: None,
        }
    }

    /// Where there is no key file, encrypted secrets are stood in for: enough to look at a fleet, and never to serve it.
    pub fn without_key(self) -> Loader {
        Loader { secrets: self.secrets.without_key(), ..self }
    }

    /// Secrets' files are looked for in another folder, where this one is a copy of what it was.
    pub fn with_secrets_of(self, fleet: &Path) -> Loader {
        Loader { secrets: Secrets::new(fleet), ..self }
    }

    /// How many encrypted secrets were stood in for.
    pub fn closed_secrets(&self) -> usize {
        self.secrets.closed()
    }

    /// The fleet's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many files secrets come from.
    pub fn count_secret_files(&self) -> usize {
        self.secrets.count_files()
    }

    /// The files that secrets come from.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        self.secrets.files()
    }

    /// Loads everything.
    pub fn load(&mut self) -> Serving {
        let known = self.load_catalogue(None);
        let empty = World::empty(known.catalogue.clone());
        self.load_fleet(&known.serve(empty))
    }

    /// Loads the fleet to a catalogue that is loaded already.
    pub fn load_fleet(&mut self, known: &Serving) -> Serving {
        let empty = World::empty(known.world.catalogue.clone());
        known.with_world(empty.with(self.everything(&empty)))
    }

    /// Loads everything beside another folder; catalogue and templates are shared with it where the same lies over them.
    pub fn load_beside(&mut self, other: &Loader, serving: &Serving) -> Serving {
        match self.overrides.over_shipped().0 == other.texts {
            true => self.load_fleet(serving),
            false => self.load(),
        }
    }

    /// Reads some entities again; those whose files are gone are dropped.
    pub fn reload(&mut self, before: &Serving, entities: &BTreeSet<Entity>) -> Serving {
        let changes = self.read_all(&before.world, entities.iter().cloned().collect());
        for change in changes.iter().filter(|change| matches!(change.read, Read::Gone)) {
            self.stamps.forget(&change.entity);
        }
        before.with_world(before.world.with(changes))
    }

    /// What would be served with other texts in some files.
    pub fn with_texts(&self, before: &Serving, texts: &[(Entity, String)]) -> Serving {
        let vocabulary = &before.world.catalogue.vocabulary;
        let change = |(entity, text): &(Entity, String)| self.as_text(entity, text, vocabulary);
        before.with_world(before.world.with(texts.iter().map(change).collect()))
    }

    /// What would be served with edited files.
    pub fn with_edits(&self, before: &Serving, edits: &[Edit]) -> Serving {
        let vocabulary = &before.world.catalogue.vocabulary;
        let change = |Edit { entity, after, .. }: &Edit| match after {
            Some(text) => self.as_text(entity, text, vocabulary),
            None => Change::gone(entity.clone()),
        };
        before.with_world(before.world.with(edits.iter().map(change).collect()))
    }
}
