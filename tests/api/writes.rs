//! Every place that can be written: there and back, and nothing else is touched.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use offhook::catalogue::Vocabulary;
use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::MAC;
use crate::writing::{BASE, full, until};

/// A place, a patch of it, what its file says then, and what comes of taking the place away.
type Row = (&'static str, String, Value, &'static str, u16);

fn rows() -> Vec<Row> {
    let line = |rest: &str| format!("/sites/a/lines/201{rest}");
    let phone = |rest: &str| format!("/phones/{MAC}{rest}");
    let base = |rest: &str| format!("/phones/{BASE}{rest}");
    vec![
        ("/fleet", "/fleet".into(), json!({ "settings": { "language": "en" } }), "language = \"en\"", 409),
        ("/fleet/settings", "/fleet/settings".into(), json!({ "language": "it" }), "language = \"it\"", 200),
        ("/sites/{site}", "/sites/a".into(), json!({ "sip": { "transport": "tcp" } }), "transport = \"tcp\"", 409),
        (
            "/sites/{site}/settings",
            "/sites/a/settings".into(),
            json!({ "timezone": "Europe/Berlin" }),
            "timezone = \"Europe/Berlin\"",
            200,
        ),
        (
            "/sites/{site}/codes",
            "/sites/a/codes".into(),
            json!({ "voicemail": { "dial": "888" } }),
            "voicemail = { dial = \"888\" } # as before",
            200,
        ),
        (
            "/sites/{site}/numbers/{number}",
            "/sites/a/numbers/0033972109000".into(),
            json!({ "label": "Shop" }),
            "label = \"Shop\" } # the queue",
            200,
        ),
        (
            "/sites/{site}/layouts/{layout}",
            "/sites/a/layouts/desk".into(),
            json!({ "keys": { "5": { "function": "do_not_disturb" } } }),
            "[layouts.desk.keys.5]\nfunction = \"do_not_disturb\"",
            422,
        ),
        (
            "/sites/{site}/layouts/{layout}/keys/{key}",
            "/sites/a/layouts/desk/keys/3".into(),
            json!({ "number": "203" }),
            "number = \"203\"",
            200,
        ),
        ("/sites/{site}/lines/{line}", line(""), json!({ "display_name": "Hall" }), "display_name = \"Hall\"", 422),
        (
            "/sites/{site}/lines/{line}/settings",
            line("/settings"),
            json!({ "call_waiting": false }),
            "settings.call_waiting = false # busy",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/sip",
            line("/sip"),
            json!({ "auth_user": "x201" }),
            "auth_user = \"x201\" } # by the operator",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/keys",
            line("/keys"),
            json!({ "6": { "function": "do_not_disturb" } }),
            "keys.6 = { function = \"do_not_disturb\" }",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/keys/{key}",
            line("/keys/2"),
            json!({ "number": "203" }),
            "number = \"203\" } # Marie",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/soft_keys",
            line("/soft_keys"),
            json!({ "1": { "function": "do_not_disturb" } }),
            "[soft_keys.1] # left\nfunction = \"do_not_disturb\"",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/soft_keys/{key}",
            line("/soft_keys/1"),
            json!({ "function": "directory" }),
            "[soft_keys.1] # left\nfunction = \"directory\"",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/modules",
            line("/modules"),
            json!({ "1": { "keys": { "7": { "function": "do_not_disturb" } } } }),
            "[modules.1.keys.7]\nfunction = \"do_not_disturb\"",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/modules/{module}/keys",
            line("/modules/1/keys"),
            json!({ "5": { "label": "Wall" } }),
            "number = \"203\"\nlabel = \"Wall\"",
            200,
        ),
        (
            "/sites/{site}/lines/{line}/modules/{module}/keys/{key}",
            line("/modules/1/keys/5"),
            json!({ "label": "Gate" }),
            "label = \"Gate\"",
            200,
        ),
        ("/phones/{mac}", phone(""), json!({ "firmware": "66.86.0.15" }), "firmware = \"66.86.0.15\"", 200),
        ("/phones/{mac}/settings", phone("/settings"), json!({ "language": "es" }), "language = \"es\"", 200),
        ("/phones/{mac}/seed", phone("/seed"), json!({ "ring_volume": 3 }), "ring_volume = 3", 200),
        (
            "/phones/{mac}/raw/{family}",
            phone("/raw/yealink"),
            json!({ "features.power_led_on.enable": "0" }),
            "\"features.power_led_on.enable\" = \"0\"",
            200,
        ),
        ("/phones/{mac}/handsets", base("/handsets"), json!({ "2": { "line": 1 } }), "[handsets.2]\nline = 1", 200),
        (
            "/phones/{mac}/handsets/{handset}",
            base("/handsets/1"),
            json!({ "ipui": "0123456789" }),
            "ipui = \"0123456789\"",
            200,
        ),
    ]
}

