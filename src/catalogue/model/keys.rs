//! The keys and soft keys of a model, and how much of their labels is seen.

use super::required_integer;
use crate::catalogue::figure::Source;
use crate::catalogue::functions::{Class, scalar};
use crate::reader::{At, Table};

/// A group of keys of one class.
#[derive(Debug, Clone)]
pub struct KeyGroup {
    /// Their class.
    pub class: Class,
    /// How many can be set.
    pub count: u16,
    /// How many are left once an expansion module is plugged in, if that is fewer.
    pub with_modules: Option<u16>,
    /// No source tells how many there really are.
    pub at_least: bool,
    /// How many a page of the screen shows.
    pub per_page: Option<u16>,
    /// Unset first keys are line keys.
    pub default_lines: bool,
    /// How many stand on the left and on the right of the screen.
    pub sides: Option<[u16; 2]>,
    /// Where this is known from.
    pub source: Source,
}

impl KeyGroup {
    /// How many are left with so many expansion modules.
    pub fn count_with(&self, modules: usize) -> u16 {
        self.with_modules.filter(|_| modules > 0).unwrap_or(self.count)
    }
}

/// The soft keys that can be set.
#[derive(Debug, Clone)]
pub struct SoftKeyGroup {
    /// Their class.
    pub class: Class,
    /// Their numbers.
    pub slots: Vec<u16>,
    /// They have labels, if those of their class have.
    pub labels: bool,
    /// Where this is known from.
    pub source: Source,
}

/// How many characters of a label fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many.
    Characters(u16),
    /// No source says.
    Unknown,
}

pub(super) fn read_class(table: &mut Table<'_, '_>) -> Option<Class> {
    let word = table.required_text("class")?;
    Class::read(table, &word)
}

pub(super) fn read_group(mut table: Table<'_, '_>) -> Option<KeyGroup> {
    let class = read_class(&mut table);
    let count = required_integer(&mut table, "count", 0..=1000);
    let with_modules = table.integer("with_modules", 0..=count.into()).map(|at| at.value as u16);
    let at_least = table.boolean("at_least").is_some_and(|at| at.value);
    let per_page = table.integer("per_page", 1..=200).map(|at| at.value as u16);
    let default_lines = table.text("default").is_some_and(|word| {
        if word.value != "lines" && word.value != "none" {
            table.error("unknown-word", word.line, format!("`default` is `{}`, but must be lines or none", word.value));
        }
        word.value == "lines"
    });
    let sides = table.integers("sides", 0..=200).and_then(|At { value, line }| {
        let sides = value.try_into().ok();
        if sides.is_none() {
            table.error(
                "wrong-type",
                line,
                "`sides` must be two numbers: how many keys stand on the left and the right",
            );
        }
        sides
    });
    let source = Source::read(&mut table);
    table.finish();
    Some(KeyGroup { class: class?, count, with_modules, at_least, per_page, default_lines, sides, source })
}

pub(super) fn read_soft_group(mut table: Table<'_, '_>) -> Option<SoftKeyGroup> {
    let class = read_class(&mut table);
    if !table.has("slots") {
        table.missing("slots");
    }
    let slots = table.integers("slots", 1..=200).map(|at| at.value).unwrap_or_default();
    let labels = table.boolean("labels").is_none_or(|at| at.value);
    let source = Source::read(&mut table);
    table.finish();
    Some(SoftKeyGroup { class: class?, slots, labels, source })
}

pub(super) fn read_labels(table: &mut Table<'_, '_>) -> Vec<(Class, Width)> {
    let Some(mut labels) = table.table("labels") else { return Vec::new() };
    let mut widths = Vec::new();
    for (name, class) in Class::ALL {
        if let Some(mut entry) = labels.table(name) {
            widths.extend(read_width(&mut entry, "width").map(|width| (class, width)));
            for field in ["state", "source", "disagreement"] {
                entry.allow(field);
            }
            entry.finish();
        }
    }
    labels.finish();
    widths
}

pub(super) fn read_width(table: &mut Table<'_, '_>, field: &'static str) -> Option<Width> {
    match scalar(table, field)?.as_str() {
        "unknown" => Some(Width::Unknown),
        digits => match digits.parse() {
            Ok(width) => Some(Width::Characters(width)),
            Err(_) => {
                let what =
                    format!("`{}` is `{digits}`, but must be a number of characters or unknown", table.name_of(field));
                table.error("unknown-word", table.line(), what);
                None
            }
        },
    }
}
