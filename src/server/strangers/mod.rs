//! Phones that nobody has claimed: who was seen, which codes wait, which claimed phones may come with their token.
//!
//! All of it is in memory, and a thread of its own writes it to the state folder after each change, whole and aside: what
//! phones do costs them no wait and the disk no more than the table's size. Commands read that file, and tell what they
//! have done by [orders](super::orders).

mod keeper;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};

use super::orders::{Order, Told as Ordered};
use super::record::text;
use crate::admit::Shown;
use crate::admit::pairing::{BLESSED_SECS, Blessing, Nonce, Pairing, PairingKey, tries_left};
use crate::folder::{key, rewrite, writing};
use crate::phone::Mac;
use keeper::Keeper;

pub use table::{Bounds, Stranger, Table, Told, source_of};

const KEY: &str = "pairing.key";
const FILE: &str = "strangers.log";
/// When wrong codes were given.
const WRONG: &str = "wrong-codes.log";
/// No maker's product or firmware is named by more characters.
const LONGEST: usize = 64;

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line {
    Stranger(Box<Stranger>),
    Spent(Spent),
}

/// A blessing that is over before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Spent {
    nonce: Nonce,
    until: u64,
}

#[derive(Debug, Default)]
struct State {
    table: Table,
    blessed: HashMap<Mac, Blessing>,
    /// The orders that blessed them stand in the state folder for a day.
    spent: Vec<Spent>,
}

impl State {
    fn lines(&self) -> Vec<String> {
        let strangers = self.table.all().into_iter().map(|known| Line::Stranger(Box::new(known.clone())));
        let lines = strangers.chain(self.spent.iter().copied().map(Line::Spent));
        lines.filter_map(|line| Some(serde_json::to_string(&line).ok()? + "\n")).collect()
    }

    fn spend(&mut self, mac: Mac) -> bool {
        let blessing = self.blessed.remove(&mac);
        self.spent.extend(blessing.map(|Blessing { nonce, until }| Spent { nonce, until }));
        blessing.is_some()
    }
}

/// Everything that is remembered of phones that nobody has claimed.
#[derive(Debug)]
pub struct Strangers {
    key: PairingKey,
    state: Arc<RwLock<State>>,
    keeper: Option<Keeper>,
}

/// What became of a phone that asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// It was not seen before.
    pub is_new: bool,
    /// Its code, if one was wanted.
    pub pairing: Option<Pairing>,
    /// Another one waits under the same MAC, since just now.
    pub has_rival: bool,
}

impl Strangers {
    /// Opens what a state folder remembers; orders that hold are told by [`Strangers::hear`].
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn open(folder: &Path) -> std::io::Result<Strangers> {
        let key = PairingKey::new(&key(folder, KEY)?);
        let mut state = State::default();
        for line in lines(folder)? {
            match line {
                Line::Stranger(known) => drop(state.table.put(*known)),
                Line::Spent(spent) => state.spent.push(spent),
            }
        }
        let state = Arc::new(RwLock::new(state));
        let keeper = Keeper::start(folder.join(FILE), state.clone())?;
        Ok(Strangers { key, state, keeper: Some(keeper) })
    }

    /// Remembers nothing over a restart.
    pub fn in_memory() -> Strangers {
        let key = PairingKey::new(&nonce().expect("the system gives random numbers").0);
        Strangers { key, state: Arc::default(), keeper: None }
    }

    /// The key of codes and tokens.
    pub fn key(&self) -> &PairingKey {
        &self.key
    }

    /// Notes that a phone asks, with a token or without, and gives it a code if one is `wanted`. `now` is in seconds
    /// since 1970. None: too many wait for this MAC already.
    pub fn meet(
        &self,
        mac: Mac,
        source: IpAddr,
        told: Told,
        token: Option<&str>,
        wanted: bool,
        now: u64,
    ) -> Option<Met> {
        let mut state = self.write();
        let bearer = |nonce| token.is_some_and(|token| self.key.is_token(nonce, token));
        let known = state.table.meet(mac, source, printable(told), bearer, now)?;
        let is_new = known.count == 1;
        let renewed = wanted && !known.waits(now);
        if renewed {
            known.pairing = nonce().map(|nonce| Pairing { nonce, minted: now });
        }
        let pairing = known.pairing.filter(|_| wanted);
        let has_rival = renewed && state.table.waiting(mac, now) > 1;
        drop(state);
        self.changed();
        Some(Met { is_new, pairing, has_rival })
    }