#[test]
fn every_place_is_a_row_here() {
    let document = offhook::api::document(&Vocabulary::default());
    let all = document["paths"].as_object().unwrap().iter();
    let places = all.filter(|(_, methods)| methods["put"].is_object() && methods["patch"].is_object());
    let places: BTreeSet<&str> = places.map(|(path, _)| path.trim_start_matches("/api/v1")).collect();
    assert_eq!(places, rows().iter().map(|row| row.0).collect());
}

/// The comments of a file.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment).collect()
}

#[test]
fn every_place_is_read_written_and_taken_back() {
    let api = Api::start(full());
    let original = api.files();
    for (_, path, patch, wanted, _) in rows() {
        let got = api.get(&path);
        let (body, tag) = (got.json(), got.header("etag").to_owned());
        assert_eq!(api.send("GET", &path, &[("if-none-match", &tag)], "").status, 304, "{path}");

        // The same again is no write, and touches nothing.
        let inodes = inodes(&api);
        let same = api.send("PUT", &path, &[("if-match", &tag)], &body.to_string());
        assert_eq!(
            (same.status, &same.json()["number"], &same.json()["files"]),
            (200, &Value::Null, &json!([])),
            "{path}"
        );
        assert_eq!((self::inodes(&api), same.header("etag")), (inodes, tag.as_str()), "{path}");

        // Who has seen nothing writes nothing.
        let text = patch.to_string();
        for method in ["PUT", "PATCH", "DELETE"] {
            let text = if method == "DELETE" { "" } else { &text };
            assert_eq!(api.send(method, &path, &[], text).status, 428, "{method} {path}");
            for header in [("if-none-match", "*"), ("if-match", "\"0123\"")] {
                let stale = api.send(method, &path, &[header], text);
                assert_eq!((stale.status, stale.header("etag")), (412, tag.as_str()), "{method} {path} {header:?}");
            }
        }
        assert_eq!(api.files(), original, "{path}");

        // A patch changes what it names.
        let patched = api.send("PATCH", &path, &[("if-match", &format!("\"x\", {tag}"))], &text);
        assert_eq!(patched.status, 200, "{path}: {patched}");
        let file = patched.json()["files"][0].as_str().unwrap().to_owned();
        let file = file.as_str();
        let (was, is) = (&original[file], api.file(file));
        assert!(is.contains(wanted), "{path}: {is}");
        assert_eq!(comments(&is), comments(was), "{path}");
        assert_eq!(patched.header("etag"), api.tag(&path), "{path}");
        assert_ne!(patched.header("etag"), tag, "{path}");

        // What was there is put back, by its value and then word for word.
        let number = patched.json()["number"].clone();
        let back = api.send("PUT", &path, &[("if-match", patched.header("etag"))], &body.to_string());
        assert_eq!((back.status, api.get(&path).json()), (200, body), "{path}: {back}");
        // Where all is hidden, all was kept.
        if back.json()["number"].is_null() {
            assert!(path.contains("/raw/"), "{path}: {back}");
        } else {
            let restored = api.send("POST", &format!("/changes/{}/undo", back.json()["number"]), &[], "");
            assert_eq!((restored.status, api.file(file)), (200, is), "{path}: {restored}");
        }
        let undone = api.send("POST", &format!("/changes/{number}/undo"), &[], "");
        assert_eq!((undone.status, api.files()), (200, original.clone()), "{path}: {undone}");
    }
}

/// Each file with its inode and the time of its last change.
fn inodes(api: &Api) -> Vec<(String, u64, i64)> {
    let stat = |path: String| {
        let stat = std::fs::metadata(api.fleet.path().join(&path)).unwrap();
        (path, stat.ino(), stat.mtime_nsec())
    };
    api.files().into_keys().map(stat).collect()
}

#[test]
fn every_place_is_taken_away_or_it_is_said_why_not() {
    let api = Api::start(full());
    let original = api.files();
    for (_, path, _, _, status) in rows() {
        let gone = api.write("DELETE", &path, &Value::Null);
        assert_eq!(gone.status, status, "{path}: {gone}");
        if status != 200 {
            assert_eq!(api.files(), original, "{path}");
            continue;
        }
        let got = api.get(&path);
        let last = path.rsplit('/').next().unwrap();
        match ["settings", "codes", "sip", "keys", "soft_keys", "modules", "seed", "handsets"].contains(&last) {
            true => assert_eq!((got.status, got.json()), (200, json!({})), "{path}: a table is there"),
            false => assert_eq!(got.status, 404, "{path}: {got}"),
        }
        let undone = api.send("POST", &format!("/changes/{}/undo", gone.json()["number"]), &[], "");
        assert_eq!((undone.status, api.files()), (200, original.clone()), "{path}: {undone}");
    }
}

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
fn secrets_are_never_told() {
    let mut api = Api::start(full());
    let mut said = String::new();
    for (_, path, patch, ..) in rows() {
        for answer in [
            api.get(&path),
            api.send("PATCH", &path, &[], &patch.to_string()),
            api.send("PATCH", &format!("{path}?dry_run=true"), &[("if-match", "*")], &patch.to_string()),
            api.write("PATCH", &path, &patch),
            api.write("PATCH", &path, &json!({ "password": "canary10", "admin_pasword": "canary11", "sip": 3 })),
            api.write("DELETE", &path, &Value::Null),
        ] {
            said += &format!("{answer}{:?}\n", answer.headers);
        }
    }
    // What is not TOML any more.
    api.by_hand("sites/a/lines/202.toml", "sip.password = \"canary7\nx");
    said += &api.get("/sites/a/lines/202").to_string();
    said += &api.send("PATCH", "/sites/a/lines/202", &[("if-match", "*")], "{\"display_name\": \"x\"}").to_string();
    for path in
        ["/changes?limit=1000", "/seen", "/status", "/status/phones", "/resyncs", "/tokens", "/sites", "/phones"]
    {
        said += &api.get(path).to_string();
    }
    api.server.heard("reloaded with 2 errors");
    said += &api.server.said.join("\n");
    assert!(said.contains("hidden") && said.contains("PATCH /sites/{site}"), "{said}");
    let told: Vec<&str> = said.lines().filter(|line| line.contains("canary")).collect();
    assert_eq!(told, [""; 0]);
    let state = String::from_utf8_lossy(&std::fs::read(offhook::journal::path(&api.state())).unwrap()).into_owned();
    assert!(!state.contains("canary"));
}

