//! Edits in place: elements put into others, and spans of a file replaced.

use std::ops::Range;

use super::attributes::split_attribute_name;
use super::escaped;
use crate::format::{FormatError, RawEdit};

/// An element that others can be put into, and its place in the file.
pub(in crate::format) struct Container<'a> {
    name: &'a str,
    open: Range<usize>,
    /// The end tag; none for an empty element.
    close: Option<Range<usize>>,
}

impl<'a> Container<'a> {
    pub(in crate::format) fn new(name: &'a str, open: Range<usize>, close: Option<Range<usize>>) -> Container<'a> {
        Container { name, open, close }
    }

    /// The splice that puts elements, one to a line, at the container's beginning.
    pub(in crate::format) fn prepend(&self, text: &str, elements: &[String]) -> (Range<usize>, String) {
        if self.close.is_none() {
            return self.append(text, elements);
        }
        let line_start = text[..self.open.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[line_start..self.open.start];
        let at = self.open.end;
        match text[at..].starts_with('\n') && indent.bytes().all(|b| b == b' ' || b == b'\t') {
            true => (at..at, elements.iter().map(|element| format!("\n{indent}  {element}")).collect()),
            false => (at..at, elements.concat()),
        }
    }

    /// The splice that puts elements, one to a line, at the container's end.
    pub(in crate::format) fn append(&self, text: &str, elements: &[String]) -> (Range<usize>, String) {
        let Some(close) = &self.close else {
            let slash = self.open.end - 2;
            return (slash..self.open.end, format!(">{}</{}>", elements.concat(), self.name));
        };
        let line_start = text[..close.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[line_start..close.start];
        match indent.bytes().all(|b| b == b' ' || b == b'\t') {
            true => {
                let lines = elements.iter().map(|element| format!("{indent}  {element}\n"));
                (line_start..line_start, lines.collect())
            }
            false => (close.start..close.start, elements.concat()),
        }
    }
}

/// The text with each span replaced; spans do not overlap.
pub(in crate::format) fn spliced(text: &str, mut splices: Vec<(Range<usize>, String)>) -> String {
    splices.sort_by_key(|(span, _)| span.start);
    let grown: usize = splices.iter().map(|(_, new)| new.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut copied = 0;
    for (span, new) in splices {
        out.push_str(&text[copied..span.start]);
        out.push_str(&new);
        copied = span.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// The edit's attributes, each with a blank before it.
pub(in crate::format) fn written_attributes(edit: &RawEdit, reserved: &[&str]) -> Result<String, FormatError> {
    let mut out = String::new();
    for (name, value) in &edit.attributes {
        if name.is_empty() || !split_attribute_name(name).1.is_empty() || reserved.contains(&name.as_str()) {
            return Err(FormatError::edit(&edit.name, format!("expected no attribute `{name}`")));
        }
        out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    Ok(out)
}
