//! What templates see: `contract = 1`, documented in `docs/template-context.md`.
//!
//! The view is made of the engine's own values, built straight from what is resolved: going through serde would cost
//! more than the template.

mod accounts;
mod keys;
mod phone;
mod settings;

use compact_str::CompactString;
use tera::{Context, Map, Value};

use accounts::accounts;
pub(super) use keys::{KEY_FIELDS, key_value};
use keys::{are_same, keys, modules};
pub(super) use phone::model_options;
use phone::{access, model, phone};
use settings::settings;

use super::document::url_of;
use super::handsets::{handsets, registration};
use super::parameters::{Pair, Trouble, Writer};
use super::providers::providers;
use super::scalars::{Scalar, object};
use super::shared::{CODE_NAMES, Shared};
use crate::catalogue::{Codes, FeatureCodes, Scope};
use crate::fleet::Services;
use crate::format::Format;
use crate::resolve::Resolved;

/// The number of the contract between views and templates.
pub const CONTRACT: u64 = 1;

/// A stamp, for families that need a version number or time in the file.
#[derive(Debug, Clone, Default)]
pub struct Stamp {
    /// Derived from the revision.
    pub id: String,
    /// Seconds since 1970 at which the revision changed.
    pub changed_at: u64,
}

/// Another state of a phone, and its view; what phones of the model share is the same in both.
#[derive(Clone, Copy)]
pub struct Like<'a> {
    pub resolved: &'a Resolved<'a>,
    pub context: &'a Context,
}

/// The view of a phone, and what in it cannot be sent as it is.
pub fn context(
    resolved: &Resolved<'_>,
    shared: &Shared,
    codes: Value,
    url: &str,
    reveal: bool,
    stamp: &Stamp,
    like: Option<Like<'_>>,
) -> (Context, Vec<Trouble>) {
    let subject = resolved.subject;
    // Keys are most of a view, and most often the same in both.
    let taken = |name, is_same: fn(&Resolved<'_>, &Resolved<'_>) -> bool| {
        like.filter(|like| is_same(like.resolved, resolved))?.context.get(name).cloned()
    };
    let format = subject.maker.family.format().unwrap_or(Format::Cfg);
    let mut writer = Writer { resolved, format, reveal, troubles: Vec::new() };
    let mut context = Context::new();
    context.insert_value("contract", CONTRACT.into());
    context.insert_value("url", url.into());
    context.insert_value("phone", phone(resolved, reveal));
    context.insert_value("model", model(resolved));
    let providers = providers(resolved);
    context.insert_value("accounts", accounts(&mut writer, shared, &providers));
    context.insert_value("providers", providers.value());
    context.insert_value("settings", settings(&mut writer, &shared.settings, Scope::Phone, None));
    context.insert_value("parameters", pairs(writer.phone()));
    let own_keys = taken("keys", |like, own| like.keys == own.keys);
    context.insert_value("keys", own_keys.unwrap_or_else(|| keys(shared, &resolved.keys)));
    let soft_keys = taken("soft_keys", |like, own| like.soft_keys == own.soft_keys);
    context.insert_value("soft_keys", soft_keys.unwrap_or_else(|| keys(shared, &resolved.soft_keys)));
    let modules = taken("modules", |like, own| are_same(&like.modules, &own.modules));
    context.insert_value("modules", modules.unwrap_or_else(|| self::modules(shared, &resolved.modules)));
    context.insert_value("handsets", handsets(resolved, shared));
    context.insert_value("registration", registration(resolved, reveal));
    let wide = resolved.wide.iter().map(|(name, value)| ((*name).clone(), (*value).clone()));
    let mut wide: Vec<Pair> = wide.collect();
    wide.sort();
    context.insert_value("wide", table(wide.iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str())))));
    context.insert_value("wide_list", pairs(wide));
    context.insert_value("codes", codes);
    let services = if subject.site.services == Services::Phone { "phone" } else { "network" };
    context.insert_value("services", services.into());
    let native = subject.site.native.iter().map(|function| Value::from(function.name()));
    context.insert_value("native", native.collect::<Vec<_>>().into());
    context.insert_value("access", access(subject, reveal));
    context.insert_value("stamp", self::stamp(stamp));
    (context, writer.troubles)
}

