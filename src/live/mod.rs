//! What is served at this moment, and how it follows its files.
//!
//! A [`Serving`] is one immutable value of catalogue, templates, fleet and recognition. [`Live`] holds the current one;
//! a reload builds the next aside and swaps it whole, and a request keeps the one that it began with.

mod loader;
mod proofs;
mod prove;
mod refused;
mod reloaded;
mod serving;
mod settle;
mod shipped;
mod stamps;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::{ArcSwap, Guard};
use compact_str::CompactString;

pub use loader::{Loader, Seen};
pub use prove::{Against, any_use, prove, spare};
use reloaded::Told;
pub use reloaded::{Reloaded, Reloads};
pub use serving::Serving;
pub use shipped::{Overrides, mark, shipped};
pub use watch::{Followed, WatchState, Watching, watch};

use crate::findings::Finding;
use crate::fleet::{Edit, Entity};

/// What is served, and the loader that makes the next version of it.
pub struct Live {
    root: PathBuf,
    current: ArcSwap<Serving>,
    loader: Mutex<Loader>,
    /// Held by the one that proves the rest of what is served.
    proving: Mutex<()>,
    /// Files that were written here, and of which the watch has still to tell.
    own: Mutex<BTreeSet<Entity>>,
    told: Told,
    reloads: Reloads,
}

/// What has changed on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Files of the fleet.
    pub entities: BTreeSet<Entity>,
    /// Something in `overrides`.
    pub catalogue: bool,
    /// Files that secrets come from, or files beside them.
    pub secrets: bool,
    /// Sites whose folders came or went, with files that no event may name.
    pub sites: BTreeSet<CompactString>,
    /// More than that: look at everything.
    pub everything: bool,
    /// What is not to be looked at.
    pub held: Held,
}

impl Changed {
    fn with_entities(&self, entities: BTreeSet<Entity>) -> Changed {
        Changed { entities, ..self.clone() }
    }
}

/// Files that are not to be read now, because somebody is writing them or is about to put them back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Files of the fleet.
    pub entities: BTreeSet<Entity>,
    /// Everything in `overrides`.
    pub overrides: bool,
}

impl Live {
    /// Loads a fleet's folder.
    pub fn load(root: &Path) -> Live {
        // What is watched has whole paths, and secrets and certificates are compared with that.
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        Live::of(Loader::new(&root))
    }

    /// Loads what a loader of one's own does.
    pub fn of(mut loader: Loader) -> Live {
        let (serving, reloads) = (loader.load(), Reloads::new());
        if serving.open_findings().0 == 0 {
            reloads.good();
        }
        let (root, current) = (loader.root().to_owned(), ArcSwap::from_pointee(serving));
        let loader = Mutex::new(loader);
        Live { root, current, loader, proving: Mutex::default(), own: Mutex::default(), told: Told::default(), reloads }
    }

    /// Has somebody told of each reload, in their order. It is called while nothing else can be reloaded, so it must not take
    /// long.
    pub fn on_reload(&self, then: impl Fn(Reloaded) + Send + Sync + 'static) {
        self.told.add(Box::new(then));
    }

    /// What is counted of reloads.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }

    /// What is served now.
    pub fn now(&self) -> Arc<Serving> {
        self.current.load_full()
    }

    /// The fleet's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is served now, and what would be with edited files.
    pub fn would_serve(&self, edits: &[Edit]) -> (Arc<Serving>, Serving) {
        let loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        let then = loader.with_edits(&now, edits);
        (now, then)
    }

