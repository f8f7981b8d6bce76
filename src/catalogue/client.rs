//! What the phones of a family are as clients: the name in their certificates, how far they fall short of a modern
//! server's TLS, and which of them no file can be written for.

use compact_str::CompactString;
use regex::Regex;

use super::figure::Source;
use crate::findings::nearest;
use crate::phone::Mac;
use crate::reader::Table;

/// The fields of a certificate's subject that may hold a MAC, and their object identifiers.
const SUBJECT_FIELDS: [(&str, &str); 6] = [
    ("common-name", "2.5.4.3"),
    ("surname", "2.5.4.4"),
    ("serial-number", "2.5.4.5"),
    ("locality", "2.5.4.7"),
    ("state-or-province", "2.5.4.8"),
    ("organizational-unit", "2.5.4.11"),
];

/// Where a certificate of the maker's says for which phone it was made.
#[derive(Debug)]
pub struct CertificateName {
    /// The object identifier of the field of the subject.
    pub oid: &'static str,
    /// On the whole field, in any case, with a group `mac`.
    pub pattern: Regex,
    /// Where this is known from.
    pub source: Source,
}

impl CertificateName {
    pub(super) fn read(mut table: Table<'_, '_>) -> Option<CertificateName> {
        let oid = table.required_text("field").and_then(|word| {
            let known = SUBJECT_FIELDS.iter().find(|(name, _)| *name == word.value).map(|(_, oid)| *oid);
            if known.is_none() {
                let names = SUBJECT_FIELDS.map(|(name, _)| name);
                let near = nearest(&word.value, names).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or_else(|| format!("{} are known", names.join(", ")));
                let what = format!("`field` is `{}`, which is no field of a certificate's subject", word.value);
                table.error_hint("unknown-word", word.line, what, hint);
            }
            known
        });
        let pattern = super::family::regex(&mut table, "pattern", &["mac"], |pattern| format!("(?i)^(?:{pattern})$"));
        let source = Source::read(&mut table);
        table.finish();
        Some(CertificateName { oid: oid?, pattern: pattern?, source })
    }

    /// The MAC in a field's text.
    pub fn mac(&self, text: &str) -> Option<Mac> {
        self.pattern.captures(text)?.name("mac")?.as_str().parse().ok()
    }
}

/// Phones that are recognised, and of which there is no model, since no file can be written for them.
#[derive(Debug)]
pub struct WithoutFiles {
    /// Which phones, in words.
    pub phones: CompactString,
    /// What is known of them.
    pub figures: CompactString,
    /// Why there is no file.
    pub why: CompactString,
    /// Where this is known from.
    pub source: Source,
}

impl WithoutFiles {
    pub(super) fn read(mut table: Table<'_, '_>) -> WithoutFiles {
        let mut text = |field| table.required_text(field).map(|at| at.value.into()).unwrap_or_default();
        let (phones, figures, why) = (text("phones"), text("figures"), text("why"));
        let source = Source::read(&mut table);
        table.finish();
        WithoutFiles { phones, figures, why, source }
    }
}

/// Phones whose TLS falls short of a modern server's, and how they can be told by what they offer.
#[derive(Debug)]
pub struct OldTls {
    /// Which phones, in words.
    pub phones: CompactString,
    /// The newest version that they offer: `1.0`, `1.1` or `1.2`.
    pub newest: Option<CompactString>,
    /// Whether they offer keys agreed by ECDHE.
    pub ecdhe: Option<bool>,
    /// All cipher suites that they may offer, by IANA's names, or as `0x0060` where there is none; empty: any.
    pub suites: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

impl OldTls {
    pub(super) fn read(mut table: Table<'_, '_>) -> OldTls {
        let phones = table.required_text("phones").map(|at| at.value.into()).unwrap_or_default();
        let newest = table.text("newest");
        if let Some(word) = newest.as_ref().filter(|word| !["1.0", "1.1", "1.2"].contains(&word.value.as_str())) {
            let what = format!("`newest` is `{}`, but must be 1.0, 1.1 or 1.2", word.value);
            table.error("unknown-word", word.line, what);
        }
        let ecdhe = table.boolean("ecdhe").map(|at| at.value);
        let suites = table.texts("suites").map(|at| at.value).unwrap_or_default();
        if newest.is_none() && ecdhe.is_none() && suites.is_empty() {
            let what = "nothing says how these phones are told: `newest`, `ecdhe` or `suites` were expected";
            table.error("missing-field", table.line(), what);
        }
        let source = Source::read(&mut table);
        table.finish();
        OldTls {
            phones,
            newest: newest.map(|at| at.value.into()),
            ecdhe,
            suites: suites.into_iter().map(|at| at.value.into()).collect(),
            source,
        }
    }

    /// Whether a client that offers this may be one of them.
    pub fn fits(&self, newest: &str, ecdhe: bool, suites: &[String]) -> bool {
        self.newest.as_ref().is_none_or(|known| known == newest)
            && self.ecdhe.is_none_or(|known| known == ecdhe)
            && (self.suites.is_empty() || suites.iter().all(|suite| self.suites.iter().any(|known| known == suite)))
    }
}
