//! A phone that nobody has claimed becomes one of the fleet's: which one is meant, as what it is written, and whose token
//! is good then. Commands and the API do so alike, beside the server or in it: what it has seen stands in its state folder.

use std::net::IpAddr;
use std::path::Path;

use toml_edit::{Array, DocumentMut, value};

use super::orders::{self, Heard, Order, tell};
use super::strangers::{Stranger, Told, look, note_wrong_code, source_of, tries};
use crate::admit::pairing::{BLESSED_SECS, Code, Pairing};
use crate::catalogue::Catalogue;
use crate::findings::nearest;
use crate::phone::Mac;
use crate::world::World;

/// Why a phone is not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// What was said is wrong.
    #[error("{what}")]
    Wrong {
        /// What of it: `code`, `mac`, `site`, `line`, `model`, `token_of`.
        field: &'static str,
        /// Nothing was said of it, and it is needed.
        missing: bool,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Too many wrong codes were given.
    #[error("too many wrong codes were given: the next is looked at in {0} s")]
    Wait(u64),
    /// The state folder cannot be used.
    #[error("the state folder cannot be used: {}", crate::reader::plain(.0))]
    Folder(#[from] std::io::Error),
}

impl ClaimError {
    fn of(field: &'static str, what: impl Into<String>) -> ClaimError {
        ClaimError::Wrong { field, missing: false, what: what.into(), hint: None }
    }

    fn missing(field: &'static str, what: impl Into<String>, hint: impl Into<String>) -> ClaimError {
        ClaimError::Wrong { field, missing: true, what: what.into(), hint: Some(hint.into()) }
    }

    fn hint(self, told: impl Into<String>) -> ClaimError {
        match self {
            ClaimError::Wrong { field, missing, what, .. } => {
                ClaimError::Wrong { field, missing, what, hint: Some(told.into()) }
            }
            other => other,
        }
    }
}

/// The phone that is meant.
#[derive(Debug)]
pub struct Chosen {
    /// Its MAC.
    pub mac: Mac,
    /// What it says it is, if it was ever seen.
    pub told: Option<Told>,
    /// Whose token is good then.
    pub pairing: Option<Pairing>,
}

impl Chosen {
    /// The phone that shows a code; `token_of` says which of several with one MAC is meant. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// No phone shows it, or it cannot be told which one is meant.
    pub fn by_code(state: &Path, code: &str, token_of: Option<IpAddr>, now: u64) -> Result<Chosen, ClaimError> {
        let (strangers, key) = look(state)?;
        let code: Code = code.parse().map_err(|error| ClaimError::of("code", format!("{error}")))?;
        if let Err(wait) = tries(state, now)? {
            return Err(ClaimError::Wait(wait));
        }
        let used = orders::look(state, now)?.iter().find_map(|told| match told.order {
            Order::Bless { mac, pairing, .. } => key.code(pairing).is(&code).then_some(mac),
            _ => None,
        });
        if let Some(mac) = used {
            return Err(ClaimError::of("code", format!("this code was used already, for `{mac}`")));
        }
        let shows =
            |known: &&Stranger| known.waits(now) && known.pairing.is_some_and(|it| key.code(it.nonce).is(&code));
        let found = match strangers.iter().filter(shows).collect::<Vec<_>>()[..] {
            [found] => found,
            [] => {
                note_wrong_code(state, now)?;
                let hint = "a code lives ten minutes, and the phone asks for another within two: look at it again";
                return Err(ClaimError::of("code", "no phone shows this code").hint(hint));
            }
            // One in many millions, and nobody can tell which is meant.
            _ => {
                return Err(ClaimError::of("code", "several phones show this code: wait until yours shows another"));
            }
        };
        let rivals: Vec<&Stranger> =
            strangers.iter().filter(|known| known.mac == found.mac && known.waits(now)).collect();
        let (mac, own) = (found.mac, found.source);
        match token_of.map(source_of) {
            Some(source) if source != own => {
                let what = format!("the phone that shows this code asks from {own}, not from {source}");
                Err(ClaimError::of("token_of", what))
            }
            None if rivals.len() > 1 => {
                let sources: Vec<String> = rivals.iter().map(|rival| rival.source.to_string()).collect();
                let (count, sources) = (rivals.len(), sources.join(" and "));
                let what = format!("{count} phones wait as `{mac}`, from {sources}: all but one are not what they say");
                let hint = format!(
                    "this code was given to {own}; if the phone is there, --token-of {own} claims it all the same"
                );
                Err(ClaimError::of("token_of", what).hint(hint))
            }
            _ => Ok(Chosen { mac, told: Some(found.told.clone()), pairing: found.pairing }),
        }
    }

    /// A phone by its MAC, seen or not.
    ///
    /// # Errors
    /// It is no MAC.
    pub fn by_mac(state: &Path, mac: &str) -> Result<Chosen, ClaimError> {
        let mac: Mac = mac.parse().map_err(|error| ClaimError::of("mac", format!("{error}")))?;
        let (strangers, _) = look(state)?;
        let told = strangers.into_iter().find(|known| known.mac == mac).map(|known| known.told);
        Ok(Chosen { mac, told, pairing: None })
    }

    /// The text of the phone's file, and its model: what is named, else what the phone told.
    ///
    /// # Errors
    /// A site, line or model that does not exist, or is not named; more lines than it has.
    pub fn file(
        &self,
        world: &World,
        site: Option<&str>,
        lines: &[String],
        model: Option<&str>,
    ) -> Result<(String, String), ClaimError> {
        let sites = || world.sites().map(|site| site.id.as_str());
        let Some(site) = site else {
            let what = format!("`{}` is new to the fleet: name its site", self.mac);
            return Err(ClaimError::missing(
                "site",
                what,
                format!("there is {}", sites().collect::<Vec<_>>().join(", ")),
            ));
        };
        world.site(site).ok_or_else(|| no_such("site", "site", site, sites()))?;
        for name in lines {
            let known = || world.lines_of(site).map(|line| line.name.as_str());
            let what = format!("line of the site `{site}`");
            world.line(site, name).ok_or_else(|| no_such("line", &what, name, known()))?;
        }
        let model = self.model(&world.catalogue, model)?;
        let count = world.catalogue.models.get(model).map_or(0, |model| model.lines.count);
        if lines.len() > usize::from(count) {
            return Err(ClaimError::of(
                "line",
                format!(
                    "`{model}` has {count} line{}, and {} are named",
                    if count == 1 { "" } else { "s" },
                    lines.len()
                ),
            ));
        }
        let mut file = DocumentMut::new();
        file["model"] = value(model);
        file["lines"] = value(lines.iter().collect::<Array>());
        Ok((file.to_string(), model.to_owned()))
    }

    fn model<'a>(&'a self, catalogue: &Catalogue, named: Option<&'a str>) -> Result<&'a str, ClaimError> {
        let Some(named) = named else {
            let Some(told) = &self.told else {
                let what = format!("`{}` was never seen: name its model", self.mac);
                return Err(ClaimError::missing("model", what, "`offhook models` lists them"));
            };
            return told.model.as_deref().ok_or_else(|| {
                let models = catalogue.models.values().filter(|model| model.family == told.family);
                let models: Vec<&str> = models.map(|model| model.id.as_str()).collect();
                let what = format!("`{}` did not tell its model: name it", self.mac);
                ClaimError::missing("model", what, format!("one of {}", models.join(", ")))
            });
        };
        let Some(known) = catalogue.models.get(named) else {
            let error = ClaimError::of("model", format!("the model `{named}` does not exist"));
            let near = catalogue.nearest_model(named);
            return Err(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        };
        match self.told.as_ref().filter(|told| told.family != known.family) {
            Some(told) => {
                let (own, told) = (&known.family, &told.family);
                let what = format!("`{named}` is of the family `{own}`, and the phone asks as one of `{told}`");
                Err(ClaimError::of("model", what))
            }
            None => Ok(named),
        }
    }

    /// Tells the server whose token is good; none where no code was given.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn bless(&self, state: &Path, now: u64) -> Result<Option<Heard>, ClaimError> {
        let Some(Pairing { nonce: pairing, .. }) = self.pairing else { return Ok(None) };
        Ok(Some(tell(state, Order::Bless { mac: self.mac, pairing, until: now + BLESSED_SECS }, now)?))
    }
}

fn no_such<'a>(field: &'static str, what: &str, name: &str, among: impl Iterator<Item = &'a str>) -> ClaimError {
    let error = ClaimError::of(field, format!("there is no {what} named `{name}`"));
    match nearest(name, among) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}
