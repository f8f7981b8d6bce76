//! Pairing: a short code on a phone's screen, by which the phone in somebody's hand is told from all others.
//!
//! Each code has a *token* of its own, which stands in the address at which the phone asks while it waits. The code is
//! for people and lives a few minutes; the token is for the phone, and is good for nothing until somebody who has read
//! the code claims the phone. Then that token is *blessed*: it counts as the phone's token until the phone shows what is
//! really its own, or for a day.
//!
//! Neither is stored. Both are derived from a key and a random number, the [`Nonce`], so what is written down tells
//! nothing without the key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use super::Shown;

/// How long a code lives.
pub const CODE_LIFE_SECS: u64 = 600;

/// How long a blessed token is good at the most.
pub const BLESSED_SECS: u64 = 24 * 3600;

/// So many wrong codes in the life of one, and no code is looked at for a while.
pub const WRONG_CODES: usize = 10;

/// Digits and capitals of which none looks like another on a small screen: without 0 O Q D, 1 I L, 2 Z, 5 S, 8 B, G, U V
/// M N.
const SIGNS: &str = "34679ACEFHJKPRTWXY";

/// A code's signs. There are 34 million codes: who may try ten in ten minutes needs years to hit one of ten that live.
const LENGTH: usize = 6;

/// What a pairing token begins with, so that it is no other kind of token.
const PREFIX: &str = "pair-";

/// A token's bytes: 128 bits.
const BYTES: usize = 16;

/// A random number of which a code and its token are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub [u8; BYTES]);

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Nonce, D::Error> {
        let bytes = HEXLOWER.decode(String::deserialize(deserializer)?.as_bytes()).map_err(de::Error::custom)?;
        bytes.try_into().map(Nonce).map_err(|_| de::Error::custom("16 bytes were expected"))
    }
}

/// A code that a phone was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// What it and its token are made of.
    pub nonce: Nonce,
    /// When, in seconds since 1970.
    pub minted: u64,
}

impl Pairing {
    /// Whether somebody may claim by it. A clock that was set back ends its life.
    pub fn lives(&self, now: u64) -> bool {
        (self.minted..self.minted.saturating_add(CODE_LIFE_SECS)).contains(&now)
    }
}

/// A claimed phone's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blessing {
    /// What it is made of.
    pub nonce: Nonce,
    /// Until when it is good, in seconds since 1970.
    pub until: u64,
}

impl Blessing {
    /// What a token from a request's path is worth. One that is not blessed is nothing wrong: phones that wait ask so.
    pub fn judge(&self, key: &PairingKey, asked: &str, now: u64) -> Shown {
        match now < self.until && key.is_token(self.nonce, asked) {
            true => Shown::Good,
            false => Shown::Nothing,
        }
    }
}

/// A code, as a screen shows it: `K7W-4PX`.
#[derive(Clone, Copy)]
pub struct Code([u8; LENGTH]);

/// What was given is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A sign that no code has.
    #[error("`{0}` is in no code: they are made of {SIGNS}")]
    Sign(char),
    /// Too long, or too short.
    #[error("a code has {LENGTH} signs, such as K7W-4PX, and this has {0}")]
    Length(usize),
}

impl Code {
    /// Whether it is the same. How long that takes tells nothing.
    pub fn is(&self, other: &Code) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Code, CodeError> {
        let signs: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let known = |c: &char| SIGNS.bytes().find(|sign| char::from(*sign) == c.to_ascii_uppercase());
        let bytes = signs.iter().map(|c| known(c).ok_or(CodeError::Sign(*c))).collect::<Result<Vec<u8>, _>>()?;
        bytes.try_into().map(Code).map_err(|_| CodeError::Length(signs.len()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, other) = self.0.split_at(LENGTH / 2);
        write!(f, "{}-{}", one.escape_ascii(), other.escape_ascii())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code")
    }
}

/// The key from which codes and tokens are made.
pub struct PairingKey(hmac::Key);

impl PairingKey {
    /// A key from its bytes.
    pub fn new(bytes: &[u8]) -> PairingKey {
        PairingKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The code that a person types.
    pub fn code(&self, nonce: Nonce) -> Code {
        let tag = self.tag(nonce, b"code");
        let mut number = tag[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Code(std::array::from_fn(|_| {
            let sign = SIGNS.as_bytes()[(number % SIGNS.len() as u64) as usize];
            number /= SIGNS.len() as u64;
            sign
        }))
    }

    /// The token that the phone asks with: letters, digits and a hyphen.
    pub fn token(&self, nonce: Nonce) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", HEXLOWER.encode(&self.tag(nonce, b"token")[..BYTES])))
    }

    /// Whether this is the token. How long that takes tells nothing about it.
    pub fn is_token(&self, nonce: Nonce, asked: &str) -> bool {
        verify_slices_are_equal(self.token(nonce).as_bytes(), asked.as_bytes()).is_ok()
    }

    fn tag(&self, Nonce(nonce): Nonce, what: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &[&nonce[..], what].concat());
        std::array::from_fn(|at| tag.as_ref()[at])
    }
}

impl fmt::Debug for PairingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingKey")
    }
}

