//! `auto_resync` of a site: whether its phones are asked to come when something changed for them.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::reader::{Table, Value};

/// For how long nothing may have changed, in seconds.
pub(super) const AFTER_SECS: RangeInclusive<i64> = 1..=3600;
/// How many phones a second may be asked for.
pub const PER_SECOND: RangeInclusive<f64> = 0.001..=10_000.0;

/// How a site's phones are asked to come after a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutoResync {
    /// They are asked once nothing has changed for this long.
    pub after: Duration,
    /// So many a second.
    pub pace: f64,
}

// No pace that is read is NaN.
impl Eq for AutoResync {}

impl Default for AutoResync {
    fn default() -> AutoResync {
        AutoResync { after: Duration::from_secs(10), pace: 5.0 }
    }
}

impl AutoResync {
    /// None: they are not asked.
    pub(super) fn read(table: &mut Table<'_, '_>) -> Option<AutoResync> {
        let usual = AutoResync::default();
        let written = table.value("auto_resync")?;
        match written.value {
            Value::Boolean(is_on) => return is_on.then_some(usual),
            Value::Table(_) => {}
            other => {
                let what = format!("`auto_resync` must be true, false or a table, not {}", other.kind());
                table.error("wrong-type", written.line, what);
                return None;
            }
        }
        let mut own = table.table("auto_resync")?;
        let enabled = own.boolean("enabled").is_none_or(|at| at.value);
        let after = own.integer("after_secs", AFTER_SECS).map(|at| Duration::from_secs(at.value as u64));
        let pace = own.value("pace").and_then(|at| {
            let read = match &at.value {
                Value::Text(text) | Value::Other(text) => per_second(text),
                Value::Integer(number) => per_second(&number.to_string()),
                other => per_second(other.kind()),
            };
            read.map_err(|what| own.error("bad-pace", at.line, format!("`{}`: {what}", own.name_of("pace")))).ok()
        });
        own.finish();
        enabled.then_some(AutoResync { after: after.unwrap_or(usual.after), pace: pace.unwrap_or(usual.pace) })
    }
}

/// A pace such as `20/s`.
///
/// # Errors
/// What was expected.
pub fn per_second(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse().ok();
    let is_pace = |pace: &f64| PER_SECOND.contains(pace);
    number.filter(is_pace).ok_or_else(|| "write how many phones a second, such as 20/s or 0.5/s".to_owned())
}
