//! What waits to be written: bounded, and never in anybody's way.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::{Change, Fetch};

/// How many entries may wait; a storm of 10,000 phones fits in. About 8 MB when full.
pub(super) const MAX_WAITING: usize = 32_768;
/// So many changes more, which a storm of fetches cannot push out.
const FOR_CHANGES: usize = 1_000;
/// How long entries gather before they are written, so that the writer is woken, and the disk used, seldom.
const GATHER: Duration = Duration::from_millis(100);

/// An entry.
#[derive(Debug)]
pub(super) enum Note {
    Fetch(Fetch),
    Change(Box<Change>),
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Note>,
    /// Since the last time that the writer took note.
    lost: u64,
    /// Changes that were added, and those of them that were written.
    changes: u64,
    written: u64,
    all_lost: u64,
    trouble_since: Option<Instant>,
    closed: bool,
}

/// How a journal fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalFigures {
    /// Entries that wait to be written.
    pub waiting: usize,
    /// Entries that were lost since the start.
    pub lost: u64,
    /// For how long it could not be written; none where it can.
    pub trouble: Option<Duration>,
}

/// The queue between those who serve and the one who writes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    bell: Condvar,
}

impl Queue {
    /// Adds an entry, or counts it as lost.
    pub(super) fn add(&self, note: Note) {
        self.add_all([note]);
    }

    /// Adds entries that belong together: all of them, or none.
    pub(super) fn add_all(&self, notes: impl IntoIterator<Item = Note>) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let were_waiting = state.waiting.len();
        for note in notes {
            let room = match note {
                Note::Fetch(_) => MAX_WAITING,
                Note::Change(_) => MAX_WAITING + FOR_CHANGES,
            };
            match were_waiting < room {
                true => {
                    state.changes += u64::from(matches!(note, Note::Change(_)));
                    state.waiting.push(note);
                }
                false => {
                    state.lost += 1;
                    state.all_lost += 1;
                }
            }
        }
        let is_first = were_waiting == 0 && !state.waiting.is_empty();
        drop(state);
        if is_first {
            self.bell.notify_one();
        }
    }

    /// Waits until entries have gathered, but no longer than `idle` for the first one; tells whether the queue is closed.
    pub(super) fn gather(&self, idle: Duration) -> bool {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let Ok((state, _)) = self.bell.wait_timeout_while(self.lock(), idle, is_idle) else { return true };
        let (gathering, closed) = (!state.waiting.is_empty(), state.closed);
        drop(state);
        if gathering { self.rest(GATHER) } else { closed }
    }

    /// Waits, unless the queue is closed; tells whether it is.
    pub(super) fn rest(&self, time: Duration) -> bool {
        let rested = self.bell.wait_timeout_while(self.lock(), time, |state| !state.closed);
        rested.map_or(true, |(state, _)| state.closed)
    }

    /// What waits, and how many entries were lost since the last time.
    pub(super) fn take(&self) -> (Vec<Note>, u64) {
        let mut state = self.lock();
        (std::mem::take(&mut state.waiting), std::mem::take(&mut state.lost))
    }

    /// Takes note of changes that are written.
    pub(super) fn wrote(&self, changes: usize) {
        self.lock().written += changes as u64;
    }

    /// How many changes were added, and how many of them are written.
    pub(super) fn changes(&self) -> (u64, u64) {
        let state = self.lock();
        (state.changes, state.written)
    }

    /// Counts entries as lost that had been taken.
    pub(super) fn lose(&self, entries: u64) {
        self.lock().all_lost += entries;
    }

    /// Takes note whether the journal can be written.
    pub(super) fn written(&self, is_written: bool) {
        let mut state = self.lock();
        state.trouble_since = if is_written { None } else { state.trouble_since.or_else(|| Some(Instant::now())) };
    }

    /// How the journal fares.
    pub(super) fn figures(&self) -> JournalFigures {
        let state = self.lock();
        let trouble = state.trouble_since.map(|since| since.elapsed());
        JournalFigures { waiting: state.waiting.len(), lost: state.all_lost, trouble }
    }

    /// Takes nothing any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
    }

    /// Nothing that is done under the lock can break what is in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::tests::fetch;

    #[test]
    fn a_group_is_taken_as_a_whole_or_not_at_all() {
        let group = |changes| (0..changes).map(|_| Note::Change(Box::default()));
        let queue = Queue::default();
        (0..MAX_WAITING + 10).for_each(|number| queue.add(Note::Fetch(fetch(0, number as u32))));
        for (changes, waiting, lost) in [
            (FOR_CHANGES - 1, MAX_WAITING + FOR_CHANGES - 1, 10),
            (20, MAX_WAITING + FOR_CHANGES + 19, 10),
            (20, MAX_WAITING + FOR_CHANGES + 19, 30),
        ] {
            queue.add_all(group(changes));
            let figures = queue.figures();
            assert_eq!((figures.waiting, figures.lost), (waiting, lost));
        }
        assert_eq!(queue.changes().0, FOR_CHANGES as u64 + 19);
    }
}
