//! The small binary index files of Gigaset's older phones, which lead from `master.bin` to the profile.
//!
//! Facts: docs/sources.md, Gigaset 3.2 (WAZO's files, GS5's encoder, SHEN's parser). KNOWN: no header; items of a tag byte, a
//! length byte and a content; in the content one or more of the same, of which tag 3 is a text with a zero behind it,
//! counted in its length, and tag 2 a number of two bytes, the higher one first. INFERRED: with one byte for a length a
//! text has at most 252 characters. No source shows a character that is not ASCII in such a text, so none is carried.
//!
//! Templates are text, so this format has two forms. A template writes one item to a line, its tag and what is in it,
//! and [`encode`] makes the bytes of it that go out:
//!
//! ```text
//! # the next file of the chain
//! 3 = "../../sifs/sifsroot.bin"
//! 1 = 111 "../fw111.bin"
//! ```
//!
//! Left out on purpose: further inner tags, which only the index of firmware (`baselines.bin`) has.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

use super::{Document, Entry, FormatError, RawEdit, Refusal, SyntaxError, checked_edits, is_forbidden};

/// The most characters of a text: two lengths of one byte each have to hold it, with a tag, a length and a zero.
const MAX_TEXT: usize = 252;
/// The most bytes of an item's content.
const MAX_CONTENT: usize = 255;
/// The folders of texts for the screen, of which a phone may have several.
const REPEATED: u8 = 5;
const TEXT: u8 = 3;
const NUMBER: u8 = 2;

const PLACE: &str = "a tlv text";

/// What an item holds.
#[derive(Debug, PartialEq, Eq)]
enum Inner {
    Text(String),
    Number(u16),
}

/// A line of the text form.
struct Item<'a> {
    tag: u8,
    name: &'a str,
    written: &'a str,
    inner: Vec<Inner>,
    line: u32,
}

pub(super) fn carries(value: &str) -> Result<(), Refusal> {
    match value.chars().find(|c| !is_carried(*c)) {
        Some(character) => Err(Refusal::character(PLACE, character)),
        None if value.len() > MAX_TEXT => Err(Refusal::Long { place: PLACE, most: MAX_TEXT }),
        None => Ok(()),
    }
}

fn is_carried(c: char) -> bool {
    matches!(c, ' '..='~')
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    if carries(label).is_ok() {
        return Cow::Borrowed(label);
    }
    let replaced = label.replace("\r\n", "\n");
    let replacement = |c: char| match c {
        c if is_carried(c) => c,
        c if is_forbidden(c) => ' ',
        _ => '?',
    };
    Cow::Owned(replaced.chars().map(replacement).take(MAX_TEXT).collect())
}

/// For the inside of quotes.
pub(super) fn escape(value: &str, out: &mut dyn io::Write) -> io::Result<()> {
    carries(value)?;
    out.write_all(quoted(value).as_bytes())
}

fn quoted(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"")
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let entry = |item: Item<'_>| {
        let value = match item.inner.as_slice() {
            [Inner::Text(text)] => Cow::Owned(text.clone()),
            _ => Cow::Owned(item.written.to_owned()),
        };
        Entry { name: Cow::Owned(item.name.to_owned()), value, attributes: Vec::new(), line: item.line }
    };
    Ok(Document { entries: items(text)?.into_iter().map(entry).collect() })
}

/// The bytes that a text stands for.
pub(super) fn encode(text: &str) -> Result<Vec<u8>, SyntaxError> {
    let mut bytes = Vec::new();
    for item in items(text)? {
        let content = content(&item.inner);
        bytes.extend([item.tag, length(&content)]);
        bytes.extend(content);
    }
    Ok(bytes)
}

/// A length that was checked when the item was read.
fn length(content: &[u8]) -> u8 {
    u8::try_from(content.len()).unwrap_or(u8::MAX)
}

fn content(inner: &[Inner]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for inner in inner {
        let (tag, content) = match inner {
            Inner::Text(text) => (TEXT, [text.as_bytes(), &[0]].concat()),
            Inner::Number(number) => (NUMBER, number.to_be_bytes().to_vec()),
        };
        bytes.extend([tag, length(&content)]);
        bytes.extend(content);
    }
    bytes
}

