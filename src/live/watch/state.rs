//! How the watch on the fleet's folder fares, as others may ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How a watch fares.
#[derive(Debug, Clone)]
pub struct WatchState(Weak<Mutex<Standing>>);

#[derive(Debug)]
pub(super) struct Standing {
    /// When it last looked for events.
    pub beat: Instant,
    /// What the fleet's folder lacks.
    pub lacking: Option<&'static str>,
    /// The system gives no watch.
    pub blind: bool,
}

impl WatchState {
    /// The watch lives as long as what it writes into.
    pub(super) fn of(standing: &Arc<Mutex<Standing>>) -> WatchState {
        WatchState(Arc::downgrade(standing))
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// What is wrong with the fleet's folder, such as `has vanished`.
    pub fn lacking(&self) -> Option<&'static str> {
        self.0.upgrade().and_then(|standing| locked(&standing).lacking)
    }

    /// How long ago it last looked for changes.
    pub fn idle(&self) -> Duration {
        self.0.upgrade().map_or(Duration::MAX, |standing| locked(&standing).beat.elapsed())
    }

    /// Whether the system gives no watch, so that changes are looked for every few seconds.
    pub fn is_blind(&self) -> bool {
        self.0.upgrade().is_some_and(|standing| locked(&standing).blind)
    }
}

/// Nothing that is done under the lock can break what is in it.
pub(super) fn locked(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}
