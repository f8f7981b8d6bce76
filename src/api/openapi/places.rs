//! The part of the document that is about places: four operations for each row of their table.

use serde_json::{Map, Value, json};

use crate::api::fleet::PREFIX;
use crate::api::place::{Of, PLACES, PlaceKind};

/// The addresses of all places, each with its operations.
pub(super) fn paths() -> Map<String, Value> {
    let methods = |kind: &PlaceKind| {
        let operation = |method: &str| (method.to_owned(), operation(kind, method));
        Value::Object(["get", "put", "patch", "delete"].map(operation).into_iter().collect())
    };
    PLACES.iter().map(|kind| (format!("{PREFIX}{}", kind.path), methods(kind))).collect()
}

fn operation(kind: &PlaceKind, method: &str) -> Value {
    let tag = match kind.of {
        Of::Fleet => "fleet",
        Of::Site => "sites",
        Of::Line => "lines",
        Of::Phone => "phones",
    };
    let verb = match method {
        "get" => "",
        "put" => ": make it say this and nothing else",
        "patch" => ": change some of it",
        _ => ": take it away",
    };
    let names = kind.path.split(['{', '}']).skip(1).step_by(2);
    let mut parameters: Vec<Value> =
        names.map(|name| json!({ "name": name, "in": "path", "required": true })).collect();
    let mut operation = json!({
        "tags": [tag],
        "summary": format!("{}{verb}", kind.what),
    });
    if method == "get" {
        parameters.push(header(
            "If-None-Match",
            "An ETag that you have seen: 304 says that it is still so.",
            json!({}),
        ));
        operation["responses"] = json!({
            "200": {
                "description": "What is stored, even where it is wrong; `{\"hidden\": true}` stands for a secret.",
                "headers": etag("What it says now, for If-Match."),
                "content": { "application/json": { "schema": reference(kind.schema) } },
            },
            "304": { "description": "It is as you have seen it.", "headers": etag("The same.") },
        });
    } else {
        parameters.extend([
            flag("dry_run", "Only tell what it would do to which phones."),
            header("If-Match", "The ETag that you have seen, or `*`; needed where it is there.", json!({})),
            header("If-None-Match", "It must not be there yet.", json!({ "enum": ["*"] })),
        ]);
        operation["responses"] = json!({ "200": {
            "description": "What was written, or with `dry_run` what would come of it; whoever accepts \
                `text/event-stream` then hears how far that is: `progress`, and `done` or `problem` at the end.",
            "headers": etag("What it says now; not of a dry run, nor where nothing is there any more."),
            "content": {
                "application/json": { "schema": reference("Outcome") },
                "text/event-stream": { "schema": { "type": "string" } },
            },
        } });
    }
    if method == "delete" && kind.of == Of::Site && kind.inside.is_empty() {
        parameters.push(flag("recursive", "The site goes with its lines and phones."));
    }
    let body = match method {
        "put" => Some(json!({ "application/json": { "schema": reference(kind.schema) } })),
        "patch" => {
            let patch = json!({ "schema": {
                "type": "object",
                "description": "A JSON Merge Patch (RFC 7396): what is not named stays, `null` takes away.",
            } });
            Some(json!({ "application/merge-patch+json": patch, "application/json": patch }))
        }
        _ => None,
    };
    if let Some(content) = body {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation["parameters"] = parameters.into();
    operation
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn etag(what: &str) -> Value {
    json!({ "ETag": { "description": what, "schema": { "type": "string" } } })
}

fn flag(name: &str, what: &str) -> Value {
    json!({ "name": name, "in": "query", "description": what, "schema": { "type": "boolean", "default": false } })
}

fn header(name: &str, what: &str, mut schema: Value) -> Value {
    schema["type"] = "string".into();
    json!({ "name": name, "in": "header", "description": what, "schema": schema })
}
