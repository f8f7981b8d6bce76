//! The JSON Schema and the readers of the fleet's files know the same fields.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Fleet, phone, repository};
use offhook::fleet::schema::{File, of};
use offhook::live::Serving;
use serde_json::Value;

fn schema(file: File) -> Value {
    of(file, &Serving::built_in().world.catalogue.vocabulary)
}

/// The fields that a reader knows in a table, as its own hint lists them.
fn known_to_the_reader(path: &str, table: &str) -> BTreeSet<String> {
    let text = match table {
        "" => "zzzzzzzzzzzzzzzz = 1\n".to_owned(),
        table => format!("[{table}]\nzzzzzzzzzzzzzzzz = 1\n"),
    };
    let findings = phone("yealink-t46s", "").with(path, &text).findings();
    let hint = findings.lines().find_map(|line| line.trim().strip_prefix("hint: known here: "));
    let hint = hint.unwrap_or_else(|| panic!("no list of fields for [{table}] in {path}:\n{findings}"));
    hint.split(", ").map(str::to_owned).collect()
}

fn properties(schema: &Value, path: &[&str]) -> BTreeSet<String> {
    let mut at = schema;
    for name in path {
        let down = match *name {
            "*" => at["patternProperties"].as_object().and_then(|patterns| patterns.values().next()),
            "[]" => at.get("items"),
            "anyOf" => at["anyOf"].as_array().and_then(|choices| choices.last()),
            name => at["properties"].get(name),
        };
        at = down.unwrap_or_else(|| panic!("{path:?} is not in the schema"));
    }
    at["properties"].as_object().expect("properties").keys().cloned().collect()
}

#[test]
fn every_table_has_the_same_fields_in_both() {
    let (fleet, site) = ("fleet.toml", "sites/a/site.toml");
    let (line, phone) = ("sites/a/lines/201.toml", "sites/a/phones/001565aabbcc.toml");
    let tables: [(File, &str, &str, &[&str]); 23] = [
        (File::Fleet, fleet, "", &[]),
        (File::Fleet, fleet, "[listen]", &["listen", "[]"]),
        (File::Fleet, fleet, "[client_authorities]", &["client_authorities", "[]"]),
        (File::Fleet, fleet, "listen.tls", &["listen", "[]", "tls"]),
        (File::Fleet, fleet, "journal", &["journal"]),
        (File::Fleet, fleet, "family.yealink", &["family", "*"]),
        (File::Fleet, fleet, "model.yealink-t46s", &["model", "*"]),
        (File::Site, site, "", &[]),
        (File::Site, site, "trust", &["trust"]),
        (File::Site, site, "auto_resync", &["auto_resync", "anyOf"]),
        (File::Site, site, "numbers.33", &["numbers", "*"]),
        (File::Site, site, "codes.pickup", &["codes", "pickup"]),
        (File::Site, site, "codes.forward_all", &["codes", "forward_all"]),
        (File::Site, site, "layouts.desk", &["layouts", "*"]),
        (File::Site, site, "layouts.desk.keys.1", &["layouts", "*", "keys", "*"]),
        (File::Site, site, "family.yealink", &["family", "*"]),
        (File::Line, line, "", &[]),
        (File::Line, line, "keys.1", &["keys", "*"]),
        (File::Line, line, "soft_keys.1", &["soft_keys", "*"]),
        (File::Line, line, "modules.1", &["modules", "*"]),
        (File::Line, line, "modules.1.keys.1", &["modules", "*", "keys", "*"]),
        (File::Phone, phone, "", &[]),
        (File::Phone, phone, "handsets.1", &["handsets", "*"]),
    ];
    for (file, path, table, place) in tables {
        assert_eq!(properties(&schema(file), place), known_to_the_reader(path, table), "[{table}] in {path}");
    }
}

