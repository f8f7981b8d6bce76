//! The rung `password`: HTTP Basic (RFC 7617) and Digest (RFC 7616, and the older form of RFC 2069).
//!
//! Basic is offered and taken over TLS only. Digest says MD5, which every phone knows, or SHA-256 where a family's data
//! offer it: against a password of 128 random bits, which nobody can guess from what he has heard, one is as good as the
//! other. The user name is the phone's own, or its MAC in any notation. During a change of the password both are good.
//!
//! A wrong user name and a wrong password get one and the same answer, after the same work. What a phone cannot help (its
//! nonce has expired, or its request was sent once more) is answered with `stale`, so that it asks nobody.
//!
//! Gigaset's Maxwell and Nx70 answer a first challenge with the secret that they were made with, and only the second one
//! with what was typed into them. So the first such answer behind a good one is no sign of an attack, and has a reason of
//! its own.

mod authorization;
mod digest;
mod nonce;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use percent_encoding::percent_decode_str;

pub use authorization::{Authorization, Malformed, parse};
pub use digest::{Algorithm, Counted, Digest};

use self::nonce::Nonces;
use super::{Refusal, Shown};
use crate::catalogue::{Challenge, Family};
use crate::fleet::{Access, Phone};
use crate::phone::{Mac, Secret};

/// What phones show beside the prompt, where they ask somebody; it is a part of what is hashed.
const REALM: &str = "offhook";

/// What of a request matters here.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Its `Authorization`.
    pub authorization: Option<&'a str>,
    /// Its method.
    pub method: &'a str,
    /// Its path and query, as they were sent.
    pub target: &'a str,
    /// Whether it came encrypted.
    pub tls: bool,
}

/// Judges passwords, and makes the challenges that ask for them.
#[derive(Debug)]
pub struct Passwords {
    key: hmac::Key,
    nonces: Nonces,
    /// Phones that have answered a challenge wrongly since they answered one well.
    wrong: Mutex<HashSet<Mac>>,
}

impl Passwords {
    /// Under a key that nobody else knows; nonces made under another one are stale.
    pub fn new(key: hmac::Key) -> Passwords {
        Passwords { nonces: Nonces::new(key.clone()), key, wrong: Mutex::default() }
    }

    /// Whether a request shows the phone's password. `now` is the time since the server's start.
    pub fn judge(&self, phone: &Phone, family: &Family, asked: &Request<'_>, now: Duration) -> Shown {
        let Some((access, header)) = with_password(phone).zip(asked.authorization) else { return Shown::Nothing };
        let authorization = match parse(header) {
            Ok(authorization) => authorization,
            Err(what) => {
                tracing::debug!(phone.mac = %phone.mac, "{what}");
                return Shown::Wrong(Refusal::BadAuthorization);
            }
        };
        let (user, verdict) = match &authorization {
            Authorization::Basic { .. } if !asked.tls => return Shown::Wrong(Refusal::BasicInClear),
            Authorization::Basic { user, password } => (user, self.basic(phone.mac, access, user, password)),
            Authorization::Digest(digest) => (&digest.user, self.digest(phone.mac, access, digest, asked, now)),
        };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Ok(()) => {
                wrong.remove(&phone.mac);
                Shown::Good
            }
            Err(Refusal::WrongPassword)
                if family.own_secret_first && is_mac(user, phone.mac) && wrong.insert(phone.mac) =>
            {
                Shown::Wrong(Refusal::OwnSecret)
            }
            Err(refusal) => Shown::Wrong(refusal),
        }
    }

    fn basic(&self, mac: Mac, access: &Access, user: &str, password: &Secret) -> Result<(), Refusal> {
        let known = self.any(access, |known| self.same(known, password.expose()));
        (self.is_user(mac, access, user) & known).then_some(()).ok_or(Refusal::WrongPassword)
    }

    fn digest(
        &self,
        mac: Mac,
        access: &Access,
        digest: &Digest,
        asked: &Request<'_>,
        now: Duration,
    ) -> Result<(), Refusal> {
        let known = self.any(access, |known| self.same(&digest.expected(REALM, known, asked.method), &digest.response));
        if !(self.is_user(mac, access, &digest.user) & known) {
            return Err(Refusal::WrongPassword);
        }
        if !is_same_place(&digest.uri, asked.target) {
            return Err(Refusal::OtherUri);
        }
        self.nonces.spend(&digest.nonce, mac, digest.counted.as_ref().map(|counted| counted.count), now)
    }

    /// Whether something holds of one of a phone's passwords; all are tried, whichever it is.
    fn any(&self, access: &Access, holds: impl Fn(&str) -> bool) -> bool {
        let passwords = access.password.iter().chain(&access.former_password);
        passwords.fold(false, |any, password| any | holds(password.expose()))
    }

    fn is_user(&self, mac: Mac, access: &Access, user: &str) -> bool {
        match &access.user {
            Some(known) => self.same(known, user),
            None => is_mac(user, mac),
        }
    }

    /// Compares in a time that tells nothing of either.
    fn same(&self, known: &str, said: &str) -> bool {
        let tag = hmac::sign(&self.key, known.as_bytes());
        hmac::verify(&self.key, said.as_bytes(), tag.as_ref()).is_ok()
    }

    /// What asks a phone for its password, each the value of a `WWW-Authenticate`; nothing where it has none, or knows no
    /// way to show it. `refusal` is why it is asked; `random` must not have been used before.
    pub fn challenges(
        &self,
        phone: &Phone,
        family: &Family,
        tls: bool,
        refusal: Refusal,
        now: Duration,
        random: [u8; 8],
    ) -> Vec<String> {
        if with_password(phone).is_none() {
            return Vec::new();
        }
        let nonce = self.nonces.mint(phone.mac, now, random);
        let stale = matches!(refusal, Refusal::StaleNonce | Refusal::ReplayedNonce);
        let digest = |algorithm: Algorithm| {
            let stale = if stale { ", stale=true" } else { "" };
            let algorithm = algorithm.name();
            format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}")
        };
        let challenge = |challenge: &Challenge| match challenge {
            Challenge::DigestMd5 => Some(digest(Algorithm::Md5)),
            Challenge::DigestSha256 => Some(digest(Algorithm::Sha256)),
            Challenge::Basic => tls.then(|| format!("Basic realm=\"{REALM}\"")),
        };
        family.challenges.iter().filter_map(challenge).collect()
    }
}

fn with_password(phone: &Phone) -> Option<&Access> {
    phone.access.as_deref().filter(|access| access.password.is_some())
}

fn is_mac(user: &str, mac: Mac) -> bool {
    user.parse() == Ok(mac)
}

/// Whether a client's `uri` is what it asks for. Some write the server before it, and some write `%2e` where others write
/// a dot.
fn is_same_place(uri: &str, target: &str) -> bool {
    let path = match uri.split_once("://") {
        Some((scheme, rest)) if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => uri,
    };
    percent_decode_str(path).eq(percent_decode_str(target))
}

#[cfg(test)]
mod tests;
