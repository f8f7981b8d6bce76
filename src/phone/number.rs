//! A number that a key dials, watches or names.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;

/// Digits, `*` and `#`, perhaps with one `+` before them; the blanks, dots, hyphens and brackets of people are gone.
///
/// OVHcloud's portal refuses `*`, so that no star code can be typed there; that limit is not ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(CompactString);

/// What was given is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It holds something that cannot be dialled.
    #[error("`{number}` is not a number: it holds {found:?}; digits, `*`, `#` and one leading `+` were expected")]
    Character {
        /// What was given.
        number: String,
        /// The character that cannot be dialled.
        found: char,
    },
    /// Nothing to dial is in it.
    #[error("`{0}` is not a number: it has no digit, `*` or `#`")]
    Empty(String),
    /// It is longer than any phone dials.
    #[error("`{number}` has {length} characters; {} are the most that every family takes", Number::MAX_LENGTH)]
    TooLong {
        /// What was given.
        number: String,
        /// How many characters it has.
        length: usize,
    },
}

impl Number {
    /// The longest number that all families take. Source: Cisco's administration guide (39 characters).
    pub const MAX_LENGTH: usize = 39;

    /// The number as it is dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Number, NumberError> {
        let mut number = CompactString::default();
        // In `+33 (0)9` the zero is for those who dial without the `+33`.
        let without_trunk = text.trim_start().starts_with('+').then(|| text.replacen("(0)", "", 1));
        for found in without_trunk.as_deref().unwrap_or(text).chars() {
            match found {
                '0'..='9' | '*' | '#' => number.push(found),
                '+' if number.is_empty() => number.push(found),
                ' ' | '.' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}' => {}
                _ => {
                    let number = text.chars().filter(|c| !c.is_control()).take(60).collect();
                    return Err(NumberError::Character { number, found });
                }
            }
        }
        if number.is_empty() || number == "+" {
            return Err(NumberError::Empty(text.chars().take(60).collect()));
        }
        let length = number.len();
        if length > Number::MAX_LENGTH {
            return Err(NumberError::TooLong { number: number.into(), length });
        }
        Ok(Number(number))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_between_digits_is_dropped() {
        for (text, number) in [
            ("+33 9 72.10-10 10", "+33972101010"),
            ("*21*0033972101011#", "*21*0033972101011#"),
            ("(0) 12/34", "01234"),
            ("+33 (0)9 72.10", "+3397210"),
        ] {
            assert_eq!(text.parse::<Number>().unwrap().as_str(), number);
        }
    }

    #[test]
    fn what_no_phone_dials_is_refused() {
        for (text, message) in [
            ("12\n34", "`1234` is not a number: it holds '\\n'; digits, `*`, `#` and one leading `+` were expected"),
            ("1+2", "`1+2` is not a number: it holds '+'; digits, `*`, `#` and one leading `+` were expected"),
            (" - ", "` - ` is not a number: it has no digit, `*` or `#`"),
            (
                "1234567890123456789012345678901234567890",
                "`1234567890123456789012345678901234567890` has 40 characters; 39 are the most that every family takes",
            ),
        ] {
            assert_eq!(text.parse::<Number>().unwrap_err().to_string(), message);
        }
    }
}
