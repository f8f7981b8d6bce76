//! Secrets that are written: hidden, kept, encrypted.

use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::MAC;
use crate::places::rows;
use crate::writing::full;

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
