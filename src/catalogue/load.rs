//! From texts to a catalogue: the files built into the program, with a folder of the user's over them.
//!
//! The unit of failure is the entity: a family, model, module or table of codes with an error in its file is left out,
//! or stays as it was in the previous catalogue, and the others load.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;

use super::family::Family;
use super::feature_codes::FeatureCodes;
use super::functions::FunctionTable;
use super::mapping::Mappings;
use super::model::{Model, ModuleModel};
use super::setting::Vocabulary;
use crate::findings::{Finding, Level, nearest};
use crate::reader::{Source, Table};

/// Texts by their path, such as `models/yealink/t46s.toml`; a BTreeMap, so that findings come in a stable order.
pub type Texts = BTreeMap<String, String>;

/// A family with its tables.
#[derive(Debug)]
pub struct Maker {
    /// How its phones are recognised and which files they ask for.
    pub family: Arc<Family>,
    /// What its keys say for each function; none for a family that is recognised and no more.
    pub tables: Option<Tables>,
}

/// What turns settings and functions into a family's own words.
#[derive(Debug)]
pub struct Tables {
    /// Functions of keys.
    pub functions: FunctionTable,
    /// Settings.
    pub mappings: Mappings,
}

/// Everything known of phones.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The settings' names and types.
    pub vocabulary: Arc<Vocabulary>,
    /// Families by id.
    pub families: BTreeMap<CompactString, Arc<Maker>>,
    /// Models by id.
    pub models: BTreeMap<CompactString, Arc<Model>>,
    /// Models of expansion modules by id.
    pub modules: BTreeMap<CompactString, Arc<ModuleModel>>,
    /// Operators' codes by the name of their file.
    pub feature_codes: BTreeMap<CompactString, Arc<FeatureCodes>>,
}

impl Catalogue {
    /// Loads a catalogue from texts; entities with errors stay as they are in `previous`.
    pub fn load(texts: &Texts, previous: Option<&Catalogue>) -> (Catalogue, Vec<Finding>) {
        let mut loader = Loader { texts, previous, findings: Vec::new(), catalogue: Catalogue::default() };
        loader.vocabulary();
        loader.families();
        loader.models();
        loader.feature_codes();
        loader.references();
        (loader.catalogue, loader.findings)
    }

    /// The family of a model.
    pub fn family_of(&self, model: &Model) -> Option<&Arc<Maker>> {
        self.families.get(&model.family)
    }

    /// Puts a family with all its models back to what they were.
    pub fn take_family(&mut self, family: &str, before: &Catalogue) {
        let Some((id, maker)) = before.families.get_key_value(family) else { return };
        self.families.insert(id.clone(), maker.clone());
        self.models.retain(|_, model| model.family != family);
        for (id, model) in before.models.iter().filter(|(_, model)| model.family == family) {
            self.models.insert(id.clone(), model.clone());
            for id in model.modules.iter().flat_map(|slots| &slots.models) {
                self.modules.extend(before.modules.get_key_value(id).map(|(id, module)| (id.clone(), module.clone())));
            }
        }
    }

    /// What a model is served as that nobody knows, where its name tells the family: no more than the family's smallest
    /// phone with keys has.
    pub fn stand_in(&self, id: &str) -> Option<Arc<Model>> {
        let ends = |rest: &str| rest.is_empty() || rest.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let begins = |family: &str| id.strip_prefix(family).is_some_and(ends);
        let family = self.families.keys().filter(|family| begins(family)).max_by_key(|family| family.len())?;
        let size = |model: &&Arc<Model>| (model.key_count() == 0, model.key_count(), model.lines.count);
        let smallest = self.models.values().filter(|model| model.family == *family).min_by_key(size)?;
        Some(Arc::new(Model {
            id: id.into(),
            name: compact_str::format_compact!("unknown, served as {}", smallest.name),
            products: Vec::new(),
            ovh: None,
            modules: None,
            default_band: None,
            ..Model::clone(smallest)
        }))
    }

    /// The model that a wrong name may have meant.
    pub fn nearest_model(&self, name: &str) -> Option<&str> {
        nearest(name, self.models.keys().map(CompactString::as_str))
    }
}

struct Loader<'a> {
    texts: &'a Texts,
    previous: Option<&'a Catalogue>,
    findings: Vec<Finding>,
    catalogue: Catalogue,
}

