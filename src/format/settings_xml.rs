//! The XML of Snom's system, which Gigaset's P phones run too: `settings` with its sections, and `firmware-settings`.
//!
//! Facts: docs/sources.md, Gigaset 3.4 and 5.2 (Gigaset's wiki, "W:"; TAN) and Snom 3 and 5 (Snom's wiki and the manuals
//! of its expansion modules; WAZO, TAN). KNOWN: UTF-8, the roots, the sections, an element named after its setting, `idx`
//! and `perm` with its values, `fkey` with its attributes and `type argument` as its text. That several sections and
//! `setting-files` exist is known of Snom only, and so are most attributes of `fkey`; they are read, and nothing says
//! that a P phone takes them. NOT FOUND: whether blanks at the ends of a text are trimmed, so none are sent.
//!
//! An entry's name is `section/name`, with `[idx]` behind it where it has one. The settings, the keys and the firmware
//! have to be unique; the lists of the other sections are read for their syntax, and may repeat what they hold.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::grammar::parse_fkey;
use super::xml::{self, Container, Tag, Token, Tokens};
use super::{Attribute, Document, Entry, FormatError, Names, RawEdit, Refusal, SyntaxError, checked_edits, has_any};

const SETTINGS: &str = "settings";
const PHONE: &str = "phone-settings";
const KEYS: &str = "functionKeys";
const FIRMWARE: &str = "firmware-settings";
const FILES: &str = "setting-files";
const ROOTS: [&str; 3] = [SETTINGS, FIRMWARE, FILES];

/// The sections of `settings` whose elements are lists of their own making.
const LISTS: [&str; 7] =
    ["tbook", "dialplan", "ReplacementPlan", "certificates", "gui-languages", "web-languages", "uploads"];

/// The attributes of a key besides `idx`; all from `clp` on are known of Snom only.
const KEY_ATTRIBUTES: [&str; 14] = [
    "context",
    "label",
    "lp",
    "perm",
    "clp",
    "short_label",
    "short_label_mode",
    "short_default_text",
    "label_mode",
    "reg_label_mode",
    "icon_type",
    "default_text",
    "ringer",
    "park_retrieve",
];

/// What `perm` may say: rewritten at each load, read-only for the user, or only what the user has not changed.
const PERMISSIONS: [&str; 7] = ["", "RW", "$", "R", "&", " ", "!"];

const PLACE: &str = "a settings-xml value";

pub(super) fn carries(value: &str) -> Result<(), Refusal> {
    xml::carries_trimmed(PLACE, value)
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    xml::soften_trimmed(label)
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(text.len() / 64);
    let mut names = Names::for_text(text);
    scan(text, |node| {
        let Node::Leaf(leaf) = node else { return Ok(()) };
        let is_unique = leaf.is_unique();
        let entry = leaf.entry()?;
        if is_unique && !names.insert(entry.name.clone()) {
            return Err(format!("`{}` is set twice; expected each once", entry.name));
        }
        entries.push(entry);
        Ok(())
    })?;
    Ok(Document { entries })
}

pub(super) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    // A blank at an end is let through, unlike in `carries`: who writes an edit knows the phone.
    checked_edits(edits, |value| xml::carries(PLACE, value))?;
    let mut targets: HashMap<String, (Target<'_>, String)> = HashMap::with_capacity(edits.len());
    let mut order = Vec::with_capacity(edits.len());
    for edit in edits {
        let target = Target::of(edit)?;
        let name = target.name();
        if targets.contains_key(&name) {
            return Err(FormatError::edit(&edit.name, "is edited twice; expected one edit with all its values"));
        }
        order.push(name.clone());
        targets.insert(name, (target, target.elements(edit)?));
    }
    let mut splices = Vec::new();
    let mut done = HashSet::new();
    let mut places = HashMap::new();
    scan(text, |node| {
        match node {
            Node::Container(name, container) => drop(places.insert(name, container)),
            Node::Leaf(leaf) if leaf.is_unique() => {
                let name = leaf.name()?;
                if let Some((_, new)) = targets.get(&*name) {
                    let new = if done.insert(name.into_owned()) { new.clone() } else { String::new() };
                    splices.push((leaf.span, new));
                }
            }
            Node::Leaf(_) => {}
        }
        Ok(())
    })?;
    // An edit of the other kind of file is left to the file that has it.
    let sections: &[&str] = if places.contains_key(SETTINGS) { &[PHONE, KEYS] } else { &[FIRMWARE] };
    let mut made = Vec::new();
    for &section in sections {
        let missing = order.iter().filter(|name| !done.contains(*name) && targets[*name].0.section == section);
        let new: Vec<String> = missing.map(|name| targets[name].1.clone()).collect();
        match places.get(section) {
            _ if new.is_empty() => {}
            Some(place) => splices.push(place.append(text, &new)),
            None => made.push(format!("<{section}>{}</{section}>", new.concat())),
        }
    }
    if let (Some(place), false) = (places.get(SETTINGS), made.is_empty()) {
        splices.push(place.append(text, &made));
    }
    Ok(xml::spliced(text, splices))
}

