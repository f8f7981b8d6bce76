//! What is wrong, doubtful or worth knowing about stored data, and where it is written.
//!
//! Loading never stops at the first mistake: every reader adds its findings to a list, and the caller decides what
//! they mean for the entity (see `world`). How a finding is printed is the command line's business.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something that is asked for cannot be given.
    Error,
    /// It works, but perhaps not as its owner thinks.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        })
    }
}

/// One thing to tell the owner of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// The file, relative to the folder that was loaded.
    pub file: PathBuf,
    /// The line in that file, from 1; none where the file as a whole is meant.
    pub line: Option<u32>,
    /// How grave it is.
    pub level: Level,
    /// A short stable name, the word that `accept` takes.
    pub code: &'static str,
    /// What is wrong and what was expected.
    pub what: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// The owner has seen it: `accept` beside the key names its code.
    pub accepted: bool,
}

impl Finding {
    /// An error in `file`.
    pub fn error(
        code: &'static str,
        file: impl AsRef<Path>,
        line: impl Into<Option<u32>>,
        what: impl Into<String>,
    ) -> Finding {
        Finding::new(Level::Error, code, file, line, what)
    }

    /// A warning in `file`.
    pub fn warning(
        code: &'static str,
        file: impl AsRef<Path>,
        line: impl Into<Option<u32>>,
        what: impl Into<String>,
    ) -> Finding {
        Finding::new(Level::Warning, code, file, line, what)
    }

    /// A note on `file`.
    pub fn note(
        code: &'static str,
        file: impl AsRef<Path>,
        line: impl Into<Option<u32>>,
        what: impl Into<String>,
    ) -> Finding {
        Finding::new(Level::Note, code, file, line, what)
    }

    fn new(
        level: Level,
        code: &'static str,
        file: impl AsRef<Path>,
        line: impl Into<Option<u32>>,
        what: impl Into<String>,
    ) -> Finding {
        Finding {
            file: file.as_ref().to_owned(),
            line: line.into(),
            level,
            code,
            what: what.into(),
            hint: None,
            accepted: false,
        }
    }

    /// The same finding with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// The same finding, marked as seen by its owner if `accept` names its code.
    #[must_use]
    pub fn accepted_by<S: AsRef<str>>(mut self, accept: &[S]) -> Finding {
        self.accepted |= accept.iter().any(|code| code.as_ref() == self.code);
        self
    }

    /// The finding as a log shows it.
    pub fn without_level(&self) -> impl fmt::Display + '_ {
        WithoutLevel(self)
    }

    /// Whether this is an error that nobody has accepted.
    pub fn is_open_error(&self) -> bool {
        self.level == Level::Error && !self.accepted
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.without_level())
    }
}

/// A finding for a log, which tells the level itself.
struct WithoutLevel<'f>(&'f Finding);

impl fmt::Display for WithoutLevel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WithoutLevel(finding) = self;
        write!(f, "{}", finding.file.display())?;
        if let Some(line) = finding.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {} [{}]", finding.what, finding.code)?;
        if let Some(hint) = &finding.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The nearest of the names that exist, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The name too, so that the same mistake always gets the same answer.
    near(name, among).min().map(|(_, candidate)| candidate)
}

/// The three nearest of the names that exist, as far as they are near enough to be meant; the nearest first.
pub fn nearest_few<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<_> = near(name, among).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// The names that are near enough, each with its distance.
fn near<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = (usize, &'a str)> {
    let folded = name.to_lowercase();
    let length = name.len();
    among
        .into_iter()
        .map(move |candidate| (strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate))
        .filter(move |(distance, candidate)| *distance <= 1 + candidate.len().min(length) / 4)
}
