//! Follows the fleet's folder, and the few files outside of it that matter: certificates and secrets.
//!
//! Events are gathered until nothing more comes for a moment, and then the files that they name are read as soon as
//! they have [settled](super::settle). Folders are watched rather than files, since editors replace files. Where events
//! were lost, or a whole folder came or went, everything is looked at again; so it is once a minute, for links into
//! folders that nobody watches and for network disks, which tell nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use compact_str::CompactString;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::refused::{hint, plainly};
use super::settle::Settling;
use super::watch_state::{Standing, WatchState, locked};
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

    /// Sees whether the folder was replaced, has vanished, or is back.
    fn find_root(&mut self, now: Instant) {
        let above = self.above.clone();
        let touched =
            self.settling.is_touched(&self.root) | above.is_some_and(|above| self.settling.is_touched(&above));
        let place = Stamp::of(&self.root).filter(|_| self.root.is_dir());
        let same = match (&self.place, &place) {
            (Some(known), Some(place)) => known.is_same_place(place) && !touched,
            (known, place) => known.is_none() && place.is_none(),
        };
        if same {
            return;
        }
        // Whoever wrote a file of the old folder does not write in the new one.
        self.settling.lose_track(now);
        if self.place.is_some() || self.lacking.is_some() {
            self.settling.be_careful(now);
        }
        self.place = place;
        if self.place.is_some() {
            self.watch_root();
            self.next_look = now;
        }
    }

    /// Whether the folder has what makes it a fleet. One that has not is a mount or a checkout in the making: nothing
    /// is taken away then, and what was good stays served.
    fn is_whole(&mut self, now: Instant) -> bool {
        let lacks = |name: &str| std::fs::symlink_metadata(self.root.join(name)).is_err();
        let lacking = match self.place {
            None => Some("has vanished"),
            Some(_) if lacks("fleet.toml") => Some("has lost its fleet.toml"),
            Some(_) if lacks("sites") && self.live.now().world.counts().2 > 0 => Some("has lost its sites"),
            Some(_) => None,
        };
        let Some(what) = lacking else {
            if self.lacking.take().is_some() {
                self.settling.be_careful(now);
                self.next_look = now;
            }
            return true;
        };
        let (since, told) = self.lacking.get_or_insert((now, None));
        // Editors take a file away for a moment.
        if told.is_none() && now.saturating_duration_since(*since) >= PAUSE {
            *told = Some(what);
            tracing::error!("the fleet's folder `{}` {what}; what was good stays served", self.root.display());
        }
        false
    }

    fn watch_root(&mut self) {
        // The folder above tells when the fleet's own folder, or the link that it is, is replaced.
        let above = self.root.parent().and_then(|above| std::fs::canonicalize(above).ok());
        self.above = above.as_ref().zip(self.root.file_name()).map(|(above, name)| above.join(name));
        let Some(watcher) = &mut self.watcher else { return };
        let _ = watcher.unwatch(&self.root);
        self.blind = false;
        if let Err(error) = watcher.watch(&self.root, RecursiveMode::Recursive) {
            self.go_blind(&error);
        }
        if let (Some(watcher), Some(above)) = (&mut self.watcher, above) {
            let _ = watcher.watch(&above, RecursiveMode::NonRecursive);
        }
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

    /// Folders with certificates and secrets; secrets come and go with the fleet's own files.
    fn watch_beside(&mut self, again: bool) {
        // There may be one for each line, so only new ones are worth a look.
        if !again && self.live.count_secret_files() == self.secrets {
            return;
        }
        let secrets = self.live.secret_files();
        self.secrets = secrets.len();
        let files = self.followed.iter().flat_map(|followed| &followed.files).chain(&secrets);
        let folders: BTreeSet<PathBuf> = files.map(|file| folder_of(file)).collect();
        let inside = std::fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        for folder in folders {
            let known = self.beside.get(&folder);
            if known.is_some_and(|watched| *watched || !again) {
                continue;
            }
            let watcher = self.watcher.as_mut().filter(|_| !folder.starts_with(&inside));
            let watched = watcher.map(|watcher| watcher.watch(&folder, RecursiveMode::NonRecursive));
            if let (None, Some(Err(error))) = (known, &watched) {
                let seconds = LOOK.as_secs();
                tracing::warn!("`{}` is looked at every {seconds} s only: {}", folder.display(), plainly(error));
            }
            self.beside.insert(folder, watched.is_none_or(|watched| watched.is_ok()));
        }
    }

    /// Of folders in which something happened, those with certificates and secrets.
    fn known_beside(&self, folders: &BTreeSet<&Path>) -> BTreeSet<PathBuf> {
        let known = folders.iter().filter_map(|folder| std::fs::canonicalize(folder).ok());
        known.filter(|folder| self.beside.contains_key(folder)).collect()
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

/// The folder of a file as events name it. Certificates and secrets are often links into a folder that is replaced, so
/// any change beside them counts.
fn folder_of(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(&file);
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// A folder by its place, even when it is gone.
enum Place {
    /// `sites/SITE`, `sites/SITE/lines` or `sites/SITE/phones`.
    Site(CompactString),
    /// `sites`; or what begins with two dots: container platforms replace the content of a folder by such a link.
    All,
}

impl Place {
    fn of(relative: &Path) -> Option<Place> {
        let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
        match parts.as_slice() {
            ["sites"] => Some(Place::All),
            ["sites", site] | ["sites", site, "lines" | "phones"] if !site.starts_with('.') => {
                Some(Place::Site((*site).into()))
            }
            [link] if link.starts_with("..") => Some(Place::All),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
