//! Which phone is simulated.

use std::sync::Arc;

use crate::catalogue::{Catalogue, Model};
use crate::phone::Mac;

/// A phone that is simulated.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its MAC.
    pub mac: Mac,
    /// Its model, for how many keys and lines it has; never for what they say.
    pub model: Arc<Model>,
    /// As it calls itself.
    pub product: String,
    /// The firmware that it tells.
    pub firmware: String,
    /// How many keys each of its modules has.
    pub module_keys: Vec<u16>,
}

impl Device {
    /// A phone of a model, with a firmware of the model's usual band if none is named.
    pub fn new(catalogue: &Catalogue, model: &Arc<Model>, mac: Mac, firmware: Option<&str>) -> Device {
        let product = model.products.first().map(ToString::to_string).unwrap_or_default();
        let firmware = firmware.map_or_else(
            || {
                let maker = catalogue.families.get(&model.family);
                let bands = maker.map(|maker| &maker.family.bands);
                let band = bands.map_or("", |bands| bands.name(model.default_band.unwrap_or(bands.default())));
                super::boot::firmware(&model.family, &product, band)
            },
            str::to_owned,
        );
        let slots = model.modules.iter();
        let usual = slots.filter_map(|slots| catalogue.modules.get(slots.models.first()?));
        let module_keys = usual.map(|module| module.key_count()).collect();
        Device { mac, model: model.clone(), product, firmware, module_keys }
    }

    /// Its family's id.
    pub fn family(&self) -> &str {
        &self.model.family
    }

    /// The numbers of its firmware.
    pub fn version(&self) -> Vec<u32> {
        let numbers = self.firmware.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        numbers.filter_map(|part| part.parse().ok()).collect()
    }
}
