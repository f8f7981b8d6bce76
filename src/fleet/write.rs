//! Edited files, put in the place of what people have written. What has changed underneath meanwhile is left alone.
//!
//! Several files are written as one: all new texts are on the disk before the first of them takes its name, and a list of
//! what is to be renamed stands beside them until all are. Whoever is killed in between leaves that list, and the next one
//! who writes, or serves, does the rest of it. Where one of them cannot be renamed or removed, those before it are made
//! again what they were.

use std::fs::{File, remove_dir, remove_file};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::Entity;
use crate::reader::{plain, read_plain};
use crate::writer::{ASIDE, Aside, put, target};

/// What is still to be renamed and removed, in the fleet's folder.
const UNFINISHED: &str = ".offhook-unfinished";
/// The mode of a new file: it may hold a password.
const MODE: u32 = 0o640;

/// A file of the fleet with another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which file.
    pub entity: Entity,
    /// The text that was edited; none: there is no such file.
    pub before: Option<String>,
    /// The text to write; none: the file goes.
    pub after: Option<String>,
}

/// Why edits are not written: none of them is, where it does not say so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else has written to the file.
    #[error("`{0}` has changed meanwhile; nothing is written\n  hint: look at it, and try again")]
    Changed(PathBuf),
    /// The file or its folder cannot be read or written.
    #[error("`{path}` cannot be written: {what}")]
    Cannot {
        /// Which file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// The same, and others of the same edit can at the moment not be made again what they were.
    #[error(
        "`{path}` cannot be written: {what}; of the same edit {} written, and the next write or start {}",
        named(.written),
        if *goes_on { "writes the rest" } else { "takes that back" }
    )]
    Half {
        /// Which file.
        path: PathBuf,
        /// Why.
        what: String,
        /// The others.
        written: Vec<PathBuf>,
        /// The next one who writes, or serves, does the rest of it; else what was written is taken back.
        goes_on: bool,
    },
    /// Files were changed after somebody was killed who was writing them.
    #[error("an unfinished write is given up, for {} changed since: look what is in the files, and try again", named(.0))]
    Lost(Vec<PathBuf>),
}

/// Files in a sentence.
fn named(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    match names.as_slice() {
        [] => "nothing is".to_owned(),
        [name] => format!("{name} is"),
        names => format!("{} are", names.join(", ")),
    }
}

/// Writes edits into a fleet's folder: all of them or none.
///
/// # Errors
/// A file that changed since it was read, or cannot be written.
pub fn write(root: &Path, edits: &[Edit]) -> Result<(), WriteError> {
    let _alone = alone(root).map_err(|error| cannot(root, &error))?;
    finish_alone(root)?;
    let unchanged = |edit: &Edit| unchanged(root, edit);
    edits.iter().try_for_each(unchanged)?;
    // What goes may have moved to a file that comes.
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.after.is_none());
    let (asides, steps) = prepare(root, &edits)?;
    // Writing aside may have taken a while.
    edits.iter().try_for_each(unchanged)?;
    if steps.len() > 1 {
        note(root, &steps)?;
    }
    match carry_out(root, &steps) {
        Ok(()) => {
            asides.into_iter().for_each(Aside::keep);
            // A list of what is done does no harm.
            let _ = forget(root);
            Ok(())
        }
        Err((done, path, error)) => {
            let done = &edits[..done];
            let Some(goes_on) = take_back(root, done, asides) else { return Err(cannot(&path, &error)) };
            let written = done.iter().map(|edit| edit.entity.path()).collect();
            Err(WriteError::Half { path, what: plain(&error), written, goes_on })
        }
    }
}

/// Does what somebody who was killed has left undone.
///
/// # Errors
/// It cannot be done.
pub fn finish(root: &Path) -> Result<(), WriteError> {
    if !root.join(UNFINISHED).exists() {
        return Ok(());
    }
    let _alone = alone(root).map_err(|error| cannot(root, &error))?;
    finish_alone(root)
}

/// A file of the fleet that gets its new text, or goes. It may come with a folder that was copied, or from anybody who
/// writes there, so it names files of the fleet only.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    file: PathBuf,
    /// The name under which the text was written aside; none: the file goes.
    aside: Option<String>,
    /// The hash of that text, or of the text that goes.
    sha256: String,
}

impl Step {
    fn is_ours(&self) -> bool {
        let is_aside = |name: &String| name.starts_with(ASIDE) && !name.contains('/');
        self.aside.as_ref().is_none_or(is_aside) && Entity::at(&self.file).is_some()
    }

    fn has_text(&self, root: &Path) -> bool {
        read_plain(&root.join(&self.file)).is_ok_and(|text| hash(&text) == self.sha256)
    }

