//! XML as a tree: Cisco's enterprise files and the profiles of Gigaset's older phones.
//!
//! Facts: docs/sources.md, Cisco 3.4 and 5.5 (usecallmanager.nz, "UCM"; WAZO) and Gigaset 3.1 (Gigaset Provisioning
//! Guide, "GUIDE"; WAZO). KNOWN: `device` with `line button="…"`, `member priority="…"` and `addOnModule idx="…"`;
//! `DIALTEMPLATE` with `TEMPLATE match="…"`; `ProviderFrame` with `SYMB_ITEM ID="…" class="symb_item" value='…'`,
//! whose value is often a C string in double quotes, and which says `ISO-8859-1`. INFERRED: an element that is not
//! repeated for a reason must not be repeated at all, and neither text nor values span lines.
//!
//! An entry is named by its path from the root, `device/devicePool/callManagerGroup`. Siblings of one name are told
//! apart by the attribute that numbers or names them, `device/sipProfile/sipLines/line[@button="2"]/featureLabel`, or
//! by their place where nothing names them, `device/…/ntps/ntp[2]`. An element that holds others is an entry if it has
//! attributes. Raw edits use the same paths.

mod edit;
mod path;

use std::borrow::Cow;
use std::ops::Range;

use super::xml::{self, Container, Tag, Token, Tokens};
use super::{Attribute, Document, Entry, Names, SyntaxError, has_any};

pub(super) use edit::edit;

pub(super) const PLACE: &str = "a tree-xml value";

/// What a file may be.
const ROOTS: [&str; 3] = ["device", "DIALTEMPLATE", PROFILE];
/// The root of a Gigaset's profile, in which values are attributes.
const PROFILE: &str = "ProviderFrame";

/// What tells siblings of one name apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Siblings {
    /// There is one at the most.
    One,
    /// The value of this attribute, which they all have.
    Named(&'static str),
    /// Their order.
    Ordered,
}

fn siblings(name: &str) -> Siblings {
    match name {
        "line" => Siblings::Named("button"),
        "member" => Siblings::Named("priority"),
        "addOnModule" => Siblings::Named("idx"),
        "TEMPLATE" => Siblings::Named("match"),
        "SYMB_ITEM" => Siblings::Named("ID"),
        "ntp" | "phoneService" => Siblings::Ordered,
        _ => Siblings::One,
    }
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(text.len() / 48);
    scan(text, |node| {
        let Node { path, value, attributes, line, place } = node;
        let is_value = matches!(place, Place::Leaf(_));
        if is_value || !attributes.is_empty() {
            entries.push(Entry { name: Cow::Owned(path.to_owned()), value, attributes, line });
        }
    })?;
    Ok(Document { entries })
}

/// An element, shown when it ends if it has a value and when it begins if it holds others.
struct Node<'p, 'a> {
    path: &'p str,
    value: Cow<'a, str>,
    /// All its attributes but the one that holds the value.
    attributes: Vec<Attribute<'a>>,
    line: u32,
    place: Place<'a>,
}

enum Place<'a> {
    /// An element with a value, and where it lies.
    Leaf(Range<usize>),
    /// The start of an element that holds others.
    Start,
    /// Its end, and where both lie.
    End(Container<'a>),
}

/// An element whose end has not come yet.
struct Open<'a> {
    tag: Tag<'a>,
    /// The length of its own path.
    length: usize,
    /// How many of each name it holds whose siblings are told apart by their order.
    ordered: Vec<(&'a str, u32)>,
}

