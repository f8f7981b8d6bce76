//! What is told of a job: to those who look, and to those who listen.

use std::fmt;

use compact_str::CompactString;
use serde::Serialize;
use utoipa::ToSchema;

use super::choice::Plan;
use super::job::Outcome;
use super::target::Target;
use crate::phone::Mac;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// It asks, and waits.
    Running,
    /// It asks nobody else, and waits for those that were asked.
    Stopping,
    /// Something came of every phone.
    Done,
    /// Too many did not come back, so that not all were asked.
    StoppedItself,
    /// It was told to stop before all were asked, or waited for.
    Stopped,
    /// It broke off.
    Failed,
}

impl JobState {
    /// The states of jobs that have ended.
    pub const ENDED: [JobState; 4] = [JobState::Done, JobState::StoppedItself, JobState::Stopped, JobState::Failed];

    /// Its name, as programs are told it.
    pub fn code(self) -> &'static str {
        match self {
            JobState::Running => "running",
            JobState::Stopping => "stopping",
            JobState::Done => "done",
            JobState::StoppedItself => "stopped-itself",
            JobState::Stopped => "stopped",
            JobState::Failed => "failed",
        }
    }
}

/// How many jobs there were, and what came of their phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFigures {
    /// Those that run.
    pub running: usize,
    /// Those that ended, by how.
    pub ended: [(&'static str, usize); 4],
    /// Phones by what came of them, those of running jobs included.
    pub phones: [(&'static str, usize); 8],
}

impl Default for JobFigures {
    fn default() -> JobFigures {
        let ended = JobState::ENDED.map(|state| (state.code(), 0));
        JobFigures { running: 0, ended, phones: Summary::default().outcomes() }
    }
}

impl JobFigures {
    /// Counts a job: its phones, and itself where it is.
    pub(super) fn add(&mut self, job: &JobView) {
        match self.ended.iter_mut().find(|(name, _)| *name == job.state.code()) {
            Some((_, count)) => *count += 1,
            None => self.running += 1,
        }
        for ((_, count), (_, more)) in self.phones.iter_mut().zip(job.summary.outcomes()) {
            *count += more;
        }
    }
}

/// A job as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobView {
    /// Its number; no other of this run of the server has it.
    pub id: u64,
    /// Who wanted it.
    pub who: String,
    /// What phones are asked for: `resync` or `reboot`.
    pub verb: &'static str,
    /// Which way: `registrar`, `direct`, or an address.
    pub way: String,
    /// Where it is.
    pub state: JobState,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it began, such as `2026-11-23T08:00:00Z`.
    pub began: String,
    /// When it ended.
    pub ended: Option<String>,
    /// What came of its phones so far.
    pub summary: Summary,
}

/// A job with every phone of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobPhones {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Its phones, by their MACs. Of a job that ended long ago they may be forgotten.
    pub phones: Vec<PhoneView>,
}

/// A phone in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhoneView {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Its site; empty where it cannot be told.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
}

/// How far a phone is in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "progress", rename_all = "kebab-case")]
pub enum Progress {
    /// It was not asked yet.
    Waiting,
    /// It was asked, and did not come yet.
    Asked,
    /// Something came of it.
    Ended(Outcome),
}

/// What those hear who listen to a job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Event {
    /// Everything up to here: the first event, and again for those who could not keep up.
    Snapshot(Box<JobPhones>),
    /// A phone was asked, or something came of it.
    Phone(PhoneView),
    /// The job has ended, and no event follows.
    Ended(Box<JobView>),
}

impl Event {
    /// Its name: `snapshot`, `ended`, `asked`, or what came of the phone, such as `came-back`.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Snapshot(_) => "snapshot",
            Event::Ended(_) => "ended",
            Event::Phone(PhoneView { progress: Progress::Ended(outcome), .. }) => outcome.name(),
            Event::Phone(PhoneView { progress: Progress::Waiting, .. }) => "waiting",
            Event::Phone(PhoneView { progress: Progress::Asked, .. }) => "asked",
        }
    }
}

/// Whom a job would ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanView {
    /// Those that would be asked.
    pub would_ask: Vec<TargetView>,
    /// Those that cannot be asked.
    pub cannot_ask: Vec<UnaskedView>,
}

/// What a phone would be asked, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetView {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Its site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// The `Event` of the NOTIFY.
    #[schema(value_type = String)]
    pub event: CompactString,
    /// Where it is sent, such as `udp:192.0.2.1:5060`.
    pub to: String,
}

