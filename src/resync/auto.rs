//! `auto_resync` of a site: its phones that a change has left behind are asked to come.
//!
//! Who is behind is told by a [`Behind`], and which sites have changed through a channel. A phone is asked once for what
//! it should have; who did not come for that is asked again when it should have something else. At its start the server
//! asks nobody: what changed while it was away waits for the next change, or for `offhook resync --behind`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use compact_str::{CompactString, ToCompactString};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval, timeout};

use super::gather::Gather;
use super::job::Outcome;
use super::jobs::{Jobs, MAX_RUNNING, StartError, Wanted};
use super::target::Way;
use super::view::Progress;
use super::waves::Pace;
use crate::board::Board;
use crate::catalogue::Verb;
use crate::fleet::Entity;
use crate::live::{Live, Reloaded};
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

/// What is known of the phones of a site.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Those that have got a file, and not the one that they would get now.
    pub late: Vec<Late>,
    /// Of others that is not known yet.
    pub is_part: bool,
}

/// Somebody who knows which phones are behind.
pub trait Behind: Send + Sync + 'static {
    /// Looks at the phones of a site. May take its time.
    fn behind(&self, site: &str) -> Known;
}

/// What the server knows of its phones. Must be asked within a runtime.
pub struct OnBoard {
    /// How they stand.
    pub board: Arc<Board>,
    /// The fleet.
    pub live: Arc<Live>,
}

/// So long it is waited for that all phones of a site are looked at; then those are asked of which it is known.
const LOOKED_AT: Duration = Duration::from_secs(120);

impl Behind for OnBoard {
    fn behind(&self, site: &str) -> Known {
        let OnBoard { board, live } = self;
        let serving = live.now();
        let of_site = serving.world.sites_of_phones().filter(|(_, own)| *own == site);
        let macs: Vec<Mac> = of_site.map(|(mac, _)| mac).collect();
        let is_part = Handle::current().block_on(async { timeout(LOOKED_AT, board.looked_at(&macs)).await }).is_err();
        let late = |mac| Some(Late { mac, wanted: board.is_behind(mac)?.to_compact_string() });
        Known { late: macs.into_iter().filter_map(late).collect(), is_part }
    }
}

/// Follows the fleet, and asks those that are behind. Must be called within a runtime; ends with it.
pub fn auto_resync(live: Arc<Live>, jobs: Jobs, behind: Arc<dyn Behind>) {
    let (send, changes) = unbounded_channel();
    live.on_reload(move |reloaded| changed_sites(&reloaded).into_iter().for_each(|site| drop(send.send(site))));
    tokio::spawn(ask_those_behind(live, jobs, behind, changes));
}

/// The sites whose phones may get something else now, and that want their phones to be asked.
fn changed_sites(reloaded: &Reloaded) -> BTreeSet<CompactString> {
    let wants = |site: &str| reloaded.now.world.site(site).is_some_and(|site| site.auto_resync.is_some());
    let is_wide = !reloaded.families.is_empty() || reloaded.entities.contains(&Entity::Root);
    let all = reloaded.now.world.sites().map(|site| &site.id).filter(|_| is_wide);
    let changed = reloaded.entities.iter().filter_map(Entity::site);
    all.chain(changed).filter(|site| wants(site)).cloned().collect()
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
        let Known { late, is_part } = match spawn_blocking(move || behind.behind(&name)).await {
            Ok(known) => known,
            Err(error) => return tracing::error!("which phones of `{site}` are behind cannot be told: {error}"),
        };
        let asked = self.sites.entry(site.clone()).or_default();
        asked.take_back(&self.jobs);
        let mut wanted: HashMap<Mac, CompactString> = late.into_iter().map(|late| (late.mac, late.wanted)).collect();
        asked.wanted.retain(|mac, former| wanted.get(mac).map_or(is_part, |wanted| wanted == former));
        wanted.retain(|mac, _| !asked.wanted.contains_key(mac));
        // A phone that is asked already may come too early for this change.
        let count = wanted.len();
        wanted.retain(|mac, _| !self.jobs.has(*mac));
        let mut again = is_part || wanted.len() < count;
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
