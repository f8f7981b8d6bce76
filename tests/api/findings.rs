//! What is wrong or doubtful.

use insta::assert_snapshot;

use crate::common::Api;
use crate::fleets::{Fleet, MAC, phone, phone_with};

/// A phone with a key that cannot be, one that is accepted, and another phone with no model.
fn flawed() -> Fleet {
    let line = "keys.2.function = \"swap\"\nkeys.3 = { function = \"supervise_beep\", number = \"202\", accept = [\"degraded\"] }\n";
    phone_with("yealink-t46s", "", line)
        .with("sites/a/phones/001565aabbdd.toml", "model = \"yealink-t4711\"\nlines = [\"202\"]\n")
        .with("sites/b/site.toml", "feature_cods = \"ovh\"\n")
        .with("sites/b/lines/301.toml", "")
}

/// Findings as a table.
fn told(api: &Api, query: &str) -> String {
    let page = api.get(&format!("/findings{query}")).json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page:#}"));
    let text = |value: &serde_json::Value| value.to_string().replace('"', "");
    let rows = items.iter().map(|row| {
        let accepted = if row["accepted"] == true { " (accepted)" } else { "" };
        format!(
            "{} {} {} {}{accepted}",
            text(&row["level"]),
            text(&row["file"]),
            text(&row["line"]),
            text(&row["code"])
        )
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_files_say_is_told_at_once() {
    let api = Api::start(flawed());
    assert_snapshot!(told(&api, ""), @"
    error sites/a/phones/001565aabbdd.toml 1 unknown-model
    error sites/b/site.toml 1 unknown-field
    ");
    assert_snapshot!(told(&api, "?site=b"), @"error sites/b/site.toml 1 unknown-field");
    assert_snapshot!(told(&api, "?code=unknown-model"), @"error sites/a/phones/001565aabbdd.toml 1 unknown-model");
    assert_snapshot!(told(&api, "?level=note"), @"");
    assert_snapshot!(told(&api, "?phone=001565aabbdd"), @"error sites/a/phones/001565aabbdd.toml 1 unknown-model");
    assert_snapshot!(told(&api, &format!("?phone={MAC}")), @"");
    assert_snapshot!(api.get("/findings?code=unknown-model"), @r#"
    200
    {
      "items": [
        {
          "file": "sites/a/phones/001565aabbdd.toml",
          "line": 1,
          "level": "error",
          "code": "unknown-model",
          "what": "the model `yealink-t4711` does not exist",
          "hint": "did you mean `yealink-t41p`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s)",
          "accepted": false
        }
      ]
    }
    "#);
}

#[test]
fn what_only_files_tell_is_told_where_it_is_asked() {
    let api = Api::start(flawed());
    assert_snapshot!(told(&api, &format!("?phone={MAC}&deep=true")), @"error sites/a/lines/201.toml 1 impossible");
    assert_snapshot!(told(&api, &format!("?phone={MAC}&deep=true&accepted=true")), @"
    error sites/a/lines/201.toml 1 impossible
    warning sites/a/lines/201.toml 2 degraded (accepted)
    ");
    assert_snapshot!(told(&api, "?site=a&deep=true&level=error"), @"
    error sites/a/lines/201.toml 1 impossible
    error sites/a/phones/001565aabbdd.toml 1 unknown-model
    ");
    assert_snapshot!(api.get("/findings?deep=true"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "`deep` is for one `phone` or for one `site`: `offhook check` looks into all"
    }
    "#);
    assert_snapshot!(api.get("/findings?phone=001565000000"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_snapshot!(api.get("/findings?levl=error"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "`levl` is not known here; known are accepted, after, code, deep, level, limit, phone, site"
    }
    "#);
}

#[test]
fn pages_hold_each_finding_once() {
    let mut fleet = phone("yealink-t46s", "");
    for at in 10..35 {
        fleet = fleet
            .with(&format!("sites/a/phones/0015650000{at}.toml"), "model = \"yealink-t4711\"\nlines = [\"999\"]\n");
    }
    let api = Api::start(fleet);
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/findings?limit=7{after}")).json();
        pages.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "%20"));
    }
    let all = api.get("/findings?limit=1000").json();
    assert_eq!(serde_json::Value::from(pages), all["items"]);
    assert_eq!(all["items"].as_array().unwrap().len(), 50, "each phone has two");
}

#[test]
fn a_large_site_is_not_looked_into_at_once() {
    let mut fleet = phone("yealink-t46s", "");
    for at in 0..500 {
        fleet =
            fleet.with(&format!("sites/a/phones/001565{at:06}.toml"), "model = \"yealink-t46s\"\nlines = [\"202\"]\n");
    }
    let api = Api::start(fleet);
    assert_snapshot!(api.get("/findings?site=a&deep=true"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "the site has 501 phones, and 500 at the most are looked into: name a `phone`"
    }
    "#);
    assert_snapshot!(told(&api, &format!("?phone={MAC}&deep=true")), @"");
}
