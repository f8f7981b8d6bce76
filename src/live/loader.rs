//! From folders to what is served, the first time and after every change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::prove::prove;
use super::shipped::{Overrides, shipped};
use super::stamps::Stamps;
use crate::catalogue::{Catalogue, Texts, Vocabulary};
use crate::findings::{Finding, Level};
use crate::fleet::{Entity, Phone, Reading, Secrets, list};
use crate::identify::Index;
use crate::reader::read_text;
use crate::render::Templates;
use crate::world::{Change, World, next_generation};

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
    /// A number that no two versions of catalogue and templates share.
    generation: u64,
}

/// Loads a fleet's folder, and loads it again as it changes.
#[derive(Debug)]
pub struct Loader {
    root: PathBuf,
    overrides: Overrides,
    secrets: Secrets,
    texts: Texts,
    stamps: Stamps,
    failing: BTreeSet<CompactString>,
    models: Option<Models>,
}

/// The fleet's folder is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vanished;

/// The catalogue as it was last made of its texts.
#[derive(Debug)]
struct Models {
    catalogue: Arc<Catalogue>,
    index: Arc<Index>,
    findings: Vec<Finding>,
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
            failing: BTreeSet::new(),
            models: None,
        }
    }

    /// The fleet's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files outside of the fleet's folder that secrets come from.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        self.secrets.files()
    }

    /// The catalogue alone, its templates not proven.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::new(Catalogue::load(&self.overrides.over_shipped().0, None).0)
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
        next(known, empty.with(self.everything(&empty)))
    }

    /// Loads catalogue and templates again; the fleet too where the vocabulary of settings has changed.
    pub fn reload_catalogue(&mut self, before: &Serving) -> Serving {
        let vocabulary = self.texts.get("models/settings.toml").cloned();
        let kept = (&*before.world.catalogue, &*before.templates);
        let known = self.load_catalogue(Some(kept));
        let world = before.world.with_catalogue(known.catalogue.clone());
        let world = match vocabulary.as_ref() == self.texts.get("models/settings.toml") {
            true => world,
            false => world.with(self.everything(&world)),
        };
        known.serve(world)
    }

    /// Reads some entities again.
    pub fn reload(&mut self, before: &Serving, entities: &BTreeSet<Entity>) -> Serving {
        let changes = self.read_all(&before.world, entities.iter().cloned().collect());
        next(before, before.world.with(changes))
    }

    /// Reads what has changed in the whole folder, and drops what is gone; none if nothing has changed.
    ///
    /// # Errors
    /// The folder itself is gone.
    pub fn rescan(&mut self, before: &Serving) -> Result<Option<Serving>, Vanished> {
        // A folder that has vanished is a mount or a checkout in the making: what was good stays served.
        if !self.root.join("sites").is_dir() && before.world.counts().2 > 0 {
            return Err(Vanished);
        }
        let (listed, _) = list(&self.root);
        let changed = self.stamps.changed(&self.root, &listed);
        let gone = self.stamps.gone(&listed.into_iter().collect());
        let mut changes = self.read_all(&before.world, changed);
        changes.extend(gone.into_iter().map(Change::gone));
        Ok((!changes.is_empty()).then(|| next(before, before.world.with(changes))))
    }

    /// The entities whose secrets come from this file.
    pub fn users_of_secret(&self, path: &Path) -> BTreeSet<Entity> {
        self.secrets.users_of(path)
    }

    fn load_catalogue(&mut self, before: Option<(&Catalogue, &Templates)>) -> Known {
        let (texts, mut findings) = self.overrides.over_shipped();
        let models = self.load_models(&texts, before.map(|(catalogue, _)| catalogue));
        findings.extend(models.findings.iter().cloned());
        let (catalogue, index) = (models.catalogue.clone(), models.index.clone());
        self.models = Some(models);
        let (mut templates, more) = Templates::load(&texts, &catalogue, before.map(|(_, templates)| templates));
        findings.extend(more);
        // A family that failed is proven again even if nothing of it changed: what failed must not slip in.
        let mut families = changed_families(&catalogue, &self.texts, &texts);
        families.append(&mut self.failing);
        for (family, finding) in prove(&catalogue, &templates, &families) {
            self.failing.insert(family.clone());
            templates.replace_family(&family, before.map(|(_, templates)| templates));
            findings.push(finding);
        }
        self.texts = texts;
        // A file that lies over a shipped one is told by its own path.
        for finding in &mut findings {
            if self.overrides.folder.join(&finding.file).is_file() {
                finding.file = Path::new("overrides").join(&finding.file);
            }
        }
        Known { catalogue, templates: Arc::new(templates), index, findings: findings.into() }
    }

    /// The catalogue; the one that is there already where none of its texts has changed.
    fn load_models(&mut self, texts: &Texts, before: Option<&Catalogue>) -> Models {
        let of_models = |texts: &Texts| -> Vec<(String, String)> {
            texts
                .range("models/".to_owned().."models0".to_owned())
                .map(|(path, text)| (path.clone(), text.clone()))
                .collect()
        };
        if let Some(models) = self.models.take()
            && of_models(texts) == of_models(&self.texts)
        {
            return models;
        }
        let (catalogue, mut findings) = Catalogue::load(texts, before);
        let index = Index::of(&catalogue).unwrap_or_else(|error| {
            let what = format!("the patterns of all families together are too large: {error}");
            findings.push(Finding::error("bad-pattern", "models", None, what));
            Index::default()
        });
        Models { catalogue: Arc::new(catalogue), index: Arc::new(index), findings }
    }

    /// Reads every file there is.
    fn everything(&mut self, world: &World) -> Vec<Change> {
        let (entities, findings) = list(&self.root);
        let mut changes = self.read_all(world, entities);
        // What the folder itself has wrong is told with the fleet's own file.
        if let Some(root) = changes.iter_mut().find(|change| change.entity == Entity::Root) {
            root.findings.extend(findings);
        }
        changes
    }

    fn read_all(&mut self, world: &World, entities: Vec<Entity>) -> Vec<Change> {
        // A file that changes while it is read looks different at the next rescan.
        self.stamps.note(&self.root, &entities);
        let vocabulary = world.catalogue.vocabulary.clone();
        entities.into_par_iter().map(|entity| self.read_one(entity, &vocabulary)).collect()
    }

    fn read_one(&self, entity: Entity, vocabulary: &Vocabulary) -> Change {
        let relative = entity.path();
        let path = self.root.join(&relative);
        let known = entity.clone();
        let reading = Reading { vocabulary, secrets: &self.secrets, entity: &known };
        match read_text(&path, &relative) {
            Ok(text) => Change::read(entity, &text, &reading),
            Err(_) if is_gone(&path) => Change::gone(entity),
            Err(finding) => Change::unreadable(entity, finding),
        }
    }
}

