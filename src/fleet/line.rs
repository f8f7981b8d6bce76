//! `sites/SITE/lines/NAME.toml`: one SIP account with its keys and labels.

use compact_str::CompactString;

use super::keys::read_keys;
use super::{Layer, Reading};
use crate::catalogue::Vocabulary;
use crate::phone::{Keys, SettingValue, label};
use crate::reader::Table;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The site it belongs to.
    pub site: CompactString,
    /// Its name, usually its number: the file's name.
    pub name: CompactString,
    /// What people are shown.
    pub display_name: Option<CompactString>,
    /// The layout over which its own keys lie, and where that is said.
    pub layout: Option<(CompactString, u32)>,
    /// Its settings.
    pub layer: Layer,
    /// Its keys.
    pub keys: Keys,
    /// The numbers that `${name:NUMBER}` in their labels names, each once.
    pub names: Box<[CompactString]>,
}

impl Line {
    /// Reads a line's file.
    pub fn read(site: &str, name: &str, table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Line {
        let display_name = table.text("display_name").and_then(|at| one_line(table, "display_name", at));
        let layout = table.text("layout").map(|at| (at.value.into(), at.line));
        let layer = Layer::read(table, reading);
        let keys = read_keys(table);
        let names = label::names_of(&keys);
        Line { site: site.into(), name: name.into(), display_name, layout, layer, keys, names }
    }

    /// What phones show for it: its display name, else that of its account, else the account's user, else its own name.
    pub fn shown_name(&self, vocabulary: &Vocabulary) -> &CompactString {
        let said = |name: &str| {
            let id = vocabulary.id(name)?;
            match self.layer.settings.iter().find(|stored| stored.id == id)?.value.as_ref()? {
                SettingValue::Text(text) => Some(text),
                _ => None,
            }
        };
        let account = || said("sip.display_name").or_else(|| said("sip.user"));
        self.display_name.as_ref().or_else(account).unwrap_or(&self.name)
    }

    /// Its path in the fleet's folder.
    pub fn path(&self) -> String {
        format!("sites/{}/lines/{}.toml", self.site, self.name)
    }
}

/// A name that people are shown: one line of at most 63 characters.
pub(super) fn one_line(table: &Table<'_, '_>, field: &str, text: crate::reader::At<String>) -> Option<CompactString> {
    let length = text.value.chars().count();
    if text.value.chars().any(char::is_control) {
        table.error(
            "bad-label",
            text.line,
            format!("`{}` holds a line break or control character", table.name_of(field)),
        );
        return None;
    }
    if length > 63 {
        let what = format!("`{}` has {length} characters; 63 are the most", table.name_of(field));
        table.error("label-too-long", text.line, what);
        return None;
    }
    Some(label::composed(&text.value))
}
