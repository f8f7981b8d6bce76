//! What identification needs of the catalogue, made once at load: two sets of patterns, and the products by name.
//!
//! Several families own `<mac>.xml`, written alike, so each pattern is kept once with the files that it stands for. The
//! sets run once over a request; only patterns that matched are asked for their groups.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use regex::{Captures, RegexSet};
use smallvec::SmallVec;

use super::claim::{FamilyIndex, FileMatch, Place};
use super::target::Target;
use crate::catalogue::{Catalogue, Evidence, Family, FilePattern};
use crate::phone::Mac;

/// The longest user agent that is looked at, in bytes.
const MAX_USER_AGENT_BYTES: usize = 512;

/// Families and models, ready to recognise requests.
#[derive(Debug, Default)]
pub struct Index {
    families: Vec<Arc<Family>>,
    user_agents: RegexSet,
    rules: Vec<(FamilyIndex, usize)>,
    paths: RegexSet,
    files: Vec<Vec<FileMatch>>,
    models: HashMap<(FamilyIndex, CompactString), Option<CompactString>>,
}

/// What a user agent tells.
pub(super) struct Agent {
    pub family: FamilyIndex,
    pub rule: usize,
    pub product: Option<CompactString>,
    pub firmware: Option<CompactString>,
    pub mac: Option<(Mac, Evidence)>,
}

/// A file that matches, and what its pattern's groups tell.
pub(super) struct Found {
    pub file: FileMatch,
    pub mac: Option<(Place, Mac, Evidence)>,
    pub product: Option<CompactString>,
    /// How much of the path the pattern covers.
    pub length: usize,
}

