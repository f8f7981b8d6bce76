//! Nonces: each is made for one phone, good for a time, and counted so that nothing can be sent twice.
//!
//! A nonce carries its own time and a tag under the server's key, so that those which nobody has answered cost no memory.
//! Remembered is how often one was used, and only those are remembered with which somebody has shown the right password.
//! When there are too many, the oldest is forgotten, and from then on no nonce as old as that counts as fresh.
//!
//! Time is that since the server's start, which no clock can set back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;

use super::super::Refusal;
use crate::phone::Mac;

/// How long a nonce is good. A phone that uses it longer is told a new one, and need not ask its user.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How many used ones are remembered: 3 MB, and several seconds of the greatest storm.
const MAX_USED: usize = 65_536;

/// A nonce's time in microseconds above its random part, so that nonces sort by their age.
type Id = u128;

/// Makes nonces, and takes each use of them once.
#[derive(Debug)]
pub(super) struct Nonces {
    key: hmac::Key,
    max_used: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// The highest count of each.
    counts: BTreeMap<Id, u32>,
    /// The youngest of those that were forgotten.
    forgotten: Id,
}

impl Nonces {
    pub fn new(key: hmac::Key) -> Nonces {
        Nonces { key, max_used: MAX_USED, used: Mutex::default() }
    }

    /// A new one for a phone, in letters, digits, `-` and `_`.
    pub fn mint(&self, mac: Mac, now: Duration, random: [u8; 8]) -> String {
        let id = first_at(now) | Id::from(u64::from_be_bytes(random));
        BASE64URL_NOPAD.encode(&[id.to_be_bytes(), self.tag(id, mac)].concat())
    }

    /// Uses one; `count` is none where the client does not count: then it is good once.
    pub fn spend(&self, nonce: &str, mac: Mac, count: Option<u32>, now: Duration) -> Result<(), Refusal> {
        let id = self.id_of(nonce, mac).ok_or(Refusal::StaleNonce)?;
        let oldest = first_at(now.saturating_sub(LIFETIME));
        if id < oldest {
            return Err(Refusal::StaleNonce);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.counts.get(&id) {
            Some(last) if count.is_none_or(|count| count <= *last) => return Err(Refusal::ReplayedNonce),
            None if id <= used.forgotten => return Err(Refusal::StaleNonce),
            _ => {}
        }
        used.counts.insert(id, count.unwrap_or(u32::MAX));
        used.forget(self.max_used, oldest);
        Ok(())
    }

    /// What a nonce says, if it is one of ours for this phone.
    fn id_of(&self, nonce: &str, mac: Mac) -> Option<Id> {
        let bytes = BASE64URL_NOPAD.decode(nonce.as_bytes()).ok()?;
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        let id = Id::from_be_bytes(*id);
        verify_slices_are_equal(&self.tag(id, mac), tag).ok()?;
        Some(id)
    }

    fn tag(&self, id: Id, mac: Mac) -> [u8; 16] {
        let mut tag = [0; 16];
        let whole = hmac::sign(&self.key, &[&id.to_be_bytes()[..], &mac.bytes()].concat());
        tag.copy_from_slice(&whole.as_ref()[..16]);
        tag
    }
}

impl Used {
    /// Forgets those that have expired, and the oldest of too many.
    fn forget(&mut self, max: usize, oldest: Id) {
        while let Some(first) = self.counts.first_entry() {
            if *first.key() < oldest {
                first.remove();
            } else if self.counts.len() > max {
                self.forgotten = self.counts.pop_first().map_or(self.forgotten, |(id, _)| id);
            } else {
                break;
            }
        }
    }
}

/// The first that there could be at a time.
fn first_at(time: Duration) -> Id {
    time.as_micros() << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac::from_bytes([0, 0x15, 0x65, 0xaa, 0xbb, 1]);

    fn nonces(key: &[u8]) -> Nonces {
        Nonces::new(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_nonce_is_good_for_five_minutes() {
        let nonces = nonces(b"key");
        let nonce = nonces.mint(MAC, at(1000), [7; 8]);
        assert_eq!(nonce.len(), 43);
        for (count, secs, verdict) in [
            (1, 1000, Ok(())),
            (2, 1300, Ok(())),
            (3, 1301, Err(Refusal::StaleNonce)),
            // Were the time to jump back, nobody would be locked out.
            (4, 10, Ok(())),
        ] {
            assert_eq!(nonces.spend(&nonce, MAC, Some(count), at(secs)), verdict, "{count} at {secs}");
        }
    }

    #[test]
    fn each_count_is_taken_once() {
        let nonces = nonces(b"key");
        let nonce = nonces.mint(MAC, at(0), [1; 8]);
        let other = nonces.mint(MAC, at(0), [2; 8]);
        for (nonce, count, verdict) in [
            (&nonce, Some(1), Ok(())),
            (&nonce, Some(1), Err(Refusal::ReplayedNonce)),
            (&nonce, Some(5), Ok(())),
            (&nonce, Some(3), Err(Refusal::ReplayedNonce)),
            (&nonce, None, Err(Refusal::ReplayedNonce)),
            (&other, None, Ok(())),
            (&other, None, Err(Refusal::ReplayedNonce)),
            (&other, Some(9), Err(Refusal::ReplayedNonce)),
        ] {
            assert_eq!(nonces.spend(nonce, MAC, count, at(0)), verdict, "{count:?}");
        }
    }

    #[test]
    fn what_is_not_ours_is_stale() {
        let nonces = nonces(b"key");
        let other_phone = nonces.mint(Mac::from_bytes([9; 6]), at(0), [1; 8]);
        let other_server = self::nonces(b"other").mint(MAC, at(0), [1; 8]);
        let mut longer = nonces.mint(MAC, at(0), [1; 8]);
        longer.push_str("AA");
        for nonce in [&other_phone, &other_server, &longer, "", "é", "abc"] {
            assert_eq!(nonces.spend(nonce, MAC, Some(1), at(0)), Err(Refusal::StaleNonce), "{nonce}");
        }
    }

    #[test]
    fn what_was_forgotten_cannot_be_replayed() {
        let nonces = Nonces { max_used: 10, ..nonces(b"key") };
        let minted: Vec<String> = (1..31).map(|n| nonces.mint(MAC, at(u64::from(n)), [n; 8])).collect();
        let unused = nonces.mint(MAC, at(5), [99; 8]);
        let spend = |nonce: &str| nonces.spend(nonce, MAC, Some(1), at(30));
        minted.iter().for_each(|nonce| assert_eq!(spend(nonce), Ok(())));
        assert_eq!(nonces.used.lock().unwrap().counts.len(), 10);
        assert_eq!(spend(&minted[0]), Err(Refusal::StaleNonce));
        assert_eq!(spend(&minted[29]), Err(Refusal::ReplayedNonce));
        // A phone that was slow in a storm asks once more.
        assert_eq!(spend(&unused), Err(Refusal::StaleNonce));
        assert_eq!(spend(&nonces.mint(MAC, at(30), [1; 8])), Ok(()));
    }

    #[test]
    fn what_has_expired_takes_no_memory() {
        let nonces = nonces(b"key");
        for n in 0..100 {
            nonces.spend(&nonces.mint(MAC, at(n), [1; 8]), MAC, Some(1), at(n)).unwrap();
        }
        nonces.spend(&nonces.mint(MAC, at(1000), [1; 8]), MAC, Some(1), at(1000)).unwrap();
        assert_eq!(nonces.used.lock().unwrap().counts.len(), 1);
    }
}
