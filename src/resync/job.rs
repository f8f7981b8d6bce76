//! Many phones asked, and waited for until they have fetched.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use compact_str::CompactString;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::ask::{Answered, Asking, ask};
use super::target::Target;
use super::waves::{Next, Pace, Waves};
use crate::journal::{JournalError, Reader, now_ms};

/// How often the journal is looked into; the server writes into it ten times a second.
const LOOK: Duration = Duration::from_millis(250);

/// Phones to ask.
#[derive(Debug)]
pub struct Job {
    /// The phones, in the order in which they are asked where nothing else decides.
    pub targets: Vec<Target>,
    /// How fast, and how carefully.
    pub pace: Pace,
    /// How long a phone is waited for.
    pub wait: Duration,
    /// How one is asked.
    pub asking: Asking,
    /// The state folder of the server from which they fetch.
    pub state: PathBuf,
}

/// What came of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It has fetched.
    CameBack {
        /// After so many milliseconds.
        after_ms: u64,
        /// The file's handle.
        file: CompactString,
        /// Its revision.
        revision: CompactString,
    },
    /// The request was refused.
    Refused {
        /// The SIP status.
        code: u16,
        /// What else was said.
        why: String,
    },
    /// Nobody answered, or nothing that makes sense; nor did it come.
    NoAnswer {
        /// What happened instead.
        why: String,
    },
    /// It took the request, and did not come.
    NeverCame,
    /// It was not asked any more.
    NotAsked,
}

/// A job at its end.
#[derive(Debug)]
pub struct Ended {
    /// What came of each phone, in the order of the targets.
    pub outcomes: Vec<Outcome>,
    /// Too many did not come back, so that not all were asked.
    pub stopped: bool,
}

/// A phone that was asked.
struct Out {
    at: Instant,
    /// The same in milliseconds since 1970.
    at_ms: i64,
    answered: Option<Answered>,
}

struct Running<'j> {
    job: &'j Job,
    waves: Waves,
    begin: Instant,
    out: BTreeMap<usize, Out>,
    asked: JoinSet<(usize, Answered)>,
    outcomes: Vec<Outcome>,
    reader: Option<Reader>,
}

impl Job {
    /// Asks them all; `done` is told of each phone of which something came.
    ///
    /// # Errors
    /// The journal cannot be read, so nobody would know who came back.
    pub async fn run(&self, mut done: impl FnMut(&Target, &Outcome)) -> Result<Ended, JournalError> {
        let places = self.targets.iter().map(|target| (&target.site, &target.hop));
        let mut running = Running {
            job: self,
            waves: Waves::new(places, self.pace),
            begin: Instant::now(),
            out: BTreeMap::new(),
            asked: JoinSet::new(),
            outcomes: vec![Outcome::NotAsked; self.targets.len()],
            reader: None,
        };
        let stopped = running.run_out(&mut done).await?;
        Ok(Ended { outcomes: running.outcomes, stopped })
    }
}

impl Running<'_> {
    /// Whether it was stopped.
    async fn run_out(&mut self, done: &mut impl FnMut(&Target, &Outcome)) -> Result<bool, JournalError> {
        let mut look = Instant::now() + LOOK;
        loop {
            let wake = match self.waves.next(self.begin.elapsed()) {
                Next::Ask(phone) => {
                    self.ask(phone);
                    continue;
                }
                Next::At(time) => look.min(self.begin + time),
                Next::Hold => look,
                Next::Done => return Ok(false),
                Next::Stopped => return Ok(true),
            };
            tokio::select! {
                Some(answered) = self.asked.join_next() => match answered {
                    Ok((phone, answered)) => self.answered(phone, answered, done),
                    // A panic is a mistake of ours, and no phone may be lost by it.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                () = sleep_until(wake) => {}
            }
            if Instant::now() >= look {
                self.look(done).await?;
                look = Instant::now() + LOOK;
            }
        }
    }

    fn ask(&mut self, phone: usize) {
        let (target, asking) = (self.job.targets[phone].clone(), self.job.asking.clone());
        self.out.insert(phone, Out { at: Instant::now(), at_ms: now_ms(), answered: None });
        self.asked.spawn(async move { (phone, ask(&target, &asking).await) });
    }

    fn answered(&mut self, phone: usize, answered: Answered, done: &mut impl FnMut(&Target, &Outcome)) {
        match answered {
            Answered::Refused { code, why } => self.settle(phone, Outcome::Refused { code, why }, done),
            // What was not sent cannot be obeyed.
            Answered::Unreachable(_) => self.settle(phone, Outcome::NoAnswer { why: answered.to_string() }, done),
            // An answer may be lost, and the phone comes none the less.
            Answered::Taken | Answered::Silent | Answered::Nonsense(_) => {
                if let Some(out) = self.out.get_mut(&phone) {
                    out.answered = Some(answered);
                }
            }
        }
    }

    /// Looks who has come, and gives up those that were waited for long enough.
    async fn look(&mut self, done: &mut impl FnMut(&Target, &Outcome)) -> Result<(), JournalError> {
        if self.reader.is_none() {
            self.reader = Reader::open(&self.job.state).await?;
        }
        let phones: Vec<usize> = self.out.keys().copied().collect();
        for phone in phones {
            let Some(Out { at, at_ms, answered }) = self.out.get(&phone) else { continue };
            let served = match &mut self.reader {
                Some(reader) => reader.served(self.job.targets[phone].mac, *at_ms).await?,
                None => None,
            };
            let outcome = match (served, answered) {
                (Some(fetched), _) => Outcome::CameBack {
                    after_ms: (fetched.last_at - at_ms).max(0) as u64,
                    file: fetched.file.unwrap_or_default().into(),
                    revision: fetched.revision.unwrap_or_default().into(),
                },
                (None, None) => continue,
                (None, Some(_)) if at.elapsed() < self.job.wait => continue,
                (None, Some(Answered::Taken)) => Outcome::NeverCame,
                (None, Some(answered)) => Outcome::NoAnswer { why: answered.to_string() },
            };
            self.settle(phone, outcome, done);
        }
        Ok(())
    }

    fn settle(&mut self, phone: usize, outcome: Outcome, done: &mut impl FnMut(&Target, &Outcome)) {
        if self.out.remove(&phone).is_none() {
            return;
        }
        self.waves.came(matches!(outcome, Outcome::CameBack { .. }));
        done(&self.job.targets[phone], &outcome);
        self.outcomes[phone] = outcome;
    }
}