pub(super) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    let by_name = checked_edits(edits, carries)?;
    for edit in edits {
        if let Some((attribute, _)) = edit.attributes.first() {
            return Err(FormatError::edit(&edit.name, format!("expected no attribute `{attribute}`")));
        }
        tag(&edit.name).map_err(|problem| FormatError::edit(&edit.name, problem))?;
    }
    let replaced = |name: &str| {
        let edit = by_name.get(name)?;
        let empty = [String::new()];
        let values: &[String] = if edit.values.is_empty() { &empty } else { &edit.values };
        Some(values.iter().map(|value| format!("{name} = \"{}\"\n", quoted(value))).collect::<String>())
    };
    let found = items(text)?;
    let mut done = HashSet::new();
    let mut edited = String::with_capacity(text.len());
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        match found.iter().find(|item| item.line == number).and_then(|item| Some((item.name, replaced(item.name)?))) {
            Some((name, new)) if done.insert(name) => edited.push_str(&new),
            Some(_) => {}
            None => edited.push_str(line),
        }
    }
    for edit in edits.iter().filter(|edit| !done.contains(edit.name.as_str())) {
        if !edited.is_empty() && !edited.ends_with('\n') {
            edited.push('\n');
        }
        edited.push_str(&replaced(&edit.name).unwrap_or_default());
    }
    Ok(edited)
}

fn items(text: &str) -> Result<Vec<Item<'_>>, SyntaxError> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for (line, number) in text.lines().zip(1_u32..) {
        let error = |problem: String| SyntaxError { line: number, problem };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let item = item(line, number).map_err(error)?;
        if item.tag != REPEATED && items.iter().any(|other| other.tag == item.tag) {
            return Err(error(format!("the item {} is set twice; only {REPEATED} may be", item.tag)));
        }
        items.push(item);
    }
    Ok(items)
}

fn item(line: &str, number: u32) -> Result<Item<'_>, String> {
    let (name, written) = line.split_once(" = ").ok_or("expected a tag, ` = ` and what is in the item")?;
    let tag = tag(name)?;
    let inner = inner(written).map_err(|problem| format!("item {tag}: {problem}"))?;
    let size = content(&inner).len();
    // Of one text alone its characters are what a person can count.
    match inner.as_slice() {
        [Inner::Text(text)] if text.len() > MAX_TEXT => {
            Err(format!("item {tag}: the text has {} characters; expected at most {MAX_TEXT}", text.len()))
        }
        _ if size > MAX_CONTENT => {
            Err(format!("item {tag}: all in it takes {size} bytes; expected at most {MAX_CONTENT}"))
        }
        _ => Ok(Item { tag, name, written, inner, line: number }),
    }
}

fn tag(name: &str) -> Result<u8, String> {
    let tag: Option<u8> = name.parse().ok().filter(|tag: &u8| tag.to_string() == name);
    tag.ok_or_else(|| "expected the tag to be a number from 0 to 255".to_owned())
}

/// What is written in an item: texts in quotes and numbers, with a blank between.
fn inner(written: &str) -> Result<Vec<Inner>, String> {
    let mut found = Vec::new();
    let mut rest = written;
    loop {
        let (inner, after) = match rest.strip_prefix('"') {
            Some(open) => text(open)?,
            None => digits(rest)?,
        };
        found.push(inner);
        match after.strip_prefix(' ') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(found),
            None => return Err("expected one blank between two values".to_owned()),
        }
    }
}

fn text(open: &str) -> Result<(Inner, &str), String> {
    let mut text = String::new();
    let mut characters = open.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((Inner::Text(text), &open[at + 1..])),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                _ => return Err("expected `\\\\` or `\\\"` for a `\\`".to_owned()),
            },
            character if is_carried(character) => text.push(character),
            _ => return Err("expected printable ASCII characters only".to_owned()),
        }
    }
    Err("expected `\"` behind the text".to_owned())
}

fn digits(rest: &str) -> Result<(Inner, &str), String> {
    let (written, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
    let number: Option<u16> = written.parse().ok().filter(|number: &u16| number.to_string() == written);
    let number = number.ok_or_else(|| "expected a text in quotes or a number from 0 to 65535".to_owned())?;
    Ok((Inner::Number(number), after))
}

#[cfg(test)]
mod tests;
