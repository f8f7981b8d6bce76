//! `[journal]` of `fleet.toml`: whether it is kept, and how much of it.

use std::ops::RangeInclusive;

use crate::reader::Table;

/// For how many days entries may be kept.
pub(super) const DAYS: RangeInclusive<i64> = 1..=3650;
/// How large the journal's file may be.
pub(super) const MEGABYTES: RangeInclusive<i64> = 8..=1_048_576;

/// How much of the journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// Anything at all.
    pub enabled: bool,
    /// Entries that are older go.
    pub days: u32,
    /// The largest size of its file, in units of 2^20 bytes; beyond it the oldest entries go.
    pub megabytes: u32,
}

impl Default for Keeping {
    fn default() -> Keeping {
        Keeping { enabled: true, days: 90, megabytes: 512 }
    }
}

impl Keeping {
    pub(super) fn read(table: &mut Table<'_, '_>) -> Keeping {
        let usual = Keeping::default();
        let Some(mut own) = table.table("journal") else { return usual };
        let enabled = own.boolean("enabled").map_or(usual.enabled, |at| at.value);
        let days = own.integer("keep_days", DAYS).map_or(usual.days, |at| at.value as u32);
        let megabytes = own.integer("max_megabytes", MEGABYTES).map_or(usual.megabytes, |at| at.value as u32);
        own.finish();
        Keeping { enabled, days, megabytes }
    }
}
