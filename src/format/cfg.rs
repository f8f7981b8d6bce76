//! Yealink's `cfg`: a version line, then one `name = value` to a line.
//!
//! Facts: docs/sources.md, Yealink chapter 3 (Yealink's configuration templates, "TPL", and administrator's guides, "AG-81").
//! KNOWN: the version line, the comment at the start of a line, blanks around `=`, and that
//! `static.security.user_password` alone may be repeated. PEER and field reports: UTF-8, values running to the end of
//! the line, quotes around a value with `#` or `;`, and no quotes around a URL, since some parameters keep them.
//! No escape is known for a line break or a quote, so neither is ever written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::ops::Range;

use memchr::{memchr, memmem};

use super::{
    Document, Entry, FormatError, Names, RawEdit, Refusal, SyntaxError, checked_edits, forbidden_at, has_any,
    is_forbidden, replace_characters,
};

/// Without this line the phone fetches the file, applies nothing and reports nothing.
const VERSION: &str = "#!version:1.0.0.1";

/// The parameters that are repeated, once for each user of the phone.
const REPEATED: [&str; 2] = ["static.security.user_password", "security.user_password"];

pub(super) fn carries(value: &str) -> Result<(), Refusal> {
    match value.chars().find(|c| is_forbidden(*c) || *c == '"') {
        Some(character) => Err(Refusal::character("a cfg value", character)),
        None => Ok(()),
    }
}

pub(super) fn carries_url(url: &str) -> Result<(), Refusal> {
    let place = "a URL in a cfg file";
    let hint = |character| match character {
        '#' => Some("write `%23`, since a URL cannot be quoted"),
        ';' => Some("write `%3B`, since a URL cannot be quoted"),
        '"' => Some("write `%22`"),
        ' ' => Some("write `%20`"),
        _ => None,
    };
    let refused = |c: &char| is_forbidden(*c) || matches!(c, '#' | ';' | '"');
    if let Some(character) = url.chars().find(refused) {
        return Err(Refusal::Character { place, character, hint: hint(character) });
    }
    // A blank inside needs no quotes, at an end it does.
    match url.starts_with(' ') || url.ends_with(' ') {
        true => Err(Refusal::Character { place, character: ' ', hint: hint(' ') }),
        false => Ok(()),
    }
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    let must_go = |c: char| is_forbidden(c) || c == '"';
    replace_characters(label, must_go, |c| if c == '"' { '\'' } else { ' ' })
}

pub(super) fn escape(value: &str, out: &mut dyn io::Write) -> io::Result<()> {
    carries(value)?;
    match needs_quotes(value) {
        true => write!(out, "\"{value}\""),
        false => out.write_all(value.as_bytes()),
    }
}

fn needs_quotes(value: &str) -> bool {
    value.starts_with(' ') || value.ends_with(' ') || value.contains(['#', ';'])
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(text.len() / 32);
    read(text, |entry| entries.push(entry))?;
    Ok(Document { entries })
}

pub(super) fn check(text: &str) -> Result<(), SyntaxError> {
    read(text, drop)
}

/// Gives every entry to `take`, once it is known to be one that the phone understands.
fn read<'a>(text: &'a str, mut take: impl FnMut(Entry<'a>)) -> Result<(), SyntaxError> {
    if let Some(offset) = forbidden_at(text) {
        return Err(SyntaxError::at(text, offset, "expected no control character"));
    }
    let error = |number: u32, problem: String| Err(SyntaxError { line: number, problem });
    let mut names = Names::for_text(text);
    let mut lines = lines(text).zip(1..);
    if lines.next().map(|(line, _)| without_end(line)) != Some(VERSION) {
        return error(1, format!("expected `{VERSION}` as the very first line"));
    }
    let has_returns = has_any(text, [b'\r']);
    for (line, number) in lines {
        let line = without_end(line);
        if has_returns && has_any(line, [b'\r']) {
            return error(number, "expected no CR but at the end of a line".to_owned());
        }
        let (name, value) = match content(line) {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(problem) => return error(number, problem.to_owned()),
        };
        if !names.insert(Cow::Borrowed(name)) && !REPEATED.contains(&name) {
            return error(number, format!("`{name}` is set twice; expected each parameter once"));
        }
        match unquoted(value) {
            Ok(value) => take(Entry { name: name.into(), value: value.into(), attributes: Vec::new(), line: number }),
            Err(problem) => return error(number, format!("`{name}`: {problem}")),
        }
    }
    Ok(())
}

