//! The vocabulary of settings: their names, types and rules, from `models/settings.toml`.

use std::collections::HashMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::findings::nearest;
use crate::phone::{Number, Secret, SettingValue, without_passwords};
use crate::reader::{Table, Value};

/// The place of a setting in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingId(pub u16);

/// What a setting's value may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// A whole number in a range.
    Integer(i64, i64),
    /// One of some words.
    Enum(Vec<CompactString>),
    /// A text of so many characters.
    Text(usize),
    /// A password of so many characters.
    Secret(usize),
    /// A host name or address.
    Host,
    /// An IPv4 address.
    Ipv4,
    /// An http or https address.
    Url,
    /// An IANA time zone.
    Timezone,
    /// A language tag.
    Language,
    /// An audio codec.
    Codec,
    /// A phone number.
    Number,
}

/// For what a setting is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Each line by itself.
    Account,
    /// The phone, through its primary line only.
    Phone,
}

/// One setting of the vocabulary.
#[derive(Debug)]
pub struct Setting {
    /// Its name; members of `[sip]` begin with `sip.`.
    pub name: CompactString,
    /// What its value may be.
    pub kind: Kind,
    /// Its value is a list of that kind.
    pub list: bool,
    /// For what it is resolved.
    pub scope: Scope,
    /// OVHcloud's display group.
    pub group: CompactString,
    /// Who is shown it: standard, expert, admin.
    pub level: CompactString,
    /// OVHcloud's property.
    pub ovh: Option<CompactString>,
    /// The product's default.
    pub default: Option<SettingValue>,
    /// The phone's user owns it: it is not reset where the fleet says nothing.
    pub personal: bool,
    /// One sentence.
    pub description: CompactString,
}

/// All settings.
#[derive(Debug, Default)]
pub struct Vocabulary {
    settings: Vec<Setting>,
    by_name: HashMap<CompactString, SettingId>,
}

/// Codecs that settings name. Source: the codec lists of the three makers' sheets.
pub const CODECS: [&str; 7] = ["pcma", "pcmu", "g722", "g729", "opus", "g726_32", "ilbc"];

impl Vocabulary {
    /// Reads `models/settings.toml`.
    pub fn read(table: &mut Table<'_, '_>) -> Vocabulary {
        table.any_field();
        let mut settings: Vec<Setting> = Vec::new();
        for field in table.fields() {
            if let Some(entry) = table.table_named(&field.value) {
                settings.extend(Setting::read(&field.value, entry));
            }
        }
        settings.sort_by(|a, b| a.name.cmp(&b.name));
        let by_name = settings.iter().enumerate().map(|(at, s)| (s.name.clone(), SettingId(at as u16))).collect();
        Vocabulary { settings, by_name }
    }

    /// A setting by its name.
    pub fn id(&self, name: &str) -> Option<SettingId> {
        self.by_name.get(name).copied()
    }

    /// A setting by its place.
    pub fn get(&self, id: SettingId) -> &Setting {
        &self.settings[id.0 as usize]
    }

    /// All settings, by name.
    pub fn iter(&self) -> impl Iterator<Item = (SettingId, &Setting)> {
        self.settings.iter().enumerate().map(|(at, setting)| (SettingId(at as u16), setting))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.settings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The setting that a wrong name may have meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.settings.iter().map(|setting| setting.name.as_str()))
    }
}

impl Setting {
    fn read(name: &str, mut table: Table<'_, '_>) -> Option<Setting> {
        let kind = read_kind(&mut table);
        let list = table.boolean("list").is_some_and(|at| at.value);
        let scope = match table.required_text("scope") {
            Some(word) if word.value == "account" => Scope::Account,
            Some(word) if word.value != "phone" => {
                table.error(
                    "unknown-word",
                    word.line,
                    format!("`scope` is `{}`, but must be phone or account", word.value),
                );
                return None;
            }
            _ => Scope::Phone,
        };
        let mut text = |field| table.text(field).map(|at| CompactString::from(at.value));
        let (group, level, ovh, description) = (text("group"), text("level"), text("ovh"), text("description"));
        let personal = table.boolean("personal").is_some_and(|at| at.value);
        let default = table.value("default");
        let mut setting = Setting {
            name: name.into(),
            kind: kind?,
            list,
            scope,
            group: group.unwrap_or("general".into()),
            level: level.unwrap_or("standard".into()),
            ovh,
            default: None,
            personal,
            description: description.unwrap_or_default(),
        };
        if let Some(default) = default {
            match setting.check(&default.value) {
                Ok(value) => setting.default = Some(value),
                Err(what) => table.error("bad-default", default.line, format!("the default of `{name}` {what}")),
            }
        }
        table.finish();
        Some(setting)
    }

