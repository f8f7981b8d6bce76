//! The file of tokens, which commands write beside a running server: read whole, and put in place whole.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::token::Stored;
use super::{NewToken, RoleError};
use crate::folder;
use crate::reader::plain;

/// Of the file's format.
const VERSION: u32 = 1;
/// A token that is not taken any more is told of for 90 days, and forgotten then.
const TOLD_SECS: u64 = 90 * 86_400;

/// What is wrong with tokens or their file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// The file or its folder cannot be read or written.
    #[error("`{path}` cannot be used: {what}")]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// It holds something else.
    #[error(
        "`{path}` is no list of tokens: {what}\n  hint: take it from a backup, or delete it: every token is dead then"
    )]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What.
        what: String,
    },
    /// There is no token of this id.
    #[error("there is no token `{0}`")]
    NoSuch(CompactString),
    /// The token was taken back before.
    #[error("the token `{0}` is revoked already")]
    IsRevoked(CompactString),
    /// A token's name cannot be shown.
    #[error("a token's name is one line of 1 to {MAX_NAME} characters")]
    Name,
    /// A token would be good for no time at all.
    #[error("a token cannot expire before it is made")]
    IsOver,
    /// A token would be good for longer than anybody thinks of it.
    #[error("a token expires after {} days at the latest, or never", NewToken::LONGEST_SECS / 86_400)]
    TooLong,
    /// A role is for nothing.
    #[error(transparent)]
    Role(#[from] RoleError),
}

/// The most characters of a token's name.
pub(super) const MAX_NAME: usize = 63;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    tokens: Vec<Stored>,
}

/// The tokens of a file; none if it is not there.
///
/// # Errors
/// It cannot be read, or holds something else.
pub(super) fn read(path: &Path) -> Result<Vec<Stored>, TokensError> {
    let Some(bytes) = folder::read(path).map_err(|error| unusable(path, &error))? else { return Ok(Vec::new()) };
    parse(&bytes).map_err(|what| TokensError::Broken { path: path.to_owned(), what })
}

fn parse(bytes: &[u8]) -> Result<Vec<Stored>, String> {
    let File { version, tokens } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if version != VERSION {
        return Err(format!("it is of version {version}, and this program knows {VERSION}"));
    }
    let mut ids = HashSet::new();
    for token in &tokens {
        let id = &token.id;
        if !ids.insert(id) {
            return Err(format!("the token `{id}` is in it twice"));
        }
        token.role.check().map_err(|error| format!("the token `{id}`: {error}"))?;
    }
    Ok(tokens)
}

/// Changes the file, while nobody else does; a change that changes nothing is not written.
///
/// # Errors
/// Those of `change`; or the file cannot be read or written, and is as it was.
pub(super) fn edit<T>(
    path: &Path,
    now: u64,
    change: impl FnOnce(&mut Vec<Stored>) -> Result<T, TokensError>,
) -> Result<T, TokensError> {
    let wrong = |error: std::io::Error| unusable(path, &error);
    let _writing = folder::writing(path.parent().unwrap_or(Path::new("."))).map_err(wrong)?;
    let before = read(path)?;
    let mut tokens = before.clone();
    let done = change(&mut tokens)?;
    if tokens != before {
        tokens.retain(|token| now.saturating_sub(token.over_since().unwrap_or(now)) < TOLD_SECS);
        let text = serde_json::to_string_pretty(&File { version: VERSION, tokens });
        let write = |text: String| folder::replace(path, 0o600, |file| file.write_all((text + "\n").as_bytes()));
        text.map_err(Into::into).and_then(write).map_err(wrong)?;
    }
    Ok(done)
}

fn unusable(path: &Path, error: &std::io::Error) -> TokensError {
    TokensError::Unusable { path: path.to_owned(), what: plain(error) }
}
