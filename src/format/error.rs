//! What a format cannot carry, and why a file cannot be read or edited. Nothing here shows more of a value than one
//! character, since it may be a secret.

use std::io;

use super::characters::is_forbidden;

/// Why a format or a grammar cannot carry a value. It shows at most one character of it: the value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A character that would end the value, or that there is no way to write.
    #[error("{place} cannot carry {}", shown(*.character))]
    Character {
        /// What refuses, to begin the sentence: "a cfg value".
        place: &'static str,
        /// The first character that it refuses.
        character: char,
        /// What to write instead, if something is known to do.
        hint: Option<&'static str>,
    },
    /// A blank at the beginning or the end, which the phone trims.
    #[error("{place} cannot begin or end with a blank, which the phone would trim")]
    Edge {
        /// What refuses.
        place: &'static str,
    },
    /// More characters than there is room for.
    #[error("{place} cannot carry more than {most} characters")]
    Long {
        /// What refuses.
        place: &'static str,
        /// How many it can carry.
        most: usize,
    },
}

impl Refusal {
    /// What to write instead, for a `hint:` line of its own.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Refusal::Character { hint, .. } => *hint,
            Refusal::Edge { .. } | Refusal::Long { .. } => None,
        }
    }

    pub(super) fn character(place: &'static str, character: char) -> Refusal {
        Refusal::Character { place, character, hint: None }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, refusal)
    }
}

/// A character as a message shows it: itself in backticks if it can be seen, else its code.
fn shown(character: char) -> String {
    match character {
        '\n' | '\r' => "a line break".to_owned(),
        character if is_forbidden(character) || character.is_whitespace() => {
            format!("the character U+{:04X}", u32::from(character))
        }
        character => format!("`{character}`"),
    }
}

/// Why a file cannot be read or edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file is not in the phone's syntax.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A raw edit that the format or the file has no place for.
    #[error("raw `{name}`: {problem}")]
    Edit {
        /// The name that the edit gives.
        name: String,
        /// What is wrong, beside what was expected.
        problem: String,
    },
    /// A raw edit whose value or attribute the format cannot carry.
    #[error("raw `{name}`: {refusal}")]
    Value {
        /// The name that the edit gives.
        name: String,
        /// What cannot be carried.
        refusal: Refusal,
    },
}

impl FormatError {
    pub(super) fn edit(name: &str, problem: impl Into<String>) -> FormatError {
        FormatError::Edit { name: name.to_owned(), problem: problem.into() }
    }
}

/// Where a file leaves the phone's syntax, and how. Values are never quoted in it, since they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, beside what was expected.
    pub problem: String,
}

impl SyntaxError {
    pub(super) fn at(text: &str, offset: usize, problem: impl Into<String>) -> SyntaxError {
        let breaks = text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count();
        let line = u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1);
        SyntaxError { line, problem: problem.into() }
    }
}
