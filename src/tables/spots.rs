//! Which cell a place of a file was written from, so that what is wrong with it is told by row and column.

use std::collections::HashMap;

use crate::edit::{Mistake, pointer};
use crate::fleet::Entity;

/// The cells of places in files.
#[derive(Debug, Default)]
pub struct Spots {
    cells: HashMap<(String, String), (u64, String)>,
}

impl Spots {
    /// Notes that a place of a file, as the parts of a pointer, was written from a cell.
    pub(super) fn note(&mut self, entity: &Entity, path: &[String], row: u64, column: &str) {
        let key = (entity.path().display().to_string(), pointer(path));
        self.cells.entry(key).or_insert_with(|| (row, column.to_owned()));
    }

    /// Makes mistakes in files those in cells, in the order of the rows.
    pub fn locate(&self, mistakes: &mut [Mistake]) {
        mistakes.iter_mut().for_each(|mistake| self.locate_one(mistake));
        let row = |mistake: &Mistake| {
            let row =
                mistake.pointer.as_deref().and_then(|at| at.strip_prefix("/rows/")?.split('/').next()?.parse().ok());
            row.unwrap_or(usize::MAX)
        };
        mistakes.sort_by_key(row);
    }

    fn locate_one(&self, mistake: &mut Mistake) {
        let Some(file) = &mistake.file else { return };
        let mut pointer = mistake.pointer.clone().unwrap_or_default();
        loop {
            if let Some((row, column)) = self.cells.get(&(file.clone(), pointer.clone())) {
                // Of a key, its place stands for all of it.
                let column = match (column.as_str(), mistake.code.as_str()) {
                    ("place", "unknown-number") => "number",
                    ("place", "impossible" | "missing-parameter" | "no-such-line") => "function",
                    (column, _) => column,
                };
                mistake.pointer = Some(format!("/rows/{row}/{column}"));
                return;
            }
            let Some(above) = pointer.rfind('/') else { return };
            pointer.truncate(above);
        }
    }
}
