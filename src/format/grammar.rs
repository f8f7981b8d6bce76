//! The grammar of a field: what its placeholders may hold before the field reaches its format.
//!
//! Facts: docs/sources.md, Cisco 5.2 (Cisco's SPA and MPP administration guides, "SPA-AG" and "MPP-AG"). KNOWN: the fields of
//! a `fnc` string are separated by `;`, several functions of one key are joined with `+`, and values are not quoted.
//! `$USER` and `$PROXY` in it are replaced by the phone. INFERRED: a `;`, `=` or `+` inside a label or a number changes
//! the meaning of the string, a `$` in a label may be taken for one of those, and nothing escapes any of them.
//!
//! Gigaset 3.1 (WAZO, GS5): KNOWN: a text in the profile of an older DECT base is a C string, in double quotes within the
//! attribute's own. NOT FOUND: how a double quote or a backslash in it would be written, so neither is.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Refusal, fkey};

pub use fkey::{Fkey, FkeyError, parse_fkey};

/// The grammar that a family's `functions.toml` names for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Grammar {
    /// No grammar beyond that of the format.
    #[default]
    Plain,
    /// Cisco's `fnc=sd;ext=201@$PROXY;nme=Marie`.
    Fnc,
    /// A text of Cisco's in which `$USER` and the like are replaced by the phone.
    Macros,
    /// Snom's `blf 201|*8`: a type and its argument.
    Fkey,
    /// The inside of the C strings in profiles of Gigaset's older DECT bases: `"Marie"`.
    CString,
}

impl Grammar {
    /// Every grammar.
    pub const ALL: [Grammar; 5] = [Grammar::Plain, Grammar::Fnc, Grammar::Fkey, Grammar::CString, Grammar::Macros];

    /// The grammar that a family file names, or `None` where there is none of that name.
    pub fn parse_name(name: &str) -> Option<Grammar> {
        Grammar::ALL.into_iter().find(|grammar| grammar.name() == name)
    }

    /// The name that family files use.
    pub fn name(self) -> &'static str {
        match self {
            Grammar::Plain => "plain",
            Grammar::Fnc => "fnc",
            Grammar::Macros => "macros",
            Grammar::Fkey => "fkey",
            Grammar::CString => "c-string",
        }
    }

    /// The label with each character that means something in the grammar replaced.
    ///
    /// In `fnc` a `;` becomes `,`, a `=` becomes `-`, and a `+`, a `$` or a control character becomes a blank;
    /// blanks at the ends go. A label of which nothing would be left, such as `+`, becomes `-`, so that a key with a label keeps one.
    /// In `macros` a `$` becomes a blank, and the rest is as in `fnc`.
    /// In `fkey` a `|` becomes `/` and a control character a blank; blanks at the ends go, and others become `_`.
    /// In a C string a `"` becomes `'`, a `\` becomes `/`, and a control character a blank.
    /// The answer is borrowed exactly if nothing had to change.
    pub fn label(self, text: &str) -> Cow<'_, str> {
        match self {
            Grammar::Plain => Cow::Borrowed(text),
            Grammar::Fnc => fnc_label(text, |c| matches!(c, ';' | '=' | '+' | '$')),
            Grammar::Macros => fnc_label(text, |c| c == '$'),
            Grammar::Fkey => fkey::label(text),
            Grammar::CString => c_string_label(text),
        }
    }

    /// The number, or the code to dial, if the grammar can carry it.
    ///
    /// # Errors
    ///
    /// In `fnc` a number with `;`, `=`, `+` or a control character is refused: changing it would dial something else. So
    /// is one in `fkey` with a `|`, a blank or a control character, and in a C string one with `"`, `\` or a control
    /// character.
    pub fn number(self, text: &str) -> Result<&str, Refusal> {
        match self {
            Grammar::Plain | Grammar::Macros => Ok(text),
            Grammar::Fnc => guarded("a number in a fnc string", text, |c| match c {
                ';' | '=' => Some(None),
                '+' => Some(Some("write an international number with `00`")),
                _ => None,
            }),
            Grammar::Fkey => guarded("a number of an fkey", text, |c| fkey::ends_argument(c).then_some(None)),
            Grammar::CString => c_string(text),
        }
    }

    /// The URL, if the grammar can carry it.
    ///
    /// # Errors
    ///
    /// In `fnc` a URL with `;` or a control character is refused. A `=` is let through, since a field is cut at its
    /// first one, and so is a `+`, which joins functions only; no source proves either. In `fkey` a blank is refused. In
    /// a C string as any text.
    pub fn url(self, text: &str) -> Result<&str, Refusal> {
        match self {
            Grammar::Plain | Grammar::Macros => Ok(text),
            Grammar::Fnc => guarded("a URL in a fnc string", text, |c| match c {
                ';' => Some(Some("write `%3B`")),
                _ => None,
            }),
            Grammar::Fkey => {
                guarded("a URL of an fkey", text, |c| c.is_whitespace().then_some(Some("write `%20` for a blank")))
            }
            Grammar::CString => c_string(text),
        }
    }
}

