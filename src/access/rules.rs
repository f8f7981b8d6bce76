//! What each role may do.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::{LineId, Principal, Role};
use crate::fleet::{Entity, Phone};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look at it, and find it in lists.
    See,
    /// Look behind it: what its phones are sent and where that comes from, who fetched what, who changed what.
    Inspect,
    /// Make, change or delete it.
    Write,
    /// Change the keys of a line, and nothing else of it.
    WriteKeys,
    /// Ask phones to fetch their files again, or to restart.
    Resync,
    /// Put a phone that asked into a site.
    Claim,
}

/// What it is done to. There is one for each kind of thing that the API knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// Models, settings, functions, tables of codes; to write them is to override what is shipped.
    Catalogue,
    /// `fleet.toml`
    Fleet,
    /// The server itself: listeners, certificates, figures, findings that belong to no site.
    Server,
    /// The tokens of this API.
    Tokens,
    /// Phones that asked and that nobody has claimed: they may be anybody's.
    Strangers,
    /// A site, with its layouts, and its lines and phones as a whole.
    Site(&'a str),
    /// A line.
    Line {
        /// Its site.
        site: &'a str,
        /// Its name.
        line: &'a str,
    },
    /// A phone.
    Phone {
        /// Its site.
        site: &'a str,
        /// Its lines in order, the first is primary.
        lines: Vec<&'a str>,
    },
}

impl<'a> Target<'a> {
    /// A phone of the fleet.
    pub fn phone(phone: &'a Phone) -> Target<'a> {
        Target::Phone { site: &phone.site, lines: phone.lines.iter().map(|(name, _)| name.as_str()).collect() }
    }

    /// A file of the fleet. Which lines a phone has is not known by its file's name: [`Target::phone`] knows it.
    pub fn file(entity: &'a Entity) -> Target<'a> {
        match entity {
            Entity::Root => Target::Fleet,
            Entity::Site(site) => Target::Site(site),
            Entity::Line(site, line) => Target::Line { site, line },
            Entity::Phone(site, _) => Target::Phone { site, lines: Vec::new() },
        }
    }
}

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Whoever asks does not see it: the answer is that of something that is not there.
    #[error("there is no such thing")]
    Hidden,
    /// Whoever asks may know of it, and may not do that.
    #[error("{why}")]
    Forbidden {
        /// Why, in words for whoever asks.
        why: &'static str,
    },
}

const fn forbidden(why: &'static str) -> Result<(), Denied> {
    Err(Denied::Forbidden { why })
}

const ADMIN_ONLY: &str = "only an administrator's token may do this";
const BEYOND: &str = "this reaches beyond the sites of this token: an administrator's is needed";
const READER: &str = "a reader's token changes nothing";
const KEYS_ONLY: &str = "a user's token changes the keys of its lines, and nothing else";
const NOT_PRIMARY: &str = "only the user of the phone's primary line may do this";

impl Principal {
    /// Whether this may be done.
    ///
    /// # Errors
    /// It may not.
    pub fn allow(&self, action: Action, target: &Target<'_>) -> Result<(), Denied> {
        match &self.role {
            Role::Admin {} => Ok(()),
            Role::Operator { sites } => operator(sites, action, target),
            Role::Reader { sites } => reader(sites.as_ref(), action, target),
            Role::User { lines } => user(lines, action, target),
        }
    }

    /// Whether it is in this principal's lists.
    pub fn sees(&self, target: &Target<'_>) -> bool {
        self.allow(Action::See, target).is_ok()
    }
}

fn operator(sites: &BTreeSet<CompactString>, action: Action, target: &Target<'_>) -> Result<(), Denied> {
    match target {
        Target::Catalogue => looks(action, BEYOND),
        Target::Fleet | Target::Server | Target::Tokens | Target::Strangers => forbidden(BEYOND),
        Target::Site(site) | Target::Line { site, .. } | Target::Phone { site, .. } => {
            if sites.contains(*site) {
                Ok(())
            } else {
                Err(Denied::Hidden)
            }
        }
    }
}

fn reader(sites: Option<&BTreeSet<CompactString>>, action: Action, target: &Target<'_>) -> Result<(), Denied> {
    match target {
        Target::Catalogue => looks(action, READER),
        Target::Tokens => forbidden(ADMIN_ONLY),
        Target::Fleet | Target::Server | Target::Strangers if sites.is_some() => forbidden(BEYOND),
        Target::Fleet | Target::Server | Target::Strangers => looks(action, READER),
        Target::Site(site) | Target::Line { site, .. } | Target::Phone { site, .. } => {
            if sites.is_none_or(|sites| sites.contains(*site)) { looks(action, READER) } else { Err(Denied::Hidden) }
        }
    }
}

fn user(lines: &BTreeSet<LineId>, action: Action, target: &Target<'_>) -> Result<(), Denied> {
    let is_own = |site: &str, line: &str| lines.iter().any(|own| own.site == site && own.line == line);
    match target {
        Target::Catalogue => looks(action, KEYS_ONLY),
        Target::Fleet | Target::Server | Target::Tokens | Target::Strangers => forbidden(KEYS_ONLY),
        Target::Site(site) if lines.iter().any(|own| own.site == *site) => forbidden(KEYS_ONLY),
        Target::Site(_) => Err(Denied::Hidden),
        Target::Line { site, line } if is_own(site, line) => match action {
            Action::See | Action::WriteKeys => Ok(()),
            Action::Inspect | Action::Write | Action::Resync | Action::Claim => forbidden(KEYS_ONLY),
        },
        Target::Line { .. } => Err(Denied::Hidden),
        Target::Phone { site, lines } => match (lines.iter().position(|line| is_own(site, line)), action) {
            (None, _) => Err(Denied::Hidden),
            (Some(_), Action::See) | (Some(0), Action::Resync) => Ok(()),
            (Some(_), Action::Resync) => forbidden(NOT_PRIMARY),
            (Some(_), Action::Inspect | Action::Write | Action::WriteKeys | Action::Claim) => forbidden(KEYS_ONLY),
        },
    }
}

/// Looking is allowed, and nothing else.
fn looks(action: Action, why: &'static str) -> Result<(), Denied> {
    match action {
        Action::See | Action::Inspect => Ok(()),
        Action::Write | Action::WriteKeys | Action::Resync | Action::Claim => forbidden(why),
    }
}
