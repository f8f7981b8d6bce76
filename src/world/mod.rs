//! The catalogue and the fleet, checked as one: an immutable value that is swapped whole.
//!
//! The unit of failure is the entity. A slot keeps the last good version of an entity beside what is wrong with its
//! file now; a phone whose model or line is missing keeps its last good version too, and one that never had a good
//! version is known, but not served. Maps share their structure, so that one edit costs the same in any fleet.

mod change;
mod findings;
mod names;
mod slot;
mod subject;
mod users;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::catalogue::{Catalogue, FeatureCodes};
use crate::findings::{Finding, nearest};
use crate::fleet::{Entity, Line, Phone, Root, Site};
use crate::phone::Mac;

pub use change::{Change, Read};
pub use names::spellings;
use slot::Slot;
pub use subject::{Name, Subject};
use users::Users;

/// A number that no two versions of anything share.
pub fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

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

/// Why a phone is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// Nothing is stored for this MAC.
    #[error("no phone `{0}` is stored")]
    Unknown(Mac),
    /// Its file, or what it refers to, never had a good version since the start.
    #[error("the phone `{mac}` cannot be served: {why}")]
    Broken {
        /// Which phone.
        mac: Mac,
        /// What is wrong.
        why: String,
    },
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

    /// This world with some files changed; `self` stays as it is.
    #[must_use]
    pub fn with(&self, mut changes: Vec<Change>) -> World {
        let mut world = self.clone();
        // What is referred to comes before what refers to it: the entities' own order. What is gone comes last, so that
        // a phone that moves to another site keeps its last good version.
        changes
            .sort_by(|a, b| (matches!(a.read, Read::Gone), &a.entity).cmp(&(matches!(b.read, Read::Gone), &b.entity)));
        let wide = changes.iter().any(|change| !matches!(change.entity, Entity::Phone(..)));
        let mut phones = Vec::new();
        for change in changes {
            if let Entity::Phone(_, stem) = &change.entity {
                phones.extend(Entity::mac(stem, Path::new("")));
            }
            world.put(change);
        }
        // Only now: a second file for a phone may have come, and neither is the earlier one.
        phones.into_iter().for_each(|mac| world.choose_again(mac));
        if wide {
            world.try_waiting();
        }
        world
    }

    /// This world with another catalogue.
    #[must_use]
    pub fn with_catalogue(&self, catalogue: Arc<Catalogue>) -> World {
        let mut world = self.clone();
        if Arc::ptr_eq(&world.catalogue, &catalogue) {
            return world;
        }
        world.catalogue = catalogue;
        world.catalogue_generation = next_generation();
        let sites: Vec<_> = world.sites.iter().map(|(id, slot)| (id.clone(), slot.clone())).collect();
        for (id, slot) in sites {
            let Some(entry) = &slot.good else { continue };
            let (entry, _) = world.enter(Site::clone(&entry.site));
            world.sites.insert(
                id,
                Slot { good: entry.map(Arc::new).or(slot.good.clone()), generation: next_generation(), ..slot },
            );
        }
        world.try_waiting();
        world
    }

    fn put(&mut self, change: Change) {
        let Change { entity, read, mut findings } = change;
        match (&entity, read) {
            (Entity::Root, Read::Root(root)) => self.root = self.root.next(Some(*root), findings),
            (Entity::Root, Read::Gone) => {
                let missing =
                    Finding::error("missing-file", "fleet.toml", None, "is missing").hint("write `schema = 1` into it");
                self.root = self.root.next(None, vec![missing]);
            }
            (Entity::Root, _) => self.root = self.root.next(None, findings),
            (Entity::Site(id), Read::Site(site)) => {
                let (entry, finding) = self.enter(*site);
                findings.extend(finding);
                let before = self.sites.get(id).cloned().unwrap_or_default();
                if let Some(entry) = &entry {
                    self.users.replace(before.good.as_ref().map(|before| &*before.site), Some(&*entry.site));
                }
                let slot = before.next(entry, findings);
                self.sites.insert(id.clone(), slot);
            }
            (Entity::Site(id), Read::Gone) => {
                if let Some(slot) = self.sites.get(id).map(Slot::gone) {
                    self.sites.insert(id.clone(), slot);
                }
            }
            (Entity::Site(id), _) => {
                let slot = self.sites.get(id).cloned().unwrap_or_default().next(None, findings);
                self.sites.insert(id.clone(), slot);
            }
            (Entity::Line(site, name), read) => {
                let key = (site.clone(), name.clone());
                let slot = self.lines.get(&key).cloned().unwrap_or_default();
                let slot = match read {
                    Read::Line(line) => {
                        self.users.replace(slot.good.as_deref(), Some(&*line));
                        slot.next(Some(*line), findings)
                    }
                    Read::Gone => slot.gone(),
                    _ => slot.next(None, findings),
                };
                self.lines.insert(key, slot);
            }
            (Entity::Phone(site, stem), read) => match Entity::mac(stem, &entity.path()) {
                Ok(mac) => self.put_phone(mac, site.clone(), stem.clone(), read, findings),
                // A file that names no phone serves none; its finding is kept until it is gone.
                Err(_) if matches!(read, Read::Gone) => {
                    self.strays.remove(&entity);
                }
                Err(_) => {
                    self.strays.insert(entity, findings.into());
                }
            },
        }
    }

    fn put_phone(&mut self, mac: Mac, site: CompactString, stem: CompactString, read: Read, findings: Vec<Finding>) {
        let mut slot = self.phones.get(&mac).cloned().unwrap_or_default();
        let at = slot.files.iter().position(|file| file.site == site && file.stem == stem);
        if let Read::Gone = read {
            if let Some(at) = at {
                slot.files.remove(at);
            }
            if slot.files.is_empty() {
                self.phones.remove(&mac);
                self.waiting.remove(&mac);
                self.users.replace(slot.good.as_deref(), None::<&Phone>);
                return;
            }
        } else {
            let parsed = match read {
                Read::Phone(phone) => Some(Arc::new(*phone)),
                _ => None,
            };
            let file = PhoneFile { site, stem, parsed, findings: findings.into() };
            match at {
                Some(at) => slot.files[at] = file,
                None => slot.files.push(file),
            }
        }
        self.phones.insert(mac, slot);
    }

    fn choose_again(&mut self, mac: Mac) {
        if let Some(mut slot) = self.phones.get(&mac).cloned() {
            self.choose(mac, &mut slot);
            self.phones.insert(mac, slot);
        }
    }

    /// Takes the newest version of a phone, if it is the only one and nothing that it names is missing.
    fn choose(&mut self, mac: Mac, slot: &mut PhoneSlot) {
        self.waiting.remove(&mac);
        let [file] = slot.files.as_slice() else { return };
        let Some(parsed) = &file.parsed else { return };
        if slot.good.as_ref().is_some_and(|good| Arc::ptr_eq(good, parsed)) {
            return;
        }
        let dangling = self.dangling(parsed, None);
        if dangling.is_empty() || self.is_better_than_nothing(parsed, &dangling, slot.good.as_deref()) {
            self.users.replace(slot.good.as_deref(), Some(&**parsed));
            slot.good = Some(parsed.clone());
            slot.generation = next_generation();
        }
        if !dangling.is_empty() {
            self.waiting.insert(mac);
        }
    }

    /// A phone of which only the model is unknown is served as the smallest one of its family, unless there is a version of
    /// it whose model is known.
    fn is_better_than_nothing(&self, phone: &Phone, dangling: &[Finding], good: Option<&Phone>) -> bool {
        dangling.iter().all(|finding| finding.code == "unknown-model")
            && good.is_none_or(|good| !self.catalogue.models.contains_key(&good.model.0))
            && self.catalogue.stand_in(&phone.model.0).is_some()
    }

    fn try_waiting(&mut self) {
        self.waiting.clone().into_iter().for_each(|mac| self.choose_again(mac));
    }

    fn enter(&self, site: Site) -> (Option<SiteEntry>, Option<Finding>) {
        let Some((name, at)) = &site.feature_codes else {
            let codes = FeatureCodes::default().overlaid(&site.codes);
            return (Some(SiteEntry { site: Arc::new(site), codes: Arc::new(codes) }), None);
        };
        match self.catalogue.feature_codes.get(name) {
            Some(table) => {
                let codes = Arc::new(table.overlaid(&site.codes));
                (Some(SiteEntry { site: Arc::new(site), codes }), None)
            }
            None => {
                let known = self.catalogue.feature_codes.keys().map(CompactString::as_str);
                let near = nearest(name, known.clone());
                let hint = near.map_or_else(
                    || format!("known are {}", known.collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let what = format!("the table of feature codes `{name}` does not exist");
                (None, Some(Finding::error("unknown-feature-codes", site.path(), *at, what).hint(hint)))
            }
        }
    }

    /// `fleet.toml`, if it ever had a good version.
    pub fn root(&self) -> Option<&Arc<Root>> {
        self.root.good.as_ref()
    }

    /// All sites with a good version whose files are there.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.sites.values().filter(|slot| slot.present).filter_map(|slot| Some(&slot.good.as_ref()?.site))
    }

    /// A site whose file is there.
    pub fn site(&self, id: &str) -> Option<&Arc<Site>> {
        self.sites.get(id).filter(|slot| slot.present)?.good.as_ref().map(|entry| &entry.site)
    }

    /// The lines of a site whose files are there, in no order.
    pub fn lines_of<'w>(&'w self, site: &'w str) -> impl Iterator<Item = &'w Arc<Line>> {
        self.lines
            .iter()
            .filter(move |((owner, _), slot)| owner == site && slot.present)
            .filter_map(|(_, slot)| slot.good.as_ref())
    }

    /// All lines whose files are there, in no order.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.lines.values().filter(|slot| slot.present).filter_map(|slot| slot.good.as_ref())
    }

    /// The site and name of each line whose file is there, be it good or not, in no order.
    pub fn line_names(&self) -> impl Iterator<Item = &(CompactString, CompactString)> {
        self.lines.iter().filter(|(_, slot)| slot.present).map(|(key, _)| key)
    }

    /// Whether there is a file of a line, be it good or not.
    pub fn has_line(&self, site: &str, name: &str) -> bool {
        self.lines.get(&(site.into(), name.into())).is_some_and(|slot| slot.present)
    }

    /// The files that are stored for a phone; more than one where two sites have it.
    pub fn files_of(&self, mac: Mac) -> Vec<Entity> {
        let files = self.phones.get(&mac).into_iter().flat_map(|slot| &slot.files);
        files.map(|file| Entity::Phone(file.site.clone(), file.stem.clone())).collect()
    }

    /// A line whose file is there.
    pub fn line(&self, site: &str, name: &str) -> Option<&Arc<Line>> {
        let slot = self.lines.get(&(site.into(), name.into()))?;
        slot.good.as_ref().filter(|_| slot.present)
    }

    /// The MACs of all phones that are stored, in order.
    pub fn macs(&self) -> impl Iterator<Item = Mac> {
        self.phones.keys().copied()
    }

    /// How many sites, lines and phones are stored.
    pub fn counts(&self) -> (usize, usize, usize) {
        let sites = self.sites.values().filter(|slot| slot.present).count();
        (sites, self.lines.values().filter(|slot| slot.present).count(), self.phones.len())
    }

    /// A phone's last good version.
    pub fn phone(&self, mac: Mac) -> Option<&Arc<Phone>> {
        self.phones.get(&mac)?.good.as_ref()
    }

    /// A phone with everything that has a say in its files.
    ///
    /// # Errors
    /// That it is not stored, or why it cannot be served.
    pub fn subject(&self, mac: Mac) -> Result<Subject, Unserved> {
        let slot = self.phones.get(&mac).ok_or(Unserved::Unknown(mac))?;
        let broken = |why: &str| Unserved::Broken { mac, why: why.to_owned() };
        let phone = slot.good.as_ref().ok_or_else(|| broken(&self.why_broken(slot)))?;
        let root = self.root.good.as_ref().ok_or_else(|| broken("`fleet.toml` has no good version"))?;
        let entry = self
            .sites
            .get(&phone.site)
            .and_then(|slot| slot.good.as_ref())
            .ok_or_else(|| broken("its site is gone"))?;
        let known = self.catalogue.models.get(&phone.model.0).cloned();
        let model = known.or_else(|| self.catalogue.stand_in(&phone.model.0));
        let model = model.ok_or_else(|| broken("its model is gone"))?;
        let maker = self.catalogue.family_of(&model).ok_or_else(|| broken("its family is gone"))?;
        let line = |(name, _): &(CompactString, u32)| self.lines.get(&(phone.site.clone(), name.clone()))?.good.clone();
        let usable = phone.lines.iter().take(usize::from(model.line_count_with(phone.modules.0.count())));
        let lines = usable.map(line).collect::<Option<Vec<_>>>().ok_or_else(|| broken("one of its lines is gone"))?;
        let names = self.names(&entry.site, lines.first().map(Arc::as_ref));
        Ok(Subject {
            catalogue: self.catalogue.clone(),
            root: root.clone(),
            site: entry.site.clone(),
            codes: entry.codes.clone(),
            phone: phone.clone(),
            lines,
            maker: maker.clone(),
            model,
            names,
        })
    }

    /// The generations of the catalogue and of `fleet.toml`.
    pub fn common_generations(&self) -> [u64; 2] {
        [self.catalogue_generation, self.root.generation]
    }

    /// The generations of everything that has a say in a phone's files.
    pub fn generations(&self, phone: &Phone) -> SmallVec<[u64; 6]> {
        let mut generations = SmallVec::new();
        generations.push(self.catalogue_generation);
        generations.push(self.root.generation);
        generations.push(self.sites.get(&phone.site).map_or(0, |slot| slot.generation));
        generations.push(self.phones.get(&phone.mac).map_or(0, |slot| slot.generation));
        for (name, _) in &phone.lines {
            generations.push(self.lines.get(&(phone.site.clone(), name.clone())).map_or(0, |slot| slot.generation));
        }
        if let Some(entry) = self.sites.get(&phone.site).and_then(|slot| slot.good.as_ref()) {
            let primary = phone.lines.first().map(|(name, _)| (phone.site.clone(), name.clone()));
            let primary = primary.and_then(|key| self.lines.get(&key)?.good.as_deref());
            generations.extend(self.generations_of_names(&entry.site, primary));
        }
        generations
    }

    fn why_broken(&self, slot: &PhoneSlot) -> String {
        let mut findings = Vec::new();
        self.phone_findings(slot, None, &mut findings);
        let error = findings.iter().find(|finding| finding.is_open_error());
        error.map_or_else(
            || "it has no good version".to_owned(),
            |finding| format!("{}: {}", finding.file.display(), finding.what),
        )
    }
}
