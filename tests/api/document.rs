//! The document of the API: as it was reviewed, complete, and the same as what is answered.
//!
//! `OFFHOOK_BLESS=1 cargo test --test api document` writes the reviewed one again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use offhook::live::Serving;
use regex::Regex;
use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::phone;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| offhook::api::document(&Serving::built_in().world.catalogue.vocabulary));

/// Each operation, by its method and path.
fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openapi.json");
    let now = format!("{:#}\n", *DOCUMENT);
    if std::env::var_os("OFFHOOK_BLESS").is_some() {
        std::fs::write(&file, &now).expect("it can be written");
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = now.lines().zip(reviewed.lines()).position(|(now, reviewed)| now != reviewed);
    let hint = "OFFHOOK_BLESS=1 cargo test --test api document writes fixtures/openapi.json again";
    assert!(now == reviewed, "it differs from line {} on: {hint}", differs.unwrap_or(0) + 1);
}

#[test]
fn every_reference_leads_somewhere() {
    let mut count = 0;
    references(&DOCUMENT, &mut |reference| {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is elsewhere"));
        assert!(DOCUMENT.pointer(pointer).is_some(), "{reference} leads nowhere");
        count += 1;
    });
    assert!(count > 1000, "{count} references");
}

fn references(value: &Value, then: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                then(reference);
            }
            fields.values().for_each(|value| references(value, then));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, then)),
        _ => {}
    }
}

#[test]
fn every_schema_is_used() {
    let mut used = BTreeSet::new();
    references(&DOCUMENT, &mut |reference| {
        used.insert(reference.rsplit('/').next().unwrap_or_default().to_owned());
    });
    let schemas = DOCUMENT["components"]["schemas"].as_object().expect("schemas");
    // What stands in a page is described there.
    let is_paged = |name: &str| schemas.contains_key(&format!("Page_{name}"));
    let unused: Vec<&String> = schemas.keys().filter(|name| !used.contains(*name) && !is_paged(name)).collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn every_operation_is_described() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(ids.insert(id), "{name}: the id `{id}` is that of another, too");
        for field in ["/operationId", "/tags/0", "/summary"] {
            let text = operation.pointer(field).and_then(Value::as_str).unwrap_or_default();
            assert!(!text.is_empty(), "{name} has no {field}");
        }
        assert_eq!(operation["security"], json!([{ "token": [] }]), "{name}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.contains_key("200") || responses.contains_key("201"), "{name} never succeeds");
        let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
        assert!(statuses.iter().all(|status| status.parse::<u16>().is_ok()), "{name}: {statuses:?}");
        for problem in ["400", "401", "403", "429", "503"] {
            assert!(statuses.contains(&problem), "{name} does not say {problem}");
        }
        if operation.get("requestBody").is_some() {
            assert!(["413", "415", "422"].iter().all(|status| statuses.contains(status)), "{name}: {statuses:?}");
        }
    }
    assert!(ids.len() > 100, "{} operations", ids.len());
}

#[test]
fn every_name_of_an_address_is_a_parameter() {
    let names = Regex::new(r"\{([a-z_]+)\}").unwrap();
    for (name, operation) in operations() {
        let wanted: BTreeSet<&str> = names.captures_iter(&name).map(|found| found.get(1).unwrap().as_str()).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let of_path = parameters.filter(|parameter| parameter["in"] == "path");
        let known: BTreeSet<&str> = of_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(wanted, known, "{name}");
    }
}

/// Two types of one name would be one schema, and one of them would be told wrong.
#[test]
fn no_two_types_have_one_schema() {
    let derived =
        Regex::new(r"derive\([^)]*ToSchema\)\]\n((?:#\[.*\n)*)(?:pub(?:\([a-z]+\))? )?(?:struct|enum) (\w+)").unwrap();
    let other_name = Regex::new(r"schema\(as = (\w+)\)").unwrap();
    let mut names = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for found in derived.captures_iter(&text) {
            let name = other_name.captures(&found[1]).map_or(&found[2], |other| other.extract::<1>().1[0]).to_owned();
            assert!(names.insert(name.clone()), "{}: a schema is called {name} already", file.display());
        }
    }
    assert!(names.len() > 40, "the types are written otherwise now: {names:?}");
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn the_server_and_the_command_tell_the_same() {
    let api = Api::start(phone("yealink-t46s", ""));
    let told = api.send("GET", "/openapi.json", &[("authorization", "none")], "");
    assert_eq!(told.status, 200);
    assert_eq!(told.json(), *DOCUMENT);
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_offhook")).args(["schema", "api"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&command.stdout).unwrap(), *DOCUMENT);
}
