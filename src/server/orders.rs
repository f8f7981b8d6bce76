//! What a command tells the server that keeps its state in a folder.
//!
//! A command has no way to a running server but the state folder, and needs no other: it appends a line to `orders.log`
//! there, and the server follows that file as it follows the fleet. What a command told while no server ran holds at
//! the next start. Each [`Order`] names a phone; a later one of the same kind takes the place of the former.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::mem::discriminant;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::record::text;
use crate::admit::pairing::Nonce;
use crate::fleet::Stamp;
use crate::folder::{lock_file, rewrite, to_append, writing};
use crate::phone::Mac;

const FILE: &str = "orders.log";
/// Held by a server as long as it runs.
const SERVING: &str = "serving.lock";

/// What the server is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Order {
    /// To let a phone begin anew.
    Rearm {
        /// The phone.
        mac: Mac,
        /// Only from this network, and then without a token too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<IpNet>,
        /// As long as this, in seconds since 1970.
        until: u64,
    },
    /// To take no token any more that the phone had so far.
    RevokeTokens {
        /// The phone.
        mac: Mac,
    },
    /// To take the pairing token of a phone that was claimed by its code.
    Bless {
        /// The phone.
        mac: Mac,
        /// What code and token are made of.
        pairing: Nonce,
        /// As long as this, in seconds since 1970.
        until: u64,
    },
}

impl Order {
    /// The phone that it is about.
    pub fn mac(&self) -> Mac {
        match self {
            Order::Rearm { mac, .. } | Order::RevokeTokens { mac } | Order::Bless { mac, .. } => *mac,
        }
    }

    /// Whether it still counts.
    fn holds(&self, now: u64) -> bool {
        match self {
            Order::Rearm { until, .. } | Order::Bless { until, .. } => now < *until,
            Order::RevokeTokens { .. } => true,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Rearm { mac, from: None, .. } => write!(f, "`{mac}` may begin anew"),
            Order::Rearm { mac, from: Some(from), .. } => write!(f, "`{mac}` may begin anew from {from}"),
            Order::RevokeTokens { mac } => write!(f, "every token of `{mac}` is dead"),
            Order::Bless { mac, .. } => write!(f, "`{mac}` is claimed by its code"),
        }
    }
}

/// An order as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// A random number that no other order has.
    pub id: u64,
    /// When, in seconds since 1970.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub order: Order,
}

/// When an order is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A server runs, and hears it within a moment.
    Now,
    /// No server runs on this folder.
    AtTheNextStart,
}

/// Tells the server of a state folder something; it is on the disk when this returns. `now` is in seconds since 1970.
///
/// # Errors
/// The folder cannot be written.
pub fn tell(folder: &Path, order: Order, now: u64) -> std::io::Result<Heard> {
    let mut id = [0; 8];
    aws_lc_rs::rand::fill(&mut id).map_err(std::io::Error::other)?;
    let told = Told { id: u64::from_le_bytes(id), at: now, order };
    let _writing = writing(folder)?;
    let mut file = to_append(&folder.join(FILE))?;
    // After a crash the last line may have no end.
    let start = if ends_within_a_line(&mut file)? { "\n" } else { "" };
    file.write_all(format!("{start}{}", line(&told)?).as_bytes())?;
    file.sync_all()?;
    served(folder)
}

/// Whether a server keeps its state in a folder now.
///
/// # Errors
/// The folder cannot be used.
pub fn heard(folder: &Path) -> std::io::Result<Heard> {
    let _writing = writing(folder)?;
    served(folder)
}

