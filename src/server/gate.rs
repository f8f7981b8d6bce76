//! How often phones and strangers may ask, put to work: the clock, the log, and answers that are held back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::decided::Decided;
use super::{Asked, Reply, StatusCode};
use crate::admit::{Limits, Pace, Refusal, Way};
use crate::phone::Mac;

/// Whoever asks too often is asked to come again after this time at the earliest. Most phones ignore it, and ask again
/// by a timer of their own.
const SOONEST: Duration = Duration::from_secs(30);

/// The limits of all who ask.
#[derive(Default)]
pub(super) struct Gate(Mutex<Limits>);

impl Gate {
    /// The answer to a phone that has shown that it is the one.
    pub(super) fn right(&self, mac: Mac, asked: &Asked<'_>, answer: impl FnOnce() -> Decided) -> Decided {
        if way(asked).is_loopback() {
            return answer();
        }
        let passed = self.lock().phone(mac, asked.peer.ip(), Instant::now());
        let Err(too_many) = passed else { return answer() };
        if too_many.tell {
            let (peer, reason) = (asked.peer.ip(), Refusal::TooMany.code());
            tracing::warn!(phone.mac = %mac, %peer, reason, "`{mac}` asks for its files again and again, and has to wait");
        }
        not_now(too_many.retry_after)
    }

    /// The answer to somebody who has shown something wrong for a phone of the fleet.
    pub(super) fn wrong(&self, mac: Mac, asked: &Asked<'_>, answer: impl FnOnce() -> Decided) -> Decided {
        let pace = self.lock().wrong(mac, asked.peer.ip(), Instant::now());
        paced(pace, mac, asked, answer)
    }

    /// The answer to somebody who has asked for a phone that is not in the fleet.
    pub(super) fn unknown(&self, mac: Mac, asked: &Asked<'_>, answer: impl FnOnce() -> Decided) -> Decided {
        let peer = asked.peer.ip();
        let (pace, walk) = self.lock().unknown(mac, peer, Instant::now());
        if let Some(walk) = walk {
            let (low, high, count) = (walk.low, walk.high, walk.count);
            tracing::warn!(%peer, count, "`{peer}` asks for one unknown phone after the other, from `{low}` to `{high}`: it is answered slowly");
        }
        paced(pace, mac, asked, answer)
    }

    fn lock(&self) -> MutexGuard<'_, Limits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a request came in.
pub(super) fn way(asked: &Asked<'_>) -> Way {
    Way { peer: asked.peer.ip(), local: asked.local.ip(), forwarded: asked.forwarded }
}

fn paced(pace: Pace, mac: Mac, asked: &Asked<'_>, answer: impl FnOnce() -> Decided) -> Decided {
    match pace {
        Pace::After(Duration::ZERO) => answer(),
        Pace::After(delay) => {
            let mut decided = answer();
            decided.reply.delay = Some(delay);
            decided
        }
        Pace::NotNow(wait) => {
            // Each of them is one of many, of which the log has heard already.
            let (peer, reason) = (asked.peer.ip(), Refusal::TooMany.code());
            tracing::debug!(phone.mac = %mac, %peer, reason, "not answered: {}", Refusal::TooMany);
            not_now(wait)
        }
    }
}

/// 503, which is as old as HTTP, and makes a phone keep what it has and ask again; 429 is younger than many phones.
fn not_now(wait: Duration) -> Decided {
    let seconds = wait.max(SOONEST).as_secs_f64().ceil() as u32;
    let reply = Reply { retry_after_secs: Some(seconds), ..Reply::empty(StatusCode::SERVICE_UNAVAILABLE) };
    Decided { refusal: Some(Refusal::TooMany), ..reply.into() }
}
