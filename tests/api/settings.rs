//! The settings that hold for phones and lines.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::Api;
use crate::fleets::{Fleet, MAC, SITE, phone_with};

fn fleet() -> Fleet {
    phone_with(
        "yealink-t46s",
        "lines = [\"201\", \"202\"]\nsettings.admin_password = \"s3cret\"\n",
        "sip = { user = \"u201\", password = \"s3cret\" }\nsettings.language = \"fr\"\n",
    )
    .with(
        "sites/a/site.toml",
        &format!("settings.timezone = \"Europe/Paris\"\n[family.yealink]\nsettings.ring_volume = 3\n{SITE}")
            .replace("feature_codes", "#"),
    )
    .with("sites/a/lines/202.toml", "sip.user = \"u202\"\n")
    .with("sites/a/phones/001565aabbdd.toml", "model = \"cisco-spa504g\"\nlines = [\"202\"]\n")
}

fn named<'v>(settings: &'v Value, name: &str) -> &'v Value {
    let rows = settings.as_array().unwrap_or_else(|| panic!("{settings:#}"));
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {settings:#}"))
}

#[test]
fn a_phones_settings_tell_where_they_are_written() {
    let api = Api::start(fleet());
    let answer = api.get(&format!("/phones/{MAC}/settings/effective")).json();
    let rows: Vec<String> = ["timezone", "language", "admin_password", "ring_volume"]
        .map(|name| named(&answer["settings"], name).to_string())
        .to_vec();
    assert_snapshot!(rows.join("\n"), @r#"
    {"name":"timezone","value":"Europe/Paris","from":{"layer":"site","file":"sites/a/site.toml","line":1}}
    {"name":"language","value":"fr","from":{"layer":"line","file":"sites/a/lines/201.toml","line":2}}
    {"name":"admin_password","value":{"hidden":true},"from":{"layer":"phone","file":"sites/a/phones/001565aabbcc.toml","line":3}}
    {"name":"ring_volume","value":3,"from":{"layer":"site's family","file":"sites/a/site.toml","line":3}}
    "#);
    let accounts = answer["accounts"].as_array().unwrap().iter();
    let accounts: Vec<String> = accounts
        .map(|of| {
            let [user, password] = ["sip.user", "sip.password"].map(|name| named(&of["settings"], name));
            format!("{} {} {user} {password}", of["account"], of["line"])
        })
        .collect();
    assert_snapshot!(accounts.join("\n"), @r#"
    1 "201" {"name":"sip.user","value":"u201","from":{"layer":"line","file":"sites/a/lines/201.toml","line":1}} {"name":"sip.password","value":{"hidden":true},"from":{"layer":"line","file":"sites/a/lines/201.toml","line":1}}
    2 "202" {"name":"sip.user","value":"u202","from":{"layer":"line","file":"sites/a/lines/202.toml","line":1}} {"name":"sip.password","from":{"layer":"product","file":"models/settings.toml"}}
    "#);
    let lacking = answer["settings"].as_array().unwrap().iter().find(|row| row["lacks"].is_string()).unwrap();
    assert_snapshot!(format!("{lacking}"), @r#"{"name":"auth_resync","from":{"layer":"product","file":"models/settings.toml"},"lacks":"sip.request_validation.* exists, but no source says which values it takes"}"#);
}

#[test]
fn a_lines_settings_are_told_for_each_phone_that_has_it() {
    let api = Api::start(fleet());
    let page = api.get("/sites/a/lines/202/settings/effective").json();
    let rows = page["items"].as_array().unwrap().iter();
    let rows: Vec<String> = rows
        .map(|row| {
            format!("{} {} {} {}", row["phone"], row["model"], row["account"], named(&row["settings"], "sip.user"))
        })
        .collect();
    assert_snapshot!(rows.join("\n"), @r#"
    "001565aabbcc" "yealink-t46s" 2 {"name":"sip.user","value":"u202","from":{"layer":"line","file":"sites/a/lines/202.toml","line":1}}
    "001565aabbdd" "cisco-spa504g" 1 {"name":"sip.user","value":"u202","from":{"layer":"line","file":"sites/a/lines/202.toml","line":1}}
    "#);
    assert_snapshot!(api.get("/sites/a/lines/203/settings/effective"), @r#"
    200
    {
      "items": []
    }
    "#);
    assert_snapshot!(api.get("/sites/a/lines/299/settings/effective"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
}
