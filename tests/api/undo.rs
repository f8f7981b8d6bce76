//! What was written is taken back, and who wrote what is told.

use insta::assert_snapshot;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::common::{Answer, Api};
use crate::fleets::MAC;
use crate::writing::{full, until};

fn undo(api: &Api, done: &Answer) -> Answer {
    assert_eq!(done.status, 200, "{done}");
    api.send("POST", &format!("/changes/{}/undo", done.json()["number"]), &[], "")
}

#[test]
fn a_bulk_is_taken_back_as_one() {
    let api = Api::start(full());
    let before = api.files();
    let done = api.bulk(&json!([
        { "method": "PUT", "path": "/sites/b", "body": {} },
        { "method": "PUT", "path": "/sites/b/lines/301", "body": { "sip": { "password": "canary" } } },
        { "method": "PUT", "path": "/phones/001565aabb99", "body": { "site": "b", "model": "yealink-t46s", "lines": ["301"] } },
        { "method": "PUT", "path": "/phones/001565aabb99/settings", "body": { "language": "fr" }, "if_match": "*" },
        { "method": "DELETE", "path": format!("/phones/{MAC}"), "if_match": "*" },
        { "method": "PUT", "path": format!("/phones/{MAC}"), "body": { "site": "b", "model": "yealink-t46s", "lines": ["301"] } },
        { "method": "DELETE", "path": "/sites/a/lines/201", "if_match": "*" },
    ]));
    assert_eq!(done.status, 200, "{done}");
    let after = api.files();
    assert_eq!(after["sites/b/phones/001565aabb99.toml"].matches("language").count(), 1);
    assert!(!after.contains_key("sites/a/lines/201.toml"));
    let undone = undo(&api, &done);
    assert_eq!((undone.status, api.files()), (200, before), "{undone}");
    assert!(!api.fleet.path().join("sites/b").exists());
    let again = undo(&api, &undone);
    assert_eq!((again.status, api.files()), (200, after), "{again}");
    assert_eq!(undo(&api, &undone).status, 409, "it is taken back already");
    let told = api.changes(&again.json()["number"]);
    assert_eq!(told[0]["undoes"], undone.json()["number"]);
}

