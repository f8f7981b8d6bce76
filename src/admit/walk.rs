//! Somebody goes through MACs, one after the other, to see which of them have a file.
//!
//! Phones that are not stored yet look alike: an office may have a dozen new ones. But each of them asks for itself, again
//! and again, while a walker asks for ever new ones, or for neighbours in a row.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use quick_cache::unsync::Cache;

use crate::phone::Mac;

/// So many phones that are not in the fleet, from one source within [`WINDOW`], are a walk.
const MANY: usize = 40;
/// So many in a row, each a little further than the one before, are one too.
const ROW: u32 = 12;
/// How far the next in a row may be.
const STRIDE: u64 = 256;
/// After this time the count begins again.
const WINDOW: Duration = Duration::from_secs(600);
/// A walk that goes on is told again after this time.
const TELL_AGAIN: Duration = Duration::from_secs(300);
/// So many different MACs of one source are told apart.
const MAX_COUNTED: usize = 256;
/// So many sources are watched.
const WATCHED: usize = 4096;

/// A walk, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// The lowest MAC.
    pub low: Mac,
    /// The highest.
    pub high: Mac,
    /// How many different ones, 256 where they are more.
    pub count: usize,
}

/// What the request of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// One for itself, as far as can be seen.
    Stands,
    /// Part of a walk; where it is time to tell it, what the walk is.
    Walks(Option<Walk>),
}

/// What the sources have asked for.
#[derive(Debug)]
pub(super) struct Walks(Cache<IpAddr, Source>);

#[derive(Debug)]
struct Source {
    since: Instant,
    asked: BTreeSet<Mac>,
    last: Mac,
    /// How many have gone up in a row, or down.
    row: (bool, u32),
    walks: bool,
    tell_at: Instant,
}

impl Default for Walks {
    fn default() -> Walks {
        Walks(Cache::new(WATCHED))
    }
}

impl Walks {
    /// A source asks for a phone that is not in the fleet.
    pub(super) fn step(&mut self, source: IpAddr, mac: Mac, now: Instant) -> Step {
        if let Some(mut known) = self.0.get_mut(&source) {
            return known.step(mac, now);
        }
        self.0.insert(source, Source::new(mac, now, now));
        Step::Stands
    }
}

impl Source {
    fn new(mac: Mac, now: Instant, tell_at: Instant) -> Source {
        Source { since: now, asked: BTreeSet::from([mac]), last: mac, row: (true, 1), walks: false, tell_at }
    }

    fn step(&mut self, mac: Mac, now: Instant) -> Step {
        if now.saturating_duration_since(self.since) >= WINDOW {
            *self = Source::new(mac, now, self.tell_at);
        }
        if self.asked.len() < MAX_COUNTED {
            self.asked.insert(mac);
        }
        let (up, distance) = (mac > self.last, number(mac).abs_diff(number(self.last)));
        self.row = match distance {
            // A phone asks for several files.
            0 => self.row,
            1..=STRIDE if up == self.row.0 => (up, self.row.1 + 1),
            1..=STRIDE => (up, 2),
            _ => (up, 1),
        };
        self.last = mac;
        self.walks |= self.asked.len() >= MANY || self.row.1 >= ROW;
        if !self.walks {
            return Step::Stands;
        }
        Step::Walks(self.walk(now))
    }

    fn walk(&mut self, now: Instant) -> Option<Walk> {
        if now < self.tell_at {
            return None;
        }
        self.tell_at = now + TELL_AGAIN;
        Some(Walk { low: *self.asked.first()?, high: *self.asked.last()?, count: self.asked.len() })
    }
}

fn number(mac: Mac) -> u64 {
    mac.bytes().iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
