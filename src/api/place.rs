//! What of the fleet has an address: each row of [`PLACES`] is an entity, or a place in one, with the same methods.
//!
//! Routes, their documentation and the writes of a bulk are all made from this one table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use compact_str::CompactString;
use regex::Regex;

use super::Problem;
use crate::fleet::Entity;
use crate::phone::Mac;

/// Which entity a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `fleet.toml`
    Fleet,
    /// A site, by `{site}`.
    Site,
    /// A line, by `{site}` and `{line}`.
    Line,
    /// A phone, by `{mac}`.
    Phone,
}

/// A kind of places.
#[derive(Debug)]
pub struct PlaceKind {
    /// Its address below `/api/v1`.
    pub path: &'static str,
    /// The entity.
    pub of: Of,
    /// Where in it; a name in braces is of the address.
    pub inside: &'static [&'static str],
    /// The schema of its value, by its name in the API's document.
    pub schema: &'static str,
    /// What it is, as the API's document says it.
    pub what: &'static str,
}

/// Everything that can be read, written, patched and taken away alike.
pub const PLACES: [PlaceKind; 24] = [
    place("/fleet", Of::Fleet, &[], "Fleet", "What holds for every phone"),
    place("/fleet/settings", Of::Fleet, &["settings"], "Settings", "The settings of every phone"),
    place("/sites/{site}", Of::Site, &[], "Site", "A site"),
    place("/sites/{site}/settings", Of::Site, &["settings"], "Settings", "The settings of a site's phones"),
    place("/sites/{site}/codes", Of::Site, &["codes"], "Codes", "The feature codes of a site"),
    place(
        "/sites/{site}/numbers/{number}",
        Of::Site,
        &["numbers", "{number}"],
        "Number",
        "A number that keys may name",
    ),
    place("/sites/{site}/layouts/{layout}", Of::Site, &["layouts", "{layout}"], "Layout", "A layout that lines share"),
    place(
        "/sites/{site}/layouts/{layout}/keys/{key}",
        Of::Site,
        &["layouts", "{layout}", "keys", "{key}"],
        "Key",
        "A key of a layout",
    ),
    place("/sites/{site}/lines/{line}", Of::Line, &[], "Line", "A line"),
    place("/sites/{site}/lines/{line}/settings", Of::Line, &["settings"], "Settings", "The settings of a line"),
    place("/sites/{site}/lines/{line}/sip", Of::Line, &["sip"], "Sip", "The SIP account of a line"),
    place("/sites/{site}/lines/{line}/keys", Of::Line, &["keys"], "Keys", "The keys of a line"),
    place("/sites/{site}/lines/{line}/keys/{key}", Of::Line, &["keys", "{key}"], "Key", "A key of a line"),
    place("/sites/{site}/lines/{line}/soft_keys", Of::Line, &["soft_keys"], "Keys", "The soft keys of a line"),
    place(
        "/sites/{site}/lines/{line}/soft_keys/{key}",
        Of::Line,
        &["soft_keys", "{key}"],
        "Key",
        "A soft key of a line",
    ),
    place(
        "/sites/{site}/lines/{line}/modules",
        Of::Line,
        &["modules"],
        "ModuleKeys",
        "The keys of a line on expansion modules",
    ),
    place(
        "/sites/{site}/lines/{line}/modules/{module}/keys",
        Of::Line,
        &["modules", "{module}", "keys"],
        "Keys",
        "The keys of a line on one expansion module",
    ),
    place(
        "/sites/{site}/lines/{line}/modules/{module}/keys/{key}",
        Of::Line,
        &["modules", "{module}", "keys", "{key}"],
        "Key",
        "A key of a line on an expansion module",
    ),
    place("/phones/{mac}", Of::Phone, &[], "Phone", "A phone"),
    place("/phones/{mac}/settings", Of::Phone, &["settings"], "Settings", "The settings of a phone"),
    place("/phones/{mac}/seed", Of::Phone, &["seed"], "Settings", "What a phone is sent on first provisioning only"),
    place("/phones/{mac}/raw/{family}", Of::Phone, &["raw", "{family}"], "Raw", "Edits of a phone's finished file"),
    place("/phones/{mac}/handsets", Of::Phone, &["handsets"], "Handsets", "The handsets of a DECT base"),
    place(
        "/phones/{mac}/handsets/{handset}",
        Of::Phone,
        &["handsets", "{handset}"],
        "Handset",
        "A handset of a DECT base",
    ),
];

const fn place(
    path: &'static str,
    of: Of,
    inside: &'static [&'static str],
    schema: &'static str,
    what: &'static str,
) -> PlaceKind {
    PlaceKind { path, of, inside, schema, what }
}

/// A name that a folder or file of the fleet may have.
const FILE_NAME: &str = r"^[^./\\\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]{0,99}$";
/// The number of a key, a module or a handset.
const PLACE_NUMBER: &str = "^[1-9][0-9]*$";

/// The names of addresses: how each is written, as a regular expression, and what it is.
pub const NAMES: [(&str, &str, &str); 10] = [
    ("site", FILE_NAME, "The site."),
    ("line", FILE_NAME, "The line, usually its number."),
    ("mac", "^([0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5})$", "The phone's MAC."),
    ("number", "^[0-9*#+][0-9*#]*$", "The number, as keys name it."),
    ("layout", "^.+$", "The layout's name."),
    ("key", PLACE_NUMBER, "The key's place, counted from 1."),
    ("module", PLACE_NUMBER, "Which expansion module, counted from 1."),
    ("handset", PLACE_NUMBER, "Which handset, counted from 1."),
    ("family", "^[a-z0-9-]+$", "The phone's family."),
    ("table", r"^(phones|lines|keys)\.csv$", "What the rows are."),
];

