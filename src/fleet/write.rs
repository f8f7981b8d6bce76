//! Edited files, put in the place of what people have written. What has changed underneath meanwhile is left alone.
//!
//! Several files are written as one: all new texts are on the disk before the first of them takes its name, and a list of
//! what is to be renamed stands beside them until all are. Whoever is killed in between leaves that list, and the next one
//! who writes, or serves, does the rest of it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Entity;
use crate::reader::{plain, read_plain};
use crate::writer::{ASIDE, Aside, target};

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

/// Why edits are not written. Unless it says so, none was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else has written to the file.
    #[error("`{0}` has changed meanwhile; nothing is written\n  hint: look at it, and try again")]
    Changed(PathBuf),
    /// The file or its folder cannot be read or written.
    #[error("`{path}` cannot be written: {what}{}", if *some { "; other files of the same edit were" } else { "" })]
    Cannot {
        /// Which file.
        path: PathBuf,
        /// Why.
        what: String,
        /// Others were written already.
        some: bool,
    },
}

/// Writes edits into a fleet's folder: all of them or none.
///
/// # Errors
/// A file that changed since it was read, or cannot be written.
pub fn write(root: &Path, edits: &[Edit]) -> Result<(), WriteError> {
    let _alone = alone(root).map_err(|error| cannot(root, &error, false))?;
    finish_alone(root)?;
    let unchanged = |edit: &Edit| unchanged(root, edit);
    edits.iter().try_for_each(unchanged)?;
    let asides = edits.iter().filter_map(|edit| aside(root, edit)).collect::<Result<Vec<_>, _>>()?;
    let gone: Vec<PathBuf> = edits.iter().filter(|edit| edit.after.is_none()).map(|edit| edit.entity.path()).collect();
    gone.iter().try_for_each(|path| removable(root, path))?;
    // Writing aside may have taken a while.
    edits.iter().try_for_each(unchanged)?;
    if asides.len() + gone.len() > 1 {
        let puts = asides.iter().map(|(entity, aside)| (name_of(aside.path()), entity.path())).collect();
        note(root, &Unfinished { puts, gone: gone.clone() })?;
    }
    for (at, (_, aside)) in asides.into_iter().enumerate() {
        let target = aside.target().to_owned();
        aside.put().map_err(|error| cannot(&target, &error, at > 0))?;
    }
    remove(root, &gone)?;
    forget(root)
}

/// Does what somebody who was killed has left undone.
///
/// # Errors
/// It cannot be done.
pub fn finish(root: &Path) -> Result<(), WriteError> {
    if !root.join(UNFINISHED).exists() {
        return Ok(());
    }
    let _alone = alone(root).map_err(|error| cannot(root, &error, false))?;
    finish_alone(root)
}

/// What is to be renamed, and what is to be removed. It may come with a folder that was copied, or from anybody who writes
/// there, so it names files of the fleet only.
#[derive(Debug, Serialize, Deserialize)]
struct Unfinished {
    /// The name of a text that was written aside, and the file of the fleet that it is for.
    puts: Vec<(String, PathBuf)>,
    /// Files of the fleet.
    gone: Vec<PathBuf>,
}

impl Unfinished {
    fn is_ours(&self) -> bool {
        let is_aside = |name: &String| name.starts_with(ASIDE) && !name.contains('/');
        let mut files = self.puts.iter().map(|(_, path)| path).chain(&self.gone);
        self.puts.iter().all(|(name, _)| is_aside(name)) && files.all(|path| Entity::at(path).is_some())
    }
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

fn note(root: &Path, unfinished: &Unfinished) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    let text = serde_json::to_vec(unfinished).map_err(std::io::Error::other);
    let put = text.and_then(|text| Aside::write(&path, &text, 0o600)?.put());
    put.map_err(|error| cannot(&path, &error, false))
}

fn forget(root: &Path) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(&path, &error, true)),
        _ => Ok(()),
    }
}

