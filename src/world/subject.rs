//! One phone, taken out of the world with everything that has a say in its files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;

use super::World;
use crate::catalogue::{Band, Catalogue, FeatureCodes, Maker, Model, ModuleModel};
use crate::fleet::{Line, Modules, Phone, Root, Site};

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

impl Subject {
    /// The firmware band: by what the phone tells, else by what the fleet says it runs. Where nobody says so, or no range
    /// fits what is said, the model's or family's own.
    pub fn band(&self, firmware: Option<&str>) -> Band {
        let bands = &self.maker.family.bands;
        let told = firmware.or(self.phone.firmware.as_deref()).and_then(|firmware| bands.fitting(firmware));
        told.or(self.model.default_band).unwrap_or(bands.default())
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
    /// The models that phones are served as, by their ids.
    pub fn models_in_use(&self) -> BTreeMap<CompactString, Arc<Model>> {
        let good = self.phones.values().filter_map(|slot| slot.good.as_ref());
        let names: BTreeSet<&CompactString> = good.map(|phone| &phone.model.0).collect();
        let models = names.into_iter().filter_map(|name| self.catalogue.models.get_key_value(name));
        models.map(|(id, model)| (id.clone(), model.clone())).collect()
    }
}
