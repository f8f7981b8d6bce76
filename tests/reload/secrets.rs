//! Secrets in files of their own.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::house::{House, WHILE, YEALINK, put, shell};

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
        let house = with_secret(file, |root| put(root, file, "first\n"));
        house.now(&[(YEALINK, "first")]);
        house.put(file, "second\n");
        let time = house.until_has(YEALINK, "second");
        eprintln!("secret in `{file}` to served: {time:?}");
        house.put(file, "third\n");
        house.until_has(YEALINK, "third");
    }
}

#[test]
fn a_half_written_secret_is_never_served() {
    let house = with_secret("../secrets/pw", |root| put(root, "../secrets/pw", "first"));
    let path = house.root().join("../secrets/pw");
    house.while_running(&[(YEALINK, &["first", "second"])], || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        sleep(Duration::from_millis(150));
        file.write_all(b"sec").unwrap();
        sleep(Duration::from_millis(150));
        file.write_all(b"ond").unwrap();
    });
    house.until_has(YEALINK, "second");
    std::fs::write(&path, "").unwrap();
    house.until_told("which is empty");
    house.always(&[(YEALINK, "second")], WHILE);
}

#[test]
fn a_secret_that_is_replaced_by_a_link() {
    let house = with_secret("../mount/pw", |root| {
        let around = root.parent().unwrap();
        put(around, "mount/..one/pw", "first");
        put(around, "mount/..two/pw", "second");
        shell(&around.join("mount"), "ln -s ..one ..data; ln -s ..data/pw pw");
    });
    house.now(&[(YEALINK, "first")]);
    shell(&house.around().join("mount"), "ln -s ..two ..tmp; mv -T ..tmp ..data");
    house.until_has(YEALINK, "second");
}

#[test]
fn a_secret_that_comes_later() {
    let house = with_secret("../secrets/pw", |root| put(root, "../secrets/other", "x"));
    assert_eq!(house.get(YEALINK).0, 503);
    put(house.around(), "secrets/pw", "first");
    house.until_has(YEALINK, "first");
}
