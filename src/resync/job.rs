//! Many phones asked, and waited for until they have fetched.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use compact_str::CompactString;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;

use super::ask::{Answered, Asking, ask_after};
use super::target::Target;
use super::waves::{Next, Pace, Waves};
use crate::fleet::Stamp;
use crate::journal::{self, JournalError, Reader, now_ms};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[schema(as = ResyncOutcome)]
pub enum Outcome {
    /// It has fetched.
    CameBack {
        /// After so many milliseconds.
        after_ms: u64,
        /// The file's handle.
        #[schema(value_type = String)]
        file: CompactString,
        /// Its revision.
        #[schema(value_type = String)]
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
    /// It was asked, and then not waited for: the job was ended.
    GivenUp,
    /// It cannot be asked.
    CannotBeAsked {
        /// Why.
        why: String,
    },
    /// Another job that runs has it already.
    InAnotherJob {
        /// That job's number.
        job: u64,
    },
}

impl Outcome {
    /// Its name, as programs are told it.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::CameBack { .. } => "came-back",
            Outcome::Refused { .. } => "refused",
            Outcome::NoAnswer { .. } => "no-answer",
            Outcome::NeverCame => "never-came",
            Outcome::NotAsked => "not-asked",
            Outcome::GivenUp => "given-up",
            Outcome::CannotBeAsked { .. } => "cannot-be-asked",
            Outcome::InAnotherJob { .. } => "in-another-job",
        }
    }
}

/// What a job tells of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'o> {
    /// It is asked: the first packet is about to be sent.
    Asked,
    /// This came of it.
    Ended(&'o Outcome),
}

/// How a job is ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// It is not.
    #[default]
    No,
    /// Nobody else is asked; those that were are waited for, since they come anyway.
    AskNobodyElse,
    /// Nobody is waited for either.
    Now,
}

/// A job at its end.
#[derive(Debug)]
pub struct Ended {
    /// What came of each phone, in the order of the targets.
    pub outcomes: Vec<Outcome>,
    /// Not all were asked: too many did not come back, or it was told to stop.
    pub stopped: bool,
}

/// A phone that is out.
struct Out {
    /// When it was asked, also in milliseconds since 1970; none: its turn has come, and the way to it is being opened.
    begun: Option<(Instant, i64)>,
    answered: Option<Answered>,
    asking: AbortHandle,
}

/// A phone to which the way is open, and what lets it be asked.
type Begin = (usize, oneshot::Sender<()>);

struct Running<'j> {
    job: &'j Job,
    waves: Waves,
    begin: Instant,
    out: BTreeMap<usize, Out>,
    asked: JoinSet<(usize, Answered)>,
    begin_asking: mpsc::UnboundedSender<Begin>,
    outcomes: Vec<Outcome>,
    /// The journal, and which file that is.
    reader: Option<(Stamp, Reader)>,
}