/// Shows every element to `visit`, in one pass over the text.
fn scan<'a>(text: &'a str, mut visit: impl FnMut(Node<'_, 'a>)) -> Result<(), SyntaxError> {
    let mut tokens = Tokens::maybe_latin(text, &ROOTS)?;
    let mut names = Names::for_text(text);
    let mut open: Vec<Open<'a>> = Vec::new();
    let mut path = String::with_capacity(128);
    while let Some(token) = tokens.next()? {
        match token {
            Token::Open(tag) => {
                let start = tag.span.start;
                let line = tag.line;
                let outer = path.len();
                let mut attributes = std::mem::take(&mut tokens.attributes);
                step(&mut path, &tag, &attributes, open.last_mut()).map_err(|problem| tokens.error(start, problem))?;
                if !names.insert(Cow::Owned(path.clone())) {
                    return Err(tokens.error(start, format!("`{path}` is set twice; expected each element once")));
                }
                let written = match (open.is_empty(), tag.empty) {
                    (true, _) => None,
                    (false, true) => Some(""),
                    (false, false) => tokens.value()?,
                };
                let Some(written) = written else {
                    visit(Node { path: &path, value: "".into(), attributes, line, place: Place::Start });
                    let empty = tag.empty;
                    if empty {
                        let place = Place::End(Container::new(tag.name, tag.span, None));
                        visit(Node { path: &path, value: "".into(), attributes: Vec::new(), line, place });
                        path.truncate(outer);
                    } else {
                        open.push(Open { tag, length: path.len(), ordered: Vec::new() });
                    }
                    continue;
                };
                let is_profile = open.first().is_some_and(|root| root.tag.name == PROFILE);
                let value = match is_profile {
                    true => attribute_value(&tag, written, &mut attributes),
                    false => text_value(written),
                };
                let value = value.map_err(|problem| tokens.error(start, format!("`{path}`: {problem}")))?;
                let place = Place::Leaf(start..tokens.position());
                visit(Node { path: &path, value, attributes, line, place });
                path.truncate(outer);
            }
            Token::Close(close) => {
                let Some(Open { tag, .. }) = open.pop() else { continue };
                let line = tag.line;
                let place = Place::End(Container::new(tag.name, tag.span, Some(close)));
                visit(Node { path: &path, value: "".into(), attributes: Vec::new(), line, place });
                path.truncate(open.last().map_or(0, |outer| outer.length));
            }
            Token::Text { blank: false } => {
                let start = open.last().map_or(0, |element| element.tag.span.start);
                return Err(tokens.error(start, format!("expected nothing but elements in `{path}`")));
            }
            Token::Text { blank: true } | Token::Comment => {}
        }
    }
    Ok(())
}

/// Adds an element's own step to the path of the one that holds it.
fn step<'a>(
    path: &mut String,
    tag: &Tag<'a>,
    attributes: &[Attribute<'a>],
    outer: Option<&mut Open<'a>>,
) -> Result<(), String> {
    let name = tag.name;
    if outer.is_some() {
        path.push('/');
    }
    path.push_str(name);
    match siblings(name) {
        Siblings::One => Ok(()),
        Siblings::Named(attribute) => {
            let value = attributes.iter().find(|other| other.name == attribute).map(|attribute| &*attribute.value);
            match value {
                Some(value) if !value.is_empty() && !has_any(value, [b'"']) => {
                    path::push_named(path, attribute, value);
                    Ok(())
                }
                _ => Err(format!("expected `{name}` to have a `{attribute}`, without `\"` in it")),
            }
        }
        Siblings::Ordered => {
            let Some(outer) = outer else { return Ok(()) };
            let count = match outer.ordered.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => count,
                None => &mut outer.ordered.push_mut((name, 0)).1,
            };
            *count += 1;
            path::push_ordered(path, *count);
            Ok(())
        }
    }
}

fn text_value(written: &str) -> Result<Cow<'_, str>, &'static str> {
    if has_any(written, *b"\n\r\t>") {
        // An element that could hold others, and holds none.
        return match written.trim_ascii().is_empty() {
            true => Ok("".into()),
            false => Err("expected neither a line break nor a tab nor a bare `>` in a value"),
        };
    }
    xml::decoded(written)
}

/// The value of an element of a Gigaset's profile.
fn attribute_value<'a>(
    tag: &Tag<'a>,
    written: &str,
    attributes: &mut Vec<Attribute<'a>>,
) -> Result<Cow<'a, str>, &'static str> {
    if !written.trim_ascii().is_empty() {
        return Err("expected no text; values are attributes");
    }
    let at = attributes.iter().position(|attribute| attribute.name == "value").ok_or("expected a `value`")?;
    let value = attributes.remove(at).value;
    let is_item = tag.name == "SYMB_ITEM";
    if is_item && !attributes.iter().any(|attribute| attribute.name == "class" && attribute.value == "symb_item") {
        return Err("expected `class` to be `symb_item`");
    }
    match value.strip_prefix('"').filter(|_| is_item) {
        None => Ok(value),
        Some(rest) => match rest.strip_suffix('"') {
            Some(text) if !has_any(text, *b"\"\\") => Ok(value),
            _ => Err("expected a C string to end with `\"`, and neither `\"` nor `\\` in it"),
        },
    }
}

#[cfg(test)]
mod tests;
