//! What comes of writes: what phones get, and what comes and goes.

use crate::common::Api;
use crate::fleets::MAC;
use crate::writing::{full, until};
use serde_json::{Value, json};

#[test]
fn what_is_written_is_what_the_phone_gets_and_what_is_told() {
    let api = Api::start(full());
    let file = format!("{MAC}.cfg");
    let lines = |api: &Api| {
        let text = api.phone_gets(&file);
        let of_key: Vec<String> =
            text.lines().filter(|line| line.starts_with("linekey.2.")).map(str::to_owned).collect();
        of_key.join("\n")
    };
    insta::assert_snapshot!(lines(&api), @"
    linekey.2.type = 13
    linekey.2.line = 1
    linekey.2.value = 202
    linekey.2.extension = %NULL%
    linekey.2.pickup_value = %NULL%
    linekey.2.shortlabel = %NULL%
    linekey.2.label = %NULL%
    ");
    let done = api.write("PATCH", "/sites/a/lines/201/keys/2", &json!({ "number": "203", "label": "Paul" }));
    insta::assert_snapshot!(lines(&api), @"
    linekey.2.type = 13
    linekey.2.line = 1
    linekey.2.value = 203
    linekey.2.extension = %NULL%
    linekey.2.pickup_value = %NULL%
    linekey.2.shortlabel = %NULL%
    linekey.2.label = Paul
    ");
    let done = done.json();
    assert_eq!(done["phones"], json!({ "count": 1, "first": [MAC] }));
    let changes = api.changes(&done["number"]);
    let told = &changes[0];
    assert_eq!(
        (&told["what"], &told["entity"]),
        (&json!("PATCH /sites/{site}/lines/{line}/keys/{key}"), &json!("sites/a/lines/201.toml"))
    );
    insta::assert_snapshot!(told["before"].as_str().unwrap(), @r#"
    display_name = "Front"
    layout = "desk"

    [keys.2]
    function = "dial"
    number = "202"

    [modules.1.keys.5]
    function = "dial"
    number = "203"

    [settings]
    call_waiting = true

    [sip]
    password = "‹hidden›"
    user = "201"

    [soft_keys.1]
    function = "history"
    "#);
    let (before, after) = (told["before"].as_str().unwrap(), told["after"].as_str().unwrap());
    assert_eq!(before.replace("number = \"202\"", "label = \"Paul\"\nnumber = \"203\""), after);
}

#[test]
fn lines_phones_and_sites_come_and_go() {
    let api = Api::start(full());
    let original = api.files();
    let put = |path: &str, body: Value| api.write("PUT", path, &body);
    let never = put("/phones/001565aabb99", json!({ "model": "yealink-t46s", "lines": [] }));
    insta::assert_snapshot!(never, @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "`site` is missing: a new phone needs one",
      "errors": [
        {
          "pointer": "/site",
          "code": "missing-field",
          "detail": "`site` is missing: a new phone needs one"
        }
      ]
    }
    "#);
    assert_eq!(put("/sites/b/lines/301", json!({})).status, 404, "there is no such site");
    assert_eq!(put("/sites/b", json!({ "sip": { "server": "b.example.org" } })).status, 200);
    assert_eq!(put("/sites/b/lines/301", json!({})).status, 200);
    let made = put("/phones/00:15:65:AA:BB:99", json!({ "site": "b", "model": "yealink-t46s", "lines": ["301"] }));
    assert_eq!(made.json()["files"], json!(["sites/b/phones/001565aabb99.toml"]), "{made}");
    assert!(api.phone_gets("001565aabb99.cfg").contains("b.example.org"));
    let again =
        api.send("PUT", "/phones/001565aabb99", &[("if-none-match", "*")], "{\"site\": \"a\", \"model\": \"x\"}");
    assert_eq!(again.status, 412);

    // To another site: its line is not there.
    let there = api.write("PATCH", "/phones/001565aabb99", &json!({ "site": "a" }));
    insta::assert_snapshot!(there, @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "the line `301` does not exist in the site `a`",
      "errors": [
        {
          "file": "sites/a/phones/001565aabb99.toml",
          "code": "unknown-line",
          "detail": "the line `301` does not exist in the site `a`",
          "hint": "did you mean `201`?"
        }
      ]
    }
    "#);
    for site in ["nowhere", "../../x", ""] {
        let refused = api.write("PATCH", "/phones/001565aabb99", &json!({ "site": site, "lines": [] }));
        assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/site")), "{refused}");
    }
    let moved = api.write("PATCH", "/phones/001565aabb99", &json!({ "site": "a", "lines": ["203"] }));
    assert_eq!(moved.json()["files"], json!(["sites/a/phones/001565aabb99.toml", "sites/b/phones/001565aabb99.toml"]));
    assert!(api.phone_gets("001565aabb99.cfg").contains("sip.example.org"));
    let got = api.get("/phones/001565aabb99").json();
    assert_eq!((&got["site"], &got["mac"]), (&json!("a"), &json!("001565aabb99")));
    let other = api.write("PATCH", "/phones/001565aabb99", &json!({ "mac": "001565aabb98" }));
    assert_eq!((other.status, &other.json()["errors"][0]["pointer"]), (422, &json!("/mac")));

    let refused = api.write("DELETE", "/sites/b", &Value::Null);
    insta::assert_snapshot!(refused, @r#"
    409
    {
      "type": "urn:offhook:problem:conflict",
      "title": "something is in the way",
      "status": 409,
      "detail": "the site `b` has 1 lines and phones; with `recursive` they are taken away too"
    }
    "#);
    assert_eq!(api.write("DELETE", "/sites/b?recursive=true", &Value::Null).status, 200);
    assert!(!api.fleet.path().join("sites/b").exists());
    assert_eq!(api.get("/sites/b").status, 404);
    assert_eq!(api.write("DELETE", "/phones/001565aabb99", &Value::Null).status, 200);
    assert_eq!(api.files(), original);
    for path in
        ["/sites/b", "/sites/a/lines/999", "/phones/001565aabb99", "/sites/a/lines/201/keys/9", "/sites/x/settings"]
    {
        assert_eq!(api.send("DELETE", path, &[("if-match", "*")], "").status, 404, "{path}");
    }
    until(|| (api.get("/status").json()["summary"].as_str()?.starts_with("2 phones")).then_some(()));
}

#[test]
fn who_makes_something_need_not_have_seen_it() {
    let api = Api::start(full());
    for (path, body) in [
        ("/sites/a/lines/201/keys/9", json!({ "function": "do_not_disturb" })),
        ("/sites/a/numbers/0033972109001", json!({ "kind": "hunt" })),
        ("/sites/a/layouts/hall", json!({ "keys": { "2": { "function": "do_not_disturb" } } })),
        ("/sites/a/layouts/hall/keys/4", json!({ "function": "do_not_disturb" })),
    ] {
        assert_eq!(api.get(path).status, 404, "{path}");
        assert_eq!(api.send("PUT", path, &[("if-match", "*")], &body.to_string()).status, 412, "{path}");
        let made = api.send("PUT", path, &[("if-none-match", "*")], &body.to_string());
        assert_eq!((made.status, api.get(path).json()), (200, body.clone()), "{path}: {made}");
        assert_eq!(api.write("DELETE", path, &Value::Null).status, 200, "{path}");
        assert_eq!(api.send("PUT", path, &[], &body.to_string()).status, 200, "{path}");
    }
}

#[test]
fn a_site_that_is_taken_away_is_gone() {
    let api = Api::start(full().with("sites/b/site.toml", "").with("sites/b/lines/301.toml", ""));
    let sites = || api.get("/sites").json()["items"].as_array().unwrap().len();
    assert_eq!(sites(), 2);
    // A line that the same write makes is in it, too.
    let refused = api.bulk(&json!([
        { "method": "DELETE", "path": "/sites/b/lines/301", "if_match": "*" },
        { "method": "PUT", "path": "/sites/b/lines/302", "body": {} },
        { "method": "DELETE", "path": "/sites/b", "if_match": "*" },
    ]));
    assert_eq!(refused.status, 409, "{refused}");
    assert!(refused.body.contains("the site `b` has 1 lines and phones"), "{refused}");
    assert_eq!(api.write("DELETE", "/sites/b?recursive=true", &Value::Null).status, 200);
    assert_eq!((sites(), api.get("/sites/b/lines").status), (1, 404));
    let headers = [("content-type", "text/csv"), ("if-match", "*")];
    let imported = api.send("POST", "/import?table=lines", &headers, "site,line\nb,303\n");
    assert!(imported.body.contains("there is no site `b`"), "{imported}");
    assert!(!api.fleet.path().join("sites/b").exists());
}

/// A file that would not be read again is not written, and one that was made by hand is not cut.
#[test]
fn a_file_that_is_too_large_is_left_as_it_is() {
    let (api, path) = (Api::start(full()), "sites/a/lines/203.toml");
    let patch = || api.send("PATCH", "/sites/a/lines/203", &[("if-match", "*")], "{ \"display_name\": \"Hall\" }");
    for (bytes, status, told) in [
        (4 << 20, 422, "is 4194326 bytes long; 4194304 bytes are read at most"),
        (5 << 20, 503, "`sites/a/lines/203.toml` cannot be read: it is longer than 4194304 bytes"),
    ] {
        let text = format!("#{}\n", "-".repeat(bytes - 2));
        api.by_hand(path, &text);
        let answer = patch();
        assert_eq!((answer.status, answer.json()["detail"].as_str().unwrap()), (status, told));
        assert!(api.file(path) == text);
    }
}
