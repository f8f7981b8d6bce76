//! What a phone is sent, and where that comes from.

use insta::assert_snapshot;

use crate::common::Api;
use crate::fleets::{Fleet, MAC, lines_with, phone_with};

/// A phone with every kind of secret.
fn fleet() -> Fleet {
    phone_with(
        "yealink-t46s",
        "settings.admin_password = \"s3cret-a\"\nseed.ring_volume = 8\n[raw.yealink]\n\"phone_setting.x\" = \"s3cret-r\"\n",
        "sip.password = \"s3cret-p\"\nkeys.3 = { function = \"url\", url = \"https://anna:s3cret-u@example.org/\" }\n",
    )
}

#[test]
fn files_are_listed_and_shown_without_secrets() {
    let api = Api::start(fleet());
    let files = api.get(&format!("/phones/{MAC}/files")).json();
    let names: Vec<&str> = files.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_snapshot!(names.join(" "), @"001565aabbcc.cfg");
    for file in files.as_array().unwrap() {
        let revision = file["revision"].as_str().unwrap_or_default();
        assert!(revision.len() == 32 && revision.bytes().all(|b| b.is_ascii_hexdigit()), "{file:#}");
    }
    let file = api.get(&format!("/phones/{MAC}/files/{MAC}.cfg")).json();
    assert_eq!(file["binary"], false);
    let text = file["text"].as_str().unwrap();
    assert_snapshot!(lines_with(text, &["‹", "voice.ring_vol"]), @"
    static.security.user_password = admin:‹secret:admin_password@001565aabbcc›
    account.1.password = ‹secret:sip.password@201›
    linekey.3.value = https://anna:‹hidden›@example.org/
    phone_setting.x = ‹hidden›
    ");
    let first = api.get(&format!("/phones/{MAC}/files/{MAC}.cfg?first=true")).json();
    assert_snapshot!(lines_with(first["text"].as_str().unwrap(), &["voice.ring_vol"]), @"voice.ring_vol = 12");
    for path in [
        "files",
        &format!("files/{MAC}.cfg"),
        &format!("files/{MAC}.cfg/explain"),
        "context",
        "keys",
        "settings/effective",
    ] {
        let answer = api.get(&format!("/phones/{MAC}/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(!answer.body.contains("s3cret"), "{path}: {}", lines_with(&format!("{answer}"), &["s3cret"]));
    }
    assert_snapshot!(api.get(&format!("/phones/{MAC}/files/other.cfg")), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "the phone has no file `other.cfg`; it has 001565aabbcc.cfg"
    }
    "#);
    assert_snapshot!(api.get(&format!("/phones/{MAC}/files?frist=true")), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "`frist` is not known here; known are firmware, first"
    }
    "#);
}

#[test]
fn a_revision_is_another_one_when_a_secret_is() {
    let api = Api::start(fleet());
    let revision = || {
        let files = api.get(&format!("/phones/{MAC}/files")).json();
        let own = format!("{MAC}.cfg");
        let files = files.as_array().unwrap().iter().find(|file| file["name"] == own.as_str()).unwrap().clone();
        files["revision"].as_str().unwrap().to_owned()
    };
    let before = revision();
    assert_eq!(before, revision());
    let change =
        api.send("PATCH", "/sites/a/lines/201", &[("if-match", "*")], r#"{ "sip": { "password": "another" } }"#);
    assert_eq!(change.status, 200, "{change}");
    assert_ne!(before, revision());
}

#[test]
fn the_revision_is_the_one_that_the_server_records() {
    let api = Api::start(fleet());
    let name = format!("{MAC}.cfg");
    let fetched = crate::server::shell(&format!(
        "curl -sf -A 'Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc' http://{}/{name}",
        api.server.address()
    ));
    assert!(String::from_utf8_lossy(&fetched.stdout).contains("s3cret-p"));
    let files = api.get(&format!("/phones/{MAC}/files?first=true")).json();
    let file = files.as_array().unwrap().iter().find(|file| file["name"] == name.as_str()).unwrap();
    let revision = file["revision"].as_str().unwrap();
    let log = api.state().join("provisioned.log");
    let begin = std::time::Instant::now();
    while !std::fs::read_to_string(&log).unwrap_or_default().contains(revision) {
        assert!(begin.elapsed() < crate::server::LONG, "{revision}: {:?}", std::fs::read_to_string(&log));
        std::thread::yield_now();
    }
}

#[test]
fn each_line_is_explained() {
    let api = Api::start(fleet());
    let report = api.get(&format!("/phones/{MAC}/files/{MAC}.cfg/explain")).json();
    let lines = report["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["text"].as_str().unwrap().starts_with("account.1.password")).unwrap();
    assert_snapshot!(format!("{line:#}"), @r#"
    {
      "line": 158,
      "text": "account.1.password = ‹secret:sip.password@201›",
      "from": [
        {
          "value": "sip.password (account 1)",
          "layer": "line",
          "file": "sites/a/lines/201.toml",
          "at": 1
        }
      ]
    }
    "#);
    assert!(report["empty_keys"].as_array().is_some_and(|keys| keys.len() > 20), "{}", report["empty_keys"]);
    let context = api.get(&format!("/phones/{MAC}/context")).json();
    assert_snapshot!(format!("{} {} {}", context["phone"]["mac"], context["model"]["id"], context["keys"][2]["function"]), @r#""001565aabbcc" "yealink-t46s" "url""#);
}

#[test]
fn firmware_decides() {
    let api = Api::start(phone_with("yealink-t46s", "", ""));
    let file = |query: &str| api.get(&format!("/phones/{MAC}/files/{MAC}.cfg{query}"));
    assert_eq!(file("?firmware=66.86.0.15").status, 200);
    let (old, new) = (file("?firmware=66.80.0.1").body, file("?firmware=66.86.0.15").body);
    assert_ne!(old, new, "the bands of the family write other files");
}

#[test]
fn a_phone_that_cannot_be_served_says_why() {
    let fleet = phone_with("yealink-t46s", "", "")
        .with("sites/a/phones/001565aabbdd.toml", "model = \"cisco-spa504g\"\nlines = [\"999\"]\n");
    let api = Api::start(fleet);
    assert_snapshot!(api.get("/phones/001565aabbdd/files"), @r#"
    409
    {
      "type": "urn:offhook:problem:conflict",
      "title": "something is in the way",
      "status": 409,
      "detail": "the phone `001565aabbdd` cannot be served: sites/a/phones/001565aabbdd.toml: the line `999` does not exist in the site `a`"
    }
    "#);
    assert_snapshot!(api.get("/phones/001565000000/context"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
}