#[test]
fn every_setting_and_function_is_in_the_schema() {
    let line = schema(File::Line);
    let serving = Serving::built_in();
    let names: BTreeSet<String> =
        serving.world.catalogue.vocabulary.iter().map(|(_, one)| one.name.to_string()).collect();
    let sip = properties(&line, &["sip"]).into_iter().map(|name| format!("sip.{name}"));
    assert_eq!(sip.chain(properties(&line, &["settings"])).collect::<BTreeSet<_>>(), names);
    let key = &line["properties"]["keys"]["patternProperties"]["^[1-9][0-9]*$"]["properties"]["function"]["enum"];
    assert_eq!(key.as_array().map(Vec::len), Some(2 * 39), "our names and OVHcloud's");
}

#[test]
fn the_examples_and_fixtures_are_valid() {
    for root in ["examples/acme", "examples/start", "fixtures/fleets/two-lines", "fixtures/fleets/functions-yealink"] {
        let root = repository(root);
        valid(&root.join("fleet.toml"), File::Fleet);
        for site in folders(&root.join("sites")) {
            valid(&site.join("site.toml"), File::Site);
            folders(&site.join("lines")).iter().for_each(|line| valid(line, File::Line));
            folders(&site.join("phones")).iter().for_each(|phone| valid(phone, File::Phone));
        }
    }
}

#[test]
fn a_wrong_file_is_not_valid() {
    let fleet = Fleet::empty()
        .with("line.toml", "dispaly_name = \"x\"\n[keys.0]\n[keys.1]\nfunction = \"swop\"\nseconds = 4000\n");
    let value = parsed(&fleet.path().join("line.toml"));
    let errors = errors(&schema(File::Line), &value, "");
    insta::assert_snapshot!(errors.join("\n"), @"
    /dispaly_name is not a property
    /keys/0 is not a property
    /keys/1/function is none of 78 words
    /keys/1/seconds is out of range
    ");
}

fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir() || path.extension().is_some()).collect()
}

fn parsed(path: &Path) -> Value {
    let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    serde_json::to_value(table).unwrap()
}

fn valid(path: &Path, file: File) {
    let errors = errors(&schema(file), &parsed(path), "");
    assert!(errors.is_empty(), "{}: {}", path.display(), errors.join("; "));
}

/// As much of JSON Schema as ours uses.
fn errors(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(choices) = schema["anyOf"].as_array() {
        if !choices.iter().any(|choice| errors(choice, value, at).is_empty()) {
            found.push(format!("{at} is none of the possible"));
        }
        return found;
    }
    if let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) {
        found.push(format!("{at} is none of {} words", known.len()));
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        found.push(format!("{at} is not {}", schema["const"]));
    }
    let is = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a type `{other}`"),
    };
    let right = match &schema["type"] {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        _ => true,
    };
    if !right {
        found.push(format!("{at} must be {}", schema["type"]));
        return found;
    }
    let outside = |number: i64| {
        schema["minimum"].as_i64().is_some_and(|low| number < low)
            || schema["maximum"].as_i64().is_some_and(|high| number > high)
    };
    if value.as_i64().is_some_and(outside) {
        found.push(format!("{at} is out of range"));
    }
    if let (Some(most), Some(text)) = (schema["maxLength"].as_u64(), value.as_str())
        && text.chars().count() as u64 > most
    {
        found.push(format!("{at} is too long"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(errors(&schema["items"], item, &format!("{at}[{index}]")));
    }
    for (name, below) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        let pattern = |pattern: &str| regex::Regex::new(pattern).unwrap().is_match(name);
        let patterns = schema["patternProperties"].as_object();
        let matched = patterns.and_then(|all| all.iter().find(|(text, _)| pattern(text))).map(|(_, one)| one);
        match schema["properties"].get(name).or(matched) {
            Some(one) => found.extend(errors(one, below, &at)),
            None if schema["additionalProperties"] == false => found.push(format!("{at} is not a property")),
            None => {}
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{at}/{} is missing", name.as_str().unwrap()));
        }
    }
    found
}
