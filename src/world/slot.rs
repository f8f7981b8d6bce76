//! One entity of the fleet, over all versions of its file.

use std::sync::Arc;

use super::next_generation;
use crate::findings::Finding;

/// An entity: what is served, and what is wrong with its file.
#[derive(Debug)]
pub(super) struct Slot<T> {
    pub good: Option<Arc<T>>,
    pub generation: u64,
    pub present: bool,
    pub findings: Arc<[Finding]>,
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot { good: None, generation: 0, present: false, findings: Arc::default() }
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Slot<T> {
        Slot {
            good: self.good.clone(),
            generation: self.generation,
            present: self.present,
            findings: self.findings.clone(),
        }
    }
}

impl<T> Slot<T> {
    pub fn next(&self, parsed: Option<T>, findings: Vec<Finding>) -> Slot<T> {
        let changed = parsed.is_some();
        Slot {
            good: parsed.map(Arc::new).or_else(|| self.good.clone()),
            generation: if changed { next_generation() } else { self.generation },
            present: true,
            findings: findings.into(),
        }
    }

    /// Its file is gone: what refers to it keeps the last good version.
    pub fn gone(&self) -> Slot<T> {
        Slot { good: self.good.clone(), generation: self.generation, present: false, findings: Arc::default() }
    }
}
