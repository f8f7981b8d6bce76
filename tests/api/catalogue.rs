//! What is known of phones, and the words in which a fleet is written.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::Api;
use crate::fleets::phone;

/// One field of each entry of a page.
fn names(page: &Value, field: &str) -> String {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| item[field].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn models_are_listed_and_shown_with_their_sources() {
    let api = Api::start(phone("yealink-t46s", ""));
    let of = |query: &str| names(&api.get(&format!("/models?{query}")).json(), "model");
    assert_snapshot!(of("q=t46"), @"");
    assert_snapshot!(of("family=gigaset-classic"), @"");
    assert_snapshot!(of("q=T46S&family=cisco-spa"), @"");
    let first = api.get("/models?limit=2").json();
    let rest = api.get(&format!("/models?limit=1000&after={}", first["next"].as_str().unwrap())).json();
    let all = api.get("/models?limit=1000").json();
    assert_eq!(
        format!("{} {}", names(&first, "model"), names(&rest, "model")),
        names(&all, "model"),
        "pages hold each model once"
    );
    assert_snapshot!(api.get("/models?family=yealink&q=t46s"), @"");
    assert_snapshot!(api.get("/models/yealink-t46s"), @"");
    assert_snapshot!(api.get("/models/yealink-t4711"), @"");
    assert_snapshot!(api.get("/models?famly=yealink"), @"");
    assert_snapshot!(api.get("/models/yealink-t46s?verbose=true"), @"");
}

#[test]
fn settings_say_what_they_take_and_who_has_them() {
    let api = Api::start(phone("yealink-t46s", ""));
    assert_snapshot!(api.get("/settings?q=ntp"), @"");
    for name in ["sip.password", "language", "sip.transport", "timezone"] {
        let page = api.get(&format!("/settings?q={name}")).json();
        let row = page["items"].as_array().unwrap().iter().find(|row| row["name"] == name);
        assert!(row.is_some_and(|row| row["type"].is_string() && row["families"] != Value::Null), "{page:#}");
    }
    assert_snapshot!(names(&api.get("/settings?scope=account&level=standard").json(), "name"), @"");
    let of = |query: &str| api.get(&format!("/settings?limit=1000{query}")).json()["items"].as_array().unwrap().len();
    let (all, of_bases) = (of(""), of("&family=yealink-dect"));
    assert!(0 < of_bases && of_bases < all, "{of_bases} of {all}");
    assert_eq!(of("&family=nobodys"), 0);
    assert_snapshot!(api.get("/settings?scope=fleet"), @"");
}

#[test]
fn functions_and_codes_are_listed() {
    let api = Api::start(phone("yealink-t46s", ""));
    let functions = api.get("/functions").json();
    assert_eq!(functions.as_array().unwrap().len(), 39);
    assert_snapshot!(format!("{:#}", functions[16]), @"");
    assert_snapshot!(api.get("/feature_codes"), @"");
    let codes = api.get("/feature_codes/ovh").json();
    assert_snapshot!(codes["name"], @"");
    let forward = codes["codes"].as_array().unwrap().iter().find(|codes| codes["function"] == "forward_all_to");
    assert_snapshot!(format!("{:#}", forward.unwrap()), @"");
    assert_snapshot!(api.get("/feature_codes/none"), @"");
}
