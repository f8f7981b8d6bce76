//! Tables, whose fields are asked for one by one.

use std::ops::RangeInclusive;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::value::{Value, integer_of};
use super::{At, Source};
use crate::findings::{Finding, nearest};

/// A table being read: each getter marks its field as known, and [`Table::finish`] tells those that nothing asked for.
pub struct Table<'s, 'i> {
    source: &'s Source<'i>,
    path: String,
    table: &'s DeTable<'i>,
    line: u32,
    known: Vec<&'static str>,
    open: bool,
}

impl<'s, 'i> Table<'s, 'i> {
    pub(super) fn new(source: &'s Source<'i>, path: String, table: &'s DeTable<'i>, line: u32) -> Table<'s, 'i> {
        Table { source, path, table, line, known: Vec::new(), open: false }
    }

    /// The line on which the table begins.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The dotted path of the table, empty for the document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file that is read.
    pub fn file(&self) -> &Path {
        self.source.file
    }

    /// The dotted name of one of the table's fields.
    pub fn name_of(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// Adds a finding.
    pub fn tell(&self, finding: Finding) {
        self.source.findings.borrow_mut().push(finding);
    }

    /// Adds an error at a line of this file.
    pub fn error(&self, code: &'static str, line: u32, what: impl Into<String>) {
        self.tell(Finding::error(code, self.source.file, line, what));
    }

    /// Adds an error with a remedy.
    pub fn error_hint(&self, code: &'static str, line: u32, what: impl Into<String>, hint: impl Into<String>) {
        self.tell(Finding::error(code, self.source.file, line, what).hint(hint));
    }

    /// Whether the field is there; does not mark it as known.
    pub fn has(&self, field: &str) -> bool {
        self.table.get(field).is_some()
    }

    /// The names of all fields, in the order of the file.
    pub fn fields(&self) -> Vec<At<String>> {
        let mut fields: Vec<_> =
            self.table.iter().map(|(key, _)| (key.span().start, key.get_ref().to_string())).collect();
        fields.sort();
        fields.into_iter().map(|(at, value)| At { value, line: self.source.line_at(at) }).collect()
    }

    /// Declares that any field is allowed: [`Table::finish`] then tells none.
    pub fn any_field(&mut self) {
        self.open = true;
    }

    fn get(&mut self, field: &'static str) -> Option<(&'s DeValue<'i>, u32)> {
        self.known.push(field);
        self.lookup(field)
    }

    fn lookup(&self, field: &str) -> Option<(&'s DeValue<'i>, u32)> {
        let (key, value) = self.table.get_key_value(field)?;
        Some((value.get_ref(), self.source.line_at(key.span().start)))
    }

    fn wrong_type(&self, field: &str, line: u32, expected: &str, found: &DeValue<'_>) {
        let name = self.name_of(field);
        self.error("wrong-type", line, format!("`{name}` must be {expected}, not {}", Value::of(found).kind()));
    }

    /// A text.
    pub fn text(&mut self, field: &'static str) -> Option<At<String>> {
        let (value, line) = self.get(field)?;
        match value.as_str() {
            Some(text) => Some(At { value: text.to_owned(), line }),
            None => {
                self.wrong_type(field, line, "a text", value);
                None
            }
        }
    }

    /// A text that has to be there.
    pub fn required_text(&mut self, field: &'static str) -> Option<At<String>> {
        if !self.has(field) {
            self.known.push(field);
            self.missing(field);
            return None;
        }
        self.text(field)
    }

    /// Tells that a field is missing.
    pub fn missing(&self, field: &str) {
        self.error("missing-field", self.line, format!("`{}` is missing", self.name_of(field)));
    }

    /// A whole number in a range.
    pub fn integer(&mut self, field: &'static str, range: RangeInclusive<i64>) -> Option<At<i64>> {
        let (value, line) = self.get(field)?;
        let Some(number) = integer_of(value) else {
            self.wrong_type(field, line, "a whole number", value);
            return None;
        };
        if !range.contains(&number) {
            let what =
                format!("`{}` is {number}, but must be from {} to {}", self.name_of(field), range.start(), range.end());
            self.error("out-of-range", line, what);
            return None;
        }
        Some(At { value: number, line })
    }

    /// A list of whole numbers in a range.
    pub fn integers(&mut self, field: &'static str, range: RangeInclusive<u16>) -> Option<At<Vec<u16>>> {
        let (value, line) = self.get(field)?;
        let numbers = value.as_array().and_then(|items| {
            let number = |item| u16::try_from(integer_of(item)?).ok().filter(|number| range.contains(number));
            items.iter().map(|item| number(item.get_ref())).collect()
        });
        if numbers.is_none() {
            let (name, range) = (self.name_of(field), format!("from {} to {}", range.start(), range.end()));
            self.error("wrong-type", line, format!("`{name}` must be a list of whole numbers {range}"));
        }
        Some(At { value: numbers?, line })
    }

    /// True or false.
    pub fn boolean(&mut self, field: &'static str) -> Option<At<bool>> {
        let (value, line) = self.get(field)?;
        match value.as_bool() {
            Some(value) => Some(At { value, line }),
            None => {
                self.wrong_type(field, line, "true or false", value);
                None
            }
        }
    }

    /// A list of texts; a single text stands for a list of one.
    pub fn texts(&mut self, field: &'static str) -> Option<At<Vec<At<String>>>> {
        let (value, line) = self.get(field)?;
        if let Some(text) = value.as_str() {
            return Some(At { value: vec![At { value: text.to_owned(), line }], line });
        }
        let Some(items) = value.as_array() else {
            self.wrong_type(field, line, "a list of texts", value);
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items.iter() {
            let line = self.source.line_at(item.span().start);
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text.to_owned(), line }),
                None => self.wrong_type(field, line, "a list of texts", item.get_ref()),
            }
        }
        Some(At { value: texts, line })
    }

    /// A table.
    pub fn table(&mut self, field: &'static str) -> Option<Table<'s, 'i>> {
        self.known.push(field);
        self.table_named(field)
    }

    /// A table whose name is data; the caller has called [`Table::any_field`] or lists the names itself.
    pub fn table_named(&self, field: &str) -> Option<Table<'s, 'i>> {
        let (value, line) = self.lookup(field)?;
        match value.as_table() {
            Some(table) => Some(Table::new(self.source, self.name_of(field), table, line)),
            None => {
                self.wrong_type(field, line, "a table", value);
                None
            }
        }
    }

    /// A list of tables; a single table stands for a list of one.
    pub fn tables(&mut self, field: &'static str) -> Vec<Table<'s, 'i>> {
        self.known.push(field);
        self.tables_named(field)
    }

    /// As [`Table::tables`], with a name that is data.
    pub fn tables_named(&self, field: &str) -> Vec<Table<'s, 'i>> {
        let Some((value, line)) = self.lookup(field) else { return Vec::new() };
        if let Some(table) = value.as_table() {
            return vec![Table::new(self.source, self.name_of(field), table, line)];
        }
        let Some(items) = value.as_array() else {
            self.wrong_type(field, line, "a list of tables", value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let line = self.source.line_at(item.span().start);
            match item.get_ref().as_table() {
                Some(table) => {
                    tables.push(Table::new(self.source, format!("{}[{}]", self.name_of(field), index + 1), table, line))
                }
                None => self.wrong_type(field, line, "a list of tables", item.get_ref()),
            }
        }
        tables
    }

    /// Any value, converted to our own kind of value.
    pub fn value(&mut self, field: &'static str) -> Option<At<Value>> {
        self.known.push(field);
        self.value_named(field)
    }

    /// As [`Table::value`], with a name that is data.
    pub fn value_named(&self, field: &str) -> Option<At<Value>> {
        let (value, line) = self.lookup(field)?;
        Some(At { value: Value::of(value), line })
    }

    /// Takes a field out of the unknown ones without reading it.
    pub fn allow(&mut self, field: &'static str) {
        self.known.push(field);
    }

    /// Tells every field that nothing asked for, with the nearest right name.
    pub fn finish(self) {
        if self.open {
            return;
        }
        for field in self.fields() {
            if self.known.contains(&field.value.as_str()) {
                continue;
            }
            let what = format!("`{}` is not a known field", self.name_of(&field.value));
            match nearest(&field.value, self.known.iter().copied()) {
                Some(right) => self.error_hint("unknown-field", field.line, what, format!("did you mean `{right}`?")),
                None => {
                    self.error_hint("unknown-field", field.line, what, format!("known here: {}", self.known.join(", ")))
                }
            }
        }
    }
}
