//! What is served, as one immutable value.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::shipped::shipped;
use crate::catalogue::Catalogue;
use crate::findings::{Finding, Level};
use crate::fleet::Phone;
use crate::identify::Index;
use crate::render::Templates;
use crate::world::{World, next_generation};

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
    /// What is wrong, once somebody has asked.
    findings: OnceLock<Vec<Finding>>,
}

/// What is known of phones, before any fleet.
pub(super) struct Known {
    pub catalogue: Arc<Catalogue>,
    pub templates: Arc<Templates>,
    pub index: Arc<Index>,
    pub findings: Arc<[Finding]>,
}

impl Known {
    /// A model that phones name stays as it was although its file is gone: both sides keep their last good version.
    pub fn keep_models_in_use(&mut self, before: &World) {
        for (id, model) in before.models_in_use() {
            let known = self.catalogue.models.contains_key(&id);
            let Some(maker) = before.catalogue.families.get(&model.family).filter(|_| !known) else { continue };
            let kept = Arc::make_mut(&mut self.catalogue);
            kept.families.entry(model.family.clone()).or_insert_with(|| maker.clone());
            kept.models.insert(id.clone(), model.clone());
            let stem = id.split_once('-').map_or("", |(_, stem)| stem);
            let file = format!("overrides/models/{}/{stem}.toml", model.family);
            let what = format!("was deleted while phones are of the model `{id}`, which stays served as it was");
            let finding = Finding::error("missing-file", file, None, what)
                .hint("bring the file back, or give the phones another model");
            self.findings = self.findings.iter().cloned().chain([finding]).collect();
        }
    }

    pub fn serve(self, world: World) -> Serving {
        let Known { templates, index, findings, .. } = self;
        let generation = next_generation();
        Serving { world, templates, index, catalogue_findings: findings, generation, findings: OnceLock::new() }
    }
}

impl Serving {
    /// The same catalogue and templates with another fleet.
    pub(super) fn with_world(&self, world: World) -> Serving {
        Serving {
            world,
            templates: self.templates.clone(),
            index: self.index.clone(),
            catalogue_findings: self.catalogue_findings.clone(),
            generation: self.generation,
            findings: OnceLock::new(),
        }
    }

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
        let look = || {
            let mut findings = self.catalogue_findings.to_vec();
            findings.extend(self.world.findings());
            findings.sort();
            findings
        };
        self.findings.get_or_init(look).clone()
    }

    /// The generations of everything that has a say in a phone's files.
    pub fn generations(&self, phone: &Phone) -> SmallVec<[u64; 6]> {
        let mut generations = self.world.generations(phone);
        generations.push(self.generation);
        generations
    }

    /// Whether catalogue and templates are the same version.
    pub fn has_templates_of(&self, other: &Serving) -> bool {
        self.generation == other.generation
    }

    /// How many open errors and warnings there are.
    pub fn open_findings(&self) -> (usize, usize) {
        let findings = self.findings();
        let open = |level| findings.iter().filter(|finding| finding.level == level && !finding.accepted).count();
        (open(Level::Error), open(Level::Warning))
    }
}
