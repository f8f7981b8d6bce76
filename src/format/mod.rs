//! The file formats: how each carries a value, and the strict parser that reads a rendered file back.
//!
//! A value passes two guards before a phone sees it. The first is asked where the value is written: [`Format::carries`]
//! says whether a number, a URL or a secret fits, and [`Format::soften`] makes any label fit. The second is
//! [`Format::escape_fn`], which the template engine applies to all that it prints; it writes quotes and entities, and
//! refuses what only a mistake upstream can have let through. [`Format::parse`] then reads the whole file as the phone
//! would, more strictly, so that a template's mistake is found when it is loaded and not at the phone.
//!
//! Left out on purpose: what a value means (`%NULL%`, a colon in a Yealink user password) is the family's business, and
//! the values inside a field with a grammar of its own are guarded by [`Grammar`](crate::format::grammar::Grammar).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use bytes::Bytes;

mod cfg;
mod fkey;
mod flat_profile;
pub mod grammar;
mod param_xml;
mod settings_xml;
#[cfg(test)]
mod tests;
mod tlv;
mod tree_xml;
mod xml;

/// The closed list of file formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Yealink's `name = value` lines.
    Cfg,
    /// Cisco's XML for SPA and MPP phones: one element for each parameter.
    FlatProfile,
    /// The XML of Gigaset's Maxwell and Nx70: one `param` element for each parameter.
    ParamXml,
    /// The small binary index files of Gigaset's older phones.
    Tlv,
    /// XML as a tree: Cisco's enterprise files and the profiles of Gigaset's older phones.
    TreeXml,
    /// The XML of Snom's system, as on Gigaset's P phones: one element for each setting, one for each key.
    SettingsXml,
}

impl Format {
    /// Every format, in the order in which messages list them.
    pub const ALL: [Format; 6] =
        [Format::Cfg, Format::FlatProfile, Format::ParamXml, Format::TreeXml, Format::Tlv, Format::SettingsXml];

    /// The format that a family file names, or `None` where there is none of that name.
    pub fn parse_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name that family files use.
    pub fn name(self) -> &'static str {
        match self {
            Format::Cfg => "cfg",
            Format::FlatProfile => "flat-profile",
            Format::ParamXml => "param-xml",
            Format::TreeXml => "tree-xml",
            Format::Tlv => "tlv",
            Format::SettingsXml => "settings-xml",
        }
    }

    /// The function that guards every value a template prints, to be given to `tera.set_escape_fn`.
    ///
    /// It cannot see where in the line it writes, so it guards whole values: text before or after a placeholder is the
    /// template's own risk, which [`Format::parse`] takes care of.
    ///
    /// # Errors
    ///
    /// The function returns an `InvalidData` error that holds a [`Refusal`] where the format has no way to write a
    /// character.
    pub fn escape_fn(self) -> fn(&str, &mut dyn io::Write) -> io::Result<()> {
        match self {
            Format::Cfg => cfg::escape,
            Format::FlatProfile | Format::ParamXml | Format::TreeXml | Format::SettingsXml => xml::escape,
            Format::Tlv => tlv::escape,
        }
    }

    /// Says whether the phone gets exactly this value, be it a number, a secret or any other text.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that names the first character, or the blank at an end, that the format cannot carry.
    pub fn carries(self, value: &str) -> Result<(), Refusal> {
        match self {
            Format::Cfg => cfg::carries(value),
            Format::FlatProfile => flat_profile::carries(value),
            Format::ParamXml => xml::carries(param_xml::PLACE, value),
            Format::TreeXml => xml::carries(tree_xml::PLACE, value),
            Format::Tlv => tlv::carries(value),
            Format::SettingsXml => settings_xml::carries(value),
        }
    }

    /// Says whether the phone gets exactly this URL, which some formats carry less freely than other text.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], with the percent code to write instead where there is one.
    pub fn carries_url(self, url: &str) -> Result<(), Refusal> {
        match self {
            Format::Cfg => cfg::carries_url(url),
            Format::FlatProfile | Format::ParamXml | Format::TreeXml | Format::Tlv | Format::SettingsXml => {
                self.carries(url)
            }
        }
    }

    /// The label with every character that the format cannot carry replaced, so that [`Format::carries`] holds for it.
    ///
    /// A control character becomes a blank, and so do a line break, be it LF, CR or both, and the two characters that
    /// XML 1.0 forbids besides. In a cfg `"` becomes `'`. A label of a flat-profile or of settings-xml loses the blanks at
    /// its ends, which the phone would trim. In a tlv all but ASCII becomes `?`, and what is too long is cut. The answer is
    /// borrowed exactly if nothing had to change.
    pub fn soften(self, label: &str) -> Cow<'_, str> {
        match self {
            Format::Cfg => cfg::soften(label),
            Format::FlatProfile => flat_profile::soften(label),
            Format::ParamXml | Format::TreeXml => xml::soften(label),
            Format::Tlv => tlv::soften(label),
            Format::SettingsXml => settings_xml::soften(label),
        }
    }

    /// A finished file in the encoding that it names: where that is ISO-8859-1, with references for all but ASCII.
    pub fn encoded(self, text: String) -> String {
        match self {
            Format::FlatProfile | Format::TreeXml => xml::encoded(text),
            _ => text,
        }
    }

    /// Reads a file in the phone's own syntax, and refuses all that a phone is not known to understand.
    ///
    /// # Errors
    ///
    /// The first mistake, with its line.
    pub fn parse(self, text: &str) -> Result<Document<'_>, FormatError> {
        let document = match self {
            Format::Cfg => cfg::parse(text),
            Format::FlatProfile => flat_profile::parse(text),
            Format::ParamXml => param_xml::parse(text),
            Format::TreeXml => tree_xml::parse(text),
            Format::Tlv => tlv::parse(text),
            Format::SettingsXml => settings_xml::parse(text),
        };
        Ok(document?)
    }

    /// Reads a file as [`Format::parse`] does, and keeps nothing of it.
    ///
    /// # Errors
    ///
    /// The first mistake, with its line.
    pub fn check(self, text: &str) -> Result<(), FormatError> {
        match self {
            Format::Cfg => Ok(cfg::check(text)?),
            _ => self.parse(text).map(drop),
        }
    }

    /// Applies the fleet's `[raw.*]` edits to a finished file; every byte outside the edited entries stays.
    ///
    /// All entries of an edit's name give way to the new ones, at the place of the first; where there is none the new
    /// ones go to the end, inside the root. An edit without values makes an empty entry. In a flat-profile a name may be
    /// a path (`router-configuration/Time_Setup/Time_Zone`), whose missing elements are made. In a tree-xml it always is
    /// one, from the root (`device/sipProfile/sipLines/line[@button="2"]/featureLabel`); an element keeps the attributes
    /// that its edit does not name, and an edit of another root than the file's is left to the file that has it.
    /// In settings-xml an edit names an element with its `idx` behind it, or as an attribute (`user_name[2]`, `fkey[0]`),
    /// and new ones go to the settings or the keys; `firmware-settings/firmware` is for the firmware's own file.
    ///
    /// # Errors
    ///
    /// Names or values that the format cannot carry, two edits of one name, and an XML file that cannot be read. The
    /// result is not parsed again: that is [`Format::check`]'s work, which also finds an entry repeated without leave.
    pub fn edit(self, text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
        match self {
            Format::Cfg => cfg::edit(text, edits),
            Format::FlatProfile => flat_profile::edit(text, edits),
            Format::ParamXml => param_xml::edit(text, edits),
            Format::TreeXml => tree_xml::edit(text, edits),
            Format::Tlv => tlv::edit(text, edits),
            Format::SettingsXml => settings_xml::edit(text, edits),
        }
    }

    /// The bytes that go to the phone: the text itself, or what a text form stands for in a binary format.
    ///
    /// # Errors
    ///
    /// As [`Format::parse`].
    pub fn encode(self, text: String) -> Result<Bytes, FormatError> {
        match self {
            Format::Tlv => Ok(tlv::encode(&text)?.into()),
            _ => Ok(text.into()),
        }
    }

    /// Whether the bytes differ from the text, so that people are shown the text.
    pub fn is_binary(self) -> bool {
        self == Format::Tlv
    }
}