fn next(before: &Serving, world: World) -> Serving {
    Serving {
        world,
        templates: before.templates.clone(),
        index: before.index.clone(),
        catalogue_findings: before.catalogue_findings.clone(),
        generation: before.generation,
    }
}

/// Not there at all; a link that leads nowhere is there, and cannot be read.
fn is_gone(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The families to which a changed text may matter: its own, or all where it belongs to none.
fn changed_families(catalogue: &Catalogue, before: &Texts, after: &Texts) -> BTreeSet<CompactString> {
    let changed = |path: &&String| before.get(*path) != after.get(*path);
    let paths = before.keys().chain(after.keys()).filter(changed);
    let family = |path: &String| {
        path.split('/').nth(1).and_then(|id| catalogue.families.get_key_value(id)).map(|(id, _)| id.clone())
    };
    let mut families = BTreeSet::new();
    for path in paths {
        match family(path) {
            Some(id) => {
                families.insert(id);
            }
            None => families.extend(catalogue.families.keys().cloned()),
        }
    }
    families
}

/// What is known of phones, before any fleet.
struct Known {
    catalogue: Arc<Catalogue>,
    templates: Arc<Templates>,
    index: Arc<Index>,
    findings: Arc<[Finding]>,
}

impl Known {
    fn serve(self, world: World) -> Serving {
        let Known { templates, index, findings, .. } = self;
        Serving { world, templates, index, catalogue_findings: findings, generation: next_generation() }
    }
}

impl Serving {
    /// The built-in catalogue and templates, without a fleet. Nothing is proven: that is a test of ours.
    pub fn built_in() -> Serving {
        let texts = shipped();
        let (catalogue, mut findings) = Catalogue::load(&texts, None);
        let catalogue = Arc::new(catalogue);
        let (templates, more) = Templates::load(&texts, &catalogue, None);
        findings.extend(more);
        let index = Index::of(&catalogue).unwrap_or_default();
        let world = World::empty(catalogue.clone());
        Known { catalogue, templates: Arc::new(templates), index: Arc::new(index), findings: findings.into() }
            .serve(world)
    }

    /// Everything that is wrong with files, catalogue and fleet; not what only rendering every phone can tell.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.catalogue_findings.to_vec();
        findings.extend(self.world.findings());
        findings.sort();
        findings
    }

    /// The generations of everything that has a say in a phone's files.
    pub fn generations(&self, phone: &Phone) -> SmallVec<[u64; 6]> {
        let mut generations = self.world.generations(phone);
        generations.push(self.generation);
        generations
    }

    /// How many open errors and warnings there are.
    pub fn open_findings(&self) -> (usize, usize) {
        let findings = self.findings();
        let open = |level| findings.iter().filter(|finding| finding.level == level && !finding.accepted).count();
        (open(Level::Error), open(Level::Warning))
    }
}
