//! Who fetched what and when, and who changed what.
//!
//! Nothing on the way of a request waits for it: [`Journal::fetched`] lays an entry in a queue in memory, and a thread
//! of its own writes what has gathered there, ten times a second at the most, into a SQLite file. When the file cannot
//! be written, phones are served as before; what no longer fits into the queue is counted, and the count is kept.
//!
//! What a phone that asks in vain, or somebody who walks through MACs, does again and again is folded into one row with
//! a count, see `fold`. A path may hold a token and is never kept, nor is any header but the user agent.
//!
//! The statements are plain SQL, so that PostgreSQL can stand in SQLite's place for more than one machine.

mod entry;
mod fold;
mod harmless;
mod queue;
mod read;
mod store;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use entry::{Change, Fetch, MAX_AGENT, NO_HANDSHAKE, agent};
pub use harmless::harmless;
pub use queue::JournalFigures;
pub use read::{Changed, Fetched, Gap, History, Reader, Sealed, Wanted};
pub use store::{JournalError, append};

use crate::fleet::Keeping;
use queue::{Note, Queue};
use writer::Writer;

/// How long a shutdown waits for what is still in the queue.
const FAREWELL: Duration = Duration::from_secs(5);

/// The journal's file in a state folder.
pub fn path(state: &Path) -> PathBuf {
    state.join("journal.sqlite")
}

/// The end of the journal to which entries are added.
#[derive(Debug)]
pub struct Journal {
    queue: Arc<Queue>,
    /// Ends when the writer has.
    written: Mutex<Option<Receiver<()>>>,
}

impl Journal {
    /// Opens the journal of a state folder; `keeping` is asked from time to time how much to keep.
    ///
    /// A file that cannot be used is no error: it is told, and tried again.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn open(state: &Path, keeping: impl Fn() -> Keeping + Send + 'static) -> std::io::Result<Journal> {
        let queue = Arc::new(Queue::default());
        let mut writer = Writer::new(path(state), queue.clone(), Box::new(keeping))?;
        let (ended, written) = channel::<()>();
        std::thread::Builder::new().name("journal".into()).spawn(move || {
            writer.run();
            drop(ended);
        })?;
        Ok(Journal { queue, written: Mutex::new(Some(written)) })
    }

    /// Adds an answer that a phone was given. Never waits.
    pub fn fetched(&self, fetch: Fetch) {
        self.queue.add(Note::Fetch(fetch));
    }

    /// Adds a change of the fleet or of the server's state. Never waits.
    pub fn changed(&self, change: Change) {
        self.queue.add(Note::Change(Box::new(change)));
    }

    /// Waits until all changes that were added up to now are written, and no longer than a time.
    pub async fn has_changes(&self, at_most: Duration) {
        let (added, _) = self.queue.changes();
        let all_written = async {
            while self.queue.changes().1 < added {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(at_most, all_written).await;
    }

    /// Adds what one write has changed: it is kept together.
    pub fn changed_together(&self, changes: Vec<Change>) {
        let together = Some(changes.len() as i64);
        let note = |change| Note::Change(Box::new(Change { together, ..change }));
        self.queue.add_all(changes.into_iter().map(note));
    }

    /// How it fares.
    pub fn figures(&self) -> JournalFigures {
        self.queue.figures()
    }

    /// Writes what is in the queue, as long as that takes no more than some seconds; what comes later is not kept.
    pub fn close(&self) {
        self.queue.close();
        let written = self.written.lock().ok().and_then(|mut written| written.take());
        if let Some(written) = written
            && let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = written.recv_timeout(FAREWELL)
        {
            tracing::warn!("the journal is left unfinished: its disk is too slow for the shutdown");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

/// A time in milliseconds since 1970 as people and programs read it, such as `2026-11-23T08:00:00Z`.
pub fn utc(at_ms: i64) -> String {
    let Ok(at) = tz::UtcDateTime::from_timespec(at_ms.div_euclid(1000), 0) else { return at_ms.to_string() };
    let (year, month, day) = (at.year(), at.month(), at.month_day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

/// The time in seconds since 1970.
pub fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time in milliseconds since 1970.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
