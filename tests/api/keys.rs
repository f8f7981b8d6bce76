//! The keys of phones and lines, and what they can do.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::Api;
use crate::fleets::{Fleet, MAC, SITE, phone_with};

const LINE: &str = r#"
        layout = "desk"
        [keys.2]
        function = "dial"
        number = "202"
        label = "Workshop"
        [keys.3]
        function = "url"
        url = "https://anna:hunter2@example.org/door"
        [keys.4]
        function = "forward_all_to"
        number = "203"
        locked = true
        [soft_keys.1]
        function = "history"
        [modules.1.keys.3]
        function = "supervise"
        number = "202"
        "#;

/// A desk phone with a module, another one without and of another model, and a base, all with the primary line 201.
fn fleet() -> Fleet {
    let site = format!("{SITE}[layouts.desk.keys.5]\nfunction = \"do_not_disturb\"\nlocked = true\n");
    phone_with("yealink-t46s", "modules = [\"yealink-exp40\"]", LINE)
        .with("sites/a/site.toml", &site)
        .with("sites/a/phones/001565aabbdd.toml", "model = \"cisco-spa504g\"\nlines = [\"201\"]\n")
        .with("sites/a/phones/001565aabbde.toml", "model = \"yealink-t46s\"\nlines = [\"201\", \"202\"]\n")
        .with("sites/a/phones/001565aabbdf.toml", "model = \"yealink-w60b\"\nlines = [\"201\"]\n")
        .with("sites/a/phones/001565aabbe0.toml", "model = \"yealink-t46s\"\nlines = [\"203\", \"201\"]\n")
}

/// Some fields of rows, a row a line.
fn table(rows: &Value, fields: &[&str]) -> String {
    let rows = rows.as_array().unwrap_or_else(|| panic!("{rows:#}"));
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &Value| fields.iter().map(|field| text(&row[field])).collect::<Vec<_>>().join(" | ");
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// The rows of some functions.
fn of(rows: &Value, functions: &[&str]) -> String {
    let rows = rows.as_array().unwrap().iter();
    let wanted = rows.filter(|row| functions.contains(&row["function"].as_str().unwrap()));
    table(&wanted.cloned().collect(), &["function", "outcome", "dials", "parameter", "why"])
}

#[test]
fn keys_tell_what_they_do_and_where_that_is_written() {
    let api = Api::start(fleet());
    let keys = api.get(&format!("/phones/{MAC}/keys")).json();
    let all = keys.as_array().unwrap();
    let set: Value = all.iter().filter(|key| key["function"] != "none").cloned().collect();
    assert_snapshot!(table(&set, &["place", "class", "function", "number", "line", "outcome", "label", "locked"]), @"");
    assert_snapshot!(format!("{:#}", all[1]), @"");
    assert_snapshot!(table(&set, &["place", "url", "from"]), @"");
    let places: Vec<&str> = all.iter().map(|key| key["place"].as_str().unwrap()).collect();
    assert_eq!(places.len(), 27 + 4 + 40, "every key that the phone has");
    assert_eq!(
        [places[0], places[27], places[31], places[70]],
        ["keys.1", "soft_keys.1", "modules.1.keys.1", "modules.1.keys.40"]
    );
    assert_snapshot!(api.get("/phones/001565aabbdf/keys"), @"");
    assert_snapshot!(api.get("/phones/001565000000/keys"), @"");
    assert_snapshot!(api.get("/phones/anna/keys"), @"");
}

#[test]
fn a_phones_key_tells_what_it_can_do() {
    let api = Api::start(fleet());
    let some = ["dial", "line", "voicemail", "forward_all_to", "supervise_beep", "swap", "ivr"];
    let of_key = |mac: &str, key: &str| {
        let answer = api.get(&format!("/phones/{mac}/keys/{key}/functions")).json();
        assert_eq!(answer["functions"].as_array().map(Vec::len), Some(39), "{answer:#}");
        format!("{} {}\n{}", answer["place"], answer["class"], of(&answer["functions"], &some))
    };
    assert_snapshot!(of_key(MAC, "3"), @"");
    assert_snapshot!(of_key(MAC, "soft_keys.1"), @"");
    assert_snapshot!(of_key(MAC, "modules.1.keys.40"), @"");
    assert_snapshot!(of_key("001565aabbdd", "3"), @"");
    let detail = |path: &str| {
        let answer = api.get(path);
        format!("{} {}", answer.status, answer.json()["detail"])
    };
    for key in ["lamp", "0", "modules.0.keys.1", "modules.2.keys.1", "28", "soft_keys.9", "modules.1.keys.41"] {
        let answer = detail(&format!("/phones/{MAC}/keys/{key}/functions"));
        assert!(answer.starts_with("404 ") && answer.contains("key"), "{key}: {answer}");
    }
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/lamp/functions")), @"");
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/modules.2.keys.1/functions")), @"");
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/99/functions")), @"");
}

#[test]
fn a_lines_key_tells_what_it_can_do_on_all_its_phones() {
    let api = Api::start(fleet());
    let some = ["dial", "forward_all_to", "supervise_beep", "swap"];
    let told = |key: &str| {
        let answer = api.get(&format!("/sites/a/lines/201/{key}/functions")).json();
        let on = answer["on"].as_array().unwrap_or_else(|| panic!("{answer:#}")).iter();
        let on =
            on.map(|on| format!("{} {} {}\n{}", on["phones"], on["model"], on["class"], of(&on["functions"], &some)));
        let missing = table(&answer["missing"], &["phone", "why"]);
        let all = of(&answer["functions"], &some);
        format!("{}\n{all}\n{}\nnot on\n{missing}", answer["place"], on.collect::<Vec<_>>().join("\n"))
    };
    assert_snapshot!(told("keys/3"), @"");
    assert_snapshot!(told("soft_keys/1"), @"");
    assert_snapshot!(told("modules/1/keys/40"), @"");
    assert_snapshot!(api.get("/sites/a/lines/202/keys/3/functions"), @"");
    assert_snapshot!(api.get("/sites/a/lines/299/keys/3/functions"), @"");
    assert_snapshot!(api.get("/sites/a/lines/201/keys/x/functions"), @"");
}
