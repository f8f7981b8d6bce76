//! Texts with placeholders, of which the fields of a key are made.

use compact_str::CompactString;

use crate::reader::Table;

/// A text with placeholders, cut once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(pub Vec<Part>);

impl Pattern {
    /// Whether it shows the key's label, or what stands for one.
    pub fn names_label(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(Placeholder::Label | Placeholder::Name)))
    }

    /// Whether it says which account is meant.
    pub fn names_line(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(Placeholder::Line | Placeholder::Line0)))
    }
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(CompactString),
    /// Something of the key.
    Place(Placeholder),
}

/// What a pattern may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The key's number.
    Number,
    /// Its label, or nothing.
    Label,
    /// Its label, else the name of its number, else the number.
    Name,
    /// The account, from 1.
    Line,
    /// The account, from 0.
    Line0,
    /// Its web address.
    Url,
    /// Its seconds.
    Seconds,
    /// The site's pickup prefix, or nothing.
    Pickup,
    /// The same, and the alternative fits only where there is one.
    PickupNeeded,
    /// What to dial for the function.
    Code,
    /// The code that switches on.
    CodeOn,
    /// The code that switches off.
    CodeOff,
}

const PLACEHOLDERS: [(&str, Placeholder); 12] = [
    ("number", Placeholder::Number),
    ("label", Placeholder::Label),
    ("name", Placeholder::Name),
    ("line", Placeholder::Line),
    ("line0", Placeholder::Line0),
    ("url", Placeholder::Url),
    ("seconds", Placeholder::Seconds),
    ("pickup", Placeholder::Pickup),
    ("pickup!", Placeholder::PickupNeeded),
    ("code", Placeholder::Code),
    ("code_on", Placeholder::CodeOn),
    ("code_off", Placeholder::CodeOff),
];

/// Cuts a text at its placeholders; `{{` and `}}` are not needed by any family and so not known.
pub(super) fn pattern(table: &Table<'_, '_>, line: u32, text: &str) -> Option<Pattern> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            table.error("bad-pattern", line, format!("`{text}` opens a placeholder that it never closes"));
            return None;
        };
        let Some((_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            let names = PLACEHOLDERS.map(|(name, _)| name).join(", ");
            table.error_hint(
                "bad-pattern",
                line,
                format!("`{{{name}}}` is not a placeholder"),
                format!("known are {names}"),
            );
            return None;
        };
        if !before.is_empty() {
            parts.push(Part::Text(before.into()));
        }
        parts.push(Part::Place(*placeholder));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.into()));
    }
    Some(Pattern(parts))
}
