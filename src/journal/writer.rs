//! The one who writes the journal: a thread of its own, which nothing else waits for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::fold::{Batch, Folds};
use super::now_ms;
use super::queue::{Note, Queue};
use super::store::{JournalError, Store, set_aside};
use crate::fleet::Keeping;

/// How often it is looked whether something is too old, or the file too large.
const CARE: Duration = Duration::from_secs(60);
/// The pause between two steps of deleting.
const PAUSE: Duration = Duration::from_millis(50);
/// After how long the file is tried again; twice as long each time…
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// …up to this.
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How often lost entries are told at the most.
const TELL: Duration = Duration::from_secs(60);

/// Entries that did not fit into the queue, or were in a file that broke.
#[derive(Debug, Clone, Copy)]
struct Lost {
    entries: u64,
    from: i64,
}

pub(super) struct Writer {
    path: PathBuf,
    queue: Arc<Queue>,
    keeping: Box<dyn Fn() -> Keeping + Send>,
    runtime: Runtime,
    store: Option<Store>,
    folds: Folds,
    batch: Batch,
    lost: Option<Lost>,
    told: Option<Instant>,
    /// How long to wait before the file is tried again, if it cannot be used.
    trouble: Option<Duration>,
    next_care: Instant,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        queue: Arc<Queue>,
        keeping: Box<dyn Fn() -> Keeping + Send>,
    ) -> std::io::Result<Writer> {
        Ok(Writer {
            path,
            queue,
            keeping,
            runtime: Builder::new_current_thread().enable_all().build()?,
            store: None,
            folds: Folds::default(),
            batch: Batch::default(),
            lost: None,
            told: None,
            trouble: None,
            next_care: Instant::now(),
        })
    }

    /// Writes until the queue is closed, and then what is left in it.
    pub(super) fn run(&mut self) {
        loop {
            let closed = match self.trouble {
                Some(wait) => self.queue.rest(wait),
                None => self.queue.gather(self.next_care.saturating_duration_since(Instant::now())),
            };
            let done = match (self.keeping)() {
                keeping if keeping.enabled => self.turn(keeping, closed),
                _ => {
                    self.idle();
                    Ok(())
                }
            };
            self.queue.written(done.is_ok());
            match done {
                Ok(()) if self.trouble.take().is_some() => {
                    tracing::info!("the journal `{}` is written again", self.path.display());
                }
                Ok(()) => {}
                Err(error) => self.failed(&error),
            }
            if closed {
                return self.end();
            }
        }
    }

    /// No journal is wanted.
    fn idle(&mut self) {
        self.take();
        // Nobody has to wait for what is not kept.
        self.queue.wrote(self.batch.changes.len());
        self.batch = Batch::default();
        self.leave();
        self.lost = None;
        self.next_care = Instant::now() + CARE;
    }

    /// Writes what has gathered, and takes care of the file.
    fn turn(&mut self, keeping: Keeping, closed: bool) -> Result<(), JournalError> {
        // What could not be written is tried again before more is taken.
        if self.batch.is_empty() {
            self.take();
        }
        self.open()?;
        self.write(closed)?;
        if closed && self.trouble.is_some() {
            self.take();
            self.write(closed)?;
        }
        if !closed && self.next_care <= Instant::now() {
            self.care(keeping)?;
        }
        Ok(())
    }

    fn take(&mut self) {
        let (notes, lost) = self.queue.take();
        self.lose(lost);
        for note in notes {
            match note {
                Note::Fetch(fetch) => self.folds.add(fetch, &mut self.batch),
                Note::Change(change) => self.batch.changes.push(*change),
            }
        }
    }

    fn lose(&mut self, entries: u64) {
        if entries > 0 {
            self.lost.get_or_insert(Lost { entries: 0, from: now_ms() }).entries += entries;
        }
    }

    fn open(&mut self) -> Result<(), JournalError> {
        if self.store.is_none() {
            self.store = Some(self.runtime.block_on(Store::open(&self.path))?);
        }
        Ok(())
    }

    fn write(&mut self, closed: bool) -> Result<(), JournalError> {
        let due = closed || self.trouble.is_some() || self.told.is_none_or(|told| told.elapsed() >= TELL);
        let lost = self.lost.filter(|_| due);
        let Some(store) = self.store.as_mut().filter(|_| !self.batch.is_empty() || lost.is_some()) else {
            return Ok(());
        };
        let gap = lost.map(|lost| (lost.entries, lost.from, now_ms()));
        let first = self.runtime.block_on(store.write(&self.batch, gap))?;
        self.folds.written(first);
        self.queue.wrote(self.batch.changes.len());
        self.batch = Batch::default();
        if let Some(lost) = lost {
            tracing::warn!("{} entries of the journal were lost: more came than could be written", lost.entries);
            (self.lost, self.told) = (None, Some(Instant::now()));
        }
        Ok(())
    }

    fn care(&mut self, keeping: Keeping) -> Result<(), JournalError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        if !store.is_there() {
            tracing::warn!("the journal `{}` is gone or another one: a new one is begun", self.path.display());
            self.leave();
            return self.open();
        }
        let oldest = now_ms() - i64::from(keeping.days) * 24 * 3600 * 1000;
        let more = self.runtime.block_on(store.clean(oldest, i64::from(keeping.megabytes) << 20))?;
        self.next_care = Instant::now() + if more { PAUSE } else { CARE };
        Ok(())
    }

    /// Says once what is wrong; a file whose content is broken is set aside.
    fn failed(&mut self, error: &JournalError) {
        let path = self.path.display();
        let first = self.trouble.is_none();
        self.trouble = Some(self.trouble.map_or(FIRST_RETRY, |wait| (wait * 2).min(LAST_RETRY)));
        if first {
            tracing::error!(
                "the journal `{path}` cannot be written: {error}; phones are served all the same, and it is tried again"
            );
        }
        if error.is_corrupt() {
            self.leave();
            match set_aside(&self.path, now_ms()) {
                Ok(aside) => {
                    tracing::error!("the journal was broken: it is set aside as `{}`, and begun anew", aside.display());
                }
                Err(error) => {
                    tracing::error!("the broken journal `{}` cannot be set aside: {error}", self.path.display())
                }
            }
        }
    }

    /// Closes the file, and forgets what refers to it.
    fn leave(&mut self) {
        if let Some(store) = self.store.take() {
            self.runtime.block_on(store.close());
        }
        let again = self.batch.again.drain().map(|(_, again)| again.times).sum();
        self.queue.lose(again);
        self.lose(again);
        self.folds.forget();
    }

    fn end(&mut self) {
        self.take();
        let left = self.batch.entries() + self.lost.map_or(0, |lost| lost.entries);
        if left > 0 && (self.keeping)().enabled {
            tracing::warn!("{left} entries of the journal are lost: it cannot be written");
        }
        self.leave();
    }
}
