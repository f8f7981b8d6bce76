//! The families' templates, one engine for each family, so that each escapes for its own format.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, RwLock};

use compact_str::CompactString;
use tera::{Context, Tera, Value};

use super::shared::{Shared, SharedKey};
use super::view;
use crate::catalogue::{Catalogue, Family, FeatureCodes, FilePattern, Texts};
use crate::findings::Finding;
use crate::format::Format;
use crate::resolve::Resolved;

/// All templates.
#[derive(Debug, Default)]
pub struct Templates {
    families: BTreeMap<CompactString, Arc<FamilyTemplates>>,
    shared: RwLock<HashMap<SharedKey, Arc<Shared>>>,
    codes: RwLock<Vec<(Arc<FeatureCodes>, Value)>>,
}

/// So many tables of codes are kept as values: most sites have their operator's.
const TABLES: usize = 16;

/// The templates of one family.
#[derive(Debug)]
struct FamilyTemplates {
    /// An engine for each format of the family's files, since each escapes in its own way.
    engines: Vec<(Format, Tera)>,
    stamped: Vec<String>,
    /// Every word of the templates.
    words: HashSet<String>,
    /// What they were compiled from.
    texts: Vec<(String, String)>,
}

impl Templates {
    /// Compiles `templates/<family>/*`; a family whose templates have an error keeps those of `previous`.
    pub fn load(texts: &Texts, catalogue: &Catalogue, previous: Option<&Templates>) -> (Templates, Vec<Finding>) {
        let mut templates = Templates::default();
        let mut findings = Vec::new();
        for (id, maker) in &catalogue.families {
            let formats = formats_of(&maker.family);
            if formats.is_empty() {
                continue;
            }
            let prefix = format!("templates/{id}/");
            let own: Vec<(&str, &str)> =
                texts.iter().filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?, text.as_str()))).collect();
            let same =
                previous.and_then(|previous| previous.families.get(id)).filter(|known| known.is_of(&formats, &own));
            match same.map_or_else(|| FamilyTemplates::compile(&formats, &own).map(Arc::new), |same| Ok(same.clone())) {
                Ok(compiled) => {
                    templates.families.insert(id.clone(), compiled);
                }
                Err((name, what)) => {
                    findings.push(Finding::error("bad-template", format!("{prefix}{name}"), None, what));
                    if let Some(kept) = previous.and_then(|previous| previous.families.get(id)) {
                        templates.families.insert(id.clone(), kept.clone());
                    }
                }
            }
        }
        (templates, findings)
    }

    /// Whether the family's templates are in place.
    pub fn knows(&self, family: &str) -> bool {
        self.families.contains_key(family)
    }

    /// Whether the family has this template.
    pub fn has(&self, family: &str, template: &str) -> bool {
        self.families
            .get(family)
            .is_some_and(|own| own.engines.iter().any(|(_, engine)| engine.contains_template(template)))
    }

    /// Whether the template prints a stamp, so that it is rendered twice.
    pub fn is_stamped(&self, family: &str, template: &str) -> bool {
        self.families.get(family).is_some_and(|own| own.stamped.iter().any(|name| name == template))
    }

    /// What the phones of a model share; made once, since templates and catalogue are replaced together.
    pub(super) fn shared(&self, resolved: &Resolved<'_>) -> Option<Arc<Shared>> {
        let key = (resolved.subject.model.id.clone(), resolved.band);
        if let Some(known) = self.shared.read().ok().and_then(|shared| shared.get(&key).cloned()) {
            return Some(known);
        }
        let words = self.families.get(&resolved.subject.model.family).map(|own| &own.words);
        let is_named = |name: &str| words.is_none_or(|words| words.contains(name));
        let made = Arc::new(Shared::of(resolved.subject, resolved.band, is_named)?);
        if let Ok(mut shared) = self.shared.write() {
            shared.insert(key, made.clone());
        }
        Some(made)
    }

    /// A site's codes as templates see them; sites that have their operator's share them.
    pub(super) fn codes(&self, codes: &Arc<FeatureCodes>) -> Value {
        let known = |kept: &[(Arc<FeatureCodes>, Value)]| {
            kept.iter().find(|(known, _)| Arc::ptr_eq(known, codes)).map(|(_, value)| value.clone())
        };
        if let Some(value) = self.codes.read().ok().and_then(|kept| known(&kept)) {
            return value;
        }
        let value = view::codes(codes);
        if let Ok(mut kept) = self.codes.write() {
            if kept.len() == TABLES {
                kept.remove(0);
            }
            kept.push((codes.clone(), value.clone()));
        }
        value
    }

    /// Renders a template of a family for a file of this format.
    ///
    /// # Errors
    /// What the engine says: an undefined variable with its place, or a value that the format cannot carry.
    pub fn render(&self, family: &str, format: Format, template: &str, context: &Context) -> Result<String, String> {
        let own = self.families.get(family).ok_or_else(|| format!("the family `{family}` has no templates"))?;
        let engine = own.engines.iter().find(|(known, _)| *known == format).map(|(_, engine)| engine);
        let engine =
            engine.ok_or_else(|| format!("no file of the family `{family}` is of the format `{}`", format.name()))?;
        engine.render(template, context).map_err(|error| told(&error))
    }

    /// The same templates, to put others in the place of some.
    pub fn renewed(&self) -> Templates {
        Templates { families: self.families.clone(), ..Templates::default() }
    }

    /// Puts the templates of `other` in the place of a family's own, or takes them away.
    pub fn replace_family(&mut self, id: &str, other: Option<&Templates>) {
        match other.and_then(|other| other.families.get(id)) {
            Some(kept) => {
                self.families.insert(id.into(), kept.clone());
            }
            None => {
                self.families.remove(id);
            }
        }
    }
}

