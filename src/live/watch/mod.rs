//! Follows the fleet's folder, and the few files outside of it that matter: certificates and secrets.
//!
//! Events are gathered until nothing more comes for a moment, and then the files that they name are read as soon as
//! they have [settled](super::settle). Folders are watched rather than files, since editors replace files. Where events
//! were lost, or a whole folder came or went, everything is looked at again; so it is once a minute, for links into
//! folders that nobody watches and for network disks, which tell nothing.

mod beside;
mod place;
mod root;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use beside::folder_of;
use place::Place;
pub use state::WatchState;
use state::{Standing, locked};

use super::refused::{hint, plainly};
use super::settle::Settling;
use super::{Changed, Held, Live};
use crate::fleet::{Entity, Stamp};

/// Events are gathered until none has come for this long…
const QUIET: Duration = Duration::from_millis(15);
/// …but no longer than this, so that a steady writer cannot keep edits from being served.
const MOST: Duration = Duration::from_millis(60);
/// How often it is seen to that the folder is still the same one.
const TICK: Duration = Duration::from_millis(100);
/// How often everything is looked at although no event asks for it…
const LOOK: Duration = Duration::from_secs(60);
/// …and how often where the system gives no watch.
const LOOK_BLIND: Duration = Duration::from_secs(5);
/// Looking makes events itself, so lost events must not make us look without a pause.
const PAUSE: Duration = Duration::from_secs(1);

/// Files outside of the fleet, and what to do when they change.
pub struct Followed {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What to do.
    pub then: Box<dyn Fn() + Send>,
}

/// A running watch; it ends when this is dropped.
pub struct Watching {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    state: WatchState,
}

impl Watching {
    /// How it fares, for somebody who looks at it from time to time.
    pub fn state(&self) -> WatchState {
        self.state.clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts to follow a fleet's folder and other files.
///
/// # Errors
/// There is no thread for it. A watch that the system does not give is no error: phones are more important.
pub fn watch(live: Arc<Live>, root: &Path, followed: Vec<Followed>) -> std::io::Result<Watching> {
    let root = std::path::absolute(root)?;
    let (send, events) = channel();
    let mut following = Following::new(live, root, followed, send);
    // What changed between loading and watching would be missed otherwise.
    following.step(Instant::now());
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, state) = (stop.clone(), WatchState::of(&following.standing));
    let thread = std::thread::Builder::new().name("watch".into()).spawn(move || following.run(&events, &stopped))?;
    Ok(Watching { stop, thread: Some(thread), state })
}

struct Following {
    live: Arc<Live>,
    root: PathBuf,
    /// The folder's name in the folder above, as events tell it.
    above: Option<PathBuf>,
    followed: Vec<Followed>,
    watcher: Option<RecommendedWatcher>,
    _send: Sender<notify::Result<Event>>,
    settling: Settling,
    /// The folder that is watched; none while there is none.
    place: Option<Stamp>,
    /// Since when the folder lacks what makes it a fleet, and what was told of it.
    lacking: Option<(Instant, Option<&'static str>)>,
    /// Folders with certificates and secrets, and whether they are watched.
    beside: BTreeMap<PathBuf, bool>,
    /// How many files with secrets were seen to.
    secrets: usize,
    blind: bool,
    standing: Arc<Mutex<Standing>>,
    catalogue_waits: bool,
    looked: Instant,
    next_look: Instant,
}

impl Following {
    fn new(live: Arc<Live>, root: PathBuf, followed: Vec<Followed>, send: Sender<notify::Result<Event>>) -> Following {
        let now = Instant::now();
        let watcher = notify::recommended_watcher(send.clone());
        let mut following = Following {
            live,
            root,
            above: None,
            followed,
            watcher: None,
            _send: send,
            settling: Settling::default(),
            place: None,
            lacking: None,
            beside: BTreeMap::new(),
            secrets: 0,
            blind: false,
            standing: Arc::new(Mutex::new(Standing { beat: now, lacking: None, blind: false })),
            catalogue_waits: false,
            looked: now,
            next_look: now,
        };
        following.watcher = watcher.map_err(|error| following.go_blind(&error)).ok();
        following
    }

    fn run(mut self, events: &Receiver<notify::Result<Event>>, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let waiting = self.catalogue_waits || self.settling.is_waiting();
            let first = events.recv_timeout(if waiting && self.place.is_some() { QUIET } else { TICK });
            // A mistake of ours must not end all reloads.
            let step = catch_unwind(AssertUnwindSafe(|| {
                if let Ok(first) = first {
                    self.gather(first, events);
                }
                self.step(Instant::now());
            }));
            let lacking = self.lacking.and_then(|(_, told)| told);
            *locked(&self.standing) = Standing { beat: Instant::now(), lacking, blind: self.blind };
            if step.is_err() {
                tracing::error!("a reload broke off; what was good stays served");
            }
        }
    }

