//! From folders to what is served, the first time and after every change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::Held;
use super::prove::prove;
use super::shipped::{Overrides, shipped};
use super::stamps::Stamps;
use crate::catalogue::{Catalogue, Texts, Vocabulary};
use crate::findings::{Finding, Level};
use crate::fleet::{Entity, Phone, Reading, Secrets, Stamp, list, list_sites};
use crate::identify::Index;
use crate::reader::read_text;
use crate::render::Templates;
use crate::world::{Change, Read, World, next_generation};

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

    /// How many files secrets come from.
    pub fn count_secret_files(&self) -> usize {
        self.secrets.count_files()
    }

    /// The files that secrets come from.
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

    /// Loads catalogue and templates again; of the fleet, what was read with the vocabulary of settings and the tables of
    /// codes where those have changed.
    pub fn reload_catalogue(&mut self, before: &Serving) -> Serving {
        let texts = self.texts.clone();
        let mut known = self.load_catalogue(Some((&before.world.catalogue, &before.templates)));
        known.keep_models_in_use(&before.world);
        let world = before.world.with_catalogue(known.catalogue.clone());
        let changed = |prefix: &str| {
            let of = |texts: &Texts| {
                texts
                    .range(prefix.to_owned()..)
                    .take_while(|(path, _)| path.starts_with(prefix))
                    .map(|(path, text)| (path.clone(), text.clone()))
                    .collect::<Vec<_>>()
            };
            of(&texts) != of(&self.texts)
        };
        let (vocabulary, codes) = (changed("models/settings.toml"), changed("models/feature-codes/"));
        let world = match (vocabulary, codes) {
            (true, _) => world.with(self.everything(&world)),
            (_, true) => {
                let (all, _) = list(&self.root);
                let sites = all.into_iter().filter(|entity| matches!(entity, Entity::Site(_))).collect();
                world.with(self.read_all(&world, sites))
            }
            _ => world,
        };
        known.serve(world)
    }

    /// Reads some entities again; those whose files are gone are dropped.
    pub fn reload(&mut self, before: &Serving, entities: &BTreeSet<Entity>) -> Serving {
        let changes = self.read_all(&before.world, entities.iter().cloned().collect());
        for change in changes.iter().filter(|change| matches!(change.read, Read::Gone)) {
            self.stamps.forget(&change.entity);
        }
        next(before, before.world.with(changes))
    }

    /// The text of a file of the fleet as it is now.
    ///
    /// # Errors
    /// The finding to show.
    pub fn text_of(&self, entity: &Entity) -> Result<String, Finding> {
        let relative = entity.path();
        read_text(&self.root.join(&relative), &relative)
    }

    /// What would be served with other texts in some files.
    pub fn with_texts(&self, before: &Serving, texts: &[(Entity, String)]) -> Serving {
        let change = |(entity, text): &(Entity, String)| {
            let reading = Reading { vocabulary: &before.world.catalogue.vocabulary, secrets: &self.secrets, entity };
            Change::read(entity.clone(), text, &reading)
        };
        next(before, before.world.with(texts.iter().map(change).collect()))
    }

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

    fn load_catalogue(&mut self, before: Option<(&Catalogue, &Templates)>) -> Known {
        let (texts, mut findings) = self.overrides.over_shipped();
        let models = self.load_models(&texts, before.map(|(catalogue, _)| catalogue));
        findings.extend(models.findings.iter().cloned());
        let (mut catalogue, index) = (models.catalogue.clone(), models.index.clone());
        self.models = Some(models);
        let (mut templates, more) = Templates::load(&texts, &catalogue, before.map(|(_, templates)| templates));
        findings.extend(more);
        // A family that failed is proven again even if nothing of it changed: what failed must not slip in.
        let mut families = changed_families(&catalogue, &self.texts, &texts);
        families.append(&mut self.failing);
        for (family, finding) in prove(&catalogue, &templates, &families) {
            self.failing.insert(family.clone());
            templates.replace_family(&family, before.map(|(_, templates)| templates));
            // Its models may be the reason, so none of the family is put in place; all are read anew next time.
            if let Some((before, _)) = before {
                Arc::make_mut(&mut catalogue).take_family(&family, before);
                self.models = None;
            }
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
    /// A model that phones name stays as it was although its file is gone: both sides keep their last good version.
    fn keep_models_in_use(&mut self, before: &World) {
        let mut kept = Catalogue::clone(&self.catalogue);
        for (id, model) in before.models_in_use() {
            let Some(maker) = before.catalogue.families.get(&model.family).filter(|_| !kept.models.contains_key(&id))
            else {
                continue;
            };
            kept.families.entry(model.family.clone()).or_insert_with(|| maker.clone());
            kept.models.insert(id.clone(), model.clone());
            let stem = id.split_once('-').map_or("", |(_, stem)| stem);
            let file = format!("overrides/models/{}/{stem}.toml", model.family);
            let what = format!("was deleted while phones are of the model `{id}`, which stays served as it was");
            let finding = Finding::error("missing-file", file, None, what)
                .hint("bring the file back, or give the phones another model");
            self.findings = self.findings.iter().cloned().chain([finding]).collect();
        }
        self.catalogue = Arc::new(kept);
    }

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