fn finish_alone(root: &Path) -> Result<(), WriteError> {
    let path = root.join(UNFINISHED);
    let Ok(text) = std::fs::read(&path) else { return Ok(()) };
    // A list that was cut was never begun with.
    let list: Option<Unfinished> = serde_json::from_slice(&text).ok().filter(Unfinished::is_ours);
    let Some(Unfinished { puts, gone }) = list else { return forget(root) };
    for (name, path) in puts {
        let to = target(&root.join(path));
        match std::fs::rename(to.with_file_name(name), &to) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&to, &error, true)),
            _ => {}
        }
    }
    remove(root, &gone)?;
    forget(root)
}

/// Removes files, and the folders of a site that they leave empty.
fn remove(root: &Path, gone: &[PathBuf]) -> Result<(), WriteError> {
    for path in gone.iter().map(|path| root.join(path)) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&path, &error, true)),
            _ => {}
        }
        let sites = root.join("sites");
        let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&sites) && **folder != sites);
        // The first that is not empty ends it.
        let _ = folders.map(std::fs::remove_dir).take_while(Result::is_ok).count();
    }
    Ok(())
}

/// Whether a file can be removed: who may make a file in a folder may also remove one.
fn removable(root: &Path, path: &Path) -> Result<(), WriteError> {
    let path = root.join(path);
    match tempfile::Builder::new().prefix(ASIDE).tempfile_in(path.parent().unwrap_or(root)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(&path, &error, false)),
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
        (Err(error), _) => Err(cannot(&path, &error, false)),
    }
}

fn aside<'e>(root: &Path, edit: &'e Edit) -> Option<Result<(&'e Entity, Aside), WriteError>> {
    let path = root.join(edit.entity.path());
    let text = edit.after.as_ref()?;
    let folder = path.parent().unwrap_or(root);
    let made = if edit.before.is_some() { Ok(()) } else { std::fs::create_dir_all(folder) };
    let written = made.and_then(|()| Aside::write(&path, text.as_bytes(), MODE));
    Some(written.map(|aside| (&edit.entity, aside)).map_err(|error| cannot(&path, &error, false)))
}

