//! What the XML formats share: escaping, a stream of strictly checked tokens, and edits in place.

mod attributes;
mod edit;
mod tokens;

use std::borrow::Cow;
use std::io;

pub(super) use attributes::is_name;
pub(super) use edit::{Container, spliced, written_attributes};
pub(super) use tokens::{Tag, Token, Tokens};

use super::{Refusal, forbidden_at, has_any, is_forbidden, replace_characters};

/// The encoding that old phones are told; what is not ASCII is written as references, which any encoding carries.
pub(super) const LATIN: &str = "ISO-8859-1";

pub(super) fn carries(place: &'static str, value: &str) -> Result<(), Refusal> {
    match value.chars().find(|c| is_forbidden(*c)) {
        Some(character) => Err(Refusal::character(place, character)),
        None => Ok(()),
    }
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    replace_characters(label, is_forbidden, |_| ' ')
}

/// The same for elements whose text a phone trims.
pub(super) fn carries_trimmed(place: &'static str, value: &str) -> Result<(), Refusal> {
    carries(place, value)?;
    match value.starts_with(' ') || value.ends_with(' ') {
        true => Err(Refusal::Edge { place }),
        false => Ok(()),
    }
}

/// The label without blanks at its ends, for elements whose text a phone trims.
pub(super) fn soften_trimmed(label: &str) -> Cow<'_, str> {
    let label = soften(label);
    match label.trim_matches(' ') {
        trimmed if trimmed.len() == label.len() => label,
        trimmed => Cow::Owned(trimmed.to_owned()),
    }
}

/// The same for text and for attributes in either kind of quotes.
pub(super) fn escape(value: &str, out: &mut dyn io::Write) -> io::Result<()> {
    carries("XML", value)?;
    out.write_all(escaped(value).as_bytes())
}

/// The text with a reference for each character that means something in XML.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    quick_xml::escape::escape(text)
}

/// The text with its references resolved.
pub(super) fn decoded(written: &str) -> Result<Cow<'_, str>, &'static str> {
    if !has_any(written, [b'&']) {
        return Ok(Cow::Borrowed(written));
    }
    // What stands after the `&` is not shown: it may be part of a password that nobody escaped.
    let value = quick_xml::escape::unescape(written)
        .map_err(|_| "expected `&amp;` for `&`, or a reference that XML defines")?;
    match forbidden_at(&value).is_some() || has_any(&value, *b"\n\r\t") {
        true => Err("expected no reference to a control character"),
        false => Ok(value),
    }
}

/// The file as it goes over the wire: with references for what its encoding cannot write.
pub(super) fn encoded(text: String) -> String {
    let says_latin = text.starts_with("<?xml") && {
        let declaration = text.split_once("?>").map_or("", |(declaration, _)| declaration);
        declaration.to_ascii_uppercase().contains(LATIN)
    };
    if !says_latin || text.is_ascii() {
        return text;
    }
    let mut ascii = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        match character {
            '\0'..='\x7f' => ascii.push(character),
            _ => ascii.push_str(&format!("&#{};", u32::from(character))),
        }
    }
    ascii
}
