//! Who was seen: a table that is bounded, whoever asks.
//!
//! An entry is a MAC at a source. Anybody can invent MACs, so those of one network push out each other and nobody else,
//! and in a full table the network with the most entries gives one up. A MAC that is asked for from everywhere has few
//! entries, and none of them goes as long as its code lives: that two wait under one MAC is what an administrator has to
//! see.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use compact_str::CompactString;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::admit::pairing::{Nonce, Pairing};
use crate::phone::Mac;

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Entries.
    pub all: usize,
    /// Entries of one network: a /24, or a /48 of IPv6.
    pub of_a_network: usize,
    /// Entries of one MAC.
    pub of_a_mac: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { all: 10_000, of_a_network: 500, of_a_mac: 8 }
    }
}

/// What a phone says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its family's id.
    pub family: CompactString,
    /// Its model's id, if the catalogue has what it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<CompactString>,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<CompactString>,
    /// Its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<CompactString>,
}

/// A phone that nobody has claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// Its MAC.
    pub mac: Mac,
    /// Where it asks from; of an IPv6 address the network, since phones change the rest.
    pub source: IpAddr,
    /// What it says it is.
    #[serde(flatten)]
    pub told: Told,
    /// When it was first seen, in seconds since 1970.
    pub first: u64,
    /// When it was last seen.
    pub last: u64,
    /// How often.
    pub count: u64,
    /// The last code that it was given, if its family can show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairing: Option<Pairing>,
    /// Its place in the order in which entries were last seen.
    #[serde(skip)]
    turn: u64,
}

impl Stranger {
    /// Whether a code of its waits to be typed.
    pub fn waits(&self, now: u64) -> bool {
        self.pairing.is_some_and(|pairing| pairing.lives(now))
    }
}

/// An address as a source: phones with IPv6 change the last half of theirs.
pub fn source_of(address: IpAddr) -> IpAddr {
    network_of(address, 32, 64)
}

fn network_of(address: IpAddr, v4: u8, v6: u8) -> IpAddr {
    let length = if address.is_ipv4() { v4 } else { v6 };
    IpNet::new(address, length).map_or(address, |net| net.network())
}

/// All that are remembered.
#[derive(Debug, Default)]
pub struct Table {
    bounds: Bounds,
    by_mac: HashMap<Mac, Vec<Stranger>>,
    /// For each network its entries, in the order in which they were last seen.
    by_network: HashMap<IpAddr, BTreeMap<u64, (Mac, IpAddr)>>,
    count: usize,
    turns: u64,
}

impl Table {
    /// An empty table.
    pub fn new(bounds: Bounds) -> Table {
        Table { bounds, ..Table::default() }
    }

    /// A phone asks: its entry, noted. `bearer` tells whether it shows the token of a code, by which it is the same phone
    /// wherever it asks from. None: as many as may wait for this MAC do so already.
    pub fn meet(
        &mut self,
        mac: Mac,
        source: IpAddr,
        told: Told,
        bearer: impl Fn(Nonce) -> bool,
        now: u64,
    ) -> Option<&mut Stranger> {
        let source = source_of(source);
        let bears = |known: &&Stranger| known.pairing.is_some_and(|pairing| bearer(pairing.nonce));
        let own = self.of(mac).iter().find(bears).or_else(|| self.of(mac).iter().find(|known| known.source == source));
        let own = own.map(|own| own.source).and_then(|known| self.remove(mac, known));
        let mut own = match own {
            Some(own) => own,
            None => self.room_for(mac, now).then(|| Stranger {
                mac,
                source,
                told: Told::default(),
                first: now,
                last: now,
                count: 0,
                pairing: None,
                turn: 0,
            })?,
        };
        // It may have moved to where another entry was.
        self.remove(mac, source);
        own.source = source;
        own.last = now;
        own.count += 1;
        own.told = Told {
            family: told.family,
            model: told.model.or(own.told.model),
            product: told.product.or(own.told.product),
            firmware: told.firmware.or(own.told.firmware),
        };
        Some(self.put(own))
    }

    /// The entries of a MAC.
    pub fn of(&self, mac: Mac) -> &[Stranger] {
        self.by_mac.get(&mac).map_or(&[], Vec::as_slice)
    }

    /// How many wait with a code under this MAC.
    pub fn waiting(&self, mac: Mac, now: u64) -> usize {
        self.of(mac).iter().filter(|known| known.waits(now)).count()
    }

    /// Ends a code, so that nobody claims by it again.
    pub fn use_up(&mut self, mac: Mac, nonce: Nonce) {
        let known = self.by_mac.get_mut(&mac).into_iter().flatten();
        known.filter(|known| known.pairing.is_some_and(|pairing| pairing.nonce == nonce)).for_each(|known| {
            known.pairing = None;
        });
    }

    /// Forgets a MAC, which is a stranger no more.
    pub fn forget(&mut self, mac: Mac) {
        let sources: Vec<IpAddr> = self.of(mac).iter().map(|known| known.source).collect();
        sources.into_iter().for_each(|source| drop(self.remove(mac, source)));
    }

    /// All entries, in the order in which they were last seen.
    pub fn all(&self) -> Vec<&Stranger> {
        let mut all: Vec<&Stranger> = self.by_mac.values().flatten().collect();
        all.sort_by_key(|known| known.turn);
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Puts an entry in, the last one seen; others may have to go for it.
    pub fn put(&mut self, mut own: Stranger) -> &mut Stranger {
        let network = network_of(own.source, 24, 48);
        let is_full = |group: &BTreeMap<_, _>| group.len() >= self.bounds.of_a_network;
        if self.by_network.get(&network).is_some_and(is_full) {
            self.drop_oldest_of(network);
        } else if self.count >= self.bounds.all {
            let largest = self.by_network.iter().max_by_key(|(_, group)| group.len()).map(|(network, _)| *network);
            largest.into_iter().for_each(|largest| self.drop_oldest_of(largest));
        }
        self.turns += 1;
        self.count += 1;
        own.turn = self.turns;
        self.by_network.entry(network).or_default().insert(own.turn, (own.mac, own.source));
        let of_mac = self.by_mac.entry(own.mac).or_default();
        of_mac.push(own);
        let last = of_mac.len() - 1;
        &mut of_mac[last]
    }

    /// Whether a MAC may have one entry more; one without a living code makes room.
    fn room_for(&mut self, mac: Mac, now: u64) -> bool {
        if self.of(mac).len() < self.bounds.of_a_mac {
            return true;
        }
        let idle = self.of(mac).iter().filter(|known| !known.waits(now)).min_by_key(|known| known.turn);
        let idle = idle.map(|idle| idle.source);
        idle.and_then(|source| self.remove(mac, source)).is_some()
    }

    fn drop_oldest_of(&mut self, network: IpAddr) {
        let oldest = self.by_network.get(&network).and_then(|group| group.first_key_value());
        let oldest = oldest.map(|(_, oldest)| *oldest);
        oldest.into_iter().for_each(|(mac, source)| drop(self.remove(mac, source)));
    }

    fn remove(&mut self, mac: Mac, source: IpAddr) -> Option<Stranger> {
        let of_mac = self.by_mac.get_mut(&mac)?;
        let at = of_mac.iter().position(|known| known.source == source)?;
        let gone = of_mac.remove(at);
        if of_mac.is_empty() {
            self.by_mac.remove(&mac);
        }
        let network = network_of(source, 24, 48);
        if let Some(group) = self.by_network.get_mut(&network) {
            group.remove(&gone.turn);
            if group.is_empty() {
                self.by_network.remove(&network);
            }
        }
        self.count -= 1;
        Some(gone)
    }
}
