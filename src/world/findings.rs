//! What is wrong with the fleet's files, and with what they name.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use compact_str::CompactString;

use super::{PhoneSlot, World};
use crate::findings::{Finding, nearest};
use crate::fleet::{Entity, Modules, Phone};

/// The lines of each site, gathered when the first one is looked for that may have been meant.
pub(super) struct NearLines<'w> {
    world: &'w World,
    lines: OnceCell<HashMap<&'w str, Vec<&'w str>>>,
}

impl<'w> NearLines<'w> {
    pub fn of_world(world: &'w World) -> NearLines<'w> {
        NearLines { world, lines: OnceCell::new() }
    }

    fn of(&self, site: &str, name: &str) -> Option<&'w str> {
        let lines = self.lines.get_or_init(|| {
            let mut lines: HashMap<&str, Vec<&str>> = HashMap::new();
            self.world.lines().for_each(|line| lines.entry(&line.site).or_default().push(&line.name));
            lines
        });
        nearest(name, lines.get(site)?.iter().copied())
    }
}

impl World {
    /// What is wrong with these entities' files, and with what they name.
    pub fn findings_of(&self, entities: &BTreeSet<Entity>) -> Vec<Finding> {
        let (near, mut findings) = (NearLines::of_world(self), Vec::new());
        for entity in entities {
            match entity {
                Entity::Root => findings.extend(self.root.findings.iter().cloned()),
                Entity::Site(id) => {
                    findings.extend(self.sites.get(id).iter().flat_map(|slot| slot.findings.iter().cloned()));
                    findings.extend(self.deleted_site(id));
                }
                Entity::Line(site, name) => {
                    let slot = self.lines.get(&(site.clone(), name.clone()));
                    findings.extend(slot.iter().flat_map(|slot| slot.findings.iter().cloned()));
                    if slot.is_some_and(|slot| !slot.present) {
                        self.findings_of_users(site, name, &near, &mut findings);
                    }
                }
                Entity::Phone(_, stem) => {
                    if let Some(slot) = Entity::mac(stem, &entity.path()).ok().and_then(|mac| self.phones.get(&mac)) {
                        self.phone_findings(slot, Some(&near), &mut findings);
                    }
                    findings.extend(self.strays.get(entity).iter().flat_map(|list| list.iter().cloned()));
                }
            }
        }
        findings
    }

    /// A site whose file is gone while it has phones.
    fn deleted_site(&self, id: &str) -> Option<Finding> {
        self.sites.get(id).filter(|slot| slot.good.is_some() && !slot.present)?;
        self.phones.values().find(|slot| slot.files.iter().any(|file| file.site == id))?;
        let what = "was deleted while the site has phones; its last good version stays served";
        let finding = Finding::error("missing-file", format!("sites/{id}/site.toml"), None, what);
        Some(finding.hint("an empty site.toml is enough"))
    }

    /// What is wrong with the phones that name a line.
    fn findings_of_users(&self, site: &str, line: &str, near: &NearLines<'_>, findings: &mut Vec<Finding>) {
        let names = |phone: &Phone| phone.site == site && phone.lines.iter().any(|(name, _)| name == line);
        let users = self
            .phones
            .values()
            .filter(|slot| slot.files.iter().filter_map(|file| file.parsed.as_ref()).any(|phone| names(phone)));
        users.for_each(|slot| self.phone_findings(slot, Some(near), findings));
    }

    /// Everything that is wrong with single files, and with what they name.
    pub fn findings(&self) -> Vec<Finding> {
        let near = NearLines::of_world(self);
        let mut findings: Vec<Finding> = self.root.findings.to_vec();
        findings.extend(self.sites.values().flat_map(|slot| slot.findings.iter().cloned()));
        findings.extend(self.sites.keys().filter_map(|id| self.deleted_site(id)));
        findings.extend(self.lines.values().flat_map(|slot| slot.findings.iter().cloned()));
        findings.extend(self.strays.values().flat_map(|list| list.iter().cloned()));
        for slot in self.phones.values() {
            self.phone_findings(slot, Some(&near), &mut findings);
        }
        findings.sort();
        findings
    }

