//! How files come into a world: what is good takes its place, what is not is told, and who waited for it is tried again.

use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;

use super::change::{Change, Read};
use super::slot::Slot;
use super::{PhoneFile, PhoneSlot, SiteEntry, World, next_generation};
use crate::catalogue::{Catalogue, FeatureCodes};
use crate::findings::{Finding, nearest};
use crate::fleet::{Entity, Phone, Site};
use crate::phone::Mac;

impl World {
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
}
