//! The parameters for which phones restart.

use compact_str::CompactString;

use super::figure::Source;
use crate::reader::Table;

/// Parameters for which phones of a family restart by themselves, once a file has told them another value.
#[derive(Debug)]
pub struct Reboots {
    /// Their names, as the family's files have them.
    pub parameters: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

impl Reboots {
    pub(super) fn read(mut table: Table<'_, '_>) -> Reboots {
        let parameters = table.texts("parameters").map(|at| at.value).unwrap_or_default();
        if parameters.is_empty() {
            table.missing("parameters");
        }
        let source = Source::read(&mut table);
        table.finish();
        Reboots { parameters: parameters.into_iter().map(|at| at.value.into()).collect(), source }
    }
}
