//! Folders outside of the fleet's, with certificates and secrets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::{RecursiveMode, Watcher};

use super::{Following, LOOK};
use crate::live::refused::plainly;

impl Following {
    /// Folders with certificates and secrets; secrets come and go with the fleet's own files.
    pub(super) fn watch_beside(&mut self, again: bool) {
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
    pub(super) fn known_beside(&self, folders: &BTreeSet<&Path>) -> BTreeSet<PathBuf> {
        let known = folders.iter().filter_map(|folder| std::fs::canonicalize(folder).ok());
        known.filter(|folder| self.beside.contains_key(folder)).collect()
    }
}

/// The folder of a file as events name it. Certificates and secrets are often links into a folder that is replaced, so
/// any change beside them counts.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(&file);
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}