/// What a raw edit means.
#[derive(Clone, Copy)]
struct Target<'e> {
    section: &'static str,
    element: &'e str,
    idx: Option<&'e str>,
}

impl<'e> Target<'e> {
    fn of(edit: &'e RawEdit) -> Result<Target<'e>, FormatError> {
        let refused = |problem: &str| Err(FormatError::edit(&edit.name, problem));
        let (section, name) = match edit.name.split_once('/') {
            Some((section, name)) => ([PHONE, KEYS, FIRMWARE].into_iter().find(|known| *known == section), name),
            None => (None, edit.name.as_str()),
        };
        let (element, written) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((element, idx)) => (element, Some(idx)),
            None => (name, None),
        };
        let of_element = if element == "fkey" { KEYS } else { PHONE };
        let section = section.or((name == edit.name).then_some(of_element));
        let Some(section) = section.filter(|_| xml::is_name(element)) else {
            return refused("expected an element's name, with `[idx]` behind it or a section and `/` before it");
        };
        if (section == KEYS) != (element == "fkey") {
            return refused("expected `fkey` in `functionKeys`, and everything else elsewhere");
        }
        let said = edit.attributes.iter().find(|(name, _)| name == "idx").map(|(_, idx)| idx.as_str());
        if written.is_some() && said.is_some() && written != said {
            return refused("expected one `idx`, in the name or as an attribute");
        }
        let idx = written.or(said);
        if idx.is_some_and(|idx| !is_index(idx)) {
            return refused("expected `idx` to be a whole number");
        }
        if section == KEYS && idx.is_none() {
            return refused("expected a key's place: `fkey[0]` is the first");
        }
        Ok(Target { section, element, idx })
    }

    /// As the entry is called.
    fn name(self) -> String {
        named(self.section, self.element, self.idx).into_owned()
    }

    /// The elements that the edit writes, one for each value.
    fn elements(self, edit: &RawEdit) -> Result<String, FormatError> {
        let Target { element, idx, .. } = self;
        let others = edit.attributes.iter().filter(|(name, _)| name != "idx").cloned().collect();
        let edit = RawEdit { attributes: others, ..edit.clone() };
        let attributes = xml::written_attributes(&edit, &["idx"])?;
        let idx = idx.map(|idx| format!(" idx=\"{idx}\"")).unwrap_or_default();
        let written = |value: &str| format!("<{element}{idx}{attributes}>{}</{element}>", xml::escaped(value));
        if edit.values.is_empty() {
            return Ok(written(""));
        }
        Ok(edit.values.iter().map(|value| written(value)).collect())
    }
}

enum Node<'a> {
    Leaf(Leaf<'a>),
    /// The root or a section, at its end.
    Container(&'a str, Container<'a>),
}

/// An element that holds no others, or one of a list.
struct Leaf<'a> {
    /// The section, or the path of the elements in it.
    place: Cow<'a, str>,
    element: &'a str,
    written: &'a str,
    attributes: Vec<Attribute<'a>>,
    line: u32,
    span: Range<usize>,
}

impl<'a> Leaf<'a> {
    fn is_unique(&self) -> bool {
        matches!(&*self.place, PHONE | KEYS | FIRMWARE)
    }

