//! A setting's value, checked against its kind.

use compact_str::CompactString;

use super::Secret;

/// The value of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text, a word of an enumeration, a host, a URL, a zone.
    Text(CompactString),
    /// A list of such texts.
    List(Box<[CompactString]>),
    /// A password.
    Secret(Secret),
}

impl SettingValue {
    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }
}
