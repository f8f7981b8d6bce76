//! `auto_resync` of a site: its phones that a change has left behind are asked to come.
//!
//! Who is behind is told by a [`Behind`], and which sites have changed through a channel. A phone is asked once for what
//! it should have; who did not come for that is asked again when it should have something else. At its start the server
//! asks nobody: what changed while it was away waits for the next change, or for `offhook resync --behind`.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use rayon::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval};

use super::choice::macs_of;
use super::gather::Gather;
use super::job::Outcome;
use super::jobs::{Jobs, MAX_RUNNING, StartError, Wanted};
use super::standing::Books;
use super::target::Way;
use super::view::Progress;
use super::waves::Pace;
use crate::catalogue::Verb;
use crate::journal::now_ms;
use crate::live::{Live, Serving};
use crate::phone::Mac;

/// How often it is looked whether something has changed, or is due.
const LOOK: Duration = Duration::from_millis(500);
/// How long a phone is waited for.
const WAIT: Duration = Duration::from_secs(300);
/// Where so many jobs run, further sites wait: people want to start some too.
const MOST: usize = MAX_RUNNING / 2;
/// Who wants such a job.
const WHO: &str = "auto_resync";

/// A phone that has not got what the fleet says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// The phone.
    pub mac: Mac,
    /// What it should have: another text whenever its files are others.
    pub wanted: CompactString,
}

/// Somebody who knows which phones are behind.
pub trait Behind: Send + Sync + 'static {
    /// The phones of a site that have got a file, and not the one that they would get now. May take its time.
    fn behind(&self, site: &str) -> Vec<Late>;
}

/// Makes the files of a site's phones, and compares them with what the state folder says that they got.
pub struct FromBooks {
    /// The fleet.
    pub live: Arc<Live>,
    /// The state folder.
    pub state: PathBuf,
}

impl Behind for FromBooks {
    fn behind(&self, site: &str) -> Vec<Late> {
        let serving = self.live.now();
        let books = Books::read(&self.state, (now_ms() / 1000) as u64).unwrap_or_else(|error| {
            tracing::error!("which phones are behind cannot be told: {error}");
            None
        });
        let (Some(books), Ok(macs)) = (books, macs_of(&serving.world, Some(site))) else { return Vec::new() };
        macs.into_par_iter().filter_map(|mac| books.wanted(&serving, mac).map(|wanted| Late { mac, wanted })).collect()
    }
}

/// Follows the fleet, and asks those that are behind. Must be called within a runtime; ends with it.
pub fn auto_resync(live: Arc<Live>, jobs: Jobs, behind: Arc<dyn Behind>) {
    let (send, changes) = unbounded_channel();
    tokio::spawn(tell_changes(live.clone(), send));
    tokio::spawn(ask_those_behind(live, jobs, behind, changes));
}

/// Tells the sites whose phones may get something else now, and that want to be told.
async fn tell_changes(live: Arc<Live>, tell: UnboundedSender<CompactString>) {
    let mut before = live.now();
    let mut look = interval(LOOK);
    loop {
        look.tick().await;
        let now = live.now();
        if Arc::ptr_eq(&before, &now) {
            continue;
        }
        let compared = (before, now.clone());
        let changed = spawn_blocking(move || changed_sites(&compared.0, &compared.1)).await.unwrap_or_default();
        if changed.into_iter().any(|site| tell.send(site).is_err()) {
            return;
        }
        before = now;
    }
}

fn changed_sites(before: &Serving, now: &Serving) -> BTreeSet<CompactString> {
    let wants = |site: &str| now.world.site(site).is_some_and(|site| site.auto_resync.is_some());
    let mut changed = BTreeSet::new();
    for mac in now.world.macs() {
        let Some(phone) = now.world.phone(mac) else { continue };
        if changed.contains(&phone.site) || !wants(&phone.site) {
            continue;
        }
        let former = before.world.phone(mac).map(|phone| before.generations(phone));
        if former != Some(now.generations(phone)) {
            changed.insert(phone.site.clone());
        }
    }
    changed
}

