//! What a family's format leaves of labels and names.

use super::figure::Source;
use crate::reader::Table;

/// How many characters a family's files take in labels and names; none: no source tells a limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct LabelLimits {
    /// The label of a key.
    pub key: Option<u16>,
    /// The names of an account: its label and display name.
    pub account: Option<u16>,
    /// The name of the phone.
    pub phone: Option<u16>,
}

impl LabelLimits {
    /// Reads `[labels]` of a family's file.
    pub fn read(mut table: Table<'_, '_>) -> LabelLimits {
        let mut limit = |field| {
            let mut entry = table.table(field)?;
            if !entry.has("characters") {
                entry.missing("characters");
            }
            let most = entry.integer("characters", 1..=1000).map(|at| at.value as u16);
            Source::read(&mut entry);
            entry.finish();
            most
        };
        let limits = LabelLimits { key: limit("key"), account: limit("account"), phone: limit("phone") };
        table.finish();
        limits
    }
}
