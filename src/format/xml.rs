//! What the XML formats share: escaping, a stream of strictly checked tokens, and edits in place.
//!
//! The scanner is our own because each rendered file passes through it: quick-xml alone takes as long as this with all
//! that the phones need checked, and leaves open one root of the right name, plain names, blanks between attributes,
//! attributes given once, and forbidden characters. A property test holds it to quick-xml's reading of the same text;
//! escapes are quick-xml's own. A DOCTYPE, a processing instruction and a CDATA section are refused, since nothing tells
//! that a phone reads them.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use super::{
    Attribute, FormatError, RawEdit, Refusal, SyntaxError, forbidden_at, has_any, is_forbidden, replace_characters,
};

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

/// A piece of an XML file.
pub(super) enum Token<'a> {
    /// A start tag, or an empty element as a whole.
    Open(Tag<'a>),
    /// Text or a reference; `blank` if it is nothing but white space.
    Text { blank: bool },
    /// A comment.
    Comment,
    /// An end tag that lies here in the file.
    Close(Range<usize>),
}

/// A start tag, or an empty element as a whole. Its attributes are in [`Tokens::attributes`] until the next one.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    /// Whether it is an empty element, which no `Close` follows.
    pub empty: bool,
    pub span: Range<usize>,
    pub line: u32,
}

/// Reads tokens; the root's tags are tokens too.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// The names that the root may have.
    roots: &'static [&'static str],
    /// Whether the file may say that it is written in ISO-8859-1; it then has references for all that is not ASCII.
    may_be_latin: bool,
    /// The names of the elements whose ends have not come yet.
    open: Vec<&'a str>,
    ended: bool,
    position: usize,
    /// The attributes of the tag that was read last: a buffer of its own, since tokens have to be small to be fast.
    pub attributes: Vec<Attribute<'a>>,
    /// An offset already passed and its line, so that no line break is counted twice.
    counted: (usize, u32),
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, roots: &'static [&'static str]) -> Result<Tokens<'a>, SyntaxError> {
        Tokens::of(text, roots, false)
    }

    /// The same for a file that may be written in ISO-8859-1.
    pub(super) fn maybe_latin(text: &'a str, roots: &'static [&'static str]) -> Result<Tokens<'a>, SyntaxError> {
        Tokens::of(text, roots, true)
    }

    fn of(text: &'a str, roots: &'static [&'static str], may_be_latin: bool) -> Result<Tokens<'a>, SyntaxError> {
        let mut tokens = Tokens {
            text,
            roots,
            may_be_latin,
            open: Vec::new(),
            ended: false,
            position: 0,
            attributes: Vec::new(),
            counted: (0, 1),
        };
        if let Some(offset) = forbidden_at(text) {
            return Err(tokens.error(offset, "expected no control character"));
        }
        if text.starts_with("<?xml") {
            tokens.declaration()?;
        }
        Ok(tokens)
    }

    pub(super) fn error(&self, offset: usize, problem: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, offset, problem)
    }

    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The next token, or `None` at a proper end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, SyntaxError> {
        let token = match self.text.as_bytes()[self.position..] {
            [] if self.ended => return Ok(None),
            [] => {
                let expected = match self.open.last() {
                    Some(name) => format!("expected `</{name}>` before the end"),
                    None => format!("expected {} before the end", self.root()),
                };
                return Err(self.error(self.position, expected));
            }
            [b'<', b'/', ..] => Token::Close(self.close()?),
            [b'<', b'!', ..] => self.comment()?,
            [b'<', ..] => Token::Open(self.open()?),
            ref rest => {
                let white = rest.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(rest.len());
                let blank = rest.get(white).is_none_or(|&b| b == b'<');
                if !blank && self.open.is_empty() {
                    return Err(self.error(self.position, format!("expected nothing outside {}", self.root())));
                }
                self.position += white;
                if !blank {
                    self.skip_text();
                }
                Token::Text { blank }
            }
        };
        Ok(Some(token))
    }

    /// What is written in the element just opened, if it holds text alone; its end is passed then.
    pub(super) fn value(&mut self) -> Result<Option<&'a str>, SyntaxError> {
        let start = self.position;
        let written = self.skip_text();
        if !self.text[self.position..].starts_with("</") {
            self.position = start;
            return Ok(None);
        }
        self.close()?;
        Ok(Some(written))
    }

    /// Passes the text up to the next `<`; references in it are resolved by whoever wants the value.
    fn skip_text(&mut self) -> &'a str {
        let rest = &self.text[self.position..];
        let length = rest.find('<').unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn comment(&mut self) -> Result<Token<'a>, SyntaxError> {
        let start = self.position;
        let Some(comment) = self.text[start..].strip_prefix("<!--") else {
            return Err(self.error(start, "expected elements, text and comments only"));
        };
        match comment.find("--") {
            Some(length) if comment[length..].starts_with("-->") => self.position = start + 4 + length + 3,
            _ => return Err(self.error(start, "expected `-->` after the comment, and no `--` in it")),
        }
        Ok(Token::Comment)
    }

    fn close(&mut self) -> Result<Range<usize>, SyntaxError> {
        let start = self.position;
        let name = self.open.pop().ok_or_else(|| self.error(start, "expected no further end tag"))?;
        let rest = self.text[start + 2..].strip_prefix(name).map(str::trim_ascii_start);
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix('>')) else {
            return Err(self.error(start, format!("expected `</{name}>`")));
        };
        self.position = self.text.len() - rest.len();
        self.ended |= self.open.is_empty();
        Ok(start..self.position)
    }

    fn open(&mut self) -> Result<Tag<'a>, SyntaxError> {
        let start = self.position;
        let (name, rest) = split_name(&self.text[start + 1..]);
        if name.is_empty() {
            return Err(self.error(start, "expected a name right after `<`"));
        }
        if self.open.is_empty() && (self.ended || !self.roots.contains(&name)) {
            return Err(self.error(start, format!("expected one {} that holds all, found `{name}`", self.root())));
        }
        let rest = attributes(rest, &mut self.attributes)
            .map_err(|problem| self.error(start, format!("`{name}`: {problem}")))?;
        let (rest, empty) = match (rest.strip_prefix('>'), rest.strip_prefix("/>")) {
            (Some(rest), _) => (rest, false),
            (_, Some(rest)) => (rest, true),
            _ => return Err(self.error(start, format!("`{name}`: expected `>` or a blank and an attribute's name"))),
        };
        if !empty {
            self.open.push(name);
        }
        self.ended |= self.open.is_empty();
        self.position = self.text.len() - rest.len();
        Ok(Tag { name, empty, span: start..self.position, line: self.line(start) })
    }

    /// The names that the root may have, as messages show them.
    fn root(&self) -> String {
        self.roots.iter().map(|root| format!("`{root}`")).collect::<Vec<_>>().join(" or ")
    }

    fn declaration(&mut self) -> Result<(), SyntaxError> {
        let rest = attributes(&self.text["<?xml".len()..], &mut self.attributes).ok();
        let is_latin = |encoding: &Attribute<'_>| self.may_be_latin && encoding.is("encoding", LATIN);
        let is_right = match self.attributes.as_slice() {
            [version] => version.is("version", "1.0"),
            [version, encoding] => {
                version.is("version", "1.0") && (encoding.is("encoding", "UTF-8") || is_latin(encoding))
            }
            _ => false,
        };
        match rest.and_then(|rest| rest.strip_prefix("?>")).filter(|_| is_right) {
            Some(rest) => self.position = self.text.len() - rest.len(),
            None => {
                let or_latin = if self.may_be_latin { ", or the same with `ISO-8859-1`" } else { "" };
                let expected = format!("expected `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`{or_latin}");
                return Err(self.error(0, expected));
            }
        }
        let other = self.attributes.get(1).filter(|encoding| is_latin(encoding));
        match other.and_then(|_| self.text.find(|c: char| !c.is_ascii())) {
            Some(offset) => {
                Err(self.error(offset, "expected a reference such as `&#233;`, since the file says `ISO-8859-1`"))
            }
            None => Ok(()),
        }
    }

    fn line(&mut self, offset: usize) -> u32 {
        let (passed, line) = self.counted;
        let breaks = self.text.as_bytes()[passed..offset].iter().filter(|&&b| b == b'\n').count();
        self.counted = (offset, line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)));
        self.counted.1
    }
}

