//! The states in which phones are, as they are told.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::phone::Mac;

/// The state of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has got what the fleet says.
    InSync,
    /// It has got something else.
    Behind,
    /// It was asked to come, and has not come since.
    Asked,
    /// Its last request was refused, and it has got no file since.
    Refused,
    /// It never got a file of its own.
    NeverSeen,
    /// What it should have is being found out.
    Checking,
    /// Its files cannot be made.
    Unserved,
}

impl State {
    /// All of them, in the order in which they are told.
    pub const ALL: [State; 7] = [
        State::InSync,
        State::Behind,
        State::Asked,
        State::Refused,
        State::NeverSeen,
        State::Checking,
        State::Unserved,
    ];

    /// Its short name, as the API and the figures have it.
    pub fn code(self) -> &'static str {
        match self {
            State::InSync => "in-sync",
            State::Behind => "behind",
            State::Asked => "asked",
            State::Refused => "refused",
            State::NeverSeen => "never-seen",
            State::Checking => "checking",
            State::Unserved => "unserved",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::InSync => "in sync",
            State::NeverSeen => "never seen",
            State::Unserved => "cannot be served",
            other => other.code(),
        })
    }
}

/// How many phones are in which state. As text: `214 phones: 203 in sync, 8 asked, 3 never seen`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// All of them.
    pub phones: usize,
    /// How many have got what the fleet says.
    pub in_sync: usize,
    /// How many have got something else.
    pub behind: usize,
    /// How many were asked to come, and have not come since.
    pub asked: usize,
    /// How many were refused the last time.
    pub refused: usize,
    /// How many never got a file of their own.
    pub never_seen: usize,
    /// How many are being looked at.
    pub checking: usize,
    /// How many cannot be served.
    pub unserved: usize,
}

impl Counts {
    /// How many are in a state.
    pub fn of(&self, state: State) -> usize {
        let mut counts = *self;
        *counts.place(state)
    }

    /// One phone is in another state; none: it is not in the fleet.
    pub(super) fn move_one(&mut self, from: Option<State>, to: Option<State>) {
        if let Some(from) = from {
            *self.place(from) -= 1;
            self.phones -= 1;
        }
        if let Some(to) = to {
            *self.place(to) += 1;
            self.phones += 1;
        }
    }

    fn place(&mut self, state: State) -> &mut usize {
        match state {
            State::InSync => &mut self.in_sync,
            State::Behind => &mut self.behind,
            State::Asked => &mut self.asked,
            State::Refused => &mut self.refused,
            State::NeverSeen => &mut self.never_seen,
            State::Checking => &mut self.checking,
            State::Unserved => &mut self.unserved,
        }
    }
}

impl FromIterator<State> for Counts {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Counts {
        let mut counts = Counts::default();
        states.into_iter().for_each(|state| counts.move_one(None, Some(state)));
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} phone{}", self.phones, if self.phones == 1 { "" } else { "s" })?;
        let there = State::ALL.into_iter().filter(|state| self.of(*state) > 0);
        there
            .enumerate()
            .try_for_each(|(at, state)| write!(f, "{} {} {state}", if at == 0 { ":" } else { "," }, self.of(state)))
    }
}

/// A phone is in another state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StateChange)]
pub struct Change {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Its site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// Its state; none where it is not in that site any more.
    pub state: Option<State>,
    /// The site that it has left, if it has.
    #[serde(skip)]
    pub former: Option<CompactString>,
}

impl Change {
    /// The same as those are told who know of some sites only: who has left them is gone.
    pub fn within(self, knows: impl Fn(&str) -> bool) -> Option<Change> {
        let former = self.former.filter(|site| knows(site));
        let gone = |site| Change { mac: self.mac, site, state: None, former: None };
        match knows(&self.site) {
            true => Some(Change { former: None, ..self }),
            false => former.map(gone),
        }
    }
}

/// Which phones are meant; left out: all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of a site.
    pub site: Option<CompactString>,
    /// Those in a state.
    pub state: Option<State>,
}

/// A phone with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhoneState {
    /// The phone.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Its site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// Its state.
    pub state: State,
    /// Since when, in seconds since 1970, as far as this run of the server knows; none while it is being looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The files that are others now, by their handles; also while it is asked or refused.
    #[schema(value_type = Vec<String>)]
    pub behind: Vec<CompactString>,
    /// The short name of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
    /// Why it was refused, or cannot be served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A phone with its state and its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhoneFiles {
    /// How it stands.
    #[serde(flatten)]
    pub phone: PhoneState,
    /// Its documents, in the order in which it fetches them.
    pub files: Vec<FileState>,
}

/// A document of a phone: what it should have, and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileState {
    /// Its handle.
    #[schema(value_type = String)]
    pub file: CompactString,
    /// The name by which the phone asks for it.
    pub name: String,
    /// The revision that it would have now; none where it cannot be made.
    pub desired: Option<String>,
    /// Why it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The revision that the phone last got; none where it never got the file.
    #[schema(value_type = Option<String>)]
    pub served: Option<CompactString>,
    /// Since when the phone has that, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_since: Option<u64>,
}
