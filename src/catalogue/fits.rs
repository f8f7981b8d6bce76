//! For which bands and models an alternative of a family's tables holds.

use compact_str::CompactString;

use super::band::{Band, Bands};
use crate::findings::nearest;
use crate::reader::Table;

/// The bands and models for which something holds; empty lists mean all.
#[derive(Debug, Clone, Default)]
pub struct Fits {
    bands: Vec<Band>,
    models: Vec<CompactString>,
    not_models: Vec<CompactString>,
}

impl Fits {
    /// Reads `bands`, `models` and `not_models`.
    pub fn read(table: &mut Table<'_, '_>, known: &Bands) -> Fits {
        let mut fits = Fits::default();
        for name in table.texts("bands").map(|at| at.value).unwrap_or_default() {
            match known.by_name(&name.value) {
                Some(band) => fits.bands.push(band),
                None => {
                    let what = format!("`{}` is not a band of this family", name.value);
                    let near = nearest(&name.value, known.iter().map(|(_, name)| name));
                    table.error_hint(
                        "unknown-band",
                        name.line,
                        what,
                        near.map_or("see `bands` in family.toml".into(), |near| format!("did you mean `{near}`?")),
                    );
                }
            }
        }
        let mut names = |field| -> Vec<CompactString> {
            table
                .texts(field)
                .map(|at| at.value.into_iter().map(|name| name.value.into()).collect())
                .unwrap_or_default()
        };
        fits.models = names("models");
        fits.not_models = names("not_models");
        fits
    }

    /// Whether it holds for this model in this band.
    pub fn fits(&self, band: Band, model: &str) -> bool {
        (self.bands.is_empty() || self.bands.contains(&band))
            && (self.models.is_empty() || self.models.iter().any(|name| name == model))
            && !self.not_models.iter().any(|name| name == model)
    }

    /// The models that are named, to be checked against the catalogue.
    pub fn named_models(&self) -> impl Iterator<Item = &CompactString> {
        self.models.iter().chain(&self.not_models)
    }
}
