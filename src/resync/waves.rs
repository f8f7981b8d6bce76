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

/// How few results are no reason to stop.
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
    /// The last results, as many as a wave has.
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

    /// Takes note of what came of a phone that was asked.
    pub fn came(&mut self, back: bool) {
        self.out = self.out.saturating_sub(1);
        self.failed += usize::from(!back);
        self.last.push_back(back);
        if self.last.len() > self.pace.wave {
            self.failed -= usize::from(self.last.pop_front() == Some(false));
        }
        let is_canary = self.asked == self.pace.canary && self.out == 0;
        let is_enough = is_canary || self.last.len() >= FEW.max(self.pace.canary);
        let share = self.failed as f64 / self.last.len() as f64;
        self.stopped |= is_enough && share > self.pace.bearable && self.waiting > 0;
    }
}

fn number<K: Hash + Eq>(known: &mut HashMap<K, usize>, key: K) -> usize {
    let next = known.len();
    *known.entry(key).or_insert(next)
}
