//! Who may read what.

use insta::assert_snapshot;

use crate::common::Api;
use crate::fleets::{MAC, phone};

#[test]
fn who_asks_says_with_which_token() {
    let api = Api::start(phone("yealink-t46s", ""));
    assert_snapshot!(api.get_as("nobody", "/models"), @"");
}

#[test]
fn each_role_reads_what_is_its_own() {
    let fleet = phone("yealink-t46s", "")
        .with("sites/b/site.toml", "")
        .with("sites/b/lines/301.toml", "")
        .with("sites/b/phones/001565aabbdd.toml", "model = \"yealink-t46s\"\nlines = [\"301\"]\n");
    let api = Api::start(fleet);
    let tokens = [
        "admin --role admin",
        "reader --role reader",
        "operator --role operator --site a",
        "guest --role reader --site b",
        "user --role user --line a/201",
    ]
    .map(|role| api.token(role));
    let rows = [
        "/models".to_owned(),
        "/models/yealink-t46s".to_owned(),
        "/settings".to_owned(),
        "/functions".to_owned(),
        "/feature_codes/ovh".to_owned(),
        "/findings".to_owned(),
        "/findings?site=a".to_owned(),
        format!("/findings?phone={MAC}&deep=true"),
        format!("/phones/{MAC}/keys"),
        format!("/phones/{MAC}/keys/3/functions"),
        format!("/phones/{MAC}/files"),
        format!("/phones/{MAC}/files/{MAC}.cfg"),
        format!("/phones/{MAC}/files/{MAC}.cfg/explain"),
        format!("/phones/{MAC}/context"),
        format!("/phones/{MAC}/settings/effective"),
        "/sites/a/lines/201/keys/3/functions".to_owned(),
        "/sites/a/lines/201/settings/effective".to_owned(),
        "/sites/a/lines/202/keys/3/functions".to_owned(),
        "/phones/001565aabbdd/keys".to_owned(),
    ];
    let told = rows.iter().map(|path| {
        let statuses = tokens.iter().map(|token| api.get_as(token, path).status.to_string());
        format!("{} {path}", statuses.collect::<Vec<_>>().join(" "))
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"");
    assert_snapshot!(api.get_as(&tokens[4], "/findings"), @"");
}

#[test]
fn an_operator_is_told_of_the_own_sites_only() {
    let fleet = phone("yealink-t46s", "")
        .with("sites/a/lines/204.toml", "dispaly_name = \"x\"\n")
        .with("sites/b/site.toml", "feature_cods = \"ovh\"\n");
    let api = Api::start(fleet);
    let operator = api.token("operator --role operator --site a");
    let files = |token: &str| {
        let page = api.get_as(token, "/findings").json();
        let items = page["items"].as_array().unwrap().iter();
        items.map(|row| row["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_snapshot!(files(&operator), @"");
    assert_snapshot!(files(&api.token("all --role admin")), @"");
}