    /// Checks a value as it is written in TOML.
    ///
    /// # Errors
    /// What is wrong, to be read behind the setting's name: "must be …".
    pub fn check(&self, value: &Value) -> Result<SettingValue, String> {
        if !self.list {
            return self.kind.check(value);
        }
        let one = std::slice::from_ref(value);
        let items = match value {
            Value::List(items) => items.as_slice(),
            _ => one,
        };
        let texts = items.iter().map(|item| match self.kind.check(item)? {
            SettingValue::Text(text) => Ok(text),
            _ => Err(format!("must be a list of texts, not of {}", item.kind())),
        });
        texts.collect::<Result<_, String>>().map(SettingValue::List)
    }
}

/// The settings that a family or model of the catalogue gives: `[settings]`, with members of `[sip]` as `"sip.NAME"`.
pub(super) fn read_settings(table: &mut Table<'_, '_>, vocabulary: &Vocabulary) -> Vec<(SettingId, SettingValue)> {
    let Some(mut own) = table.table("settings") else { return Vec::new() };
    own.any_field();
    let mut settings = Vec::new();
    for field in own.fields() {
        let Some(value) = own.value_named(&field.value) else { continue };
        let checked = match vocabulary.id(&field.value) {
            Some(id) => vocabulary.get(id).check(&value.value).map(|value| (id, value)),
            None => Err("is not a setting".to_owned()),
        };
        match checked {
            Ok(setting) => settings.push(setting),
            Err(what) => own.error("bad-setting", field.line, format!("`settings.{}` {what}", field.value)),
        }
    }
    settings
}

fn read_kind(table: &mut Table<'_, '_>) -> Option<Kind> {
    let max = table.integer("max_length", 1..=4096).map_or(255, |at| at.value as usize);
    let range = table.value("range").map(|at| at.value);
    let values = table.texts("values").map(|at| at.value.into_iter().map(|value| value.value.into()).collect());
    let word = table.required_text("type")?;
    Some(match word.value.as_str() {
        "boolean" => Kind::Boolean,
        "integer" => match range {
            Some(Value::List(ends)) => match ends.as_slice() {
                [Value::Integer(low), Value::Integer(high)] => Kind::Integer(*low, *high),
                _ => {
                    table.error(
                        "wrong-type",
                        word.line,
                        "`range` must be two whole numbers, the lowest and the highest",
                    );
                    return None;
                }
            },
            _ => Kind::Integer(0, i64::from(u32::MAX)),
        },
        "enum" => Kind::Enum(values.unwrap_or_else(|| {
            table.missing("values");
            Vec::new()
        })),
        "text" => Kind::Text(max),
        "secret" => Kind::Secret(max),
        "host" => Kind::Host,
        "ipv4" => Kind::Ipv4,
        "url" => Kind::Url,
        "timezone" => Kind::Timezone,
        "language" => Kind::Language,
        "codecs" => Kind::Codec,
        "number" => Kind::Number,
        other => {
            table.error("unknown-word", word.line, format!("`{other}` is not a type of setting"));
            return None;
        }
    })
}

impl Kind {
    fn check(&self, value: &Value) -> Result<SettingValue, String> {
        match (self, value) {
            (Kind::Boolean, Value::Boolean(value)) => Ok(SettingValue::Boolean(*value)),
            (Kind::Integer(low, high), Value::Integer(number)) if (low..=high).contains(&number) => {
                Ok(SettingValue::Integer(*number))
            }
            (Kind::Integer(low, high), Value::Integer(number)) => {
                Err(format!("is {number}, but must be from {low} to {high}"))
            }
            (Kind::Boolean | Kind::Integer(..), other) => {
                Err(format!("must be {}, not {}", self.expected(), other.kind()))
            }
            (_, Value::Text(text)) => self.check_text(text),
            // A number of few digits is easily written without its quotes.
            (Kind::Number, Value::Integer(number)) => Err(format!("must be a text: write \"{number}\" in quotes")),
            (_, other) => Err(format!("must be {}, not {}", self.expected(), other.kind())),
        }
    }

