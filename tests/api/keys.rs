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
    assert_snapshot!(table(&set, &["place", "class", "function", "number", "line", "outcome", "label", "locked"]), @"
    keys.1 | line | line | - | 1 | native |  | false
    keys.2 | line | dial | 202 | 1 | native | Workshop | false
    keys.3 | line | url | - | 1 | native |  | false
    keys.4 | line | forward_all_to | 203 | 1 | dialled |  | true
    keys.5 | line | do_not_disturb | - | 1 | dialled |  | true
    soft_keys.1 | programmable | history | - | 1 | native |  | false
    modules.1.keys.3 | module | supervise | 202 | 1 | native |  | false
    ");
    assert_snapshot!(format!("{:#}", all[1]), @r#"
    {
      "place": "keys.2",
      "class": "line",
      "page": 1,
      "function": "dial",
      "number": "202",
      "line": 1,
      "outcome": "native",
      "label": "Workshop",
      "from": {
        "layer": "line",
        "file": "sites/a/lines/201.toml",
        "line": 3
      },
      "label_from": {
        "layer": "line",
        "file": "sites/a/lines/201.toml",
        "line": 3
      },
      "locked": false
    }
    "#);
    assert_snapshot!(table(&set, &["place", "url", "from"]), @r#"
    keys.1 | - | -
    keys.2 | - | {"layer":"line","file":"sites/a/lines/201.toml","line":3}
    keys.3 | https://anna:‹hidden›@example.org/door | {"layer":"line","file":"sites/a/lines/201.toml","line":7}
    keys.4 | - | {"layer":"line","file":"sites/a/lines/201.toml","line":10}
    keys.5 | - | {"layer":"layout","file":"sites/a/site.toml","line":10}
    soft_keys.1 | - | {"layer":"line","file":"sites/a/lines/201.toml","line":14}
    modules.1.keys.3 | - | {"layer":"line","file":"sites/a/lines/201.toml","line":16}
    "#);
    let places: Vec<&str> = all.iter().map(|key| key["place"].as_str().unwrap()).collect();
    assert_eq!(places.len(), 27 + 13 + 40, "every key that the phone has");
    assert_eq!(
        [places[0], places[27], places[40], places[79]],
        ["keys.1", "soft_keys.1", "modules.1.keys.1", "modules.1.keys.40"]
    );
    assert_snapshot!(api.get("/phones/001565aabbdf/keys"), @"
    200
    []
    ");
    assert_snapshot!(api.get("/phones/001565000000/keys"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_snapshot!(api.get("/phones/anna/keys"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
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
    assert_snapshot!(of_key(MAC, "3"), @r#"
    "keys.3" "line"
    dial | native | - | number | -
    line | native | - | line_index | -
    voicemail | native | - | none | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    ivr | impossible | - | number_or_url | the phone cannot play a voice menu; dial the number that the menu answers, or give the site a code for it
    "#);
    assert_snapshot!(of_key(MAC, "soft_keys.1"), @r#"
    "soft_keys.1" "programmable"
    dial | native | - | number | -
    line | impossible | - | line_index | only line keys and module keys can stand for an account
    voicemail | dialled | 123 | none | dials 123
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | impossible | - | sibling | a programmable key has no lamp and cannot watch a line
    ivr | impossible | - | number_or_url | the phone cannot play a voice menu; dial the number that the menu answers, or give the site a code for it
    "#);
    assert_snapshot!(of_key(MAC, "modules.1.keys.40"), @r#"
    "modules.1.keys.40" "module"
    dial | native | - | number | -
    line | native | - | line_index | -
    voicemail | native | - | none | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    ivr | impossible | - | number_or_url | the phone cannot play a voice menu; dial the number that the menu answers, or give the site a code for it
    "#);
    assert_snapshot!(of_key("001565aabbdd", "3"), @r#"
    "keys.3" "line"
    dial | native | - | number | -
    line | native | - | line_index | -
    voicemail | dialled | 123 | none | dials 123
    swap | impossible | - | none | there is no such key; pressing the key of the other call changes to it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone beeps for every watched line or for none, not for one key
    ivr | impossible | - | number_or_url | a key cannot attach a voice menu; a dial key calls the number of one
    "#);
    let detail = |path: &str| {
        let answer = api.get(path);
        format!("{} {}", answer.status, answer.json()["detail"])
    };
    for key in ["lamp", "0", "modules.0.keys.1", "modules.2.keys.1", "28", "soft_keys.99", "modules.1.keys.41"] {
        let answer = detail(&format!("/phones/{MAC}/keys/{key}/functions"));
        assert!(answer.starts_with("404 ") && answer.contains("key"), "{key}: {answer}");
    }
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/lamp/functions")), @r#"404 "`lamp` is not a key: 3, keys.3, soft_keys.1 or modules.1.keys.40 were expected""#);
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/modules.2.keys.1/functions")), @r#"404 "`modules.2.keys.1` does not exist: the phone `001565aabbcc` has 1 module(s)""#);
    assert_snapshot!(detail(&format!("/phones/{MAC}/keys/99/functions")), @r#"404 "`keys.99` does not exist on `yealink-t46s`, which has 27 keys""#);
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
    assert_snapshot!(told("keys/3"), @r#"
    "keys.3"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    ["001565aabbcc","001565aabbde"] "yealink-t46s" "line"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    ["001565aabbdd"] "cisco-spa504g" "line"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; pressing the key of the other call changes to it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone beeps for every watched line or for none, not for one key
    not on
    001565aabbdf | `keys.3` does not exist on `yealink-w60b`: a DECT base has handsets, and no keys
    "#);
    assert_snapshot!(told("soft_keys/1"), @r#"
    "soft_keys.1"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | impossible | - | sibling | a programmable key has no lamp and cannot watch a line
    ["001565aabbcc","001565aabbde"] "yealink-t46s" "programmable"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | impossible | - | sibling | a programmable key has no lamp and cannot watch a line
    ["001565aabbdd"] "cisco-spa504g" "programmable"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; pressing the key of the other call changes to it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | impossible | - | sibling | a soft key has no lamp
    not on
    001565aabbdf | `soft_keys.1` does not exist on `yealink-w60b`: a DECT base has handsets, and no keys
    "#);
    assert_snapshot!(told("modules/1/keys/40"), @r#"
    "modules.1.keys.40"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    ["001565aabbcc"] "yealink-t46s" "module"
    dial | native | - | number | -
    swap | impossible | - | none | there is no such key; the swap soft key or the key of the other line does it
    forward_all_to | dialled | *21*201# | number | dials *21*201#
    supervise_beep | degraded | - | sibling | the phone alerts for all watched lines alike, or for none
    not on
    001565aabbdd | `modules.1.keys.40` does not exist: the phone `001565aabbdd` has 0 module(s)
    001565aabbde | `modules.1.keys.40` does not exist: the phone `001565aabbde` has 0 module(s)
    001565aabbdf | `modules.1.keys.40` does not exist on `yealink-w60b`: a DECT base has handsets, and no keys
    "#);
    assert_snapshot!(api.get("/sites/a/lines/202/keys/3/functions"), @r#"
    200
    {
      "place": "keys.3",
      "functions": [],
      "on": [],
      "missing": []
    }
    "#);
    assert_snapshot!(api.get("/sites/a/lines/299/keys/3/functions"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_snapshot!(api.get("/sites/a/lines/201/keys/x/functions"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "`keys.x` is not a key: 3, keys.3, soft_keys.1 or modules.1.keys.40 were expected"
    }
    "#);
}
