//! Tokens at work: judged for each request, changed by commands and by the API itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;
use compact_str::CompactString;

use super::store::{MAX_NAME, TokensError, edit, read};
use super::token::{Minted, Stored, TokenInfo, TokenState, hash, id_of, random_id, text_of};
use super::{Principal, Role};
use crate::fleet::Stamp;
use crate::folder::random_key;

/// Its name in the state folder.
const FILE: &str = "api-tokens.json";
const DAY_SECS: u64 = 86_400;

/// Why a token is not taken. Whoever shows it is not told which: the answer is the same for all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is none, or its secret is wrong.
    #[error("there is no such token")]
    Unknown,
    /// Its time is over.
    #[error("the token `{0}` has expired")]
    Expired(CompactString),
    /// It was taken back.
    #[error("the token `{0}` is revoked")]
    Revoked(CompactString),
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Until when, in seconds since 1970; none: for ever.
    pub expires: Option<u64>,
}

impl NewToken {
    /// How long a token is good if nothing else is said.
    pub const USUAL_SECS: u64 = 365 * DAY_SECS;
    /// How long it is good at the most, if it ends.
    pub const LONGEST_SECS: u64 = 3650 * DAY_SECS;
}

/// A token as the file has it, and the begin of the day of its last use, which the file is told seldom.
#[derive(Debug)]
struct Known {
    stored: Stored,
    last_used: AtomicU64,
}

/// All tokens. Times are in seconds since 1970.
#[derive(Debug)]
pub struct AccessTokens {
    path: PathBuf,
    known: ArcSwap<HashMap<CompactString, Known>>,
    /// How the file looked when it was read, if it was; absent is a look as well. Held from reading until what was read
    /// is in use, so that no older state comes after a newer one.
    read: Mutex<Option<Option<Stamp>>>,
    refused: Refused,
}

/// How many calls with a token were refused.
#[derive(Debug, Default)]
struct Refused {
    unknown: AtomicU64,
    revoked: AtomicU64,
    expired: AtomicU64,
}

