//! Which phones have been provisioned, and which revision of each file they last got.
//!
//! A phone's `[seed]` is sent at its first provisioning only, so that has to outlive a restart. Entries are appended to
//! one file by a thread of its own: a slow disk never slows a phone, and a line that was cut by a crash is skipped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use compact_str::CompactString;

use crate::phone::Mac;

/// How many entries may wait for the disk; more are kept in memory only, and written with the next start's.
const MAX_WAITING: usize = 100_000;

/// What a phone last got of one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    revision: CompactString,
    changed_at: u64,
}

impl Entry {
    /// When the file got a revision, if this is what the phone has.
    fn changed_at(&self, revision: &str, now: u64) -> u64 {
        if self.revision == revision { self.changed_at } else { now.max(self.changed_at.saturating_add(60)) }
    }
}

/// The record of what phones got.
#[derive(Debug)]
pub struct Ledger {
    entries: Mutex<BTreeMap<(Mac, CompactString), Entry>>,
    out: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Ledger {
    /// What was served before a shutdown is on the disk after it.
    fn drop(&mut self) {
        self.out = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Ledger {
    /// Opens the record in a state folder.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<Ledger> {
        let path = folder.join("provisioned.log");
        let entries = read(&path)?;
        rewrite(&path, &entries)?;
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let (out, lines) = sync_channel(MAX_WAITING);
        let writer = std::thread::Builder::new().name("ledger".into()).spawn(move || write(&lines, file))?;
        Ok(Ledger { entries: Mutex::new(entries), out: Some(out), writer: Some(writer) })
    }

    /// A record that is kept in memory only.
    pub fn in_memory() -> Ledger {
        Ledger { entries: Mutex::default(), out: None, writer: None }
    }

    /// Whether the phone has ever got a file of its own.
    pub fn knows(&self, mac: Mac) -> bool {
        self.entries.lock().is_ok_and(|entries| {
            entries.range((mac, CompactString::default())..).next().is_some_and(|((known, _), _)| *known == mac)
        })
    }

    /// When the file got this revision: at an earlier time, or now. Some phones count the time in minutes, so no two
    /// changes of a file have the same minute.
    pub fn changed_at(&self, mac: Mac, file: &CompactString, revision: &str, now: u64) -> u64 {
        let entries = self.entries.lock().ok();
        let entry = entries.as_ref().and_then(|entries| entries.get(&(mac, file.clone())));
        entry.map_or(now, |entry| entry.changed_at(revision, now))
    }

    /// Records that the phone got a revision of a file; says whether it is another one than the last time.
    pub fn served(&self, mac: Mac, file: &CompactString, revision: &str, now: u64) -> bool {
        let Ok(mut entries) = self.entries.lock() else { return true };
        let key = (mac, file.clone());
        let changed_at = match entries.get(&key) {
            Some(entry) if entry.revision == revision => return false,
            Some(entry) => entry.changed_at(revision, now),
            None => now,
        };
        entries.insert(key, Entry { revision: revision.into(), changed_at });
        if let Some(out) = &self.out
            && let Err(TrySendError::Full(_)) = out.try_send(line(mac, file, revision, changed_at))
        {
            tracing::warn!("the state folder's disk is too slow: an entry of the record is kept in memory only");
        }
        true
    }
}

fn line(mac: Mac, file: &str, revision: &str, changed_at: u64) -> String {
    format!("{mac} {file} {revision} {changed_at}\n")
}

fn read(path: &Path) -> std::io::Result<BTreeMap<(Mac, CompactString), Entry>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    Ok(text.lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<((Mac, CompactString), Entry)> {
    let mut parts = line.split(' ');
    let mac = parts.next()?.parse().ok()?;
    let (file, revision, changed_at) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
    (revision.len() == 32).then(|| ((mac, file.into()), Entry { revision: revision.into(), changed_at }))
}

/// Leaves one line for each file of each phone; written aside and renamed, so that nothing is lost by a crash.
fn rewrite(path: &PathBuf, entries: &BTreeMap<(Mac, CompactString), Entry>) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&aside)?);
    for ((mac, name), entry) in entries {
        file.write_all(line(*mac, name, &entry.revision, entry.changed_at).as_bytes())?;
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&aside, path)
}

fn write(lines: &Receiver<String>, file: File) {
    let mut file = BufWriter::new(file);
    while let Ok(first) = lines.recv() {
        let mut batch = std::iter::once(first).chain(lines.try_iter());
        let written = batch.try_for_each(|line| file.write_all(line.as_bytes())).and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::warn!("the record of provisioned phones cannot be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVISION: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    fn mac() -> Mac {
        "001565aabbcc".parse().unwrap()
    }

    #[test]
    fn the_time_of_a_change_stays_until_the_next_one() {
        let ledger = Ledger::in_memory();
        let file = CompactString::from("phone");
        assert!(!ledger.knows(mac()));
        ledger.served(mac(), &file, REVISION, 100);
        ledger.served(mac(), &file, REVISION, 200);
        assert_eq!(ledger.changed_at(mac(), &file, REVISION, 300), 100);
        assert_eq!(ledger.changed_at(mac(), &file, OTHER, 300), 300);
    }

    #[test]
    fn two_changes_have_a_minute_between_them() {
        let ledger = Ledger::in_memory();
        let file = CompactString::from("phone");
        ledger.served(mac(), &file, REVISION, 100);
        assert_eq!(ledger.changed_at(mac(), &file, OTHER, 130), 160);
        ledger.served(mac(), &file, OTHER, 130);
        assert_eq!(ledger.changed_at(mac(), &file, OTHER, 500), 160);
        assert_eq!(ledger.changed_at(mac(), &file, REVISION, 130), 220);
    }

    #[test]
    fn a_record_is_on_the_disk_when_the_server_has_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let file = CompactString::from("phone");
        for round in 1..=20_u8 {
            let ledger = Ledger::open(folder.path()).unwrap();
            for number in 0..50 {
                ledger.served(Mac::from_bytes([0, 21, 101, 0, round, number]), &file, REVISION, 100);
            }
            drop(ledger);
            let text = std::fs::read_to_string(folder.path().join("provisioned.log")).unwrap();
            assert_eq!(text.lines().count(), usize::from(round) * 50);
        }
    }

    #[test]
    fn a_record_cut_by_a_crash_loses_its_last_line_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("provisioned.log");
        std::fs::write(&path, format!("001565aabbcc phone {REVISION} 100\n001565aabbcd phone 01234")).unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        assert!(ledger.knows(mac()));
        assert!(!ledger.knows("001565aabbcd".parse().unwrap()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("001565aabbcc phone {REVISION} 100\n"));
    }
}