    fn is_done(&self, root: &Path) -> bool {
        match self.aside {
            Some(_) => !self.is_possible(root) && self.has_text(root),
            None => root.join(&self.file).symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound),
        }
    }

    fn is_possible(&self, root: &Path) -> bool {
        match &self.aside {
            Some(name) => target(&root.join(&self.file)).with_file_name(name).exists(),
            None => self.has_text(root),
        }
    }

    fn take(&self, path: &Path) -> std::io::Result<()> {
        match &self.aside {
            Some(name) => {
                let target = target(path);
                put(&target.with_file_name(name), &target)
            }
            None => remove_file(path),
        }
    }
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// Writes all new texts aside.
fn prepare(root: &Path, edits: &[Edit]) -> Result<(Vec<Aside>, Vec<Step>), WriteError> {
    let (mut asides, mut steps) = (Vec::new(), Vec::new());
    for edit in edits {
        let file = edit.entity.path();
        let aside = match &edit.after {
            Some(text) => Some(aside(root, edit, text)?),
            None => {
                removable(root, &file)?;
                None
            }
        };
        let name = aside.as_ref().map(|aside| name_of(aside.path()));
        let sha256 = hash(edit.after.as_deref().or(edit.before.as_deref()).unwrap_or_default());
        steps.push(Step { file, aside: name, sha256 });
        asides.extend(aside);
    }
    Ok((asides, steps))
}

/// Renames and removes; gives the first that fails, by how many are done, with its path.
fn carry_out(root: &Path, steps: &[Step]) -> Result<(), (usize, PathBuf, std::io::Error)> {
    for (at, step) in steps.iter().enumerate() {
        let path = root.join(&step.file);
        step.take(&path).map_err(|error| (at, path, error))?;
    }
    steps.iter().filter(|step| step.aside.is_none()).for_each(|step| remove_empty(root, &step.file));
    Ok(())
}

/// Makes files again what they were before these edits; else leaves what is needed for it, or to go on: tells whether it
/// goes on.
fn take_back(root: &Path, done: &[Edit], asides: Vec<Aside>) -> Option<bool> {
    if done.is_empty() && forget(root).is_ok() {
        return None;
    }
    let back = |edit: &Edit| Edit { before: edit.after.clone(), after: edit.before.clone(), ..edit.clone() };
    let edits: Vec<Edit> = done.iter().rev().map(back).collect();
    let noted = prepare(root, &edits).and_then(|(asides, steps)| note(root, &steps).map(|()| (asides, steps)));
    let goes_on = noted.is_err();
    let left = match noted {
        Ok((_, steps)) if carry_out(root, &steps).is_ok() => {
            let _ = forget(root);
            return None;
        }
        Ok((back, _)) => back,
        Err(_) => asides,
    };
    left.into_iter().for_each(Aside::keep);
    Some(goes_on)
}

/// The file's own name.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Waits until nobody else writes into the folder, and keeps others waiting as long as what it gives lives.
fn alone(root: &Path) -> std::io::Result<File> {
    let folder = File::open(root)?;
    folder.lock()?;
    Ok(folder)
}

fn note(root: &Path, steps: &[Step]) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    let text = serde_json::to_vec(steps).map_err(std::io::Error::other);
    let put = text.and_then(|text| Aside::write(&path, &text, 0o600)?.put());
    put.map_err(|error| cannot(&path, &error))
}

fn forget(root: &Path) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    match remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(&path, &error)),
        _ => Ok(()),
    }
}

fn finish_alone(root: &Path) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    let Ok(text) = std::fs::read(&path) else { return Ok(()) };
    // A list that was cut was never begun with.
    let list: Option<Vec<Step>> = serde_json::from_slice(&text).ok();
    let Some(mut steps) = list.filter(|steps| steps.iter().all(Step::is_ours)) else { return forget(root) };
    steps.retain(|step| !step.is_done(root));
    let lost = steps.iter().filter(|step| !step.is_possible(root)).map(|step| step.file.clone());
    let lost: Vec<PathBuf> = lost.collect();
    if !lost.is_empty() {
        forget(root)?;
        return Err(WriteError::Lost(lost));
    }
    carry_out(root, &steps).map_err(|(_, path, error)| cannot(&path, &error))?;
    forget(root)
}

/// Removes the folders of a site that a file has left empty.
fn remove_empty(root: &Path, file: &Path) {
    let (sites, path) = (root.join("sites"), root.join(file));
    let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&sites) && **folder != sites);
    // The first that is not empty ends it.
    let _ = folders.map(remove_dir).take_while(Result::is_ok).count();
}

/// Whether a file can be removed: who may make a file in a folder may also remove one.
fn removable(root: &Path, path: &Path) -> Result<(), WriteError> {
    let path = root.join(path);
    match tempfile::Builder::new().prefix(ASIDE).tempfile_in(path.parent().unwrap_or(root)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(&path, &error)),
        _ => Ok(()),
    }
}

fn unchanged(root: &Path, edit: &Edit) -> Result<(), WriteError> {
    let path = root.join(edit.entity.path());
    match (read_plain(&path), &edit.before) {
        (Ok(now), Some(before)) if now == *before => Ok(()),
        (Ok(_), _) => Err(WriteError::Changed(path)),
        (Err(error), None) if error.kind() == ErrorKind::NotFound => Ok(()),
        (Err(error), Some(_)) if error.kind() == ErrorKind::NotFound => Err(WriteError::Changed(path)),
        (Err(error), _) => Err(cannot(&path, &error)),
    }
}

fn aside(root: &Path, edit: &Edit, text: &str) -> Result<Aside, WriteError> {
    let path = root.join(edit.entity.path());
    let folder = path.parent().unwrap_or(root);
    let made = if edit.before.is_some() { Ok(()) } else { std::fs::create_dir_all(folder) };
    made.and_then(|()| Aside::write(&path, text.as_bytes(), MODE)).map_err(|error| cannot(&path, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> WriteError {
    WriteError::Cannot { path: path.to_owned(), what: plain(error) }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
