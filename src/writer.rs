//! Files of people's that are written whole: there is always the old one or the new one under their name.
//!
//! The new text is written aside, in the same folder and under a name that nobody reads, and is on the disk before it
//! takes the file's name. The state folder has a way of its own, in `server`.

use std::fs::{File, Metadata, Permissions, rename};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What the name of a text that is written aside begins with.
pub const ASIDE: &str = ".offhook-";

/// The file that is written where a path is named: a symbolic link stays one, and what it leads to is written.
pub fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A new text beside the file that it is for.
pub struct Aside {
    target: PathBuf,
    file: NamedTempFile,
}

impl Aside {
    /// Writes a text aside. The file keeps its owner and its mode, as far as that is ours to say; one that is not there yet
    /// gets `mode`.
    ///
    /// # Errors
    /// Nothing is left then.
    pub fn write(path: &Path, text: &[u8], mode: u32) -> std::io::Result<Aside> {
        let target = target(path);
        let folder = target.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(ASIDE).tempfile_in(folder)?;
        file.write_all(text)?;
        match target.metadata() {
            Ok(old) => like(file.as_file(), &old)?,
            Err(_) => file.as_file().set_permissions(Permissions::from_mode(mode))?,
        }
        file.as_file().sync_all()?;
        Ok(Aside { target, file })
    }

    /// Where the new text is until then.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file that will be written.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the new text the file's name.
    ///
    /// # Errors
    /// The old file is still there, and nothing else.
    pub fn put(self) -> std::io::Result<()> {
        put(self.path(), &self.target)?;
        self.keep();
        Ok(())
    }

    /// Leaves the new text where it is.
    pub fn keep(self) {
        let _ = self.file.keep();
    }
}

/// Gives a text that was written aside the file's name.
///
/// # Errors
/// Both are still there.
pub fn put(aside: &Path, target: &Path) -> std::io::Result<()> {
    rename(aside, target)?;
    // The new name has to last as well; not every file system lets a folder be synced.
    let _ = target.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(())
}

/// Whoever could read the old file can read the new one: a server that is not root, say, what root has edited.
fn like(file: &File, old: &Metadata) -> std::io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        // Only root can give a file away; others may at least know its group.
        let _ = fchown(file, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(file, None, Some(old.gid())));
    }
    file.set_permissions(old.permissions())
}
