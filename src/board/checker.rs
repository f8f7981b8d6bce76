//! The thread that finds out what phones should have.
//!
//! Rendering a whole fleet takes a minute of a core, and phones are served first. So after each slice of work it rests:
//! as long as it has worked, and where phones have asked for anything meanwhile nine times as long. It takes half of a
//! core, then, or a tenth of one. A change that reaches a few phones does not wait for the rest, which gets longer by it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::queue::Queue;
use super::{Board, Told};
use crate::live::Reloaded;
use crate::phone::Mac;
use crate::world::World;

/// How long it works before it rests.
const SLICE: Duration = Duration::from_millis(5);
/// How many times as long it rests…
const REST: u32 = 1;
/// …and while phones ask.
const REST_WHILE_PHONES_ASK: u32 = 9;
/// A change that reaches so many phones does not come before others that wait for a wider one.
const WIDE: usize = 1000;

pub(super) struct Checker {
    board: Weak<Board>,
    told: Receiver<Told>,
    queue: Queue,
    rested: Instant,
}

impl Checker {
    /// Begins to work, until the board is gone.
    pub fn start(board: &Arc<Board>, told: Receiver<Told>) -> std::io::Result<()> {
        let checker = Checker { board: Arc::downgrade(board), told, queue: Queue::default(), rested: Instant::now() };
        std::thread::Builder::new().name("board".into()).spawn(|| checker.run()).map(drop)
    }

    fn run(mut self) {
        while let Ok(told) = self.wait() {
            let Some(board) = self.board.upgrade() else { return };
            told.into_iter().for_each(|told| self.take(&board, told));
            while let Ok(told) = self.told.try_recv() {
                self.take(&board, told);
            }
            self.work(&board);
        }
    }

    /// Waits for news or the end of the rest; an error: there is nothing to wait for any more.
    fn wait(&self) -> Result<Option<Told>, RecvTimeoutError> {
        if self.queue.is_empty() {
            return self.told.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected);
        }
        match self.told.recv_timeout(self.rested.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => Ok(None),
            told => told.map(Some),
        }
    }

    fn work(&mut self, board: &Board) {
        let begin = Instant::now();
        let is_resting = begin < self.rested;
        while begin.elapsed() < SLICE
            && let Some(mac) = self.queue.next(is_resting)
        {
            board.check(mac);
        }
        let times = if board.phones_ask.swap(false, Ordering::Relaxed) { REST_WHILE_PHONES_ASK } else { REST };
        self.rested = self.rested.max(Instant::now()) + begin.elapsed() * times;
    }

    fn take(&mut self, board: &Board, told: Told) {
        match told {
            Told::Check(mac) => self.queue.push(vec![mac]),
            Told::Start => {
                let serving = board.live.now();
                self.mark(board, &serving.world, serving.world.macs().collect());
                board.follow(serving);
            }
            Told::Reloaded(reloaded) => {
                let (stored, gone): (Vec<Mac>, Vec<Mac>) =
                    reached(&reloaded).into_iter().partition(|mac| reloaded.now.world.stores(*mac));
                gone.into_iter().for_each(|mac| board.forget(mac));
                self.mark(board, &reloaded.now.world, stored);
                board.follow(reloaded.now);
            }
        }
    }

    /// Phones that are to be looked at. Those of a wide change that are to be already have their turn.
    fn mark(&mut self, board: &Board, world: &World, mut macs: Vec<Mac>) {
        let is_wide = macs.len() >= WIDE;
        macs.retain(|mac| world.site_of(*mac).is_some_and(|site| board.mark(*mac, site) || !is_wide));
        self.queue.push(macs);
    }
}

/// The phones that a reload may have given other files, before or after it.
fn reached(reloaded: &Reloaded) -> BTreeSet<Mac> {
    let worlds = [&reloaded.before.world, &reloaded.now.world];
    let of_entities =
        worlds.into_iter().flat_map(|world| reloaded.entities.iter().flat_map(|entity| world.phones_using(entity)));
    let mut macs: BTreeSet<Mac> = of_entities.collect();
    if !reloaded.families.is_empty() {
        macs.extend(worlds.into_iter().flat_map(|world| world.phones_of_families(&reloaded.families)));
    }
    macs
}
