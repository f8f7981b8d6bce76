//! Which firmware phones run, as they last told it: some requests of the same phone tell it, and others do not.

use std::collections::HashMap;
use std::path::Path;
use std::sync::RwLock;

use compact_str::CompactString;

use super::record::{Record, text};
use crate::phone::Mac;

const FILE: &str = "firmware.log";
/// No maker's firmware is named by more characters; the longest known has 27.
const LONGEST: usize = 64;

/// The firmware of phones that were given a file of their own, so there are no more of them than the fleet has phones.
#[derive(Debug)]
pub struct Seen {
    firmware: RwLock<HashMap<Mac, CompactString>>,
    record: Option<Record>,
}

impl Seen {
    /// Opens what a state folder remembers.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<Seen> {
        let path = folder.join(FILE);
        let firmware = read(&path)?;
        let record = Record::rewrite(&path, firmware.iter().map(|(mac, firmware)| line(*mac, firmware)))?;
        Ok(Seen { firmware: RwLock::new(firmware), record: Some(record) })
    }

    /// Remembers nothing over a restart.
    pub fn in_memory() -> Seen {
        Seen { firmware: RwLock::default(), record: None }
    }

    /// What the phone was last seen with.
    pub fn firmware(&self, mac: Mac) -> Option<CompactString> {
        self.firmware.read().ok()?.get(&mac).cloned()
    }

    /// Notes what a phone runs; says whether that is something else than the last time.
    pub fn note(&self, mac: Mac, firmware: &str) -> bool {
        let is_known = |known: &HashMap<Mac, CompactString>| known.get(&mac).is_some_and(|known| known == firmware);
        if !is_firmware(firmware) || self.firmware.read().is_ok_and(|known| is_known(&known)) {
            return false;
        }
        if let Ok(mut known) = self.firmware.write() {
            known.insert(mac, firmware.into());
        }
        if let Some(record) = &self.record {
            record.add(line(mac, firmware));
        }
        true
    }
}

/// What a phone was last seen with by the server that keeps its state in this folder.
///
/// # Errors
/// The file is there, and cannot be read.
pub fn last_seen(folder: &Path, mac: Mac) -> std::io::Result<Option<CompactString>> {
    Ok(all(folder)?.remove(&mac))
}

/// What all phones were last seen with by the server that keeps its state in this folder.
///
/// # Errors
/// The file is there, and cannot be read.
pub fn all(folder: &Path) -> std::io::Result<HashMap<Mac, CompactString>> {
    read(&folder.join(FILE))
}

fn read(path: &Path) -> std::io::Result<HashMap<Mac, CompactString>> {
    Ok(text(path)?.lines().filter_map(parse).collect())
}

fn line(mac: Mac, firmware: &str) -> String {
    format!("{mac} {firmware} .\n")
}

/// The dot at the end tells a line that is whole.
fn parse(line: &str) -> Option<(Mac, CompactString)> {
    let (mac, firmware) = line.strip_suffix(" .")?.split_once(' ')?;
    Some((mac.parse().ok()?, is_firmware(firmware).then(|| firmware.into())?))
}

fn is_firmware(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_firmware_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mac: Mac = "001565aabbcc".parse().unwrap();
        let seen = Seen::open(folder.path()).unwrap();
        assert_eq!(seen.firmware(mac), None);
        for firmware in ["66.81.0.110", "66.86.0.15", "66.86.0.15", "a\nb", "", &"6".repeat(65)] {
            seen.note(mac, firmware);
        }
        drop(seen);
        let path = folder.path().join(FILE);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{mac} 66.81.0.110 .\n{mac} 66.86.0.15 .\n"));
        // A line that was cut by a crash.
        std::fs::write(&path, format!("{mac} 66.86.0.15 .\n{mac} 66.8")).unwrap();
        assert_eq!(Seen::open(folder.path()).unwrap().firmware(mac).as_deref(), Some("66.86.0.15"));
        assert_eq!(last_seen(folder.path(), mac).unwrap().as_deref(), Some("66.86.0.15"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{mac} 66.86.0.15 .\n"));
    }
}
