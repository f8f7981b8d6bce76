//! Expansion modules: which ones a model takes, and what each is.

use compact_str::{CompactString, format_compact};

use super::keys::{Width, read_class, read_width};
use super::required_integer;
use crate::catalogue::family::Family;
use crate::catalogue::figure::Source;
use crate::catalogue::functions::Class;
use crate::reader::{Table, Value};

/// Which expansion modules a model takes.
#[derive(Debug, Clone)]
pub struct ModuleSlots {
    /// How many at the most.
    pub max: u8,
    /// Their models' ids; the first is the default.
    pub models: Vec<CompactString>,
    /// All modules of one phone have to be of the same model.
    pub same: bool,
    /// Where this is known from.
    pub source: Source,
}

/// A model of expansion module.
#[derive(Debug, Clone)]
pub struct ModuleModel {
    /// Its id, the maker and the file's name.
    pub id: CompactString,
    /// Its name for people.
    pub name: CompactString,
    /// The class of its keys.
    pub class: Class,
    /// Its pages.
    pub pages: u16,
    /// The keys of a page.
    pub keys_per_page: u16,
    /// The width of its labels; none where it has none.
    pub label_width: Option<Width>,
    /// Positions that cannot be set, and why.
    pub reserved: Vec<(u16, CompactString)>,
    /// What is written at reserved positions: fields by name.
    pub fixed: Vec<(u16, Vec<(CompactString, CompactString)>)>,
    /// Where this is known from.
    pub source: Source,
}

impl ModuleModel {
    /// Reads a module model's file; `stem` is its name without `.toml`.
    pub fn read(stem: &str, family: &Family, table: &mut Table<'_, '_>) -> ModuleModel {
        let name = table.required_text("name").map(|at| at.value.into()).unwrap_or_default();
        let class = read_class(table).unwrap_or(Class::Module);
        let pages = required_integer(table, "pages", 1..=20);
        let keys_per_page = required_integer(table, "keys_per_page", 1..=200);
        let label_width = read_width(table, "label_width");
        let reserved = numbered(table, "reserved", |table, name| match table.value_named(name)?.value {
            Value::Text(why) => Some(CompactString::from(why)),
            _ => None,
        });
        let fixed = numbered(table, "fixed", |table, name| {
            let mut fields = table.table_named(name)?;
            fields.any_field();
            let pairs = fields.fields().into_iter().filter_map(|field| match fields.value_named(&field.value)?.value {
                Value::Text(text) => Some((field.value.into(), text.into())),
                Value::Integer(number) => Some((field.value.into(), CompactString::from(number.to_string()))),
                _ => None,
            });
            Some(pairs.collect())
        });
        let source = Source::read(table);
        ModuleModel {
            id: format_compact!("{}-{stem}", family.maker),
            name,
            class,
            pages,
            keys_per_page,
            label_width,
            reserved,
            fixed,
            source,
        }
    }

    /// How many keys it has, reserved ones counted.
    pub fn key_count(&self) -> u16 {
        self.pages * self.keys_per_page
    }

    /// Why a position cannot be set.
    pub fn reserved(&self, position: u16) -> Option<&str> {
        self.reserved.iter().find(|(known, _)| *known == position).map(|(_, why)| why.as_str())
    }

    /// What is written at a reserved position.
    pub fn fixed(&self, position: u16) -> Option<&[(CompactString, CompactString)]> {
        self.fixed.iter().find(|(known, _)| *known == position).map(|(_, fields)| fields.as_slice())
    }
}

pub(super) fn read_module_slots(mut table: Table<'_, '_>) -> ModuleSlots {
    let max = required_integer(&mut table, "max", 0..=20) as u8;
    let models = table.texts("models").map(|at| at.value).unwrap_or_default();
    if models.is_empty() {
        table.missing("models");
    }
    let same = table.boolean("same").is_some_and(|at| at.value);
    let source = Source::read(&mut table);
    table.finish();
    ModuleSlots { max, models: models.into_iter().map(|at| at.value.into()).collect(), same, source }
}

/// A table whose names are positions of keys.
fn numbered<T>(
    table: &mut Table<'_, '_>,
    field: &'static str,
    read: impl Fn(&Table<'_, '_>, &str) -> Option<T>,
) -> Vec<(u16, T)> {
    let Some(mut entries) = table.table(field) else { return Vec::new() };
    entries.any_field();
    let mut read_entries = Vec::new();
    for name in entries.fields() {
        match (name.value.parse(), read(&entries, &name.value)) {
            (Ok(position), Some(value)) => read_entries.push((position, value)),
            _ => entries.error(
                "wrong-type",
                name.line,
                format!("`{}` must be the number of a key", entries.name_of(&name.value)),
            ),
        }
    }
    read_entries
}
