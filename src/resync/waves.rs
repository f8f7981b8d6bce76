//! Who is asked when. Time is an argument, and nothing here waits.
//!
//! At most [`Pace::wave`] phones are out at a time: asked, and neither back nor given up. So a change that phones do not
//! survive stops at as many. Before the first wave there is a canary, which has to come back whole or in part; and when
//! too many of the last ones did not, nobody else is asked.
//!
//! Phones of one site behind one hop stand in a lane. A lane waits until its site and its hop may be asked again; among
//! those that may, the one that has waited longest comes first, so that a large site does not keep small ones waiting.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// How fast, and how carefully.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Phones a second, overall.
    pub overall: f64,
    /// Phones a second in one site; none: as overall.
    pub of_site: Option<f64>,
    /// Phones a second through one registrar, proxy or address; none: as overall.
    pub of_hop: Option<f64>,
    /// So many are asked first, and the others once these are back; 0: no canary.
    pub canary: usize,
    /// So many may be out at a time.
    pub wave: usize,
    /// It ends when more than this share of the canary, or of the last wave, did not come back.
    pub bearable: f64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { overall: 20.0, of_site: None, of_hop: None, canary: 3, wave: 200, bearable: 0.5 }
    }
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask this phone.
    Ask(usize),
    /// Ask again at this time.
    At(Duration),
    /// Ask again once something came of a phone that is out.
    Hold,
    /// Everybody was asked, and of each something came.
    Done,
    /// Of everybody that was asked something came, and it was too often nothing good.
    Stopped,
}

/// Behind the canary, fewer results than these are no reason to stop; unless a wave has no more.
const FEW: usize = 5;

/// The order and the pace of a job.
#[derive(Debug)]
pub struct Waves {
    pace: Pace,
    lanes: Vec<Lane>,
    /// Lanes that have phones left, by the time at which they may be asked as far as is known.
    ready: BinaryHeap<Reverse<(Duration, usize)>>,
    sites: Vec<Gate>,
    hops: Vec<Gate>,
    overall: Gate,
    waiting: usize,
    out: usize,
    asked: usize,
    /// The results by which it is judged: those of the canary, then the last ones, as many as a wave has.
    last: VecDeque<bool>,
    failed: usize,
    stopped: bool,
}

#[derive(Debug)]
struct Lane {
    site: usize,
    hop: usize,
    phones: VecDeque<usize>,
}

/// Something that may be passed so often.
#[derive(Debug, Clone, Copy)]
struct Gate {
    distance: Duration,
    opens: Duration,
}

impl Gate {
    fn new(per_second: f64) -> Gate {
        let seconds = if per_second > 0.0 { (1.0 / per_second).min(3600.0) } else { 3600.0 };
        Gate { distance: Duration::from_secs_f64(seconds), opens: Duration::ZERO }
    }

    /// Who comes a little late may make up for it; who comes late by more than this has lost its turns.
    const SLACK: Duration = Duration::from_millis(250);

    fn pass(&mut self, now: Duration) {
        self.opens = self.opens.max(now.saturating_sub(Gate::SLACK)) + self.distance;
    }
}

impl Waves {
    /// Waves over phones, each with its site and its hop.
    pub fn new<S: Hash + Eq, H: Hash + Eq>(phones: impl IntoIterator<Item = (S, H)>, pace: Pace) -> Waves {
        let (mut sites, mut hops, mut by_place) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut lanes: Vec<Lane> = Vec::new();
        let mut waiting = 0;
        for (phone, (site, hop)) in phones.into_iter().enumerate() {
            let (site, hop) = (number(&mut sites, site), number(&mut hops, hop));
            let lane = *by_place.entry((site, hop)).or_insert_with(|| {
                lanes.push(Lane { site, hop, phones: VecDeque::new() });
                lanes.len() - 1
            });
            lanes[lane].phones.push_back(phone);
            waiting += 1;
        }
        let ready = (0..lanes.len()).map(|lane| Reverse((Duration::ZERO, lane))).collect();
        Waves {
            pace: Pace { wave: pace.wave.max(1), ..pace },
            lanes,
            ready,
            sites: vec![Gate::new(pace.of_site.unwrap_or(pace.overall)); sites.len()],
            hops: vec![Gate::new(pace.of_hop.unwrap_or(pace.overall)); hops.len()],
            overall: Gate::new(pace.overall),
            waiting,
            out: 0,
            asked: 0,
            last: VecDeque::new(),
            failed: 0,
            stopped: false,
        }
    }