impl AccessTokens {
    /// The tokens of a state folder; none if there is no file of them.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn open(folder: &Path) -> Result<AccessTokens, TokensError> {
        let tokens = AccessTokens {
            path: folder.join(FILE),
            known: ArcSwap::default(),
            read: Mutex::default(),
            refused: Refused::default(),
        };
        tokens.reload()?;
        Ok(tokens)
    }

    /// The file, to be followed: others write it too.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again if it has changed, and says whether it has. What is wrong with it is said once.
    ///
    /// # Errors
    /// It cannot be read, or holds something else. Then the tokens stay as they were.
    pub fn reload(&self) -> Result<bool, TokensError> {
        let mut looked = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.path);
        if *looked == Some(stamp) {
            return Ok(false);
        }
        let read = read(&self.path);
        // What could not be read is tried again, lest a revoked token stays good.
        *looked = (!matches!(read, Err(TokensError::Unusable { .. }))).then_some(stamp);
        let before = self.known.load();
        let used = |stored: &Stored| {
            let known = before.get(&stored.id).map(|known| known.last_used.load(Ordering::Relaxed));
            AtomicU64::new(known.max(stored.last_used).unwrap_or_default())
        };
        let known = read?.into_iter();
        let known = known.map(|stored| (stored.id.clone(), Known { last_used: used(&stored), stored }));
        self.known.store(known.collect::<HashMap<_, _>>().into());
        Ok(true)
    }

    /// Who shows a token. Touches no disk.
    ///
    /// # Errors
    /// The token is not taken.
    pub fn principal(&self, token: &str, now: u64) -> Result<Principal, BadToken> {
        let judged = self.judge(token, now);
        let Refused { unknown, revoked, expired } = &self.refused;
        let refused = judged.as_ref().err().map(|bad| match bad {
            BadToken::Unknown => unknown,
            BadToken::Revoked(_) => revoked,
            BadToken::Expired(_) => expired,
        });
        refused.map(|count| count.fetch_add(1, Ordering::Relaxed));
        judged
    }

    /// Whether the token of an id is still good. Touches no disk.
    pub fn is_good(&self, id: &str, now: u64) -> bool {
        self.known.load().get(id).is_some_and(|known| known.stored.state(now) == TokenState::Good)
    }

    /// Whether there is a token of this id, be it this one and good or not. Touches no disk.
    pub fn knows(&self, token: &str) -> bool {
        id_of(token).is_some_and(|id| self.known.load().contains_key(id))
    }

    /// How many tokens were not taken since the start, and why.
    pub fn refused(&self) -> [(&'static str, u64); 3] {
        let Refused { unknown, revoked, expired } = &self.refused;
        [("unknown", unknown), ("revoked", revoked), ("expired", expired)]
            .map(|(why, count)| (why, count.load(Ordering::Relaxed)))
    }

    fn judge(&self, token: &str, now: u64) -> Result<Principal, BadToken> {
        let known = self.known.load();
        let known = id_of(token).and_then(|id| known.get(id)).filter(|known| known.stored.is(token));
        let Known { stored, last_used } = known.ok_or(BadToken::Unknown)?;
        match stored.state(now) {
            TokenState::Revoked => Err(BadToken::Revoked(stored.id.clone())),
            TokenState::Expired => Err(BadToken::Expired(stored.id.clone())),
            TokenState::Good => {
                last_used.fetch_max(now - now % DAY_SECS, Ordering::Relaxed);
                let Stored { id, name, role, .. } = stored;
                Ok(Principal { id: id.clone(), name: name.clone(), role: role.clone() })
            }
        }
    }

    /// All tokens, the oldest first, then by their names; those that are not taken any more for some time too.
    pub fn list(&self, now: u64) -> Vec<TokenInfo> {
        let known = self.known.load();
        let mut all: Vec<Stored> = known.values().map(Known::now).collect();
        all.sort_by(|one, other| (one.created, &one.name, &one.id).cmp(&(other.created, &other.name, &other.id)));
        all.iter().map(|stored| stored.info(now)).collect()
    }

    /// Makes a token. It is on the disk, and taken, when this returns.
    ///
    /// # Errors
    /// It makes no sense, or the file cannot be written.
    pub fn create(&self, new: NewToken, now: u64) -> Result<Minted, TokensError> {
        let NewToken { name, role, expires } = new;
        if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(TokensError::Name);
        }
        if expires.is_some_and(|expires| expires <= now) {
            return Err(TokensError::IsOver);
        }
        if expires.is_some_and(|expires| expires > now + NewToken::LONGEST_SECS) {
            return Err(TokensError::TooLong);
        }
        role.check()?;
        let random = || {
            let wrong =
                |error: std::io::Error| TokensError::Unusable { path: self.path.clone(), what: error.to_string() };
            random_key().map_err(wrong)
        };
        let minted = edit(&self.path, now, |tokens| {
            let mut id = random_id(&random()?);
            while tokens.iter().any(|token| token.id == id) {
                id = random_id(&random()?);
            }
            let token = text_of(&id, &random()?);
            let sha256 = hash(token.expose());
            let stored =
                Stored { id, name: name.into(), role, sha256, created: now, expires, revoked: None, last_used: None };
            let info = stored.info(now);
            tokens.push(stored);
            Ok(Minted { token, info })
        })?;
        self.reload()?;
        Ok(minted)
    }

    /// Takes a token back: it is not taken any more when this returns.
    ///
    /// # Errors
    /// There is none, it was revoked before, or the file cannot be written.
    pub fn revoke(&self, id: &str, now: u64) -> Result<TokenInfo, TokensError> {
        let info = edit(&self.path, now, |tokens| {
            let token = tokens.iter_mut().find(|token| token.id == id);
            let token = token.ok_or_else(|| TokensError::NoSuch(id.into()))?;
            if token.revoked.is_some() {
                return Err(TokensError::IsRevoked(id.into()));
            }
            token.revoked = Some(now);
            Ok(token.info(now))
        })?;
        self.reload()?;
        Ok(info)
    }

    /// Writes down which tokens were used, if there is something new: now and then, and before the end.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn write_uses(&self, now: u64) -> Result<(), TokensError> {
        let known = self.known.load();
        if known.values().all(|known| known.now() == known.stored) {
            return Ok(());
        }
        edit(&self.path, now, |tokens| {
            for token in tokens {
                let used = known.get(&token.id).and_then(|known| known.now().last_used);
                token.last_used = token.last_used.max(used);
            }
            Ok(())
        })?;
        self.reload().map(drop)
    }
}

impl Known {
    /// With the day of its last use.
    fn now(&self) -> Stored {
        let last_used = self.last_used.load(Ordering::Relaxed);
        Stored { last_used: Some(last_used).filter(|day| *day > 0), ..self.stored.clone() }
    }
}
