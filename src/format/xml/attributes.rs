//! Names and attributes of elements.

use std::borrow::Cow;

use super::decoded;
use crate::format::{Attribute, has_any};

impl Attribute<'_> {
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.name == name && self.value.eq_ignore_ascii_case(value)
    }
}

/// Puts the attributes that follow a name in a tag into `found`, and gives the rest from where no more come.
pub(super) fn attributes<'a>(tag: &'a str, found: &mut Vec<Attribute<'a>>) -> Result<&'a str, String> {
    found.clear();
    let mut rest = tag;
    loop {
        let trimmed = rest.trim_ascii_start();
        let (name, after) = split_attribute_name(trimmed);
        // Without a blank before, it is for the caller to say what else was expected.
        if name.is_empty() || trimmed.len() == rest.len() {
            return Ok(trimmed);
        }
        let after = after.trim_ascii_start().strip_prefix('=').map_or("", str::trim_ascii_start);
        let quoted = match after.as_bytes() {
            [b'"', ..] => after[1..].find('"'),
            [b'\'', ..] => after[1..].find('\''),
            _ => None,
        };
        let length = quoted.ok_or_else(|| format!("expected attribute `{name}` to have a value in quotes"))?;
        let value = &after[1..=length];
        if found.iter().any(|other| other.name == name) {
            return Err(format!("expected attribute `{name}` once"));
        }
        let value = match has_any(value, *b"<&\n\r\t") {
            false => Cow::Borrowed(value),
            true if has_any(value, *b"<\n\r\t") => {
                return Err(format!("expected neither `<` nor a line break nor a tab in attribute `{name}`"));
            }
            true => decoded(value).map_err(|problem| format!("attribute `{name}`: {problem}"))?,
        };
        found.push(Attribute { name, value });
        rest = &after[length + 2..];
    }
}

/// The name that the text begins with, empty if there is none, and the rest.
///
/// XML allows more; phones' parameters need no more.
pub(super) fn split_name(text: &str) -> (&str, &str) {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return ("", text);
    }
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    text.split_at(text.bytes().position(|b| !is_part(b)).unwrap_or(text.len()))
}

/// The same for an attribute, whose name may have a namespace's prefix.
pub(super) fn split_attribute_name(text: &str) -> (&str, &str) {
    let (name, rest) = split_name(text);
    match rest.strip_prefix(':').map(split_name) {
        Some((local, after)) if !name.is_empty() && !local.is_empty() => (&text[..text.len() - after.len()], after),
        _ => (name, rest),
    }
}

pub(in crate::format) fn is_name(name: &str) -> bool {
    !name.is_empty() && split_name(name).1.is_empty()
}
