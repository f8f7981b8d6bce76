//! Entries that are alike and come soon after each other become one row with a count.
//!
//! So a phone that asks every few seconds, and is refused every time, makes a row every ten minutes. Whoever walks through
//! MACs asks for another phone each time: of what strangers do, the first of each source and reason are kept one by one,
//! since a new phone that is unpacked is a stranger too, and the others become one row without a name.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use compact_str::CompactString;

use super::entry::{Change, Fetch};
use crate::phone::Mac;

/// After how long a new row is begun.
const WINDOW_MS: i64 = 10 * 60 * 1000;
/// Entries come from several threads, so a little out of order; more than this is a clock that was set back.
const DISORDER_MS: i64 = 5_000;
/// How many rows a source may make by being refused for one reason within a window: a stranger…
const OF_STRANGER: u32 = 16;
/// …and one that asks for phones of the fleet, which may be an office behind one address.
const OF_SOURCE: u32 = 512;
/// How many sources of refusals are told apart within a window.
const SOURCES: usize = 1_024;
/// How many rows are remembered within a window, about 200 bytes each. Further ones are not folded if they were served,
/// and become nameless if they were refused.
const REMEMBERED: usize = 50_000;

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// What is added to rows that are written already, by their numbers.
    pub(super) again: HashMap<i64, Again>,
    pub(super) changes: Vec<Change>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.again.is_empty() && self.changes.is_empty()
    }

    /// How many entries are in it.
    pub(super) fn entries(&self) -> u64 {
        let again = self.again.values().map(|again| again.times);
        self.rows.iter().map(|row| row.again.times).chain(again).sum::<u64>() + self.changes.len() as u64
    }
}

/// A row to write.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) fetch: Fetch,
    pub(super) again: Again,
}

/// So many times, and when the last one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Again {
    pub(super) times: u64,
    pub(super) last_at: i64,
}

impl Again {
    fn add(&mut self, at: i64) {
        *self = Again { times: self.times + 1, last_at: self.last_at.max(at) };
    }
}

/// What makes entries alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    source: Option<IpAddr>,
    mac: Option<Mac>,
    file: Option<CompactString>,
    revision: Option<CompactString>,
    head: bool,
    status: u16,
    reason: Option<&'static str>,
}

impl Key {
    fn of(fetch: &Fetch) -> Key {
        Key {
            source: fetch.source.map(network),
            mac: fetch.mac,
            file: fetch.file.clone(),
            revision: fetch.revision.clone(),
            head: fetch.head,
            status: fetch.status,
            reason: fetch.reason,
        }
    }
}

/// One household has as many IPv6 addresses as it likes.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// Where the row of a key is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the batch.
    Batch(usize),
    /// In the file, with this number.
    File(i64),
}

/// The rows of the present window.
#[derive(Debug, Default)]
pub(super) struct Folds {
    began: i64,
    rows: HashMap<Key, Place>,
    /// How many rows each source has for each reason.
    refused: HashMap<(Option<IpAddr>, Option<&'static str>), u32>,
}

impl Folds {
    /// Adds an entry to a batch.
    pub(super) fn add(&mut self, mut fetch: Fetch, batch: &mut Batch) {
        if !(-DISORDER_MS..WINDOW_MS).contains(&(fetch.at - self.began)) {
            *self = Folds { began: fetch.at, ..Folds::default() };
        }
        let mut key = Key::of(&fetch);
        if !self.rows.contains_key(&key) && !self.has_room(&key, fetch.known) {
            fetch = Fetch { mac: None, file: None, agent: None, detail: None, ..fetch };
            if !self.is_counted(&key) {
                fetch.source = None;
            }
            key = Key::of(&fetch);
        }
        match self.rows.get(&key) {
            Some(Place::Batch(at)) => batch.rows[*at].again.add(fetch.at),
            Some(Place::File(id)) => batch.again.entry(*id).or_default().add(fetch.at),
            None => {
                let place = Place::Batch(batch.rows.len());
                if self.rows.len() < REMEMBERED || is_folded(&key, fetch.known) {
                    self.rows.insert(key, place);
                }
                let again = Again { times: 1, last_at: fetch.at };
                batch.rows.push(Row { fetch, again });
            }
        }
    }

    /// The batch was written, its first row with this number and the others behind it.
    pub(super) fn written(&mut self, first: i64) {
        for place in self.rows.values_mut() {
            if let Place::Batch(at) = *place {
                *place = Place::File(first + at as i64);
            }
        }
    }

    /// The file in which the rows were is no longer there.
    pub(super) fn forget(&mut self) {
        self.rows.retain(|_, place| matches!(place, Place::Batch(_)));
    }

    /// Whether one more row may have a name; if so, it is counted.
    fn has_room(&mut self, key: &Key, known: bool) -> bool {
        if !is_folded(key, known) {
            return true;
        }
        let room = if known { OF_SOURCE } else { OF_STRANGER };
        if self.rows.len() >= REMEMBERED || !(self.is_counted(key) || self.refused.len() < SOURCES) {
            return false;
        }
        let count = self.refused.entry((key.source, key.reason)).or_default();
        *count += 1;
        *count <= room
    }

