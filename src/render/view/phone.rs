//! The phone itself, its model, and what it shall show of itself.

use compact_str::CompactString;
use tera::Value;

use super::table;
use crate::reader;
use crate::render::scalars::{Scalar, object};
use crate::resolve::{Resolved, carried_name};
use crate::world::Subject;

pub(super) fn phone(resolved: &Resolved<'_>, reveal: bool) -> Value {
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

pub(super) fn model(resolved: &Resolved<'_>) -> Value {
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

pub(in crate::render) fn model_options(options: &[(CompactString, reader::Value)]) -> Value {
    table(options.iter().map(|(name, value)| {
        let value = match value {
            reader::Value::Boolean(value) => (*value).into(),
            reader::Value::Integer(value) => (*value).into(),
            reader::Value::Text(text) => text.as_str().into(),
            _ => Value::none(),
        };
        (name.as_str(), value)
    }))
}

/// What the phone shall show of itself from now on, if it has a password.
pub(super) fn access(subject: &Subject, reveal: bool) -> Value {
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
