//! A file as the phone reads it, and what the fleet says of it in the phone's own words.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::{FormatError, Refusal};

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

/// The edits by name, once `carries` has said of every text in them that it can be written.
pub(super) fn checked_edits(
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
