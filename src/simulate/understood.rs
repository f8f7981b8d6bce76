//! What a phone has understood, in a small vocabulary of our own.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::phone::{Function, Place};

/// What a phone has understood.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Understood {
    /// The accounts that are switched on, by their numbers.
    pub accounts: BTreeMap<u16, Account>,
    /// The keys that its files speak of, by their places.
    #[serde(serialize_with = "keys_in_order")]
    pub keys: BTreeMap<Place, Key>,
    /// The handsets of a DECT base, by their numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub handsets: BTreeMap<u16, Handset>,
    /// The phone counts its accounts in an order of its own, so that only their users tell which is which.
    #[serde(skip)]
    pub accounts_by_user: bool,
    /// No source says how its keys are set, so that no file speaks of them.
    #[serde(skip)]
    pub keys_are_unknown: bool,
    /// The code on its screen, by which somebody can claim it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What would make a person at the phone wonder.
    pub troubles: Vec<String>,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The user part of its address.
    pub user: String,
    /// Under which name it registers.
    pub auth_user: String,
    /// Where it registers.
    pub server: String,
    /// At which port; none for the phone's own.
    pub port: Option<u16>,
    /// Over what.
    pub transport: Option<Transport>,
    /// What the phone shows for it, where its file has such a name.
    pub label: Option<String>,
    /// Whether a password is there.
    pub password: bool,
}

/// What SIP runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
    /// As DNS says.
    Dns,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// What it does.
    pub does: Does,
    /// What is written beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A handset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handset {
    /// The accounts that it calls out on and rings for.
    pub accounts: Vec<u16>,
    /// The name of the handset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its serial number, where the file has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipui: Option<String>,
}

/// What a key does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Nothing.
    Nothing,
    /// What the maker has put there.
    Factory,
    /// What a former owner has put there: no file speaks of it.
    Kept,
    /// Stands for an account.
    Account(u16),
    /// Dials.
    Dial {
        /// What.
        number: String,
        /// By which account; none if it cannot say.
        via: Option<u16>,
    },
    /// Dials one code and the other in turn.
    Switch {
        /// What switches on.
        on: String,
        /// What switches off.
        off: String,
    },
    /// Watches a line.
    Watch {
        /// Which.
        number: String,
        /// By which account; none if it cannot say.
        via: Option<u16>,
        /// What it dials before the number to take a ringing call; none if nothing.
        pickup: Option<String>,
    },
    /// Calls a web address.
    Open(String),
    /// A function of the phone.
    Own {
        /// Our name for it.
        function: Function,
        /// The number that it works with.
        number: Option<String>,
        /// The account that it works on; none if it cannot say.
        via: Option<u16>,
    },
    /// Nothing while the phone is idle, and these in calls, where the maker's own soft keys are too.
    InCalls(Vec<Function>),
    /// Something that no phone of this kind does.
    Senseless(String),
}

impl Does {
    /// A function of the phone without a number.
    pub fn own(function: Function) -> Does {
        Does::Own { function, number: None, via: None }
    }
}

impl fmt::Display for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |via: &Option<u16>| via.map(|via| format!(" by account {via}")).unwrap_or_default();
        match self {
            Does::Nothing => f.write_str("nothing"),
            Does::Factory => f.write_str("what the maker has put there"),
            Does::Kept => f.write_str("what was there before, since no file speaks of it"),
            Does::Account(account) => write!(f, "stand for account {account}"),
            Does::Dial { number, via } => write!(f, "dial {number}{}", by(via)),
            Does::Switch { on, off } => write!(f, "dial {on} and {off} in turn"),
            Does::Watch { number, via, pickup } => {
                write!(f, "watch {number}{}", by(via))?;
                pickup.as_ref().map_or(Ok(()), |pickup| write!(f, ", picked up with {pickup}"))
            }
            Does::Open(url) => write!(f, "open {url}"),
            Does::Own { function, number, via } => {
                write!(f, "{function}")?;
                number.as_ref().map_or(Ok(()), |number| write!(f, " {number}"))?;
                f.write_str(&by(via))
            }
            Does::InCalls(functions) if functions.is_empty() => f.write_str("nothing"),
            Does::InCalls(functions) => {
                let names: Vec<&str> = functions.iter().map(|function| function.name()).collect();
                write!(f, "nothing but in calls {}", names.join(", "))
            }
            Does::Senseless(what) => f.write_str(what),
        }
    }
}

fn keys_in_order<S: serde::Serializer>(keys: &BTreeMap<Place, Key>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(keys)
}
