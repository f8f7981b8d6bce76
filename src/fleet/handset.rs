//! `[handsets.n]` of a phone's file: the cordless handsets of a DECT base, and the line that each of them uses.
//!
//! What is wrong here is an error of the file, which then keeps its last good version: a base may forget every handset
//! that its file no longer names, so a slip of the pen must not take one away.

use compact_str::CompactString;

use super::keys::position;
use super::line::one_line;
use crate::reader::Table;

/// The highest number of a handset that any base could have; what a model has is said in the catalogue.
pub(super) const MAX_HANDSETS: u16 = 1000;

/// A handset as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handset {
    /// Its number on the base, from 1.
    pub number: u16,
    /// Which of the phone's lines it uses, from 1.
    pub line: u16,
    /// Its identity, ten hexadecimal digits in lower case.
    pub ipui: Option<CompactString>,
    /// What it is called, if not as its line.
    pub name: Option<CompactString>,
    /// Its line in the file, from 1.
    pub at: u32,
}

/// Reads the handsets, in order; `lines` is how many lines the phone has.
pub(super) fn read_handsets(table: &mut Table<'_, '_>, lines: usize) -> Box<[Handset]> {
    let Some(mut entries) = table.table("handsets") else { return Box::default() };
    entries.any_field();
    let mut handsets: Vec<Handset> = Vec::new();
    for name in entries.fields() {
        let number = position(&entries, &name, MAX_HANDSETS);
        let (Some(number), Some(entry)) = (number, entries.table_named(&name.value)) else { continue };
        let handset = read_handset(entry, number, name.line, lines);
        if handsets.iter().any(|other| other.number == number) {
            entries.error("twice", name.line, format!("the handset {number} is set twice"));
        }
        if let Some(ipui) = &handset.ipui
            && let Some(other) = handsets.iter().find(|other| other.ipui.as_ref() == Some(ipui))
        {
            let what = format!("the handsets {} and {number} have the same `ipui`, `{ipui}`", other.number);
            entries.error("twice", name.line, what);
        }
        handsets.push(handset);
    }
    handsets.sort_by_key(|handset| handset.number);
    handsets.into()
}

fn read_handset(mut table: Table<'_, '_>, number: u16, at: u32, lines: usize) -> Handset {
    let line = table.integer("line", 1..=i64::from(MAX_HANDSETS)).map(|line| (line.value as u16, line.line));
    let ipui = table.text("ipui").and_then(|ipui| {
        let text = ipui.value.to_ascii_lowercase();
        if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(text.into());
        }
        let what = format!("`{}` is `{}`, but must be ten hexadecimal digits", table.name_of("ipui"), ipui.value);
        table.error_hint("bad-ipui", ipui.line, what, "*#06# on the handset shows it");
        None
    });
    let name = table.text("name").and_then(|name| one_line(&table, "name", name));
    let (used, said_at) = line.unwrap_or((number, at));
    // A spare base has no lines, and may keep its handsets for the day when it has some again.
    if lines > 0 && usize::from(used) > lines {
        let what = match line {
            Some(_) => format!("`{}` is {used}, but the phone has {lines} line(s)", table.name_of("line")),
            None => format!("the handset {number} uses line {used}, but the phone has {lines} line(s)"),
        };
        table.error_hint("no-such-line", said_at, what, "say which `line` the handset uses");
    }
    table.finish();
    Handset { number, line: used, ipui, name, at }
}
