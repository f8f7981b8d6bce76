//! Jobs within a running server: started, looked at, listened to and stopped by whoever may.
//!
//! They are kept in memory: a restart ends those that run, and forgets all; what each did stands in the journal. So many
//! run at once and no more; of those that ended the last are kept. A phone is in one running job at a time. Who stops a
//! job keeps it from asking anybody else, while phones that are out are waited for, since they come anyway; who stops it
//! again, or the end of the server, waits for nobody.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use super::ask::Asking;
use super::choice::{Plan, firmware_told, plan};
use super::entry::Entry;
use super::job::{Job, Outcome, Step, Stop};
use super::target::Way;
use super::view::{Event, JobFigures, JobPhones, JobState, JobView, Progress};
use super::waves::Pace;
use crate::catalogue::Verb;
use crate::journal::{Change, Journal, now_ms};
use crate::live::Live;
use crate::phone::Mac;
use crate::world::World;

/// So many run at once.
pub const MAX_RUNNING: usize = 16;
/// So many that ended are kept…
const MAX_KEPT: usize = 100;
/// …and of the older ones the phones only as long as there are no more than this, about 20 MB.
const MAX_PHONES: usize = 200_000;
/// So many phones are prepared between two looks whether to stop.
const STEP: usize = 1_000;
/// How many events wait for one who listens.
const EVENTS: usize = 64;
/// How long the end of the server waits for jobs.
const FAREWELL: Duration = Duration::from_secs(2);

/// What jobs need of the server.
pub struct Around {
    /// The fleet.
    pub live: Arc<Live>,
    /// Where it is written who came back, and what jobs did.
    pub journal: Arc<Journal>,
    /// The state folder.
    pub state: PathBuf,
    /// How one phone is asked; a job's own wait may shorten its patience.
    pub asking: Asking,
    /// Is told of each phone that is asked, before it is, and when it is not waited for any more.
    pub tell: Arc<dyn Fn(Mac, Step<'_>) + Send + Sync>,
}

/// What is wanted of phones.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which phones.
    pub macs: Vec<Mac>,
    /// What they are asked for.
    pub verb: Verb,
    /// Which way they are reached.
    pub way: Way,
    /// How fast, and how carefully.
    pub pace: Pace,
    /// How long a phone is waited for.
    pub wait: Duration,
    /// Who wants it, for people to read.
    pub who: String,
}

/// Why a job is not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// As many run as may.
    #[error("{MAX_RUNNING} jobs run already, and no more may at once: wait for one, or stop it")]
    TooMany,
    /// Nobody would know who came back.
    #[error("no journal is kept, so nobody would know who came back: `enabled` of `[journal]` in fleet.toml is false")]
    NoJournal,
    /// The server ends.
    #[error("the server is stopping")]
    Stopping,
}

/// The jobs of a server.
#[derive(Clone)]
pub struct Jobs(Arc<House>);

struct House {
    around: Around,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    jobs: BTreeMap<u64, Arc<Entry>>,
    /// The phones of running jobs.
    busy: HashMap<Mac, u64>,
    tasks: JoinSet<()>,
    /// Jobs that have ended.
    ended: JobFigures,
    closed: bool,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Jobs").field(&self.0.table().jobs.keys()).finish()
    }
}

impl Jobs {
    /// No jobs yet.
    pub fn new(around: Around) -> Jobs {
        Jobs(Arc::new(House { around, table: Mutex::default() }))
    }

    /// Starts a job, and gives its number. Must be called within a runtime.
    ///
    /// # Errors
    /// It cannot be started now.
    pub fn start(&self, wanted: Wanted) -> Result<u64, StartError> {
        let house = &self.0;
        let serving = house.around.live.now();
        if !keeps_journal(&serving.world) {
            return Err(StartError::NoJournal);
        }
        let mut table = house.table();
        if table.closed {
            return Err(StartError::Stopping);
        }
        if table.running() >= MAX_RUNNING {
            return Err(StartError::TooMany);
        }
        table.last += 1;
        let id = table.last;
        let mut macs = wanted.macs.clone();
        macs.sort_unstable();
        macs.dedup();
        let phones = macs.iter().map(|mac| {
            let site = serving.world.site_of(*mac).cloned().unwrap_or_default();
            let other = table.busy.get(mac).map(|job| Progress::Ended(Outcome::InAnotherJob { job: *job }));
            (*mac, site, other.unwrap_or(Progress::Waiting))
        });
        let entry = Arc::new(Entry::new(id, &wanted, phones.collect(), now_ms()));
        table.busy.extend(entry.waiting().into_iter().map(|mac| (mac, id)));
        table.jobs.insert(id, entry.clone());
        while table.tasks.try_join_next().is_some() {}
        let leaving = Leaving { house: house.clone(), entry };
        table.tasks.spawn(async move { leaving.carry_out(wanted).await });
        Ok(id)
    }

    /// All jobs that are known, the latest first.
    pub fn list(&self) -> Vec<JobView> {
        let jobs: Vec<_> = self.0.table().jobs.values().rev().cloned().collect();
        jobs.iter().map(|job| job.view()).collect()
    }

    /// A job with its phones.
    pub fn get(&self, id: u64) -> Option<JobPhones> {
        self.0.job(id).map(|job| job.phones())
    }

    /// Stops a job: nobody else is asked, and at the second time nobody is waited for either. Tells how it stands then;
    /// none if there is no such job.
    pub fn stop(&self, id: u64) -> Option<JobView> {
        self.0.job(id).map(|job| job.stop())
    }

