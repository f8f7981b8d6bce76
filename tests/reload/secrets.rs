//! Secrets in files of their own.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use offhook::fleet::{Edit, Entity};
use offhook::live::Changed;

use crate::house::{House, WHILE, YEALINK, fleet, put, shell};

/// The fleet with the password of the first line in a file.
fn with_secret(file: &str, prepare: impl FnOnce(&Path)) -> House {
    House::with(|root| {
        prepare(root);
        let text = format!("display_name = \"Anna\"\nsip.password = {{ file = \"{file}\" }}\n");
        put(root, "sites/a/lines/201.toml", &text);
    })
}

#[test]
fn a_secret_that_changes_inside_and_outside_of_the_folder() {
    for file in ["secrets/pw", "../secrets/pw", "sites/a/lines/pw", "../pw"] {
        let house = with_secret(file, |root| put(root, file, "Pw-first\n"));
        house.now(&[(YEALINK, "Pw-first")]);
        house.put(file, "Pw-second\n");
        let time = house.until_has(YEALINK, "Pw-second");
        eprintln!("secret in `{file}` to served: {time:?}");
        house.put(file, "Pw-third\n");
        house.until_has(YEALINK, "Pw-third");
    }
}

/// Somebody may ask what an edit would do just before the change is heard of.
#[test]
fn a_look_at_an_edit_makes_no_secret_known() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    fleet(&root);
    let text = "sip.password = { file = \"pw\" }\n";
    put(&root, "pw", "Pw-first");
    put(&root, "sites/a/lines/201.toml", text);
    let house = House::unwatched(folder, root);
    house.now(&[(YEALINK, "Pw-first")]);
    house.put("pw", "Pw-second");
    let line = Entity::Line("a".into(), "201".into());
    house.live.would_serve(&[Edit { entity: line, before: Some(text.into()), after: Some(format!("# {text}{text}")) }]);
    house.live.follow(&Changed { secrets: true, ..Changed::default() });
    house.now(&[(YEALINK, "Pw-second")]);
}

#[test]
fn a_half_written_secret_is_never_served() {
    let house = with_secret("../secrets/pw", |root| put(root, "../secrets/pw", "Pw-first"));
    let path = house.root().join("../secrets/pw");
    house.while_running(&[(YEALINK, &["Pw-first", "Pw-second"])], || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        sleep(Duration::from_millis(150));
        file.write_all(b"Pw-sec").unwrap();
        sleep(Duration::from_millis(150));
        file.write_all(b"ond").unwrap();
    });
    house.until_has(YEALINK, "Pw-second");
    std::fs::write(&path, "").unwrap();
    house.until_told("which is empty");
    house.always(&[(YEALINK, "Pw-second")], WHILE);
}

#[test]
fn a_secret_that_is_replaced_by_a_link() {
    let house = with_secret("../mount/pw", |root| {
        let around = root.parent().unwrap();
        put(around, "mount/..one/pw", "Pw-first");
        put(around, "mount/..two/pw", "Pw-second");
        shell(&around.join("mount"), "ln -s ..one ..data; ln -s ..data/pw pw");
    });
    house.now(&[(YEALINK, "Pw-first")]);
    shell(&house.around().join("mount"), "ln -s ..two ..tmp; mv -T ..tmp ..data");
    house.until_has(YEALINK, "Pw-second");
}

#[test]
fn a_secret_that_comes_later() {
    let house = with_secret("../secrets/pw", |root| put(root, "../secrets/other", "x"));
    assert_eq!(house.get(YEALINK).0, 503);
    put(house.around(), "secrets/pw", "Pw-first");
    house.until_has(YEALINK, "Pw-first");
}
