//! How a file looks from outside, so that only what has changed is read again.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file that has changed within this time may still be in somebody's hands…
const YOUNG: Duration = Duration::from_millis(10);
/// …and so may one that is empty.
const EMPTY: Duration = Duration::from_secs(1);

/// A file's identity, size and times of change; of a link, those of the file that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified_nanos: i128,
    changed_nanos: i128,
}

impl Stamp {
    /// How a file looks now; none if it cannot be seen.
    pub fn of(path: &Path) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path).ok()?;
        let nanos = |secs: i64, nanos: i64| i128::from(secs) * 1_000_000_000 + i128::from(nanos);
        Some(Stamp {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified_nanos: nanos(meta.mtime(), meta.mtime_nsec()),
            changed_nanos: nanos(meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// Whether it is the same file or folder, whatever is in it.
    pub fn is_same_place(&self, other: &Stamp) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether it has changed so lately that somebody may still be writing it; an empty file most likely is to be filled.
    pub fn is_unfinished(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i128);
        let time = if self.size == 0 { EMPTY } else { YOUNG };
        // A clock that was set back must not keep a file from being read.
        (0..time.as_nanos() as i128).contains(&(now - self.modified_nanos.max(self.changed_nanos)))
    }
}
