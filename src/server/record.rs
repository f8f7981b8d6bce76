//! A small file of the state folder that grows by lines, one for each thing to remember.
//!
//! Lines are appended by a thread of its own: a slow disk never slows a phone, and a line that was cut by a crash is
//! skipped. At the start the file is written anew with what counts. While it cannot be written, be the disk full, the
//! folder read-only or gone, lines wait in memory, and it is tried again; both is said once, and not for every line.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::folder::{make, rewrite};

/// How many lines may wait for the disk; more are kept in memory only, and written when they change again.
const MAX_WAITING: usize = 100_000;

/// After what time a file that cannot be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The end of a file to which lines are added.
#[derive(Debug)]
pub(super) struct Record {
    out: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    /// Said that the disk is too slow.
    slow: AtomicBool,
}

impl Drop for Record {
    /// What was noted before a shutdown is on the disk after it.
    fn drop(&mut self) {
        self.out = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Record {
    /// Writes a file anew, and goes on at its end. A file that cannot be written is logged, and tried again.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn rewrite(path: &Path, lines: impl Iterator<Item = String>) -> std::io::Result<Record> {
        let known = lines.collect();
        let mut page =
            Page { path: path.to_owned(), file: None, known, waiting: Vec::new(), left_out: 0, trouble: false };
        page.try_to_write();
        let (out, lines) = sync_channel(MAX_WAITING);
        let writer = std::thread::Builder::new().name("record".into()).spawn(move || page.follow(&lines))?;
        Ok(Record { out: Some(out), writer: Some(writer), slow: AtomicBool::new(false) })
    }

    /// Adds a line, with its end.
    pub(super) fn add(&self, line: String) {
        if let Some(out) = &self.out
            && let Err(TrySendError::Full(_)) = out.try_send(line)
            && !self.slow.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("the state folder's disk is too slow: entries of a record are kept in memory only");
        }
    }
}

/// The text of a file that may not be there yet. What a broken disk has made of a line spoils that line only.
///
/// # Errors
/// It is there, and cannot be read.
pub(super) fn text(path: &Path) -> std::io::Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The file, and what is still to be written.
struct Page {
    path: PathBuf,
    /// Also to be read: what is in it still counts when its name is gone.
    file: Option<File>,
    /// What a file that is made anew begins with.
    known: String,
    waiting: Vec<String>,
    left_out: usize,
    /// It could not be written the last time.
    trouble: bool,
}

impl Page {
    /// Writes lines as they come, until no more can come.
    fn follow(mut self, lines: &Receiver<String>) {
        let mut again = Instant::now();
        loop {
            let wait = if self.trouble { again.saturating_duration_since(Instant::now()) } else { Duration::MAX };
            let first = lines.recv_timeout(wait);
            let is_over = first == Err(RecvTimeoutError::Disconnected);
            self.waiting.extend(first.into_iter().chain(lines.try_iter()));
            self.left_out += self.waiting.len().saturating_sub(MAX_WAITING);
            self.waiting.truncate(MAX_WAITING);
            let is_due = if self.trouble { is_over || Instant::now() >= again } else { !self.waiting.is_empty() };
            if is_due {
                self.try_to_write();
                again = Instant::now() + AGAIN;
            }
            if is_over {
                return;
            }
        }
    }

    fn try_to_write(&mut self) {
        let written = self.write();
        let path = self.path.display();
        match written {
            Ok(()) if self.trouble => {
                tracing::info!(left_out = self.left_out, "`{path}` can be written again");
                (self.trouble, self.left_out) = (false, 0);
            }
            Ok(()) => {}
            Err(error) => {
                if !self.trouble {
                    tracing::error!("`{path}` cannot be written: {error}; it is kept in memory until it can");
                }
                self.trouble = true;
            }
        }
    }

    /// Puts all that waits on the disk.
    fn write(&mut self) -> std::io::Result<()> {
        match &mut self.file {
            Some(file) if is_at(file, &self.path) => append(file, &self.waiting.concat())?,
            _ => self.begin_anew()?,
        }
        self.waiting.clear();
        Ok(())
    }

    /// Makes the file, and its folder where that is gone too.
    fn begin_anew(&mut self) -> std::io::Result<()> {
        if let Some(file) = &mut self.file {
            let mut bytes = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            self.known = String::from_utf8_lossy(&bytes).into_owned();
        }
        self.path.parent().map_or(Ok(()), make)?;
        rewrite(&self.path, std::iter::once(&self.known).chain(&self.waiting))?;
        self.file = Some(OpenOptions::new().read(true).append(true).open(&self.path)?);
        self.known = String::new();
        Ok(())
    }
}

fn append(file: &mut File, text: &str) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).inspect_err(|_| {
        // Half a line would spoil the next one.
        let _ = file.set_len(length);
    })
}

/// Whether a file still has its name.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |metadata: std::io::Result<Metadata>| metadata.ok().map(|found| (found.dev(), found.ino()));
    place(file.metadata()).is_some_and(|own| place(std::fs::metadata(path)) == Some(own))
}