/// Asks phones of sites that have changed, once each site rests.
pub async fn ask_those_behind(
    live: Arc<Live>,
    jobs: Jobs,
    behind: Arc<dyn Behind>,
    mut changes: UnboundedReceiver<CompactString>,
) {
    let mut auto = Auto { live, jobs, behind, begin: Instant::now(), gather: Gather::default(), sites: HashMap::new() };
    let mut look = interval(LOOK);
    loop {
        tokio::select! {
            site = changes.recv() => match site {
                Some(site) => auto.gather.changed(site, auto.begin.elapsed()),
                None => return,
            },
            _ = look.tick() => auto.look().await,
        }
    }
}

struct Auto {
    live: Arc<Live>,
    jobs: Jobs,
    behind: Arc<dyn Behind>,
    begin: Instant,
    gather: Gather,
    sites: HashMap<CompactString, Asked>,
}

/// What phones of a site were asked for, and by which jobs.
#[derive(Default)]
struct Asked {
    wanted: HashMap<Mac, CompactString>,
    jobs: Vec<u64>,
}

impl Auto {
    async fn look(&mut self) {
        let serving = self.live.now();
        let rest = |site: &CompactString| Some(serving.world.site(site)?.auto_resync?.after);
        for site in self.gather.due(self.begin.elapsed(), rest) {
            match self.jobs.running() {
                MOST.. => self.gather.changed(site, self.begin.elapsed()),
                _ => self.ask(site).await,
            }
        }
    }

    async fn ask(&mut self, site: CompactString) {
        let serving = self.live.now();
        let Some(auto) = serving.world.site(&site).and_then(|site| site.auto_resync) else { return };
        let (behind, name) = (self.behind.clone(), site.clone());
        let late = match spawn_blocking(move || behind.behind(&name)).await {
            Ok(late) => late,
            Err(error) => return tracing::error!("which phones of `{site}` are behind cannot be told: {error}"),
        };
        let asked = self.sites.entry(site.clone()).or_default();
        asked.take_back(&self.jobs);
        let mut wanted: HashMap<Mac, CompactString> = late.into_iter().map(|late| (late.mac, late.wanted)).collect();
        asked.wanted.retain(|mac, former| wanted.get(mac) == Some(former));
        wanted.retain(|mac, _| !asked.wanted.contains_key(mac));
        // A phone that is asked already may come too early for this change.
        let count = wanted.len();
        wanted.retain(|mac, _| !self.jobs.has(*mac));
        let mut again = wanted.len() < count;
        if !wanted.is_empty() {
            let pace = Pace { overall: auto.pace, ..Pace::default() };
            let macs = wanted.keys().copied().collect();
            let (verb, way, who) = (Verb::Resync, Way::Registrar, WHO.to_owned());
            match self.jobs.start(Wanted { macs, verb, way, pace, wait: WAIT, who }) {
                Ok(job) => {
                    asked.jobs.push(job);
                    asked.wanted.extend(wanted);
                }
                Err(StartError::TooMany) => again = true,
                Err(why) => tracing::warn!("phones of the site `{site}` that are behind are not asked: {why}"),
            }
        }
        if again {
            self.gather.changed(site, self.begin.elapsed());
        }
    }
}

impl Asked {
    /// Who was not asked after all is asked another time.
    fn take_back(&mut self, jobs: &Jobs) {
        self.jobs.retain(|id| {
            let Some(found) = jobs.get(*id) else { return false };
            let is_not_asked = |progress: &Progress| {
                matches!(progress, Progress::Ended(Outcome::NotAsked | Outcome::InAnotherJob { .. }))
            };
            for phone in found.phones.iter().filter(|phone| is_not_asked(&phone.progress)) {
                self.wanted.remove(&phone.mac);
            }
            found.job.ended.is_none()
        });
    }
}
