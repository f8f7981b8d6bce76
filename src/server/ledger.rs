//! Which phones have been provisioned, which revision of each file they last got, and with which firmware.
//!
//! A phone's `[seed]` is sent at its first provisioning only, so that has to outlive a restart.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use compact_str::CompactString;

use super::record::{Record, text};
use super::seen::Seen;
use crate::phone::Mac;

const FILE: &str = "provisioned.log";
/// The year 10000, which no clock tells and no file can show: a time beyond it is damage.
const NO_TIME: u64 = 253_402_300_800;

/// What a phone last got of one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its revision.
    pub revision: CompactString,
    /// Since when it is that one, in seconds since 1970.
    pub changed_at: u64,
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
    entries: Mutex<Entries>,
    record: Option<Record>,
    seen: Seen,
}

impl Ledger {
    /// Opens the record in a state folder.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<Ledger> {
        let path = folder.join(FILE);
        let entries = read(&path)?;
        let lines = entries.iter().map(|((mac, name), entry): (&(Mac, CompactString), &Entry)| {
            line(*mac, name, &entry.revision, entry.changed_at)
        });
        let record = Record::rewrite(&path, lines)?;
        Ok(Ledger { entries: Mutex::new(entries), record: Some(record), seen: Seen::open(folder)? })
    }

    /// A record that is kept in memory only.
    pub fn in_memory() -> Ledger {
        Ledger { entries: Mutex::default(), record: None, seen: Seen::in_memory() }
    }

    /// Which firmware phones run.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What the phone last got of each of its files.
    pub fn files_of(&self, mac: Mac) -> Vec<(CompactString, Entry)> {
        let Ok(entries) = self.entries.lock() else { return Vec::new() };
        files_of(&entries, mac).map(|((_, file), entry)| (file.clone(), entry.clone())).collect()
    }

    /// Whether the phone has ever got a file of its own.
    pub fn knows(&self, mac: Mac) -> bool {
        self.entries.lock().is_ok_and(|entries| files_of(&entries, mac).next().is_some())
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
        if let Some(record) = &self.record {
            record.add(line(mac, file, revision, changed_at));
        }
        true
    }
}

/// What phones last got of each file.
pub type Entries = BTreeMap<(Mac, CompactString), Entry>;

/// What phones last got from the server that keeps its state in this folder.
///
/// # Errors
/// The record is there, and cannot be read.
pub fn served(folder: &Path) -> std::io::Result<Entries> {
    read(&folder.join(FILE))
}

/// Those of one phone.
pub fn files_of(entries: &Entries, mac: Mac) -> impl Iterator<Item = (&(Mac, CompactString), &Entry)> {
    entries.range((mac, CompactString::default())..).take_while(move |((known, _), _)| *known == mac)
}

fn read(path: &Path) -> std::io::Result<Entries> {
    Ok(text(path)?.lines().filter_map(parse).collect())
}

fn line(mac: Mac, file: &str, revision: &str, changed_at: u64) -> String {
    format!("{mac} {file} {revision} {changed_at}\n")
}

fn parse(line: &str) -> Option<((Mac, CompactString), Entry)> {
    let mut parts = line.split(' ');
    let mac = parts.next()?.parse().ok()?;
    let (file, revision, changed_at): (_, _, u64) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
    (revision.len() == 32 && changed_at < NO_TIME)
        .then(|| ((mac, file.into()), Entry { revision: revision.into(), changed_at }))
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
    fn a_clock_that_jumps_makes_no_older_stamp() {
        let ledger = Ledger::in_memory();
        let file = CompactString::from("phone");
        let (long_ago, today, far_ahead) = (86_400, 1_700_000_000, 4_000_000_000);
        let mut before = 0;
        for (now, revision, stamp) in [
            (today, REVISION, today),
            (long_ago, OTHER, today + 60),
            (0, REVISION, today + 120),
            (far_ahead, OTHER, far_ahead),
            (today + 600, REVISION, far_ahead + 60),
            (far_ahead + 600, OTHER, far_ahead + 600),
        ] {
            assert_eq!(ledger.changed_at(mac(), &file, revision, now), stamp);
            ledger.served(mac(), &file, revision, now);
            assert!(std::mem::replace(&mut before, stamp) < stamp);
        }
        // A time that no clock tells is damage.
        assert!(parse(&format!("001565aabbcc phone {REVISION} 253402300799")).is_some());
        assert!(parse(&format!("001565aabbcc phone {REVISION} 18446744073709551615")).is_none());
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
