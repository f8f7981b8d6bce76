//! The text of a key of Snom's system: `speed 201`, `blf 202|*8`, `keyevent F_HOLD`.
//!
//! Facts: docs/sources.md, Gigaset 5.2 and Snom 5.2 and 5.3 (TAN; Snom's wiki, "Function Key Types"). KNOWN: a type, and
//! behind a blank its argument; a bar in the argument of `blf` and the code of the pick-up behind it. INFERRED: a blank or
//! a bar inside a number would change the meaning, and nothing escapes them.

use std::borrow::Cow;

/// The types without an argument.
const BARE: [&str; 6] = ["line", "none", "autoanswer", "record", "recorder", "call_agent"];
/// Those with a number, an address or a code.
const WITH_ARGUMENT: [&str; 20] = [
    "speed",
    "dest",
    "blf",
    "mult",
    "icom",
    "orbit",
    "transfer",
    "redirect",
    "starcode",
    "dtmf",
    "smart_transfer",
    "url",
    "xml",
    "ivr",
    "button",
    "keyevent",
    "presence",
    "multicast",
    "p2t",
    "buddy",
];
/// Those that can do without.
const EITHER: [&str; 2] = ["conference", "SendSipInfo"];

/// A key's text, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fkey<'a> {
    /// The type.
    pub kind: &'a str,
    /// What it dials, watches or does.
    pub argument: Option<&'a str>,
    /// The pick-up code behind the bar of a `blf`.
    pub pickup: Option<&'a str>,
}

/// Why a text is not that of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FkeyError {
    /// The first word is no type of key.
    #[error("expected a type of key, such as `speed`, at the beginning")]
    NoType,
    /// The type has no argument, or one that it does not take.
    #[error("expected {} behind `{kind}`", if *.wanted { "a blank and an argument" } else { "nothing" })]
    Argument {
        /// The type.
        kind: String,
        /// Whether it takes an argument.
        wanted: bool,
    },
    /// A character that ends the argument or means something in it.
    #[error("`{kind}`: expected no {character:?} in its argument")]
    Stray {
        /// The type.
        kind: String,
        /// The character.
        character: char,
    },
}

/// The type and the argument of a key's text, read strictly.
///
/// # Errors
///
/// A type that no source names, an argument too few or too many, or one that the grammar cannot carry.
pub fn parse_fkey(text: &str) -> Result<Fkey<'_>, FkeyError> {
    let (kind, rest) = match text.split_once(' ') {
        Some((kind, argument)) => (kind, Some(argument)),
        None => (text, None),
    };
    let may = BARE.contains(&kind) || EITHER.contains(&kind);
    let must = WITH_ARGUMENT.contains(&kind);
    if !may && !must {
        return Err(FkeyError::NoType);
    }
    let wrong = |wanted| FkeyError::Argument { kind: kind.to_owned(), wanted };
    let Some(rest) = rest else { return if must { Err(wrong(true)) } else { Ok(Fkey::bare(kind)) } };
    if BARE.contains(&kind) {
        return Err(wrong(false));
    }
    let (argument, pickup) = match (kind, rest.split_once('|')) {
        ("blf", Some((number, code))) => (number, Some(code)),
        _ => (rest, None),
    };
    for part in [Some(argument), pickup].into_iter().flatten() {
        let carries = |c: char| match kind {
            // Their arguments are no numbers: a definition, an address.
            "xml" => !c.is_control(),
            "url" => !c.is_whitespace() && !c.is_control(),
            "keyevent" => c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || part == "none",
            _ => !ends_argument(c) && !c.is_control(),
        };
        if let Some(character) = part.chars().find(|c| !carries(*c)) {
            return Err(FkeyError::Stray { kind: kind.to_owned(), character });
        }
        let is_event = kind != "keyevent" || part == "none" || part.starts_with("F_");
        if part.is_empty() || !is_event {
            return Err(wrong(true));
        }
    }
    Ok(Fkey { kind, argument: Some(argument), pickup })
}

impl Fkey<'_> {
    fn bare(kind: &str) -> Fkey<'_> {
        Fkey { kind, argument: None, pickup: None }
    }
}

/// Whether a character would end a number, or begin the code behind it.
pub(super) fn ends_argument(character: char) -> bool {
    character == '|' || character.is_whitespace()
}

