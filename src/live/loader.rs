//! From folders to what is served, the first time and after every change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::prove::prove;
use super::shipped::Overrides;
use crate::catalogue::{Catalogue, Texts};
use crate::findings::{Finding, Level};
use crate::fleet::{Entity, Reading, Secrets, list};
use crate::identify::Index;
use crate::reader::read_text;
use crate::render::Templates;
use crate::world::{Change, World};

/// Everything that answers a request, as it is at one moment.
#[derive(Debug)]
pub struct Serving {
    /// The catalogue and the fleet.
    pub world: World,
    /// The families' templates.
    pub templates: Arc<Templates>,
    /// How phones are recognised.
    pub index: Arc<Index>,
    /// What is wrong with catalogue, templates and overrides.
    pub catalogue_findings: Arc<[Finding]>,
}

/// Loads a fleet's folder, and loads it again as it changes.
#[derive(Debug)]
pub struct Loader {
    root: PathBuf,
    overrides: Overrides,
    secrets: Secrets,
    texts: Texts,
}

impl Loader {
    /// A loader for a fleet's folder, with the overrides in its own folder `overrides`.
    pub fn new(root: &Path) -> Loader {
        let overrides = Overrides { folder: root.join("overrides") };
        Loader { root: root.to_owned(), overrides, secrets: Secrets::new(root), texts: Texts::new() }
    }

    /// The fleet's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files outside of the fleet's folder that secrets come from.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        self.secrets.files()
    }

    /// The catalogue alone.
    pub fn catalogue(&mut self) -> Arc<Catalogue> {
        self.load_catalogue(None).0
    }

    /// How phones are recognised, by the catalogue alone.
    pub fn index(&mut self) -> Index {
        index_of(&self.catalogue())
    }

    /// Loads everything.
    pub fn load(&mut self) -> Serving {
        let (catalogue, templates, findings) = self.load_catalogue(None);
        let index = Arc::new(index_of(&catalogue));
        let empty = World::empty(catalogue);
        let world = self.all_changes(&empty).0.apply(&empty);
        Serving { world, templates: Arc::new(templates), index, catalogue_findings: findings.into() }
    }

    /// Loads catalogue and templates again; the fleet too where the vocabulary of settings has changed.
    pub fn reload_catalogue(&mut self, before: &Serving) -> Serving {
        let vocabulary = self.texts.get("models/settings.toml").cloned();
        let kept = (&*before.world.catalogue, &*before.templates);
        let (catalogue, templates, findings) = self.load_catalogue(Some(kept));
        let index = Arc::new(index_of(&catalogue));
        let world = before.world.with_catalogue(catalogue);
        let world = match vocabulary.as_ref() == self.texts.get("models/settings.toml") {
            true => world,
            false => self.all_changes(&world).0.apply(&world),
        };
        Serving { world, templates: Arc::new(templates), index, catalogue_findings: findings.into() }
    }

    /// Reads some entities again.
    pub fn reload(&self, before: &Serving, entities: &BTreeSet<Entity>) -> Serving {
        let changes = self.read_all(&before.world, entities.iter().cloned().collect());
        self.next(before, before.world.with(changes))
    }

    /// Reads the whole folder again, and drops what is gone; none if the folder itself is gone.
    pub fn rescan(&self, before: &Serving) -> Option<Serving> {
        // A folder that has vanished is a mount or a checkout in the making: what was good stays served.
        if !self.root.join("sites").is_dir() && before.world.counts().2 > 0 {
            return None;
        }
        let (Changes(changes), listed) = self.all_changes(&before.world);
        let gone = before.world.entities().into_iter().filter(|entity| !listed.contains(entity)).map(Change::gone);
        let gone: Vec<Change> = gone.collect();
        Some(self.next(before, before.world.with(changes.into_iter().chain(gone).collect())))
    }

    fn next(&self, before: &Serving, world: World) -> Serving {
        Serving {
            world,
            templates: before.templates.clone(),
            index: before.index.clone(),
            catalogue_findings: before.catalogue_findings.clone(),
        }
    }

    fn load_catalogue(
        &mut self,
        before: Option<(&Catalogue, &Templates)>,
    ) -> (Arc<Catalogue>, Templates, Vec<Finding>) {
        let (texts, mut findings) = self.overrides.over_shipped();
        let (catalogue, more) = Catalogue::load(&texts, before.map(|(catalogue, _)| catalogue));
        findings.extend(more);
        let catalogue = Arc::new(catalogue);
        let (mut templates, more) = Templates::load(&texts, &catalogue, before.map(|(_, templates)| templates));
        findings.extend(more);
        for (family, finding) in prove(&catalogue, &templates) {
            templates.replace_family(&family, before.map(|(_, templates)| templates));
            findings.push(finding);
        }
        self.texts = texts;
        (catalogue, templates, findings)
    }

    fn all_changes(&self, world: &World) -> (Changes, BTreeSet<Entity>) {
        let (entities, findings) = list(&self.root);
        let listed: BTreeSet<Entity> = entities.iter().cloned().collect();
        let mut changes = self.read_all(world, entities);
        // What the folder itself has wrong is told with the fleet's own file.
        if let Some(root) = changes.iter_mut().find(|change| change.entity == Entity::Root) {
            root.findings.extend(findings);
        }
        (Changes(changes), listed)
    }

    fn read_all(&self, world: &World, entities: Vec<Entity>) -> Vec<Change> {
        let vocabulary = world.catalogue.vocabulary.clone();
        entities
            .into_par_iter()
            .map(|entity| self.read_one(entity, &Reading { vocabulary: &vocabulary, secrets: &self.secrets }))
            .collect()
    }

    fn read_one(&self, entity: Entity, reading: &Reading<'_>) -> Change {
        let relative = entity.path();
        let path = self.root.join(&relative);
        match read_text(&path, &relative) {
            Ok(text) => Change::read(entity, &text, reading),
            Err(_) if is_gone(&path) => Change::gone(entity),
            Err(finding) => Change::unreadable(entity, finding),
        }
    }
}

/// Not there at all; a link that leads nowhere is there, and cannot be read.
fn is_gone(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The index of a catalogue's families and models.
fn index_of(catalogue: &Catalogue) -> Index {
    let families: Vec<_> = catalogue.families.values().map(|maker| maker.family.clone()).collect();
    let models =
        catalogue.models.values().map(|model| (model.id.as_str(), model.family.as_str(), model.products.as_slice()));
    // Patterns are compiled one by one when a family is read, so that together they can only be too many.
    Index::new(&families, models).unwrap_or_default()
}

struct Changes(Vec<Change>);

impl Changes {
    fn apply(self, world: &World) -> World {
        world.with(self.0)
    }
}

impl Serving {
    /// Everything that is wrong with files, catalogue and fleet; not what only rendering every phone can tell.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.catalogue_findings.to_vec();
        findings.extend(self.world.findings());
        findings.sort();
        findings
    }

    /// How many open errors and warnings there are.
    pub fn open_findings(&self) -> (usize, usize) {
        let findings = self.findings();
        let open = |level| findings.iter().filter(|finding| finding.level == level && !finding.accepted).count();
        (open(Level::Error), open(Level::Warning))
    }
}
