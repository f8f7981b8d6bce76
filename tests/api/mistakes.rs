//! What cannot be honoured is refused: all of it at once, each with its place in what was sent, and nothing is written.

use std::fmt::Write;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{Answer, Api};
use crate::fleets::MAC;
use crate::writing::{BASE, full};

/// The status, and a line for each mistake.
fn told(answer: &Answer) -> String {
    let problem = answer.json();
    let mut text = answer.status.to_string();
    for error in problem["errors"].as_array().into_iter().flatten() {
        let word = |field: &str| error[field].as_str().unwrap_or("-").to_owned();
        let _ = write!(text, "\n{} [{}] {}", word("pointer"), word("code"), word("detail"));
        if let Some(hint) = error["hint"].as_str() {
            let _ = write!(text, "\n  hint: {hint}");
        }
    }
    text
}

/// Puts bodies at places of a full fleet, in which nothing is written.
fn refused(method: &str, rows: &[(&str, Value)]) -> String {
    let api = Api::start(full());
    let files = api.files();
    let mut text = String::new();
    for (path, body) in rows {
        let answer = api.write(method, path, body);
        if answer.status == 200 {
            api.send("POST", &format!("/changes/{}/undo", answer.json()["number"]), &[], "");
        }
        assert_eq!(api.files(), files, "{path}");
        let _ = writeln!(text, "{path} {body}\n{}\n", told(&answer));
    }
    text
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let keys = [
        ("/sites/a/lines/201/keys/99", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/keys/0", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/keys/two", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/soft_keys/99", json!({ "function": "history" })),
        ("/sites/a/lines/201/modules/2/keys/1", json!({ "function": "do_not_disturb" })),
        ("/sites/a/lines/201/modules/1/keys/99", json!({ "function": "do_not_disturb" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dail", "number": "202" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "supervise", "number": "204" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "queue_join", "number": "202" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "line", "line": 2 })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": "202", "lable": "x" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": 202 })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": "20\n2" })),
        ("/sites/a/lines/201/keys/3", json!({ "label": ["a", null] })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "ivr" })),
        ("/sites/a/layouts/desk/keys/99", json!({ "function": "do_not_disturb" })),
    ];
    assert_snapshot!(refused("PUT", &keys), @"");
}

#[test]
fn phones_lines_and_sites_that_cannot_be_are_refused() {
    let phone = format!("/phones/{MAC}");
    let new = "/phones/001565aabb99";
    let rows = [
        (phone.as_str(), json!({ "model": "yealink-t46x" })),
        (&phone, json!({ "model": null })),
        (&phone, json!({ "lines": ["201", "209"] })),
        (&phone, json!({ "lines": ["201", "201"] })),
        (&phone, json!({ "lines": 201 })),
        (&phone, json!({ "lines": ["201", null] })),
        (&phone, json!({ "modules": 9 })),
        (&phone, json!({ "modules": ["yealink-exp50"] })),
        (&phone, json!({ "modul": 1 })),
        (&phone, json!({ "settings": { "timezone": "Europe/Pari", "langage": "fr" } })),
        (&phone, json!({ "settings": { "ntp_servers": ["a", null] }, "seed": { "ring_volume": 1.5 } })),
        (&phone, json!({ "handsets": { "1": { "line": 1 } } })),
        (&phone, json!([1])),
        (
            "/phones/7c2f80f40003",
            json!({ "model": "yealink-t19p-e2", "lines": ["201", "202", "203"], "handsets": null }),
        ),
        ("/sites/a/lines/201", json!({ "layout": "dsek" })),
        (
            "/sites/a/lines/201",
            json!({ "settings": { "timezone": "Europe/Pari" }, "keys": { "3": { "function": "x" } } }),
        ),
        ("/sites/a/lines/201/sip", json!({ "pasword": "x", "transport": "ucp" })),
        ("/sites/a", json!({ "feature_codes": "ovhh" })),
        ("/sites/a/numbers/0033972109000", json!({ "kind": "qeue" })),
        ("/fleet", json!({ "schema": 2 })),
        ("/fleet", json!({ "listen": [{ "address": "nowhere" }] })),
    ];
    let made =
        [(new, json!({ "model": "yealink-t46s", "lines": ["201"], "site": "b" })), (new, json!({ "site": "a" }))];
    let base = format!("/phones/{BASE}/handsets/999");
    assert_snapshot!(refused("PATCH", &rows), @"");
    assert_snapshot!(refused("PUT", &[&made[..], &[(base.as_str(), json!({ "line": 1 })), ("/sites/b/lines/1", json!({}))]].concat()), @"");
}

