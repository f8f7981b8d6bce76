//! Who wants to know what a reload has changed, and what is counted of reloads.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use compact_str::CompactString;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

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

/// What is counted of reloads; clones count together.
#[derive(Debug, Clone)]
pub struct Reloads {
    /// How many seconds they took, from the look at the files to the swap.
    pub took: Histogram,
    /// Those that read something with an error.
    pub with_errors: Counter,
    /// When files were last read without an error, the start included, in seconds since 1970.
    pub last_good: Gauge,
}

impl Reloads {
    pub(super) fn new() -> Reloads {
        let ends = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        Reloads { took: Histogram::new(ends), with_errors: Counter::default(), last_good: Gauge::default() }
    }

    pub(super) fn good(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last_good.set(now.as_secs() as i64);
    }
}