/// One place: an entity, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The entity.
    pub entity: Entity,
    /// Where in it; empty: the whole.
    pub inside: Vec<String>,
}

/// The values of an address's names in braces.
pub type Names = BTreeMap<String, String>;

impl PlaceKind {
    /// The place of this kind that an address names. A phone that has a file is where that is; a new one is in the site
    /// that is named besides.
    ///
    /// # Errors
    /// A name that nothing can have.
    pub fn at(
        &self,
        names: &Names,
        files_of: impl Fn(Mac) -> Vec<Entity>,
        new_in: Option<&str>,
    ) -> Result<Place, Problem> {
        let named = |name: &str| names.get(name).filter(|value| fits(name, value)).ok_or_else(Problem::not_found);
        let entity = match self.of {
            Of::Fleet => Entity::Root,
            Of::Site => Entity::Site(named("site")?.as_str().into()),
            Of::Line => Entity::Line(named("site")?.as_str().into(), named("line")?.as_str().into()),
            Of::Phone => phone(named("mac")?, files_of, new_in)?,
        };
        let inside =
            self.inside.iter().map(|name| match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(variable) => named(variable).cloned(),
                None => Ok((*name).to_owned()),
            });
        Ok(Place { entity, inside: inside.collect::<Result<_, _>>()? })
    }
}

/// The file of a phone, wherever it is.
fn phone(mac: &str, files_of: impl Fn(Mac) -> Vec<Entity>, new_in: Option<&str>) -> Result<Entity, Problem> {
    let mac: Mac = mac.parse().map_err(|_| Problem::not_found())?;
    match (files_of(mac).as_slice(), new_in) {
        ([file], _) => Ok(file.clone()),
        ([], Some(site)) if fits("site", site) => Ok(Entity::Phone(site.into(), CompactString::from(mac.to_string()))),
        ([], _) => Err(Problem::not_found()),
        (several, _) => {
            let files: Vec<String> = several.iter().map(|file| format!("`{}`", file.path().display())).collect();
            Err(Problem::new(
                "conflict",
                format!("`{mac}` is stored twice, in {}: remove one of them", files.join(" and ")),
            ))
        }
    }
}

/// Whether a name of an address is written as it has to be.
fn fits(name: &str, value: &str) -> bool {
    static PATTERNS: LazyLock<BTreeMap<&str, Regex>> = LazyLock::new(|| {
        let pattern = |(name, pattern, _)| (name, Regex::new(pattern).expect("a test reads them all"));
        NAMES.into_iter().map(pattern).collect()
    });
    // File systems take 255 bytes.
    value.len() <= 200 && PATTERNS.get(name).is_some_and(|pattern| pattern.is_match(value))
}

/// The kind of place that a path below `/api/v1` names, with its names.
pub fn find(path: &str) -> Option<(&'static PlaceKind, Names)> {
    // A path of a bulk is no whole address.
    if path.contains(['?', '#']) {
        return None;
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    PLACES.iter().find_map(|kind| {
        let wanted: Vec<&str> = kind.path.trim_start_matches('/').split('/').collect();
        if wanted.len() != parts.len() {
            return None;
        }
        let mut names = Names::new();
        for (wanted, part) in wanted.iter().zip(&parts) {
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => {
                    let value = percent_encoding::percent_decode_str(part).decode_utf8().ok()?;
                    names.insert(name.to_owned(), value.into_owned());
                }
                None if wanted == part => {}
                None => return None,
            }
        }
        Some((kind, names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Serving;

    #[test]
    fn an_address_is_a_place_of_a_file() {
        let serving = Serving::built_in();
        let told = |path: &str| -> String {
            let Some((kind, names)) = find(path) else { return "no such address".into() };
            match kind.at(&names, |mac| serving.world.files_of(mac), Some("new")) {
                Ok(Place { entity, inside }) => format!("{} {}", entity.path().display(), inside.join(".")),
                Err(problem) => problem.kind,
            }
        };
        for (path, place) in [
            ("/fleet", "fleet.toml "),
            ("/sites/acme", "sites/acme/site.toml "),
            ("/sites/acme/layouts/desk/keys/3", "sites/acme/site.toml layouts.desk.keys.3"),
            ("/sites/acme/lines/201/modules/1/keys/40", "sites/acme/lines/201.toml modules.1.keys.40"),
            ("/sites/acme/lines/%2B33%201", "sites/acme/lines/+33 1.toml "),
            ("/phones/00:15:65:AA:BB:01", "sites/new/phones/001565aabb01.toml "),
            ("/phones/anna", "urn:offhook:problem:not-found"),
            ("/sites/..", "urn:offhook:problem:not-found"),
            ("/sites/%2e%2e", "urn:offhook:problem:not-found"),
            ("/sites/a%2Fb", "urn:offhook:problem:not-found"),
            ("/sites/a%00", "urn:offhook:problem:not-found"),
            ("/sites/", "urn:offhook:problem:not-found"),
            ("/sites/acme/lines/201/keys/0", "urn:offhook:problem:not-found"),
            ("/sites/acme/lines/201/keys/first", "urn:offhook:problem:not-found"),
            ("/sites/acme/numbers/anna", "urn:offhook:problem:not-found"),
            ("/sites/acme/lines", "no such address"),
            ("/nowhere", "no such address"),
            ("/sites/acme/lines/201?dry_run=true", "no such address"),
            ("/sites/acme#lines", "no such address"),
        ] {
            assert_eq!(told(path), place, "{path}");
        }
    }
}
