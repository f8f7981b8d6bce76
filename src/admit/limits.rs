//! How often somebody may ask.
//!
//! A limit belongs to whom it is about: a phone that has shown that it is the one has a bucket of its own for each place
//! that it asks from, so that nobody who only knows its MAC can use it up. Where a phone is found wrong, or not in the
//! fleet, guesses are counted by the phone that is meant and by the source, and only answers to further guesses are slowed:
//! a whole office may stand behind one address, and who shows the right thing is never asked how often others failed.
//!
//! Nothing here looks at a clock. What is remembered is bounded, and to forget somebody only means to trust him anew.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use quick_cache::unsync::Cache;

use super::walk::{Step, Walk, Walks};
use crate::phone::Mac;

/// A phone's own files. Gigaset's classic chain is the longest boot, of about 40 requests; a phone that is started again
/// and again, and one that asks for each of its files twice, fit many times over.
const PHONE: Rate = Rate { burst: 400, each: Duration::from_secs(1) };
/// Guesses of one source: an office with some dozens of phones that are not stored yet is not slowed.
const SOURCE: Rate = Rate { burst: 200, each: Duration::from_millis(500) };
/// Wrong passwords, tokens and certificates for one phone, from wherever: old ones in all files of several boots are not
/// slowed.
const GUESSED: Rate = Rate { burst: 100, each: Duration::from_secs(1) };
/// Guesses of a source that walks through MACs.
const WALKER: Rate = Rate { burst: 0, each: Duration::from_secs(2) };
/// Wrong tokens of the administrator's API, of one source: a script that has an old one, or a page that is left open.
const TOKENS: Rate = Rate { burst: 20, each: Duration::from_secs(2) };

/// The longest that an answer is held back.
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// So many answers are held back at once: each holds a connection's place.
const MAX_DELAYED: usize = 512;
/// So many phones, and so many sources, are remembered.
const REMEMBERED: usize = 65_536;
/// A phone that asks too often is told so again after this time.
const TELL_AGAIN: Duration = Duration::from_secs(300);

/// A bucket of tokens: so many at once, and then one in each of these.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    each: Duration,
}

impl Rate {
    /// Takes a token out of the bucket that will be full at some time. Returns when it will be full then, and how long to
    /// wait for the token.
    fn take(self, full_at: Option<Instant>, now: Instant) -> (Instant, Duration) {
        let full_at = full_at.map_or(now, |full_at| full_at.max(now)) + self.each;
        (full_at, (full_at - now).saturating_sub(self.each * self.burst))
    }
}

/// What becomes of the answer to a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It is sent, after this time.
    After(Duration),
    /// None is given; whoever asks may try again after this time.
    NotNow(Duration),
}

/// A phone asks too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// When it may ask again.
    pub retry_after: Duration,
    /// It has not been told for some minutes.
    pub tell: bool,
}

/// Everybody's buckets.
#[derive(Debug, Default)]
pub struct Limits {
    phones: Buckets<(Mac, IpAddr)>,
    guessed: Buckets<Mac>,
    sources: Buckets<IpAddr>,
    walks: Walks,
    /// When answers that are held back will be sent.
    delayed: BinaryHeap<Reverse<Instant>>,
    /// When a phone may be told of again.
    told: Buckets<(Mac, IpAddr)>,
}

impl Limits {
    /// A phone that has shown that it is the one asks for a file of its own.
    ///
    /// # Errors
    /// It asks too often.
    pub fn phone(&mut self, mac: Mac, source: IpAddr, now: Instant) -> Result<(), TooMany> {
        let key = (mac, place(source));
        let (full_at, wait) = PHONE.take(self.phones.get(&key), now);
        if wait.is_zero() {
            self.phones.set(key, full_at);
            return Ok(());
        }
        let tell = self.told.get(&key).is_none_or(|next| next <= now);
        if tell {
            self.told.set(key, now + TELL_AGAIN);
        }
        Err(TooMany { retry_after: wait, tell })
    }

    /// Somebody has shown something wrong for a phone of the fleet.
    pub fn wrong(&mut self, mac: Mac, source: IpAddr, now: Instant) -> Pace {
        let place = place(source);
        let (by_source, waits) = SOURCE.take(self.sources.get(&place), now);
        let (by_phone, also_waits) = GUESSED.take(self.guessed.get(&mac), now);
        let pace = self.pace(waits.max(also_waits), now);
        if let Pace::After(_) = pace {
            self.sources.set(place, by_source);
            self.guessed.set(mac, by_phone);
        }
        pace
    }

    /// Somebody has asked for a phone that is not in the fleet. Tells, once in some minutes, that he walks.
    pub fn unknown(&mut self, mac: Mac, source: IpAddr, now: Instant) -> (Pace, Option<Walk>) {
        let place = place(source);
        let (rate, walk) = match self.walks.step(place, mac, now) {
            Step::Stands => (SOURCE, None),
            Step::Walks(walk) => (WALKER, walk),
        };
        (self.by_source(rate, place, now), walk)
    }

