//! Files as text, and as findings show them.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::findings::Finding;

/// The largest TOML file that is read, in bytes: a line with a thousand keys is under 200 kB.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The number of Linux's error for a symbolic link that leads back to itself; its name in `std` is not stable yet.
const ELOOP: i32 = 40;

/// Reads a file as text, or says why not: too large, unreadable, a link that leads back to itself, not UTF-8.
///
/// # Errors
/// The finding to show, with `shown` as its file.
pub fn read_text(path: &Path, shown: &Path) -> Result<String, Finding> {
    let cannot = |error: std::io::Error| {
        let finding = Finding::error("unreadable", shown, None, format!("cannot be read: {}", plain(&error)));
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => finding.hint("let the user that runs offhook read it"),
            _ if error.raw_os_error() == Some(ELOOP) => {
                finding.hint("the symbolic link leads back to itself; remove it")
            }
            _ => finding,
        }
    };
    not_too_large(std::fs::metadata(path).map_err(cannot)?.len(), shown)?;
    let bytes = read_bytes(path).map_err(cannot)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u32;
        Finding::error("not-utf8", shown, line, "is not valid UTF-8").hint("save the file as UTF-8")
    })
}

/// Whether a file of so many bytes is read at all.
///
/// # Errors
/// The finding to show, with `shown` as its file.
pub fn not_too_large(bytes: u64, shown: &Path) -> Result<(), Finding> {
    if bytes <= MAX_FILE_BYTES {
        return Ok(());
    }
    let what = format!("is {bytes} bytes long; {MAX_FILE_BYTES} bytes are read at most");
    Err(Finding::error("too-large", shown, None, what)
        .hint("a file of the fleet or catalogue is a few kB; is this another file?"))
}

/// Reads a whole file as text.
///
/// # Errors
/// It cannot be read, is not a file, is too large, or is not UTF-8.
pub fn read_plain(path: &Path) -> std::io::Result<String> {
    String::from_utf8(read_bytes(path)?).map_err(|_| std::io::Error::other("it is not valid UTF-8"))
}

/// A pipe would be waited for without end, and a device read without end: neither is a file.
fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(std::io::Error::other("it is a pipe, a socket or a device"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// An operating system error without its number.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let cut = text.find(" (os error").unwrap_or(text.len());
    text[..cut].to_lowercase()
}

/// A file's path as findings show it: below the folder that was loaded.
pub fn shown(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}