    /// What happens in a job: a snapshot first, at the end [`Event::Ended`]. Who does not keep up gets a snapshot again,
    /// and holds nobody. Must be called within a runtime.
    pub fn events(&self, id: u64) -> Option<ReceiverStream<Event>> {
        let job = self.0.job(id)?;
        let (send, events) = mpsc::channel(EVENTS);
        tokio::spawn(async move { job.tell(&send).await });
        Some(ReceiverStream::new(events))
    }

    /// Whether a phone is in a job that runs.
    pub fn has(&self, mac: Mac) -> bool {
        self.0.table().busy.contains_key(&mac)
    }

    /// How many jobs run.
    pub fn running(&self) -> usize {
        self.0.table().running()
    }

    /// How many jobs there were since the start, and what came of their phones.
    pub fn figures(&self) -> JobFigures {
        let table = self.0.table();
        let mut figures = table.ended.clone();
        table.jobs.values().filter(|job| !job.has_ended()).for_each(|job| figures.add(&job.view()));
        figures
    }

    /// Ends all jobs, and starts none any more; what they did so far is in the journal when this returns.
    pub async fn close(&self) {
        let mut tasks = {
            let mut table = self.0.table();
            table.closed = true;
            table.jobs.values().for_each(|job| job.give_up());
            std::mem::take(&mut table.tasks)
        };
        if timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("a resync is broken off");
        }
    }
}

/// Whether the fleet says that a journal is kept, without which nobody knows who came back.
pub fn keeps_journal(world: &World) -> bool {
    world.root().is_none_or(|root| root.journal.enabled)
}

impl Table {
    fn running(&self) -> usize {
        self.jobs.values().filter(|job| !job.has_ended()).count()
    }
}

impl House {
    /// Nothing that is done under the lock can break what is in it.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn job(&self, id: u64) -> Option<Arc<Entry>> {
        self.table().jobs.get(&id).cloned()
    }
}

/// A job while it runs: however it ends, its phones are free then.
struct Leaving {
    house: Arc<House>,
    entry: Arc<Entry>,
}

impl Leaving {
    async fn carry_out(self, wanted: Wanted) {
        let (state, why) = match self.ask(wanted).await {
            Ok(state) => (state, None),
            Err(error) => (JobState::Failed, Some(format!("the journal cannot be read: {error}"))),
        };
        self.end(state, why);
    }

    async fn ask(&self, wanted: Wanted) -> Result<JobState, crate::journal::JournalError> {
        let Around { live, state, asking, tell, .. } = &self.house.around;
        let stop = self.entry.stopping();
        let firmware = firmware_told(state).await;
        let mut targets = Vec::new();
        for macs in self.entry.waiting().chunks(STEP) {
            if *stop.borrow() != Stop::No {
                break;
            }
            let (serving, way) = (live.now(), wanted.way.clone());
            let found = plan(&serving, macs.to_vec(), wanted.verb, way, &firmware, state).await?;
            let Plan { targets: more, unasked } = found;
            targets.extend(more);
            unasked.into_iter().for_each(|(mac, why)| self.ended(mac, Outcome::CannotBeAsked { why: why.to_string() }));
        }
        let asking = Asking { patience: asking.patience.min(wanted.wait), ..asking.clone() };
        let job = Job { targets, pace: wanted.pace, wait: wanted.wait, asking, state: state.clone() };
        let ended = job
            .run(
                |phone, step| {
                    let mac = job.targets[phone].mac;
                    tell(mac, step);
                    match step {
                        Step::Asked => self.entry.note(mac, Progress::Asked),
                        Step::Ended(outcome) => self.ended(mac, outcome.clone()),
                    }
                },
                stop.clone(),
            )
            .await?;
        let was_told = *stop.borrow() != Stop::No;
        Ok(match ended.stopped {
            _ if was_told && !self.entry.is_complete() => JobState::Stopped,
            true if !was_told => JobState::StoppedItself,
            _ => JobState::Done,
        })
    }

    fn ended(&self, mac: Mac, outcome: Outcome) {
        self.house.table().busy.remove(&mac);
        self.entry.note(mac, Progress::Ended(outcome));
    }

    fn end(&self, state: JobState, why: Option<String>) {
        let mut table = self.house.table();
        let Some(view) = self.entry.end(state, why, now_ms()) else { return };
        table.ended.add(&view);
        let left: Vec<Mac> = table.busy.extract_if(|_, job| *job == view.id).map(|(mac, _)| mac).collect();
        forget(&mut table.jobs);
        drop(table);
        left.into_iter().for_each(|mac| (self.house.around.tell)(mac, Step::Ended(&Outcome::GivenUp)));
        tracing::info!(job = view.id, by = view.who, "{}: {}", view.verb, view.summary);
        let failed = view.why.as_ref().map(|why| format!("; it broke off: {why}")).unwrap_or_default();
        self.house.around.journal.changed(Change {
            at: now_ms(),
            who: view.who.clone(),
            what: view.verb.to_owned(),
            entity: view.summary.to_string() + &failed,
            mac: self.entry.only_phone(),
            after: None,
            ..Change::default()
        });
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.end(JobState::Failed, Some("it was broken off".to_owned()));
    }
}

/// Forgets what is too much of the jobs that ended.
fn forget(jobs: &mut BTreeMap<u64, Arc<Entry>>) {
    let ended: Vec<u64> = jobs.iter().filter(|(_, job)| job.has_ended()).map(|(id, _)| *id).collect();
    let mut phones = 0;
    for (age, id) in ended.iter().rev().enumerate() {
        let Some(job) = jobs.get(id) else { continue };
        phones += job.count();
        if age >= MAX_KEPT {
            jobs.remove(id);
        } else if phones > MAX_PHONES && age > 0 {
            job.forget_phones();
        }
    }
}
