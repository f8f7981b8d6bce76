//! The schemas of what the fleet's files say, which is what the API says.

use serde_json::{Map, Value, json};

use crate::catalogue::Vocabulary;
use crate::fleet::schema::{self, File};

/// Stands for a value that is not shown.
const HIDDEN: &str = "Hidden";

/// The schemas by name. What one of them has in it under a name of its own is a reference to that.
pub(super) fn schemas(vocabulary: &Vocabulary) -> Map<String, Value> {
    let of = |file: File| {
        let mut schema = schema::of(file, vocabulary);
        schema.as_object_mut().into_iter().for_each(|schema| drop(schema.shift_remove("$schema")));
        may_be_hidden(&mut schema);
        schema
    };
    let (fleet, site, line, mut phone) = (of(File::Fleet), of(File::Site), of(File::Line), of(File::Phone));
    let one_of = |map: &Value| map["patternProperties"].as_object().and_then(|of| of.values().next().cloned());
    let inside = |file: &Value, name: &str| file["properties"][name].clone();
    let one = |file: &Value, name: &str| one_of(&file["properties"][name]).unwrap_or_default();
    let parts = [
        ("Key", one(&line, "keys")),
        ("Keys", inside(&line, "keys")),
        ("ModuleKeys", inside(&line, "modules")),
        ("Settings", inside(&line, "settings")),
        ("Sip", inside(&line, "sip")),
        ("Code", site["properties"]["codes"]["properties"]["forward_all"].clone()),
        ("Codes", inside(&site, "codes")),
        ("Number", one(&site, "numbers")),
        ("Layout", one(&site, "layouts")),
        ("Raw", one(&phone, "raw")),
        ("Handset", one(&phone, "handsets")),
        ("Handsets", inside(&phone, "handsets")),
    ];
    phone["properties"]["site"] = json!({ "type": "string", "description": "The site that it stands in." });
    phone["properties"]["mac"] = json!({ "type": "string", "description": "Its MAC, as in the address." });
    let hidden = json!({
        "type": "object",
        "description": "Stands for a value that is not shown. Whoever writes it back leaves what is there as it is.",
        "properties": { "hidden": { "const": true } },
        "required": ["hidden"],
        "additionalProperties": false,
    });
    let files = [("Fleet", fleet), ("Site", site), ("Line", line), ("Phone", phone)];
    let all = files.into_iter().chain(parts.clone()).map(|(name, mut schema)| {
        refer(&mut schema, name, &parts);
        (name.to_owned(), schema)
    });
    all.chain([(HIDDEN.to_owned(), hidden)]).collect()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Lets secrets, addresses with a password in them and lines of finished files be hidden.
fn may_be_hidden(schema: &mut Value) {
    let is_secret = schema.pointer("/anyOf/1/properties/encrypted").is_some();
    let is_raw = schema.pointer("/anyOf/2/properties/attributes").is_some();
    if is_secret || is_raw {
        schema.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().for_each(|of| of.push(reference(HIDDEN)));
    } else if schema.get("format").is_some_and(|format| format == "uri") {
        let address = schema.take();
        *schema = json!({ "anyOf": [address, reference(HIDDEN)] });
    } else {
        within(schema, &mut may_be_hidden);
    }
}

/// Puts references in place of what stands under other names.
fn refer(schema: &mut Value, own: &str, parts: &[(&str, Value)]) {
    within(schema, &mut |inner| match parts.iter().find(|(name, part)| *name != own && part == inner) {
        Some((name, _)) => *inner = reference(name),
        None => refer(inner, own, parts),
    });
}

fn within(value: &mut Value, then: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(then),
        Value::Array(items) => items.iter_mut().for_each(then),
        _ => {}
    }
}