    pub(super) fn phone_findings(&self, slot: &PhoneSlot, near: Option<&NearLines<'_>>, findings: &mut Vec<Finding>) {
        for file in &slot.files {
            findings.extend(file.findings.iter().cloned());
            findings.extend(file.parsed.iter().flat_map(|phone| self.dangling(phone, near)));
            if let Some(phone) = &file.parsed {
                findings.extend(self.ghosts(phone));
            }
            if slot.files.len() > 1 {
                let path = Entity::Phone(file.site.clone(), file.stem.clone()).path();
                let others = slot.files.iter().filter(|other| !std::ptr::eq(*other, file));
                let others: Vec<_> = others
                    .map(|other| Entity::Phone(other.site.clone(), other.stem.clone()).path().display().to_string())
                    .collect();
                let what = format!("the same MAC is stored in {}", others.join(", "));
                findings.push(
                    Finding::error("duplicate-mac", path, None, what)
                        .hint("a phone belongs to one site: remove one of the files"),
                );
            }
        }
    }

    /// What is gone while a phone still names it.
    fn ghosts(&self, phone: &Phone) -> Vec<Finding> {
        let gone = phone.lines.iter().filter(|(name, _)| {
            self.lines.get(&(phone.site.clone(), name.clone())).is_some_and(|slot| slot.good.is_some() && !slot.present)
        });
        let lines = gone.map(|(name, at)| {
            let what = format!("the file of the line `{name}` was deleted; its last good version stays served");
            Finding::error("unknown-line", phone.path(), *at, what)
                .hint("take the line out of `lines`, or bring its file back")
        });
        lines.collect()
    }

    /// What a phone names and the world has not, so that it cannot be served as it is written.
    pub(super) fn dangling(&self, phone: &Phone, near: Option<&NearLines<'_>>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let path = phone.path();
        let (model, at) = &phone.model;
        if !self.catalogue.models.contains_key(model) {
            let what = format!("the model `{model}` does not exist");
            let near = self.catalogue.nearest_model(model);
            let mut hint =
                near.map_or("`offhook models` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            if let Some(stand_in) = self.catalogue.stand_in(model) {
                let (lines, keys) = (stand_in.lines.count, stand_in.key_count());
                hint = format!(
                    "{hint} Until it is known, a phone that was never served gets {lines} account(s) and {keys} key(s)"
                );
            }
            findings.push(Finding::error("unknown-model", &path, *at, what).hint(hint));
        }
        match self.sites.get(&phone.site) {
            Some(slot) if slot.good.is_some() => {}
            Some(slot) if slot.present => {
                let what = format!("its site has no good version: see `sites/{}/site.toml`", phone.site);
                findings.push(Finding::error("broken-site", &path, None, what));
            }
            _ => {
                let what = format!("its site has no `sites/{}/site.toml`", phone.site);
                findings.push(Finding::error("unknown-site", &path, None, what).hint("an empty site.toml is enough"));
            }
        }
        for (name, at) in &phone.lines {
            let key = (phone.site.clone(), name.clone());
            match self.lines.get(&key) {
                Some(slot) if slot.good.is_some() => {}
                Some(slot) if slot.present => {
                    let what =
                        format!("the line `{name}` has no good version: see `sites/{}/lines/{name}.toml`", phone.site);
                    findings.push(Finding::error("broken-line", &path, *at, what));
                }
                _ => {
                    let near = near.and_then(|near| near.of(&phone.site, name));
                    let what = format!("the line `{name}` does not exist in the site `{}`", phone.site);
                    let hint = near.map_or_else(
                        || format!("add sites/{}/lines/{name}.toml", phone.site),
                        |near| format!("did you mean `{near}`?"),
                    );
                    findings.push(Finding::error("unknown-line", &path, *at, what).hint(hint));
                }
            }
        }
        if let (Modules::Models(names), at) = &phone.modules {
            for name in names.iter().filter(|name| !self.catalogue.modules.contains_key(*name)) {
                let near = nearest(name, self.catalogue.modules.keys().map(CompactString::as_str));
                let what = format!("the module `{name}` does not exist");
                let hint =
                    near.map_or("`offhook models` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
                findings.push(Finding::error("unknown-module", &path, *at, what).hint(hint));
            }
        }
        findings
    }
}
