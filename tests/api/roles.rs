//! Who may read what.

use insta::assert_snapshot;

use crate::common::Api;
use crate::fleets::{MAC, phone};

#[test]
fn who_asks_says_with_which_token() {
    let api = Api::start(phone("yealink-t46s", ""));
    assert_snapshot!(api.get_as("nobody", "/models"), @r#"
    401
    {
      "type": "urn:offhook:problem:unauthorized",
      "title": "a good token is needed",
      "status": 401,
      "detail": "this token is not good, or not any more"
    }
    "#);
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
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    200 200 200 200 200 /models
    200 200 200 200 200 /models/yealink-t46s
    200 200 200 200 200 /settings
    200 200 200 200 200 /functions
    200 200 200 200 200 /feature_codes/ovh
    200 200 200 200 403 /findings
    200 200 200 404 403 /findings?site=a
    200 200 200 404 403 /findings?phone=001565aabbcc&deep=true
    200 200 200 404 200 /phones/001565aabbcc/keys
    200 200 200 404 200 /phones/001565aabbcc/keys/3/functions
    200 200 200 404 403 /phones/001565aabbcc/files
    200 200 200 404 403 /phones/001565aabbcc/files/001565aabbcc.cfg
    200 200 200 404 403 /phones/001565aabbcc/files/001565aabbcc.cfg/explain
    200 200 200 404 403 /phones/001565aabbcc/context
    200 200 200 404 403 /phones/001565aabbcc/settings/effective
    200 200 200 404 200 /sites/a/lines/201/keys/3/functions
    200 200 200 404 403 /sites/a/lines/201/settings/effective
    200 200 200 404 404 /sites/a/lines/202/keys/3/functions
    200 200 404 200 404 /phones/001565aabbdd/keys
    ");
    assert_snapshot!(api.get_as(&tokens[4], "/findings"), @r#"
    403
    {
      "type": "urn:offhook:problem:forbidden",
      "title": "this token may not do that",
      "status": 403,
      "detail": "a user's token changes the keys of its lines, and nothing else"
    }
    "#);
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
    assert_snapshot!(files(&operator), @"sites/a/lines/204.toml");
    assert_snapshot!(files(&api.token("all --role admin")), @"sites/a/lines/204.toml sites/b/site.toml");
}
