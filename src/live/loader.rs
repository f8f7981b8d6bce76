//! From folders to what is served, the first time and after every change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::Held;
use super::proofs::Proofs;
use super::serving::{Known, Serving};
use super::shipped::{Overrides, shipped};
use super::stamps::Stamps;
use crate::catalogue::{Catalogue, Texts, Vocabulary};
use crate::findings::Finding;
use crate::fleet::{Edit, Entity, Reading, Root, Secrets, Stamp, list, list_sites};
use crate::identify::Index;
use crate::reader::{Source, read_text};
use crate::render::Templates;
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

    /// The catalogue alone, its templates not proven.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::new(Catalogue::load(&self.overrides.over_shipped().0, None).0)
    }

    /// The fleet's own file alone, for its addresses; what is wrong with it is told when everything is loaded. None where it
    /// cannot be read.
    pub fn root_alone(&self) -> Option<Root> {
        let text = self.text_of(&Entity::Root).ok()?;
        let reading = Reading { vocabulary: &Vocabulary::default(), secrets: &self.secrets, entity: None };
        Source::read(&Entity::Root.path(), &text, |table| Root::read(table, &reading)).0
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

    /// Loads catalogue and templates again; of the fleet, what was read with the vocabulary of settings and the tables of
    /// codes where those have changed.
    pub fn reload_catalogue(&mut self, before: &Serving) -> Serving {
        let texts = self.texts.clone();
        let mut known = self.load_catalogue(Some(before));
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
        before.with_world(before.world.with(changes))
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
            let reading =
                Reading { vocabulary: &before.world.catalogue.vocabulary, secrets: &self.secrets, entity: None };
            Change::read(entity.clone(), text, &reading)
        };
        before.with_world(before.world.with(texts.iter().map(change).collect()))
    }

    /// What would be served with edited files.
    pub fn with_edits(&self, before: &Serving, edits: &[Edit]) -> Serving {
        let change = |Edit { entity, after, .. }: &Edit| match after {
            Some(text) => {
                let reading =
                    Reading { vocabulary: &before.world.catalogue.vocabulary, secrets: &self.secrets, entity: None };
                Change::read(entity.clone(), text, &reading)
            }
            None => Change::gone(entity.clone()),
        };
        before.with_world(before.world.with(edits.iter().map(change).collect()))
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

    fn load_catalogue(&mut self, before: Option<&Serving>) -> Known {
        let (texts, mut findings) = self.overrides.over_shipped();
        let models = self.load_models(&texts, before.map(|before| &*before.world.catalogue));
        findings.extend(models.findings.iter().cloned());
        let (mut catalogue, index) = (models.catalogue.clone(), models.index.clone());
        self.models = Some(models);
        let (mut templates, more) = Templates::load(&texts, &catalogue, before.map(|before| &*before.templates));
        findings.extend(more);
        let changed = changed_families(&catalogue, &self.texts, &texts);
        let in_use = before.map(|before| before.world.models_in_use().into_keys().collect());
        let failures = self.proofs.of_edit(&catalogue, &templates, &changed, in_use.as_ref());
        let good = before.map(|before| (&*before.world.catalogue, &*before.templates));
        findings.extend(self.take_back(failures, good, &mut catalogue, &mut templates));
        self.texts = texts;
        findings.iter_mut().for_each(|finding| self.tell_by_own_path(finding));
        let templates = Arc::new(templates);
        self.proofs.in_place(&catalogue, &templates);
        self.changed = changed;
        Known { catalogue, templates, index, findings: findings.into() }
    }

    /// Puts families that failed back to what was good; its models may be the reason, so none of them stays either.
    fn take_back(
        &mut self,
        failures: Vec<(CompactString, Finding)>,
        good: Option<(&Catalogue, &Templates)>,
        catalogue: &mut Arc<Catalogue>,
        templates: &mut Templates,
    ) -> Vec<Finding> {
        let take_back = |(family, finding): (CompactString, Finding)| {
            templates.replace_family(&family, good.map(|(_, templates)| templates));
            if let Some((good, _)) = good {
                Arc::make_mut(catalogue).take_family(&family, good);
                // All are read anew next time.
                self.models = None;
            }
            finding
        };
        failures.into_iter().map(take_back).collect()
    }

    /// A file that lies over a shipped one is told by its own path.
    fn tell_by_own_path(&self, finding: &mut Finding) {
        if self.overrides.folder.join(&finding.file).is_file() {
            finding.file = Path::new("overrides").join(&finding.file);
        }
    }

    /// The families to which the last load of the catalogue may have mattered.
    pub fn changed_families(&self) -> &BTreeSet<CompactString> {
        &self.changed
    }

    /// The families that are served although only the fleet's own models were proven with them.
    pub fn unproven(&self) -> &BTreeSet<CompactString> {
        self.proofs.waiting()
    }

    /// Takes what the proof of the [unproven](Loader::unproven) has found; gives what is to be served instead, if anything.
    pub fn finish_proof(&mut self, now: &Serving, failures: Vec<(CompactString, Finding)>) -> Option<Serving> {
        let Some((good, templates)) = self.proofs.finish(&failures) else {
            self.proofs.in_place(&now.world.catalogue, &now.templates);
            return None;
        };
        let mut catalogue = now.world.catalogue.clone();
        let mut mended = now.templates.renewed();
        let mut findings = self.take_back(failures, Some((&good, &templates)), &mut catalogue, &mut mended);
        findings.iter_mut().for_each(|finding| self.tell_by_own_path(finding));
        findings.extend(now.catalogue_findings.iter().cloned());
        let index = Index::of(&catalogue).map_or_else(|_| now.index.clone(), Arc::new);
        let mut known = Known { catalogue, templates: Arc::new(mended), index, findings: findings.into() };
        known.keep_models_in_use(&now.world);
        let world = now.world.with_catalogue(known.catalogue.clone());
        self.proofs.in_place(&known.catalogue, &known.templates);
        Some(known.serve(world))
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
        let reading = Reading { vocabulary, secrets: &self.secrets, entity: Some(&known) };
        match read_text(&path, &relative) {
            // Secrets may stand in it.
            Ok(text) => Change::read(entity, &Zeroizing::new(text), &reading),
            Err(_) if is_gone(&path) => Change::gone(entity),
            Err(finding) => Change::unreadable(entity, finding),
        }
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
