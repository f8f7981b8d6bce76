//! How phones of a family are asked for their password.

use super::family::hints;
use crate::reader::Table;

/// How a phone is asked for its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Digest with MD5.
    DigestMd5,
    /// Digest with SHA-256.
    DigestSha256,
    /// Basic; over TLS only.
    Basic,
}

/// Old clients take the first header or the last and know no SHA-256, so either of these two has to be one that they know.
pub(super) fn read(table: &mut Table<'_, '_>) -> Vec<Challenge> {
    const CHALLENGES: [(&str, Challenge); 3] =
        [("digest-md5", Challenge::DigestMd5), ("digest-sha256", Challenge::DigestSha256), ("basic", Challenge::Basic)];
    let Some(list) = hints(table, "challenges", "challenges_source") else {
        return vec![Challenge::DigestMd5, Challenge::Basic];
    };
    let mut challenges = Vec::new();
    for word in list {
        match CHALLENGES.iter().find(|(name, _)| *name == word.value) {
            Some((_, challenge)) => challenges.push(*challenge),
            None => {
                let what =
                    format!("`challenges` names `{}`, but must name digest-md5, digest-sha256 or basic", word.value);
                table.error("unknown-word", word.line, what);
            }
        }
    }
    challenges
}

/// Whether phones show the secret that they were made with first; like any figure it has to say where it is from.
pub(super) fn read_own_secret_first(table: &mut Table<'_, '_>) -> bool {
    let said = table.boolean("own_secret_first").is_some_and(|at| at.value);
    match said {
        true => table.required_text("own_secret_first_source"),
        false => table.text("own_secret_first_source"),
    };
    said
}
