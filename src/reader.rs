//! Reads TOML with positions: every mistake becomes a finding with its line, and a field that nothing asked for is a
//! mistake too, told with the nearest right name.
//!
//! `serde` would stop at the first mistake and knows no line; so the documents are walked here, table by table.

use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::findings::{Finding, nearest};

/// The largest TOML file that is read, in bytes: a line with a thousand keys is under 200 kB.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The number of Linux's error for a symbolic link that leads back to itself; its name in `std` is not stable yet.
const ELOOP: i32 = 40;

/// One TOML text, where its lines begin, and what is wrong in it.
pub struct Source<'i> {
    file: &'i Path,
    text: &'i str,
    starts: Vec<u32>,
    findings: RefCell<Vec<Finding>>,
}

impl<'i> Source<'i> {
    /// A text of a file whose name findings shall carry.
    pub fn new(file: &'i Path, text: &'i str) -> Source<'i> {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1).collect();
        Source { file, text, starts, findings: RefCell::default() }
    }

    /// Reads the text's tables with `read`; gives its value and everything that is wrong.
    ///
    /// Syntax errors are all told, and then nothing is read, since what a broken line meant is unknown.
    pub fn read<T>(
        file: &'i Path,
        text: &'i str,
        read: impl FnOnce(&mut Table<'_, 'i>) -> T,
    ) -> (Option<T>, Vec<Finding>) {
        let source = Source::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map(|span| source.line_at(span.start));
            let finding = Finding::error("syntax", file, line, format!("not valid TOML: {}", error.message()));
            source.findings.borrow_mut().push(finding);
        }
        let value = errors.is_empty().then(|| {
            let mut table = Table::new(&source, String::new(), document.get_ref(), 1);
            let value = read(&mut table);
            table.finish();
            value
        });
        (value, source.findings.into_inner())
    }

    /// The line of a byte offset, from 1.
    fn line_at(&self, offset: usize) -> u32 {
        self.starts.partition_point(|start| *start as usize <= offset) as u32 + 1
    }

    /// The text that is read.
    pub fn text(&self) -> &str {
        self.text
    }
}

/// A value with the line on which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At<T> {
    /// What was read.
    pub value: T,
    /// Its line, from 1.
    pub line: u32,
}

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
    fn new(source: &'s Source<'i>, path: String, table: &'s DeTable<'i>, line: u32) -> Table<'s, 'i> {
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
        self.error("wrong-type", line, format!("`{name}` must be {expected}, not {}", type_name(found)));
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
    pub fn integer(&mut self, field: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<At<i64>> {
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

/// A TOML value without positions, for places where the kind of a value is data.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, in the order of its names.
    Table(Vec<(String, Value)>),
    /// A number with a fraction, or a date: nothing of ours takes one, so its text is only shown.
    Other(String),
}

impl Value {
    fn of(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Integer(_) => {
                integer_of(value).map_or_else(|| Value::Other("a number too large".into()), Value::Integer)
            }
            DeValue::Float(number) => Value::Other(number.as_str().to_owned()),
            DeValue::Datetime(date) => Value::Other(date.to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|item| Value::of(item.get_ref())).collect()),
            DeValue::Table(table) => {
                let mut fields: Vec<(usize, String, Value)> = table
                    .iter()
                    .map(|(key, value)| (key.span().start, key.get_ref().to_string(), Value::of(value.get_ref())))
                    .collect();
                fields.sort_by_key(|(at, _, _)| *at);
                Value::Table(fields.into_iter().map(|(_, name, value)| (name, value)).collect())
            }
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Boolean(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(_) => "a fraction or a date",
        }
    }
}

fn integer_of(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    Value::of(value).kind()
}

/// Reads a file as text, or says why not: too large, unreadable, a link that leads back to itself, not UTF-8.
///
/// # Errors
/// The finding to show, with `shown` as its file.
pub fn read_text(path: &Path, shown: &Path) -> Result<String, Finding> {
    let cannot = |error: std::io::Error| {
        let finding = Finding::error("unreadable", shown, None, format!("cannot be read: {}", plain(&error)));
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => finding.hint("let the user that runs offhook read it"),
            _ if error.raw_os_error() == Some(ELOOP) => {
                finding.hint("the symbolic link leads back to itself; remove it")
            }
            _ => finding,
        }
    };
    not_too_large(std::fs::metadata(path).map_err(cannot)?.len(), shown)?;
    let bytes = read_bytes(path).map_err(cannot)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u32;
        Finding::error("not-utf8", shown, line, "is not valid UTF-8").hint("save the file as UTF-8")
    })
}

/// Whether a file of so many bytes is read at all.
///
/// # Errors
/// The finding to show, with `shown` as its file.
pub fn not_too_large(bytes: u64, shown: &Path) -> Result<(), Finding> {
    if bytes <= MAX_FILE_BYTES {
        return Ok(());
    }
    let what = format!("is {bytes} bytes long; {MAX_FILE_BYTES} bytes are read at most");
    Err(Finding::error("too-large", shown, None, what)
        .hint("a file of the fleet or catalogue is a few kB; is this another file?"))
}

/// Reads a whole file as text.
///
/// # Errors
/// It cannot be read, is not a file, is too large, or is not UTF-8.
pub fn read_plain(path: &Path) -> std::io::Result<String> {
    String::from_utf8(read_bytes(path)?).map_err(|_| std::io::Error::other("it is not valid UTF-8"))
}

/// A pipe would be waited for without end, and a device read without end: neither is a file.
fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(std::io::Error::other("it is a pipe, a socket or a device"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// An operating system error without its number.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let cut = text.find(" (os error").unwrap_or(text.len());
    text[..cut].to_lowercase()
}

/// A file's path as findings show it: below the folder that was loaded.
pub fn shown(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}
