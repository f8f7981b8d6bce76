//! What is stored in a world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;

use super::{PhoneSlot, World};
use crate::catalogue::Model;
use crate::fleet::{Entity, Line, Phone, Root, Site};
use crate::phone::Mac;

impl World {
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

    /// Whether anything is stored for a MAC.
    pub fn stores(&self, mac: Mac) -> bool {
        self.phones.contains_key(&mac)
    }

    /// The site of each phone that is stored: that of its last good version, else that of its file. In the MACs' order.
    pub fn sites_of_phones(&self) -> impl Iterator<Item = (Mac, &CompactString)> {
        self.phones.iter().filter_map(|(mac, slot)| Some((*mac, slot.site()?)))
    }

    /// The site of a phone.
    pub fn site_of(&self, mac: Mac) -> Option<&CompactString> {
        self.phones.get(&mac)?.site()
    }

    /// The models that phones are served as, by their ids.
    pub fn models_in_use(&self) -> BTreeMap<CompactString, Arc<Model>> {
        let good = self.phones.values().filter_map(|slot| slot.good.as_ref());
        let names: BTreeSet<&CompactString> = good.map(|phone| &phone.model.0).collect();
        let models = names.into_iter().filter_map(|name| self.catalogue.models.get_key_value(name));
        models.map(|(id, model)| (id.clone(), model.clone())).collect()
    }
}

impl PhoneSlot {
    fn site(&self) -> Option<&CompactString> {
        let good = self.good.as_ref().map(|phone| &phone.site);
        good.or_else(|| self.files.first().map(|file| &file.site))
    }
}
