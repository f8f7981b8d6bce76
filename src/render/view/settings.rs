//! Settings as templates read them, time zones taken apart.

use compact_str::CompactString;
use tera::value::Key;
use tera::{Map, Value};

use super::table;
use crate::catalogue::{How, Kind, Scope, Setting, SettingId};
use crate::phone::{SettingValue, timezone};
use crate::render::parameters::{Writer, mapping};

pub(super) fn settings(
    writer: &mut Writer<'_, '_>,
    names: &[Key<'static>],
    scope: Scope,
    account: Option<usize>,
) -> Value {
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