#[test]
fn a_hidden_value_is_kept_and_a_new_one_is_written() {
    let api = Api::start(full());
    let path = "/sites/a/lines/201/sip";
    assert_eq!(api.get(path).json(), json!({ "user": "201", "password": { "hidden": true } }));
    let kept = json!({ "user": "x", "password": { "hidden": true } });
    assert_eq!(api.write("PUT", path, &kept).status, 200);
    assert!(api.file("sites/a/lines/201.toml").contains("{ user = \"x\", password = \"canary6\" }"));
    // Left out, it is gone.
    assert_eq!(api.write("PUT", path, &json!({ "user": "x" })).status, 200);
    assert!(!api.file("sites/a/lines/201.toml").contains("canary6"));
    let nothing = api.write("PATCH", path, &json!({ "password": { "hidden": true } }));
    insta::assert_snapshot!(nothing, @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "a hidden value is kept as it is, and there is none here",
      "errors": [
        {
          "pointer": "/password",
          "file": "sites/a/lines/201.toml",
          "code": "bad-value",
          "detail": "a hidden value is kept as it is, and there is none here"
        }
      ]
    }
    "#);
    assert_eq!(api.write("PATCH", path, &json!({ "password": "canary12" })).status, 200);
    assert!(api.phone_gets(&format!("{MAC}.cfg")).contains("canary12"));
    let elsewhere = json!({ "password": { "file": "/nowhere/canary" } });
    assert_eq!(api.write("PATCH", path, &elsewhere).status, 422, "a file that is not there");
}

#[test]
fn with_a_key_what_is_written_is_encrypted() {
    let fleet = full().with("sites/a/lines/203.toml", "sip.password = \"canary7\"\n");
    crate::server::shell(&format!("{} secret new-key -C {}", env!("CARGO_BIN_EXE_offhook"), fleet.path().display()));
    let api = Api::start(fleet);
    let made = api.write("PUT", "/sites/a/lines/204", &json!({ "sip": { "password": "canary12" } }));
    assert_eq!(made.status, 200, "{made}");
    let text = api.file("sites/a/lines/204.toml");
    assert!(text.contains("password = { encrypted = \"") && !text.contains("canary"), "{text}");
    // Another word in a file takes its old secrets along, and the phone still gets them.
    assert_eq!(api.write("PATCH", "/sites/a/lines/201", &json!({ "display_name": "Hall" })).status, 200);
    assert!(!api.file("sites/a/lines/201.toml").contains("canary6"));
    let revealed = api.phone_gets(&format!("{MAC}.cfg"));
    assert!(revealed.contains("account.1.password = canary6"), "{revealed}");
    let got = api.get("/sites/a/lines/204");
    assert_eq!(got.json(), json!({ "sip": { "password": { "hidden": true } } }));
    assert_eq!(api.write("PUT", "/sites/a/lines/204", &got.json()).json()["number"], Value::Null);
    // A user who changes a key does not change the password that is encrypted on this occasion.
    let user = format!("Bearer {}", api.known("user --role user --line a/203"));
    let headers = [("authorization", user.as_str()), ("if-match", "*")];
    let key = api.send("PATCH", "/sites/a/lines/203/keys", &headers, "{\"2\":{\"function\":\"do_not_disturb\"}}");
    assert_eq!(key.status, 200, "{key}");
    assert!(!api.file("sites/a/lines/203.toml").contains("canary7"));
    // With a key that is none, nothing is written in clear.
    api.by_hand("secret.key", "broken\n");
    let files = api.files();
    let refused = api.write("PUT", "/sites/a/lines/205", &json!({ "sip": { "password": "canary13" } }));
    assert_eq!((refused.status, api.files()), (503, files), "{refused}");
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
