//! Who may write what: a role, a request, and the status that comes of it.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{Answer, Api};
use crate::fleets::MAC;
use crate::server::shell;
use crate::writing::{BASE, full, until};

/// A MAC that is of the other site.
const OTHER: &str = "001565aabb77";

fn two_sites() -> Api {
    let locked =
        "[keys.3]\nfunction = \"do_not_disturb\"\nlocked = true\n[keys.2]\nfunction = \"dial\"\nnumber = \"202\"\n";
    Api::start(
        full()
            .with("sites/a/lines/201.toml", &format!("sip.password = \"canary6\"\n{locked}"))
            .with("sites/b/site.toml", "sip.server = \"b.example.org\"\n")
            .with("sites/b/lines/301.toml", "sip.password = \"of 301\"\n")
            .with(&format!("sites/b/phones/{OTHER}.toml"), "model = \"yealink-t46s\"\nlines = [\"301\"]\n"),
    )
}

/// A request as somebody, with `If-Match: *` where it changes what is there.
fn ask(api: &Api, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if ["PATCH", "DELETE"].contains(&method) {
        headers.push(("if-match", "*"));
    }
    api.send(method, path, &headers, &if body.is_null() { String::new() } else { body.to_string() })
}

/// What is refused is so also where the server has started with a site that cannot be read.
#[test]
fn a_broken_site_lets_nobody_write_more() {
    let api = Api::start(full());
    let user = api.known("user --role user --line a/202");
    let operator = api.known("operator --role operator --site a");
    api.by_hand("sites/a/site.toml", "[sip\n");
    let api = api.again();
    let (line, keys) = ("/sites/a/lines/202", json!({ "keys": { "2": { "function": "do_not_disturb" } } }));
    for (token, body, status) in [
        (&user, json!({ "layout": "desk" }), 403),
        (&user, json!({ "display_name": "Me" }), 403),
        (&user, keys, 200),
        (&operator, json!({ "sip": { "password": { "file": "/etc/passwd" } } }), 403),
        (&operator, json!({ "display_name": "Hall" }), 200),
    ] {
        let answer = ask(&api, token, "PATCH", line, &body);
        assert_eq!(answer.status, status, "{body} {answer}");
    }
}

