//! What phones of a family get that nobody has claimed.

use compact_str::CompactString;

use super::figure::Source;
use crate::reader::Table;

/// A file without any secret, which keeps a phone asking and shows its code where the phone can show a text.
#[derive(Debug)]
pub struct Pairing {
    /// The template, in `templates/<family>/`.
    pub template: CompactString,
    /// It is sent in the place of the documents that are made of this one.
    pub in_place_of: CompactString,
    /// Where the phone shows its code; none: it shows none.
    pub shown: Option<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

impl Pairing {
    /// Reads `[pairing]` of a family.
    pub(super) fn read(mut table: Table<'_, '_>) -> Pairing {
        let mut text = |name| table.required_text(name).map(|at| at.value.into()).unwrap_or_default();
        let (template, in_place_of) = (text("template"), text("in_place_of"));
        let shown = table.text("shown").map(|at| at.value.into());
        let pairing = Pairing { template, in_place_of, shown, source: Source::read(&mut table) };
        table.finish();
        pairing
    }
}