fn cannot(path: &Path, error: &std::io::Error, some: bool) -> WriteError {
    WriteError::Cannot { path: path.to_owned(), what: plain(error), some }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sites/a/lines")).unwrap();
        for (name, text) in [("1", "one"), ("2", "two")] {
            std::fs::write(folder.path().join(format!("sites/a/lines/{name}.toml")), text).unwrap();
        }
        folder
    }

    fn line_of(site: &str, name: &str) -> Entity {
        Entity::Line(site.into(), name.into())
    }

    fn edit(line: &str, before: &str, after: &str) -> Edit {
        Edit { entity: line_of("a", line), before: Some(before.into()), after: Some(after.into()) }
    }

    fn texts(root: &Path) -> Vec<(String, String)> {
        let mut texts: Vec<_> = std::fs::read_dir(root.join("sites/a/lines"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
            .collect();
        texts.sort();
        texts
    }

    fn are(root: &Path, one: &str, two: &str) {
        let wanted = [("1.toml", one), ("2.toml", two)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(texts(root), wanted, "and nothing is left beside them");
    }

    #[test]
    fn all_edits_are_written() {
        let folder = fleet();
        write(folder.path(), &[edit("1", "one", "uno"), edit("2", "two", "due")]).unwrap();
        are(folder.path(), "uno", "due");
    }

    #[test]
    fn a_new_file_is_written_over_none() {
        let folder = fleet();
        let new = |site: &str, name: &str| Edit { before: None, entity: line_of(site, name), ..edit("", "", "three") };
        write(folder.path(), &[new("b", "3")]).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("sites/b/lines/3.toml")).unwrap(), "three");
        let error = write(folder.path(), &[new("a", "4"), new("a", "1")]).unwrap_err();
        assert_eq!(error, WriteError::Changed(folder.path().join("sites/a/lines/1.toml")));
        are(folder.path(), "one", "two");
    }

    #[test]
    fn a_file_that_goes_takes_its_empty_folders_along() {
        let folder = fleet();
        let gone = |name: &str, before: &str| Edit { after: None, ..edit(name, before, "") };
        let error = write(folder.path(), &[gone("1", "one"), gone("2", "other")]).unwrap_err();
        assert!(matches!(error, WriteError::Changed(_)), "{error}");
        are(folder.path(), "one", "two");
        write(folder.path(), &[gone("1", "one")]).unwrap();
        assert_eq!(texts(folder.path()).len(), 1);
        write(folder.path(), &[gone("2", "two")]).unwrap();
        assert!(!folder.path().join("sites/a").exists());
        assert!(folder.path().join("sites").exists());
    }

    /// As a process leaves it that is killed when one of two files has its new text, and none is removed.
    #[test]
    fn what_was_left_undone_is_done() {
        let folder = fleet();
        let root = folder.path();
        std::fs::write(root.join("sites/a/lines/.offhook-new"), "due").unwrap();
        let put = |from: &str, line: &str| (from.to_owned(), line_of("a", line).path());
        let puts = vec![put(".offhook-gone", "3"), put(".offhook-new", "2")];
        note(root, &Unfinished { puts, gone: vec![line_of("a", "1").path()] }).unwrap();
        finish(root).unwrap();
        assert_eq!(texts(root), [("2.toml".to_owned(), "due".to_owned())]);
        assert!(!root.join(UNFINISHED).exists());
        // One that was cut is none.
        std::fs::write(root.join(UNFINISHED), "{\"puts\":[[").unwrap();
        finish(root).unwrap();
        assert!(!root.join(UNFINISHED).exists());
    }

    /// A list that came with a folder from elsewhere.
    #[test]
    fn nothing_is_done_beyond_the_fleets_files() {
        let folder = fleet();
        let root = folder.path();
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(root.join("sites/a/lines/.offhook-new"), "due").unwrap();
        let put = |from: &str, to: &str| Unfinished { puts: vec![(from.into(), to.into())], gone: Vec::new() };
        let gone = |path: &Path| Unfinished { puts: Vec::new(), gone: vec![path.to_owned()] };
        for list in [
            put(".offhook-new", "../x.toml"),
            put("1.toml", "sites/a/lines/2.toml"),
            put(".offhook-x/../1.toml", "sites/a/lines/2.toml"),
            put(".offhook-new", "sites/a/lines/.hidden.toml"),
            gone(elsewhere.path()),
            gone(Path::new("sites/../../lines/x.toml")),
        ] {
            note(root, &list).unwrap();
            finish(root).unwrap();
            assert!(elsewhere.path().exists() && !root.join(UNFINISHED).exists(), "{list:?}");
            let kept = texts(root).into_iter().filter(|(name, _)| name.ends_with(".toml")).collect::<Vec<_>>();
            assert_eq!(kept.len(), 2, "{list:?}");
            assert!(root.join("sites/a/lines/.offhook-new").exists(), "{list:?}");
        }
    }

    #[test]
    fn a_file_that_changed_underneath_stops_all_of_them() {
        let folder = fleet();
        let error = write(folder.path(), &[edit("1", "one", "uno"), edit("2", "other", "due")]).unwrap_err();
        let path = folder.path().join("sites/a/lines/2.toml");
        assert_eq!(error, WriteError::Changed(path));
        are(folder.path(), "one", "two");
        let error = write(folder.path(), &[edit("1", "one", "uno"), edit("3", "", "")]).unwrap_err();
        assert_eq!(error, WriteError::Changed(folder.path().join("sites/a/lines/3.toml")));
        are(folder.path(), "one", "two");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_mode_a_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = fleet();
        let (link, file) = (folder.path().join("sites/a/lines/2.toml"), folder.path().join("elsewhere.toml"));
        std::fs::rename(&link, &file).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write(folder.path(), &[edit("2", "two", "due")]).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "due");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
