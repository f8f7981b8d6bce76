//! The files that phones of a family ask for, and how each is answered.

use compact_str::CompactString;
use regex::Regex;

use super::recognise::{Evidence, read_evidence, regex};
use super::text;
use crate::catalogue::figure::Source;
use crate::findings::nearest;
use crate::format::Format;
use crate::reader::Table;

/// How a file is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The phone's own file, rendered from a template.
    Document,
    /// A file without any secret that leads the phone to its own.
    Bootstrap,
    /// A quiet 404, where the family's chain bears one.
    NotFound,
    /// A valid empty file, where a 404 would break the chain.
    Empty,
}

/// A file that phones of the family ask for.
#[derive(Debug)]
pub struct FilePattern {
    /// A short handle, unique within the family.
    pub name: CompactString,
    /// On the tail of the decoded path. Named groups: `mac`, `product`, `number`.
    pub path: Regex,
    /// On the query, where that is part of the request.
    pub query: Option<Regex>,
    /// The answer for a phone that is known by its MAC.
    pub answer: Answer,
    /// The answer where no MAC is known.
    pub without_mac: Answer,
    /// The template, in `templates/<family>/`.
    pub template: Option<CompactString>,
    /// The template of a bootstrap that `without_mac` asks for.
    pub bootstrap_template: Option<CompactString>,
    /// How phones write the file's name, with `{mac}`, `{MAC}` or `{number}`.
    pub url: Option<CompactString>,
    /// The `Content-Type` of the answer.
    pub content_type: CompactString,
    /// The product that asks for this path, where the path alone tells it; `{product}` in it is what the group found.
    pub product: Option<CompactString>,
    /// How good a MAC in this path is.
    pub mac: Evidence,
    /// The file's format, where it is not the family's.
    pub format: Option<Format>,
    /// Where this is known from.
    pub source: Source,
}

impl FilePattern {
    /// Whether both are the same document, by two names.
    pub fn is_same_as(&self, other: &FilePattern) -> bool {
        let what = |file: &FilePattern| (file.answer, file.format);
        what(self) == what(other) && self.template == other.template
    }
}

pub(super) fn read_files(table: &mut Table<'_, '_>) -> Vec<FilePattern> {
    let mut files: Vec<FilePattern> = Vec::new();
    for entry in table.tables("files") {
        let line = entry.line();
        let Some(file) = read_file(entry) else { continue };
        if files.iter().any(|other| other.name == file.name) {
            table.error("duplicate-name", line, format!("two files of the family are named `{}`", file.name));
        }
        files.push(file);
    }
    files
}

fn read_file(mut table: Table<'_, '_>) -> Option<FilePattern> {
    let name = text(&mut table, "name");
    // The tail of the path, whatever folders a server address has before it.
    let groups = ["mac", "product", "number"];
    let path = regex(&mut table, "path", &groups, |pattern| format!("(?i)(?:^|/)(?:{pattern})$"));
    let query = if table.has("query") {
        Some(regex(&mut table, "query", &groups, |pattern| format!("(?i){pattern}"))?)
    } else {
        None
    };
    let answer = read_answer(&mut table, "answer").unwrap_or_else(|| {
        if !table.has("answer") {
            table.missing("answer");
        }
        Answer::NotFound
    });
    let without_mac = read_answer(&mut table, "without_mac").unwrap_or(answer);
    let template: Option<CompactString> = table.text("template").map(|at| at.value.into());
    let bootstrap_template: Option<CompactString> = table.text("bootstrap_template").map(|at| at.value.into());
    if matches!(answer, Answer::Document | Answer::Bootstrap) && template.is_none() {
        table.missing("template");
    }
    if without_mac == Answer::Bootstrap && answer != Answer::Bootstrap && bootstrap_template.is_none() {
        table.missing("bootstrap_template");
    }
    let url = table.text("url").map(|at| at.value.into());
    let content_type = table.text("content_type").map_or("text/plain; charset=utf-8".into(), |at| at.value.into());
    let product = table.text("product").map(|at| at.value.into());
    let mac = read_evidence(&mut table);
    let format = read_format(&mut table);
    let source = Source::read(&mut table);
    table.finish();
    Some(FilePattern {
        name,
        path: path?,
        query,
        answer,
        without_mac,
        template,
        bootstrap_template,
        url,
        content_type,
        product,
        mac,
        format,
        source,
    })
}

fn read_format(table: &mut Table<'_, '_>) -> Option<Format> {
    let word = table.text("format")?;
    let format = Format::parse_name(&word.value);
    if format.is_none() {
        let known = Format::ALL.map(Format::name).join(", ");
        table.error("unknown-word", word.line, format!("`format` is `{}`, but must be one of {known}", word.value));
    }
    format
}

fn read_answer(table: &mut Table<'_, '_>, field: &'static str) -> Option<Answer> {
    const ANSWERS: [(&str, Answer); 4] = [
        ("document", Answer::Document),
        ("bootstrap", Answer::Bootstrap),
        ("not-found", Answer::NotFound),
        ("empty", Answer::Empty),
    ];
    let word = table.text(field)?;
    let answer = ANSWERS.iter().find(|(name, _)| *name == word.value).map(|(_, answer)| *answer);
    if answer.is_none() {
        let what = format!("`{field}` is `{}`, but must be document, bootstrap, not-found or empty", word.value);
        let finding = nearest(&word.value, ANSWERS.map(|(name, _)| name));
        table.error_hint(
            "unknown-word",
            word.line,
            what,
            finding.map_or(String::from("see docs/add-a-family.md"), |near| format!("did you mean `{near}`?")),
        );
    }
    answer
}
