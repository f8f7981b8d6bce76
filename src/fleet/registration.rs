//! `[registration]` of a phone's file: when a DECT base lets handsets register.
//!
//! The time is said and not the moment of rendering: the same fleet gives the same bytes, and nothing that is edited
//! elsewhere opens the window again.

use tz::UtcDateTime;

use super::Reading;
use crate::phone::Secret;
use crate::reader::{Table, Value};

/// When handsets may register, and with what code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// From when on, in seconds since 1970.
    pub from: i64,
    /// For how long.
    pub seconds: u32,
    /// The code that is typed on the handset: four digits.
    pub code: Option<Secret>,
    /// Its line in the file, from 1.
    pub at: u32,
}

pub(super) fn read_registration(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Option<Registration> {
    let mut own = table.table("registration")?;
    let at = own.line();
    if !own.has("from") {
        own.missing("from");
    }
    let from = read_from(&mut own);
    let minutes = own.integer("minutes", 1..=1440).map_or(15, |minutes| minutes.value as u32);
    let code = read_code(&mut own, reading);
    own.finish();
    Some(Registration { from: from?, seconds: minutes * 60, code, at })
}

fn read_from(table: &mut Table<'_, '_>) -> Option<i64> {
    let value = table.value("from")?;
    let text = match &value.value {
        Value::Text(text) | Value::Other(text) => text.as_str(),
        _ => "",
    };
    let seconds = unix_seconds(text);
    if seconds.is_none() {
        let what = format!("`{}` must be a date and time with its offset", table.name_of("from"));
        table.error_hint("bad-time", value.line, what, "write it as 2026-11-23T09:00:00+01:00");
    }
    seconds
}

/// The seconds since 1970 of a date and time with its offset, such as `2026-11-23T09:00:00+01:00`.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let written: toml::value::Datetime = text.parse().ok()?;
    let (date, time) = (written.date?, written.time?);
    let offset_minutes = match written.offset? {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let second = time.second.unwrap_or(0);
    let at = UtcDateTime::new(date.year.into(), date.month, date.day, time.hour, time.minute, second, 0).ok()?;
    Some(at.unix_time() - offset_minutes * 60)
}

fn read_code(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Option<Secret> {
    let value = table.value("code")?;
    let name = table.name_of("code");
    let secret = match reading.secrets.read(&value.value, reading.entity) {
        Ok(secret) => secret,
        Err((what, hint)) => {
            table.error_hint("bad-setting", value.line, format!("`{name}` {what}"), hint);
            return None;
        }
    };
    let is_code = secret.expose().len() == 4 && secret.expose().bytes().all(|byte| byte.is_ascii_digit());
    if !is_code {
        table.error("bad-setting", value.line, format!("`{name}` must be four digits"));
    }
    is_code.then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::unix_seconds;

    #[test]
    fn a_time_is_a_moment_only_with_its_offset() {
        assert_eq!(unix_seconds("2018-05-31T12:59:00Z"), Some(1_527_771_540));
        assert_eq!(unix_seconds("2018-05-31T14:59:00+02:00"), Some(1_527_771_540));
        assert_eq!(unix_seconds("2018-05-31 14:59:00+02:00"), Some(1_527_771_540));
        for text in ["2018-05-31T14:59:00", "2018-05-31", "14:59:00", "2018-02-30T14:59:00Z", "now", ""] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
