//! The catalogue and the fleet, checked as one: an immutable value that is swapped whole.
//!
//! The unit of failure is the entity. A slot keeps the last good version of an entity beside what is wrong with its
//! file now; a phone whose model or line is missing keeps its last good version too, and one that never had a good
//! version is known, but not served. Maps share their structure, so that one edit costs the same in any fleet.

mod change;
mod findings;
mod generations;
mod names;
mod put;
mod slot;
mod stored;
mod subject;
mod users;

use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::catalogue::{Catalogue, FeatureCodes};
use crate::findings::Finding;
use crate::fleet::{Entity, Line, Phone, Root, Site};
use crate::phone::Mac;

pub use change::{Change, Read};
pub use generations::next_generation;
pub use names::spellings;
use slot::Slot;
pub use subject::{Name, Subject, Unserved};
use users::Users;

/// A site with the codes that hold in it.
#[derive(Debug)]
struct SiteEntry {
    site: Arc<Site>,
    codes: Arc<FeatureCodes>,
}

/// A phone: files of two sites may claim the same MAC.
#[derive(Debug, Clone, Default)]
struct PhoneSlot {
    good: Option<Arc<Phone>>,
    generation: u64,
    files: SmallVec<[PhoneFile; 1]>,
}

#[derive(Debug, Clone)]
struct PhoneFile {
    site: CompactString,
    stem: CompactString,
    parsed: Option<Arc<Phone>>,
    findings: Arc<[Finding]>,
}

/// The catalogue and the fleet.
#[derive(Debug, Clone)]
pub struct World {
    /// What is known of phones.
    pub catalogue: Arc<Catalogue>,
    catalogue_generation: u64,
    root: Slot<Root>,
    sites: imbl::OrdMap<CompactString, Slot<SiteEntry>>,
    lines: imbl::HashMap<(CompactString, CompactString), Slot<Line>>,
    phones: imbl::OrdMap<Mac, PhoneSlot>,
    waiting: imbl::OrdSet<Mac>,
    strays: imbl::OrdMap<Entity, Arc<[Finding]>>,
    users: Users,
}

impl World {
    /// A world without a fleet.
    pub fn empty(catalogue: Arc<Catalogue>) -> World {
        World {
            catalogue,
            catalogue_generation: next_generation(),
            root: Slot::default(),
            sites: imbl::OrdMap::new(),
            lines: imbl::HashMap::new(),
            phones: imbl::OrdMap::new(),
            waiting: imbl::OrdSet::new(),
            strays: imbl::OrdMap::new(),
            users: Users::default(),
        }
    }
}
