//! The thread that keeps the file as the memory is.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use super::State;
use crate::folder::rewrite;

/// The shortest time between two writings.
const PAUSE: Duration = Duration::from_millis(200);
/// So much longer for each entry, so that a full table is written every few seconds.
const PAUSE_FOR_EACH: Duration = Duration::from_micros(300);

#[derive(Debug, Default)]
struct Flags {
    changed: bool,
    stopping: bool,
}

type Bell = (Mutex<Flags>, Condvar);

#[derive(Debug)]
pub(super) struct Keeper {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Writes the file, and starts to follow what changes.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(path: PathBuf, state: Arc<RwLock<State>>) -> std::io::Result<Keeper> {
        let mut page = Page { path, state, trouble: false };
        page.write();
        let bell = Arc::new(Bell::default());
        let heard = bell.clone();
        let thread = std::thread::Builder::new().name("strangers".into()).spawn(move || keep(page, &heard))?;
        Ok(Keeper { bell, thread: Some(thread) })
    }

    /// Something has changed.
    pub fn wake(&self) {
        self.ring(|flags| flags.changed = true);
    }

    fn ring(&self, change: impl FnOnce(&mut Flags)) {
        change(&mut self.bell.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.1.notify_one();
    }
}

impl Drop for Keeper {
    /// What was noted before a shutdown is on the disk after it.
    fn drop(&mut self) {
        self.ring(|flags| flags.stopping = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(mut page: Page, (flags, rung): &Bell) {
    let mut heard = flags.lock().unwrap_or_else(PoisonError::into_inner);
    while !heard.stopping {
        heard =
            rung.wait_while(heard, |flags| !flags.changed && !flags.stopping).unwrap_or_else(PoisonError::into_inner);
        let changed = std::mem::take(&mut heard.changed);
        drop(heard);
        let count = if changed { page.write() } else { 0 };
        heard = flags.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = PAUSE + PAUSE_FOR_EACH * count;
        let waited = rung.wait_timeout_while(heard, pause, |flags| !flags.stopping);
        heard = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    if heard.changed {
        page.write();
    }
}

/// The file, and what is to be in it.
struct Page {
    path: PathBuf,
    state: Arc<RwLock<State>>,
    /// It could not be written the last time, and that was said.
    trouble: bool,
}

impl Page {
    /// Writes everything, and says how many lines that are.
    fn write(&mut self) -> u32 {
        let lines = self.state.read().unwrap_or_else(PoisonError::into_inner).lines();
        let path = self.path.display();
        let written = rewrite(&self.path, lines.iter());
        match (&written, self.trouble) {
            (Ok(()), true) => tracing::info!("`{path}` can be written again"),
            (Err(error), false) => {
                tracing::error!("`{path}` cannot be written: {error}; it is tried again as it changes");
            }
            _ => {}
        }
        self.trouble = written.is_err();
        lines.len().try_into().unwrap_or(u32::MAX)
    }
}
