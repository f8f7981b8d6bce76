//! A family's function tables, from its `functions.toml`: what a key must say for each function.

mod alternative;
mod class;
mod pattern;

use compact_str::CompactString;

pub use alternative::{Alternative, Outcome};
pub use class::Class;
use class::read_classes;
use pattern::pattern;
pub use pattern::{Part, Pattern, Placeholder};

use super::family::Family;
use super::figure::Source;
use super::mapping::read_grammar;
use crate::format::grammar::Grammar;
use crate::phone::Function;
use crate::reader::{Table, Value};

/// A field of a key that templates may print.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in templates.
    pub name: CompactString,
    /// Its value on an empty key, and where nothing else is said.
    pub empty: CompactString,
    /// Its value on a key that does something, unless the alternative says another.
    pub value: Option<Pattern>,
    /// The grammar that guards what is put into it.
    pub grammar: Grammar,
    /// How many characters it takes, where that is known.
    pub characters: Option<u16>,
    /// The classes of keys that have it; empty: all.
    pub classes: Vec<Class>,
}

impl Field {
    /// Whether keys of a class have it; all keys do where no class is meant.
    pub fn is_on(&self, class: Option<Class>) -> bool {
        self.classes.is_empty() || class.is_none_or(|class| self.classes.contains(&class))
    }
}

/// A parameter of the whole phone that keys decide.
#[derive(Debug, Clone)]
pub struct Wide {
    /// Its name.
    pub name: CompactString,
    /// Its values, from quiet to loud; the first is the default.
    pub values: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

/// Everything a family says of functions.
#[derive(Debug, Default)]
pub struct FunctionTable {
    /// The fields of a key.
    pub fields: Vec<Field>,
    /// The parameters of the whole phone.
    pub wide: Vec<Wide>,
    /// Labels are in fields of keys; else the family's template writes them beside.
    pub labels_in_fields: bool,
    by_function: Vec<Vec<Alternative>>,
}

impl FunctionTable {
    /// Reads a family's `functions.toml`.
    pub fn read(table: &mut Table<'_, '_>, family: &Family) -> FunctionTable {
        let mut read =
            FunctionTable { by_function: vec![Vec::new(); Function::all().count()], ..FunctionTable::default() };
        read.read_fields(table);
        read.read_wide(table);
        let Some(mut functions) = table.table("functions") else {
            table.missing("functions");
            return read;
        };
        functions.any_field();
        for field in functions.fields() {
            let Some(function) = Function::named(&field.value) else {
                let what = format!("`{}` is not a function", field.value);
                let near = Function::nearest(&field.value).unwrap_or("none");
                functions.error_hint("unknown-function", field.line, what, format!("did you mean `{near}`?"));
                continue;
            };
            let alternatives = functions.tables_named(&field.value);
            read.by_function[function as usize] =
                alternatives.into_iter().map(|entry| read.read_alternative(entry, family)).collect();
        }
        read.labels_in_fields = read.shows_labels();
        for function in Function::all() {
            if read.by_function[function as usize].is_empty() {
                let what = format!("nothing is said of the function `{function}`");
                table.error_hint(
                    "unmapped-function",
                    1,
                    what,
                    "give an alternative, or `outcome = \"impossible\"` and why",
                );
            }
        }
        read
    }

    /// The alternatives of a function, in order.
    pub fn of(&self, function: Function) -> &[Alternative] {
        self.by_function.get(function as usize).map_or(&[], Vec::as_slice)
    }

    fn shows_labels(&self) -> bool {
        let given = self.iter().flat_map(|alternative| alternative.fields.iter().map(|(_, pattern)| pattern));
        self.fields.iter().filter_map(|field| field.value.as_ref()).chain(given).any(Pattern::names_label)
    }

    /// All alternatives, for checks.
    pub fn iter(&self) -> impl Iterator<Item = &Alternative> {
        self.by_function.iter().flatten()
    }

    fn read_fields(&mut self, table: &mut Table<'_, '_>) {
        let Some(mut fields) = table.table("fields") else {
            table.missing("fields");
            return;
        };
        fields.any_field();
        for name in fields.fields() {
            let Some(mut entry) = fields.table_named(&name.value) else { continue };
            let empty = scalar(&mut entry, "empty").unwrap_or_default();
            let value = scalar(&mut entry, "value").and_then(|text| pattern(&entry, entry.line(), &text));
            let grammar = read_grammar(&mut entry);
            let characters = entry.integer("characters", 1..=10_000).map(|at| at.value as u16);
            let classes = read_classes(&mut entry);
            entry.finish();
            self.fields.push(Field { name: name.value.into(), empty, value, grammar, characters, classes });
        }
    }

    fn read_wide(&mut self, table: &mut Table<'_, '_>) {
        let Some(mut wide) = table.table("wide") else { return };
        wide.any_field();
        for name in wide.fields() {
            let Some(mut entry) = wide.table_named(&name.value) else { continue };
            let values = entry.texts("values").map(|at| at.value).unwrap_or_default();
            if values.is_empty() {
                entry.missing("values");
            }
            let source = Source::read(&mut entry);
            entry.finish();
            let values = values.into_iter().map(|value| value.value.into()).collect();
            self.wide.push(Wide { name: name.value.into(), values, source });
        }
    }
}

/// A text; a whole number is taken as its digits.
pub(super) fn scalar(table: &mut Table<'_, '_>, field: &'static str) -> Option<CompactString> {
    match table.value(field)?.value {
        Value::Text(text) => Some(text.into()),
        Value::Integer(number) => Some(CompactString::from(number.to_string())),
        other => {
            table.error(
                "wrong-type",
                table.line(),
                format!("`{}` must be a text, not {}", table.name_of(field), other.kind()),
            );
            None
        }
    }
}
