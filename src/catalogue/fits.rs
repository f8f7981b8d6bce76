//! For which bands and models an alternative of a family's tables holds.

use compact_str::CompactString;

use super::band::Band;
use super::family::Family;
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
    /// Reads `bands`, `models` and `not_models`; the latter two may name groups of the family's models.
    pub fn read(table: &mut Table<'_, '_>, family: &Family) -> Fits {
        let mut fits = Fits::default();
        let known = &family.bands;
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
        let models_of = |name: String| match family.groups.iter().find(|(group, _)| *group == name) {
            Some((_, models)) => models.clone(),
            None => vec![name.into()],
        };
        let mut names = |field| -> Vec<CompactString> {
            let names = table.texts(field).map(|at| at.value).unwrap_or_default();
            names.into_iter().flat_map(|name| models_of(name.value)).collect()
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
