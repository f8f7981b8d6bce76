//! What one of many writes says for itself.

use insta::assert_snapshot;
use serde_json::json;

use crate::common::Api;
use crate::writing::full;

#[test]
fn what_stands_behind_a_question_mark_is_no_part_of_a_path() {
    let api = Api::start(full());
    let before = api.files();
    let put = |path: &str| json!([{ "method": "PUT", "path": path, "body": {} }]);
    for path in ["/sites/a/lines/299?dry_run=true", "/sites/a/lines/299#x", "/sites/a?recursive=true"] {
        let refused = api.bulk(&put(path)).json();
        assert_eq!(refused["errors"][0]["detail"], format!("`{path}` is no address that can be written"));
    }
    assert_eq!(api.files(), before);
    assert_eq!(api.bulk(&put("/sites/a/lines/2%3F9")).status, 200);
    assert!(api.files().contains_key("sites/a/lines/2?9.toml"));
}

#[test]
fn a_site_goes_with_its_lines_where_that_is_said() {
    let api = Api::start(full());
    let delete =
        |recursive: bool| json!([{ "method": "DELETE", "path": "/sites/a", "if_match": "*", "recursive": recursive }]);
    assert_snapshot!(api.bulk(&delete(false)).json()["detail"], @r#""/writes/0: the site `a` has 5 lines and phones; with `recursive` they are taken away too""#);
    assert_eq!(api.bulk(&delete(true)).status, 200);
    assert_eq!(api.get("/sites/a").status, 404);
    let refused = api.send("POST", "/writes?recursive=true", &[], "{\"writes\":[]}");
    assert_eq!(
        (refused.status, &refused.json()["detail"]),
        (400, &json!("`recursive` is not known here; known are dry_run"))
    );
}

#[test]
fn more_than_ten_thousand_are_too_many() {
    let api = Api::start(full());
    let writes = vec![json!({ "method": "PATCH", "path": "/fleet", "body": {} }); 10_001];
    assert_snapshot!(api.bulk(&writes.into()).json()["errors"][0], @r#"{"pointer":"/writes","code":"too-many","detail":"10001 writes are wanted, and at the most 10000 are made at once"}"#);
}

#[test]
fn a_mistake_is_told_where_it_was_sent() {
    let api = Api::start(full());
    let refused = api.bulk(&json!([
        { "method": "PUT", "path": "/sites/a/lines/201/keys/9", "body": { "function": "dail" } },
        { "method": "PATCH", "path": "/sites/a/lines/201", "if_match": "*", "body": { "display_name": "x" } },
    ]));
    assert_eq!(refused.json()["errors"][0]["pointer"], "/writes/0/body/function", "{refused}");
    // What was wrong before, nobody has sent.
    let text = api.file("sites/a/lines/203.toml") + "keys.9.function = \"dail\"\n";
    api.by_hand("sites/a/lines/203.toml", &text);
    let refused = api.write("PATCH", "/sites/a/lines/203", &json!({ "display_name": "x" })).json();
    assert_eq!(refused["errors"][0]["file"], "sites/a/lines/203.toml", "{refused:#}");
    assert!(refused["errors"][0].get("pointer").is_none_or(serde_json::Value::is_null), "{refused:#}");
}

#[test]
fn how_far_a_look_is_is_told_once_it_is_known() {
    let api = Api::start(full());
    let body = json!({ "writes": [{ "method": "PATCH", "path": "/fleet", "if_match": "*", "body": { "settings": { "language": "de" } } }] });
    let told = api.send("POST", "/writes?dry_run=true", &[("accept", "text/event-stream")], &body.to_string());
    let names: Vec<&str> = told.body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names.last(), Some(&"done"), "{told}");
    assert!(!told.body.contains("\"of\":0"), "{told}");
}