/// A label as an argument.
pub(super) fn label(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(' ');
    if !trimmed.contains(|c: char| ends_argument(c) || c.is_control()) {
        return if trimmed.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(trimmed.to_owned()) };
    }
    let replaced = |c: char| match c {
        '|' => '/',
        c if ends_argument(c) || c.is_control() => '_',
        c => c,
    };
    Cow::Owned(trimmed.chars().map(replaced).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::grammar::Grammar;

    #[test]
    fn a_text_is_a_type_and_its_argument() {
        let read = |text: &'static str| {
            let key = parse_fkey(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            (key.kind, key.argument, key.pickup)
        };
        for (text, expected) in [
            ("line", ("line", None, None)),
            ("none", ("none", None, None)),
            ("speed *21*202#", ("speed", Some("*21*202#"), None)),
            ("blf 202|*11*", ("blf", Some("202"), Some("*11*"))),
            ("blf 202", ("blf", Some("202"), None)),
            ("dest sip:202@a.example;user=phone", ("dest", Some("sip:202@a.example;user=phone"), None)),
            ("keyevent F_HOLD", ("keyevent", Some("F_HOLD"), None)),
            ("keyevent none", ("keyevent", Some("none"), None)),
            ("url https://a.example/?a=1|2", ("url", Some("https://a.example/?a=1|2"), None)),
            ("conference", ("conference", None, None)),
            ("conference 201", ("conference", Some("201"), None)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_no_source_shows_is_an_error() {
        let type_ = "expected a type of key, such as `speed`, at the beginning";
        for (text, expected) in [
            ("", type_),
            ("Speed 201", type_),
            (" speed 201", type_),
            ("speed", "expected a blank and an argument behind `speed`"),
            ("speed ", "expected a blank and an argument behind `speed`"),
            ("line 1", "expected nothing behind `line`"),
            ("speed  201", "`speed`: expected no ' ' in its argument"),
            ("speed 201|*8", "`speed`: expected no '|' in its argument"),
            ("blf 201|*8|x", "`blf`: expected no '|' in its argument"),
            ("blf 201|", "expected a blank and an argument behind `blf`"),
            ("keyevent HOLD", "expected a blank and an argument behind `keyevent`"),
            ("keyevent F_hold", "`keyevent`: expected no 'h' in its argument"),
            ("url https://a b", "`url`: expected no ' ' in its argument"),
        ] {
            assert_eq!(parse_fkey(text).expect_err(text).to_string(), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn what_the_grammar_carries_stays_the_argument(number in any::<String>(), code in ".{0,6}", url in any::<String>()) {
            let grammar = Grammar::Fkey;
            let number = grammar.number(&number).ok().filter(|number| !number.is_empty()).unwrap_or("201");
            let code = grammar.number(&code).ok().filter(|code| !code.is_empty()).unwrap_or("*8");
            let (speed, blf) = (format!("speed {number}"), format!("blf {number}|{code}"));
            prop_assert_eq!(parse_fkey(&speed), Ok(Fkey { kind: "speed", argument: Some(number), pickup: None }));
            prop_assert_eq!(parse_fkey(&blf), Ok(Fkey { kind: "blf", argument: Some(number), pickup: Some(code) }));
            let url = grammar.url(&url).ok().filter(|url| !url.is_empty()).unwrap_or("https://a.example/");
            let text = format!("url {url}");
            prop_assert_eq!(parse_fkey(&text), Ok(Fkey { kind: "url", argument: Some(url), pickup: None }));
        }

        #[test]
        fn a_label_is_one_argument(label in any::<String>()) {
            let softened = Grammar::Fkey.label(&label);
            prop_assert_eq!(softened.is_empty(), label.trim_matches(' ').is_empty());
            prop_assert_eq!(matches!(softened, Cow::Borrowed(_)), *softened == label);
            if !softened.is_empty() {
                let text = format!("presence {softened}");
                prop_assert_eq!(parse_fkey(&text).map(|key| key.argument), Ok(Some(&*softened)));
            }
        }

        #[test]
        fn the_parser_never_panics(text in any::<String>(), near in "(speed|blf|keyevent|line|F_|[|]| |a|1){0,6}") {
            let _ = parse_fkey(&text);
            let _ = parse_fkey(&near);
        }
    }
}