/// The stamp, with the time of the change also as people write it, each part with a zero before it where it is short.
fn stamp(stamp: &Stamp) -> Value {
    let at = i64::try_from(stamp.changed_at).ok().and_then(|seconds| tz::UtcDateTime::from_timespec(seconds, 0).ok());
    let part = |part: fn(&tz::UtcDateTime) -> i64| format!("{:02}", at.as_ref().map_or(0, part));
    let utc = table([
        ("year", part(|at| at.year().into()).into()),
        ("year_of_century", part(|at| i64::from(at.year()).rem_euclid(100)).into()),
        ("month", part(|at| at.month().into()).into()),
        ("day", part(|at| at.month_day().into()).into()),
        ("hour", part(|at| at.hour().into()).into()),
        ("minute", part(|at| at.minute().into()).into()),
        ("second", part(|at| at.second().into()).into()),
    ]);
    table([("id", stamp.id.as_str().into()), ("changed_at", stamp.changed_at.into()), ("utc", utc)])
}

/// The view of a phone as JSON, for people who write templates; secrets are not shown.
pub fn context_json(resolved: &Resolved<'_>, url: &str) -> serde_json::Value {
    let Some(shared) = Shared::of(resolved.subject, resolved.band, |_| true) else { return serde_json::Value::Null };
    let codes = codes(&resolved.subject.codes);
    let url = url_of(url, None, resolved.subject);
    let (context, _) = context(resolved, &shared, codes, &url, false, &Stamp::default(), None);
    const NAMES: [&str; 20] = [
        "contract",
        "url",
        "phone",
        "model",
        "accounts",
        "providers",
        "settings",
        "parameters",
        "keys",
        "soft_keys",
        "modules",
        "handsets",
        "registration",
        "wide",
        "wide_list",
        "codes",
        "services",
        "native",
        "access",
        "stamp",
    ];
    let sorted = |name: &&str| {
        let value = context.get(name).and_then(|value| serde_json::to_value(value).ok())?;
        Some(((*name).to_owned(), in_order(value)))
    };
    serde_json::Value::Object(NAMES.iter().filter_map(sorted).collect())
}

/// The engine's maps have no order of their own.
fn in_order(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, in_order(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            serde_json::Value::Object(fields.into_iter().collect())
        }
        serde_json::Value::Array(items) => serde_json::Value::Array(items.into_iter().map(in_order).collect()),
        other => other,
    }
}

pub(super) fn table<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut map = Map::default();
    for (name, value) in fields {
        map.insert(name.to_owned().into(), value);
    }
    map.into()
}

pub(super) fn pairs(pairs: Vec<Pair>) -> Value {
    let pair = |(name, value): &Pair| object([("name", Scalar::Text(name)), ("value", Scalar::Text(value))]);
    pairs.iter().map(pair).collect::<Vec<_>>().into()
}

/// A site's codes as texts: `codes.forward_all_on`, `codes.voicemail`; nothing where it has none.
pub(super) fn codes(codes: &FeatureCodes) -> Value {
    let mut map = Map::default();
    map.insert("pickup".into(), codes.pickup.as_deref().unwrap_or_default().into());
    for (function, names) in CODE_NAMES.iter() {
        let own = codes.of(*function);
        let code = |pick: fn(&Codes) -> &Option<CompactString>| {
            Value::from(own.and_then(|codes| pick(codes).as_deref()).unwrap_or_default())
        };
        let [dial, on, off, toggle] = names.clone();
        map.insert(dial, code(|codes| &codes.dial));
        map.insert(on, code(|codes| &codes.on));
        map.insert(off, code(|codes| &codes.off));
        map.insert(toggle, code(|codes| &codes.toggle));
    }
    map.into()
}