    fn check_text(&self, text: &str) -> Result<SettingValue, String> {
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(format!("holds {control:?}; a line break or control character cannot be sent to a phone"));
        }
        let plain = || Ok(SettingValue::Text(text.into()));
        let expected = |near: Option<&str>| {
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Err(format!("is `{text}`, but must be {}{hint}", self.expected()))
        };
        match self {
            Kind::Enum(values) if !values.iter().any(|value| value == text) => {
                expected(nearest(text, values.iter().map(CompactString::as_str)))
            }
            Kind::Codec if !CODECS.contains(&text) => expected(nearest(text, CODECS)),
            Kind::Secret(max) | Kind::Text(max) if text.chars().count() > *max => {
                Err(format!("has {} characters; {max} are the most", text.chars().count()))
            }
            Kind::Secret(_) => Ok(SettingValue::Secret(Secret::new(text.to_owned()))),
            Kind::Host
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b)) =>
            {
                expected(None)
            }
            // An IPv6 address has more than one colon.
            Kind::Host if text.matches(':').count() == 1 => {
                Err(format!("is `{text}`, but must be a host name or an address alone: its port is another setting"))
            }
            Kind::Ipv4 if text.parse::<std::net::Ipv4Addr>().is_err() => expected(None),
            Kind::Url => check_url(text).map(|()| SettingValue::Text(text.into())),
            Kind::Timezone => match crate::phone::timezone::Zone::parse(text) {
                Ok(_) => plain(),
                Err(error) => Err(format!("cannot be used: {error}")),
            },
            Kind::Language if !is_language(text) => expected(None),
            Kind::Number => match text.parse::<Number>() {
                Ok(number) => Ok(SettingValue::Text(number.as_str().into())),
                Err(error) => Err(format!("cannot be dialled: {error}")),
            },
            _ => plain(),
        }
    }

    /// What a value of this kind is, for messages.
    pub fn expected(&self) -> String {
        match self {
            Kind::Boolean => "true or false".into(),
            Kind::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Kind::Enum(values) => format!("one of {}", values.join(", ")),
            Kind::Text(max) => format!("a text of at most {max} characters"),
            Kind::Secret(max) => format!("a password of at most {max} characters, or {{ file = … }} or {{ env = … }}"),
            Kind::Host => "a host name or an address".into(),
            Kind::Ipv4 => "an IPv4 address".into(),
            Kind::Url => "an http or https address".into(),
            Kind::Timezone => "an IANA time zone such as Europe/Paris".into(),
            Kind::Language => "a language such as fr or en-GB".into(),
            Kind::Codec => format!("codecs out of {}", CODECS.join(", ")),
            Kind::Number => "a phone number, in quotes".into(),
        }
    }
}

/// Checks a web address that a phone shall call.
///
/// # Errors
/// What is wrong, to be read behind the field's name.
pub fn check_url(text: &str) -> Result<(), String> {
    let parsed = url::Url::parse(text).map_err(|error| {
        let shown = without_passwords(text);
        format!("is `{shown}`, which is not a web address: {error}")
    })?;
    let scheme = parsed.scheme();
    if !matches!(scheme, "http" | "https") {
        return Err(format!("begins with `{scheme}:`, but must begin with http: or https:"));
    }
    if !text[scheme.len()..].starts_with("://") {
        return Err(format!("begins with `{scheme}:`, but must begin with `{scheme}://`"));
    }
    match text.chars().find(|c| c.is_control() || c.is_whitespace()) {
        Some(found) => Err(format!("holds {found:?}, which must be percent-encoded in a web address")),
        None => Ok(()),
    }
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let language =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    language && parts.all(|part| (2..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