/// Why a format or a grammar cannot carry a value. It shows at most one character of it: the value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A character that would end the value, or that there is no way to write.
    #[error("{place} cannot carry {}", shown(*.character))]
    Character {
        /// What refuses, to begin the sentence: "a cfg value".
        place: &'static str,
        /// The first character that it refuses.
        character: char,
        /// What to write instead, if something is known to do.
        hint: Option<&'static str>,
    },
    /// A blank at the beginning or the end, which the phone trims.
    #[error("{place} cannot begin or end with a blank, which the phone would trim")]
    Edge {
        /// What refuses.
        place: &'static str,
    },
    /// More characters than there is room for.
    #[error("{place} cannot carry more than {most} characters")]
    Long {
        /// What refuses.
        place: &'static str,
        /// How many it can carry.
        most: usize,
    },
}

impl Refusal {
    /// What to write instead, for a `hint:` line of its own.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Refusal::Character { hint, .. } => *hint,
            Refusal::Edge { .. } | Refusal::Long { .. } => None,
        }
    }

    pub(super) fn character(place: &'static str, character: char) -> Refusal {
        Refusal::Character { place, character, hint: None }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, refusal)
    }
}

/// A character as a message shows it: itself in backticks if it can be seen, else its code.
fn shown(character: char) -> String {
    match character {
        '\n' | '\r' => "a line break".to_owned(),
        character if is_forbidden(character) || character.is_whitespace() => {
            format!("the character U+{:04X}", u32::from(character))
        }
        character => format!("`{character}`"),
    }
}

/// A file as the phone reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// The entries in the order of the file.
    pub entries: Vec<Entry<'a>>,
}

/// One parameter of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The parameter's name; in a flat-profile the path of its element below the root, in a tree-xml from the root, in
    /// settings-xml its section, its name and its `idx`.
    pub name: Cow<'a, str>,
    /// The value, with quotes and entities undone.
    pub value: Cow<'a, str>,
    /// Attributes other than those that hold the name or the value.
    pub attributes: Vec<Attribute<'a>>,
    /// The line on which it begins, from 1.
    pub line: u32,
}

