//! Every place that can be written: there and back, and nothing else is touched.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use offhook::catalogue::Vocabulary;
use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::MAC;
use crate::writing::{BASE, full};

/// A place, a patch of it, what its file says then, and what comes of taking the place away.
pub type Row = (&'static str, String, Value, &'static str, u16);

pub fn rows() -> Vec<Row> {
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
