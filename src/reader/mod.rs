//! Reads TOML with positions: every mistake becomes a finding with its line, and a field that nothing asked for is a
//! mistake too, told with the nearest right name.
//!
//! `serde` would stop at the first mistake and knows no line; so the documents are walked here, table by table.

mod file;
mod table;
mod value;

use std::cell::RefCell;
use std::path::Path;

use toml::de::DeTable;

pub use file::{MAX_FILE_BYTES, not_too_large, plain, read_plain, read_text, shown};
pub use table::Table;
pub use value::Value;

use crate::findings::Finding;

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