/// Whoever asks holds the writers' lock, so that a server that starts now is not kept from the other one.
fn served(folder: &Path) -> std::io::Result<Heard> {
    match lock_file(folder, SERVING)?.try_lock() {
        Ok(()) => Ok(Heard::AtTheNextStart),
        Err(std::fs::TryLockError::WouldBlock) => Ok(Heard::Now),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// The orders of a state folder, for the server that keeps it.
#[derive(Debug)]
pub struct Orders {
    path: PathBuf,
    place: Option<Stamp>,
    read: u64,
    known: HashSet<u64>,
    _serving: Option<File>,
}

impl Orders {
    /// Opens a folder's orders, and gives those that still hold, as they were told. The file is written anew with them.
    /// As long as this lives, commands are told that a server hears them.
    ///
    /// # Errors
    /// The orders cannot be read. A folder that cannot be written is none: commands cannot tell anything there then.
    pub fn open(folder: &Path, now: u64) -> std::io::Result<(Orders, Vec<Told>)> {
        let serving = lock_file(folder, SERVING).ok();
        if serving.as_ref().is_some_and(|serving| serving.try_lock().is_err()) {
            tracing::warn!("another server keeps its state in `{}`: each hears what commands tell", folder.display());
        }
        let writing = writing(folder);
        let path = folder.join(FILE);
        let told = look(folder, now)?;
        let lines: Vec<String> = told.iter().map(line).collect::<std::io::Result<_>>()?;
        if let Err(error) = writing.and_then(|_writing| rewrite(&path, lines.iter())) {
            tracing::error!(
                "`{}` cannot be written, so commands cannot tell the server anything: {error}",
                path.display()
            );
        }
        let known = told.iter().map(|told| told.id).collect();
        Ok((Orders { path, place: None, read: 0, known, _serving: serving }, told))
    }

    /// The file in which commands write.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was told since the last time, each order once.
    ///
    /// # Errors
    /// The file is there, and cannot be read.
    pub fn news(&mut self) -> std::io::Result<Vec<Told>> {
        let Some(place) = Stamp::of(&self.path) else { return Ok(Vec::new()) };
        if !self.place.is_some_and(|known| known.is_same_place(&place)) {
            self.read = 0;
        }
        self.place = Some(place);
        let mut file = File::open(&self.path)?;
        self.read = self.read.min(file.metadata()?.len());
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // A line without an end is still being written.
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        self.read += bytes.len() as u64;
        let told = parse(&String::from_utf8_lossy(&bytes));
        Ok(told.into_iter().filter(|told| self.known.insert(told.id)).collect())
    }
}

/// The orders of a state folder that still hold, as they were told.
///
/// # Errors
/// The file is there, and cannot be read.
pub fn look(folder: &Path, now: u64) -> std::io::Result<Vec<Told>> {
    Ok(holding(parse(&text(&folder.join(FILE))?), now))
}

/// Of all orders those that still count: the last of each kind for each phone.
fn holding(told: Vec<Told>, now: u64) -> Vec<Told> {
    let mut later = HashSet::new();
    let last = told.into_iter().rev().filter(|told| later.insert((discriminant(&told.order), told.order.mac())));
    let mut holding: Vec<Told> = last.filter(|told| told.order.holds(now)).collect();
    holding.reverse();
    holding
}

/// A line that was cut by a crash is skipped.
fn parse(text: &str) -> Vec<Told> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn line(told: &Told) -> std::io::Result<String> {
    Ok(serde_json::to_string(told)? + "\n")
}

fn ends_within_a_line(file: &mut File) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> Mac {
        Mac::from_bytes([0, 0x15, 0x65, 0, 0, last])
    }

    fn rearm(last: u8, until: u64) -> Order {
        Order::Rearm { mac: mac(last), from: None, until }
    }

    fn orders(told: Vec<Told>) -> Vec<Order> {
        told.into_iter().map(|told| told.order).collect()
    }

    #[test]
    fn what_is_told_is_heard_once_and_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(tell(folder.path(), rearm(1, 500), 100).unwrap(), Heard::AtTheNextStart);
        let (mut server, told) = Orders::open(folder.path(), 200).unwrap();
        assert_eq!(orders(told), [rearm(1, 500)]);
        assert!(server.news().unwrap().is_empty());
        let from = Order::Rearm { mac: mac(2), from: Some("192.0.2.0/24".parse().unwrap()), until: 900 };
        for order in [from.clone(), Order::RevokeTokens { mac: mac(2) }] {
            assert_eq!(tell(folder.path(), order, 300).unwrap(), Heard::Now);
        }
        assert_eq!(orders(server.news().unwrap()), [from, Order::RevokeTokens { mac: mac(2) }]);
        assert!(server.news().unwrap().is_empty());
        drop(server);
        assert_eq!(tell(folder.path(), rearm(3, 500), 100).unwrap(), Heard::AtTheNextStart);
    }

    #[test]
    fn a_start_keeps_what_still_holds() {
        let folder = tempfile::tempdir().unwrap();
        let revoke = |last| Order::RevokeTokens { mac: mac(last) };
        for order in [rearm(1, 150), revoke(1), rearm(2, 500), revoke(1), rearm(2, 400), rearm(3, 200)] {
            tell(folder.path(), order, 100).unwrap();
        }
        let left = [revoke(1), rearm(2, 400)];
        let (server, told) = Orders::open(folder.path(), 200).unwrap();
        assert_eq!(orders(told.clone()), left);
        drop(server);
        assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap().lines().count(), 2);
        assert_eq!(Orders::open(folder.path(), 200).unwrap().1, told);
    }

    #[test]
    fn a_line_cut_by_a_crash_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, _) = Orders::open(folder.path(), 100).unwrap();
        let path = folder.path().join(FILE);
        let whole = line(&Told { id: 7, at: 100, order: rearm(1, 500) }).unwrap();
        for cut in 0..whole.len() - 1 {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(server.news().unwrap().is_empty(), "{cut}");
            tell(folder.path(), rearm(2, 500), 100).unwrap();
            assert_eq!(orders(server.news().unwrap()), [rearm(2, 500)], "{cut}");
        }
    }

    #[test]
    fn many_at_once_are_all_heard() {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, _) = Orders::open(folder.path(), 100).unwrap();
        std::thread::scope(|scope| {
            for teller in 0..8 {
                let folder = folder.path();
                scope.spawn(move || {
                    for n in 0..16 {
                        tell(folder, rearm(teller * 16 + n, 500), 100).unwrap();
                    }
                });
            }
            let mut heard = 0;
            while heard < 128 {
                heard += server.news().unwrap().len();
            }
        });
        assert!(server.news().unwrap().is_empty());
    }
}