pub(super) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    let by_name = checked_edits(edits, carries)?;
    for edit in edits {
        if edit.name.is_empty() || !split_name(&edit.name).1.is_empty() {
            return Err(FormatError::edit(&edit.name, "expected a name of letters, digits, `_`, `.` and `-`"));
        }
        if let Some((attribute, _)) = edit.attributes.first() {
            let problem = format!("expected no attributes, found `{attribute}`; a cfg parameter has none");
            return Err(FormatError::edit(&edit.name, problem));
        }
    }
    let end = if text.starts_with(&format!("{VERSION}\r\n")) { "\r\n" } else { "\n" };
    // Whether every line is one that the phone understands is found when the edited file is read.
    let mut lines: Vec<(Range<usize>, &RawEdit)> =
        by_name.values().flat_map(|edit| lines_of(text, &edit.name).map(|line| (line, *edit))).collect();
    lines.sort_by_key(|(line, _)| line.start);
    let mut edited = String::with_capacity(text.len() + 64 * edits.len());
    let mut done = HashSet::new();
    let mut kept_from = 0;
    for (line, edit) in lines {
        edited.push_str(&text[kept_from..line.start]);
        kept_from = line.end;
        if done.insert(edit.name.as_str()) {
            write_entry(edit, end, &mut edited);
        }
    }
    edited.push_str(&text[kept_from..]);
    for edit in edits.iter().filter(|edit| !done.contains(edit.name.as_str())) {
        if !edited.ends_with('\n') {
            edited.push_str(end);
        }
        write_entry(edit, end, &mut edited);
    }
    Ok(edited)
}

fn write_entry(edit: &RawEdit, end: &str, out: &mut String) {
    let values: &[String] = if edit.values.is_empty() { &[String::new()] } else { &edit.values };
    for value in values {
        let quote = if needs_quotes(value) { "\"" } else { "" };
        for part in [&edit.name, " = ", quote, value, quote, end] {
            out.push_str(part);
        }
    }
}

/// The lines that set the parameter of this name, with their ends.
fn lines_of<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let starts = memmem::find_iter(text.as_bytes(), name).filter(move |&start| {
        let sets = text[start + name.len()..].trim_ascii_start().starts_with('=');
        sets && (start == 0 || text.as_bytes()[start - 1] == b'\n')
    });
    starts.map(move |start| start..memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |end| start + end + 1))
}

/// The lines with their ends, found faster than the standard library does.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        from += end;
        Some(&rest[..end])
    })
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The name and the value as it is written, without the blanks around it; nothing for a comment or a blank line.
fn content(line: &str) -> Result<Option<(&str, &str)>, &'static str> {
    // The line itself is not shown: it may hold a password.
    let (name, rest) = split_name(line);
    if name.is_empty() && (line.starts_with('#') || line.trim_ascii_start().is_empty()) {
        return Ok(None);
    }
    match rest.trim_ascii_start().strip_prefix('=') {
        Some(value) if !name.is_empty() => Ok(Some((name, value.trim_ascii()))),
        _ => Err("expected `name = value` from the start of the line, a comment or a blank line"),
    }
}

/// The bytes of names, looked up since every line of every file begins with one.
static NAME_PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut b = 0;
    while b < 256 {
        parts[b] = (b as u8).is_ascii_alphanumeric() || matches!(b as u8, b'_' | b'.' | b'-');
        b += 1;
    }
    parts
};

/// The name that the text begins with, empty if there is none, and the rest.
fn split_name(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !NAME_PARTS[usize::from(b)]).unwrap_or(text.len()))
}

