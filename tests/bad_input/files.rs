//! Files that are not where they belong, or cannot be read.

use insta::assert_snapshot;

use crate::common::{Fleet, phone};

#[test]
fn the_same_mac_in_two_sites() {
    let fleet = phone("yealink-t46s", "")
        .with("sites/b/site.toml", "")
        .with("sites/b/phones/00-15-65-AA-BB-CC.toml", "model = \"yealink-t46s\"\nlines = []\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/phones/001565aabbcc.toml: the same MAC is stored in sites/b/phones/00-15-65-AA-BB-CC.toml [duplicate-mac]
      hint: a phone belongs to one site: remove one of the files
    error: sites/b/phones/00-15-65-AA-BB-CC.toml: the same MAC is stored in sites/a/phones/001565aabbcc.toml [duplicate-mac]
      hint: a phone belongs to one site: remove one of the files
    ");
}

#[test]
fn a_file_that_is_named_like_no_phone() {
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/phones/reception.toml", "").findings(), @"
    error: sites/a/phones/reception.toml: the file's name must be the phone's MAC: `reception` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them [bad-mac]
      hint: name it like 001565aabbcc.toml
    ");
}

#[test]
fn files_that_are_missing() {
    let fleet = phone("yealink-t46s", "");
    std::fs::remove_file(fleet.path().join("fleet.toml")).unwrap();
    std::fs::remove_file(fleet.path().join("sites/a/site.toml")).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: fleet.toml: is missing [missing-file]
      hint: write `schema = 1` into it
    error: sites/a/phones/001565aabbcc.toml: its site has no `sites/a/site.toml` [unknown-site]
      hint: an empty site.toml is enough
    ");
    assert_snapshot!(Fleet::empty().findings(), @"
    error: fleet.toml: is missing [missing-file]
      hint: write `schema = 1` into it
    ");
}

#[test]
fn text_that_is_not_utf8() {
    let fleet =
        phone("yealink-t46s", "").with_bytes("sites/a/lines/201.toml", b"# a\ndisplay_name = \"R\xe9ception\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:2: is not valid UTF-8 [not-utf8]
      hint: save the file as UTF-8
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_file_of_50_megabytes() {
    let fleet = phone("yealink-t46s", "");
    let file = std::fs::File::create(fleet.path().join("sites/a/lines/201.toml")).unwrap();
    file.set_len(50_000_000).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml: is 50000000 bytes long; 4194304 bytes are read at most [too-large]
      hint: a file of the fleet or catalogue is a few kB; is this another file?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_link_that_leads_back_to_itself() {
    let fleet = phone("yealink-t46s", "");
    let link = fleet.path().join("sites/a/lines/202.toml");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("202.toml", &link).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/202.toml: cannot be read: too many levels of symbolic links [unreadable]
      hint: the symbolic link leads back to itself; remove it
    ");
}

#[test]
fn a_link_that_leads_nowhere() {
    let fleet = phone("yealink-t46s", "");
    std::os::unix::fs::symlink("gone.toml", fleet.path().join("sites/a/lines/204.toml")).unwrap();
    assert_snapshot!(fleet.findings(), @"error: sites/a/lines/204.toml: cannot be read: no such file or directory [unreadable]");
}

#[test]
fn a_file_that_cannot_be_read() {
    // A folder cannot be read as a file, by root neither.
    let fleet = phone("yealink-t46s", "").with("sites/a/lines/204.toml/x", "");
    assert_snapshot!(fleet.findings(), @"error: sites/a/lines/204.toml: cannot be read: is a directory [unreadable]");
}

#[test]
fn a_folder_that_cannot_be_listed() {
    let fleet = phone("yealink-t46s", "").with("sites/b/lines", "").with("sites/b/site.toml", "");
    assert_snapshot!(fleet.findings(), @"error: sites/b/lines: cannot be listed: not a directory [unreadable]");
}
