//! Telling of failures without flooding the log, and remembering the last ones.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::{Fault, HandshakeFailure};
use crate::catalogue::Catalogue;

/// So many of the last failures are remembered.
const KEPT: usize = 128;

/// A source's fault is told once in so many seconds…
const WHILE_SECS: u64 = 600;

/// …and no more than so many of them in that time, whoever calls.
const MOST_TOLD: usize = 64;

/// Tells failures, and remembers the last ones.
#[derive(Default)]
pub(in crate::server) struct Doctor(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    last: VecDeque<HandshakeFailure>,
    told: HashSet<(IpAddr, Fault)>,
    since_secs: u64,
}

impl Doctor {
    /// Takes note of a failure.
    pub(in crate::server) fn see(&self, mut failure: HandshakeFailure, catalogue: &Catalogue) {
        failure.recognise(catalogue);
        let (peer, listener, fault) = (failure.peer, failure.listener, failure.fault.code());
        match self.note(failure.clone()) {
            true => tracing::warn!(peer = %peer, listener, fault, "{failure}"),
            false => tracing::debug!(peer = %peer, listener, fault, "{failure}"),
        }
    }

    /// The last failures, the oldest first.
    pub(in crate::server) fn last(&self) -> Vec<HandshakeFailure> {
        self.memory().last.iter().cloned().collect()
    }

    /// Remembers a failure, and says whether it is news.
    fn note(&self, failure: HandshakeFailure) -> bool {
        let mut memory = self.memory();
        // A clock that was set back begins a new while too.
        if failure.at_secs.abs_diff(memory.since_secs) > WHILE_SECS {
            memory.since_secs = failure.at_secs;
            memory.told.clear();
        }
        let (peer, fault) = (failure.peer, failure.fault);
        if memory.last.len() == KEPT {
            memory.last.pop_front();
        }
        memory.last.push_back(failure);
        // What does not speak TLS is no phone.
        fault != Fault::NotTls && memory.told.len() < MOST_TOLD && memory.told.insert((peer, fault))
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(at_secs: u64, peer: u32, fault: Fault) -> HandshakeFailure {
        let peer = IpAddr::from(peer.to_be_bytes());
        HandshakeFailure { at_secs, peer, listener: 0, fault, reason: String::new(), offer: None, likely: Vec::new() }
    }

    #[test]
    fn a_fault_of_a_source_is_news_once_in_a_while() {
        let doctor = Doctor::default();
        for (at_secs, peer, fault, news) in [
            (1000, 1, Fault::OldVersion, true),
            (1001, 1, Fault::OldVersion, false),
            (1002, 1, Fault::Slow, true),
            (1003, 2, Fault::OldVersion, true),
            (1004, 3, Fault::NotTls, false),
            (1601, 1, Fault::OldVersion, true),
            (500, 1, Fault::OldVersion, true),
        ] {
            assert_eq!(doctor.note(failure(at_secs, peer, fault)), news, "{at_secs} {peer} {fault:?}");
        }
        assert_eq!(doctor.last().len(), 7);
    }

    #[test]
    fn however_many_call_little_is_told_and_kept() {
        let doctor = Doctor::default();
        let news = (0..10_000).filter(|peer| doctor.note(failure(1000, *peer, Fault::Slow))).count();
        assert_eq!(news, MOST_TOLD);
        let last = doctor.last();
        assert_eq!((last.len(), last[KEPT - 1].peer), (KEPT, IpAddr::from(9_999_u32.to_be_bytes())));
    }
}
