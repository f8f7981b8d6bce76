//! What answers do not tell: secrets that are stored, and what is others'.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{Answer, Api};
use crate::fleets::{Fleet, MAC, phone_with};
use crate::writing::full;

/// A phone with a secret at every place that effects tell of.
fn secrets() -> Fleet {
    phone_with(
        "yealink-t46s",
        r#"
        [settings]
        admin_password = "s3cret-a"
        phonebook_url = "https://anna:s3cret-b@example.org/"
        [raw.yealink]
        "phone_setting.x" = "s3cret-r"
        "#,
        "sip.password = \"s3cret-p\"\nkeys.3 = { function = \"url\", url = \"https://anna:s3cret-u@example.org/\" }\n",
    )
}

fn ask(api: &Api, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    api.send(method, path, &[("authorization", &bearer), ("if-match", "*")], &body)
}

#[test]
fn a_look_at_a_write_tells_no_secret() {
    let api = Api::start(secrets());
    let user = api.known("u --role user --line a/201");
    let key = "/sites/a/lines/201/keys/3";
    let phone = format!("/phones/{MAC}");
    let dnd = json!({ "function": "do_not_disturb", "url": null });
    for (token, method, path, body) in [
        (&*user, "PATCH", key, dnd.clone()),
        (&*user, "DELETE", key, Value::Null),
        (api.admin(), "PATCH", key, json!({ "url": "https://anna:s3cret-n@example.org/" })),
        (api.admin(), "PATCH", key, json!({ "url": "https://anna@home:s3cret'n@example.org/" })),
        (api.admin(), "DELETE", &format!("{phone}/raw/yealink"), Value::Null),
        (api.admin(), "PATCH", &format!("{phone}/raw/yealink"), json!({ "phone_setting.x": "s3cret-n" })),
        (api.admin(), "PUT", &format!("{phone}/settings"), json!({})),
        (api.admin(), "PATCH", &format!("{phone}/settings"), json!({ "phonebook_url": "http://:s3cret-n@[::1]/" })),
        (api.admin(), "PATCH", &format!("{phone}/settings"), json!({ "admin_password": "s3cret-n" })),
        (api.admin(), "PATCH", "/sites/a/lines/201/sip", json!({ "password": "s3cret-n" })),
        (api.admin(), "PATCH", &phone, json!({ "model": "yealink-t42s" })),
    ] {
        let told = ask(&api, token, method, &format!("{path}?dry_run=true"), &body);
        assert_eq!((told.status, &told.json()["effect"]["affected"]), (200, &json!(1)), "{method} {path} {told}");
        assert!(!told.body.contains("s3cret"), "{method} {path} {told}");
    }
    let told = ask(&api, &user, "PATCH", &format!("{key}?dry_run=true"), &dnd).json();
    assert_snapshot!(told["effect"]["groups"][0]["changes"][0], @r#"{"about":"keys.3","before":{"value":"url https://anna:‹hidden›@example.org/"},"after":{"value":"do_not_disturb"}}"#);
}

#[test]
fn secrets_are_not_guessed_by_imports() {
    let api = Api::start(secrets());
    let user = api.known("u --role user --line a/201");
    let told = |password: &str| {
        let table = format!("site,line,place,function,url\na,201,keys.3,url,https://anna:{password}@example.org/\n");
        let headers = [("authorization", &*format!("Bearer {user}")), ("content-type", "text/csv")];
        api.send("POST", "/import?table=keys&dry_run=true", &headers, &table)
    };
    assert_snapshot!(told("s3cret-u").json()["errors"][0], @r#"{"pointer":"/rows/2/url","code":"bad-value","detail":"a user's token writes no secrets","hint":"leave the cell empty"}"#);
    assert_eq!(told("s3cret-u").body, told("wrong").body);
}

/// Two sites: a phone is stored in both, and one of the second cannot be served.
fn twice() -> Fleet {
    full()
        .with("sites/b/site.toml", "sip.server = \"b.example.org\"\n")
        .with("sites/b/phones/001565aabb10.toml", "model = \"yealink-t46s\"\nlines = []\n")
        .with("sites/a/phones/001565aabb10.toml", "model = \"yealink-t46s\"\nlines = []\n")
        .with("sites/b/phones/001565aabb20.toml", "model = \"yealink-t46s\"\nlines = [\"999\"]\n")
}

#[test]
fn a_phone_that_is_stored_twice_is_told_to_whom_it_belongs() {
    let api = Api::start(twice());
    let roles = ["u --role user --line a/203", "a --role operator --site a", "b --role operator --site b"];
    let tokens = roles.map(|role| api.known(role));
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).chain([api.admin()]).collect();
    let told = |method: &str, body: &Value| {
        let answer = |token: &&str| {
            let answer = ask(&api, token, method, "/phones/001565aabb10?dry_run=true", body);
            let files =
                ["sites/a/", "sites/b/"].map(|site| if answer.body.contains(site) { site } else { "" }).concat();
            format!("{} {files}", answer.status)
        };
        tokens.iter().map(answer).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(told("PATCH", &json!({ "firmware": "66.86.0.15" })), @"404 , 422 sites/a/sites/b/, 422 sites/a/sites/b/, 409 sites/a/sites/b/");
    let sites = tokens.iter().map(|token| api.get_as(token, "/phones/001565aabb10"));
    let sites = sites.map(|answer| format!("{} {}", answer.status, answer.json()["site"]));
    assert_snapshot!(sites.collect::<Vec<_>>().join(", "), @r#"404 null, 200 "a", 200 "b", 409 null"#);
}

#[test]
fn a_phone_that_cannot_be_served_is_told_to_its_site() {
    let api = Api::start(twice());
    let tokens = ["a --role operator --site a", "b --role operator --site b"].map(|role| api.known(role));
    for path in ["status", "history"] {
        let told = tokens.each_ref().map(|token| api.get_as(token, &format!("/phones/001565aabb20/{path}")).status);
        assert_eq!(told, [404, 200], "{path}");
    }
}

#[test]
fn what_was_done_in_the_former_site_is_not_told_in_the_new_one() {
    let api = Api::start(twice());
    let operator = api.known("b --role operator --site b");
    let path = format!("/phones/{MAC}");
    assert_eq!(api.write("PATCH", &path, &json!({ "firmware": "66.86.0.15" })).status, 200);
    let moved = api.write("PATCH", &path, &json!({ "site": "b", "lines": [] }));
    assert_eq!(moved.status, 200, "{moved}");
    api.changes(&moved.json()["number"]);
    let files = |token: &str| -> Vec<String> {
        let changes = api.get_as(token, &format!("{path}/history")).json()["changes"].clone();
        changes.as_array().unwrap().iter().map(|change| change["entity"].as_str().unwrap().to_owned()).collect()
    };
    let [old, new] = ["a", "b"].map(|site| format!("sites/{site}/phones/{MAC}.toml"));
    assert_eq!(files(&operator).join(" "), new);
    let mut all = files(api.admin());
    all.sort();
    assert_eq!(all, [old.clone(), old, new]);
}

#[test]
fn a_look_counts_the_phones_that_it_looks_at() {
    let api = Api::start(twice());
    let user = api.known("u --role user --line a/201");
    let told = ask(&api, &user, "PATCH", "/sites/a/lines/201/keys/2?dry_run=true", &json!({ "label": "x" }));
    assert_eq!(told.json()["effect"]["phones"], 1, "{told}");
}