    /// Takes events in until none comes for a moment.
    fn gather(&mut self, first: notify::Result<Event>, events: &Receiver<notify::Result<Event>>) {
        let begin = Instant::now();
        self.note(first);
        while begin.elapsed() < MOST {
            match events.recv_timeout(QUIET) {
                Ok(event) => self.note(event),
                Err(_) => break,
            }
        }
    }

    fn note(&mut self, event: notify::Result<Event>) {
        let root = &self.root;
        let is_ours = |path: &Path| path.strip_prefix(root).is_ok_and(|path| Entity::at(path).is_some());
        match event {
            Ok(event) => self.settling.note(&event, Instant::now(), &is_ours),
            Err(error) => {
                self.go_blind(&error);
                self.settling.lose_track(Instant::now());
            }
        }
    }

    /// Reads what may be read by now.
    fn step(&mut self, now: Instant) {
        self.find_root(now);
        let whole = self.is_whole(now);
        if self.place.is_none() {
            return;
        }
        let ready = self.settling.take_finished(now, whole);
        if ready.lost {
            self.next_look = self.next_look.min(now.max(self.looked + PAUSE));
        }
        let mut changed = Changed::default();
        let mut everything = now >= self.next_look;
        let mut beside = BTreeSet::new();
        for path in &ready.paths {
            let Ok(relative) = path.strip_prefix(&self.root) else {
                beside.extend(path.parent());
                continue;
            };
            if relative.starts_with("overrides") {
                self.catalogue_waits = true;
                self.watch_again(path);
            } else if let Some(entity) = Entity::at(relative) {
                changed.entities.insert(entity);
            } else if let Some(place) = Place::of(relative) {
                // It may have been filled before it was watched, so that comes first.
                self.watch_again(path);
                match place {
                    Place::Site(site) => changed.sites.extend([site]),
                    Place::All => everything = true,
                }
            }
            beside.extend(path.parent());
        }
        let held = self.held();
        if !held.overrides {
            changed.catalogue = std::mem::take(&mut self.catalogue_waits);
        }
        let beside = self.known_beside(&beside);
        changed.secrets = !beside.is_empty();
        changed.everything = everything;
        if changed != Changed::default() {
            changed.held = held;
            self.follow(&changed, &beside, now);
        }
    }

    fn follow(&mut self, changed: &Changed, beside: &BTreeSet<PathBuf>, now: Instant) {
        let seen = self.live.follow(changed);
        if self.live.has_unproven() {
            let live = self.live.clone();
            std::thread::spawn(move || live.prove_rest());
        }
        if changed.everything {
            let least = if self.blind { LOOK_BLIND } else { LOOK };
            self.looked = Instant::now();
            self.next_look = self.looked + least.max(now.elapsed() * 200);
        }
        let path = |entity: &Entity| self.root.join(entity.path());
        seen.young.iter().for_each(|entity| self.settling.young(path(entity), now));
        seen.missing.iter().for_each(|entity| self.settling.missing(path(entity), now));
        seen.missing_overrides.into_iter().for_each(|path| self.settling.missing(path, now));
        for followed in &self.followed {
            if changed.everything || followed.files.iter().any(|file| beside.contains(&folder_of(file))) {
                (followed.then)();
            }
        }
        self.watch_beside(changed.everything);
    }

    /// What is being written, or was taken away and may be back.
    fn held(&self) -> Held {
        let mut held = Held::default();
        for path in self.settling.writing().chain(self.settling.removed()) {
            let Ok(relative) = path.strip_prefix(&self.root) else { continue };
            held.overrides |= relative.starts_with("overrides");
            held.entities.extend(Entity::at(relative));
        }
        held
    }

    /// Watches a folder that has come, with everything in it: the watcher itself does so some time after it has told,
    /// and never where the folder is a link.
    fn watch_again(&mut self, folder: &Path) {
        let Some(watcher) = self.watcher.as_mut().filter(|_| folder.is_dir()) else { return };
        // Behind a link there may be another folder now. Of any other folder this would lose events that are on the way.
        if folder.is_symlink() {
            let _ = watcher.unwatch(folder);
            self.settling.lose_writers(folder, Instant::now());
        }
        match watcher.watch(folder, RecursiveMode::Recursive) {
            // Gone again: the folder above tells.
            Err(_) if !folder.is_dir() => {}
            Err(error) => self.go_blind(&error),
            Ok(()) => {}
        }
    }

    fn go_blind(&mut self, error: &notify::Error) {
        if !std::mem::replace(&mut self.blind, true) {
            let (folder, seconds) = (self.root.display(), LOOK_BLIND.as_secs());
            let hint = hint(error).map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
            let why = plainly(error);
            tracing::error!("`{folder}` cannot be watched, and is looked at every {seconds} s: {why}{hint}");
        }
        self.next_look = self.next_look.min(Instant::now() + LOOK_BLIND);
    }
}
