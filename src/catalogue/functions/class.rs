//! The classes of keys.

use serde::Serialize;

use crate::reader::{At, Table};

/// A class of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Beside the screen; may carry a line.
    Line,
    /// A lamp key without a screen, of older phones.
    Memory,
    /// A soft key or a fixed key that can be given another meaning.
    Programmable,
    /// On an expansion module.
    Module,
}

impl Class {
    /// All classes by their names.
    pub const ALL: [(&'static str, Class); 4] = [
        ("line", Class::Line),
        ("memory", Class::Memory),
        ("programmable", Class::Programmable),
        ("module", Class::Module),
    ];

    /// A class by its name.
    pub fn named(name: &str) -> Option<Class> {
        Class::ALL.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Class::ALL.iter().find(|(_, class)| *class == self).map_or("", |(name, _)| name)
    }
    /// The class that a word of a table names; another word is told.
    pub(in crate::catalogue) fn read(table: &Table<'_, '_>, word: &At<String>) -> Option<Class> {
        let class = Class::named(&word.value);
        if class.is_none() {
            let what =
                format!("`{}` is not a class of key: line, memory, programmable or module were expected", word.value);
            table.error("unknown-word", word.line, what);
        }
        class
    }
}

pub(super) fn read_classes(table: &mut Table<'_, '_>) -> Vec<Class> {
    let words = table.texts("class").map(|at| at.value).unwrap_or_default();
    words.iter().filter_map(|word| Class::read(table, word)).collect()
}
