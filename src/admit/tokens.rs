//! Secret tokens in the path, in two stages.
//!
//! The *first-boot* token is what somebody types into a phone, or hands to a DHCP server or the maker's redirect
//! service, so it is seen by more people than it should be. The first file that the phone gets carries another one, the
//! *steady* token, in the address at which it asks from then on; when that is used for the first time the first-boot
//! token is dead. A phone that was reset to its factory state knows the first-boot token at best: a [`Window`] lets it
//! begin anew, for a time.
//!
//! No token is stored. Both are derived from a key, the phone's MAC and its *epoch*, a number that is another one after
//! each revocation. What is stored is what has become of them: a [`Standing`], made of orders and [`Fact`]s, which may
//! be told again and in any order.

use std::net::IpAddr;
use std::sync::LazyLock;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::{Encoding, Specification};
use ipnet::IpNet;
use smallvec::{SmallVec, smallvec};
use zeroize::Zeroizing;

use super::{Refusal, Shown};
use crate::phone::Mac;

/// No window is open for longer.
pub const LONGEST_WINDOW_SECS: u64 = 24 * 3600;

/// A token's bytes: 128 bits.
const BYTES: usize = 16;

/// Crockford's digits: none looks like another, and those that people mistake for them count as them.
static DIGITS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut digits = Specification::new();
    digits.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    digits.translate.from.push_str("ABCDEFGHJKMNPQRSTVWXYZoOiIlL");
    digits.translate.to.push_str("abcdefghjkmnpqrstvwxyz001111");
    digits.encoding().expect("32 digits, each once")
});

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// To fetch the first file.
    FirstBoot,
    /// For every file after it.
    Steady,
}

/// The key from which all tokens are derived.
pub struct TokenKey(hmac::Key);

impl TokenKey {
    /// A key from its bytes.
    pub fn new(bytes: &[u8]) -> TokenKey {
        TokenKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// A phone's token: 26 digits and lower-case letters.
    pub fn token(&self, mac: Mac, epoch: u64, stage: Stage) -> Zeroizing<String> {
        Zeroizing::new(DIGITS.encode(&self.bytes(mac, epoch, stage)))
    }

    fn bytes(&self, mac: Mac, epoch: u64, stage: Stage) -> [u8; BYTES] {
        let stage: &[u8] = match stage {
            Stage::FirstBoot => b"first",
            Stage::Steady => b"steady",
        };
        let tag = hmac::sign(&self.0, &[&mac.bytes()[..], &epoch.to_be_bytes(), stage].concat());
        std::array::from_fn(|at| tag.as_ref()[at])
    }

    /// Which of a phone's tokens this is. How long that takes tells nothing about them.
    fn stage_of(&self, mac: Mac, epoch: u64, asked: &str) -> Option<Stage> {
        let asked = DIGITS.decode(asked.as_bytes()).ok()?;
        let is = |stage| verify_slices_are_equal(&self.bytes(mac, epoch, stage), &asked).is_ok();
        match (is(Stage::FirstBoot), is(Stage::Steady)) {
            (_, true) => Some(Stage::Steady),
            (true, _) => Some(Stage::FirstBoot),
            _ => None,
        }
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

/// Whether a text has the form of a token, whosever it may be.
pub fn is_token(text: &str) -> bool {
    DIGITS.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == BYTES)
}

/// A time in which a phone may begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// A number that no other window has.
    pub id: u64,
    /// Only from this network; a phone that asks from it needs no token.
    pub from: Option<IpNet>,
    /// Since when, in seconds since 1970.
    pub opened: u64,
    /// Until when.
    pub until: u64,
}

impl Window {
    /// A clock that was set back closes it.
    fn is_open(&self, now: u64) -> bool {
        let until = self.until.min(self.opened.saturating_add(LONGEST_WINDOW_SECS));
        (self.opened..until).contains(&now)
    }

    fn is_for(&self, peer: IpAddr) -> bool {
        self.from.is_none_or(|from| from.contains(&peer))
    }
}

/// What has happened to a phone's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// In this epoch the steady token was used, so the first-boot token is dead.
    Settled(u64),
    /// A file was fetched by way of this window.
    Entered(u64),
    /// The steady token was used after that, so this window is closed.
    Closed(u64),
}

/// Facts that follow from one request.
pub type Facts = SmallVec<[Fact; 2]>;

/// How a phone's tokens stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Only tokens of this epoch are good.
    pub epoch: u64,
    /// The last window that was opened in this epoch.
    pub window: Option<Window>,
    /// The last fact of each kind.
    settled: Option<u64>,
    entered: Option<u64>,
    closed: Option<u64>,
}

/// What a request shows on the rung of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is good.
    pub shown: Shown,
    /// What follows from it, once it got a file.
    pub facts: Facts,
}

impl Standing {
    /// Judges a request by the token in its path, if it has one; `now` is in seconds since 1970.
    pub fn judge(&self, key: &TokenKey, mac: Mac, asked: Option<&str>, peer: IpAddr, now: u64) -> Judged {
        let window = self.open_window(now).filter(|window| window.is_for(peer));
        let entered = |window: Window| (self.entered != Some(window.id)).then_some(Fact::Entered(window.id));
        let good = |facts: Facts| Judged { shown: Shown::Good, facts };
        let not_good = |shown| Judged { shown, facts: Facts::new() };
        match (asked.and_then(|asked| key.stage_of(mac, self.epoch, asked)), window) {
            (Some(Stage::Steady), _) => good(self.settles()),
            (Some(Stage::FirstBoot), Some(window)) => good(entered(window).into_iter().collect()),
            (None, Some(window)) if window.from.is_some() => good(entered(window).into_iter().collect()),
            (Some(Stage::FirstBoot), None) if self.is_settled() => not_good(Shown::Wrong(Refusal::SpentToken)),
            (Some(Stage::FirstBoot), None) => good(smallvec![]),
            (None, _) if asked.is_some() => not_good(Shown::Wrong(Refusal::WrongToken)),
            (None, _) => not_good(Shown::Nothing),
        }
    }

    /// The window by which the phone may begin anew.
    pub fn open_window(&self, now: u64) -> Option<Window> {
        self.window.filter(|window| self.closed != Some(window.id) && window.is_open(now))
    }

    /// Whether the first-boot token is dead, unless a window is open.
    pub fn is_settled(&self) -> bool {
        self.settled == Some(self.epoch)
    }

    /// What follows from a use of the steady token.
    fn settles(&self) -> Facts {
        let settled = (!self.is_settled()).then_some(Fact::Settled(self.epoch));
        let used = self.window.filter(|window| self.entered == Some(window.id) && self.closed != Some(window.id));
        settled.into_iter().chain(used.map(|window| Fact::Closed(window.id))).collect()
    }

    /// Takes note of a fact.
    pub fn know(&mut self, fact: Fact) {
        match fact {
            Fact::Settled(epoch) => self.settled = Some(epoch),
            Fact::Entered(window) => self.entered = Some(window),
            Fact::Closed(window) => self.closed = Some(window),
        }
    }

    /// What is known, to be written down.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let facts = [self.settled.map(Fact::Settled), self.entered.map(Fact::Entered), self.closed.map(Fact::Closed)];
        facts.into_iter().flatten()
    }

    /// Kills every token and window that there was.
    pub fn revoke(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.window = None;
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
