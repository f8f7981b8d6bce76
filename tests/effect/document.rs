//! What is shown of an effect, as the API describes it.

use offhook::effect::Effect;
use utoipa::OpenApi;

#[test]
fn what_is_shown_stands_described_in_an_open_api_document() {
    #[derive(OpenApi)]
    #[openapi(components(schemas(Effect)))]
    struct Document;
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut names: Vec<_> = schemas.keys().map(String::as_str).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "Effect",
            "EffectChange",
            "Fate",
            "FigureState",
            "FileGroup",
            "FileLines",
            "Group",
            "Mac",
            "Reboot",
            "Said",
            "Source",
        ]
    );
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name}: {schema}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            // That of a field which may be missing stands beside what it refers to.
            let inner = schema.pointer("/oneOf/0").unwrap_or(schema);
            assert!(inner["description"].is_string(), "{name}.{field}: {schema}");
        }
    }
    assert_eq!(schemas["Mac"]["type"], "string");
}
