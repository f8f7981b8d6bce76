//! Follows the fleet's folder, and the few files outside of it that matter: certificates and secrets.
//!
//! Events are gathered until nothing more comes for a moment, and then the files that they name are read. Folders are
//! watched rather than files, since editors replace files. Where an event says that more was lost, or a whole folder came
//! or went, everything is looked at again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, Flag};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Changed, Live};
use crate::fleet::Entity;

/// Events are gathered until none has come for this long…
const QUIET: Duration = Duration::from_millis(15);
/// …but no longer than this, so that a steady writer cannot keep edits from being served.
const MOST: Duration = Duration::from_millis(60);
/// How often a folder that has vanished is looked for.
const LOST: Duration = Duration::from_millis(100);
/// More files than this in one go are found by looking at everything.
const MANY: usize = 500;

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
/// The system gives no watch.
pub fn watch(live: Arc<Live>, root: &Path, followed: Vec<Followed>) -> notify::Result<Watching> {
    let root = std::path::absolute(root).map_err(notify::Error::io)?;
    let (send, events) = channel();
    let watcher = notify::recommended_watcher(send)?;
    let mut following = Following { live, root, followed, watcher, lost: false, folders: BTreeSet::new() };
    following.watch_all()?;
    // What changed between loading and watching would be missed otherwise.
    following.live.follow(&Changed { everything: true, ..Changed::default() });
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let thread = std::thread::Builder::new().name("watch".into()).spawn(move || following.run(&events, &stopped));
    Ok(Watching { stop, thread: Some(thread.map_err(notify::Error::io)?) })
}

struct Following {
    live: Arc<Live>,
    root: PathBuf,
    followed: Vec<Followed>,
    watcher: RecommendedWatcher,
    lost: bool,
    folders: BTreeSet<PathBuf>,
}

impl Following {
    fn watch_all(&mut self) -> notify::Result<()> {
        self.watcher.watch(&self.root, RecursiveMode::Recursive)?;
        // The folder above tells when the fleet's own folder, or the link that it is, is replaced.
        if let Some(above) = self.root.parent() {
            let _ = self.watcher.watch(above, RecursiveMode::NonRecursive);
        }
        self.watch_others();
        Ok(())
    }

    /// The folders of files outside of the fleet; secrets come and go with the fleet's own files.
    fn watch_others(&mut self) {
        let secrets = self.live.secret_files();
        let files = self.followed.iter().flat_map(|followed| &followed.files).chain(&secrets);
        let folders: BTreeSet<PathBuf> = files
            .filter(|file| !file.starts_with(&self.root))
            .filter_map(|file| std::path::absolute(file).ok()?.parent().map(Path::to_owned))
            .collect();
        for folder in folders {
            if self.folders.insert(folder.clone()) && self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_err()
            {
                tracing::warn!("`{}` cannot be watched: files in it are read at the next start", folder.display());
                self.folders.remove(&folder);
            }
        }
    }

    fn run(mut self, events: &Receiver<notify::Result<Event>>, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            match events.recv_timeout(LOST) {
                Ok(first) => {
                    let batch = gather(first, events);
                    self.take(&batch);
                }
                Err(RecvTimeoutError::Timeout) if self.lost => self.find_again(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, batch: &[notify::Result<Event>]) {
        let mut changed = Changed::default();
        let mut moved = false;
        let mut others = BTreeSet::new();
        for event in batch {
            match event {
                Ok(event) if event.need_rescan() || event.flag() == Some(Flag::Rescan) => changed.everything = true,
                Ok(event) if is_change(event.kind) => {
                    for path in &event.paths {
                        moved |= *path == self.root;
                        self.classify(path, &mut changed, &mut others);
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("watching: {error}");
                    changed.everything = true;
                }
            }
        }
        if moved || !self.root.exists() {
            self.lost = true;
            self.find_again();
            return;
        }
        changed.everything |= changed.entities.len() > MANY;
        if changed != Changed::default() {
            self.live.follow(&changed);
            self.watch_others();
        }
        self.follow_others(&others);
    }

    fn classify(&self, path: &Path, changed: &mut Changed, others: &mut BTreeSet<PathBuf>) {
        let Ok(relative) = path.strip_prefix(&self.root) else {
            others.insert(path.to_owned());
            return;
        };
        if relative.starts_with("overrides") {
            changed.catalogue = true;
        } else if let Some(entity) = Entity::at(relative) {
            changed.entities.insert(entity);
        } else {
            others.insert(path.to_owned());
            // A folder that comes or goes takes files with it that no event may name.
            changed.everything |= is_place_of_folder(relative);
        }
    }

    /// Certificates and secrets whose files changed.
    fn follow_others(&self, paths: &BTreeSet<PathBuf>) {
        let mut entities = BTreeSet::new();
        for path in paths {
            entities.extend(self.live.users_of_secret(path));
            // Certificates are often links into a folder that is replaced, so any change beside them counts.
            let beside = |file: &PathBuf| std::path::absolute(file).is_ok_and(|file| file.parent() == path.parent());
            for followed in self.followed.iter().filter(|followed| followed.files.iter().any(beside)) {
                (followed.then)();
            }
        }
        if !entities.is_empty() {
            self.live.follow(&Changed { entities, ..Changed::default() });
        }
    }

    /// The fleet's folder was replaced, or has vanished and may come back.
    fn find_again(&mut self) {
        if !self.root.is_dir() {
            return;
        }
        let _ = self.watcher.unwatch(&self.root);
        if let Err(error) = self.watch_all() {
            tracing::warn!("`{}` cannot be watched yet: {error}", self.root.display());
            return;
        }
        self.lost = false;
        self.live.follow(&Changed { everything: true, catalogue: true, ..Changed::default() });
    }
}

/// Reading our own files makes events too; only what may have changed a file counts.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// `sites`, `sites/SITE`, `sites/SITE/lines` and `sites/SITE/phones`: folders by their place, even when they are gone.
fn is_place_of_folder(relative: &Path) -> bool {
    let parts: Vec<_> = relative.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        [] | ["sites"] => true,
        ["sites", site] => !site.starts_with('.'),
        ["sites", _, folder] => matches!(*folder, "lines" | "phones"),
        _ => false,
    }
}

fn gather(first: notify::Result<Event>, events: &Receiver<notify::Result<Event>>) -> Vec<notify::Result<Event>> {
    let begin = Instant::now();
    let mut batch = vec![first];
    while begin.elapsed() < MOST {
        match events.recv_timeout(QUIET) {
            Ok(event) => batch.push(event),
            Err(_) => break,
        }
    }
    batch
}