fn fnc_label(text: &str, means_something: impl Fn(char) -> bool) -> Cow<'_, str> {
    let must_go = |c: char| means_something(c) || c.is_control();
    let trimmed = text.trim_matches(' ');
    if !trimmed.contains(must_go) {
        return if trimmed.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(trimmed.to_owned()) };
    }
    let replaced: String = trimmed
        .replace("\r\n", " ")
        .chars()
        .map(|c| match c {
            ';' if must_go(c) => ',',
            '=' if must_go(c) => '-',
            c if must_go(c) => ' ',
            c => c,
        })
        .collect();
    match replaced.trim_matches(' ') {
        "" => Cow::Owned("-".to_owned()),
        label => Cow::Owned(label.to_owned()),
    }
}

fn c_string_label(text: &str) -> Cow<'_, str> {
    if c_string(text).is_ok() {
        return Cow::Borrowed(text);
    }
    let replacement = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        c if c.is_control() => ' ',
        c => c,
    };
    Cow::Owned(text.replace("\r\n", " ").chars().map(replacement).collect())
}

fn c_string(text: &str) -> Result<&str, Refusal> {
    guarded("a C string", text, |c| matches!(c, '"' | '\\').then_some(None))
}

/// `refused` gives, for a character that cannot be carried, what to write instead, if anything does.
fn guarded<'a>(
    place: &'static str,
    text: &'a str,
    refused: impl Fn(char) -> Option<Option<&'static str>>,
) -> Result<&'a str, Refusal> {
    for character in text.chars() {
        let hint = if character.is_control() { Some(None) } else { refused(character) };
        if let Some(hint) = hint {
            return Err(Refusal::Character { place, character, hint });
        }
    }
    Ok(text)
}

/// Why a text is not a `fnc` string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FncError {
    /// The string does not begin with the function.
    #[error("expected `fnc=` and the function at the beginning")]
    NoFunction,
    /// A field has no `=`, or a name of other characters than lower-case letters and digits.
    #[error("field {position}: expected a name in lower case, `=` and a value")]
    NotAField {
        /// The field's place in the string, from 1.
        position: usize,
    },
    /// A name occurs twice.
    #[error("field {position}: `{name}` is set twice")]
    Twice {
        /// The second one's place in the string, from 1.
        position: usize,
        /// The name.
        name: String,
    },
    /// A value holds a character that means something in the grammar, or a control character.
    #[error("field {position}: `{name}` holds {character:?}; expected it percent-encoded or left out")]
    Stray {
        /// The field's place in the string, from 1.
        position: usize,
        /// Its name.
        name: String,
        /// The character.
        character: char,
    },
}

