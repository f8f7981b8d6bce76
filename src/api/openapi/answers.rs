//! What holds for all operations alike: their ids, the names in their addresses, and the problems that they answer.

use serde_json::{Map, Value, json};

use crate::api::place::NAMES;
use crate::api::problem::KINDS;

/// What `If-Match` may say.
const ENTITY_TAGS: &str = r#"^(\*|"[^",]*"( *, *"[^",]*")*)?$"#;

/// The answers that are problems, by their kinds.
pub(super) fn problems() -> Map<String, Value> {
    let problems = KINDS.iter().map(|(kind, status, title)| {
        let header = match status {
            401 => Some(("WWW-Authenticate", "Which kind of token is wanted.", "string")),
            412 => Some(("ETag", "What it says now, where it is there.", "string")),
            429 | 503 => Some(("Retry-After", "After how many seconds it may be tried again.", "integer")),
            _ => None,
        };
        let mut problem = json!({
            "description": title,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        if let Some((name, what, of_type)) = header {
            problem["headers"] = json!({ name: { "description": what, "schema": { "type": of_type } } });
        }
        ((*kind).to_owned(), problem)
    });
    problems.collect()
}

/// Gives every operation its id and its problems, and every name of an address its pattern.
pub(super) fn complete(paths: &mut Map<String, Value>) {
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let place = path.trim_start_matches(super::PREFIX).replace(['/', '{', '}'], "_");
            let words: Vec<&str> = place.split('_').filter(|word| !word.is_empty()).collect();
            operation["security"] = json!([{ "token": [] }]);
            operation["operationId"] = format!("{method}_{}", words.join("_")).into();
            let occurring: Vec<_> = KINDS.iter().filter(|(kind, ..)| occurs(kind, method, path, operation)).collect();
            if let Some(responses) = operation["responses"].as_object_mut() {
                responses.remove("4XX");
                for (kind, status, _) in occurring {
                    let response = json!({ "$ref": format!("#/components/responses/{kind}") });
                    responses.entry(status.to_string()).or_insert(response);
                }
                responses.sort_keys();
            }
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
            let is_text = |parameter: &Value| parameter["in"] == "path" && parameter["schema"]["type"] != "integer";
            for parameter in parameters {
                if parameter["name"] == "If-Match" {
                    parameter["schema"] = json!({ "type": "string", "pattern": ENTITY_TAGS });
                }
                if !is_text(parameter) {
                    continue;
                }
                let Some((_, pattern, what)) = NAMES.iter().find(|(name, ..)| parameter["name"] == *name) else {
                    continue;
                };
                parameter["description"] = json!(what);
                parameter["schema"] = json!({ "type": "string", "pattern": pattern });
            }
        }
    }
}

/// Whether an operation answers a kind of problem.
fn occurs(kind: &str, method: &str, path: &str, operation: &Value) -> bool {
    let takes = |name: &str| {
        operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
    };
    let takes_body = operation.get("requestBody").is_some();
    match kind {
        // That is said of methods that are not described.
        "method-not-allowed" => false,
        "not-found" => method != "get" || path.contains('{') || takes("site") || takes("If-None-Match"),
        "conflict" => method != "get" || path.contains("{mac}"),
        "stale" | "unconditional" => takes("If-Match") || path.ends_with("/writes"),
        "too-large" | "not-json" => takes_body,
        "mistakes" => takes_body || takes("dry_run"),
        _ => true,
    }
}
