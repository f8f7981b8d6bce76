//! The cordless handsets of a DECT base.

use compact_str::CompactString;

use super::required_integer;
use crate::catalogue::figure::Source;
use crate::reader::Table;

/// The cordless handsets that a DECT base can have.
#[derive(Debug, Clone)]
pub struct HandsetSlots {
    /// How many at the most.
    pub max: u16,
    /// Its file says which line each handset uses.
    pub assignable: bool,
    /// Its file can say when handsets may register.
    pub registration: bool,
    /// Handset n always uses line n.
    pub own_line: bool,
    /// Where the fleet names no handset, those beyond the lines use the last line.
    pub share_last_line: bool,
    /// What is stored of a handset and its file has no place for: `ipui`, `name`.
    pub leaves_out: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

pub(super) fn read_handset_slots(mut table: Table<'_, '_>) -> HandsetSlots {
    let max = required_integer(&mut table, "max", 1..=1000);
    let assignable = table.boolean("assignable").is_none_or(|at| at.value);
    let registration = table.boolean("registration").is_some_and(|at| at.value);
    let own_line = table.boolean("own_line").is_some_and(|at| at.value);
    let share_last_line = table.boolean("share_last_line").is_some_and(|at| at.value);
    let leaves_out = table.texts("leaves_out").map(|at| at.value).unwrap_or_default();
    for word in leaves_out.iter().filter(|word| !matches!(word.value.as_str(), "ipui" | "name")) {
        table.error(
            "unknown-word",
            word.line,
            format!("`{}` is not left out of a handset: ipui or name were expected", word.value),
        );
    }
    let source = Source::read(&mut table);
    table.finish();
    let leaves_out = leaves_out.into_iter().map(|word| word.value.into()).collect();
    HandsetSlots { max, assignable, registration, own_line, share_last_line, leaves_out, source }
}
