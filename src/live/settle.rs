//! Which files may be read now: those whose writers are done.
//!
//! An editor that truncates a file and fills it again makes many events, and between them the file is half of itself,
//! which may well be valid. So a file that is being written is left alone until its writer has closed it. One that is
//! removed may be back at once, since editors and `git checkout` take a file away before they put the new one in its
//! place; so a removal is believed a moment later, and many of them when nothing more happens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, Flag, ModifyKind, RenameMode};
use notify::{Event, EventKind};

use crate::fleet::Stamp;

/// A writer who has not been heard of for so long has closed the file, or keeps it open for no good.
const WRITING: Duration = Duration::from_secs(30);
/// A single file that is removed may be back within this time.
const REMOVED: Duration = Duration::from_millis(60);
/// Many are removed together when nothing else has happened for so long…
const REMOVED_QUIET: Duration = Duration::from_secs(1);
/// …or at the latest after this.
const REMOVED_MOST: Duration = Duration::from_secs(30);
/// So many are many.
const MANY: usize = 20;
/// A file that was too young to be read is read after this time, if no writer is heard of…
const AGAIN: Duration = Duration::from_millis(25);
/// …and an empty one after this: most likely it was made a moment ago, and is to be filled.
const EMPTY: Duration = Duration::from_secs(1);
/// Only Linux tells when a writer closes a file.
const TELLS_OF_CLOSING: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What may be read, and what has to wait.
#[derive(Debug, Default)]
pub struct Settling {
    writing: BTreeMap<PathBuf, Instant>,
    removed: BTreeMap<PathBuf, Instant>,
    again: BTreeMap<PathBuf, Instant>,
    ready: Ready,
    last: Option<Instant>,
    careful: bool,
}

/// What may be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Files that were written or removed; links and folders that came or went too.
    pub paths: BTreeSet<PathBuf>,
    /// Of those, files that had their second chance.
    pub again: BTreeSet<PathBuf>,
    /// Events were lost: look at everything.
    pub lost: bool,
}

impl Settling {
    /// Takes an event in; `is_ours` says whether a path is a file that is read.
    pub fn note(&mut self, event: &Event, now: Instant, is_ours: &dyn Fn(&Path) -> bool) {
        if event.need_rescan() || event.flag() == Some(Flag::Rescan) {
            self.lose_track(now);
            return;
        }
        if let EventKind::Modify(ModifyKind::Name(RenameMode::Both)) = event.kind {
            // From one place of ours to another: no editor's copy, so nothing comes back.
            if let [from, to] = event.paths.as_slice()
                && is_ours(from)
                && is_ours(to)
            {
                self.removed.remove(from);
                self.ready.paths.insert(from.clone());
            }
            return;
        }
        for path in &event.paths {
            self.note_one(event.kind, path, now);
        }
    }

