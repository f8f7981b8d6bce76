//! `offhook secret`, and fleets whose secrets are encrypted where they stand.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::common::{Fleet, MAC, lines_with, phone_with};
use super::{out, parts};

const LINE: &str = "# the reception\nsip.password = \"hunter2\"  # until May\nsip.user = \"201\"\n";

fn fleet() -> Fleet {
    phone_with("yealink-t46s", "trust.password = \"hunter3\"\nsettings = { admin_password = \"hunter4\" }\n", LINE)
}

fn text(fleet: &Fleet, path: &str) -> String {
    fs::read_to_string(fleet.path().join(path)).unwrap()
}

/// What a command prints that reads a secret from stdin.
fn given(fleet: &Fleet, arguments: &str, stdin: &str) -> String {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("offhook"))
        .args(arguments.split(' '))
        .current_dir(fleet.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_whole_fleet_is_encrypted_where_it_stands() {
    let fleet = fleet();
    assert_eq!(parts(fleet.path(), "secret new-key").2, 0);
    assert_eq!(fs::metadata(fleet.path().join("secret.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let before = out(fleet.path(), &format!("render {MAC} --reveal"));
    let (_, told, code) = parts(fleet.path(), "secret encrypt --in-place");
    let phone = format!("sites/a/phones/{MAC}.toml");
    assert_eq!((told, code), (format!("written: sites/a/lines/201.toml\nwritten: {phone}\n3 secrets encrypted\n"), 0));
    let line = text(&fleet, "sites/a/lines/201.toml");
    for text in [&line, &text(&fleet, &phone)] {
        assert!(!text.contains("hunter"), "{text}");
    }
    let (start, end) = (line.find("\"").unwrap() + 1, line.rfind("\" }").unwrap());
    let shown = line.replacen(&line[start..end], "…", 1);
    assert_eq!(shown.lines().next(), Some("# the reception"));
    assert!(shown.contains("sip.password = { encrypted = \"…"), "{shown}");
    assert!(line.contains(" }  # until May\nsip.user = \"201\"\n"), "{line}");
    assert_eq!(out(fleet.path(), &format!("render {MAC} --reveal")), before);
    assert!(!out(fleet.path(), &format!("render {MAC}")).contains("hunter"));
    // Again: nothing is left to do.
    assert_eq!(parts(fleet.path(), "secret encrypt --in-place").1, "0 secrets encrypted\n");
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_is_written() {
    let fleet = fleet();
    parts(fleet.path(), "secret new-key");
    let long = format!("sip.password = \"hunter2\"\n# {}\nlayout = \"desk\"\n", "-".repeat(4 << 20));
    let fleet = fleet.with("sites/a/lines/202.toml", &long);
    let (_, told, code) = parts(fleet.path(), "secret encrypt --in-place");
    let why = "sites/a/lines/202.toml: cannot be read: it is longer than 4194304 bytes";
    assert_eq!((told, code), (format!("error: nothing is written\n  {why}\n"), 2));
    assert_eq!(text(&fleet, "sites/a/lines/202.toml"), long);
}

#[test]
fn one_secret_goes_there_and_back() {
    let fleet = fleet();
    out(fleet.path(), "secret new-key --key keys");
    let sealed = given(&fleet, "secret encrypt --key keys", "s3cret\n");
    assert!(sealed.starts_with("{ encrypted = \"") && !sealed.contains("s3cret"), "{sealed}");
    assert_eq!(given(&fleet, "secret decrypt --key keys", &sealed), "s3cret\n");
    assert_eq!(given(&fleet, "secret encrypt --key keys", ""), "");
}

#[test]
fn keys_are_exchanged_without_a_gap() {
    let fleet = fleet();
    parts(fleet.path(), "secret new-key");
    parts(fleet.path(), "secret encrypt --in-place");
    let old = text(&fleet, "secret.key");
    parts(fleet.path(), "secret new-key");
    let both = text(&fleet, "secret.key");
    assert!(both.ends_with(&old) && both.len() == 2 * old.len(), "{}", both.len());
    let password = "account.1.password = hunter2";
    let revealed = || lines_with(&out(fleet.path(), &format!("render {MAC} --reveal")), &["account.1.password"]);
    assert_eq!(revealed(), password);
    assert!(parts(fleet.path(), "secret encrypt --in-place").1.ends_with("3 secrets encrypted\n"));
    fs::write(fleet.path().join("secret.key"), both.lines().next().unwrap()).unwrap();
    assert_eq!(revealed(), password);
    fs::write(fleet.path().join("secret.key"), old).unwrap();
    let (_, told, code) = parts(fleet.path(), &format!("render {MAC} --reveal"));
    assert_eq!(code, 2, "{told}");
}

#[test]
fn a_fleet_is_checked_without_the_key_and_not_served() {
    let fleet = fleet();
    parts(fleet.path(), "secret new-key");
    parts(fleet.path(), "secret encrypt --in-place");
    let golden = |arguments: &str| parts(fleet.path(), &format!("check . --golden golden{arguments}"));
    assert_eq!(golden(" --bless").2, 0);
    fs::remove_file(fleet.path().join("secret.key")).unwrap();
    let (_, told, code) = golden("");
    assert_eq!(code, 0, "{told}");
    let note = "note: 3 encrypted secrets cannot be opened without the key file, and 0000 stands for each\n";
    assert!(told.starts_with(note), "{told}");
    let findings = fleet.findings();
    let wrong = "error: sites/a/lines/201.toml:2: `sip.password` is encrypted, and the key file `";
    assert!(
        findings.contains(wrong) && findings.contains("hint: name the file with the key in $OFFHOOK_KEY_FILE"),
        "{findings}"
    );
}

#[test]
fn what_was_changed_or_is_none_of_ours_is_told() {
    let fleet = fleet();
    parts(fleet.path(), "secret new-key");
    let sealed = given(&fleet, "secret encrypt", "s3cret");
    let changed = sealed.replacen("= \"", "= \"AAAA", 1);
    for (written, told) in [
        (changed.trim(), "was encrypted with the key 000000"),
        ("{ encrypted = \"abc\" }", "is not what `offhook secret encrypt` prints"),
    ] {
        let fleet = phone_with("yealink-t46s", "", &format!("sip.password = {written}\n"))
            .with("secret.key", &text(&fleet, "secret.key"));
        let findings = fleet.findings();
        assert!(findings.contains(&format!("error: sites/a/lines/201.toml:1: `sip.password` {told}")), "{findings}");
        // And it cannot be encrypted anew.
        let (_, told, code) = parts(fleet.path(), "secret encrypt --in-place");
        assert!(code == 2 && told.contains("nothing is written"), "{told}");
    }
}