impl Attribute<'_> {
    fn is(&self, name: &str, value: &str) -> bool {
        self.name == name && self.value.eq_ignore_ascii_case(value)
    }
}

/// Puts the attributes that follow a name in a tag into `found`, and gives the rest from where no more come.
fn attributes<'a>(tag: &'a str, found: &mut Vec<Attribute<'a>>) -> Result<&'a str, String> {
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

/// The name that the text begins with, empty if there is none, and the rest.
///
/// XML allows more; phones' parameters need no more.
fn split_name(text: &str) -> (&str, &str) {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return ("", text);
    }
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    text.split_at(text.bytes().position(|b| !is_part(b)).unwrap_or(text.len()))
}

/// The same for an attribute, whose name may have a namespace's prefix.
fn split_attribute_name(text: &str) -> (&str, &str) {
    let (name, rest) = split_name(text);
    match rest.strip_prefix(':').map(split_name) {
        Some((local, after)) if !name.is_empty() && !local.is_empty() => (&text[..text.len() - after.len()], after),
        _ => (name, rest),
    }
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && split_name(name).1.is_empty()
}

/// An element that others can be put into, and its place in the file.
pub(super) struct Container<'a> {
    name: &'a str,
    open: Range<usize>,
    /// The end tag; none for an empty element.
    close: Option<Range<usize>>,
}

impl<'a> Container<'a> {
    pub(super) fn new(name: &'a str, open: Range<usize>, close: Option<Range<usize>>) -> Container<'a> {
        Container { name, open, close }
    }

    /// The splice that puts elements, one to a line, at the container's beginning.
    pub(super) fn prepend(&self, text: &str, elements: &[String]) -> (Range<usize>, String) {
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
    pub(super) fn append(&self, text: &str, elements: &[String]) -> (Range<usize>, String) {
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
pub(super) fn spliced(text: &str, mut splices: Vec<(Range<usize>, String)>) -> String {
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
pub(super) fn written_attributes(edit: &RawEdit, reserved: &[&str]) -> Result<String, FormatError> {
    let mut out = String::new();
    for (name, value) in &edit.attributes {
        if name.is_empty() || !split_attribute_name(name).1.is_empty() || reserved.contains(&name.as_str()) {
            return Err(FormatError::edit(&edit.name, format!("expected no attribute `{name}`")));
        }
        out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    Ok(out)
}
