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
use std::io;

use bytes::Bytes;

mod cfg;
mod characters;
mod document;
mod error;
mod fkey;
mod flat_profile;
pub mod grammar;
mod names;
mod param_xml;
mod settings_xml;
#[cfg(test)]
mod tests;
mod tlv;
mod tree_xml;
mod xml;

use characters::{forbidden_at, has_any, is_forbidden, replace_characters};
use document::checked_edits;
pub use document::{Attribute, Document, Entry, RawEdit};
pub use error::{FormatError, Refusal, SyntaxError};
use names::Names;

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
