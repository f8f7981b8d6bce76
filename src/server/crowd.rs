//! Who has a place in the house, and who gives it up when there is none left.
//!
//! A connection without a request costs a caller nothing, so thousands of them must not keep a phone out: where places run
//! out, those go that have waited longest without asking for anything. Whoever is being answered stays.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

/// So many go at once, since finding the oldest means a look at all.
const TOGETHER: usize = 64;

/// A connection is being answered.
const BUSY: u64 = u64::MAX;

/// All connections that have a place.
#[derive(Default)]
pub(crate) struct Crowd {
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    taken: HashMap<u64, Arc<Seat>>,
    next: u64,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those on which an answer is on its way.
    pub answering: usize,
    /// Those of which a request is awaited, handshakes included.
    pub waiting: usize,
    /// All since the start.
    pub accepted: u64,
}

/// The place of one connection.
pub(crate) struct Seat {
    taken_at: Instant,
    /// Milliseconds after `taken_at` since when no whole request has come, or [`BUSY`].
    waits_since: AtomicU64,
    task: OnceLock<AbortHandle>,
}

impl Seat {
    /// The next request is waited for from now on.
    pub(crate) fn wait(&self) {
        self.waits_since.store(self.taken_at.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// A request has come as a whole.
    pub(crate) fn begin(&self) {
        self.waits_since.store(BUSY, Ordering::Relaxed);
    }

    /// Tells which task has to end when the place is given to another.
    pub(crate) fn is_of(&self, task: AbortHandle) {
        let _ = self.task.set(task);
    }

    fn waits_since(&self) -> Option<Instant> {
        let since = self.waits_since.load(Ordering::Relaxed);
        (since != BUSY).then(|| self.taken_at + Duration::from_millis(since))
    }
}

/// Keeps a place until it is dropped.
pub(crate) struct Sitting {
    crowd: Arc<Crowd>,
    number: u64,
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.crowd.lock().taken.remove(&self.number);
    }
}

impl Crowd {
    /// How many connections there are.
    pub(super) fn count(&self) -> Connections {
        let seats = self.lock();
        let waiting = seats.taken.values().filter(|seat| seat.waits_since().is_some()).count();
        Connections { answering: seats.taken.len() - waiting, waiting, accepted: seats.next }
    }

    /// Takes a place.
    pub(crate) fn sit(self: &Arc<Crowd>) -> (Arc<Seat>, Sitting) {
        let seat =
            Arc::new(Seat { taken_at: Instant::now(), waits_since: AtomicU64::default(), task: OnceLock::new() });
        let mut seats = self.lock();
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(&seat));
        (seat, Sitting { crowd: Arc::clone(self), number })
    }

    /// Ends some of those that have waited for at least so long, the longest waiting first. Returns how many.
    pub(crate) fn give_way(&self, patience: Duration) -> usize {
        let now = Instant::now();
        let seats = self.lock();
        let since = |seat: &&Arc<Seat>| Some((seat.waits_since()?, seat.task.get()?.clone()));
        let mut waiting: Vec<_> = seats.taken.values().filter_map(|seat| since(&seat)).collect();
        drop(seats);
        waiting.retain(|(since, _)| now.saturating_duration_since(*since) >= patience);
        if waiting.len() > TOGETHER {
            waiting.select_nth_unstable_by_key(TOGETHER, |(since, _)| *since);
            waiting.truncate(TOGETHER);
        }
        waiting.iter().for_each(|(_, task)| task.abort());
        waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
