//! What the XML formats share: escaping, a stream of strictly checked tokens, and edits in place.
//!
//! quick-xml splits the text and checks that end tags match. What it leaves open is checked here: one root of the right
//! name, plain names, attributes given once and with a blank between, known references, no forbidden character. A
//! DOCTYPE, a processing instruction and a CDATA section are refused, since nothing tells that a phone reads them.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{
    Attribute, Attributes, FormatError, RawEdit, Refusal, forbidden_at, is_forbidden, line_of, replace_characters,
};

pub(super) fn carries(place: &'static str, value: &str) -> Result<(), Refusal> {
    match value.chars().find(|c| is_forbidden(*c)) {
        Some(character) => Err(Refusal::character(place, character)),
        None => Ok(()),
    }
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    replace_characters(label, is_forbidden, |_| ' ')
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

/// A start tag, or an empty element as a whole.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    pub attributes: Attributes<'a>,
    /// Whether it is an empty element, which no `Close` follows.
    pub empty: bool,
    pub span: Range<usize>,
    pub line: u32,
}

/// Reads tokens; the root's tags are tokens too.
pub(super) struct Tokens<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    root: &'static str,
    depth: usize,
    ended: bool,
    position: usize,
    /// An offset already passed and its line, so that no line break is counted twice.
    counted: (usize, u32),
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, root: &'static str) -> Result<Tokens<'a>, FormatError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        let tokens = Tokens { text, reader, root, depth: 0, ended: false, position: 0, counted: (0, 1) };
        if text.starts_with('\u{feff}') {
            return Err(tokens.error(0, "expected no byte order mark"));
        }
        match forbidden_at(text) {
            Some(offset) => Err(tokens.error(offset, "expected no control character")),
            None => Ok(tokens),
        }
    }

    pub(super) fn error(&self, offset: usize, problem: impl Into<String>) -> FormatError {
        FormatError::Syntax { line: line_of(self.text, offset), problem: problem.into() }
    }

    /// The next token, or `None` at a proper end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, FormatError> {
        loop {
            let start = self.position;
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(err) => return Err(self.error(start, err.to_string())),
            };
            // The text is in memory, so each position in it fits.
            self.position = usize::try_from(self.reader.buffer_position()).unwrap_or(self.text.len());
            let span = start..self.position;
            let token = match event {
                Event::Start(_) => self.open(span, false)?,
                Event::Empty(_) => self.open(span, true)?,
                Event::End(_) => self.close(span),
                Event::Text(_) => self.text(span)?,
                Event::GeneralRef(_) if self.depth > 0 => Token::Text { blank: false },
                Event::Comment(_) => Token::Comment,
                Event::Decl(_) => {
                    self.declaration(span)?;
                    continue;
                }
                Event::Eof if self.ended => return Ok(None),
                Event::Eof => return Err(self.error(start, format!("expected `</{}>` at the end", self.root))),
                Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::GeneralRef(_) => {
                    return Err(self.error(start, "expected elements, text and comments only"));
                }
            };
            return Ok(Some(token));
        }
    }

    fn open(&mut self, span: Range<usize>, empty: bool) -> Result<Token<'a>, FormatError> {
        let inner = &self.text[span.start + 1..span.end - if empty { 2 } else { 1 }];
        let (name, rest) = inner.split_at(inner.find(is_white).unwrap_or(inner.len()));
        if !is_name(name) {
            return Err(self.error(span.start, "expected a name right after `<`"));
        }
        if self.depth == 0 && (self.ended || name != self.root) {
            return Err(self.error(span.start, format!("expected one `{}` that holds all, found `{name}`", self.root)));
        }
        let attributes = attributes(rest).map_err(|problem| self.error(span.start, format!("`{name}`: {problem}")))?;
        self.depth += usize::from(!empty);
        self.ended |= self.depth == 0;
        let line = self.line(span.start);
        Ok(Token::Open(Tag { name, attributes, empty, span, line }))
    }

    fn close(&mut self, span: Range<usize>) -> Token<'a> {
        self.depth = self.depth.saturating_sub(1);
        self.ended |= self.depth == 0;
        Token::Close(span)
    }

    fn text(&self, span: Range<usize>) -> Result<Token<'a>, FormatError> {
        let text = &self.text[span.clone()];
        let blank = text.bytes().all(|b| is_white(char::from(b)));
        if !blank && self.depth == 0 {
            return Err(self.error(span.start, format!("expected nothing outside `{}`", self.root)));
        }
        if text.contains("]]>") {
            return Err(self.error(span.start, "expected `]]&gt;` for `]]>`"));
        }
        Ok(Token::Text { blank })
    }

    fn declaration(&self, span: Range<usize>) -> Result<(), FormatError> {
        let inner = self.text[span.clone()].strip_prefix("<?xml").and_then(|inner| inner.strip_suffix("?>"));
        let attributes = attributes(inner.unwrap_or_default()).unwrap_or_default();
        let is_right = match attributes.as_slice() {
            [version] => version.is("version", "1.0"),
            [version, encoding] => version.is("version", "1.0") && encoding.is("encoding", "UTF-8"),
            _ => false,
        };
        match is_right && span.start == 0 {
            true => Ok(()),
            false => Err(self.error(span.start, "expected `<?xml version=\"1.0\" encoding=\"UTF-8\"?>` at the start")),
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

/// The attributes in what follows the name in a tag.
fn attributes(tag: &str) -> Result<Attributes<'_>, String> {
    let mut found = Attributes::new();
    let mut rest = tag;
    while !rest.trim_start_matches(is_white).is_empty() {
        let blank = rest.starts_with(is_white);
        let (name, after) = rest.split_once('=').ok_or("expected `=` and a value after an attribute's name")?;
        let name = name.trim_matches(is_white);
        if !blank || !is_attribute_name(name) {
            return Err("expected a blank and then an attribute's name".to_owned());
        }
        let after = after.trim_start_matches(is_white);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = quote
            .and_then(|quote| after[1..].split_once(quote))
            .ok_or_else(|| format!("expected the value of attribute `{name}` in quotes"))?;
        if found.iter().any(|other: &Attribute<'_>| other.name == name) {
            return Err(format!("expected attribute `{name}` once"));
        }
        if value.contains(['<', '\n', '\r', '\t']) {
            return Err(format!("expected neither `<` nor a line break nor a tab in attribute `{name}`"));
        }
        let value = decoded(value).map_err(|problem| format!("attribute `{name}`: {problem}"))?;
        found.push(Attribute { name, value });
        rest = after;
    }
    Ok(found)
}

/// The text with its references resolved.
pub(super) fn decoded(written: &str) -> Result<Cow<'_, str>, &'static str> {
    // What stands after the `&` is not shown: it may be part of a password that nobody escaped.
    let value = quick_xml::escape::unescape(written)
        .map_err(|_| "expected `&amp;` for `&`, or a reference that XML defines")?;
    match matches!(value, Cow::Owned(_)) && value.contains(is_forbidden) {
        true => Err("expected no reference to a control character"),
        false => Ok(value),
    }
}

pub(super) fn is_white(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// XML allows more; phones' parameters need no more.
pub(super) fn is_name(name: &str) -> bool {
    let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(rest)
}

/// A name with a namespace's prefix at most.
fn is_attribute_name(name: &str) -> bool {
    match name.split_once(':') {
        Some((prefix, local)) => is_name(prefix) && is_name(local),
        None => is_name(name),
    }
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
        if !is_attribute_name(name) || reserved.contains(&name.as_str()) {
            return Err(FormatError::edit(&edit.name, format!("expected no attribute `{name}`")));
        }
        out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    Ok(out)
}
