//! Of a secret it is told that it changes, and never what it is.

use insta::assert_snapshot;

use crate::common::SITE;
use crate::house::{T46S, edited, fleet, told};

#[test]
fn a_secret_is_told_and_never_shown() {
    let told = edited("sites/a/lines/201.toml", "layout = \"desk\"\nsip.password = \"correct horse\"\n");
    assert!(!told.contains("hunter2") && !told.contains("correct"), "{told}");
    assert_snapshot!(told, @"
    1 Changes: 001565aabb01
      the password of line 201 changes
    ");
}

#[test]
fn secrets_of_the_site_of_the_phone_and_of_raw_edits() {
    let site = |password: &str| format!("{SITE}[settings]\nadmin_password = \"{password}\"\n");
    let phone = |secret: &str| {
        format!(
            "model = \"yealink-t46s\"\nlines = [\"201\"]\ntrust.password = \"a{secret}\"\n[raw.yealink]\n\
             \"security.user_password\" = \"b{secret}\"\n\"features.x\" = \"1\"\n"
        )
    };
    let with = |secret: &str| fleet().with("sites/a/site.toml", &site(secret)).with(T46S, &phone(secret));
    let told = told(&with("tulip4711"), &with("rose2342"));
    assert!(!told.contains("tulip") && !told.contains("rose"), "{told}");
    assert_snapshot!(told, @"
    2 Changes: 001565aabb02 001de5aabb03
      the admin_password changes
    1 Changes: 001565aabb01
      the admin_password changes
      the password of the phone changes
      [raw] changes
    ");
}