#[test]
fn later_edits_stay_where_they_are_elsewhere() {
    let api = Api::start(full());
    let key =
        api.write("PUT", "/sites/a/lines/201/keys/2", &json!({ "function": "dial", "number": "203", "label": "Paul" }));
    api.write(
        "PATCH",
        "/sites/a/lines/201",
        &json!({ "display_name": "Hall", "keys": { "7": { "function": "do_not_disturb" } } }),
    );
    let text = api.file("sites/a/lines/201.toml").replace("# Front desk.", "# The hall.");
    api.by_hand("sites/a/lines/201.toml", &text);
    let undone = undo(&api, &key);
    assert_eq!(undone.status, 200, "{undone}");
    assert_snapshot!(api.file("sites/a/lines/201.toml"), @r#"
    # The hall.
    layout = "desk"
    display_name = "Hall"
    sip = { user = "201", password = "canary6" } # by the operator
    settings.call_waiting = true # busy
    keys.2 = { function = "dial", number = "202" } # Marie
    keys.7 = { function = "do_not_disturb" }
    [soft_keys.1] # left
    function = "history"
    [modules.1.keys.5] # the wall
    function = "dial"
    number = "203"
    "#);
}

#[test]
fn what_was_built_upon_is_not_taken_back() {
    let api = Api::start(full());
    let patch =
        json!({ "display_name": "Hall", "keys": { "2": { "number": "203" }, "8": { "function": "do_not_disturb" } } });
    let first = api.write("PATCH", "/sites/a/lines/201", &patch);
    let second = api.write("PATCH", "/sites/a/lines/201/keys/2", &json!({ "number": "201" }));
    api.write("PATCH", "/sites/a/lines/201", &json!({ "display_name": "Front" }));
    let files = api.files();
    let refused = undo(&api, &first);
    assert_snapshot!(refused, @r#"
    409
    {
      "type": "urn:offhook:problem:conflict",
      "title": "something is in the way",
      "status": 409,
      "detail": "it cannot be taken back: other changes were made on top of it; take those back first",
      "errors": [
        {
          "pointer": "/display_name",
          "file": "sites/a/lines/201.toml",
          "code": "changed-since",
          "detail": "`/display_name` was changed again since"
        },
        {
          "pointer": "/keys/2/number",
          "file": "sites/a/lines/201.toml",
          "code": "changed-since",
          "detail": "`/keys/2/number` was changed again since"
        }
      ]
    }
    "#);
    assert_eq!(api.files(), files);
    assert_eq!(undo(&api, &second).status, 200);
    let made = api.write("PUT", "/sites/a/lines/205", &json!({}));
    api.write("PATCH", "/sites/a/lines/205", &json!({ "display_name": "x" }));
    assert_eq!(undo(&api, &made).status, 409);
    let gone = api.write("DELETE", "/sites/a/lines/205", &Value::Null);
    api.write("PUT", "/sites/a/lines/205", &json!({ "display_name": "y" }));
    assert_snapshot!(undo(&api, &gone), @r#"
    409
    {
      "type": "urn:offhook:problem:conflict",
      "title": "something is in the way",
      "status": 409,
      "detail": "it cannot be taken back: other changes were made on top of it; take those back first",
      "errors": [
        {
          "pointer": "",
          "file": "sites/a/lines/205.toml",
          "code": "changed-since",
          "detail": "`sites/a/lines/205.toml` was made again since"
        }
      ]
    }
    "#);
}

#[test]
fn a_deletion_is_taken_back_with_its_password_after_a_restart() {
    let api = Api::start(full());
    let line = api.file("sites/a/lines/202.toml");
    let gone = api.bulk(&json!([
        { "method": "DELETE", "path": "/phones/7c2f80f40003", "if_match": "*" },
        { "method": "DELETE", "path": "/sites/a/lines/202", "if_match": "*" },
    ]));
    assert_eq!(gone.status, 200, "{gone}");
    let number = gone.json()["number"].clone();
    api.changes(&number);
    let api = api.again();
    let undone = api.send("POST", &format!("/changes/{number}/undo"), &[], "");
    assert_eq!((undone.status, api.file("sites/a/lines/202.toml")), (200, line), "{undone}");
    assert_eq!(api.send("POST", "/changes/1/undo", &[], "").status, 404);
    // A key that is gone opens nothing.
    std::fs::remove_file(api.state().join("undo.key")).unwrap();
    let api = api.again();
    let closed = api.send("POST", &format!("/changes/{number}/undo"), &[], "");
    assert_snapshot!(closed, @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "what was changed was encrypted by a key that is gone"
    }
    "#);
}

#[test]
fn a_part_of_a_write_is_not_taken_back() {
    let api = Api::start(full());
    let done = api.bulk(&json!([
        { "method": "PATCH", "path": "/sites/a/lines/201", "body": { "display_name": "One" }, "if_match": "*" },
        { "method": "PATCH", "path": "/sites/a/lines/202", "body": { "display_name": "Two" }, "if_match": "*" },
    ]));
    api.changes(&done.json()["number"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(api.state().join("journal.sqlite"));
        let mut journal = options.connect().await.unwrap();
        sqlx::query("DELETE FROM changes WHERE entity LIKE '%202.toml'").execute(&mut journal).await.unwrap();
    });
    let before = api.files();
    let undone = undo(&api, &done);
    assert_eq!((undone.status, api.files()), (409, before), "{undone}");
    let why = "it cannot be taken back: of the 2 files that it changed the journal has 1";
    assert_eq!(undone.json()["detail"], why);
}

#[test]
fn without_a_journal_nothing_is_taken_back() {
    let text = "schema = 1\n[journal]\nenabled = false\n";
    let api = Api::start(full().with("fleet.toml", text));
    let done = api.write("PATCH", "/sites/a/lines/201", &json!({ "display_name": "Hall" }));
    assert_snapshot!(undo(&api, &done), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_eq!(api.get("/changes").json(), json!({ "items": [] }));
}

#[test]
fn changes_are_told_by_site_line_and_person_and_in_pages() {
    let api = Api::start(full());
    let operator = format!("Bearer {}", api.known("anna --role operator --site a"));
    let by_anna = |path: &str, body: &Value| {
        api.send("PATCH", path, &[("authorization", &operator), ("if-match", "*")], &body.to_string())
    };
    let mut last = Value::Null;
    for (at, language) in ["fr", "de", "it"].into_iter().enumerate() {
        assert_eq!(api.write("PATCH", "/fleet/settings", &json!({ "language": language })).status, 200);
        let done = by_anna("/sites/a/lines/201", &json!({ "display_name": format!("Desk {at}") }));
        assert_eq!(done.status, 200, "{done}");
        last = by_anna("/sites/a/lines/202", &json!({ "display_name": format!("Hall {at}") })).json()["number"].clone();
    }
    let all = api.changes(&last);
    let of = |query: &str| -> Vec<String> {
        let page = api.get(&format!("/changes?{query}")).json();
        let row = |change: &Value| {
            format!(
                "{} {}",
                change["who"].as_str().unwrap().split(' ').next().unwrap(),
                change["entity"].as_str().unwrap()
            )
        };
        page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(row).collect()
    };
    let of_fleet: Vec<String> = of("").into_iter().filter(|row| row.ends_with(".toml")).collect();
    assert_snapshot!(of_fleet.join("\n"), @"
    anna sites/a/lines/202.toml
    anna sites/a/lines/201.toml
    tests fleet.toml
    anna sites/a/lines/202.toml
    anna sites/a/lines/201.toml
    tests fleet.toml
    anna sites/a/lines/202.toml
    anna sites/a/lines/201.toml
    ");
    assert_eq!(of("site=a&line=202"), vec!["anna sites/a/lines/202.toml"; 3]);
    assert_eq!(of("site=a").len(), 6);
    assert_eq!(of("site=b"), [""; 0]);
    let who = all[0]["who"].as_str().unwrap().replace(' ', "%20");
    assert_eq!(of(&format!("who={who}")).len(), 6);
    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let page = api.get(&format!("/changes?limit=3{next}")).json();
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(more) = page["next"].as_str() else { break };
        next = format!("&after={more}");
    }
    assert_eq!(pages, all);
    // Whoever has a site sees what is of it.
    let seen = api.send("GET", "/changes", &[("authorization", &operator)], "").json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 6);
    assert_snapshot!(all[0]["after"].as_str().unwrap(), @r#"
    display_name = "Hall 2"

    [sip]
    password = "‹hidden›"
    "#);
    until(|| (api.get("/changes?line=201").status == 400).then_some(()));
    for bad in ["limit=0", "limit=1001", "after=x", "whom=x"] {
        assert_eq!(api.get(&format!("/changes?{bad}")).status, 400, "{bad}");
    }
}