    fn is_counted(&self, key: &Key) -> bool {
        self.refused.contains_key(&(key.source, key.reason))
    }
}

/// Whether anybody could make as many of such entries as he likes.
fn is_folded(key: &Key, known: bool) -> bool {
    key.reason.is_some() || !known
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::fetch;
    use super::*;

    /// Folds entries, and tells the rows that they make: the phone, where from, and how often.
    fn rows(fetches: impl IntoIterator<Item = Fetch>) -> Vec<(Option<String>, Option<String>, u64)> {
        let (mut folds, mut batch) = (Folds::default(), Batch::default());
        fetches.into_iter().for_each(|fetch| folds.add(fetch, &mut batch));
        let shown = |row: &Row| {
            let (mac, source) = (row.fetch.mac.map(|mac| mac.to_string()), row.fetch.source);
            (mac, source.map(|source| source.to_string()), row.again.times)
        };
        batch.rows.iter().map(shown).collect()
    }

    fn times(rows: &[(Option<String>, Option<String>, u64)]) -> Vec<u64> {
        rows.iter().map(|(.., times)| *times).collect()
    }

    fn refused(number: u32, known: bool) -> Fetch {
        let reason = Some(if known { "untrusted-network" } else { "unknown-phone" });
        Fetch { known, status: 404, reason, revision: None, ..fetch(0, number) }
    }

    #[test]
    fn what_is_alike_is_one_row_for_ten_minutes() {
        let at = |at| Fetch { at, ..fetch(0, 1) };
        assert_eq!(times(&rows([at(0), at(1_000), at(599_999), at(600_000), at(600_001)])), [3, 2]);
    }

    #[test]
    fn a_clock_that_was_set_back_begins_a_row() {
        let at = |at| Fetch { at, ..fetch(0, 1) };
        let day = 24 * 3600 * 1000;
        assert_eq!(times(&rows([at(day), at(day - 100), at(0), at(1), at(day)])), [2, 2, 1]);
    }

    #[test]
    fn another_file_revision_or_status_is_another_row() {
        let one = || fetch(0, 1);
        let changed = Fetch { revision: Some("other".into()), ..one() };
        let head = Fetch { head: true, ..one() };
        let known = Fetch { status: 304, ..one() };
        let other = Fetch { file: Some("other".into()), ..one() };
        assert_eq!(times(&rows([one(), changed, head, known, other, one()])), [2, 1, 1, 1, 1]);
    }

    #[test]
    fn ten_thousand_phones_are_as_many_rows() {
        assert_eq!(rows((0..10_000).map(|number| fetch(0, number))).len(), 10_000);
    }

    #[test]
    fn who_walks_through_macs_makes_few_rows() {
        let rows = rows((0..100_000).map(|number| refused(number, false)));
        assert_eq!(rows.len(), 17);
        assert_eq!(rows[0], (Some("000000000000".into()), Some("192.0.2.1".into()), 1));
        assert_eq!(rows[16], (None, Some("192.0.2.1".into()), 99_984));
        // Every address of his network is the same.
        let from = |number: u32| Some(format!("2001:db8::{number:x}").parse().unwrap());
        let walked = (0..10_000).map(|number| Fetch { source: from(number), ..refused(number, false) });
        assert_eq!(super::tests::rows(walked).len(), 17);
    }

    #[test]
    fn so_does_a_crowd_that_walks() {
        let from = |number: u32| Some(IpAddr::from((number / 20 + 1).to_be_bytes()));
        let rows = rows((0..100_000).map(|number| Fetch { source: from(number), ..refused(number, false) }));
        assert_eq!(rows.len(), SOURCES * 17 + 1);
        assert_eq!(rows.last(), Some(&(None, None, 100_000 - SOURCES as u64 * 20)));
    }

    #[test]
    fn an_office_that_is_refused_is_told_phone_by_phone() {
        let rows = rows((0..1_000).chain(0..1_000).map(|number| refused(number, true)));
        assert_eq!(rows.len(), 513);
        assert_eq!(times(&rows)[511..], [2, 976]);
    }

    #[test]
    fn what_can_be_remembered_is_bounded() {
        let from = |number: u32| Some(IpAddr::from(number.to_be_bytes()));
        let away = |number: u32| Fetch { source: from(number), ..refused(number, true) };
        let (mut folds, mut batch) = (Folds::default(), Batch::default());
        (0..200_000).for_each(|number| folds.add(away(number), &mut batch));
        (0..200_000).for_each(|number| folds.add(fetch(0, number), &mut batch));
        assert!(folds.rows.len() <= REMEMBERED + 2 && folds.refused.len() <= SOURCES, "{}", folds.rows.len());
        assert_eq!(batch.entries(), 400_000);
        assert!(batch.rows.len() >= 200_000, "what was served is never nameless: {}", batch.rows.len());
    }
}