    /// What the token of a request is worth on the rung of tokens.
    pub fn judge(&self, mac: Mac, token: &str, now: u64) -> Shown {
        let blessing = self.read().blessed.get(&mac).copied();
        blessing.map_or(Shown::Nothing, |blessing| blessing.judge(&self.key, token, now))
    }

    /// Notes that a phone got its file, and whether it has `shown_its_own` by now, so that it needs no blessing any more.
    pub fn served(&self, mac: Mac, shown_its_own: bool) {
        let knows =
            |state: &State| !state.table.of(mac).is_empty() || state.blessed.contains_key(&mac) && shown_its_own;
        if !knows(&self.read()) {
            return;
        }
        let mut state = self.write();
        state.table.forget(mac);
        if shown_its_own && state.spend(mac) {
            tracing::info!(phone.mac = %mac, "`{mac}` shows what is its own: its pairing token is dead");
        }
        drop(state);
        self.changed();
    }

    /// Does what a command tells.
    pub fn hear(&self, told: &Ordered) {
        let mut state = self.write();
        state.spent.retain(|spent| told.at < spent.until);
        match told.order {
            Order::Bless { mac, pairing, until } if !state.spent.iter().any(|spent| spent.nonce == pairing) => {
                let until = until.min(told.at.saturating_add(BLESSED_SECS));
                state.table.use_up(mac, pairing);
                state.blessed.insert(mac, Blessing { nonce: pairing, until });
            }
            Order::RevokeTokens { mac } => drop(state.spend(mac)),
            _ => return,
        }
        drop(state);
        self.changed();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.keeper.iter().for_each(Keeper::wake);
    }
}

/// A random number; none if the system has none.
fn nonce() -> Option<Nonce> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok().map(|()| Nonce(bytes))
}

/// What phones say of themselves is shown to people, so nothing stays of it but what a maker would write.
fn printable(told: Told) -> Told {
    let fine = |text: &compact_str::CompactString| {
        text.len() <= LONGEST && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    Told { product: told.product.filter(fine), firmware: told.firmware.filter(fine), ..told }
}

fn lines(folder: &Path) -> std::io::Result<Vec<Line>> {
    Ok(text(&folder.join(FILE))?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The strangers that the server of a state folder has seen, the last one first; and its key.
///
/// # Errors
/// The folder cannot be read, or has no key and cannot be written.
pub fn look(folder: &Path) -> std::io::Result<(Vec<Stranger>, PairingKey)> {
    let strangers = lines(folder)?.into_iter().filter_map(|line| match line {
        Line::Stranger(known) => Some(*known),
        Line::Spent(_) => None,
    });
    let mut strangers: Vec<Stranger> = strangers.collect();
    strangers.reverse();
    Ok((strangers, PairingKey::new(&key(folder, KEY)?)))
}

/// How many wrong codes may still be given to commands on this state folder.
///
/// # Errors
/// The folder cannot be read; inside, that none may, and after how many seconds one may again.
pub fn tries(folder: &Path, now: u64) -> std::io::Result<Result<usize, u64>> {
    Ok(tries_left(&wrong_codes(folder)?, now))
}

/// Notes that a wrong code was given.
///
/// # Errors
/// The folder cannot be written.
pub fn note_wrong_code(folder: &Path, now: u64) -> std::io::Result<()> {
    let _writing = writing(folder)?;
    let mut times = wrong_codes(folder)?;
    times.push(now);
    times.retain(|at| now.saturating_sub(*at) < crate::admit::pairing::CODE_LIFE_SECS);
    rewrite(&folder.join(WRONG), times.iter().map(|at| format!("{at}\n")))
}

fn wrong_codes(folder: &Path) -> std::io::Result<Vec<u64>> {
    Ok(text(&folder.join(WRONG))?.lines().filter_map(|line| line.parse().ok()).collect())
}
