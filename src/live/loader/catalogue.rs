//! Catalogue and templates: loaded, loaded again, and taken back where they do not prove good.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;

use super::Loader;
use crate::catalogue::{Catalogue, Texts};
use crate::findings::Finding;
use crate::fleet::{Entity, list};
use crate::identify::Index;
use crate::live::serving::{Known, Serving};
use crate::render::Templates;

/// The catalogue as it was last made of its texts.
#[derive(Debug)]
pub(super) struct Models {
    catalogue: Arc<Catalogue>,
    index: Arc<Index>,
    findings: Vec<Finding>,
}

impl Loader {
    /// The catalogue alone, its templates not proven.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::new(Catalogue::load(&self.overrides.over_shipped().0, None).0)
    }

    /// Loads catalogue and templates again; of the fleet, what was read with the vocabulary of settings and the tables of
    /// codes where those have changed.
    pub fn reload_catalogue(&mut self, before: &Serving) -> Serving {
        let texts = self.texts.clone();
        let mut known = self.load_catalogue(Some(before));
        known.keep_models_in_use(&before.world);
        let world = before.world.with_catalogue(known.catalogue.clone());
        let changed = |prefix| below(&texts, prefix).ne(below(&self.texts, prefix));
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

    pub(super) fn load_catalogue(&mut self, before: Option<&Serving>) -> Known {
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
        if let Some(models) = self.models.take()
            && below(texts, "models/").eq(below(&self.texts, "models/"))
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
}

/// The texts whose paths begin so.
fn below<'t>(texts: &'t Texts, prefix: &'static str) -> impl Iterator<Item = (&'t String, &'t String)> {
    texts.range(prefix.to_owned()..).take_while(move |(path, _)| path.starts_with(prefix))
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
