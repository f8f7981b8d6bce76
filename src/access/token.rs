//! A token: what is shown to whoever gets it, what is stored of it, and what others may know of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use compact_str::CompactString;
use data_encoding::{BASE32_DNSSEC, HEXLOWER};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::Role;
use crate::journal::utc;
use crate::phone::Secret;

/// What every token begins with, so that those who look for lost ones find it. Behind it come the id and the secret,
/// in digits and lower-case letters.
const PREFIX: &str = "offhook";

/// Eight digits.
const ID_BYTES: usize = 5;

/// What is stored of a token. It has 256 random bits, so that its SHA-256 tells nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    pub id: CompactString,
    pub name: CompactString,
    pub role: Role,
    /// The hash of the whole token, in hexadecimal digits.
    pub sha256: String,
    /// Times are in seconds since 1970.
    pub created: u64,
    /// None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<u64>,
    /// The begin of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<u64>,
}

/// A token that was made just now.
#[derive(Debug)]
pub struct Minted {
    /// It is told this once.
    pub token: Secret,
    /// What is known of it.
    pub info: TokenInfo,
}

/// Whether a token is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    /// It is.
    Good,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

/// What may be known of a token: never what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenInfo {
    /// The part of the token that is no secret.
    #[schema(value_type = String)]
    pub id: CompactString,
    /// What it was called by whoever made it.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// What it is for.
    pub role: Role,
    /// Whether it is taken now.
    pub state: TokenState,
    /// When it was made, such as `2026-11-23T08:00:00Z`.
    pub created: String,
    /// When its time is over; none: never.
    pub expires: Option<String>,
    /// The day on which it was last used, such as `2026-11-23`; none: it was not.
    pub last_used: Option<String>,
}

impl Stored {
    /// Whether this is the token. How long that takes tells nothing about it.
    pub fn is(&self, token: &str) -> bool {
        verify_slices_are_equal(hash(token).as_bytes(), self.sha256.as_bytes()).is_ok()
    }

    pub fn state(&self, now: u64) -> TokenState {
        match self {
            Stored { revoked: Some(_), .. } => TokenState::Revoked,
            Stored { expires: Some(expires), .. } if *expires <= now => TokenState::Expired,
            _ => TokenState::Good,
        }
    }

    /// Since when, or from when on, it is not taken.
    pub fn over_since(&self) -> Option<u64> {
        self.revoked.into_iter().chain(self.expires).min()
    }

    pub fn info(&self, now: u64) -> TokenInfo {
        let time = |at: u64| utc(i64::try_from(at).unwrap_or_default().saturating_mul(1000));
        TokenInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            role: self.role.clone(),
            state: self.state(now),
            created: time(self.created),
            expires: self.expires.map(time),
            last_used: self.last_used.map(|day| time(day).chars().take(10).collect()),
        }
    }
}

/// A token of random numbers.
pub(super) fn text_of(id: &str, secret: &[u8; 32]) -> Secret {
    let secret = Zeroizing::new(BASE32_DNSSEC.encode(secret));
    Secret::new(format!("{PREFIX}_{id}_{}", *secret))
}

/// An id of random numbers.
pub(super) fn random_id(random: &[u8; 32]) -> CompactString {
    BASE32_DNSSEC.encode(&random[..ID_BYTES]).into()
}

/// What is stored of a token's text.
pub(super) fn hash(token: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref())
}

/// The id in a token.
pub(super) fn id_of(token: &str) -> Option<&str> {
    let (id, _) = token.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
    Some(id)
}
