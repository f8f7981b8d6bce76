//! A small file of the state folder that grows by lines, one for each thing to remember.
//!
//! Lines are appended by a thread of its own: a slow disk never slows a phone, and a line that was cut by a crash is
//! skipped. At the start the file is written anew with what counts.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::folder::rewrite;

/// How many lines may wait for the disk; more are kept in memory only, and written when they change again.
const MAX_WAITING: usize = 100_000;

/// The end of a file to which lines are added.
#[derive(Debug)]
pub(super) struct Record {
    out: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
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
    /// Writes a file anew, and goes on at its end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn rewrite(path: &Path, lines: impl Iterator<Item = String>) -> std::io::Result<Record> {
        rewrite(path, lines)?;
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let (out, lines) = sync_channel(MAX_WAITING);
        let writer = std::thread::Builder::new().name("record".into()).spawn(move || write(&lines, file))?;
        Ok(Record { out: Some(out), writer: Some(writer) })
    }

    /// Adds a line, with its end.
    pub(super) fn add(&self, line: String) {
        if let Some(out) = &self.out
            && let Err(TrySendError::Full(_)) = out.try_send(line)
        {
            tracing::warn!("the state folder's disk is too slow: an entry of the record is kept in memory only");
        }
    }
}

/// The text of a file that may not be there yet.
///
/// # Errors
/// It is there, and cannot be read.
pub(super) fn text(path: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

fn write(lines: &Receiver<String>, file: File) {
    let mut file = BufWriter::new(file);
    while let Ok(first) = lines.recv() {
        let mut batch = std::iter::once(first).chain(lines.try_iter());
        let written = batch.try_for_each(|line| file.write_all(line.as_bytes())).and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::warn!("a record of the state folder cannot be written: {error}");
        }
    }
}