    /// What to do at a time, counted from the begin of the job. A phone that it names counts as asked.
    pub fn next(&mut self, now: Duration) -> Next {
        if self.stopped || self.waiting == 0 {
            return match (self.out, self.stopped) {
                (1.., _) => Next::Hold,
                (0, true) => Next::Stopped,
                (0, false) => Next::Done,
            };
        }
        let is_canary_out = self.asked == self.pace.canary && self.out > 0;
        if is_canary_out || self.out >= self.pace.wave {
            return Next::Hold;
        }
        if self.overall.opens > now {
            return Next::At(self.overall.opens);
        }
        while let Some(Reverse((known, at))) = self.ready.pop() {
            let Lane { site, hop, .. } = self.lanes[at];
            // Another lane of the same site may have been asked meanwhile.
            let opens = self.sites[site].opens.max(self.hops[hop].opens);
            if opens > known && opens > now {
                self.ready.push(Reverse((opens, at)));
                continue;
            }
            if known > now {
                self.ready.push(Reverse((known, at)));
                return Next::At(known);
            }
            for gate in [&mut self.overall, &mut self.sites[site], &mut self.hops[hop]] {
                gate.pass(now);
            }
            let opens = self.sites[site].opens.max(self.hops[hop].opens);
            let Some(phone) = self.lanes[at].phones.pop_front() else { continue };
            if !self.lanes[at].phones.is_empty() {
                self.ready.push(Reverse((opens, at)));
            }
            (self.waiting, self.out, self.asked) = (self.waiting - 1, self.out + 1, self.asked + 1);
            return Next::Ask(phone);
        }
        Next::Hold
    }

    /// Nobody else is asked.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether nobody else is asked.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes note of what came of a phone that was asked.
    pub fn came(&mut self, back: bool) {
        self.out = self.out.saturating_sub(1);
        self.failed += usize::from(!back);
        self.last.push_back(back);
        let Pace { canary, wave, .. } = self.pace;
        let (size, enough) = if self.asked <= canary { (canary, canary) } else { (wave, wave.min(FEW)) };
        while self.last.len() > size {
            self.failed -= usize::from(self.last.pop_front() == Some(false));
        }
        let share = self.failed as f64 / self.last.len() as f64;
        self.stopped |= self.last.len() >= enough && share > self.pace.bearable && self.waiting > 0;
    }
}

