//! Golden files: every file of every phone as it is, beside every file as it was when somebody looked at it.
//!
//! They never hold a secret: what stands for one is written in its place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    /// A unified diff from the golden file to what is made now.
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
    let mut rendered: Vec<(PathBuf, String)> = macs.par_iter().flat_map_iter(|mac| files_of(serving, *mac)).collect();
    rendered.sort();
    let expected: BTreeSet<PathBuf> = existing(folder)?.into_iter().collect();
    let made: BTreeSet<PathBuf> = rendered.iter().map(|(path, _)| path.clone()).collect();
    let mut outcome = Golden { files: rendered.len(), differences: Vec::new() };
    for (path, now) in &rendered {
        let full = folder.join(path);
        if bless {
            write(&full, now)?;
            continue;
        }
        let before = if expected.contains(path) { read(&full)? } else { String::new() };
        if before != *now {
            outcome.differences.push(difference(path, &before, now));
        }
    }
    for path in expected.difference(&made) {
        let full = folder.join(path);
        if bless {
            std::fs::remove_file(&full).map_err(|error| cannot("removed", &full, &error))?;
        } else {
            outcome.differences.push(difference(path, &read(&full)?, ""));
        }
    }
    outcome.differences.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(outcome)
}

/// A phone's files by the paths of their golden ones: `SITE/NAME`. What cannot be made is told by the findings.
fn files_of(serving: &Serving, mac: Mac) -> Vec<(PathBuf, String)> {
    let Ok(subject) = serving.world.subject(mac) else { return Vec::new() };
    let band = subject.band(None);
    let Some(resolved) = resolve(&subject, band, Phase::Later) else { return Vec::new() };
    let key = RevisionKey::fixed();
    let url = subject.root.url();
    let with =
        Renderer { templates: &serving.templates, url: &url, key: &key, reveal: Reveal::Nothing, changed_at: &|_| 0 };
    let mut files = Vec::new();
    for (name, file) in crate::render::documents_of(&subject) {
        if let Ok(document) = render(&resolved, file, &with) {
            let text = String::from_utf8_lossy(&document.bytes).into_owned();
            files.push((Path::new(subject.site.id.as_str()).join(name), text));
        }
    }
    files
}

fn difference(path: &Path, before: &str, now: &str) -> Difference {
    let shown = path.display();
    let diff = TextDiff::from_lines(before, now);
    let diff =
        diff.unified_diff().context_radius(3).header(&format!("golden/{shown}"), &format!("now/{shown}")).to_string();
    Difference { file: path.to_owned(), diff }
}

/// The golden files that are there, as `SITE/NAME`.
fn existing(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for site in entries(folder)? {
        if folder.join(&site).is_dir() {
            files.extend(entries(&folder.join(&site))?.into_iter().map(|name| site.join(name)));
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| cannot("listed", folder, &error))?;
    Ok(entries.filter_map(Result::ok).map(|entry| entry.file_name().into()).collect())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| cannot("made", folder, &error))?;
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| cannot("written", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be {what}: {}", path.display(), plain(error))
}