    /// Somebody has shown a token of the administrator's API that is none. Good ones are never slowed, wherever from.
    pub fn wrong_token(&mut self, source: IpAddr, now: Instant) -> Pace {
        self.by_source(TOKENS, place(source), now)
    }

    fn by_source(&mut self, rate: Rate, place: IpAddr, now: Instant) -> Pace {
        let (full_at, waits) = rate.take(self.sources.get(&place), now);
        let pace = self.pace(waits, now);
        if let Pace::After(_) = pace {
            self.sources.set(place, full_at);
        }
        pace
    }

    fn pace(&mut self, wait: Duration, now: Instant) -> Pace {
        if wait.is_zero() {
            return Pace::After(wait);
        }
        while self.delayed.peek().is_some_and(|Reverse(end)| *end <= now) {
            self.delayed.pop();
        }
        if wait > LONGEST_DELAY || self.delayed.len() >= MAX_DELAYED {
            return Pace::NotNow(wait);
        }
        self.delayed.push(Reverse(now + wait));
        Pace::After(wait)
    }
}

/// A moment for each of them, such as that when a bucket will be full again.
#[derive(Debug)]
struct Buckets<K>(Cache<K, Instant>);

impl<K: Hash + Eq> Default for Buckets<K> {
    fn default() -> Buckets<K> {
        Buckets(Cache::new(REMEMBERED))
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn get(&self, key: &K) -> Option<Instant> {
        self.0.get(key).copied()
    }

    fn set(&mut self, key: K, at: Instant) {
        self.0.insert(key, at);
    }
}

/// A source as one counts it: who has IPv6 has a network of it, a /48 as a rule.
fn place(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => {
            let [one, two, three, ..] = address.segments();
            Ipv6Addr::new(one, two, three, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const AT_ONCE: Pace = Pace::After(Duration::ZERO);

    fn mac(number: u32) -> Mac {
        let [_, a, b, c] = number.to_be_bytes();
        Mac::from_bytes([0, 0x15, 0x65, a, b, c])
    }

    fn source(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_office_of_500_phones_behind_one_address_boots_three_times_in_a_minute() {
        let (mut limits, begin) = (Limits::default(), Instant::now());
        for boot in 0..3 {
            for file in 0..40 {
                let now = begin + Duration::from_secs(20 * boot) + Duration::from_millis(50 * file);
                for phone in 0..500 {
                    assert_eq!(limits.phone(mac(phone), OFFICE, now), Ok(()), "{phone}, file {file} of boot {boot}");
                }
            }
        }
    }

    #[test]
    fn a_phone_that_never_stops_is_limited_for_itself_alone() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let asked = (0..1000).filter(|_| limits.phone(mac(1), OFFICE, now).is_ok()).count();
        assert_eq!(asked, 400);
        // Told once, and again after five minutes.
        let told = |limits: &mut Limits, now| {
            let tries = (0..1000).filter_map(|_| limits.phone(mac(1), OFFICE, now).err());
            tries.filter(|too_many| too_many.tell).count()
        };
        assert_eq!(told(&mut limits, now), 0);
        assert_eq!(told(&mut limits, now + Duration::from_secs(299)), 0);
        assert_eq!(told(&mut limits, now + Duration::from_secs(300)), 1);
        // Others at its address, and it itself at another, where nobody who only knows its MAC can keep it from its file.
        assert!(limits.phone(mac(2), OFFICE, now).is_ok());
        assert!(limits.phone(mac(1), source("198.51.100.1"), now).is_ok());
    }

    #[test]
    fn a_bucket_fills_again() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        while limits.phone(mac(1), OFFICE, now).is_ok() {}
        let later = now + Duration::from_secs(3);
        let asked = (0..10).filter(|_| limits.phone(mac(1), OFFICE, later).is_ok()).count();
        assert_eq!(asked, 3);
        assert_eq!(limits.phone(mac(1), OFFICE, later).unwrap_err().retry_after, Duration::from_secs(1));
    }

    #[test]
    fn guesses_for_one_phone_are_slowed_from_wherever_they_come() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let guess = |limits: &mut Limits, number: u32| {
            limits.wrong(mac(1), source(&format!("198.51.{}.{}", number / 250, number % 250)), now)
        };
        for number in 0..100 {
            assert_eq!(guess(&mut limits, number), AT_ONCE, "{number}");
        }
        for seconds in 1..=8 {
            assert_eq!(guess(&mut limits, 200 + seconds), Pace::After(Duration::from_secs(u64::from(seconds))));
        }
        for number in 300..400 {
            assert_eq!(guess(&mut limits, number), Pace::NotNow(Duration::from_secs(9)), "{number}");
        }
        // The phone itself, and guesses for another, are not touched.
        assert_eq!(limits.phone(mac(1), OFFICE, now), Ok(()));
        assert_eq!(limits.wrong(mac(2), OFFICE, now), AT_ONCE);
    }

    #[test]
    fn guesses_of_one_source_are_slowed_whomever_they_mean() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let paces: Vec<Pace> = (0..1000).map(|number| limits.wrong(mac(number), OFFICE, now)).collect();
        assert_eq!(paces.iter().filter(|pace| **pace == AT_ONCE).count(), 200);
        assert_eq!(paces[200], Pace::After(Duration::from_millis(500)));
        assert_eq!(paces.iter().filter(|pace| matches!(pace, Pace::After(_))).count(), 216);
        // Who has IPv6 has more addresses than anybody can count.
        let paces = (0..1000).map(|number| limits.wrong(mac(number), source(&format!("2001:db8:7::{number:x}")), now));
        assert_eq!(paces.filter(|pace| *pace == AT_ONCE).count(), 200);
    }

