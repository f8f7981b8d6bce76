//! A stream of strictly checked tokens.
//!
//! The scanner is our own because each rendered file passes through it: quick-xml alone takes as long as this with all
//! that the phones need checked, and leaves open one root of the right name, plain names, blanks between attributes,
//! attributes given once, and forbidden characters. A property test holds it to quick-xml's reading of the same text;
//! escapes are quick-xml's own. A DOCTYPE, a processing instruction and a CDATA section are refused, since nothing tells
//! that a phone reads them.

use std::ops::Range;

use super::LATIN;
use super::attributes::{attributes, split_name};
use crate::format::{Attribute, SyntaxError, forbidden_at};

/// A piece of an XML file.
pub(in crate::format) enum Token<'a> {
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
pub(in crate::format) struct Tag<'a> {
    pub name: &'a str,
    /// Whether it is an empty element, which no `Close` follows.
    pub empty: bool,
    pub span: Range<usize>,
    pub line: u32,
}

/// Reads tokens; the root's tags are tokens too.
pub(in crate::format) struct Tokens<'a> {
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
    pub(in crate::format) fn new(text: &'a str, roots: &'static [&'static str]) -> Result<Tokens<'a>, SyntaxError> {
        Tokens::of(text, roots, false)
    }

    /// The same for a file that may be written in ISO-8859-1.
    pub(in crate::format) fn maybe_latin(
        text: &'a str,
        roots: &'static [&'static str],
    ) -> Result<Tokens<'a>, SyntaxError> {
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

    pub(in crate::format) fn error(&self, offset: usize, problem: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, offset, problem)
    }

    /// Where the next token begins.
    pub(in crate::format) fn position(&self) -> usize {
        self.position
    }

    /// The next token, or `None` at a proper end.
    pub(in crate::format) fn next(&mut self) -> Result<Option<Token<'a>>, SyntaxError> {
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
    pub(in crate::format) fn value(&mut self) -> Result<Option<&'a str>, SyntaxError> {
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
