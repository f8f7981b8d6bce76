//! Edited files, put in the place of what people have written. What has changed underneath meanwhile is left alone.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Entity;
use crate::reader::{plain, read_plain};
use crate::writer::Aside;

/// A file of the fleet with another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which file.
    pub entity: Entity,
    /// The text that was edited.
    pub before: String,
    /// The text to write.
    pub after: String,
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

/// Writes edits into a fleet's folder: all of them or none, as far as the disk lets us.
///
/// # Errors
/// A file that changed since it was read, or cannot be written.
pub fn write(root: &Path, edits: &[Edit]) -> Result<(), WriteError> {
    let aside = edits.iter().map(|edit| aside(root, edit)).collect::<Result<Vec<_>, _>>()?;
    for (aside, edit) in aside.iter().zip(edits) {
        match read_plain(aside.target()) {
            Ok(now) if now == edit.before => {}
            Ok(_) => return Err(WriteError::Changed(aside.target().to_owned())),
            Err(error) => return Err(cannot(aside.target(), &error, false)),
        }
    }
    for (at, aside) in aside.into_iter().enumerate() {
        let target = aside.target().to_owned();
        aside.put().map_err(|error| cannot(&target, &error, at > 0))?;
    }
    Ok(())
}

fn aside(root: &Path, edit: &Edit) -> Result<Aside, WriteError> {
    let path = root.join(edit.entity.path());
    // An edit is of a file that is there.
    let written = path.metadata().and_then(|_| Aside::write(&path, edit.after.as_bytes(), 0o600));
    written.map_err(|error| cannot(&path, &error, false))
}

/// Writes a file of the fleet that is not there yet, and says where; what is there is never written over.
///
/// # Errors
/// It is there, or cannot be written.
pub fn create(root: &Path, entity: &Entity, text: &str) -> Result<PathBuf, WriteError> {
    let path = root.join(entity.path());
    let wrong = |error: std::io::Error| cannot(&path, &error, false);
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(wrong)?;
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let aside = tempfile::Builder::new().prefix(".offhook-").permissions(permissions).tempfile_in(folder);
    let mut file = aside.map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.as_file().sync_all().map_err(wrong)?;
    file.persist_noclobber(&path).map_err(|error| cannot(&path, &error.error, false))?;
    Ok(path)
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

    fn edit(line: &str, before: &str, after: &str) -> Edit {
        Edit { entity: Entity::Line("a".into(), line.into()), before: before.into(), after: after.into() }
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
        let line = |site: &str, name: &str| Entity::Line(site.into(), name.into());
        create(folder.path(), &line("b", "3"), "three").unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("sites/b/lines/3.toml")).unwrap(), "three");
        let error = create(folder.path(), &line("a", "1"), "uno").unwrap_err();
        assert!(error.to_string().contains("1.toml` cannot be written: "), "{error}");
        are(folder.path(), "one", "two");
    }

    #[test]
    fn a_file_that_changed_underneath_stops_all_of_them() {
        let folder = fleet();
        let error = write(folder.path(), &[edit("1", "one", "uno"), edit("2", "other", "due")]).unwrap_err();
        let path = folder.path().canonicalize().unwrap().join("sites/a/lines/2.toml");
        assert_eq!(error, WriteError::Changed(path));
        are(folder.path(), "one", "two");
        let error = write(folder.path(), &[edit("1", "one", "uno"), edit("3", "", "")]).unwrap_err();
        assert!(error.to_string().contains("3.toml` cannot be written: "), "{error}");
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