    #[test]
    fn wrong_tokens_of_one_source_are_slowed() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let paces: Vec<Pace> = (0..100).map(|_| limits.wrong_token(OFFICE, now)).collect();
        assert_eq!(paces.iter().filter(|pace| **pace == AT_ONCE).count(), 20);
        let slow = |secs| Pace::After(Duration::from_secs(secs));
        assert_eq!(paces[20..24], [slow(2), slow(4), slow(6), slow(8)]);
        assert!(paces[24..].iter().all(|pace| *pace == Pace::NotNow(Duration::from_secs(10))));
        assert_eq!(limits.wrong_token(source("198.51.100.1"), now), AT_ONCE);
        assert_eq!(limits.wrong_token(OFFICE, now + Duration::from_secs(2)), slow(8));
    }

    #[test]
    fn no_more_answers_are_held_back_than_there_are_places_for() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let mut held = 0;
        for number in 0..200 {
            for _ in 0..400 {
                let pace = limits.wrong(mac(number), source(&format!("198.51.100.{number}")), now);
                held += usize::from(matches!(pace, Pace::After(delay) if !delay.is_zero()));
            }
        }
        assert_eq!(held, MAX_DELAYED);
        // They have been sent, and there is room for others.
        let later = now + LONGEST_DELAY;
        while limits.wrong(mac(500), OFFICE, later) == AT_ONCE {}
        assert!(matches!(limits.wrong(mac(500), OFFICE, later), Pace::After(_)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for number in 0..70_000_u32 {
            let source = IpAddr::from((number + (10 << 24)).to_be_bytes());
            limits.phone(mac(number), source, now).unwrap();
            limits.wrong(mac(number), source, now);
            limits.unknown(mac(number), source, now);
        }
        assert!(limits.phones.0.len() <= REMEMBERED && limits.guessed.0.len() <= REMEMBERED);
        assert!(limits.sources.0.len() <= REMEMBERED);
    }

    #[test]
    fn a_walk_is_told_once_and_slowed_and_touches_nobody_else() {
        let (mut limits, begin) = (Limits::default(), Instant::now());
        let (mut told, mut answered, mut refused) = (Vec::new(), 0, 0);
        // Ten a second, for two minutes.
        for number in 0..1200 {
            let now = begin + Duration::from_millis(100 * u64::from(number));
            let (pace, walk) = limits.unknown(mac(number * 1000), OFFICE, now);
            told.extend(walk);
            match pace {
                Pace::After(_) => answered += 1,
                Pace::NotNow(_) => refused += 1,
            }
            // A phone of the fleet, at the same address.
            if number % 10 == 0 {
                assert_eq!(limits.phone(mac(7), OFFICE, now), Ok(()));
            }
        }
        assert_eq!(told, [Walk { low: mac(0), high: mac(39_000), count: 40 }]);
        // What came before it was noticed, and one in two seconds.
        assert!((90..=110).contains(&answered) && refused > 1000, "{answered} answered, {refused} refused");
    }

    #[test]
    fn phones_that_are_not_stored_yet_are_no_walk() {
        let (mut limits, begin) = (Limits::default(), Instant::now());
        // A delivery of 30 phones with neighbouring MACs, of which each asks for five files.
        for file in 0..5 {
            for phone in 0..30 {
                let now = begin + Duration::from_millis(u64::from(200 * file + phone));
                let phone = phone * 7 % 30;
                assert_eq!(limits.unknown(mac(phone), OFFICE, now), (AT_ONCE, None), "{phone}, file {file}");
            }
        }
    }

    #[test]
    fn neighbours_in_a_row_are_a_walk() {
        for (step, walks) in [(1_i64, true), (-1, true), (200, true), (-3, true), (5000, false)] {
            let (mut limits, begin) = (Limits::default(), Instant::now());
            let noticed = (0..20).find_map(|number| {
                let now = begin + Duration::from_secs(number as u64);
                limits.unknown(mac((500_000 + step * number) as u32), OFFICE, now).1
            });
            assert_eq!(noticed.map(|walk| walk.count), walks.then_some(12), "{step}");
        }
    }

    #[test]
    fn a_walk_that_goes_on_is_told_again() {
        let (mut limits, begin) = (Limits::default(), Instant::now());
        let told = (0..1200_u32).filter_map(|second| {
            let walk = limits.unknown(mac(second), OFFICE, begin + Duration::from_secs(u64::from(second))).1?;
            Some((second, walk.count))
        });
        assert_eq!(told.collect::<Vec<_>>(), [(11, 12), (311, 256), (611, 12), (911, 256)]);
    }
}
