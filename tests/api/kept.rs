//! What of a file stays as people wrote it.

use serde_json::{Value, json};

use crate::common::Api;
use crate::writing::full;

const LINE: &str = "sites/a/lines/203.toml";

#[test]
fn line_ends_stay() {
    let api = Api::start(full().with_bytes(LINE, b"# spare\r\ndisplay_name = \"x\"\r\n"));
    assert_eq!(api.write("PATCH", "/sites/a/lines/203", &json!({ "display_name": "y" })).status, 200);
    assert_eq!(api.file(LINE), "# spare\r\ndisplay_name = \"y\"\r\n");
}

#[test]
fn a_layout_whose_keys_are_taken_away_stays() {
    let layout = "/sites/a/layouts/desk";
    for (method, path, body) in [
        ("PATCH", layout, json!({ "keys": null })),
        ("PUT", layout, json!({})),
        ("PATCH", layout, json!({ "keys": { "3": null, "4": null } })),
    ] {
        let api = Api::start(full());
        let done = api.write(method, path, &body);
        assert_eq!(done.status, 200, "{method} {body} {done}");
        assert_eq!(api.get(layout).json(), json!({}), "{method} {body}");
    }
    let api = Api::start(full());
    for key in [3, 4] {
        assert_eq!(api.write("DELETE", &format!("{layout}/keys/{key}"), &Value::Null).status, 200);
    }
    assert_eq!(api.get(layout).status, 200);
    // A table of entries needs no head once the last one is gone.
    assert_eq!(api.write("DELETE", "/sites/a/lines/201/soft_keys/1", &Value::Null).status, 200);
    assert!(!api.file("sites/a/lines/201.toml").contains("soft_keys"));
}

#[test]
fn numbers_of_keys_stay_as_they_are_spelt() {
    let api = Api::start(full().with(LINE, "[keys.\"03\"]\nfunction = \"history\"\n"));
    let key = "/sites/a/lines/203/keys/3";
    assert_eq!(api.get(key).json(), json!({ "function": "history" }));
    assert_eq!(api.write("PUT", key, &json!({ "function": "redial" })).status, 200);
    assert_eq!(api.file(LINE), "[keys.\"03\"]\nfunction = \"redial\"\n");
    assert_eq!(api.write("DELETE", key, &Value::Null).status, 200);
    assert_eq!(api.file(LINE), "");
    let api = Api::start(full().with(LINE, "[modules.\"01\".keys.7]\nfunction = \"history\"\n"));
    assert_eq!(api.get("/sites/a/lines/203/modules/1/keys").json()["7"]["function"], "history");
}
