//! Files of the state folder, which a command may make before the server does, and under another user.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Held by whoever writes a file that others write too.
const WRITING: &str = "writing.lock";

/// A key of the folder, of 256 bits; made if there is none.
///
/// # Errors
/// It cannot be read, or not be written; or what is there is no key, and to make another would undo what it was for.
pub fn key(folder: &Path, name: &str) -> std::io::Result<[u8; 32]> {
    let path = folder.join(name);
    let _writing = writing(folder)?;
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| std::io::Error::other("it is not a key of 32 bytes")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(folder, &path),
        Err(error) => Err(error),
    }
}

fn make(folder: &Path, path: &Path) -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(std::io::Error::other)?;
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    belongs(&file, folder);
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(aside, path)?;
    Ok(bytes)
}

/// Waits until nobody else writes, and keeps others waiting as long as what it gives lives.
///
/// # Errors
/// The folder cannot be used.
pub(super) fn writing(folder: &Path) -> std::io::Result<File> {
    let file = lock_file(folder, WRITING)?;
    file.lock()?;
    Ok(file)
}

/// A file of the folder to be locked, of whichever user's.
///
/// # Errors
/// There is none, and it cannot be made.
pub(super) fn lock_file(folder: &Path, name: &str) -> std::io::Result<File> {
    let path = folder.join(name);
    File::open(&path).or_else(|_| {
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        belongs(&file, folder);
        Ok(file)
    })
}

/// Gives a file to the owner of the folder, so that a server may read what an administrator's command wrote. Only root
/// can do so, and nobody else needs to.
pub(super) fn belongs(file: &File, folder: &Path) {
    if let (Ok(own), Ok(wanted)) = (file.metadata(), std::fs::metadata(folder))
        && (own.uid(), own.gid()) != (wanted.uid(), wanted.gid())
    {
        let _ = fchown(file, Some(wanted.uid()), Some(wanted.gid()));
    }
}

/// Writes a file anew, aside and then in its place, so that nothing is lost by a crash.
///
/// # Errors
/// It cannot be written.
pub(super) fn rewrite<L: AsRef<str>>(path: &Path, lines: impl Iterator<Item = L>) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&aside)?);
    for line in lines {
        file.write_all(line.as_ref().as_bytes())?;
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&aside, path)
}
