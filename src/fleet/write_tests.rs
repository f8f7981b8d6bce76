//! Texts that are put in place, and what is left where that was broken off.

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

fn put(aside: &str, file: &Path, text: &str) -> Step {
    Step { file: file.to_owned(), aside: Some(aside.to_owned()), sha256: hash(text) }
}

fn goes(file: &Path, text: &str) -> Step {
    Step { file: file.to_owned(), aside: None, sha256: hash(text) }
}

/// As a process leaves it that is killed when one of two files has its new text, and none is removed.
#[test]
fn what_was_left_undone_is_done() {
    let folder = fleet();
    let root = folder.path();
    let line = |name| line_of("a", name).path();
    std::fs::write(root.join(line("3")), "tre").unwrap();
    std::fs::write(root.join("sites/a/lines/.offhook-new"), "due").unwrap();
    let steps =
        [put(".offhook-gone", &line("3"), "tre"), put(".offhook-new", &line("2"), "due"), goes(&line("1"), "one")];
    note(root, &steps).unwrap();
    finish(root).unwrap();
    assert_eq!(texts(root), [("2.toml", "due"), ("3.toml", "tre")].map(|(name, text)| (name.into(), text.into())));
    assert!(!root.join(UNFINISHED).exists());
    // One that was cut is none.
    std::fs::write(root.join(UNFINISHED), "[{").unwrap();
    finish(root).unwrap();
    assert!(!root.join(UNFINISHED).exists());
}

/// Somebody has taken the new text away, or has written to the file that was to go.
#[test]
fn what_was_changed_meanwhile_is_left_as_it_is() {
    let folder = fleet();
    let root = folder.path();
    let line = |name| line_of("a", name).path();
    for (steps, told) in [
        ([put(".offhook-gone", &line("2"), "due"), goes(&line("1"), "one")], line("2")),
        ([goes(&line("1"), "one"), goes(&line("2"), "other")], line("2")),
    ] {
        note(root, &steps).unwrap();
        assert_eq!(finish(root), Err(WriteError::Lost(vec![told])));
        are(root, "one", "two");
        finish(root).unwrap();
    }
    are(root, "one", "two");
}

/// A list that came with a folder from elsewhere.
#[test]
fn nothing_is_done_beyond_the_fleets_files() {
    let folder = fleet();
    let root = folder.path();
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(root.join("sites/a/lines/.offhook-new"), "due").unwrap();
    for step in [
        put(".offhook-new", Path::new("../x.toml"), "due"),
        put("1.toml", Path::new("sites/a/lines/2.toml"), "one"),
        put(".offhook-x/../1.toml", Path::new("sites/a/lines/2.toml"), "one"),
        put(".offhook-new", Path::new("sites/a/lines/.hidden.toml"), "due"),
        goes(elsewhere.path(), ""),
        goes(Path::new("sites/../../lines/x.toml"), ""),
    ] {
        let list = [step];
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