/// One attribute of an XML element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, with entities undone.
    pub value: Cow<'a, str>,
}

/// One parameter of the fleet's `[raw.*]` tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEdit {
    /// The parameter's name, written as the phone wants it.
    pub name: String,
    /// Its value; several for a parameter that is repeated, none for an entry without one.
    pub values: Vec<String>,
    /// Attributes of its element, for the XML formats.
    pub attributes: Vec<(String, String)>,
}

/// Why a file cannot be read or edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file is not in the phone's syntax.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A raw edit that the format or the file has no place for.
    #[error("raw `{name}`: {problem}")]
    Edit {
        /// The name that the edit gives.
        name: String,
        /// What is wrong, beside what was expected.
        problem: String,
    },
    /// A raw edit whose value or attribute the format cannot carry.
    #[error("raw `{name}`: {refusal}")]
    Value {
        /// The name that the edit gives.
        name: String,
        /// What cannot be carried.
        refusal: Refusal,
    },
}

/// Where a file leaves the phone's syntax, and how. Values are never quoted in it, since they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, beside what was expected.
    pub problem: String,
}

impl SyntaxError {
    fn at(text: &str, offset: usize, problem: impl Into<String>) -> SyntaxError {
        let breaks = text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count();
        let line = u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1);
        SyntaxError { line, problem: problem.into() }
    }
}

impl FormatError {
    fn edit(name: &str, problem: impl Into<String>) -> FormatError {
        FormatError::Edit { name: name.to_owned(), problem: problem.into() }
    }
}

/// The edits by name, once `carries` has said of every text in them that it can be written.
fn checked_edits(
    edits: &[RawEdit],
    carries: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<HashMap<&str, &RawEdit>, FormatError> {
    let mut by_name = HashMap::with_capacity(edits.len());
    for edit in edits {
        if by_name.insert(edit.name.as_str(), edit).is_some() {
            return Err(FormatError::edit(&edit.name, "is edited twice; expected one edit with all its values"));
        }
        for text in edit.attributes.iter().map(|(_, value)| value).chain(&edit.values) {
            carries(text).map_err(|refusal| FormatError::Value { name: edit.name.clone(), refusal })?;
        }
    }
    Ok(by_name)
}

/// The names that a file has set so far.
struct Names<'a>(HashSet<Cow<'a, str>, BuildHasherDefault<NameHasher>>);

impl<'a> Names<'a> {
    /// With room for as many as a file of this length is likely to set.
    fn for_text(text: &str) -> Names<'a> {
        Names(HashSet::with_capacity_and_hasher(text.len() / 48, BuildHasherDefault::default()))
    }

    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        self.0.insert(name)
    }
}

/// A short hash for short names. They come from templates and from the fleet's owner, so none of them is made to
/// collide, and the standard hash would take a third of the time that reading a file takes.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let word = word.iter().fold(0, |word, &b| (word << 8) | u64::from(b));
            self.write_u64(word);
        }
        let rest = words.remainder().iter().fold(0, |word, &b| (word << 8) | u64::from(b));
        self.write_u64(rest);
    }

    fn write_u8(&mut self, _: u8) {
        // What the standard library adds to tell "ab" + "c" from "a" + "bc"; a name is one text.
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// What no format carries: control characters, and the two others that XML 1.0 forbids.
fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Where the first forbidden character is, other than the white space of a text file.
fn forbidden_at(text: &str) -> Option<usize> {
    // Passes without a branch for each byte, which the compiler turns into vector code: every rendered file comes here.
    let is_control = |b: u8| ((b < b' ') & (b != b'\t') & (b != b'\n') & (b != b'\r')) | (b == 0x7f);
    let control = text.bytes().fold(false, |found, b| found | is_control(b));
    let is_other = |a: u8, b: u8| ((a == 0xc2) & (b < 0xa0)) | ((a == 0xef) & (b == 0xbf));
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let other = !text.is_ascii() && pairs.fold(false, |found, (a, b)| found | is_other(a, b));
    if !control && !other {
        return None;
    }
    let is_white = |c: char| matches!(c, '\t' | '\n' | '\r');
    text.char_indices().find(|&(_, c)| is_forbidden(c) && !is_white(c)).map(|(offset, _)| offset)
}

/// Whether any of the characters is there, told as fast.
fn has_any<const N: usize>(text: &str, characters: [u8; N]) -> bool {
    text.bytes().fold(false, |found, b| characters.iter().fold(found, |found, &c| found | (b == c)))
}

/// Replaces what `must_go` finds by what `replacement` gives, and copies nothing if it finds nothing.
fn replace_characters(text: &str, must_go: impl Fn(char) -> bool, replacement: impl Fn(char) -> char) -> Cow<'_, str> {
    if !text.contains(&must_go) {
        return Cow::Borrowed(text);
    }
    // CR and LF together are one line break, hence one blank.
    let characters = text.replace("\r\n", "\n");
    Cow::Owned(characters.chars().map(|c| if must_go(c) { replacement(c) } else { c }).collect())
}
