//! One cell: what a field is as text, and what a text makes of a field.
//!
//! Whatever a spreadsheet would calculate or take for a number or a date is written behind an apostrophe, and read back
//! without it: `=1+1` would be a formula, and `0033972101010` would lose its zeros. So nothing that somebody wrote into a
//! label runs on the machine of whoever opens an export, and a table that was opened and saved still says what it said.

use serde_json::Value;

use crate::phone::Function;

/// Says that a field is taken away.
const NOTHING: &str = "-";

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Text,
    Boolean,
    Integer,
    /// Texts with blanks between them.
    List,
    /// A number of modules, or their models.
    Modules,
    /// The name of a function; the operator's codes are read too.
    Function,
    /// Read, and never written.
    Secret,
}

/// What a cell says of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said<'c> {
    /// It stays as it is.
    Nothing,
    /// It goes.
    Away,
    /// It becomes this.
    Text(&'c str),
}

/// What a cell says.
pub(super) fn said(cell: &str) -> Said<'_> {
    match cell {
        "" => Said::Nothing,
        NOTHING => Said::Away,
        _ => Said::Text(cell.strip_prefix('\'').unwrap_or(cell)),
    }
}

/// A text as a cell that every spreadsheet leaves as it is.
pub(super) fn cell(text: &str) -> String {
    let begins = text.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']);
    if begins || looks_like_number(text) { format!("'{text}") } else { text.to_owned() }
}

/// Digits and what numbers, dates and times have between them; whole numbers that every spreadsheet keeps are none.
fn looks_like_number(text: &str) -> bool {
    let is_plain = |digits: &str| digits == "0" || digits.len() <= 15 && !digits.starts_with('0');
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return has_digit && !is_plain(text);
    }
    has_digit && text.bytes().all(|byte| byte.is_ascii_digit() || b" .,:/-+eE%()".contains(&byte))
}

impl CellKind {
    /// A field's value as the text of a cell; empty where there is none, or none that may be shown.
    pub fn text(self, value: Option<&Value>) -> String {
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => String::new(),
        };
        match (self, value) {
            (_, None) | (CellKind::Secret, _) => String::new(),
            (_, Some(Value::Array(items))) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
            (CellKind::Function, Some(Value::String(name))) => {
                Function::named(name).map_or_else(|| name.clone(), |function| function.name().to_owned())
            }
            (_, Some(value)) => plain(value),
        }
    }

    /// The value that a text makes.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn value(self, text: &str) -> Result<Value, (String, String)> {
        let wrong = |what: &str, hint: String| Err((format!("`{text}` is {what}"), hint));
        let words = || text.split([' ', ';']).filter(|word| !word.is_empty());
        match self {
            CellKind::Text | CellKind::Secret => Ok(text.into()),
            CellKind::List => Ok(words().collect()),
            // French spreadsheets translate these two words.
            CellKind::Boolean => match text.to_lowercase().as_str() {
                "true" | "yes" | "vrai" | "oui" => Ok(true.into()),
                "false" | "no" | "faux" | "non" => Ok(false.into()),
                _ => wrong("neither true nor false", "write true or false".into()),
            },
            CellKind::Integer => match text.parse::<i64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => wrong("no whole number", "write digits only".into()),
            },
            CellKind::Modules => Ok(text.trim().parse::<u8>().map_or_else(|_| words().collect(), Value::from)),
            CellKind::Function => match Function::named(text) {
                Some(function) => Ok(function.name().into()),
                None => {
                    let near = Function::nearest(text).map(|near| format!("did you mean `{near}`?"));
                    wrong("not a function", near.unwrap_or("`docs/fleet.md` lists the 39".into()))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_change_stands_behind_an_apostrophe() {
        for text in [
            "=1+1",
            "+33972101010",
            "-",
            "-1",
            "@SUM(A1)",
            "'quoted",
            "\t=1",
            "0033972101010",
            "1234567890123456",
            "1/2",
            "12:30",
            "3-4",
            "001565123456",
            "80e512345678",
            "201 202",
            "1,5",
            "192.168.1.1",
            "1.10",
        ] {
            assert_eq!(cell(text), format!("'{text}"), "{text}");
            assert_eq!(said(&cell(text)), Said::Text(text));
        }
        for text in ["201", "0", "Hall", "dial", "T46", "001565aabb01", "*21*201#", "true", "a=b", "https://x.example/"]
        {
            assert_eq!(cell(text), text);
            assert_eq!(said(text), Said::Text(text));
        }
        assert_eq!((said(""), said("-"), said("'")), (Said::Nothing, Said::Away, Said::Text("")));
    }

    #[test]
    fn what_a_text_makes_is_that_text_again() {
        for (kind, text, again) in [
            (CellKind::Text, "Hall", "Hall"),
            (CellKind::Boolean, "VRAI", "true"),
            (CellKind::Integer, "20", "20"),
            (CellKind::List, "201;202 203", "201 202 203"),
            (CellKind::Modules, "2", "2"),
            (CellKind::Modules, "yealink-exp40 yealink-exp40", "yealink-exp40 yealink-exp40"),
            (CellKind::Function, "SUP0", "supervise"),
        ] {
            assert_eq!(kind.text(kind.value(text).ok().as_ref()), again, "{text}");
        }
        assert_eq!(CellKind::Secret.text(Some(&"s3cret".into())), "");
        for (kind, text) in [(CellKind::Boolean, "maybe"), (CellKind::Integer, "1.5"), (CellKind::Function, "dail")] {
            assert!(kind.value(text).is_err(), "{text}");
        }
    }
}
