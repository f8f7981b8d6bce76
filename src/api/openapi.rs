//! The API's own document (OpenAPI 3.1), made of what routes are made of, and the page on which people browse it.

use axum::Router;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref,
    Required, ResponseBuilder, Type,
};
use utoipa_axum::router::OpenApiRouter;

use super::fleet::PREFIX;
use super::place::{Of, PLACES, PlaceKind};
use crate::catalogue::Vocabulary;
use crate::fleet::schema::{self, File};

/// Where the document and the page are.
const DOCUMENT: &str = "/api/v1/openapi.json";
const PAGE: &str = "/api/v1/docs";

/// The document, with the names of settings of a vocabulary.
pub fn document(vocabulary: &Vocabulary) -> Value {
    let (_, made) = OpenApiRouter::with_openapi(about()).nest(PREFIX, super::routes()).split_for_parts();
    let mut document = serde_json::to_value(made).unwrap_or_default();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.extend(stored(vocabulary));
    }
    document
}

/// What the API is, before its routes.
fn about() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Offhook")
        .version("1")
        .description(Some("Who is provisioned with what. Writes take the ETag that was seen as If-Match; `dry_run=true` tells what a write would do."));
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(ComponentsBuilder::new().security_scheme("token", token).build()))
        .build()
}

/// The schemas of what the fleet's files say, which is what the API says.
fn stored(vocabulary: &Vocabulary) -> Map<String, Value> {
    let of = |file: File| {
        let mut schema = schema::of(file, vocabulary);
        schema.as_object_mut().map(|schema| schema.remove("$schema"));
        schema
    };
    let inside =
        |file: File, path: &str| of(file).pointer(path).cloned().unwrap_or_else(|| json!({ "type": "object" }));
    let mut phone = of(File::Phone);
    phone["properties"]["site"] = json!({ "type": "string", "description": "The site that it stands in." });
    phone["properties"]["mac"] = json!({ "type": "string", "description": "Its MAC, as in the address." });
    let pattern = |file: File, path: &str| {
        let map = inside(file, path);
        map["patternProperties"].as_object().and_then(|of| of.values().next().cloned()).unwrap_or(map)
    };
    let module_keys = pattern(File::Line, "/properties/modules");
    Map::from_iter([
        ("Fleet".to_owned(), of(File::Fleet)),
        ("Site".to_owned(), of(File::Site)),
        ("Line".to_owned(), of(File::Line)),
        ("Phone".to_owned(), phone),
        ("Settings".to_owned(), inside(File::Phone, "/properties/settings")),
        ("Sip".to_owned(), inside(File::Line, "/properties/sip")),
        ("Codes".to_owned(), inside(File::Site, "/properties/codes")),
        ("Number".to_owned(), pattern(File::Site, "/properties/numbers")),
        ("Layout".to_owned(), pattern(File::Site, "/properties/layouts")),
        ("Keys".to_owned(), inside(File::Line, "/properties/keys")),
        ("Key".to_owned(), pattern(File::Line, "/properties/keys")),
        ("ModuleKeys".to_owned(), inside(File::Line, "/properties/modules")),
        ("ModuleKeysOfOne".to_owned(), module_keys),
        ("Raw".to_owned(), pattern(File::Phone, "/properties/raw")),
        ("Handsets".to_owned(), inside(File::Phone, "/properties/handsets")),
        ("Handset".to_owned(), pattern(File::Phone, "/properties/handsets")),
    ])
}

/// The part of the document that is about places.
pub(super) fn of_places() -> OpenApi {
    let paths = PLACES.iter().fold(PathsBuilder::new(), |paths, kind| {
        let methods = [HttpMethod::Get, HttpMethod::Put, HttpMethod::Patch, HttpMethod::Delete];
        methods.into_iter().fold(paths, |paths, method| {
            let operation = operation(kind, &method);
            paths.path(kind.path, PathItem::new(method, operation))
        })
    });
    OpenApiBuilder::new().paths(paths.build()).build()
}

fn operation(kind: &PlaceKind, method: &HttpMethod) -> OperationBuilder {
    let schema = || Ref::from_schema_name(kind.schema);
    let (verb, name) = match method {
        HttpMethod::Get => ("", "get"),
        HttpMethod::Put => (": make it say this and nothing else", "put"),
        HttpMethod::Patch => (": a JSON Merge Patch", "patch"),
        _ => (": take it away", "delete"),
    };
    let id = format!("{name}{}", kind.path.replace(['/', '{', '}'], "_").replace("__", "_").trim_end_matches('_'));
    let tag = match kind.of {
        Of::Fleet => "fleet",
        Of::Site => "sites",
        Of::Line => "lines",
        Of::Phone => "phones",
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag(tag)
        .summary(Some(format!("{}{verb}", kind.what)))
        .security(SecurityRequirement::new("token", Vec::<String>::new()));
    let text = || ObjectBuilder::new().schema_type(Type::String);
    for name in kind.path.split(['{', '}']).skip(1).step_by(2) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text()));
        operation = operation.parameter(parameter);
    }
    if *method == HttpMethod::Get {
        let found = ResponseBuilder::new()
            .description("What is stored; `{\"hidden\": true}` stands for a secret.")
            .content("application/json", ContentBuilder::new().schema(Some(schema())).build());
        return problems(operation.response("200", found));
    }
    let flag = |name: &str, what: &str| {
        let flag = ObjectBuilder::new().schema_type(Type::Boolean);
        ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).description(Some(what)).schema(Some(flag))
    };
    operation = operation.parameter(flag("dry_run", "Only tell what it would do to which phones."));
    if *method == HttpMethod::Delete && kind.of == Of::Site && kind.inside.is_empty() {
        operation = operation.parameter(flag("recursive", "The site goes with its lines and phones."));
    }
    let seen = ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some("The ETag that you have seen; needed where it is there."))
        .schema(Some(text()));
    operation = operation.parameter(seen);
    if *method != HttpMethod::Delete {
        let content_type =
            if *method == HttpMethod::Patch { "application/merge-patch+json" } else { "application/json" };
        let content = match method {
            HttpMethod::Patch => ContentBuilder::new().schema(Some(ObjectBuilder::new())),
            _ => ContentBuilder::new().schema(Some(schema())),
        };
        operation = operation.request_body(Some(
            RequestBodyBuilder::new().content(content_type, content.build()).required(Some(Required::True)).build(),
        ));
    }
    let written = ContentBuilder::new().schema(Some(Ref::from_schema_name("Written")));
    let answer = ResponseBuilder::new()
        .description("What was written, or with `dry_run` what would come of it.")
        .content("application/json", written.build());
    problems(operation.response("200", answer))
}

fn problems(operation: OperationBuilder) -> OperationBuilder {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description("Why not.").content("application/problem+json", problem.build());
    operation.response("4XX", response)
}

/// The document and its page.
pub(super) fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let document = document(&crate::live::Serving::built_in().world.catalogue.vocabulary);
    utoipa_swagger_ui::SwaggerUi::new(PAGE).external_url_unchecked(DOCUMENT, document).into()
}
