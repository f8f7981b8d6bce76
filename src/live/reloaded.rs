//! Who wants to know what a reload has changed.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use compact_str::CompactString;

use super::Serving;
use crate::fleet::Entity;

/// What a reload has put in place, and what may differ.
#[derive(Debug, Clone)]
pub struct Reloaded {
    /// What was served.
    pub before: Arc<Serving>,
    /// What is served from here on.
    pub now: Arc<Serving>,
    /// Files of the fleet that were read again.
    pub entities: BTreeSet<Entity>,
    /// Families whose catalogue or templates were.
    pub families: BTreeSet<CompactString>,
}

type Hearer = Box<dyn Fn(Reloaded) + Send + Sync>;

/// Those who are told.
#[derive(Default)]
pub(super) struct Told(RwLock<Vec<Hearer>>);

impl Told {
    pub fn add(&self, hearer: Hearer) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(hearer);
    }

    pub fn tell(&self, reloaded: &Reloaded) {
        let hearers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        hearers.iter().for_each(|hear| hear(reloaded.clone()));
    }
}