    fn idx(&self) -> Option<&Cow<'a, str>> {
        self.attributes.iter().find(|attribute| attribute.name == "idx").map(|attribute| &attribute.value)
    }

    fn name(&self) -> Result<Cow<'a, str>, String> {
        let idx = self.idx().map(|idx| &**idx);
        if idx.is_some_and(|idx| !is_index(idx)) {
            return Err(format!("`{}`: expected `idx` to be a whole number", self.element));
        }
        Ok(named(&self.place, self.element, idx.filter(|_| self.is_unique())))
    }

    /// The entry, once its attributes and, of a key, its text are what a phone understands.
    fn entry(self) -> Result<Entry<'a>, String> {
        let name = self.name()?;
        let is_key = self.place == KEYS;
        let is_unique = self.is_unique();
        match &*self.place {
            KEYS if self.element != "fkey" || self.idx().is_none() => {
                return Err(format!("expected `{KEYS}` to hold `fkey` with an `idx`"));
            }
            FIRMWARE if !matches!(self.element, "firmware" | "firmware_uxm") => {
                return Err(format!("expected no `{}` in `{FIRMWARE}`", self.element));
            }
            FILES if self.element != "file" => return Err(format!("expected no `{}` in `{FILES}`", self.element)),
            _ => {}
        }
        let written = self.written.trim_ascii();
        if has_any(written, *b"\n\r\t>") && is_unique {
            return Err(format!("`{name}`: expected neither a line break nor a tab nor a bare `>` in a value"));
        }
        let value = xml::decoded(written).map_err(|problem| format!("`{name}`: {problem}"))?;
        if is_key || self.element.starts_with("gui_fkey") {
            parse_fkey(&value).map_err(|problem| format!("`{name}`: {problem}"))?;
        }
        let mut attributes = self.attributes;
        if is_unique {
            attributes.retain(|attribute| attribute.name != "idx");
            for Attribute { name: attribute, value } in &attributes {
                if !(*attribute == "perm" || (is_key && KEY_ATTRIBUTES.contains(attribute))) {
                    return Err(format!("`{name}`: expected no attribute `{attribute}`"));
                }
                if *attribute == "perm" && !PERMISSIONS.contains(&&**value) {
                    return Err(format!("`{name}`: expected `perm` to be `RW`, `R`, `!` or what stands for them"));
                }
            }
        }
        Ok(Entry { name, value, attributes, line: self.line })
    }
}

fn named<'a>(place: &str, element: &str, idx: Option<&str>) -> Cow<'a, str> {
    Cow::Owned(match idx {
        Some(idx) => format!("{place}/{element}[{idx}]"),
        None => format!("{place}/{element}"),
    })
}

/// A whole number without a needless zero, so that no two spellings of it mean one element.
fn is_index(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// Shows every element that says something to `visit`, and the root and its sections, each at its end.
fn scan<'a>(text: &'a str, mut visit: impl FnMut(Node<'a>) -> Result<(), String>) -> Result<(), SyntaxError> {
    let mut tokens = Tokens::new(text, &ROOTS)?;
    let mut open: Vec<Tag<'a>> = Vec::new();
    let mut sections = HashSet::new();
    while let Some(token) = tokens.next()? {
        let (start, visited) = match token {
            Token::Open(tag) => {
                let start = tag.span.start;
                let is_section = open.len() == 1 && open[0].name == SETTINGS;
                if is_section && !known_section(tag.name) {
                    return Err(tokens.error(start, format!("expected no `{}` in `{SETTINGS}`", tag.name)));
                }
                if is_section && !sections.insert(tag.name) {
                    return Err(tokens.error(start, format!("expected `{}` once", tag.name)));
                }
                let visited = match open.is_empty() || is_section {
                    true if tag.empty => visit(Node::Container(tag.name, Container::new(tag.name, tag.span, None))),
                    true => {
                        open.push(tag);
                        continue;
                    }
                    false => {
                        let place = path(&open);
                        let written = if tag.empty { Some("") } else { tokens.value()? };
                        let is_list = LISTS.contains(&place.split('/').next().unwrap_or_default());
                        if written.is_none() && !is_list {
                            let problem = format!("expected text and `</{}>`; `{place}` holds no lists", tag.name);
                            return Err(tokens.error(start, problem));
                        }
                        let attributes = std::mem::take(&mut tokens.attributes);
                        let span = start..tokens.position();
                        let (element, line) = (tag.name, tag.line);
                        if written.is_none() {
                            open.push(tag);
                        }
                        let written = written.unwrap_or_default();
                        visit(Node::Leaf(Leaf { place, element, written, attributes, line, span }))
                    }
                };
                (start, visited)
            }
            Token::Close(close) => match open.pop() {
                Some(tag) if open.len() < 2 => {
                    (close.start, visit(Node::Container(tag.name, Container::new(tag.name, tag.span, Some(close)))))
                }
                _ => continue,
            },
            Token::Text { blank: false } => {
                let (name, start) = open.last().map_or((SETTINGS, 0), |tag| (tag.name, tag.span.start));
                return Err(tokens.error(start, format!("expected nothing but elements in `{name}`")));
            }
            Token::Text { blank: true } | Token::Comment => continue,
        };
        visited.map_err(|problem| tokens.error(start, problem))?;
    }
    Ok(())
}

fn known_section(name: &str) -> bool {
    [PHONE, KEYS].contains(&name) || LISTS.contains(&name)
}

/// The elements in which another stands, without `settings`; the other roots are their own section.
fn path<'a>(open: &[Tag<'a>]) -> Cow<'a, str> {
    match open {
        [root] => Cow::Borrowed(root.name),
        [_, section] => Cow::Borrowed(section.name),
        _ => Cow::Owned(open.iter().skip(1).map(|tag| tag.name).collect::<Vec<_>>().join("/")),
    }
}

#[cfg(test)]
#[path = "settings_xml_tests.rs"]
mod tests;
