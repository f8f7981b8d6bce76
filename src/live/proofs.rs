//! Which families' templates are proven.
//!
//! An edit is put in place when it is proven with the models that the fleet has, so that it is served at once however
//! many models its family has. The rest of the proof comes after, and takes the family back if it fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use compact_str::CompactString;

use super::prove::{Against, prove};
use crate::catalogue::Catalogue;
use crate::findings::Finding;
use crate::render::Templates;

type Families = BTreeSet<CompactString>;

/// What is proven, and what is not yet.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// Families that failed: what failed must not slip in because nothing of it has changed since.
    failing: Families,
    /// Families in place whose proof is not whole.
    waiting: Families,
    /// The last catalogue and templates of which everything was proven.
    good: Option<(Arc<Catalogue>, Arc<Templates>)>,
}

impl Proofs {
    /// Proves families that may have changed, and tells which cannot be put in place; `in_use`: with these models first, and
    /// with the others when [`Proofs::waiting`] asks for it.
    pub(super) fn of_edit(
        &mut self,
        catalogue: &Arc<Catalogue>,
        templates: &Templates,
        changed: &Families,
        in_use: Option<&BTreeSet<CompactString>>,
    ) -> Vec<(CompactString, Finding)> {
        let mut wholly = std::mem::take(&mut self.failing);
        let mut first = changed.clone();
        match in_use {
            Some(_) => first.retain(|family| !wholly.contains(family)),
            None => wholly.append(&mut first),
        }
        let mut failures = prove(catalogue, templates, &wholly, Against::All);
        if let Some(in_use) = in_use {
            failures.extend(prove(catalogue, templates, &first, Against::Some(in_use)));
        }
        self.failing = failures.iter().map(|(family, _)| family.clone()).collect();
        self.waiting.extend(first.difference(&self.failing).cloned());
        failures
    }

    /// Notes what is in place now.
    pub(super) fn in_place(&mut self, catalogue: &Arc<Catalogue>, templates: &Arc<Templates>) {
        if self.waiting.is_empty() || self.good.is_none() {
            self.good = Some((catalogue.clone(), templates.clone()));
        }
    }

    /// The families whose proof is not whole.
    pub(super) fn waiting(&self) -> &Families {
        &self.waiting
    }

    /// Takes what the rest of the proof has found; gives what was in place before the families that failed.
    pub(super) fn finish(&mut self, failures: &[(CompactString, Finding)]) -> Option<(Arc<Catalogue>, Arc<Templates>)> {
        self.waiting.clear();
        self.failing.extend(failures.iter().map(|(family, _)| family.clone()));
        self.good.clone().filter(|_| !failures.is_empty())
    }
}
