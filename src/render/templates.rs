//! The families' templates, one engine for each family, so that each escapes for its own format.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use compact_str::CompactString;
use tera::{Context, Tera};

use super::shared::{Shared, SharedKey};
use crate::catalogue::{Catalogue, Family, FilePattern, Texts};
use crate::findings::Finding;
use crate::format::Format;
use crate::resolve::Resolved;

/// All templates.
#[derive(Debug, Default)]
pub struct Templates {
    families: BTreeMap<CompactString, Arc<FamilyTemplates>>,
    shared: RwLock<HashMap<SharedKey, Arc<Shared>>>,
}

/// The templates of one family.
#[derive(Debug)]
struct FamilyTemplates {
    /// An engine for each format of the family's files, since each escapes in its own way.
    engines: Vec<(Format, Tera)>,
    stamped: Vec<String>,
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
            match FamilyTemplates::compile(&formats, &own) {
                Ok(compiled) => {
                    templates.families.insert(id.clone(), Arc::new(compiled));
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
        let made = Arc::new(Shared::of(resolved.subject, resolved.band)?);
        if let Ok(mut shared) = self.shared.write() {
            shared.insert(key, made.clone());
        }
        Some(made)
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
    fn compile(formats: &[Format], texts: &[(&str, &str)]) -> Result<FamilyTemplates, (String, String)> {
        let engine = |format: &Format| Ok((*format, engine(*format, texts)?));
        let engines = formats.iter().map(engine).collect::<Result<_, (String, String)>>()?;
        let stamped = texts.iter().filter(|(_, text)| text.contains("stamp.")).map(|(name, _)| (*name).to_owned());
        Ok(FamilyTemplates { stamped: stamped.collect(), engines })
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
