//! Which file of the fleet's folder is which entity.

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

    /// Its path below the fleet's folder.
    pub fn path(&self) -> PathBuf {
        match self {
            Entity::Root => "fleet.toml".into(),
            Entity::Site(site) => format!("sites/{site}/site.toml").into(),
            Entity::Line(site, name) => format!("sites/{site}/lines/{name}.toml").into(),
            Entity::Phone(site, stem) => format!("sites/{site}/phones/{stem}.toml").into(),
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
    let mut entities = Vec::new();
    let mut findings = Vec::new();
    let add = |folder: PathBuf, findings: &mut Vec<Finding>| -> Vec<PathBuf> {
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            // A fleet without sites yet, or a site without lines or phones, needs no empty folder.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Vec::new();
            }
            Err(error) => {
                findings.push(Finding::error(
                    "unreadable",
                    &folder,
                    None,
                    format!("cannot be listed: {}", plain(&error)),
                ));
                return Vec::new();
            }
        };
        entries.filter_map(Result::ok).map(|entry| folder.join(entry.file_name())).collect()
    };
    entities.push(Entity::Root);
    for site in add("sites".into(), &mut findings) {
        if !root.join(&site).is_dir() || site.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
        {
            continue;
        }
        entities.extend(Entity::at(&site.join("site.toml")));
        for folder in ["lines", "phones"] {
            for path in add(site.join(folder), &mut findings) {
                match Entity::at(&path) {
                    Some(entity) => entities.push(entity),
                    None if path.extension().is_some_and(|extension| extension == "toml") => {
                        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
                        if !hidden {
                            findings.push(Finding::warning(
                                "odd-name",
                                &path,
                                None,
                                "is not read: its name is not valid UTF-8",
                            ));
                        }
                    }
                    None => {}
                }
            }
        }
    }
    entities.sort();
    (entities, findings)
}
