//! Golden files: every file of every phone as it is, beside every file as it was when somebody looked at it.
//!
//! They never hold a secret: what stands for one is written in its place.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rayon::prelude::*;
use similar::TextDiff;

use crate::live::Serving;
use crate::phone::Mac;
use crate::reader::plain;
use crate::render::{Renderer, Reveal, RevisionKey, render};
use crate::resolve::{Phase, resolve};

/// One file that is not as the golden one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The golden file, below its folder.
    pub file: PathBuf,
    /// A unified diff from the golden file to what is made now; of a binary file, of its bytes in hexadecimal digits.
    pub diff: String,
}

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub struct Golden {
    /// How many files were compared or written.
    pub files: usize,
    /// Those that differ, by name.
    pub differences: Vec<Difference>,
}

/// Renders every file of every phone and compares it with the golden one, or writes it.
///
/// # Errors
/// A folder or file that cannot be read or written.
pub fn golden(serving: &Serving, folder: &Path, bless: bool) -> Result<Golden, String> {
    let macs: Vec<Mac> = serving.world.macs().collect();
    let mut rendered: Vec<(PathBuf, Bytes)> = macs.par_iter().flat_map_iter(|mac| files_of(serving, *mac)).collect();
    rendered.sort();
    // What leads phones to their files is the same for many of them.
    rendered.dedup();
    let expected: BTreeSet<PathBuf> = existing(folder)?.into_iter().collect();
    let made: BTreeSet<PathBuf> = rendered.iter().map(|(path, _)| path.clone()).collect();
    let mut outcome = Golden { files: rendered.len(), differences: Vec::new() };
    for (path, now) in &rendered {
        let full = folder.join(path);
        if bless {
            write(&full, now)?;
            continue;
        }
        let before = if expected.contains(path) { read(&full)? } else { Vec::new() };
        if before != *now {
            outcome.differences.push(difference(path, &before, now));
        }
    }
    for path in expected.difference(&made) {
        let full = folder.join(path);
        if bless {
            std::fs::remove_file(&full).map_err(|error| cannot("removed", &full, &error))?;
        } else {
            outcome.differences.push(difference(path, &read(&full)?, b""));
        }
    }
    outcome.differences.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(outcome)
}

/// A phone's files by the paths of their golden ones: `SITE/NAME`. What cannot be made is told by the findings.
fn files_of(serving: &Serving, mac: Mac) -> Vec<(PathBuf, Bytes)> {
    let Ok(subject) = serving.world.subject(mac) else { return Vec::new() };
    let band = subject.band(None, None);
    let Some(resolved) = resolve(&subject, band, Phase::Later) else { return Vec::new() };
    let key = RevisionKey::fixed();
    let url = subject.root.url();
    let with = Renderer {
        templates: &serving.templates,
        url: &url,
        token: None,
        key: &key,
        reveal: Reveal::Nothing,
        changed_at: &|_| 0,
    };
    let mut files = Vec::new();
    for (name, file) in crate::render::documents_of(&subject) {
        if let Ok(document) = render(&resolved, file, &with) {
            files.push((Path::new(subject.site.id.as_str()).join(resolved_path(&name)), document.bytes));
        }
    }
    files
}

/// The path below its site's folder: some phones ask for names with `..` in them.
fn resolved_path(name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for segment in name.split('/') {
        match segment {
            ".." => {
                path.pop();
            }
            _ => path.push(segment),
        }
    }
    path
}

fn difference(path: &Path, before: &[u8], now: &[u8]) -> Difference {
    let shown = path.display();
    let (before, now) = match (text(before), text(now)) {
        (Some(before), Some(now)) => (before.to_owned(), now.to_owned()),
        _ => (in_digits(before), in_digits(now)),
    };
    let diff = TextDiff::from_lines(&before, &now);
    let diff =
        diff.unified_diff().context_radius(3).header(&format!("golden/{shown}"), &format!("now/{shown}")).to_string();
    Difference { file: path.to_owned(), diff }
}

/// The bytes as text, if that is what they are.
fn text(bytes: &[u8]) -> Option<&str> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains(is_odd))
}

/// The bytes, sixteen to a line, with the characters that they are.
fn in_digits(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for (at, line) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let seen: String = line.iter().map(|b| if matches!(b, b' '..=b'~') { char::from(*b) } else { '.' }).collect();
        let _ = writeln!(shown, "{:04x}  {:<47}  {seen}", at * 16, digits.join(" "));
    }
    shown
}

/// The golden files that are there, as `SITE/NAME`.
fn existing(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    let mut below: Vec<PathBuf> = entries(folder)?.into_iter().filter(|site| folder.join(site).is_dir()).collect();
    while let Some(place) = below.pop() {
        for name in entries(&folder.join(&place))? {
            let path = place.join(name);
            if folder.join(&path).is_dir() { below.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| cannot("listed", folder, &error))?;
    Ok(entries.filter_map(Result::ok).map(|entry| entry.file_name().into()).collect())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| cannot("read", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| cannot("made", folder, &error))?;
    if std::fs::read(path).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    std::fs::write(path, bytes).map_err(|error| cannot("written", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be {what}: {}", path.display(), plain(error))
}
