//! Keys copied from one line to others, and layouts.

use insta::assert_snapshot;

use crate::common::{Answer, Api};
use crate::fleets::{Fleet, phone};

const SOURCE: &str = "\
keys.2 = { function = \"dial\", number = \"203\", label = \"Paul\" }
keys.3 = { function = \"supervise\", number = \"202\", label = \"Hall\" }
keys.4.function = \"swap\"
keys.20 = { function = \"history\" }
modules.1.keys.2.function = \"redial\"
";

/// The source is 201, on a Yealink; 202 is on a Cisco with 4 keys, 203 on no phone, and another site has a 301.
fn fleet() -> Fleet {
    phone("yealink-t46s", SOURCE)
        .with("sites/a/phones/001565aabbcd.toml", "model = \"cisco-spa504g\"\nlines = [\"202\"]\n")
        .with(
            "sites/a/lines/202.toml",
            "# Hall\nkeys.2 = { function = \"dial\", number = \"203\", label = \"Boss\" }\n",
        )
        .with("sites/b/site.toml", "sip.server = \"sip.example.org\"\n")
        .with("sites/b/lines/301.toml", "")
        .with("sites/b/lines/302.toml", "layout = \"desk\"\n")
}

fn copied(api: &Api, from: &str, body: &str) -> String {
    told(&api.send("POST", &format!("/sites/{from}/copy"), &[("if-match", "*")], body))
}

/// The report as lines, or the whole problem.
fn told(answer: &Answer) -> String {
    if answer.status != 200 {
        return answer.to_string();
    }
    let answer = answer.json();
    let report = &answer["report"];
    let counts = ["copied", "removed", "unchanged", "skipped", "skipped_lines"];
    let mut told: Vec<String> = vec![counts.map(|name| format!("{name} {}", report[name])).join(", ")];
    let skip = |of: &serde_json::Value| match of["why"].as_str() {
        Some(why) => format!(": {} [{}]", why, of["code"].as_str().unwrap()),
        None => String::new(),
    };
    for line in report["lines"].as_array().unwrap() {
        let name = format!("{}/{}", line["site"].as_str().unwrap(), line["line"].as_str().unwrap());
        told.push(format!("{name} on {} phone(s){}", line["phones"], skip(line)));
        for key in line["keys"].as_array().unwrap() {
            told.push(format!("  {} {}{}", key["place"].as_str().unwrap(), key["did"].as_str().unwrap(), skip(key)));
        }
    }
    told.push(format!("complete {}, files {}", report["complete"], answer["files"]));
    told.join("\n")
}

fn text(api: &Api, path: &str) -> String {
    std::fs::read_to_string(api.fleet.path().join(path)).unwrap()
}

#[test]
fn what_cannot_be_is_left_out_and_told() {
    let api = Api::start(fleet());
    let body = r#"{ "to": [{ "site": "a" }, { "site": "b", "line": "301" }, { "site": "b", "line": "302" }, { "site": "b", "line": "999" }, { "site": "a", "line": "201" }] }"#;
    let dry = copied(&api, "a/lines/201", body);
    assert_snapshot!(dry, @r#"
    copied 11, removed 0, unchanged 0, skipped 4, skipped_lines 3
    a/202 on 1 phone(s)
      keys.2 copied
      keys.3 copied
      keys.4 skipped: `swap` is impossible here: there is no such key; pressing the key of the other call changes to it [impossible]
      keys.20 skipped: `keys.20` does not exist on `cisco-spa504g`, which has 4 keys [no-such-key]
      modules.1.keys.2 skipped: `modules.1.keys.2` does not exist: the phone `001565aabbcd` has 0 module(s) [no-such-module]
    a/203 on 0 phone(s)
      keys.2 copied
      keys.3 copied
      keys.4 copied
      keys.20 copied
      modules.1.keys.2 copied
    b/301 on 0 phone(s)
      keys.2 copied
      keys.3 skipped: `supervise` needs a line of the site, and `202` is none [unknown-number]
      keys.4 copied
      keys.20 copied
      modules.1.keys.2 copied
    b/302 on 0 phone(s): the line's file has to be mended first: the layout `desk` does not exist in the site `b` [broken-line]
    b/999 on 0 phone(s): there is no line `b/999` [not-found]
    a/201 on 0 phone(s): the keys come from this line [source]
    complete false, files ["sites/a/lines/202.toml","sites/a/lines/203.toml","sites/b/lines/301.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/202.toml"), @r#"
    # Hall
    keys.2 = { function = "dial", number = "203", label = "Paul" }
    keys.3 = { function = "supervise", number = "202", label = "Hall" }
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/203.toml"), @r#"
    [keys.2]
    function = "dial"
    number = "203"
    label = "Paul"

    [keys.3]
    function = "supervise"
    number = "202"
    label = "Hall"

    [keys.4]
    function = "swap"

    [keys.20]
    function = "history"

    [modules.1.keys.2]
    function = "redial"
    "#);
    assert_snapshot!(text(&api, "sites/b/lines/301.toml"), @r#"
    [keys.2]
    function = "dial"
    number = "203"
    label = "Paul"

    [keys.4]
    function = "swap"

    [keys.20]
    function = "history"

    [modules.1.keys.2]
    function = "redial"
    "#);
    let again = copied(&api, "a/lines/201", r#"{ "to": [{ "site": "a", "line": "203" }] }"#);
    assert_snapshot!(again, @"
    copied 0, removed 0, unchanged 5, skipped 0, skipped_lines 0
    a/203 on 0 phone(s)
      keys.2 unchanged
      keys.3 unchanged
      keys.4 unchanged
      keys.20 unchanged
      modules.1.keys.2 unchanged
    complete true, files []
    ");
}

/// Also in the moment before the server hears of it.
#[test]
fn a_line_that_somebody_has_taken_away_stays_away() {
    for _ in 0..5 {
        let api = Api::start(fleet());
        let line = api.fleet.path().join("sites/a/lines/202.toml");
        std::fs::remove_file(&line).unwrap();
        let told = copied(&api, "a/lines/201", r#"{ "to": [{ "site": "a", "line": "202" }] }"#);
        assert!(told.contains("there is no line `a/202` [not-found]"), "{told}");
        let line = api.fleet.path().join("sites/b/lines/302.toml");
        std::fs::remove_file(&line).unwrap();
        let headers = [("content-type", "text/csv"), ("if-match", "*")];
        let keys = "site,line,place,function\nb,302,keys.3,hold\n";
        let imported = api.send("POST", "/import?table=keys", &headers, keys);
        assert!(imported.body.contains("there is no line `b/302`"), "{imported}");
        assert!(!line.exists());
    }
}

#[test]
fn a_look_tells_the_same_and_writes_nothing() {
    let api = Api::start(fleet());
    let body = r#"{ "to": [{ "site": "a" }] }"#;
    let look = api.send("POST", "/sites/a/lines/201/copy?dry_run=true", &[], body);
    assert_snapshot!(look.json()["effect"]["groups"][0]["changes"], @r#"[{"about":"label of keys.2","before":{"value":"Boss"},"after":{"value":"Paul"}},{"about":"keys.3","after":{"value":"supervise 202"}},{"about":"label of keys.3","after":{"value":"Hall"}}]"#);
    assert_eq!(text(&api, "sites/a/lines/203.toml"), "\n");
    let made = api.send("POST", "/sites/a/lines/201/copy", &[("if-match", "*")], body);
    assert_eq!(look.json()["report"], made.json()["report"]);
    let all = r#"{ "to": [{ "site": "a", "line": "202" }], "only": ["keys.20"], "partial": false }"#;
    assert_snapshot!(copied(&api, "a/lines/201", all), @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "`keys.20` does not exist on `cisco-spa504g`, which has 4 keys",
      "errors": [
        {
          "pointer": "/keys/20",
          "file": "sites/a/lines/202.toml",
          "code": "no-such-key",
          "detail": "`keys.20` does not exist on `cisco-spa504g`, which has 4 keys"
        }
      ]
    }
    "#);
}

#[test]
fn some_keys_without_labels_over_all_that_is_there() {
    let api = Api::start(fleet());
    let body = r#"{ "to": [{ "site": "a", "line": "202" }], "what": "keys", "only": ["2-3"], "labels": false }"#;
    assert_snapshot!(copied(&api, "a/lines/201", body), @r#"
    copied 1, removed 0, unchanged 1, skipped 0, skipped_lines 0
    a/202 on 1 phone(s)
      keys.2 unchanged
      keys.3 copied
    complete true, files ["sites/a/lines/202.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/202.toml"), @r#"
    # Hall
    keys.2 = { function = "dial", number = "203", label = "Boss" }
    keys.3 = { function = "supervise", number = "202" }
    "#);
    let body = r#"{ "to": [{ "site": "a", "line": "201" }], "mode": "replace" }"#;
    assert_snapshot!(copied(&api, "a/lines/202", body), @r#"
    copied 2, removed 3, unchanged 0, skipped 0, skipped_lines 0
    a/201 on 1 phone(s)
      keys.2 copied
      keys.3 copied
      keys.4 removed
      keys.20 removed
      modules.1.keys.2 removed
    complete true, files ["sites/a/lines/201.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/201.toml"), @r#"
    keys.2 = { function = "dial", number = "203", label = "Boss" }
    keys.3 = { function = "supervise", number = "202"}
    "#);
}

#[test]
fn a_copy_that_cannot_be_understood() {
    let api = Api::start(fleet());
    for (body, told) in [
        (r#"{ "to": [] }"#, "422 `to` names no line"),
        (r#"{ "to": [{ "site": "x" }] }"#, "422 there are no lines of `x` to copy to"),
        (r#"{ "to": [{ "site": "a", "layout": "desk" }] }"#, "422 there are no lines of `a` to copy to"),
        (
            r#"{ "to": [{ "site": "a", "line": "202", "layout": "desk" }] }"#,
            "422 `layout` chooses among all lines: leave `line` or `layout` out",
        ),
        (
            r#"{ "to": [{ "site": "a" }], "only": ["lamps.1"] }"#,
            "422 Failed to deserialize the JSON body into the target type: only[0]: `lamps.1` is no place of keys: write such as keys.2-9, soft_keys.1 or modules.1.keys.40 at line 1 column 46",
        ),
    ] {
        let answer = api.send("POST", "/sites/a/lines/201/copy", &[], body);
        assert_eq!(format!("{} {}", answer.status, answer.json()["detail"].as_str().unwrap()), told);
    }
    assert_eq!(api.send("POST", "/sites/a/lines/999/copy", &[], r#"{ "to": [{ "site": "a" }] }"#).status, 404);
}

#[test]
fn what_was_looked_at_is_written_or_nothing() {
    let api = Api::start(fleet());
    let body = r#"{ "to": [{ "site": "a", "line": "203" }] }"#;
    let copy = |how: &str, headers: &[(&str, &str)]| {
        let answer = api.send("POST", &format!("/sites/a/lines/201/copy{how}"), headers, body);
        (answer.status, answer.header("etag").to_owned())
    };
    assert_eq!(copy("", &[]).0, 428);
    // Somebody writes to the line that is copied from, and somebody to the line that is copied to.
    for (place, condition) in [("201/keys/3", "if-match"), ("203/keys/9", "if-none-match")] {
        let (_, seen) = copy("?dry_run=true", &[]);
        let other = r#"{ "function": "dial", "number": "209" }"#;
        assert_eq!(api.send("PUT", &format!("/sites/a/lines/{place}"), &[(condition, "*")], other).status, 200);
        let (status, now) = copy("", &[("if-match", &seen)]);
        assert_eq!((status, now == seen), (412, false));
        // The answer tells what would be written now.
        assert_eq!(copy("?dry_run=true", &[]), (200, now));
    }
    let (_, seen) = copy("?dry_run=true", &[]);
    assert_eq!(copy("", &[("if-match", &seen)]).0, 200);
    assert_eq!(copy("", &[("if-match", &seen)]).0, 412, "it is written already");
}

#[test]
fn a_user_copies_to_own_lines_what_is_not_locked() {
    let fleet = fleet().with("sites/a/lines/203.toml", "[keys.3]\nfunction = \"hold\"\nlocked = true\n");
    let api = Api::start(fleet);
    let send = |role: &str, from: &str, body: &str| {
        let bearer = format!("Bearer {}", api.token(role));
        let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
        let send = || api.send("POST", &format!("/sites/a/lines/{from}/copy"), &headers, body);
        // The server learns of a new token a moment later.
        told(&std::iter::repeat_with(send).find(|answer| answer.status != 401).unwrap())
    };
    let body = r#"{ "to": [{ "site": "a" }, { "site": "b", "line": "301" }] }"#;
    assert_snapshot!(send("anna --role user --line a/201 --line a/203", "201", body), @r#"
    copied 4, removed 0, unchanged 0, skipped 1, skipped_lines 1
    a/203 on 0 phone(s)
      keys.2 copied
      keys.3 skipped: `keys.3` is locked [locked]
      keys.4 copied
      keys.20 copied
      modules.1.keys.2 copied
    b/301 on 0 phone(s): there is no line `b/301` [not-found]
    complete false, files ["sites/a/lines/203.toml"]
    "#);
    assert_snapshot!(send("paul --role user --line a/203", "201", body), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_snapshot!(send("mary --role reader --site a", "201", r#"{ "to": [{ "site": "a" }] }"#), @r#"
    403
    {
      "type": "urn:offhook:problem:forbidden",
      "title": "this token may not do that",
      "status": 403,
      "detail": "a reader's token changes nothing"
    }
    "#);
    assert_snapshot!(send("olga --role operator --site a", "201", r#"{ "to": [{ "site": "a", "line": "203" }, { "site": "b", "line": "301" }] }"#), @r#"
    copied 1, removed 0, unchanged 4, skipped 0, skipped_lines 1
    a/203 on 0 phone(s)
      keys.2 unchanged
      keys.3 copied
      keys.4 unchanged
      keys.20 unchanged
      modules.1.keys.2 unchanged
    b/301 on 0 phone(s): there is no line `b/301` [not-found]
    complete false, files ["sites/a/lines/203.toml"]
    "#);
}

#[test]
fn layouts_are_made_assigned_overridden_and_kept_while_they_are_used() {
    let api = Api::start(fleet());
    let made = api.send("POST", "/sites/a/layouts/desk/from", &[], r#"{ "line": "201", "what": "keys" }"#);
    assert_eq!(made.status, 200, "{made}");
    assert_snapshot!(text(&api, "sites/a/site.toml"), @r#"
    feature_codes = "ovh"
    sip.server = "sip.example.org"
    [numbers]
    0033972109000 = { kind = "queue" }
    0033972109001 = { kind = "hunt" }
    0033972109002 = { kind = "fax" }
    0033972109003 = { kind = "voicemail" }
    0033199000000 = { kind = "external", label = "Elsewhere" }

    [layouts.desk.keys.2]
    function = "dial"
    number = "203"
    label = "Paul"

    [layouts.desk.keys.3]
    function = "supervise"
    number = "202"
    label = "Hall"

    [layouts.desk.keys.4]
    function = "swap"

    [layouts.desk.keys.20]
    function = "history"
    "#);
    let again = api.send("POST", "/sites/a/layouts/desk/from", &[], r#"{ "line": "201" }"#);
    assert_snapshot!(again.json()["detail"], @r#""the layout `desk` is there already""#);
    // Assigned: what the layout says need not be copied; overridden: what the line says is over it.
    let any = [("if-match", "*")];
    assert_eq!(api.send("PATCH", "/sites/a/lines/203", &any, r#"{ "layout": "desk" }"#).status, 200);
    assert_eq!(api.send("PUT", "/sites/a/lines/203/keys/3", &[], r#"{ "function": "hold" }"#).status, 200);
    let body = r#"{ "to": [{ "site": "a", "layout": "desk" }], "what": "keys" }"#;
    assert_snapshot!(copied(&api, "a/lines/201", body), @r#"
    copied 1, removed 0, unchanged 3, skipped 0, skipped_lines 0
    a/203 on 0 phone(s)
      keys.2 unchanged
      keys.3 copied
      keys.4 unchanged
      keys.20 unchanged
    complete true, files ["sites/a/lines/203.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/203.toml"), @r#"
    layout = "desk"

    [keys.3]
    function = "supervise"
    number = "202"
    label = "Hall"
    "#);
    let body = r#"{ "to": [{ "site": "a", "line": "203" }], "mode": "replace", "only": ["2-4"] }"#;
    assert_snapshot!(copied(&api, "a/lines/202", body), @r#"
    copied 1, removed 0, unchanged 0, skipped 2, skipped_lines 0
    a/203 on 0 phone(s)
      keys.2 copied
      keys.3 skipped: the line's layout `desk` says something at `keys.3` [layout]
      keys.4 skipped: the line's layout `desk` says something at `keys.4` [layout]
    complete false, files ["sites/a/lines/203.toml"]
    "#);
    // In use.
    assert_snapshot!(api.send("DELETE", "/sites/a/layouts/desk", &any, ""), @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "the layout `desk` does not exist in the site `a`",
      "errors": [
        {
          "file": "sites/a/lines/203.toml",
          "code": "unknown-layout",
          "detail": "the layout `desk` does not exist in the site `a`",
          "hint": "add [layouts.desk] to site.toml"
        }
      ]
    }
    "#);
    assert_snapshot!(api.send("PATCH", "/sites/a/lines/202", &any, r#"{ "layout": "desc" }"#), @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "the layout `desc` does not exist in the site `a`",
      "errors": [
        {
          "pointer": "/layout",
          "file": "sites/a/lines/202.toml",
          "code": "unknown-layout",
          "detail": "the layout `desc` does not exist in the site `a`",
          "hint": "did you mean `desk`?"
        }
      ]
    }
    "#);
    assert_eq!(api.send("PATCH", "/sites/a/lines/203", &any, r#"{ "layout": null }"#).status, 200);
    assert_eq!(api.send("DELETE", "/sites/a/layouts/desk", &any, "").status, 200);
}
