//! Places of keys, and what is stored at them.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::{Serialize, Serializer};

use super::{Function, Number};

/// Where keys stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// On the phone itself, `keys.n`: key 1 is the top-left one, then in the order of the model's groups.
    Keys,
    /// At the foot of the screen, `soft_keys.n`.
    SoftKeys,
    /// On an expansion module, `modules.m.keys.n`, counted through its pages.
    Module(u8),
}

/// One key's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Where keys stand.
    pub area: Area,
    /// Which of them, from 1.
    pub position: u16,
}

impl Place {
    /// `keys.n`
    pub fn key(position: u16) -> Place {
        Place { area: Area::Keys, position }
    }

    /// A place as it is written in TOML; a bare number is a key of the phone.
    pub fn parse(text: &str) -> Option<Place> {
        let parts: Vec<&str> = text.split('.').collect();
        let (area, position) = match parts.as_slice() {
            [position] | ["keys", position] => (Area::Keys, position),
            ["soft_keys", position] => (Area::SoftKeys, position),
            ["modules", module, "keys", position] => (Area::Module(module.parse().ok()?), position),
            _ => return None,
        };
        Some(Place { area, position: position.parse().ok()? })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.area {
            Area::Keys => write!(f, "keys.{}", self.position),
            Area::SoftKeys => write!(f, "soft_keys.{}", self.position),
            Area::Module(module) => write!(f, "modules.{module}.keys.{}", self.position),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A function with its parameters: one unit, replaced whole when layers merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// What the key does.
    pub function: Function,
    /// The number it needs.
    pub number: Option<Number>,
    /// The web address it needs.
    pub url: Option<Box<str>>,
    /// Which of the phone's lines it is, for `line`; from 1.
    pub line: u8,
    /// Which of the phone's lines it calls out on, from 1.
    pub via: u8,
    /// After how many seconds it forwards.
    pub seconds: Option<u16>,
}

impl Use {
    /// A function that needs no parameter.
    pub fn of(function: Function) -> Use {
        Use { function, number: None, url: None, line: 1, via: 1, seconds: None }
    }

    /// A line key.
    pub fn line(line: u8) -> Use {
        Use { line, ..Use::of(Function::Line) }
    }

    /// The account that the key works on, from 1.
    pub fn account(&self) -> u8 {
        if self.function == Function::Line { self.line } else { self.via }
    }
}

/// As people say it: `dial 202`, `line 2`, `forward_no_answer 202 after 20 s`.
impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.function)?;
        if let Some(number) = &self.number {
            write!(f, " {number}")?;
        } else if let Some(url) = &self.url {
            write!(f, " {url}")?;
        }
        match self.function {
            Function::Line => write!(f, " {}", self.line)?,
            _ if self.via > 1 => write!(f, " by line {}", self.via)?,
            _ => {}
        }
        self.seconds.map_or(Ok(()), |seconds| write!(f, " after {seconds} s"))
    }
}

/// What one layer stores at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetting {
    /// The place.
    pub place: Place,
    /// The function, where this layer says one.
    pub what: Option<Use>,
    /// The label, where this layer says one.
    pub label: Option<CompactString>,
    /// Codes of findings that the owner has seen.
    pub accept: Accept,
    /// Who may change no more than the keys of a line leaves this one as it is. Phones are not told.
    pub locked: bool,
    /// The line in the file, from 1.
    pub at: u32,
}

/// Codes of findings that the owner of a key has seen. Hardly any key has one, and there are millions of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accept(Option<Box<Box<[CompactString]>>>);

impl Deref for Accept {
    type Target = [CompactString];

    fn deref(&self) -> &[CompactString] {
        self.0.as_deref().map_or(&[], |codes| codes)
    }
}

impl FromIterator<CompactString> for Accept {
    fn from_iter<I: IntoIterator<Item = CompactString>>(codes: I) -> Accept {
        let codes: Box<[CompactString]> = codes.into_iter().collect();
        Accept((!codes.is_empty()).then(|| Box::new(codes)))
    }
}

/// The keys of one layer, sorted by place.
pub type Keys = Box<[KeySetting]>;

/// What a layer stores at a place.
pub fn key_at(keys: &[KeySetting], place: Place) -> Option<&KeySetting> {
    keys.binary_search_by_key(&place, |key| key.place).ok().map(|at| &keys[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for text in ["keys.3", "soft_keys.1", "modules.2.keys.40"] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Place::parse("3").unwrap().to_string(), "keys.3");
        assert_eq!(Place::parse("lamps.3"), None);
    }

    /// A fleet of 100,000 phones has more than a million of them in memory.
    #[test]
    fn a_stored_key_is_small() {
        assert!(size_of::<KeySetting>() <= 96, "{} bytes", size_of::<KeySetting>());
    }
}