    fn note_one(&mut self, kind: EventKind, path: &Path, now: Instant) {
        let written = match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            // Reading makes events too.
            EventKind::Access(_) => return,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
                self.forget(path);
                self.removed.insert(path.to_owned(), now);
                self.last = Some(now);
                return;
            }
            EventKind::Create(CreateKind::Folder) => true,
            EventKind::Create(_) => !TELLS_OF_CLOSING || is_whole(path),
            EventKind::Modify(ModifyKind::Data(_)) => !TELLS_OF_CLOSING,
            EventKind::Modify(ModifyKind::Metadata(_)) if self.writing.contains_key(path) => return,
            _ => true,
        };
        self.last = Some(now);
        self.forget(path);
        if written {
            self.ready.paths.insert(path.to_owned());
        } else {
            self.writing.insert(path.to_owned(), now);
        }
    }

    fn forget(&mut self, path: &Path) {
        self.writing.remove(path);
        self.removed.remove(path);
        self.again.remove(path);
        self.ready.paths.remove(path);
    }

    /// Events were lost, perhaps those of writers that closed their files.
    pub fn lose_track(&mut self, now: Instant) {
        self.ready.lost = true;
        self.lose_writers(Path::new(""), now);
    }

    /// Writers below a folder may have closed their files without anybody telling.
    pub fn lose_writers(&mut self, folder: &Path, now: Instant) {
        let soon = now.checked_sub(WRITING - REMOVED_QUIET).unwrap_or(now);
        for (_, since) in self.writing.iter_mut().filter(|(path, _)| path.starts_with(folder)) {
            *since = soon.min(*since);
        }
    }

    /// This file is so young that somebody may be writing it again.
    pub fn young(&mut self, path: PathBuf, now: Instant) {
        if !self.writing.contains_key(&path) {
            let empty = std::fs::metadata(&path).is_ok_and(|meta| meta.len() == 0);
            self.again.insert(path, now + if empty { EMPTY } else { AGAIN });
        }
    }

    /// A look at everything did not find this file any more.
    pub fn missing(&mut self, path: PathBuf, now: Instant) {
        self.removed.entry(path).or_insert(now);
    }

    /// The folder itself was away: what is not there yet may be on its way.
    pub fn be_careful(&mut self, now: Instant) {
        self.careful = true;
        self.last = Some(now);
    }

    /// Whether something has happened to a path; if so, that is taken note of and forgotten.
    pub fn is_touched(&mut self, path: &Path) -> bool {
        let touched = self.ready.paths.contains(path) || self.removed.contains_key(path);
        self.forget(path);
        touched
    }

    /// Files that are being written, or may be.
    pub fn writing(&self) -> impl Iterator<Item = &PathBuf> {
        self.writing.keys().chain(self.again.keys())
    }

    /// Files that are gone, and may be back.
    pub fn removed(&self) -> impl Iterator<Item = &PathBuf> {
        self.removed.keys()
    }

    /// What may be read by now, and is not being written again this very moment.
    pub fn take_finished(&mut self, now: Instant, believe: bool) -> Ready {
        let mut ready = self.take(now, believe);
        let again = std::mem::take(&mut ready.again);
        let unfinished = |path: &PathBuf| {
            !again.contains(path) && path.is_file() && Stamp::of(path).is_some_and(|stamp| stamp.is_unfinished())
        };
        for path in ready.paths.extract_if(.., unfinished) {
            self.young(path, now);
        }
        ready
    }

    /// What may be read by now; `believe` says whether removals may be believed at all.
    pub fn take(&mut self, now: Instant, believe: bool) -> Ready {
        let mut ready = std::mem::take(&mut self.ready);
        let past = |since: &Instant, time: Duration| now.saturating_duration_since(*since) >= time;
        ready.paths.extend(self.writing.extract_if(.., |_, since| past(since, WRITING)).map(|(path, _)| path));
        ready.again = self.again.extract_if(.., |_, end| *end <= now).map(|(path, _)| path).collect();
        ready.paths.extend(ready.again.iter().cloned());
        if believe {
            let quiet = self.last.is_none_or(|last| past(&last, REMOVED_QUIET));
            let few = self.removed.len() <= MANY && !self.careful;
            let wait = if few { REMOVED } else { REMOVED_QUIET };
            let gone = |_: &PathBuf, since: &mut Instant| past(since, wait) && (few || quiet);
            let late = self.removed.values().any(|since| past(since, REMOVED_MOST));
            match late {
                true => ready.paths.extend(std::mem::take(&mut self.removed).into_keys()),
                false => ready.paths.extend(self.removed.extract_if(.., gone).map(|(path, _)| path)),
            }
            self.careful &= !(quiet && self.removed.is_empty());
        }
        ready
    }

    /// Whether something waits for nothing but time.
    pub fn is_waiting(&self) -> bool {
        !(self.again.is_empty() && self.removed.is_empty())
    }
}

