//! One phone, taken out of the world with everything that has a say in its files.

use std::sync::Arc;

use compact_str::CompactString;

use super::{PhoneSlot, World};
use crate::catalogue::{Band, Catalogue, Class, FeatureCodes, Maker, Model, ModuleModel};
use crate::fleet::{Line, Modules, Phone, Root, Site};
use crate::phone::{Area, HIDDEN, Mac, Place};

/// One phone with everything that has a say in its files.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What is known of all phones.
    pub catalogue: Arc<Catalogue>,
    /// The fleet's own file.
    pub root: Arc<Root>,
    /// The phone's site.
    pub site: Arc<Site>,
    /// The site's codes: its operator's with its own over them.
    pub codes: Arc<FeatureCodes>,
    /// The phone.
    pub phone: Arc<Phone>,
    /// Its lines, the first is primary.
    pub lines: Vec<Arc<Line>>,
    /// Its model.
    pub model: Arc<Model>,
    /// Its model's family.
    pub maker: Arc<Maker>,
    /// What `${name:NUMBER}` stands for in the labels of its keys.
    pub names: Vec<Name>,
}

/// What `${name:NUMBER}` stands for.
#[derive(Debug, Clone)]
pub struct Name {
    /// The number as the label has it.
    pub number: CompactString,
    /// What is shown for it.
    pub shown: CompactString,
    /// The line that is called so; none for a number that the site names.
    pub line: Option<Arc<Line>>,
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

impl Subject {
    /// The firmware band: by what the phone tells, else by what it was last seen with, else by what the fleet says it runs.
    /// What fits no range tells nothing; where nothing is told, it is the model's or family's own.
    pub fn band(&self, told: Option<&str>, seen: Option<&str>) -> Band {
        let bands = &self.maker.family.bands;
        let known = [told, seen, self.phone.firmware.as_deref()];
        let fitting = known.into_iter().flatten().find_map(|firmware| bands.fitting(firmware));
        fitting.or(self.model.default_band).unwrap_or(bands.default())
    }

    /// The same without what is behind its `raw` edits: a maker's name of a parameter does not tell whether it is a secret.
    pub fn without_raw(mut self) -> Subject {
        if !self.phone.raw.is_empty() {
            for raw in &mut Arc::make_mut(&mut self.phone).raw {
                raw.values.iter_mut().for_each(|value| *value = HIDDEN.into());
            }
        }
        self
    }

    /// Why no file of the phone can be written, where that is so.
    pub fn no_files(&self, band: Band) -> String {
        let family = &self.maker.family;
        match family.no_files(band) {
            Some(why) => format!("for firmware of the band {} no file is written: {why}", family.bands.name(band)),
            None => format!("files of the family `{}` cannot be written yet", family.id),
        }
    }

    /// The phone's primary line.
    pub fn primary(&self) -> Option<&Arc<Line>> {
        self.lines.first()
    }

    /// The models of the attached modules, in order.
    pub fn attached_modules(&self) -> Vec<&Arc<ModuleModel>> {
        let model = |id: &CompactString| self.catalogue.modules.get(id);
        match &self.phone.modules.0 {
            Modules::Count(count) => {
                let default = self.model.modules.as_ref().and_then(|slots| model(slots.models.first()?));
                default.into_iter().cycle().take(usize::from(*count)).collect()
            }
            Modules::Models(ids) => ids.iter().filter_map(model).collect(),
        }
    }

    /// How many keys it has with the modules that it has.
    pub fn key_count(&self) -> u16 {
        self.model.key_count_with(self.phone.modules.0.count())
    }

    fn no_such_key(&self, place: Place) -> String {
        let (model, count) = (&self.model, self.key_count());
        if place.position <= model.key_count() {
            return format!("`{place}` does not exist on `{}`, which has {count} keys beside a module", model.id);
        }
        let has = if model.keys.iter().any(|group| group.at_least) { "is only known to have" } else { "has" };
        format!("`{place}` does not exist on `{}`, which {has} {count} keys", model.id)
    }

    /// Why a place does not exist on this phone: the code of a finding, and what it says.
    pub fn no_place(&self, place: Place) -> Option<(&'static str, String)> {
        let model = &self.model;
        if model.handsets.is_some() && model.key_count() == 0 && model.soft_keys.is_empty() {
            let what = format!("`{place}` does not exist on `{}`: a DECT base has handsets, and no keys", model.id);
            return Some(("no-such-key", what));
        }
        match place.area {
            Area::Keys if place.position > self.key_count() => Some(("no-such-key", self.no_such_key(place))),
            Area::SoftKeys if model.soft_key(place.position).is_none() => {
                let slots: Vec<String> = model.soft_slots().map(|(slot, _)| slot.to_string()).collect();
                let has = if slots.is_empty() {
                    "no soft keys".to_owned()
                } else {
                    format!("the soft keys {}", slots.join(", "))
                };
                Some(("no-such-key", format!("`{place}` does not exist on `{}`, which has {has}", model.id)))
            }
            Area::Module(number) => {
                let attached = self.attached_modules();
                let Some(module) = attached.get(usize::from(number) - 1) else {
                    let what = format!(
                        "`{place}` does not exist: the phone `{}` has {} module(s)",
                        self.phone.mac,
                        attached.len()
                    );
                    return Some(("no-such-module", what));
                };
                if place.position > module.key_count() {
                    let what =
                        format!("`{place}` does not exist on `{}`, which has {} keys", module.id, module.key_count());
                    return Some(("no-such-key", what));
                }
                let why = module.reserved(place.position)?;
                Some(("reserved-key", format!("`{place}` cannot be set on `{}`: {why}", module.id)))
            }
            _ => None,
        }
    }

    /// The class of the key at a place; none where there is no key that can be set.
    pub fn class_at(&self, place: Place) -> Option<Class> {
        if self.no_place(place).is_some() {
            return None;
        }
        match place.area {
            Area::Keys => self.model.key(place.position).map(|(group, _)| group.class),
            Area::SoftKeys => self.model.soft_key(place.position),
            Area::Module(number) => self.attached_modules().get(usize::from(number) - 1).map(|model| model.class),
        }
    }

    /// What `${name:NUMBER}` in a label stands for, where the site knows the number.
    pub fn name_for(&self, number: &str) -> Option<&str> {
        self.names.iter().find(|name| name.number == number).map(|name| name.shown.as_str())
    }

    /// The account's name for a number that a key may show, where the site names it.
    pub fn name_of_number(&self, number: &str) -> Option<&str> {
        self.site.numbers.get(number)?.label.as_deref()
    }
}

impl World {
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
