//! The fleet's folder itself: replaced, gone, back, or not whole yet.

use std::time::Instant;

use notify::{RecursiveMode, Watcher};

use super::{Following, PAUSE};
use crate::fleet::Stamp;

impl Following {
    /// Sees whether the folder was replaced, has vanished, or is back.
    pub(super) fn find_root(&mut self, now: Instant) {
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
    pub(super) fn is_whole(&mut self, now: Instant) -> bool {
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
}