fn number<K: Hash + Eq>(known: &mut HashMap<K, usize>, key: K) -> usize {
    let next = known.len();
    *known.entry(key).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(overall: f64, canary: usize, wave: usize) -> Pace {
        Pace { overall, canary, wave, ..Pace::default() }
    }

    /// Asks until nobody can be asked before a time; each phone comes back, or not, as soon as it is asked.
    fn until(waves: &mut Waves, end: Duration, comes: impl Fn(usize) -> bool) -> Vec<(u64, usize)> {
        let (mut now, mut asked) = (Duration::ZERO, Vec::new());
        loop {
            match waves.next(now) {
                Next::Ask(phone) => {
                    asked.push((now.as_millis() as u64, phone));
                    waves.came(comes(phone));
                }
                Next::At(time) if time <= end => now = time,
                _ => return asked,
            }
        }
    }

    #[test]
    fn the_pace_is_kept_to_the_phone() {
        let mut waves = Waves::new((0..2000).map(|n| (n % 7, n % 3)), pace(50.0, 0, 200));
        let asked = until(&mut waves, 3600 * SECOND, |_| true);
        assert_eq!(asked.len(), 2000);
        assert_eq!(asked.last().unwrap().0, 1999 * 20);
        assert_eq!(waves.next(3600 * SECOND), Next::Done);
        let mut phones: Vec<_> = asked.into_iter().map(|(_, phone)| phone).collect();
        phones.sort_unstable();
        assert_eq!(phones, (0..2000).collect::<Vec<_>>());
    }

    #[test]
    fn who_is_called_late_makes_up_for_a_little_and_no_more() {
        let mut waves = Waves::new((0..100).map(|_| ((), ())), pace(10.0, 0, 200));
        assert_eq!(waves.next(Duration::ZERO), Next::Ask(0));
        let asked_at = |waves: &mut Waves, now| {
            std::iter::from_fn(|| matches!(waves.next(now), Next::Ask(_)).then_some(())).count()
        };
        assert_eq!(asked_at(&mut waves, Duration::from_millis(300)), 3);
        assert_eq!(asked_at(&mut waves, 60 * SECOND), 3, "a machine that slept does not ask a minute's phones at once");
    }

    #[test]
    fn each_site_and_each_hop_has_its_own_pace() {
        let (of_site, of_hop) = (Some(1.0), Some(2.0));
        let count = |site: fn(usize) -> usize, hop: fn(usize) -> usize| {
            let pace = Pace { of_site, of_hop, ..pace(100.0, 0, 1000) };
            let mut waves = Waves::new((0..900).map(|n| (site(n), hop(n))), pace);
            until(&mut waves, 10 * SECOND - Duration::from_millis(1), |_| true).len()
        };
        // Three sites behind one registrar, three behind one each, one behind three.
        assert_eq!(count(|n| n % 3, |_| 0), 20);
        assert_eq!(count(|n| n % 3, |n| n % 3), 30);
        assert_eq!(count(|_| 0, |n| n % 3), 10);
    }

    #[test]
    fn a_large_site_does_not_keep_a_small_one_waiting() {
        let sites = (0..1000).map(|n| (usize::from(n >= 990), ()));
        let mut waves = Waves::new(sites, Pace { of_site: Some(5.0), ..pace(10.0, 0, 1000) });
        let asked = until(&mut waves, 3 * SECOND, |_| true);
        assert_eq!(asked.iter().filter(|(_, phone)| *phone >= 990).count(), 10);
    }

    #[test]
    fn the_canary_is_waited_for() {
        let mut waves = Waves::new((0..10).map(|_| ((), ())), pace(1000.0, 2, 5));
        assert_eq!(waves.next(SECOND), Next::Ask(0));
        assert_eq!(waves.next(SECOND), Next::Ask(1));
        assert_eq!(waves.next(SECOND), Next::Hold);
        waves.came(true);
        assert_eq!(waves.next(SECOND), Next::Hold);
        waves.came(true);
        // Then at most a wave is out.
        for phone in 2..7 {
            assert_eq!(waves.next(SECOND), Next::Ask(phone));
        }
        assert_eq!(waves.next(SECOND), Next::Hold);
        waves.came(false);
        assert_eq!(waves.next(SECOND), Next::Ask(7));
    }

    #[test]
    fn a_canary_that_does_not_come_back_ends_it() {
        for (comes, asked) in [([false, false, false], 3), ([true, false, false], 3), ([true, true, false], 100)] {
            let mut waves = Waves::new((0..100).map(|_| ((), ())), pace(1000.0, 3, 20));
            let all = until(&mut waves, 100 * SECOND, |phone| comes.get(phone).copied().unwrap_or(true));
            assert_eq!(all.len(), asked, "{comes:?}");
            let end = if asked == 100 { Next::Done } else { Next::Stopped };
            assert_eq!(waves.next(100 * SECOND), end);
        }
    }

    #[test]
    fn a_wave_that_is_lost_ends_it_and_a_few_phones_that_are_off_do_not() {
        let asked = |comes: fn(usize) -> bool| {
            let mut waves = Waves::new((0..1000).map(|_| ((), ())), pace(1000.0, 3, 20));
            until(&mut waves, 100 * SECOND, comes).len()
        };
        assert_eq!(asked(|phone| phone % 3 != 0 || phone < 3), 1000);
        // From the five hundredth on nobody comes: half of the last twenty is borne.
        assert_eq!(asked(|phone| phone < 500), 511);
    }

    #[test]
    fn what_phones_do_not_survive_costs_the_canary_or_a_wave() {
        // Phones from one on do not come back: so many were asked in all.
        for (canary, wave, good, asked) in [
            (0, 1, 50, 51),
            (3, 1, 50, 51),
            (0, 2, 50, 52),
            (3, 3, 50, 52),
            (3, 4, 50, 53),
            (3, 4, 0, 3),
            (10, 4, 0, 10),
            (10, 4, 6, 11),
            (10, 4, 4, 10),
            (10, 4, 50, 53),
            (0, 200, 0, 5),
            (100, 20, 200, 211),
        ] {
            let mut waves = Waves::new((0..1000).map(|_| ((), ())), pace(1000.0, canary, wave));
            let all = until(&mut waves, 100 * SECOND, |phone| phone < good);
            assert_eq!(all.len(), asked, "canary {canary}, wave {wave}, {good} are good");
            assert!(asked - good <= canary.max(wave));
        }
    }

    #[test]
    fn it_ends_when_those_that_are_out_have_come() {
        let mut waves = Waves::new([((), ())], Pace::default());
        assert_eq!(waves.next(Duration::ZERO), Next::Ask(0));
        assert_eq!(waves.next(Duration::ZERO), Next::Hold);
        waves.came(false);
        assert_eq!(waves.next(Duration::ZERO), Next::Done);
        assert_eq!(Waves::new(Vec::<((), ())>::new(), Pace::default()).next(Duration::ZERO), Next::Done);
    }
}
