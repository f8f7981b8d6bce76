//! Which file of the fleet's folder is which entity.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use compact_str::CompactString;

use crate::findings::Finding;
use crate::phone::Mac;
use crate::reader::plain;

/// A file of the fleet, by what it stores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// `fleet.toml`
    Root,
    /// `sites/SITE/site.toml`
    Site(CompactString),
    /// `sites/SITE/lines/NAME.toml`
    Line(CompactString, CompactString),
    /// `sites/SITE/phones/MAC.toml`, with the file's name as it is spelt.
    Phone(CompactString, CompactString),
}

impl Entity {
    /// What a path below the fleet's folder stores; none for what is not ours.
    pub fn at(path: &Path) -> Option<Entity> {
        let parts: Vec<&str> = path.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
        // Editors' copies and what they write aside are not entities.
        let stem = |name: &str| {
            name.strip_suffix(".toml")
                .filter(|stem| !stem.is_empty() && !stem.starts_with('.'))
                .map(CompactString::from)
        };
        match parts.as_slice() {
            ["fleet.toml"] => Some(Entity::Root),
            ["sites", site, ..] if site.starts_with('.') => None,
            ["sites", site, "site.toml"] => Some(Entity::Site((*site).into())),
            ["sites", site, "lines", name] => Some(Entity::Line((*site).into(), stem(name)?)),
            ["sites", site, "phones", name] => Some(Entity::Phone((*site).into(), stem(name)?)),
            _ => None,
        }
    }

    /// Whether a site, a line or a phone can be called so: it is the name of a file or folder.
    pub fn is_name(name: &str) -> bool {
        (1..=100).contains(&name.len())
            && !name.starts_with('.')
            && !name.contains(['/', '\\'])
            && !name.contains(char::is_control)
    }

    /// Its path below the fleet's folder.
    pub fn path(&self) -> PathBuf {
        match self {
            Entity::Root => "fleet.toml".into(),
            Entity::Site(site) => format!("sites/{site}/site.toml").into(),
            Entity::Line(site, name) => format!("sites/{site}/lines/{name}.toml").into(),
            Entity::Phone(site, stem) => format!("sites/{site}/phones/{stem}.toml").into(),
        }
    }

    /// The site that it is in; none for the fleet's own file.
    pub fn site(&self) -> Option<&CompactString> {
        match self {
            Entity::Root => None,
            Entity::Site(site) | Entity::Line(site, _) | Entity::Phone(site, _) => Some(site),
        }
    }

    /// The MAC that a phone's file is named by.
    ///
    /// # Errors
    /// The finding to show.
    pub fn mac(stem: &str, path: &Path) -> Result<Mac, Finding> {
        stem.parse().map_err(|error| {
            Finding::error("bad-mac", path, None, format!("the file's name must be the phone's MAC: {error}"))
                .hint("name it like 001565aabbcc.toml")
        })
    }
}

/// All entities of a fleet's folder, in order; what cannot be listed becomes a finding.
pub fn list(root: &Path) -> (Vec<Entity>, Vec<Finding>) {
    let mut listing = Listing { root, entities: vec![Entity::Root], findings: Vec::new() };
    let sites = listing.paths("sites".into());
    sites.iter().for_each(|site| listing.site(site));
    listing.sorted()
}

/// All entities of some sites, in order.
pub fn list_sites(root: &Path, sites: &BTreeSet<CompactString>) -> (Vec<Entity>, Vec<Finding>) {
    let mut listing = Listing { root, entities: Vec::new(), findings: Vec::new() };
    sites.iter().for_each(|site| listing.site(&Path::new("sites").join(site)));
    listing.sorted()
}

struct Listing<'r> {
    root: &'r Path,
    entities: Vec<Entity>,
    findings: Vec<Finding>,
}

impl Listing<'_> {
    fn paths(&mut self, folder: PathBuf) -> Vec<PathBuf> {
        match std::fs::read_dir(self.root.join(&folder)) {
            Ok(entries) => entries.filter_map(Result::ok).map(|entry| folder.join(entry.file_name())).collect(),
            // A site without lines or phones needs no empty folder.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.iter().count() > 1 => Vec::new(),
            Err(error) => {
                let what = format!("cannot be listed: {}", plain(&error));
                self.findings.push(Finding::error("unreadable", &folder, None, what));
                Vec::new()
            }
        }
    }

    fn site(&mut self, site: &Path) {
        if !self.root.join(site).is_dir() || is_hidden(site) {
            return;
        }
        self.entities.extend(Entity::at(&site.join("site.toml")));
        for folder in ["lines", "phones"] {
            for path in self.paths(site.join(folder)) {
                match Entity::at(&path) {
                    Some(entity) => self.entities.push(entity),
                    None if path.extension().is_some_and(|extension| extension == "toml") && !is_hidden(&path) => {
                        let what = "is not read: its name is not valid UTF-8";
                        self.findings.push(Finding::warning("odd-name", &path, None, what));
                    }
                    None => {}
                }
            }
        }
    }

    fn sorted(mut self) -> (Vec<Entity>, Vec<Finding>) {
        self.entities.sort();
        (self.entities, self.findings)
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
