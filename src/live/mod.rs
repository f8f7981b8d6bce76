//! What is served at this moment, and how it follows its files.
//!
//! A [`Serving`] is one immutable value of catalogue, templates, fleet and recognition. [`Live`] holds the current one;
//! a reload builds the next aside and swaps it whole, and a request keeps the one that it began with.

mod loader;
mod prove;
mod shipped;
mod stamps;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

pub use loader::{Loader, Serving};
pub use prove::prove;
pub use shipped::{Overrides, mark, shipped};
pub use watch::{Followed, Watching, watch};

use crate::findings::{Finding, Level};
use crate::fleet::Entity;

/// What is served, and the loader that makes the next version of it.
pub struct Live {
    current: ArcSwap<Serving>,
    loader: Mutex<Loader>,
}

/// What has changed on disk.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Files of the fleet.
    pub entities: BTreeSet<Entity>,
    /// Something in `overrides`.
    pub catalogue: bool,
    /// More than single files: look at everything.
    pub everything: bool,
}

impl Live {
    /// Loads a fleet's folder.
    pub fn load(root: &Path) -> Live {
        let mut loader = Loader::new(root);
        let serving = loader.load();
        Live { current: ArcSwap::from_pointee(serving), loader: Mutex::new(loader) }
    }

    /// What is served now.
    pub fn now(&self) -> Arc<Serving> {
        self.current.load_full()
    }

    /// Follows a change on disk; what is wrong with it is logged, and what was good stays.
    pub fn follow(&self, changed: &Changed) {
        let mut loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.now();
        let mut next = None;
        if changed.catalogue {
            next = Some(loader.reload_catalogue(&before));
        }
        let base = next.as_ref().unwrap_or(&before);
        let then = match changed {
            Changed { everything: true, .. } => loader.rescan(base),
            Changed { entities, .. } if !entities.is_empty() => Ok(Some(loader.reload(base, entities))),
            _ => Ok(None),
        };
        let then = then.unwrap_or_else(|_vanished| {
            let folder = loader.root().display();
            tracing::error!("the fleet's folder `{folder}` has vanished; what was good stays served");
            None
        });
        let Some(next) = then.or(next) else { return };
        tell(&before, &next, changed);
        self.current.store(Arc::new(next));
    }

    /// Files outside of the fleet's folder that secrets come from.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).secret_files()
    }

    /// The entities whose secrets come from this file.
    pub fn users_of_secret(&self, path: &Path) -> BTreeSet<Entity> {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).users_of_secret(path)
    }
}

/// Logs what is wrong with files that were read again; asking every phone would take too long here.
fn tell(before: &Serving, next: &Serving, changed: &Changed) {
    let (sites, lines, phones) = next.world.counts();
    let wide = changed.everything || changed.catalogue;
    let findings = if wide { next.findings() } else { next.world.findings_of(&changed.entities) };
    let known = if wide { before.findings() } else { Vec::new() };
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.level == Level::Error).collect();
    for finding in errors.iter().filter(|finding| !known.contains(finding)) {
        tracing::error!("{}", finding.without_level());
    }
    match errors.len() {
        0 => tracing::info!("reloaded: {phones} phones, {lines} lines, {sites} sites"),
        errors => tracing::warn!("reloaded with {errors} errors: what was good stays served"),
    }
}
