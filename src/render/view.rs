//! What templates see: `contract = 1`, documented in `docs/template-context.md`.
//!
//! The view is made of the engine's own values, built straight from what is resolved: going through serde would cost
//! more than the template.

use compact_str::CompactString;
use tera::value::Key;
use tera::{Context, Map, Value};

use super::document::url_of;
use super::handsets::{handsets, registration};
use super::parameters::{Pair, Trouble, Writer, mapping, value_of};
use super::providers::{Providers, providers};
use super::scalars::{Scalar, object};
use super::shared::{CODE_NAMES, Shared};
use crate::catalogue::{Codes, FeatureCodes, How, Kind, Scope, Setting, SettingId};
use crate::fleet::Services;
use crate::format::Format;
use crate::phone::{SettingValue, timezone};
use crate::resolve::{Key as PlacedKey, Module, Resolved, carried_name};
use crate::world::Subject;

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

/// What the phone shall show of itself from now on, if it has a password.
fn access(subject: &Subject, reveal: bool) -> Value {
    let mac = subject.phone.mac;
    let access = subject.phone.access.as_deref();
    let Some((access, password)) = access.and_then(|access| Some((access, access.password.as_ref()?))) else {
        return Value::none();
    };
    let shown = format!("‹secret:trust.password@{mac}›");
    object([
        ("user", Scalar::Text(&access.user_of(mac))),
        ("password", Scalar::Text(if reveal { password.expose() } else { &shown })),
    ])
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

fn fixed<const N: usize>(fields: [(&'static str, Value); N]) -> Map {
    let mut map = Map::default();
    map.reserve(N + 8);
    for (name, value) in fields {
        map.insert(name.into(), value);
    }
    map
}

pub(super) fn pairs(pairs: Vec<Pair>) -> Value {
    let pair = |(name, value): &Pair| object([("name", Scalar::Text(name)), ("value", Scalar::Text(value))]);
    pairs.iter().map(pair).collect::<Vec<_>>().into()
}

fn phone(resolved: &Resolved<'_>, reveal: bool) -> Value {
    let subject = resolved.subject;
    let key = subject.phone.access.as_ref().and_then(|access| access.file_key.as_ref());
    let key = key.map_or_else(String::new, |key| match reveal {
        true => key.expose().to_owned(),
        false => format!("‹secret:trust.file_key@{}›", subject.phone.mac),
    });
    let name = subject.primary().map_or("", |line| line.display_name.as_deref().unwrap_or(&line.name));
    table([
        ("mac", subject.phone.mac.to_string().into()),
        ("mac_upper", subject.phone.mac.upper().into()),
        ("mac_colons", subject.phone.mac.colons().into()),
        ("band", subject.maker.family.bands.name(resolved.band).into()),
        ("site", subject.site.id.as_str().into()),
        ("model", subject.model.id.as_str().into()),
        ("name", carried_name(subject, name, subject.maker.family.label_limits.phone).as_str().into()),
        ("handsets", subject.phone.handsets.len().into()),
        ("file_key", key.into()),
    ])
}

fn model(resolved: &Resolved<'_>) -> Value {
    let model = &resolved.subject.model;
    table([
        ("id", model.id.as_str().into()),
        ("name", model.name.as_str().into()),
        ("lines", model.lines.count.into()),
        ("options", model_options(&model.options)),
        ("keys", model.key_count().into()),
        ("soft_keys", model.soft_slots().count().into()),
        ("handsets", model.handsets.as_ref().map_or(0, |slots| slots.max).into()),
    ])
}

pub(super) fn model_options(options: &[(CompactString, crate::reader::Value)]) -> Value {
    table(options.iter().map(|(name, value)| {
        let value = match value {
            crate::reader::Value::Boolean(value) => (*value).into(),
            crate::reader::Value::Integer(value) => (*value).into(),
            crate::reader::Value::Text(text) => text.as_str().into(),
            _ => Value::none(),
        };
        (name.as_str(), value)
    }))
}

fn accounts(writer: &mut Writer<'_, '_>, shared: &Shared, providers: &Providers) -> Value {
    let used = writer.resolved.subject.lines.len();
    let accounts = (0..writer.resolved.accounts.len()).map(|at| match shared.unused_accounts.get(at) {
        Some(unused) if at >= used => unused.clone(),
        _ => account(writer, shared, at, providers.of_accounts.get(at).copied().unwrap_or_default()),
    });
    accounts.collect::<Vec<_>>().into()
}

fn account(writer: &mut Writer<'_, '_>, shared: &Shared, at: usize, provider: usize) -> Value {
    let resolved = writer.resolved;
    let vocabulary = &resolved.subject.catalogue.vocabulary;
    let account = &resolved.accounts[at];
    let (Some(line), Some(names)) = (account.line, account.names(vocabulary)) else { return Value::none() };
    let numbers = [
        ("n", (at + 1).into()),
        ("n0", at.into()),
        ("used", true.into()),
        ("primary", (at == 0).into()),
        ("provider", (provider + 1).into()),
        ("provider0", provider.into()),
    ];
    let mut fields = fixed(numbers);
    let mut put = |name: &'static str, text: &str| {
        fields.insert(name.into(), text.into());
    };
    let text = |name: &str| value_of(&account.settings, vocabulary.id(name)).and_then(SettingValue::as_text);
    let carried = |name| carried_name(resolved.subject, name, resolved.subject.maker.family.label_limits.account);
    put("name", &line.name);
    put("user", names.user);
    put("auth_user", text("sip.auth_user").unwrap_or(names.user));
    put("display_name", &carried(names.display_name));
    put("label", &carried(names.label));
    let password = vocabulary.id("sip.password").and_then(|id| Some((id, value_of(&account.settings, Some(id))?)));
    let password = password.and_then(|(id, value)| writer.secret(id, vocabulary.get(id), value, Some(at)));
    put("password", password.as_deref().unwrap_or_default());
    fields.insert("settings".into(), settings(writer, &shared.settings, Scope::Account, Some(at)));
    fields.insert("parameters".into(), pairs(writer.account(at)));
    fields.into()
}

fn settings(writer: &mut Writer<'_, '_>, names: &[Key<'static>], scope: Scope, account: Option<usize>) -> Value {
    let resolved = writer.resolved;
    let values = match account {
        Some(at) => &resolved.accounts[at].settings,
        None => &resolved.settings,
    };
    let mut map = Map::default();
    for (id, setting) in resolved.subject.catalogue.vocabulary.iter().filter(|(_, setting)| setting.scope == scope) {
        let value = values.get(id.0 as usize).and_then(|setting| setting.value);
        let value = value.map_or_else(Value::none, |value| shown(writer, id, setting, value, account));
        map.insert(names[id.0 as usize].clone(), value);
    }
    map.into()
}

/// A setting as templates see it.
fn shown(
    writer: &mut Writer<'_, '_>,
    id: SettingId,
    setting: &Setting,
    value: &SettingValue,
    account: Option<usize>,
) -> Value {
    match (value, &setting.kind) {
        (SettingValue::Boolean(value), _) => (*value).into(),
        (SettingValue::Integer(number), _) => (*number).into(),
        (SettingValue::Text(zone), Kind::Timezone) => {
            writer.takes(id, setting, zone, account);
            self::zone(zone)
        }
        (SettingValue::Text(text), _) if !writer.takes(id, setting, text, account) => Value::none(),
        (SettingValue::Text(text), _) if is_read_by_template(writer, id) => {
            writer.carried(id, setting, text, account).map_or_else(Value::none, |text| text.as_str().into())
        }
        (SettingValue::Text(text), _) => text.as_str().into(),
        (SettingValue::List(codecs), Kind::Codec) => {
            codecs.iter().map(|name| table([("name", name.as_str().into())])).collect::<Vec<_>>().into()
        }
        (SettingValue::List(texts), _) => {
            texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>().into()
        }
        (SettingValue::Secret(_), _) if is_read_by_template(writer, id) => {
            writer.secret(id, setting, value, account).map_or_else(Value::none, |text| text.as_str().into())
        }
        (SettingValue::Secret(_), _) => Value::none(),
    }
}

fn is_read_by_template(writer: &Writer<'_, '_>, id: SettingId) -> bool {
    mapping(writer.resolved, id).is_some_and(|mapping| matches!(mapping.how, How::Template))
}

fn zone(name: &CompactString) -> Value {
    let Ok(zone) = timezone::Zone::parse(name) else { return Value::none() };
    let switch = |at: &timezone::Switch| {
        table([
            ("month", at.month.into()),
            ("week", at.week.into()),
            ("weekday", at.weekday.into()),
            ("day", at.day.into()),
            ("hour", at.hour.into()),
            ("minute", at.minute.into()),
        ])
    };
    let dst = zone.dst.as_ref().map_or_else(Value::none, |dst| {
        table([("offset_minutes", dst.save_minutes.into()), ("start", switch(&dst.start)), ("end", switch(&dst.end))])
    });
    table([
        ("name", name.as_str().into()),
        ("offset_minutes", zone.offset_minutes.into()),
        ("offset", timezone::offset_text(zone.offset_minutes).into()),
        ("dst", dst),
    ])
}

/// The fields of a key that are ours, before the family's own.
pub(super) const KEY_FIELDS: [&str; 10] =
    ["n", "group_n", "class", "page", "label", "function", "outcome", "reserved", "written", "unset"];

/// A key with these of our fields, and the family's own.
pub(super) fn key_value(ours: &[&'static str], fields: &[&'static str], key: &PlacedKey<'_>) -> Value {
    let own = |name: &&'static str| {
        let value = match *name {
            "n" => Scalar::Number(key.place.position.into()),
            "group_n" => Scalar::Number(key.class_position.into()),
            "class" => Scalar::Text(key.class.name()),
            "page" => Scalar::Number(key.page.into()),
            "label" => Scalar::Text(&key.label),
            "function" => Scalar::Text(key.function.name()),
            "outcome" => Scalar::Text(outcome(key)),
            "reserved" => key.reserved.map_or(Scalar::None, Scalar::Text),
            "written" => Scalar::Flag(key.written),
            _ => Scalar::Flag(key.asked.is_none() && key.function == crate::phone::Function::None),
        };
        (*name, value)
    };
    // A family's own field of the same name lies over ours.
    let given = fields.iter().zip(key.fields.iter()).map(|(name, value)| (*name, Scalar::Text(value)));
    object(ours.iter().map(own).chain(given))
}

fn outcome(key: &PlacedKey<'_>) -> &'static str {
    use crate::catalogue::Outcome;
    match key.outcome {
        Outcome::Native => "native",
        Outcome::Dialled => "dialled",
        Outcome::Degraded => "degraded",
        Outcome::Impossible => "impossible",
    }
}

fn keys(shared: &Shared, keys: &[PlacedKey<'_>]) -> Value {
    keys.iter().map(|key| key_value(&shared.key_fields, &shared.fields, key)).collect::<Vec<_>>().into()
}

fn modules(shared: &Shared, modules: &[Module<'_>]) -> Value {
    modules.iter().map(|module| self::module(shared, module)).collect::<Vec<_>>().into()
}

fn are_same(like: &[Module<'_>], own: &[Module<'_>]) -> bool {
    let is_same = |(like, own): (&Module<'_>, &Module<'_>)| {
        let same_module = like.attached == own.attached && like.model.id == own.model.id;
        like.number == own.number && same_module && like.keys == own.keys
    };
    like.len() == own.len() && like.iter().zip(own).all(is_same)
}

fn module(shared: &Shared, module: &Module<'_>) -> Value {
    let keys = match shared.unset_modules.get(&module.model.id) {
        Some(unset) if !module.attached => unset.clone(),
        _ => keys(shared, &module.keys),
    };
    table([
        ("n", module.number.into()),
        ("attached", module.attached.into()),
        ("model", module.model.id.as_str().into()),
        ("keys", keys),
    ])
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