impl Index {
    /// An index of these families and of models as (id, family, products).
    ///
    /// # Errors
    /// All patterns together are too large for the regular expression engine.
    pub fn new<'m, P: AsRef<str> + 'm>(
        families: &[Arc<Family>],
        models: impl IntoIterator<Item = (&'m str, &'m str, &'m [P])>,
    ) -> Result<Index, regex::Error> {
        let mut user_agents = Vec::new();
        let mut rules = Vec::new();
        let mut paths: Vec<&str> = Vec::new();
        let mut files: Vec<Vec<FileMatch>> = Vec::new();
        for (at, family) in families.iter().enumerate() {
            let at = FamilyIndex(at as u16);
            for (rule, recogniser) in family.recognise.iter().enumerate() {
                user_agents.push(recogniser.user_agent.as_str());
                rules.push((at, rule));
            }
            for (file, pattern) in family.files.iter().enumerate() {
                let pattern = pattern.path.as_str();
                let file = FileMatch { family: at, file };
                match paths.iter().position(|known| *known == pattern) {
                    Some(known) => files[known].push(file),
                    None => {
                        paths.push(pattern);
                        files.push(vec![file]);
                    }
                }
            }
        }
        let mut index = Index {
            families: families.to_vec(),
            user_agents: RegexSet::new(user_agents)?,
            rules,
            paths: RegexSet::new(paths)?,
            files,
            models: HashMap::new(),
        };
        for (id, family, products) in models {
            let Some(family) = index.family_named(family) else { continue };
            for product in products {
                let model = index.models.entry((family, folded(product.as_ref()))).or_insert(Some(id.into()));
                // A product of two models tells neither.
                model.take_if(|known| known != id);
            }
        }
        Ok(index)
    }

    /// An index of a catalogue.
    ///
    /// # Errors
    /// As [`Index::new`].
    pub fn of(catalogue: &Catalogue) -> Result<Index, regex::Error> {
        let families: Vec<_> = catalogue.families.values().map(|maker| maker.family.clone()).collect();
        let models = catalogue.models.values();
        Index::new(&families, models.map(|model| (&*model.id, &*model.family, &*model.products)))
    }

    /// The family at a place.
    pub fn family(&self, at: FamilyIndex) -> &Arc<Family> {
        &self.families[at.0 as usize]
    }

    /// The place of the family with this id.
    pub fn family_named(&self, id: &str) -> Option<FamilyIndex> {
        self.families.iter().position(|family| family.id == id).map(|at| FamilyIndex(at as u16))
    }

    /// The id of the model that calls itself so.
    pub fn model(&self, family: FamilyIndex, product: &str) -> Option<&CompactString> {
        self.models.get(&(family, folded(product)))?.as_ref()
    }

    /// What a user agent tells, by the first recogniser that fits.
    pub(super) fn agent(&self, user_agent: &str) -> Option<Agent> {
        let user_agent = user_agent.trim();
        if user_agent.len() > MAX_USER_AGENT_BYTES {
            return None;
        }
        let (family, rule) = self.rules[self.user_agents.matches(user_agent).iter().next()?];
        let recogniser = &self.family(family).recognise[rule];
        let groups = recogniser.user_agent.captures(user_agent)?;
        let group = |name| groups.name(name).map(|found| CompactString::from(found.as_str()));
        Some(Agent {
            family,
            rule,
            product: group("product").or_else(|| recogniser.product.clone()),
            firmware: group("firmware"),
            mac: groups.name("mac").and_then(|mac| usable(mac.as_str())).map(|mac| (mac, recogniser.mac)),
        })
    }

    /// The file that each family would take a target for, the one whose pattern covers most of the path first.
    pub(super) fn found(&self, target: &Target) -> SmallVec<[Found; 6]> {
        let mut matched: SmallVec<[(usize, FileMatch, &str); 6]> = SmallVec::new();
        // The reading with `..` goes first, since only it has a Gigaset's number.
        for text in target.walked.iter().chain([&target.path]).map(String::as_str) {
            for pattern in self.paths.matches(text).iter() {
                for &file in &self.files[pattern] {
                    let query = &self.pattern(file).query;
                    if query.as_ref().is_some_and(|query| !query.is_match(&target.query)) {
                        continue;
                    }
                    match matched.iter_mut().find(|(_, known, _)| known.family == file.family) {
                        Some(known) if known.1.file <= file.file => {}
                        Some(known) => *known = (pattern, file, text),
                        None => matched.push((pattern, file, text)),
                    }
                }
            }
        }
        let mut found: SmallVec<[Found; 6]> = SmallVec::new();
        let mut last: Option<(usize, Captures<'_>)> = None;
        // Neighbours share their groups if they share a pattern.
        matched.sort_by_key(|(pattern, file, _)| (*pattern, file.family));
        for (pattern, file, text) in matched {
            if last.as_ref().is_none_or(|(known, _)| *known != pattern) {
                last = self.pattern(file).path.captures(text).map(|groups| (pattern, groups));
            }
            if let Some((_, groups)) = &last {
                found.push(self.read(file, groups, &target.query));
            }
        }
        found.sort_by_key(|found| (std::cmp::Reverse(found.length), found.file.family));
        found
    }

    fn read(&self, file: FileMatch, groups: &Captures<'_>, query: &str) -> Found {
        let pattern = self.pattern(file);
        let query = pattern.query.as_ref().and_then(|regex| regex.captures(query));
        let group = |name| {
            let asked = query.as_ref().and_then(|groups| groups.name(name)).map(|found| (Place::Query, found.as_str()));
            asked.or_else(|| groups.name(name).map(|found| (Place::Path, found.as_str())))
        };
        let mac = group("mac").and_then(|(place, text)| Some((place, usable(text)?, pattern.mac)));
        let product = group("product").map(|(_, text)| text);
        let product = match &pattern.product {
            Some(fixed) => Some(fixed.replace("{product}", product.unwrap_or_default()).into()),
            None => product.map(CompactString::from),
        };
        let numbered = || group("number").and_then(|(_, number)| self.product_of(file.family, number));
        Found { file, mac, product: product.or_else(numbered), length: groups[0].trim_start_matches('/').len() }
    }

    /// The product that a number in a path stands for: `42/2`, or `70/1` by its `70`.
    fn product_of(&self, family: FamilyIndex, number: &str) -> Option<CompactString> {
        let numbers = &self.family(family).numbers;
        let known = |number: &str| {
            let trimmed = number.trim_start_matches('0');
            let number = if trimmed.is_empty() { "0" } else { trimmed };
            numbers.iter().find(|known| known.number == number)
        };
        let number = known(number).or_else(|| known(number.split('/').next()?))?;
        number.products.first().filter(|_| !number.ambiguous).cloned()
    }

    pub(super) fn pattern(&self, file: FileMatch) -> &FilePattern {
        &self.family(file.family).files[file.file]
    }
}

/// A MAC that can be a phone's: makers' samples and other makers' common files have all digits alike.
pub(super) fn usable(text: &str) -> Option<Mac> {
    let mac: Mac = text.parse().ok()?;
    (mac.bytes() != [0; 6] && mac.bytes() != [0xff; 6]).then_some(mac)
}

/// A product's name without what phones write in different ways: case, blanks, hyphens, underscores.
fn folded(product: &str) -> CompactString {
    product.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}