impl Loader<'_> {
    /// Reads one file; none if it is missing or has an error.
    fn read<T>(&mut self, path: &str, read: impl FnOnce(&mut Table<'_, '_>) -> T) -> Option<T> {
        let Some(text) = self.texts.get(path) else {
            self.findings.push(Finding::error("missing-file", path, None, "is missing"));
            return None;
        };
        let (value, findings) = Source::read(Path::new(path), text, read);
        let broken = findings.iter().any(|finding| finding.level == Level::Error);
        self.findings.extend(findings);
        value.filter(|_| !broken)
    }

    fn vocabulary(&mut self) {
        let read = self.read("models/settings.toml", Vocabulary::read).map(Arc::new);
        let previous = || self.previous.map(|previous| previous.vocabulary.clone());
        self.catalogue.vocabulary = read.or_else(previous).unwrap_or_default();
    }

    fn families(&mut self) {
        let ids: Vec<String> = self.stems("models/", "/family.toml");
        for id in ids {
            let maker = self.family(&id).map(Arc::new);
            let previous = || self.previous.and_then(|previous| previous.families.get(id.as_str()).cloned());
            if let Some(maker) = maker.or_else(previous) {
                self.catalogue.families.insert(id.into(), maker);
            }
        }
    }

    fn family(&mut self, id: &str) -> Option<Maker> {
        let vocabulary = self.catalogue.vocabulary.clone();
        let family = self.read(&format!("models/{id}/family.toml"), |table| Family::read(id, &vocabulary, table))?;
        if family.format.is_none() {
            return Some(Maker { family: Arc::new(family), tables: None });
        }
        if let Some(format) = &family.format
            && crate::format::Format::parse_name(format).is_none()
        {
            let what = format!(
                "`format` is `{format}`, but must be one of {}",
                crate::format::Format::ALL.map(crate::format::Format::name).join(", ")
            );
            self.findings.push(Finding::error("unknown-word", format!("models/{id}/family.toml"), None, what));
            return None;
        }
        let functions = self.read(&format!("models/{id}/functions.toml"), |table| FunctionTable::read(table, &family));
        let mappings =
            self.read(&format!("models/{id}/settings.toml"), |table| Mappings::read(table, &family, &vocabulary));
        Some(Maker { family: Arc::new(family), tables: Some(Tables { functions: functions?, mappings: mappings? }) })
    }

    fn models(&mut self) {
        let vocabulary = self.catalogue.vocabulary.clone();
        let families: Vec<_> = self.catalogue.families.values().cloned().collect();
        for maker in families {
            let folder = format!("models/{}/", maker.family.id);
            for stem in self.stems(&folder, ".toml") {
                if matches!(stem.as_str(), "family" | "functions" | "settings") {
                    continue;
                }
                let path = format!("{folder}{stem}.toml");
                let id = format!("{}-{stem}", maker.family.maker);
                let model =
                    self.read(&path, |table| Model::read(&stem, &maker.family, &vocabulary, table)).map(Arc::new);
                let previous = || self.previous.and_then(|previous| previous.models.get(id.as_str()).cloned());
                if let Some(model) = model.or_else(previous) {
                    self.catalogue.models.insert(id.into(), model);
                }
            }
            for stem in self.stems(&format!("{folder}modules/"), ".toml") {
                let path = format!("{folder}modules/{stem}.toml");
                let id = format!("{}-{stem}", maker.family.maker);
                let module = self.read(&path, |table| ModuleModel::read(&stem, &maker.family, table)).map(Arc::new);
                let previous = || self.previous.and_then(|previous| previous.modules.get(id.as_str()).cloned());
                if let Some(module) = module.or_else(previous) {
                    self.catalogue.modules.insert(id.into(), module);
                }
            }
        }
    }

    fn feature_codes(&mut self) {
        for stem in self.stems("models/feature-codes/", ".toml") {
            let path = format!("models/feature-codes/{stem}.toml");
            let codes = self.read(&path, |table| FeatureCodes::read(table, true)).map(Arc::new);
            let previous = || self.previous.and_then(|previous| previous.feature_codes.get(stem.as_str()).cloned());
            if let Some(codes) = codes.or_else(previous) {
                self.catalogue.feature_codes.insert(stem.into(), codes);
            }
        }
    }

    /// Names that point from one file to another.
    fn references(&mut self) {
        let catalogue = &self.catalogue;
        for model in catalogue.models.values() {
            let path = model.path();
            for module in model.modules.iter().flat_map(|slots| &slots.models) {
                if !catalogue.modules.contains_key(module) {
                    let what = format!("the module `{module}` does not exist");
                    let near = nearest(module, catalogue.modules.keys().map(CompactString::as_str));
                    let hint = near.map_or("add its file to modules/".into(), |near| format!("did you mean `{near}`?"));
                    self.findings.push(Finding::error("unknown-module", &path, None, what).hint(hint));
                }
            }
        }
        for maker in catalogue.families.values() {
            let Some(tables) = &maker.tables else { continue };
            let functions = tables.functions.iter().flat_map(|alternative| alternative.fits.named_models());
            let settings = tables.mappings.iter().flat_map(|(_, mapping)| mapping.fits.named_models());
            let named = functions.map(|model| ("functions", model)).chain(settings.map(|model| ("settings", model)));
            for (file, model) in named {
                if !catalogue.models.contains_key(model) {
                    let path = format!("models/{}/{file}.toml", maker.family.id);
                    self.findings.push(Finding::error(
                        "unknown-model",
                        path,
                        None,
                        format!("the model `{model}` does not exist"),
                    ));
                }
            }
        }
    }

    /// What stands between a beginning and an end of paths, where it is one folder or file name.
    fn stems(&self, before: &str, behind: &str) -> Vec<String> {
        let stem = |path: &String| path.strip_prefix(before)?.strip_suffix(behind).map(str::to_owned);
        self.texts.keys().filter_map(stem).filter(|stem| !stem.contains('/')).collect()
    }
}
