//! The row of names: which column is which.

use std::collections::BTreeSet;

use super::sheet::Sheet;
use super::{Column, Table};
use crate::catalogue::Vocabulary;
use crate::edit::{Mistake, pointer_to};

/// Where each name stands.
pub(super) struct Header {
    names: Vec<(&'static str, usize)>,
    /// The columns that hold fields.
    pub columns: Vec<(Column, usize)>,
    /// Where no name stands.
    unnamed: BTreeSet<usize>,
    width: usize,
}

impl Header {
    /// The names of a sheet.
    ///
    /// # Errors
    /// Names that the table has not, and those that are missing.
    pub fn of(table: Table, sheet: &Sheet, vocabulary: &Vocabulary) -> Result<Header, Vec<Mistake>> {
        let known = table.columns(vocabulary);
        let (mut names, mut columns, mut mistakes, mut seen) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        let width = sheet.names.len();
        let unnamed = (0..width).filter(|at| sheet.names[*at].is_empty()).collect();
        let at_name = |name: &str, code, what: String| Mistake::at(pointer_to("/rows/1", name), code, what);
        for (at, name) in sheet.names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if !seen.insert(name) {
                mistakes.push(at_name(name, "twice", format!("the column `{name}` is there twice")));
            } else if let Some(own) = table.names().iter().find(|own| *own == name) {
                names.push((*own, at));
            } else if let Some(column) = known.iter().find(|column| column.name == *name) {
                columns.push((column.clone(), at));
            } else {
                let what = format!("`{name}` is no column of this table");
                mistakes.push(at_name(name, "unknown-column", what).hint(table.hint(name, &known)));
            }
        }
        for own in table.names().iter().filter(|own| !(table == Table::Phones && **own == "site")) {
            if names.iter().all(|(name, _)| name != own) {
                mistakes.push(at_name(own, "missing-column", format!("the column `{own}` is missing")));
            }
        }
        if mistakes.is_empty() { Ok(Header { names, columns, unnamed, width }) } else { Err(mistakes) }
    }

    /// Something in a column without a name, and which column that is, from 1.
    pub fn unnamed<'r>(&self, cells: &'r csv::StringRecord) -> Option<(usize, &'r str)> {
        let is_unnamed =
            |(at, cell): &(usize, &str)| !cell.is_empty() && (*at >= self.width || self.unnamed.contains(at));
        cells.iter().enumerate().find(is_unnamed).map(|(at, cell)| (at + 1, cell))
    }

    /// The cell of a column; empty where there is no such column.
    pub fn cell<'r>(&self, cells: &'r csv::StringRecord, name: &str) -> &'r str {
        let at = self.columns.iter().find(|(column, _)| column.name == name).map(|(_, at)| *at);
        at.and_then(|at| cells.get(at)).unwrap_or_default()
    }

    /// A cell of those that say which row it is.
    pub fn name<'r>(&self, cells: &'r csv::StringRecord, name: &str) -> &'r str {
        let at = self.names.iter().find(|(own, _)| *own == name).map(|(_, at)| *at);
        let cell = at.and_then(|at| cells.get(at)).unwrap_or_default().trim();
        cell.strip_prefix('\'').unwrap_or(cell)
    }
}