impl Job {
    /// Asks them all; `tell` is told what happens to each, by its place among the targets.
    ///
    /// # Errors
    /// The journal cannot be read, so nobody would know who came back.
    pub async fn run(
        &self,
        mut tell: impl FnMut(usize, Step<'_>),
        mut stop: watch::Receiver<Stop>,
    ) -> Result<Ended, JournalError> {
        let places = self.targets.iter().map(|target| (&target.site, &target.hop));
        let (begin_asking, begins) = mpsc::unbounded_channel();
        let mut running = Running {
            job: self,
            waves: Waves::new(places, self.pace),
            begin: Instant::now(),
            out: BTreeMap::new(),
            asked: JoinSet::new(),
            begin_asking,
            outcomes: vec![Outcome::NotAsked; self.targets.len()],
            reader: None,
        };
        let stopped = running.run_out(begins, &mut tell, &mut stop).await?;
        Ok(Ended { outcomes: running.outcomes, stopped })
    }
}

impl Running<'_> {
    /// Whether it was stopped.
    async fn run_out(
        &mut self,
        mut begins: mpsc::UnboundedReceiver<Begin>,
        tell: &mut impl FnMut(usize, Step<'_>),
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<bool, JournalError> {
        let mut look = Instant::now() + LOOK;
        stop.mark_changed();
        loop {
            // Where nobody can stop it, nothing ever comes from there.
            if stop.has_changed().unwrap_or(false) {
                match *stop.borrow_and_update() {
                    Stop::No => {}
                    Stop::AskNobodyElse => self.waves.stop(),
                    Stop::Now => {
                        self.take_back(true, tell);
                        return Ok(true);
                    }
                }
            }
            if self.waves.is_stopped() {
                self.take_back(false, tell);
            }
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
                    Ok((phone, answered)) => self.answered(phone, answered, tell),
                    // It came before it answered.
                    Err(error) if error.is_cancelled() => {}
                    // A panic is a mistake of ours, and no phone may be lost by it.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                Some((phone, go)) = begins.recv() => self.begin(phone, go, tell),
                Ok(()) = stop.changed() => stop.mark_changed(),
                () = sleep_until(wake) => {}
            }
            if Instant::now() >= look {
                self.look(tell).await?;
                look = Instant::now() + LOOK;
            }
        }
    }

    fn ask(&mut self, phone: usize) {
        let (target, asking) = (self.job.targets[phone].clone(), self.job.asking.clone());
        let (begin, begun) = oneshot::channel();
        let begins = self.begin_asking.clone();
        let before = async move {
            // Who is not listened to any more is ended.
            let _ = begins.send((phone, begin));
            let _ = begun.await;
        };
        let asking = self.asked.spawn(async move { (phone, ask_after(&target, &asking, before).await) });
        self.out.insert(phone, Out { begun: None, answered: None, asking });
    }

    /// The first packet is about to be sent.
    fn begin(&mut self, phone: usize, go: oneshot::Sender<()>, tell: &mut impl FnMut(usize, Step<'_>)) {
        let Some(out) = self.out.get_mut(&phone) else { return };
        out.begun = Some((Instant::now(), now_ms()));
        tell(phone, Step::Asked);
        let _ = go.send(());
    }

    fn answered(&mut self, phone: usize, answered: Answered, tell: &mut impl FnMut(usize, Step<'_>)) {
        match answered {
            Answered::Refused { code, why } => self.settle(phone, Outcome::Refused { code, why }, tell),
            // What nobody took cannot be obeyed.
            Answered::Unreachable(_) => self.settle(phone, Outcome::NoAnswer { why: answered.to_string() }, tell),
            // An answer may be lost, and the phone comes none the less.
            Answered::Taken | Answered::Silent | Answered::Lost(_) | Answered::Nonsense(_) => {
                if let Some(out) = self.out.get_mut(&phone) {
                    out.answered = Some(answered);
                }
            }
        }
    }

    /// Looks who has come, and gives up those that were waited for long enough.
    async fn look(&mut self, tell: &mut impl FnMut(usize, Step<'_>)) -> Result<(), JournalError> {
        let file = Stamp::of(&journal::path(&self.job.state));
        if let Some(file) = file
            && !self.reader.as_ref().is_some_and(|(known, _)| known.is_same_place(&file))
        {
            self.reader = Reader::open(&self.job.state).await?.map(|reader| (file, reader));
        }
        let phones: Vec<usize> = self.out.keys().copied().collect();
        for phone in phones {
            let Some(Out { begun: Some((at, at_ms)), answered, .. }) = self.out.get(&phone) else { continue };
            let served = match &mut self.reader {
                Some((_, reader)) => reader.served(self.job.targets[phone].mac, *at_ms).await?,
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
            self.settle(phone, outcome, tell);
        }
        Ok(())
    }

    fn settle(&mut self, phone: usize, outcome: Outcome, tell: &mut impl FnMut(usize, Step<'_>)) {
        let Some(out) = self.out.remove(&phone) else { return };
        out.asking.abort();
        self.waves.came(matches!(outcome, Outcome::CameBack { .. }));
        tell(phone, Step::Ended(&outcome));
        self.outcomes[phone] = outcome;
    }

    /// Asks nobody who was not asked yet; `all`: nor waits for anybody.
    fn take_back(&mut self, all: bool, tell: &mut impl FnMut(usize, Step<'_>)) {
        let outcome = |out: &Out| if out.begun.is_some() { Outcome::GivenUp } else { Outcome::NotAsked };
        let out: Vec<_> = self.out.iter().map(|(phone, out)| (*phone, outcome(out))).collect();
        let back = out.into_iter().filter(|(_, outcome)| all || *outcome == Outcome::NotAsked);
        back.for_each(|(phone, outcome)| self.settle(phone, outcome, tell));
    }
}