/// A phone that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnaskedView {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Why.
    pub why: String,
}

impl From<&Plan> for PlanView {
    fn from(Plan { targets, unasked }: &Plan) -> PlanView {
        let would_ask = targets.iter().map(|target| {
            let Target { mac, site, notice, hop, .. } = target;
            TargetView { mac: *mac, site: site.clone(), event: notice.event.clone(), to: hop.to_string() }
        });
        let cannot_ask = unasked.iter().map(|(mac, why)| UnaskedView { mac: *mac, why: why.to_string() });
        PlanView { would_ask: would_ask.collect(), cannot_ask: cannot_ask.collect() }
    }
}

/// What came of phones, in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Summary {
    /// All of them.
    pub phones: usize,
    /// Those that were not asked yet.
    pub waiting: usize,
    /// Those that were asked, and of which nothing came yet.
    pub asked: usize,
    /// Those that came back…
    pub came_back: usize,
    /// …after so many milliseconds in the middle…
    pub median_ms: Option<u64>,
    /// …and the slowest of them.
    pub slowest: Option<Slowest>,
    /// Those that took the request, and did not come.
    pub never_came: usize,
    /// Those of which nothing was heard.
    pub no_answer: usize,
    /// Those that were refused.
    pub refused: usize,
    /// Those that were not asked any more.
    pub not_asked: usize,
    /// Those that were asked, and not waited for.
    pub given_up: usize,
    /// Those that cannot be asked.
    pub cannot_be_asked: usize,
    /// Those that another job has.
    pub in_another_job: usize,
}

/// The phone that took longest to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Slowest {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// After so many milliseconds.
    pub after_ms: u64,
}

impl Summary {
    /// Of how many phones what came, by the names of outcomes.
    pub fn outcomes(&self) -> [(&'static str, usize); 8] {
        [
            ("came-back", self.came_back),
            ("refused", self.refused),
            ("no-answer", self.no_answer),
            ("never-came", self.never_came),
            ("not-asked", self.not_asked),
            ("given-up", self.given_up),
            ("cannot-be-asked", self.cannot_be_asked),
            ("in-another-job", self.in_another_job),
        ]
    }

    /// Counts phones.
    pub fn of<'p>(phones: impl IntoIterator<Item = (Mac, &'p Progress)>) -> Summary {
        let mut summary = Summary::default();
        let mut times = Vec::new();
        for (mac, progress) in phones {
            summary.phones += 1;
            let outcome = match progress {
                Progress::Waiting => {
                    summary.waiting += 1;
                    continue;
                }
                Progress::Asked => {
                    summary.asked += 1;
                    continue;
                }
                Progress::Ended(outcome) => outcome,
            };
            *match outcome {
                Outcome::CameBack { after_ms, .. } => {
                    times.push((*after_ms, mac));
                    &mut summary.came_back
                }
                Outcome::NeverCame => &mut summary.never_came,
                Outcome::NoAnswer { .. } => &mut summary.no_answer,
                Outcome::Refused { .. } => &mut summary.refused,
                Outcome::NotAsked => &mut summary.not_asked,
                Outcome::GivenUp => &mut summary.given_up,
                Outcome::CannotBeAsked { .. } => &mut summary.cannot_be_asked,
                Outcome::InAnotherJob { .. } => &mut summary.in_another_job,
            } += 1;
        }
        times.sort_unstable();
        summary.median_ms = times.get(times.len() / 2).map(|(ms, _)| *ms);
        summary.slowest = times.last().map(|(after_ms, mac)| Slowest { mac: *mac, after_ms: *after_ms });
        summary
    }
}

/// Such as `214 phones: 203 came back (median 12 s), 8 did not answer, 3 refused`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.phones == 1 { "" } else { "s" };
        write!(f, "{} phone{plural}: {} came back", self.phones, self.came_back)?;
        if let Some(ms) = self.median_ms {
            write!(f, " (median {})", duration(ms))?;
        }
        let others = [
            (self.waiting, "wait"),
            (self.asked, "asked"),
            (self.never_came, "never came"),
            (self.no_answer, "did not answer"),
            (self.refused, "refused"),
            (self.not_asked, "not asked any more"),
            (self.given_up, "not waited for"),
            (self.cannot_be_asked, "cannot be asked"),
            (self.in_another_job, "in another job"),
        ];
        others.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

fn duration(ms: u64) -> String {
    if ms < 10_000 { format!("{}.{} s", ms / 1000, ms % 1000 / 100) } else { format!("{} s", ms / 1000) }
}
