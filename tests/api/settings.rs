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
    assert_snapshot!(rows.join("\n"), @"");
    let accounts = answer["accounts"].as_array().unwrap().iter();
    let accounts: Vec<String> = accounts
        .map(|of| {
            let [user, password] = ["sip.user", "sip.password"].map(|name| named(&of["settings"], name));
            format!("{} {} {user} {password}", of["account"], of["line"])
        })
        .collect();
    assert_snapshot!(accounts.join("\n"), @"");
    let lacking = answer["settings"].as_array().unwrap().iter().find(|row| row["lacks"].is_string()).unwrap();
    assert_snapshot!(format!("{lacking}"), @"");
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
    assert_snapshot!(rows.join("\n"), @"");
    assert_snapshot!(api.get("/sites/a/lines/203/settings/effective"), @"");
    assert_snapshot!(api.get("/sites/a/lines/299/settings/effective"), @"");
}
