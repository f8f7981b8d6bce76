//! The closed loop in a running server: for each phone what it should have and what it last got, and so its state.
//!
//! What a phone got is in the ledger, and what it should have is rendered, by [`Recorded`], and thrown away again; the
//! board remembers what came of it, a few dozen bytes for each phone. It is told of everything that may change a state:
//! of each reload by [`Live`], of each document and refusal by the phones' service, of each phone that somebody asks to
//! come. A document that was just made of what is served needs no rendering: its phone has it. After a reload the phones
//! that it reaches are *checking*, and `checker.rs` looks at them in the background.
//!
//! Two things can cross: what a phone gets, or a reload, and a look at the phone that began before. Each entry has a
//! ticket, which is another one after either; a look that ends with another ticket than it began with is repeated. And
//! a document counts as the right one only while what it was made of is still served: a reload swaps first and tells
//! then, so if that is so under the entry's lock, the reload's own mark comes later.
//!
//! The entries lie under many locks, none of which is held while anything is rendered, read or sent.

mod checker;
mod entry;
mod queue;
mod read;
mod recorded;
mod state;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use compact_str::CompactString;
use tokio::sync::{broadcast, watch};

pub use recorded::{Recorded, Standing};
pub use state::{Change, Counts, FileState, Filter, PhoneFiles, PhoneState, State};

use crate::admit::Refusal;
use crate::journal::now_secs;
use crate::live::{Live, Reloaded, Serving};
use crate::phone::Mac;
use crate::render::RevisionKey;
use crate::server::ledger::Ledger;
use crate::server::onlooker::{Onlooker, Served};
use crate::server::tokens::Tokens;
use checker::Checker;
use entry::Entry;

/// So many locks share the phones.
const SHARDS: usize = 64;
/// So many changes of states wait for somebody who listens; who is slower has to read all anew.
const CHANGES: usize = 4096;

/// The state of every phone of a running server.
pub struct Board {
    live: Arc<Live>,
    ledger: Arc<Ledger>,
    tokens: Arc<Tokens>,
    key: RevisionKey,
    shards: Box<[Mutex<HashMap<Mac, Entry>>]>,
    counts: watch::Sender<Counts>,
    changes: broadcast::Sender<Change>,
    /// The last reload that has been taken note of.
    followed: ArcSwapOption<Serving>,
    /// Whether phones have asked for anything since the checker has last looked.
    phones_ask: AtomicBool,
    tell: Sender<Told>,
}

/// What the checker is told.
enum Told {
    /// To look at every phone.
    Start,
    /// What a reload may have changed.
    Reloaded(Reloaded),
    /// A phone to look at.
    Check(Mac),
}