/// A link, or another name for a file that is there already: nobody writes it.
fn is_whole(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_file() || meta.nlink() > 1)
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, RemoveKind};

    use super::*;

    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const GONE: EventKind = EventKind::Remove(RemoveKind::File);

    /// Plays events at milliseconds, and tells what may be read at a later one.
    fn ready(events: &[(u64, EventKind, &[&str])], at: u64) -> Vec<String> {
        let begin = Instant::now();
        let mut settling = Settling::default();
        for (millis, kind, paths) in events {
            let event = paths.iter().fold(Event::new(*kind), |event, path| event.add_path(path.into()));
            let ours = |path: &Path| path.extension().is_some_and(|extension| extension == "toml");
            settling.note(&event, begin + Duration::from_millis(*millis), &ours);
        }
        let ready = settling.take(begin + Duration::from_millis(at), true);
        ready.paths.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_file_is_read_when_its_writer_closes_it() {
        let written = [(0, WRITTEN, &["a.toml"][..]), (5000, WRITTEN, &["a.toml"])];
        assert_eq!(ready(&written, 6000), [""; 0]);
        assert_eq!(ready(&[&written[..], &[(7000, CLOSED, &["a.toml"])]].concat(), 7000), ["a.toml"]);
        // Nobody keeps a file open for ever.
        assert_eq!(ready(&written, 35_000), ["a.toml"]);
    }

    #[test]
    fn a_file_that_is_written_again_is_waited_for_again() {
        assert_eq!(ready(&[(0, CLOSED, &["a.toml"]), (1, WRITTEN, &["a.toml"])], 100), [""; 0]);
    }

    #[test]
    fn a_file_that_is_taken_away_may_be_back() {
        assert_eq!(ready(&[(0, GONE, &["a.toml"])], 30), [""; 0]);
        assert_eq!(ready(&[(0, GONE, &["a.toml"])], 60), ["a.toml"]);
        assert_eq!(ready(&[(0, GONE, &["a.toml"]), (30, WRITTEN, &["a.toml"])], 1000), [""; 0]);
    }

    #[test]
    fn a_file_that_moves_is_gone_at_once_from_where_it_was() {
        let name = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let moved = |to| {
            let paths = Vec::leak(vec!["a.toml", to]);
            let events: Vec<(u64, EventKind, &[&str])> = vec![
                (0, name(RenameMode::From), &["a.toml"]),
                (0, name(RenameMode::To), &paths[1..]),
                (0, name(RenameMode::Both), paths),
            ];
            ready(&events, 10)
        };
        assert_eq!(moved("b.toml"), ["a.toml", "b.toml"]);
        // An editor's copy: the file itself comes next.
        assert_eq!(moved("a.toml~"), ["a.toml~"]);
    }

    #[test]
    fn many_files_are_gone_when_nothing_more_happens() {
        let names: Vec<String> = (0..30).map(|at| format!("{at}.toml")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let all = (0, GONE, &*names);
        assert_eq!(ready(&[all], 900), [""; 0]);
        assert_eq!(ready(&[all], 1000).len(), 30);
        assert_eq!(ready(&[all, (800, CLOSED, &["x.toml"])], 1100), ["x.toml"]);
        assert_eq!(ready(&[all, (29_900, CLOSED, &["x.toml"])], 30_000).len(), 31);
    }

    #[test]
    fn nothing_is_gone_while_the_folder_itself_is_away() {
        let mut settling = Settling::default();
        let now = Instant::now();
        settling.note(&Event::new(GONE).add_path("a.toml".into()), now, &|_| true);
        let later = now + Duration::from_secs(600);
        assert_eq!(settling.take(later, false), Ready::default());
        assert_eq!(settling.take(later, true).paths.len(), 1);
    }

    #[test]
    fn a_folder_that_was_away_may_take_its_time_to_come_back() {
        let mut settling = Settling::default();
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        settling.be_careful(now);
        assert_eq!(settling.take(at(1), true), Ready::default());
        settling.missing("a.toml".into(), at(2));
        assert_eq!(settling.take(at(900), true), Ready::default());
        assert_eq!(settling.take(at(1100), true).paths.len(), 1);
        settling.missing("a.toml".into(), at(3000));
        assert_eq!(settling.take(at(3010), true), Ready::default());
        settling.take(at(5000), true);
        settling.missing("a.toml".into(), at(5001));
        assert_eq!(settling.take(at(5070), true).paths.len(), 1);
    }

    #[test]
    fn lost_events_are_told_and_writers_not_waited_for_in_vain() {
        let mut settling = Settling::default();
        let now = Instant::now();
        settling.note(&Event::new(WRITTEN).add_path("a.toml".into()), now, &|_| true);
        settling.note(&Event::new(EventKind::Other).set_flag(Flag::Rescan), now, &|_| true);
        assert!(settling.take(now, true).lost);
        let soon = settling.take(now + REMOVED_QUIET, true);
        assert!(!soon.lost && soon.paths.len() == 1, "{soon:?}");
    }
}