/// The fields of a `fnc` string in their order, read strictly.
///
/// # Errors
///
/// The first field that is not of the form `name=value`, is repeated, or holds what the grammar cannot carry.
pub fn parse_fnc(text: &str) -> Result<Vec<(String, String)>, FncError> {
    let mut names = HashSet::new();
    let mut fields = Vec::new();
    for (field, position) in text.split(';').zip(1..) {
        let (name, value) = field.split_once('=').ok_or(FncError::NotAField { position })?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Err(FncError::NotAField { position });
        }
        if !names.insert(name) {
            return Err(FncError::Twice { position, name: name.to_owned() });
        }
        let stray = |c: &char| match c {
            '=' => name != "url",
            '+' => name != "url" && name != "fnc",
            c => c.is_control(),
        };
        if let Some(character) = value.chars().find(stray) {
            return Err(FncError::Stray { position, name: name.to_owned(), character });
        }
        fields.push((name.to_owned(), value.to_owned()));
    }
    match fields.first() {
        Some((name, function)) if name == "fnc" && !function.is_empty() => Ok(fields),
        _ => Err(FncError::NoFunction),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_keeps_to_its_field() {
        let cases = [
            ("Marie", "Marie"),
            ("a;fnc=dnd", "a,fnc-dnd"),
            ("Tom+Ann", "Tom Ann"),
            ("+33 1 23", "33 1 23"),
            ("C++", "C"),
            ("5$ off", "5  off"),
            ("$USER", "USER"),
            ("+", "-"),
            (" \r\n ", "-"),
            ("", ""),
            ("  ", ""),
        ];
        for (label, written) in cases {
            assert_eq!(Grammar::Fnc.label(label), written);
            assert_eq!(Grammar::Plain.label(label), label);
        }
    }

    #[test]
    fn a_name_that_the_phone_would_replace_is_none() {
        for (label, written) in [("$PROXY", "PROXY"), ("5$ a;b=c+d", "5  a;b=c+d"), ("$", "-"), ("Marie", "Marie")] {
            assert_eq!(Grammar::Macros.label(label), written);
        }
    }

    #[test]
    fn a_number_is_never_changed() {
        assert_eq!(Grammar::Fnc.number("*21#0033972101010"), Ok("*21#0033972101010"));
        let refusal = Grammar::Fnc.number("+33972101010").expect_err("`+` joins functions");
        assert_eq!(refusal.to_string(), "a number in a fnc string cannot carry `+`");
        assert_eq!(refusal.hint(), Some("write an international number with `00`"));
        assert_eq!(Grammar::Plain.number("+33972101010"), Ok("+33972101010"));
    }

    #[test]
    fn a_url_may_hold_an_equals_sign_but_no_semicolon() {
        assert_eq!(Grammar::Fnc.url("https://crm.example/?a=1&b=x+y"), Ok("https://crm.example/?a=1&b=x+y"));
        let refusal = Grammar::Fnc.url("https://crm.example/;fnc=dnd").expect_err("`;` ends the field");
        assert_eq!(refusal.hint(), Some("write `%3B`"));
    }

    #[test]
    fn a_c_string_has_no_quotes_in_it() {
        assert_eq!(Grammar::CString.label("Le \"bar\" \\ été\r\n1"), "Le 'bar' / été 1");
        assert_eq!(
            Grammar::CString.number("s\\3cret").expect_err("it is refused").to_string(),
            "a C string cannot carry `\\`"
        );
        assert_eq!(Grammar::CString.url("http://x.example/?a=1&b='"), Ok("http://x.example/?a=1&b='"));
    }

    #[test]
    fn a_fnc_string_is_read_strictly() {
        let fields = parse_fnc("fnc=blf+sd+cp;sub=201@$PROXY;nme=Marie").expect("a peer's own string");
        assert_eq!(fields[0], ("fnc".to_owned(), "blf+sd+cp".to_owned()));
        assert_eq!(fields[2], ("nme".to_owned(), "Marie".to_owned()));
        let error = |text: &str| parse_fnc(text).expect_err("not a fnc string").to_string();
        assert_eq!(error("ext=1"), "expected `fnc=` and the function at the beginning");
        assert_eq!(error(""), "field 1: expected a name in lower case, `=` and a value");
        assert_eq!(error("fnc=sd;ext=1;ext=2"), "field 3: `ext` is set twice");
        assert_eq!(error("fnc=sd;nme=a=b"), "field 2: `nme` holds '='; expected it percent-encoded or left out");
    }

    proptest! {
        #[test]
        fn nothing_injects_a_field(label in any::<String>(), number in any::<String>(), url in any::<String>()) {
            let grammar = Grammar::Fnc;
            let label = grammar.label(&label);
            prop_assert!(!label.contains('$'), "{label}");
            let number = grammar.number(&number).unwrap_or("201");
            let url = grammar.url(&url).unwrap_or("https://x.example/");
            let text = format!("fnc=sd;ext={number};nme={label};url={url};vid=1");
            let expected = [("fnc", "sd"), ("ext", number), ("nme", &label), ("url", url), ("vid", "1")];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            prop_assert_eq!(parse_fnc(&text), Ok(expected.to_vec()));
        }

        #[test]
        fn nothing_ends_a_c_string(label in any::<String>(), number in any::<String>(), url in any::<String>()) {
            let grammar = Grammar::CString;
            let label = grammar.label(&label);
            let number = grammar.number(&number).unwrap_or("201");
            let url = grammar.url(&url).unwrap_or("http://x.example/");
            for value in [&*label, number, url] {
                prop_assert!(!value.contains(|c: char| matches!(c, '"' | '\\') || c.is_control()), "{value}");
            }
            prop_assert!(matches!(grammar.label(&label), Cow::Borrowed(_)));
        }

        #[test]
        fn a_seen_label_never_vanishes(label in "[;=+$\\n\\tab ]{0,6}") {
            let softened = Grammar::Fnc.label(&label);
            prop_assert_eq!(softened.is_empty(), label.trim_matches(' ').is_empty());
            prop_assert_eq!(matches!(softened, Cow::Borrowed(_)), *softened == label);
        }

        #[test]
        fn the_parser_never_panics(text in any::<String>(), near in "(fnc|nme|=|;|[+]|a){0,9}") {
            let _ = parse_fnc(&text);
            let _ = parse_fnc(&near);
        }
    }
}
