//! Whose files an entity has a say in: the way back from a site or a line to the phones that are made of it.
//!
//! Each entity of a good version puts in what it uses itself: a phone its site and lines, a line its layout and the
//! numbers that its labels name, a site the numbers that its layouts name. That is a set of pairs of numbers, so that a
//! phone costs a few dozen bytes, and an edit as little in a fleet of a million as in one of ten.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use compact_str::CompactString;

use super::World;
use super::names::spellings;
use crate::fleet::{Entity, Line, Phone, Site};
use crate::phone::Mac;

/// What is used: phones and lines as users of it are found by this.
#[derive(Clone, Copy, Hash)]
enum Used<'a> {
    Site(&'a str),
    Line(&'a str, &'a str),
    Layout(&'a str, &'a str),
    /// A name as labels spell it, whether there is such a line or not.
    Named(&'a str, &'a str),
}

/// What is used or uses, as a number: a phone is its MAC, everything else is hashed and has the highest bit set.
type Node = u64;

/// Who uses what: what is used comes first.
#[derive(Debug, Clone, Default)]
pub(super) struct Users(imbl::OrdSet<(Node, Node)>);

const HASHED: Node = 1 << 63;

impl Used<'_> {
    fn node(self) -> Node {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish() | HASHED
    }
}

fn of_mac(mac: Mac) -> Node {
    let [a, b, c, d, e, f] = mac.bytes();
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

fn mac_of(node: Node) -> Option<Mac> {
    let [_, _, bytes @ ..] = node.to_be_bytes();
    (node & HASHED == 0).then(|| Mac::from_bytes(bytes))
}

/// Something that uses others.
pub(super) trait User {
    /// What it uses, and what uses that: itself, or a part of it.
    fn uses(&self) -> Vec<(Node, Node)>;
}

impl User for Phone {
    fn uses(&self) -> Vec<(Node, Node)> {
        let lines = self.lines.iter().map(|(name, _)| Used::Line(&self.site, name));
        let used = lines.chain([Used::Site(&self.site)]);
        used.map(|used| (used.node(), of_mac(self.mac))).collect()
    }
}

impl User for Line {
    fn uses(&self) -> Vec<(Node, Node)> {
        let own = Used::Line(&self.site, &self.name).node();
        let layout = self.layout.iter().map(|(layout, _)| (Used::Layout(&self.site, layout).node(), own));
        layout.chain(named(&self.site, &self.names, own)).collect()
    }
}

impl User for Site {
    fn uses(&self) -> Vec<(Node, Node)> {
        let layouts = self.layout_names.iter();
        layouts.flat_map(|(layout, names)| named(&self.id, names, Used::Layout(&self.id, layout).node())).collect()
    }
}

fn named<'a>(site: &'a str, names: &'a [CompactString], by: Node) -> impl Iterator<Item = (Node, Node)> {
    names.iter().flat_map(spellings).map(move |name| (Used::Named(site, &name).node(), by))
}

impl Users {
    /// Takes note of another version of something; none: it is not there, before or now.
    pub fn replace(&mut self, before: Option<&impl User>, now: Option<&impl User>) {
        let uses = |version: Option<Vec<_>>| version.into_iter().flatten().collect::<BTreeSet<_>>();
        let (before, now) = (uses(before.map(User::uses)), uses(now.map(User::uses)));
        for pair in before.difference(&now) {
            self.0.remove(pair);
        }
        for pair in now.difference(&before) {
            self.0.insert(*pair);
        }
    }

    fn of(&self, used: Node) -> impl Iterator<Item = Node> {
        self.0.range((used, 0)..=(used, Node::MAX)).map(|(_, user)| *user)
    }

    fn phones_of(&self, used: Used<'_>) -> impl Iterator<Item = Mac> {
        self.of(used.node()).filter_map(mac_of)
    }

    /// The lines whose labels, or whose layout's labels, name a line.
    fn naming(&self, site: &str, name: &str) -> Vec<Node> {
        let by = self.of(Used::Named(site, name).node());
        // A line is used by phones only, and a layout by lines only.
        by.flat_map(|by| self.of(by).filter(|user| user & HASHED != 0).chain([by])).collect()
    }
}

impl World {
    /// The phones in whose files an entity has a say, in no order: all of `fleet.toml`'s, those of a site, those that have a
    /// line as any account or name it in a label. Phones that wait for what they name are among them.
    pub fn phones_using(&self, entity: &Entity) -> Vec<Mac> {
        let mut found: BTreeSet<Mac> = match entity {
            Entity::Root => return self.macs().collect(),
            Entity::Phone(_, stem) => {
                let mac = Entity::mac(stem, &entity.path()).ok();
                return mac.filter(|mac| self.phones.contains_key(mac)).into_iter().collect();
            }
            Entity::Site(id) => self.users.phones_of(Used::Site(id)).collect(),
            Entity::Line(site, name) => {
                let naming = self.users.naming(site, name).into_iter();
                let of_names = naming.flat_map(|line| {
                    let phones = self.users.of(line).filter_map(mac_of);
                    phones.filter(move |mac| self.primary_of(*mac) == Some(line))
                });
                self.users.phones_of(Used::Line(site, name)).chain(of_names).collect()
            }
        };
        let waits_for = |phone: &Phone| match entity {
            Entity::Line(site, name) => phone.site == *site && phone.lines.iter().any(|(line, _)| line == name),
            Entity::Site(id) => phone.site == *id,
            _ => false,
        };
        let files = self.waiting.iter().filter_map(|mac| Some((mac, self.phones.get(mac)?)));
        let waiting =
            files.filter(|(_, slot)| slot.files.iter().filter_map(|file| file.parsed.as_deref()).any(waits_for));
        found.extend(waiting.map(|(mac, _)| *mac));
        found.into_iter().collect()
    }

    fn primary_of(&self, mac: Mac) -> Option<Node> {
        let phone = self.phone(mac)?;
        phone.lines.first().map(|(name, _)| Used::Line(&phone.site, name).node())
    }

    /// The phones of some families, those of models that the catalogue does not know included, in order.
    pub fn phones_of_families(&self, families: &BTreeSet<CompactString>) -> Vec<Mac> {
        let is_one = |phone: &Phone| {
            self.catalogue.models.get(&phone.model.0).is_none_or(|model| families.contains(&model.family))
        };
        let versions = |slot: &super::PhoneSlot| {
            slot.good.iter().chain(slot.files.iter().filter_map(|file| file.parsed.as_ref())).any(|phone| is_one(phone))
        };
        self.phones.iter().filter(|(_, slot)| versions(slot)).map(|(mac, _)| *mac).collect()
    }
}
