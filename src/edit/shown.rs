//! A file of the fleet as JSON: the same names and values, with secrets left out.
//!
//! What is not known to be harmless is left out too: a misspelt password is one all the same. In its place stands
//! [`hidden`], and who writes that back leaves what is there as it is.

use serde_json::{Map, Value, json};

use crate::catalogue::Vocabulary;
use crate::fleet::schema::{self, File};
use crate::fleet::{Entity, is_secret};
use crate::phone::{self, HIDDEN};

/// Stands for a value that is not shown.
pub fn hidden() -> Value {
    json!({ "hidden": true })
}

/// Whether this stands for a value that is not shown.
pub fn is_hidden(value: &Value) -> bool {
    matches!(value, Value::Object(fields) if fields.len() == 1 && fields.get("hidden") == Some(&Value::Bool(true)))
}

/// The same with a word for people where a value is not shown.
pub fn in_words(value: Value) -> Value {
    match value {
        hidden if is_hidden(&hidden) => HIDDEN.into(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, in_words(value))).collect(),
        Value::Array(items) => items.into_iter().map(in_words).collect(),
        other => other,
    }
}

/// A TOML text as JSON, with its secrets; none if it is not TOML.
pub fn plain(text: &str) -> Option<Value> {
    text.parse::<toml::Table>().ok().map(|table| value(toml::Value::Table(table)))
}

fn value(toml: toml::Value) -> Value {
    match toml {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(value).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, inner)| (name, value(inner))).collect())
        }
    }
}

/// What of an entity's file may be shown.
pub fn shown(entity: &Entity, file: Value, vocabulary: &Vocabulary) -> Value {
    harmless(file, "", &schema::of(kind(entity), vocabulary), vocabulary)
}

/// What kind of file an entity is.
pub fn kind(entity: &Entity) -> File {
    match entity {
        Entity::Root => File::Fleet,
        Entity::Site(_) => File::Site,
        Entity::Line(..) => File::Line,
        Entity::Phone(..) => File::Phone,
    }
}

fn harmless(value: Value, path: &str, schema: &Value, vocabulary: &Vocabulary) -> Value {
    if is_kept_back(path, &value, vocabulary) {
        return hidden();
    }
    match value {
        Value::Object(fields) => {
            let inner = |(name, value): (String, Value)| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let value = match field(schema, &name) {
                    Some(schema) => harmless(value, &path, schema, vocabulary),
                    None => hidden(),
                };
                (name, value)
            };
            Value::Object(fields.into_iter().map(inner).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let of_item = any_of(schema).find_map(|schema| schema.get("items")).unwrap_or(schema);
            items.into_iter().map(|item| harmless(item, path, of_item, vocabulary)).collect()
        }
        // Nothing is known of what stands where a table has to.
        _ if schema.get("type").is_some_and(|is| is == "object") => hidden(),
        other => other,
    }
}

/// The schema of a field, where that is known.
fn field<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    any_of(schema).find_map(|schema| {
        let of_any = schema.get("patternProperties").and_then(|patterns| patterns.as_object()?.values().next());
        schema.get("properties").and_then(|known| known.get(name)).or(of_any)
    })
}

/// A schema, or what it offers to choose from.
fn any_of(schema: &Value) -> impl Iterator<Item = &Value> {
    let choice = schema.get("anyOf").and_then(Value::as_array);
    std::iter::once(schema).chain(choice.into_iter().flatten())
}

/// Whether a value must not be shown: a secret, a line of a finished file, a setting that nobody knows, or an address with
/// a password in it.
pub fn is_kept_back(path: &str, value: &Value, vocabulary: &Vocabulary) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    let is_setting = matches!(parts[..], [.., "settings" | "seed" | "sip", _]);
    match is_secret(path, vocabulary) {
        Some(secret) => secret || has_password(value),
        // `raw.FAMILY.NAME`, whose name may have dots.
        None if parts[0] == "raw" && parts.len() > 2 => true,
        None => is_setting || has_password(value),
    }
}

/// Whether it is a text with an address and a password in it.
pub fn has_password(value: &Value) -> bool {
    value.as_str().is_some_and(phone::has_password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Serving;

    fn of(entity: &Entity, text: &str) -> Value {
        shown(entity, plain(text).unwrap(), &Serving::built_in().world.catalogue.vocabulary)
    }

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let phone = Entity::Phone("a".into(), "001565aabb01".into());
        let text = r#"
            model = "yealink-t46s"
            lines = []
            passwort = "s3cret"
            settings.timezone = "Europe/Paris"
            settings.admin_password = "s3cret"
            settings.admin_pasword = "s3cret"
            seed.ring_volume = 8
            raw.yealink."static.security.user_password" = "admin:s3cret"
            trust = { user = "anna", password = { file = "/etc/s3cret" }, file_key = "s3cret", pasword = "s3cret" }
            registration = { from = 2026-11-23T08:00:00Z, code = "s3cret" }
        "#;
        let wanted = json!({
            "model": "yealink-t46s",
            "lines": [],
            "passwort": hidden(),
            "settings": { "timezone": "Europe/Paris", "admin_password": hidden(), "admin_pasword": hidden() },
            "seed": { "ring_volume": 8 },
            "raw": { "yealink": { "static.security.user_password": hidden() } },
            "trust": { "user": "anna", "password": hidden(), "file_key": hidden(), "pasword": hidden() },
            "registration": { "from": "2026-11-23T08:00:00Z", "code": hidden() },
        });
        assert_eq!(of(&phone, text), wanted);
        let line = Entity::Line("a".into(), "201".into());
        let text = r#"
            sip = { user = "201", password = "s3cret" }
            keys.3 = { function = "url", url = "https://anna:s3cret@example.org/" }
            keys.4 = { function = "url", url = "https://example.org/", pin = "s3cret" }
            modules.1.keys.2 = { label = "x", labl = "s3cret", accept = ["unproven"] }
        "#;
        let wanted = json!({
            "sip": { "user": "201", "password": hidden() },
            "keys": {
                "3": { "function": "url", "url": hidden() },
                "4": { "function": "url", "url": "https://example.org/", "pin": hidden() },
            },
            "modules": { "1": { "keys": { "2": { "label": "x", "labl": hidden(), "accept": ["unproven"] } } } },
        });
        assert_eq!(of(&line, text), wanted);
        let root = "schema = 1\nmetrics = \"s3cret\"\napi.tokn = \"s3cret\"\n[[listen]]\naddress = \"[::]:1\"\ntls = { key = \"k\", pass = \"s3cret\" }\n\
                    [model.yealink-t46s.settings]\nadmin_password = \"s3cret\"\nlanguage = \"fr\"\n";
        let wanted = json!({
            "schema": 1,
            "metrics": hidden(),
            "api": { "tokn": hidden() },
            "listen": [{ "address": "[::]:1", "tls": { "key": "k", "pass": hidden() } }],
            "model": { "yealink-t46s": { "settings": { "admin_password": hidden(), "language": "fr" } } },
        });
        assert_eq!(of(&Entity::Root, root), wanted);
    }
}
