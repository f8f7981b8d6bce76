//! Files of the state folder, which a command may make before the server does, and under another user.
//!
//! A command may run as root in a folder that belongs to the server's user, and shall not become that user's hand: no
//! file is opened through a symbolic link, and none is given away that has another name elsewhere.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use zeroize::Zeroizing;

/// The name of the key of revisions.
pub const REVISION_KEY: &str = "revision.key";

/// Held by whoever writes a file that others write too.
const WRITING: &str = "writing.lock";

/// Makes the folder if there is none, for its owner and his group only.
///
/// # Errors
/// It cannot be made.
pub fn make(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o750).create(folder)
}

/// Whether a server has kept its state in a folder, or has begun to.
pub fn is_state(folder: &Path) -> bool {
    [WRITING, REVISION_KEY, "self-signed.key"].iter().any(|name| folder.join(name).exists())
}

/// A key of the folder, of 256 bits; made if there is none.
///
/// # Errors
/// It cannot be read, or not be written; or what is there is no key, and to make another would undo what it was for.
pub fn key(folder: &Path, name: &str) -> std::io::Result<[u8; 32]> {
    let path = folder.join(name);
    // One that is there is taken also where nothing can be written.
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let _writing = writing(folder)?;
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let key = random_key()?;
    replace(&path, 0o600, |file| file.write_all(&key))?;
    Ok(key)
}

/// A key that nobody has had before.
///
/// # Errors
/// The system gives no random numbers.
pub fn random_key() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
    Ok(bytes)
}

/// A key of the folder, if there is one.
///
/// # Errors
/// It cannot be read, or is no key.
pub fn known_key(folder: &Path, name: &str) -> std::io::Result<Option<Zeroizing<[u8; 32]>>> {
    Ok(read_key(&folder.join(name))?.map(Zeroizing::new))
}

fn read_key(path: &Path) -> std::io::Result<Option<[u8; 32]>> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map(Some).map_err(|_| std::io::Error::other("it is not a key of 32 bytes")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file of the folder, if there is one.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let opened = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    match opened.and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until nobody else writes, and keeps others waiting as long as what it gives lives.
///
/// # Errors
/// The folder cannot be used.
pub fn writing(folder: &Path) -> std::io::Result<File> {
    let file = lock_file(folder, WRITING)?;
    file.lock()?;
    Ok(file)
}

/// A file of the folder to be locked, of whichever user's.
///
/// # Errors
/// There is none, and it cannot be made.
pub fn lock_file(folder: &Path, name: &str) -> std::io::Result<File> {
    let path = folder.join(name);
    OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(&path).or_else(|_| to_append(&path))
}

/// A file of the folder, to be read and appended to; made if there is none.
///
/// # Errors
/// It cannot be opened or made.
pub fn to_append(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).custom_flags(O_NOFOLLOW).open(path)?;
    belongs(&file, path);
    Ok(file)
}

/// Gives a file to the owner of its folder, so that a server may read what an administrator's command wrote. Only root
/// can do so, and nobody else needs to.
fn belongs(file: &File, path: &Path) {
    if let (Ok(own), Some(Ok(wanted))) = (file.metadata(), path.parent().map(std::fs::metadata))
        && (own.uid(), own.gid()) != (wanted.uid(), wanted.gid())
        && own.is_file()
        && own.nlink() == 1
    {
        let _ = fchown(file, Some(wanted.uid()), Some(wanted.gid()));
    }
}

/// Writes a file anew, aside and then in its place, so that nothing is lost by a crash.
///
/// # Errors
/// It cannot be written.
pub fn rewrite<L: AsRef<str>>(path: &Path, mut lines: impl Iterator<Item = L>) -> std::io::Result<()> {
    replace(path, 0o644, |file| lines.try_for_each(|line| file.write_all(line.as_ref().as_bytes())))
}

/// Puts a file in place that is whole and on the disk when it gets its name.
///
/// # Errors
/// It cannot be written; what was there stays.
pub fn replace(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let aside = PathBuf::from(name);
    // Left by a run that was killed halfway, if at all.
    let _ = std::fs::remove_file(&aside);
    let written = || {
        let mut file = BufWriter::new(OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?);
        belongs(file.get_ref(), path);
        write(&mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&aside, path)
    };
    written().inspect_err(|_| drop(std::fs::remove_file(&aside)))?;
    // The new name has to last as well; not every file system lets a folder be synced.
    let _ = path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(())
}