impl Board {
    /// A board of everything that is served, which follows it from here on; every phone is looked at in the background.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        live: Arc<Live>,
        ledger: Arc<Ledger>,
        tokens: Arc<Tokens>,
        key: RevisionKey,
    ) -> std::io::Result<Arc<Board>> {
        let (tell, told) = channel();
        let reloads = tell.clone();
        live.on_reload(move |reloaded| drop(reloads.send(Told::Reloaded(reloaded))));
        let board = Arc::new(Board {
            live,
            ledger,
            tokens,
            key,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            counts: watch::Sender::default(),
            changes: broadcast::Sender::new(CHANGES),
            followed: ArcSwapOption::empty(),
            phones_ask: AtomicBool::new(false),
            tell,
        });
        board.tell(Told::Start);
        Checker::start(&board, told)?;
        Ok(board)
    }

    /// Takes note that somebody has asked a phone to come.
    pub fn asked(&self, mac: Mac) {
        self.change(mac, Entry::asked);
    }

    /// Takes note that nobody waits for a phone any more that was asked.
    pub fn given_up(&self, mac: Mac) {
        self.change(mac, Entry::given_up);
    }

    /// Looks at a phone again, as after its tokens were revoked.
    pub fn look_again(&self, mac: Mac) {
        if self.change(mac, |entry| entry.check_again(true)) {
            self.tell(Told::Check(mac));
        }
    }

    fn tell(&self, told: Told) {
        // The checker ends when the board does.
        let _ = self.tell.send(told);
    }

    fn shard(&self, mac: Mac) -> MutexGuard<'_, HashMap<Mac, Entry>> {
        let [.., high, low] = mac.bytes();
        let at = usize::from(high ^ low) % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a phone; says whether anything is.
    fn change(&self, mac: Mac, change: impl FnOnce(&mut Entry)) -> bool {
        let mut shard = self.shard(mac);
        let Some(entry) = shard.get_mut(&mac) else { return false };
        let (before, former) = (entry.state(), entry.site.clone());
        change(entry);
        let after = entry.state();
        if before != after || former != entry.site {
            entry.settle(now_secs());
            let former = (former != entry.site).then_some(former);
            self.told(Change { mac, site: entry.site.clone(), state: Some(after), former }, Some(before));
        }
        true
    }

    /// Counts a phone's new state and tells it; its entry is locked, so that its states are told in their order.
    fn told(&self, change: Change, before: Option<State>) {
        let after = change.state;
        // Nobody may listen. Who waits for the counts finds what has changed told.
        let _ = self.changes.send(change);
        self.counts.send_modify(|counts| counts.move_one(before, after));
    }

    /// A phone of a site is to be looked at; says whether that is new.
    fn mark(&self, mac: Mac, site: &CompactString) -> bool {
        let mut was_checking = false;
        let mark = |entry: &mut Entry| {
            was_checking = entry.checking;
            entry.site.clone_from(site);
            entry.check_again(true);
        };
        if !self.change(mac, mark) {
            self.shard(mac).insert(mac, Entry::new(site.clone()));
            self.told(Change { mac, site: site.clone(), state: Some(State::Checking), former: None }, None);
        }
        !was_checking
    }

    /// A phone is not in the fleet any more.
    fn forget(&self, mac: Mac) {
        let mut shard = self.shard(mac);
        if let Some(entry) = shard.remove(&mac) {
            let before = entry.state();
            self.told(Change { mac, site: entry.site, state: None, former: None }, Some(before));
        }
    }

    /// Looks at a phone, if it is to be looked at.
    fn check(&self, mac: Mac) {
        let to_check = |entry: &Entry| entry.checking.then_some((entry.ticket, entry.fresh));
        while let Some((ticket, fresh)) = { self.shard(mac).get(&mac).and_then(to_check) } {
            let is_fresh = |file: usize| fresh.checked_shr(file as u32).unwrap_or_default() & 1 == 1;
            let (standing, wanted) = self.recorded(mac).standing(&self.live.now(), &self.key, mac, is_fresh);
            self.change(mac, |entry| {
                if entry.ticket == ticket {
                    (entry.standing, entry.wanted, entry.checking) = (standing, wanted, false);
                }
            });
        }
    }

    /// Written once for each look only, since all requests share it.
    fn note_that_phones_ask(&self) {
        if !self.phones_ask.load(Ordering::Relaxed) {
            self.phones_ask.store(true, Ordering::Relaxed);
        }
    }

    fn recorded(&self, mac: Mac) -> Recorded {
        Recorded {
            files: self.ledger.files_of(mac),
            firmware: self.ledger.seen().firmware(mac),
            epoch: self.tokens.standing(mac).epoch,
        }
    }
}

impl Onlooker for Board {
    fn served(&self, served: &Served<'_>) {
        self.note_that_phones_ask();
        let mut is_to_check = false;
        self.change(served.mac, |entry| {
            entry.came();
            let is_right = std::ptr::eq(served.serving, &**self.live.current()) && !served.has_new_firmware;
            match served.document {
                Some((at, name)) if is_right => entry.served(at, name),
                // Something else may be right by now.
                Some(_) => entry.check_again(true),
                None => {}
            }
            is_to_check = entry.checking;
        });
        if is_to_check {
            self.tell(Told::Check(served.mac));
        }
    }

    fn refused(&self, mac: Mac, refusal: Refusal, is_challenge: bool) {
        self.note_that_phones_ask();
        if entry::counts(refusal) {
            self.change(mac, |entry| entry.refused(refusal, is_challenge));
        }
    }
}