#[test]
fn what_others_need_is_not_taken_away() {
    assert_snapshot!(refused("DELETE", &[("/sites/a/lines/201", Value::Null), ("/fleet", Value::Null)]), @"
    /sites/a/lines/201 null
    422
    - [unknown-line] the file of the line `201` was deleted; its last good version stays served
      hint: take the line out of `lines`, or bring its file back

    /fleet null
    409
    ");
    let api = Api::start(full());
    let gone = api.write("DELETE", "/sites/a/numbers/0033972109000", &Value::Null);
    assert_eq!(gone.status, 200, "nobody needs it: {gone}");
    let external = json!({ "kind": "external" });
    api.send("PUT", "/sites/a/numbers/0033972109000", &[], &external.to_string());
    let key = json!({ "function": "supervise", "number": "0033972109000" });
    assert_eq!(api.send("PUT", "/sites/a/lines/201/keys/7", &[], &key.to_string()).status, 200);
    assert_snapshot!(told(&api.write("DELETE", "/sites/a/numbers/0033972109000", &Value::Null)), @"");
}

#[test]
fn all_mistakes_of_many_writes_are_told_at_once() {
    let api = Api::start(full());
    let files = api.files();
    let writes = json!([
        { "method": "PUT", "path": "/sites/a/lines/201/keys/9", "body": { "function": "dail" } },
        { "method": "PATCH", "path": "/sites/a/lines/202", "body": { "display_name": 3, "keys": { "2": { "lable": "x" } } }, "if_match": "*" },
        { "method": "PUT", "path": "/sites/a/lines/201/keys/10", "body": { "function": "supervise", "number": "299" } },
        { "method": "PUT", "path": format!("/phones/{MAC}"), "body": 3, "if_match": "*" },
        { "method": "PUT", "path": "/phones/001565aabb99", "body": { "model": "yealink-t46s", "lines": [] } },
        { "method": "PATCH", "path": "/sites/a/settings", "body": { "ntp_servers": [null] }, "if_match": "*" },
    ]);
    assert_snapshot!(told(&api.bulk(&writes)), @"
    422
    /writes/3/body [bad-value] an object is expected
    /writes/4/body/site [missing-field] `site` is missing: a new phone needs one
    /writes/5/body/ntp_servers/0 [bad-value] null takes a field away, and nothing can be taken out of a list
    /writes/0/body/function [unknown-function] `dail` is not a function
      hint: did you mean `dial`?
    /writes/1/body/display_name [wrong-type] `display_name` must be a text, not a whole number
    /writes/1/body/keys/2/lable [unknown-field] `keys.2.lable` is not a known field
      hint: did you mean `label`?
    ");
    let addresses = json!([
        { "method": "PUT", "path": "/nowhere", "body": {} },
        { "method": "DELETE", "path": "/sites/a/lines/201", "if_match": "201" },
        { "method": "DELETE", "path": "/sites/a/lines/202", "if_match": "*" },
    ]);
    assert_snapshot!(told(&api.bulk(&addresses)), @"
    422
    /writes/0 [bad-write] `/nowhere` is no address that can be written
    /writes/1 [bad-write] If-Match is a list of entity tags as ETag told them, with their quotes
    ");
    assert_eq!(api.files(), files);
}

/// What was wrong before, somewhere else in the file or in a phone that the write reaches, is none of the writer's.
#[test]
fn old_mistakes_elsewhere_stop_nobody() {
    let api = Api::start(
        full()
            .with("sites/a/lines/203.toml", "keys.99.function = \"do_not_disturb\"\n")
            .with("sites/a/phones/001565aabb98.toml", "model = \"yealink-t46s\"\nlines = [\"203\"]\n"),
    );
    let done = api.write("PATCH", "/sites/a/lines/203", &json!({ "display_name": "Hall" }));
    assert_eq!(done.status, 200, "{done}");
    api.by_hand("sites/a/lines/203.toml", "display_nam = \"x\"\n");
    let refused = api.write("PATCH", "/sites/a/lines/203/keys", &json!({ "2": { "function": "do_not_disturb" } }));
    assert_snapshot!(told(&refused), @"
    422
    - [unknown-field] `display_nam` is not a known field
      hint: did you mean `display_name`?
    ");
    api.by_hand("sites/a/lines/203.toml", "display_nam = \n");
    assert_snapshot!(told(&api.send("PATCH", "/sites/a/lines/203", &[("if-match", "*")], "{}")), @"409");
}
