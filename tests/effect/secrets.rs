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

#[test]
fn passwords_in_addresses_and_values_of_raw_edits() {
    let with = |secret: &str, name: &str| {
        let address = |path: &str| format!("https://anna:{secret}@example.org/{path}");
        let keys = |from: u8| {
            let key = |at: u8| format!("keys.{at} = {{ function = \"url\", url = \"{}\" }}\n", address("x"));
            key(from) + &key(from + 1)
        };
        let line = format!("sip.password = \"{secret}\"\n{}", keys(2));
        fleet()
            .with("sites/a/site.toml", &format!("{SITE}[settings]\nphonebook_url = \"{}\"\n", address(name)))
            .with("sites/a/lines/201.toml", &line)
            .with("sites/a/lines/203.toml", &line)
            .with(T46S, &format!("model = \"yealink-t46s\"\nlines = [\"201\"]\nraw.yealink.x = \"{secret}\"\n"))
            .with("sites/a/lines/202.toml", "")
    };
    let found = told(&with("tulip", "a"), &with("r'o<se", "a"));
    assert_snapshot!(found, @"
    1 Changes: 001565aabb01
      settings.phonebook_url changes
      the password of line 201 changes
      keys.2 changes
      keys.3 changes
      [raw] changes
      {mac}.cfg of 1
    1 Changes: 001565aabb02
      settings.phonebook_url changes
      {mac}.cfg of 1
    1 Changes: 001de5aabb03
      settings.phonebook_url changes
      the password of line 203 changes
      keys.2 changes
      keys.3 changes
      {mac}.xml of 1
    ");
    let others = told(&with("tulip", "a"), &with("r'o<se", "b"));
    let gone = told(&with("tulip", "a"), &fleet());
    let other_model =
        told(&with("tulip", "a"), &with("tulip", "a").with(T46S, "model = \"cisco-spa509g\"\nlines = [\"201\"]\n"));
    for told in [found, others.clone(), gone, other_model] {
        assert!(["tulip", "r'o", "r&apos;", "r&#"].iter().all(|secret| !told.contains(secret)), "{told}");
    }
    assert_snapshot!(others, @"
    1 Changes: 001565aabb01
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      the password of line 201 changes
      keys.2 changes
      keys.3 changes
      [raw] changes
      {mac}.cfg of 1
        -remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/a
        +remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/b
    1 Changes: 001565aabb02
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      {mac}.cfg of 1
        -remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/a
        +remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/b
    1 Changes: 001de5aabb03
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      the password of line 203 changes
      keys.2 changes
      keys.3 changes
      {mac}.xml of 1
        -<XML_Directory_Service_URL>https://anna:‹hidden›@example.org/a</XML_Directory_Service_URL>
        +<XML_Directory_Service_URL>https://anna:‹hidden›@example.org/b</XML_Directory_Service_URL>
    ");
}
