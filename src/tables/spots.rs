//! Which cell a place of a file was written from, so that what is wrong with it is told by row and column.

use std::collections::HashMap;

use crate::edit::{Mistake, pointer};
use crate::fleet::Entity;

/// The cells of places in files.
#[derive(Debug)]
pub struct Spots {
    /// What rows are about: places of files.
    rows: HashMap<(String, String), u64>,
    /// The columns by the pointers to their fields.
    columns: HashMap<String, String>,
    /// The column that stands for all of a row.
    home: &'static str,
}

impl Spots {
    /// Spots of a table with these columns, by the parts of the pointers to their fields.
    pub(super) fn new<'c>(columns: impl Iterator<Item = (&'c [String], &'c str)>, home: &'static str) -> Spots {
        let columns = columns.map(|(path, name)| (pointer(path), name.to_owned())).collect();
        Spots { rows: HashMap::new(), columns, home }
    }

    /// Notes what a row is about: a place of a file, as the parts of a pointer.
    pub(super) fn note(&mut self, entity: &Entity, path: &[String], row: u64) {
        self.rows.entry((entity.path().display().to_string(), pointer(path))).or_insert(row);
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
        let pointer = mistake.pointer.clone().unwrap_or_default();
        let row = |at: &str| Some((self.rows.get(&(file.clone(), at.to_owned()))?, at.len()));
        let Some((row, base)) = upwards(&pointer).find_map(row) else { return };
        let column = upwards(&pointer[base..]).find_map(|at| self.columns.get(at));
        // Of a key, its place stands for all of it.
        let column = match (column.map_or(self.home, String::as_str), mistake.code.as_str()) {
            ("place", "unknown-number") => "number",
            ("place", "impossible" | "missing-parameter" | "no-such-line") => "function",
            (column, _) => column,
        };
        mistake.pointer = Some(format!("/rows/{row}/{column}"));
    }
}

/// A pointer, and those to what it is in.
fn upwards(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |at| Some(&at[..at.rfind('/')?]))
}
