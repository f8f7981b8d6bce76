//! The API's own document (OpenAPI 3.1), made of what routes are made of.

mod answers;
mod places;
mod stored;

use serde_json::{Map, Value};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use super::Problem;
use super::edge::QueryNames;
use super::fleet::PREFIX;
use crate::catalogue::Vocabulary;

/// The document, with the names of settings of a vocabulary.
pub fn document(vocabulary: &Vocabulary) -> Value {
    let (_, made) = OpenApiRouter::with_openapi(about()).nest(PREFIX, super::routes()).split_for_parts();
    let mut document = serde_json::to_value(made).unwrap_or_default();
    extend(&mut document, "/paths", places::paths());
    extend(&mut document, "/components/schemas", stored::schemas(vocabulary));
    extend(&mut document, "/components", Map::from_iter([("responses".to_owned(), answers::problems().into())]));
    // An event is the first of them that fits: a job with its phones is a job as well.
    if let Some(event) = document.pointer_mut("/components/schemas/Event").and_then(Value::as_object_mut) {
        let kinds = event.shift_remove("oneOf");
        event.extend(kinds.map(|kinds| ("anyOf".to_owned(), kinds)));
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        answers::complete(paths);
        paths.sort_keys();
    }
    document
}

fn extend(document: &mut Value, pointer: &str, with: Map<String, Value>) {
    if let Some(fields) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
        fields.extend(with);
    }
}

/// What the API is, before its routes.
fn about() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Offhook")
        .version("1")
        .description(Some("Who is provisioned with what. Writes take the ETag that was seen as If-Match; `dry_run=true` tells what a write would do."));
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description = Some("`offhook token create` makes one.".to_owned());
    let components =
        ComponentsBuilder::new().schema_from::<Problem>().security_scheme("token", SecurityScheme::Http(token));
    OpenApiBuilder::new().info(info.build()).components(Some(components.build())).build()
}

/// The names that each address takes behind its `?`, by method and path.
pub(super) fn query_names(document: &Value) -> QueryNames {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |of| (path, of)));
    let names = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let queries = parameters.filter(|parameter| parameter["in"] == "query");
        queries.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
    };
    operations.map(|(path, (method, operation))| ((method.to_uppercase(), path.clone()), names(operation))).collect()
}