    /// Takes in files that were written here: they are served when this returns, and what the watch tells of them a moment
    /// later is no news.
    pub fn take_in(&self, entities: BTreeSet<Entity>) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).extend(entities.iter().cloned());
        self.read_again(&Changed { entities, ..Changed::default() });
    }

    /// The same for a moment: whoever keeps it holds up memory, not reloads.
    pub fn current(&self) -> Guard<Arc<Serving>> {
        self.current.load()
    }

    /// Follows a change on disk; what is wrong with it is logged, and what was good stays.
    ///
    /// Gives what a look around has found, if there was one: some of it may be read only later.
    pub fn follow(&self, changed: &Changed) -> Seen {
        let own = std::mem::take(&mut *self.own.lock().unwrap_or_else(PoisonError::into_inner));
        let told: BTreeSet<Entity> = changed.entities.intersection(&own).cloned().collect();
        if told.is_empty() {
            return self.read_again(changed);
        }
        let others = self.loader.lock().unwrap_or_else(PoisonError::into_inner).not_as_read(&told);
        let rest = changed.entities.difference(&told).cloned().chain(others).collect();
        self.read_again(&changed.with_entities(rest))
    }

    fn read_again(&self, changed: &Changed) -> Seen {
        let mut loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        let seen = match changed.everything {
            true => loader.look(None, &changed.held),
            false if changed.sites.is_empty() => Seen::default(),
            false => loader.look(Some(&changed.sites), &changed.held),
        };
        let catalogue = seen.catalogue || (changed.catalogue && loader.is_overridden_otherwise());
        let mut entities: BTreeSet<Entity> = changed.entities.union(&seen.changed).cloned().collect();
        if changed.secrets || changed.everything {
            entities.extend(loader.users_of_changed_secrets());
        }
        let before = self.now();
        let known = catalogue.then(|| loader.reload_catalogue(&before));
        let fleet = (!entities.is_empty()).then(|| loader.reload(known.as_ref().unwrap_or(&before), &entities));
        if let Some(next) = fleet.or(known) {
            let next = Arc::new(next);
            self.current.store(next.clone());
            self.reloads.took.observe(began.elapsed().as_secs_f64());
            let reloads = self.reloads.clone();
            let families = if catalogue { loader.changed_families().clone() } else { BTreeSet::new() };
            self.told.tell(&Reloaded {
                before: before.clone(),
                now: next.clone(),
                entities: entities.clone(),
                families,
            });
            match catalogue {
                // What is wrong with a whole fleet takes a while to say, and the next edit shall not wait for it.
                true => drop(std::thread::spawn(move || tell(&before, &next, None, &reloads))),
                false => tell(&before, &next, Some(&entities), &reloads),
            }
        }
        seen
    }

    /// Whether something is served of which only the part that the fleet uses is proven.
    pub fn has_unproven(&self) -> bool {
        !self.loader.lock().unwrap_or_else(PoisonError::into_inner).unproven().is_empty()
    }

    /// Proves the rest of what is served, and takes back what fails; edits go on meanwhile.
    pub fn prove_rest(&self) {
        let _alone = self.proving.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (serving, families) = {
                let loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
                (self.now(), loader.unproven().clone())
            };
            if families.is_empty() {
                return;
            }
            let rest = || prove(&serving.world.catalogue, &serving.templates, &families, Against::All);
            // On one thread, so that phones and edits have the others.
            let failures = match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
                Ok(alone) => alone.install(rest),
                Err(_) => rest(),
            };
            let mut loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.now();
            // Where templates were edited again, those are to be proven.
            if !now.has_templates_of(&serving) {
                continue;
            }
            let families = failures.iter().map(|(family, _)| family.clone()).collect();
            if let Some(next) = loader.finish_proof(&now, failures) {
                let next = Arc::new(next);
                self.current.store(next.clone());
                let (before, entities) = (now.clone(), BTreeSet::new());
                self.told.tell(&Reloaded { before, now: next.clone(), entities, families });
                tell(&now, &next, None, &self.reloads);
            }
        }
    }

    /// How many files secrets come from.
    pub fn count_secret_files(&self) -> usize {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).count_secret_files()
    }

    /// The files that secrets come from.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).secret_files()
    }
}

/// Of so many files that were read again, only what is new is told.
const MANY: usize = 20;

/// Logs what is wrong with files that were read again; none: with everything. What was wrong before is told again only
/// where somebody works on a few files.
fn tell(before: &Serving, next: &Serving, entities: Option<&BTreeSet<Entity>>, reloads: &Reloads) {
    let (sites, lines, phones) = next.world.counts();
    let of = |serving: &Serving| match entities {
        Some(entities) => serving.world.findings_of(entities),
        None => serving.findings(),
    };
    let (findings, mut known) = (of(next), Vec::new());
    if entities.is_none_or(|entities| entities.len() > MANY) {
        known = of(before);
        known.sort();
    }
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.is_open_error()).collect();
    for finding in errors.iter().filter(|finding| known.binary_search(finding).is_err()) {
        tracing::error!("{}", finding.without_level());
    }
    match errors.len() {
        0 => reloads.good(),
        _ => drop(reloads.with_errors.inc()),
    }
    match errors.len() {
        0 => tracing::info!(phones, lines, sites, "reloaded"),
        1 => tracing::warn!("reloaded with an error: what was good stays served"),
        errors => tracing::warn!("reloaded with {errors} errors: what was good stays served"),
    }
}