/// Whether a token from a path has the form of a pairing token, whosever it may be.
pub fn is_pairing_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// How many wrong codes may still be given, after those at these times.
///
/// # Errors
/// None may: after how many seconds one may again.
pub fn tries_left(wrong: &[u64], now: u64) -> Result<usize, u64> {
    let recent = |at: &&u64| now.saturating_sub(**at) < CODE_LIFE_SECS;
    let count = wrong.iter().filter(recent).count();
    match WRONG_CODES.saturating_sub(count) {
        0 => {
            // The oldest of the last ten has to be forgotten first.
            let mut times: Vec<u64> = wrong.iter().filter(recent).copied().collect();
            times.sort_unstable();
            let oldest = times[times.len() - WRONG_CODES];
            Err((oldest + CODE_LIFE_SECS).saturating_sub(now).clamp(1, CODE_LIFE_SECS))
        }
        left => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key() -> PairingKey {
        PairingKey::new(&[7; 32])
    }

    fn nonce(n: u32) -> Nonce {
        Nonce(std::array::from_fn(|at| n.to_be_bytes().get(at).copied().unwrap_or_default()))
    }

    #[test]
    fn codes_and_tokens_follow_from_key_and_nonce() {
        let (key, other) = (key(), PairingKey::new(&[8; 32]));
        let shown = |key: &PairingKey, n| (key.code(nonce(n)).to_string(), key.token(nonce(n)).to_string());
        assert_eq!(shown(&key, 1), shown(&key, 1));
        for different in [shown(&key, 2), shown(&other, 1)] {
            assert_ne!(shown(&key, 1).0, different.0);
            assert_ne!(shown(&key, 1).1, different.1);
        }
        let (code, token) = shown(&key, 1);
        assert!(code.len() == 7 && &code[3..4] == "-", "{code}");
        assert!(token.len() == 37 && is_pairing_token(&token), "{token}");
        assert!(key.is_token(nonce(1), &token) && !key.is_token(nonce(2), &token) && !key.is_token(nonce(1), &code));
    }

    #[test]
    fn every_sign_is_used_and_codes_seldom_meet() {
        let codes: HashSet<String> = (0..2000).map(|n| key().code(nonce(n)).to_string()).collect();
        assert!(codes.len() >= 1999, "{}", codes.len());
        for place in [0, 1, 2, 4, 5, 6] {
            let signs: HashSet<u8> = codes.iter().map(|code| code.as_bytes()[place]).collect();
            assert_eq!(signs.len(), SIGNS.len(), "{place}");
        }
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = key().code(nonce(1));
        let text = code.to_string();
        for written in [text.clone(), text.to_lowercase(), text.replace('-', ""), text.replace('-', " - ")] {
            assert!(written.parse::<Code>().unwrap().is(&code), "{written}");
        }
        assert!(!"333-333".parse::<Code>().unwrap().is(&code));
        for (written, wrong) in [
            ("K7W-4P0", "`0` is in no code: they are made of 34679ACEFHJKPRTWXY"),
            ("K7W-4PÉ", "`É` is in no code: they are made of 34679ACEFHJKPRTWXY"),
            ("K7W-4P", "a code has 6 signs, such as K7W-4PX, and this has 5"),
            ("K7W-4PX3", "a code has 6 signs, such as K7W-4PX, and this has 7"),
            ("", "a code has 6 signs, such as K7W-4PX, and this has 0"),
        ] {
            assert_eq!(written.parse::<Code>().unwrap_err().to_string(), wrong);
        }
        assert_eq!(format!("{code:?} {:?}", key()), "code PairingKey");
    }

    #[test]
    fn a_code_lives_ten_minutes() {
        let pairing = Pairing { nonce: nonce(1), minted: 1000 };
        for (now, lives) in [(999, false), (1000, true), (1599, true), (1600, false), (u64::MAX, false)] {
            assert_eq!(pairing.lives(now), lives, "{now}");
        }
    }

    #[test]
    fn a_blessing_is_for_one_token_and_one_day() {
        let blessing = Blessing { nonce: nonce(1), until: 1000 };
        let (token, other) = (key().token(nonce(1)), key().token(nonce(2)));
        assert_eq!(blessing.judge(&key(), &token, 999), Shown::Good);
        assert_eq!(blessing.judge(&key(), &token, 1000), Shown::Nothing);
        assert_eq!(blessing.judge(&key(), &other, 999), Shown::Nothing);
        assert_eq!(blessing.judge(&key(), "", 999), Shown::Nothing);
    }

    #[test]
    fn ten_wrong_codes_in_ten_minutes() {
        let wrong = |times: &[(u64, usize)]| -> Vec<u64> {
            times.iter().flat_map(|(at, count)| std::iter::repeat_n(*at, *count)).collect()
        };
        for (times, now, left) in [
            (&[][..], 1000, Ok(10)),
            (&[(1000, 9)], 1001, Ok(1)),
            (&[(1000, 10)], 1001, Err(599)),
            (&[(1000, 10)], 1599, Err(1)),
            (&[(1000, 10)], 1600, Ok(10)),
            (&[(1000, 5), (1300, 5)], 1301, Err(299)),
            (&[(1000, 5), (1300, 5)], 1600, Ok(5)),
            (&[(1000, 5), (1300, 10)], 1301, Err(599)),
            // A clock that was set back.
            (&[(1000, 10)], 10, Err(600)),
        ] {
            assert_eq!(tries_left(&wrong(times), now), left, "{times:?} at {now}");
        }
    }
}
