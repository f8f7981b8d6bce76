//! The fleet's files as JSON Schema (draft 2020-12), so that editors complete and check while one types.
//!
//! The readers stay the judges: a schema cannot say that a line exists. A test holds the two against each other.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::auto_resync::AFTER_SECS;
use super::handset::MAX_HANDSETS;
use super::keeping::{DAYS, MEGABYTES};
use super::{MAX_LABEL, Rung};
use crate::catalogue::{CODECS, Kind, Setting, Vocabulary};
use crate::phone::{FUNCTIONS, Number};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `fleet.toml`
    Fleet,
    /// `site.toml`
    Site,
    /// `lines/*.toml`
    Line,
    /// `phones/*.toml`
    Phone,
}

/// The schema of a kind of file.
pub fn of(file: File, vocabulary: &Vocabulary) -> Value {
    let (title, properties, required): (&str, Value, Value) = match file {
        File::Fleet => ("fleet.toml", fleet(vocabulary), json!(["schema"])),
        File::Site => ("site.toml", site(vocabulary), json!([])),
        File::Line => ("a line", line(vocabulary), json!([])),
        File::Phone => ("a phone", phone(vocabulary), json!(["model", "lines"])),
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn map(of: Value, names: &str) -> Value {
    json!({ "type": "object", "patternProperties": { names: of }, "additionalProperties": false })
}

fn whole(range: RangeInclusive<i64>, description: &str) -> Value {
    json!({ "type": "integer", "minimum": range.start(), "maximum": range.end(), "description": description })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn texts(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

fn fleet(vocabulary: &Vocabulary) -> Value {
    let listen = object(json!({
        "address": text("Address and port to listen on, such as 0.0.0.0:8443."),
        "tls": object(json!({ "certificate": text("PEM file of the chain."), "key": text("PEM file of the key.") })),
        "plain": { "type": "boolean", "description": "Without TLS, on a network that is trusted." },
        "client_certificates": { "enum": ["never", "ask"], "description": "Whether phones are asked for their own." },
        "families": texts("The families served here; left out: all."),
        "proxies": texts("Proxies whose word on who asks is taken."),
        "proxy_protocol": { "type": "boolean", "description": "They give it by the PROXY protocol; nobody else may connect." },
    }));
    let api = object(json!({
        "address": text("Where the administrator's API listens; 127.0.0.1:8444 where none is named."),
        "tls": object(json!({ "certificate": text("PEM file of the chain."), "key": text("PEM file of the key.") })),
        "plain": { "type": "boolean", "description": "Without TLS; left out: on the machine's own addresses only." },
    }));
    let mut authority = object(json!({
        "file": text("PEM file of a maker's certificates."),
        "families": { "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "Whose phones they speak for." },
        "weak": { "type": "boolean", "description": "SHA-1, RSA of 1024 bits and certificates whose time is over count too." },
    }));
    authority["required"] = json!(["file", "families"]);
    merged(
        json!({
            "schema": { "const": 1, "description": "The version of the files' format." },
            "public_url": text("What phones and templates call the server."),
            "listen": { "type": "array", "items": listen },
            "client_authorities": { "type": "array", "items": authority },
            "metrics": object(json!({ "address": text("Where figures for Prometheus are shown, such as 127.0.0.1:9464.") })),
            "api": api,
            "journal": object(json!({
                "enabled": { "type": "boolean", "description": "Whether a journal is kept." },
                "keep_days": whole(DAYS, "Entries that are older go."),
                "max_megabytes": whole(MEGABYTES, "The largest size of its file; beyond it the oldest entries go."),
            })),
        }),
        layer(vocabulary, true),
    )
}

fn site(vocabulary: &Vocabulary) -> Value {
    let number = object(json!({
        "kind": { "enum": ["queue", "hunt", "fax", "voicemail", "external"] },
        "label": text("What a key without a label shows."),
    }));
    let layout = object(keys());
    let auto_resync = object(json!({
        "enabled": { "type": "boolean", "description": "Whether they are asked; left out: yes." },
        "after_secs": whole(AFTER_SECS, "They are asked once nothing has changed for so many seconds."),
        "pace": { "type": ["number", "string"], "description": "So many phones a second, such as 5/s or 0.5/s." },
    }));
    merged(
        json!({
            "feature_codes": text("The operator's table of codes: ovh, asterisk, fusionpbx or your own."),
            "services": { "enum": ["network", "phone"], "description": "Who does services first." },
            "native": { "type": "array", "items": { "enum": function_names() } },
            "codes": codes(),
            "numbers": map(number, "^[0-9*#+][0-9*#]*$"),
            "trust": object(json!({
                "networks": texts("Networks from which this site's phones may fetch."),
                "accept": { "type": "array", "items": { "enum": rungs() }, "description": "Each of these is enough." },
                "demand": { "type": "array", "items": { "enum": rungs() }, "description": "Each of these is needed." },
                "encrypt_files": { "type": "boolean", "description": "Files of phones that have a file_key are encrypted." },
            })),
            "auto_resync": {
                "anyOf": [{ "type": "boolean" }, auto_resync],
                "description": "Phones that are behind after a change are asked to come.",
            },
            "layouts": map(layout, "^.+$"),
        }),
        layer(vocabulary, true),
    )
}

fn line(vocabulary: &Vocabulary) -> Value {
    let own = json!({
        "display_name": { "type": "string", "maxLength": 63, "description": "What people are shown." },
        "layout": text("The layout of the site over which the line's own keys lie."),
    });
    merged(merged(own, keys()), layer(vocabulary, false))
}

fn phone(vocabulary: &Vocabulary) -> Value {
    let raw_text = json!({ "type": ["string", "integer"] });
    let raw = json!({ "anyOf": [
        raw_text,
        { "type": "array", "items": raw_text },
        { "type": "object", "properties": { "value": {}, "attributes": { "type": "object" } }, "additionalProperties": false },
    ] });
    let handset = object(json!({
        "line": { "type": "integer", "minimum": 1, "maximum": MAX_HANDSETS, "description": "Which of the phone's lines it uses." },
        "ipui": { "type": "string", "pattern": "^[0-9A-Fa-f]{10}$", "description": "Its identity; *#06# shows it." },
        "name": { "type": "string", "maxLength": 63, "description": "What it is called, if not as its line." },
    }));
    let registration = object(json!({
        "from": { "type": "string", "format": "date-time", "description": "When handsets may begin to register." },
        "minutes": { "type": "integer", "minimum": 1, "maximum": 1440, "description": "For how long." },
        "code": secret(),
    }));
    merged(
        json!({
            "model": text("The model's id, such as yealink-t46s; `offhook models` lists them."),
            "lines": texts("The phone's lines in order; the first is primary, none clears the phone."),
            "modules": { "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 20 }, { "type": "array", "items": { "type": "string" } }] },
            "firmware": text("What the phone runs, until it says so itself."),
            "seed": settings(vocabulary, ""),
            "raw": map(map(raw, "^.+$"), "^.+$"),
            "handsets": map(handset, "^[1-9][0-9]*$"),
            "registration": registration,
            "trust": object(json!({
                "user": { "type": "string", "pattern": "^[!#%-9;-\\[\\]-~]+$", "description": "Its user name, if not its MAC." },
                "password": secret(),
                "former_password": secret(),
                "file_key": secret(),
            })),
        }),
        layer(vocabulary, false),
    )
}

fn keys() -> Value {
    let area = map(key(), "^[1-9][0-9]*$");
    let module = object(json!({ "keys": area }));
    json!({ "keys": area, "soft_keys": area, "modules": map(module, "^[1-9][0-9]*$") })
}

fn key() -> Value {
    object(json!({
        "function": { "enum": function_names() },
        "number": { "type": "string", "description": format!("Digits, * and #, at most {}.", Number::MAX_LENGTH) },
        "label": { "type": "string", "maxLength": MAX_LABEL, "description": "One line. ${name:NUMBER} shows the name of that line of the site; $${ is a ${ that is text." },
        "line": { "type": "integer", "minimum": 1, "maximum": 250, "description": "Which of the phone's lines the key is." },
        "via": { "type": "integer", "minimum": 1, "maximum": 250, "description": "Which of the phone's lines it calls out on." },
        "url": { "type": "string", "format": "uri" },
        "seconds": { "type": "integer", "minimum": 1, "maximum": 3600 },
        "accept": texts("Codes of findings that the owner has seen."),
        "locked": { "type": "boolean", "description": "The line's user may not change it; phones are not told." },
    }))
}

/// Our names, and OVHcloud's codes as aliases.
fn function_names() -> Vec<&'static str> {
    FUNCTIONS.iter().map(|info| info.name).chain(FUNCTIONS.iter().map(|info| info.ovh)).collect()
}

fn codes() -> Value {
    let code = object(json!({
        "dial": { "type": "string" }, "with_seconds": { "type": "string" },
        "on": { "type": "string" }, "off": { "type": "string" }, "toggle": { "type": "string" },
        "state": {}, "source": {}, "disagreement": {},
    }));
    let mut properties = Map::new();
    properties.insert(
        "pickup".into(),
        object(json!({ "prefix": { "type": "string" }, "state": {}, "source": {}, "disagreement": {} })),
    );
    for name in function_names() {
        properties.insert(name.into(), code.clone());
    }
    object(Value::Object(properties))
}

fn layer(vocabulary: &Vocabulary, scoped: bool) -> Value {
    let own = json!({
        "settings": settings(vocabulary, ""),
        "sip": settings(vocabulary, "sip."),
        "unset": texts("Inherited settings to take away, as settings.NAME or sip.NAME."),
    });
    if !scoped {
        return own;
    }
    let scope = map(object(own.clone()), "^.+$");
    merged(own, json!({ "family": scope, "model": scope }))
}

fn settings(vocabulary: &Vocabulary, prefix: &str) -> Value {
    let mut properties = Map::new();
    for (_, setting) in vocabulary.iter() {
        let name = match prefix {
            "" if setting.name.contains('.') => continue,
            _ => setting.name.strip_prefix(prefix),
        };
        if let Some(name) = name {
            properties.insert(name.to_owned(), value(setting));
        }
    }
    object(Value::Object(properties))
}

fn value(setting: &Setting) -> Value {
    let one = match &setting.kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Enum(values) => json!({ "enum": values }),
        Kind::Text(max) => json!({ "type": "string", "maxLength": max }),
        Kind::Secret(_) => secret(),
        Kind::Codec => json!({ "enum": CODECS }),
        Kind::Url => json!({ "type": "string", "format": "uri" }),
        Kind::Host | Kind::Ipv4 | Kind::Timezone | Kind::Language | Kind::Number => {
            json!({ "type": "string" })
        }
    };
    let mut schema = if setting.list { json!({ "anyOf": [one, { "type": "array", "items": one }] }) } else { one };
    schema["description"] = json!(setting.description);
    schema
}

fn secret() -> Value {
    json!({ "anyOf": [
        { "type": "string" },
        object(json!({ "file": { "type": "string" }, "env": { "type": "string" }, "encrypted": { "type": "string" } })),
    ] })
}

fn rungs() -> Vec<&'static str> {
    Rung::ALL.into_iter().map(Rung::name).collect()
}

fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, _) => one,
    }
}