/// The value without its quotes, if it is one that the phone reads whole.
fn unquoted(written: &str) -> Result<&str, &'static str> {
    // A tab is a blank around a value, and unproven inside.
    if !has_any(written, *b"\t\"#;") {
        return Ok(written);
    }
    if written.contains('\t') {
        return Err("expected no tab inside a value");
    }
    let Some(opened) = written.strip_prefix('"') else {
        return match written.bytes().find(|b| matches!(b, b'"' | b'#' | b';')) {
            None => Ok(written),
            Some(b'"') => Err("expected no `\"` inside a value"),
            Some(_) => Err("expected a value with `#` or `;` to stand in quotes"),
        };
    };
    match opened.strip_suffix('"') {
        None => Err("expected a `\"` at the end of the value"),
        Some(value) if value.contains('"') => Err("expected no `\"` inside a value"),
        Some(value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(body: &str) -> String {
        parse(&format!("{VERSION}\n{body}")).expect_err("the phone would not read it").to_string()
    }

    fn entries(body: &str) -> Vec<(String, String)> {
        let text = format!("{VERSION}\n{body}");
        let document = parse(&text).expect("the phone reads it");
        document.entries.into_iter().map(|entry| (entry.name.into(), entry.value.into())).collect()
    }

    fn raw(name: &str, values: &[&str]) -> RawEdit {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        RawEdit { name: name.to_owned(), values, attributes: Vec::new() }
    }

    fn escaped(value: &str) -> Result<String, String> {
        let mut out = Vec::new();
        escape(value, &mut out).map_err(|err| err.to_string())?;
        Ok(String::from_utf8(out).expect("what goes in is UTF-8"))
    }

    #[test]
    fn a_value_is_quoted_exactly_when_it_must_be() {
        let cases = [
            ("Marie", "Marie"),
            ("a b = c & d, 50%", "a b = c & d, 50%"),
            ("*21#", "\"*21#\""),
            ("a;b", "\"a;b\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("Éloïse", "Éloïse"),
            ("", ""),
        ];
        for (value, written) in cases {
            assert_eq!(escaped(value).as_deref(), Ok(written));
            assert_eq!(entries(&format!("label = {written}\n")), [("label".to_owned(), value.to_owned())]);
        }
    }

    #[test]
    fn what_has_no_escape_is_refused() {
        assert_eq!(escaped("a\"b"), Err("a cfg value cannot carry `\"`".to_owned()));
        assert_eq!(escaped("a\nadmin = 1"), Err("a cfg value cannot carry a line break".to_owned()));
        assert_eq!(escaped("a\0b"), Err("a cfg value cannot carry the character U+0000".to_owned()));
    }

    #[test]
    fn a_label_is_softened() {
        assert_eq!(soften("say \"hi\"\r\nnow\t!"), "say 'hi' now !");
        assert!(matches!(soften("Éloïse; #1"), Cow::Borrowed("Éloïse; #1")));
    }

    #[test]
    fn a_url_is_never_quoted() {
        assert_eq!(carries_url("https://crm.example/pop?a=1&b=2"), Ok(()));
        let refusal = carries_url("https://crm.example/#top").expect_err("it would need quotes");
        assert_eq!(refusal.to_string(), "a URL in a cfg file cannot carry `#`");
        assert_eq!(refusal.hint(), Some("write `%23`, since a URL cannot be quoted"));
        assert!(carries_url("https://crm.example/a;b").is_err());
        assert!(carries_url(" https://crm.example/").is_err());
    }

    #[test]
    fn the_version_line_comes_first() {
        let expected = "line 1: expected `#!version:1.0.0.1` as the very first line";
        for text in ["", "\n#!version:1.0.0.1\n", "\u{feff}#!version:1.0.0.1\n", "#!version:1.0.0.1 \n"] {
            assert_eq!(parse(text).expect_err("silently ignored").to_string(), expected);
        }
        assert!(parse("#!version:1.0.0.1\r\na = 1\r\n").is_ok());
    }

    #[test]
    fn a_line_that_the_phone_would_not_understand_is_an_error() {
        let expected = "expected `name = value` from the start of the line, a comment or a blank line";
        assert_eq!(error("# fine\n\nnonsense\n"), format!("line 4: {expected}"));
        for line in ["  a = 1", "= 1", "a b = 1", "é = 1"] {
            assert_eq!(error(line), format!("line 2: {expected}"));
        }
        assert_eq!(error("a = 1\rb = 2"), "line 2: expected no CR but at the end of a line");
        assert_eq!(error("a = 1\nb = \u{85}2"), "line 3: expected no control character");
        assert_eq!(error("a = x # y"), "line 2: `a`: expected a value with `#` or `;` to stand in quotes");
        assert_eq!(error("a = \"x"), "line 2: `a`: expected a `\"` at the end of the value");
        assert_eq!(error("a = \""), "line 2: `a`: expected a `\"` at the end of the value");
        assert_eq!(error("a = sip:\"x#\""), "line 2: `a`: expected no `\"` inside a value");
        assert_eq!(error("a = 1\na = 2"), "line 3: `a` is set twice; expected each parameter once");
        assert_eq!(entries("static.security.user_password = a:b\nstatic.security.user_password = c:d").len(), 2);
    }

    #[test]
    fn an_edit_replaces_all_of_a_name_at_the_place_of_the_first() {
        let text =
            "#!version:1.0.0.1\nstatic.security.user_password = a:1\nx  =  1 \nstatic.security.user_password = b:2\n";
        let edits = [raw("static.security.user_password", &["admin:x;y"]), raw("lang.gui", &["French"]), raw("z", &[])];
        insta::assert_snapshot!(edit(text, &edits).expect("all fit"), @r#"
        #!version:1.0.0.1
        static.security.user_password = "admin:x;y"
        x  =  1 
        lang.gui = French
        z = 
        "#);
    }

    #[test]
    fn an_edit_keeps_the_line_ends_and_mends_the_last() {
        let edited = edit("#!version:1.0.0.1\r\na = 1", &[raw("b", &["2", "3"])]);
        assert_eq!(edited.as_deref(), Ok("#!version:1.0.0.1\r\na = 1\r\nb = 2\r\nb = 3\r\n"));
    }

    #[test]
    fn an_edit_that_cannot_be_written_is_refused() {
        let refused = |edits: &[RawEdit]| edit("#!version:1.0.0.1\n", edits).expect_err("it is refused").to_string();
        assert_eq!(refused(&[raw("a", &["\n"])]), "raw `a`: a cfg value cannot carry a line break");
        assert_eq!(refused(&[raw("a b", &[])]), "raw `a b`: expected a name of letters, digits, `_`, `.` and `-`");
        assert!(refused(&[raw("a", &[]), raw("a", &[])]).contains("is edited twice"));
        let attributes = vec![("ua".to_owned(), "na".to_owned())];
        let with_attribute = RawEdit { attributes, ..raw("a", &[]) };
        assert!(refused(&[with_attribute]).contains("expected no attributes, found `ua`"));
    }
}