#[test]
fn each_role_writes_what_is_its_own() {
    let api = two_sites();
    let tokens = [
        "admin --role admin",
        "operator --role operator --site a",
        "reader --role reader",
        "guest --role reader --site b",
        "user --role user --line a/201",
    ]
    .map(|role| api.known(role));
    let key = json!({ "label": "x" });
    let stranger = json!({ "mac": "001565aabb55", "site": "a", "model": "yealink-t46s" });
    let moved = json!({ "site": "b", "lines": [] });
    let with = |path: &str, body: Value| json!({ "writes": [{ "method": "PATCH", "path": path, "body": body, "if_match": "*" }] });
    let rows = [
        ("GET", "/fleet".to_owned(), Value::Null),
        ("PATCH", "/fleet/settings".into(), json!({ "language": "fr" })),
        ("GET", "/sites/a".into(), Value::Null),
        ("PATCH", "/sites/a".into(), json!({})),
        ("PUT", "/sites/c".into(), json!({})),
        ("DELETE", "/sites/a".into(), Value::Null),
        ("GET", "/sites/a/lines/201".into(), Value::Null),
        ("PATCH", "/sites/a/lines/201/keys/2".into(), key.clone()),
        ("PATCH", "/sites/a/lines/201/keys/3".into(), key.clone()),
        ("PATCH", "/sites/a/lines/201/keys/2".into(), json!({ "locked": false })),
        ("PATCH", "/sites/a/lines/201/keys/2".into(), json!({ "accept": ["unproven"] })),
        ("PATCH", "/sites/a/lines/201".into(), json!({ "display_name": "x" })),
        ("PATCH", "/sites/a/lines/201/sip".into(), json!({ "password": "canary6" })),
        ("PATCH", "/sites/a/lines/201/sip".into(), json!({ "password": { "file": "/etc/hostname" } })),
        ("DELETE", "/sites/a/lines/201".into(), Value::Null),
        ("PATCH", "/sites/a/lines/202/keys".into(), json!({ "2": key.clone() })),
        ("PUT", "/sites/a/lines/299".into(), json!({})),
        ("GET", "/sites/b/lines/301".into(), Value::Null),
        ("PATCH", "/sites/b/lines/301".into(), json!({ "sip": { "password": "of 301" } })),
        ("PATCH", "/sites/b/lines/399".into(), json!({})),
        ("PUT", "/sites/b/lines/301".into(), json!({})),
        ("PUT", "/sites/b/lines/399".into(), json!({})),
        ("GET", format!("/phones/{MAC}"), Value::Null),
        ("PATCH", format!("/phones/{MAC}/settings"), json!({ "language": "fr" })),
        ("PATCH", format!("/phones/{BASE}"), moved.clone()),
        ("PUT", format!("/phones/{OTHER}"), json!({ "site": "a", "model": "yealink-t46s", "lines": [] })),
        ("PUT", "/phones/001565aabb66".into(), json!({ "site": "b", "model": "yealink-t46s", "lines": [] })),
        ("DELETE", format!("/phones/{OTHER}"), Value::Null),
        ("POST", "/writes".into(), with("/sites/a/lines/201/keys/2", key.clone())),
        ("POST", "/writes".into(), with("/sites/b/lines/301", json!({}))),
        ("GET", "/changes".into(), Value::Null),
        ("GET", "/tokens".into(), Value::Null),
        ("POST", "/tokens".into(), json!({ "name": "x", "role": { "name": "admin" } })),
        ("GET", "/seen".into(), Value::Null),
        ("POST", "/claims?dry_run=true".into(), stranger.clone()),
        ("GET", "/status".into(), Value::Null),
        ("GET", "/status?site=b".into(), Value::Null),
        ("GET", format!("/phones/{OTHER}/status"), Value::Null),
        ("GET", format!("/phones/{OTHER}/history"), Value::Null),
        ("POST", "/resyncs?dry_run=true".into(), json!({ "macs": [OTHER] })),
        ("POST", "/resyncs?dry_run=true".into(), json!({ "macs": [MAC] })),
    ];
    let mut told = String::from("admin operator reader guest user\n");
    for (method, path, body) in &rows {
        // The administrator comes last, so that what is written is not in the others' way, and a look does not write.
        let path_as = |is_admin: bool| match (*method, path.contains('?'), is_admin) {
            ("GET", ..) | (_, true, _) | (_, _, false) => path.clone(),
            _ if path.starts_with("/tokens") => path.clone(),
            _ => format!("{path}?dry_run=true"),
        };
        let files = api.files();
        let mut statuses: Vec<u16> = Vec::new();
        for token in &tokens[1..] {
            let answer = ask(&api, token, method, &path_as(false), body);
            if answer.status == 200 && *method != "GET" && !path.contains("dry_run") {
                let number = answer.json()["number"].clone();
                if !number.is_null() {
                    assert_eq!(api.send("POST", &format!("/changes/{number}/undo"), &[], "").status, 200);
                }
            }
            statuses.push(answer.status);
        }
        assert_eq!(api.files(), files, "{method} {path}");
        statuses.insert(0, ask(&api, &tokens[0], method, &path_as(true), body).status);
        let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
        told += &format!(
            "{} {method} {path} {}\n",
            statuses.join(" "),
            if body.is_null() { String::new() } else { body.to_string() }
        );
    }
    assert_snapshot!(told, @r#"
    admin operator reader guest user
    200 403 200 403 403 GET /fleet 
    200 403 403 403 403 PATCH /fleet/settings {"language":"fr"}
    200 200 200 404 403 GET /sites/a 
    200 200 403 404 403 PATCH /sites/a {}
    200 404 403 404 404 PUT /sites/c {}
    409 409 403 404 403 DELETE /sites/a 
    200 200 200 404 200 GET /sites/a/lines/201 
    200 200 403 404 200 PATCH /sites/a/lines/201/keys/2 {"label":"x"}
    200 200 403 404 403 PATCH /sites/a/lines/201/keys/3 {"label":"x"}
    200 200 403 404 403 PATCH /sites/a/lines/201/keys/2 {"locked":false}
    200 200 403 404 403 PATCH /sites/a/lines/201/keys/2 {"accept":["unproven"]}
    200 200 403 404 403 PATCH /sites/a/lines/201 {"display_name":"x"}
    200 200 403 404 403 PATCH /sites/a/lines/201/sip {"password":"canary6"}
    200 403 403 404 403 PATCH /sites/a/lines/201/sip {"password":{"file":"/etc/hostname"}}
    422 422 403 404 403 DELETE /sites/a/lines/201 
    422 422 403 404 404 PATCH /sites/a/lines/202/keys {"2":{"label":"x"}}
    200 200 403 404 404 PUT /sites/a/lines/299 {}
    200 404 200 200 404 GET /sites/b/lines/301 
    200 404 403 403 404 PATCH /sites/b/lines/301 {"sip":{"password":"of 301"}}
    404 404 403 403 404 PATCH /sites/b/lines/399 {}
    428 404 403 403 404 PUT /sites/b/lines/301 {}
    200 404 403 403 404 PUT /sites/b/lines/399 {}
    200 200 200 404 200 GET /phones/001565aabbcc 
    200 200 403 404 403 PATCH /phones/001565aabbcc/settings {"language":"fr"}
    200 404 403 404 404 PATCH /phones/7c2f80f40003 {"site":"b","lines":[]}
    428 404 403 403 404 PUT /phones/001565aabb77 {"site":"a","model":"yealink-t46s","lines":[]}
    200 404 403 403 404 PUT /phones/001565aabb66 {"site":"b","model":"yealink-t46s","lines":[]}
    200 404 403 403 404 DELETE /phones/001565aabb77 
    200 200 403 404 200 POST /writes {"writes":[{"method":"PATCH","path":"/sites/a/lines/201/keys/2","body":{"label":"x"},"if_match":"*"}]}
    200 404 403 403 404 POST /writes {"writes":[{"method":"PATCH","path":"/sites/b/lines/301","body":{},"if_match":"*"}]}
    200 200 200 200 200 GET /changes 
    200 403 403 403 403 GET /tokens 
    201 403 403 403 403 POST /tokens {"name":"x","role":{"name":"admin"}}
    200 403 200 403 403 GET /seen 
    200 200 403 404 403 POST /claims?dry_run=true {"mac":"001565aabb55","site":"a","model":"yealink-t46s"}
    200 200 200 200 200 GET /status 
    200 404 200 200 404 GET /status?site=b 
    200 404 200 200 404 GET /phones/001565aabb77/status 
    200 404 200 200 404 GET /phones/001565aabb77/history 
    200 422 403 403 422 POST /resyncs?dry_run=true {"macs":["001565aabb77"]}
    200 200 403 422 200 POST /resyncs?dry_run=true {"macs":["001565aabbcc"]}
    "#);
}

/// Whether something is there, and what a password is, nobody learns who may not write it: neither from the status nor
/// from what is said.
#[test]
fn someone_elses_site_is_as_if_it_were_not() {
    let api = two_sites();
    let operator = api.known("operator --role operator --site a");
    let told = |method: &str, path: &str, header: (&str, &str), body: &str| {
        let answer = api.send(method, path, &[("authorization", &format!("Bearer {operator}")), header], body);
        assert!(!answer.body.contains('b') || !answer.body.contains("301"), "{answer}");
        (answer.status, answer.header("etag").to_owned())
    };
    let hidden = (404, String::new());
    let tag = api.tag("/sites/b/lines/301");
    for header in
        [("x-none", "1"), ("if-match", "*"), ("if-match", "\"1\""), ("if-none-match", "*"), ("if-match", &tag)]
    {
        for line in ["301", "302"] {
            let path = format!("/sites/b/lines/{line}");
            for body in ["{}", "{\"sip\":{\"password\":\"of 301\"}}", "{\"nothing\":1}"] {
                assert_eq!(told("PUT", &path, header, body), hidden, "{path} {header:?} {body}");
                assert_eq!(told("PATCH", &format!("{path}/sip"), header, body), hidden, "{path} {header:?} {body}");
            }
            assert_eq!(told("DELETE", &path, header, ""), hidden, "{path} {header:?}");
        }
    }
    // One who reads it does not try passwords by writes that change nothing.
    let reader = api.known("reader --role reader");
    for password in ["of 301", "x"] {
        let body = json!({ "sip": { "password": password } });
        assert_eq!(ask(&api, &reader, "PATCH", "/sites/b/lines/301", &body).status, 403);
        assert_eq!(ask(&api, &reader, "PATCH", "/sites/b/lines/301?dry_run=true", &body).status, 403);
    }
    // What an administrator has written there is not taken back by others, nor told.
    let done = api.bulk(&json!([
        { "method": "PATCH", "path": "/sites/a/lines/203", "body": { "display_name": "x" }, "if_match": "*" },
        { "method": "PATCH", "path": "/sites/b/lines/301", "body": { "display_name": "x" }, "if_match": "*" },
    ]));
    let number = done.json()["number"].clone();
    api.write("PATCH", "/sites/b/lines/301", &json!({ "display_name": "y" }));
    api.changes(&number);
    let undone = ask(&api, &operator, "POST", &format!("/changes/{number}/undo"), &Value::Null);
    assert_eq!(undone.status, 404, "{undone}");
    assert!(!undone.body.contains("301"), "{undone}");
}

#[test]
fn lists_have_what_is_ones_own() {
    let api = two_sites();
    let tokens = ["o --role operator --site b", "u --role user --line a/201"].map(|role| api.known(role));
    let of = |path: &str, field: &str| -> Vec<String> {
        let names = |token: &String| {
            let page = api.get_as(token, path).json();
            let row = |row: &Value| row[field].as_str().unwrap().to_owned();
            page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(row).collect::<Vec<_>>().join(" ")
        };
        tokens.iter().map(names).collect()
    };
    assert_eq!(of("/sites", "site"), ["b", "a"]);
    assert_eq!(of("/phones", "mac"), [OTHER, MAC]);
    assert_eq!(of("/status/phones", "mac"), [OTHER, MAC]);
    assert_eq!(api.get_as(&tokens[1], "/sites/a/lines").json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.get_as(&tokens[1], "/sites/b/lines").status, 404);
}

#[test]
fn a_token_of_the_command_line_holds_in_a_moment() {
    let api = two_sites();
    let token = api.token("short --role admin");
    until(|| (api.get_as(&token, "/sites").status == 200).then_some(()));
    let list = api.get("/tokens").json();
    let id = list.as_array().unwrap().iter().find(|token| token["name"] == "short").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut revoke = std::process::Command::new(env!("CARGO_BIN_EXE_offhook"));
    revoke.args(["token", "revoke", &id, "--fleet", "fleet", "--state", "state"]).current_dir(api.folder());
    assert!(revoke.output().unwrap().status.success());
    until(|| (api.get_as(&token, "/sites").status == 401).then_some(()));
}

#[test]
fn a_token_that_is_none_does_nothing() {
    let api = two_sites();
    let old = api.known("old --role admin");
    let list = api.state().join("api-tokens.json");
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&list).unwrap()).unwrap();
    let tokens = kept["tokens"].as_array_mut().unwrap_or_else(|| panic!("{list:?}"));
    tokens.iter_mut().find(|token| token["name"] == "old").unwrap()["expires"] = json!(1);
    std::fs::write(&list, kept.to_string()).unwrap();
    let tokens = [old, "garbage".into(), "".into(), api.admin()[1..].into()];
    until(|| (api.get_as(&tokens[0], "/sites").status == 401).then_some(()));
    for token in &tokens {
        for (method, path) in [("GET", "/fleet"), ("PATCH", "/sites/a"), ("POST", "/writes"), ("GET", "/tokens")] {
            let refused = ask(&api, token, method, path, &json!({}));
            let challenge = refused.header("www-authenticate");
            assert_eq!((refused.status, challenge), (401, "Bearer realm=\"offhook\""), "{method} {path}");
        }
    }
    assert_eq!(api.send("GET", "/fleet", &[("authorization", "Basic Og==")], "").status, 401);
}

#[test]
fn wrong_tokens_are_slowed_and_good_ones_are_not() {
    let api = two_sites();
    let url = format!("http://{}/api/v1/sites", api.address());
    let guesses = std::thread::spawn(move || {
        let curl = format!(
            "curl -sZ --parallel-max 50 --max-time 30 -o /dev/null -w '%{{http_code}} %header{{retry-after}}\\n' -H 'authorization: Bearer x' '{url}?after=[1-50]'"
        );
        String::from_utf8(shell(&curl).stdout).unwrap()
    });
    let begin = Instant::now();
    while !guesses.is_finished() {
        let asked = Instant::now();
        assert_eq!(api.get("/sites").status, 200);
        assert!(asked.elapsed() < Duration::from_secs(2), "a good token waits for nobody");
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = guesses.join().unwrap();
    let of = |status: &str| told.lines().filter(|line| line.starts_with(status)).count();
    assert_eq!((of("401") + of("429"), of("401") >= 20 && of("429") >= 20), (50, true), "{told}");
    assert!(told.lines().filter(|line| line.starts_with("429")).all(|line| line.len() > 4), "{told}");
    assert!(begin.elapsed() > Duration::from_secs(1), "some were held back");
}