impl FamilyTemplates {
    /// Whether these were compiled from the same texts.
    fn is_of(&self, formats: &[Format], texts: &[(&str, &str)]) -> bool {
        let own = self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        own.eq(texts.iter().copied()) && self.engines.iter().map(|(format, _)| format).eq(formats)
    }

    fn compile(formats: &[Format], texts: &[(&str, &str)]) -> Result<FamilyTemplates, (String, String)> {
        let engine = |format: &Format| Ok((*format, engine(*format, texts)?));
        let engines = formats.iter().map(engine).collect::<Result<_, (String, String)>>()?;
        let stamped = texts.iter().filter(|(_, text)| text.contains("stamp.")).map(|(name, _)| (*name).to_owned());
        let words = texts.iter().flat_map(|(_, text)| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
        let words = words.map(str::to_owned).collect();
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Ok(FamilyTemplates { stamped: stamped.collect(), words, texts, engines })
    }
}

fn engine(format: Format, texts: &[(&str, &str)]) -> Result<Tera, (String, String)> {
    let mut engine = Tera::new();
    engine.set_escape_fn(format.escape_fn());
    // Every template of a family is escaped, whatever its name.
    engine.autoescape_on([""]);
    engine.add_raw_templates(texts.iter().copied()).map_err(|error| {
        let told = told(&error);
        let name = texts.iter().map(|(name, _)| *name).find(|name| told.contains(name)).unwrap_or_default();
        (name.to_owned(), told)
    })?;
    Ok(engine)
}

/// The formats of a family's files, its own first.
fn formats_of(family: &Family) -> Vec<Format> {
    let made = |file: &FilePattern| file.template.is_some() || file.bootstrap_template.is_some();
    let mut formats: Vec<Format> = family.format().into_iter().collect();
    for format in family.files.iter().filter(|file| made(file)).filter_map(|file| file.format) {
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    formats
}

/// An engine's error with its causes, in one line each.
fn told(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text.trim().to_owned()
}
