//! Phones, lines and keys as tables that spreadsheets read and write.
//!
//! A row is a phone, a line or a key; a column is a field by the name that it has in the fleet's files. What is exported
//! and imported again changes nothing: cells are compared as the texts that an export would write. A table is imported as
//! one write, judged as any other, and what is wrong is told by row and column.

mod cell;
mod export;
mod header;
mod import;
mod sheet;
mod spots;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use export::{Exporting, export};
pub use import::{FieldChange, Hand, Import, ImportReport, RowDid, RowReport, import};
pub use spots::Spots;

use crate::catalogue::{Kind, Vocabulary};
use crate::findings::nearest;
use cell::CellKind;

/// What there are tables of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// A row for each phone.
    Phones,
    /// A row for each line.
    Lines,
    /// A row for each key that a line's file says.
    Keys,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`, which spreadsheets expect where the comma is in numbers.
    Semicolon,
    /// The tabulator.
    Tab,
}

impl Separator {
    const ALL: [Separator; 3] = [Separator::Comma, Separator::Semicolon, Separator::Tab];

    fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
        }
    }
}

/// A column that holds a field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// Its name.
    name: String,
    /// The field, in the entity or in the key.
    path: Vec<String>,
    kind: CellKind,
}

impl Column {
    fn new(name: &str, path: &[&str], kind: CellKind) -> Column {
        Column { name: name.to_owned(), path: path.iter().map(|part| (*part).to_owned()).collect(), kind }
    }

    /// The field's value in an entity or a key.
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.path.iter().try_fold(value, |value, name| value.get(name))
    }
}

impl Table {
    /// The columns that say which row it is; they come first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Table::Phones => &["mac", "site"],
            Table::Lines => &["site", "line"],
            Table::Keys => &["site", "line", "place"],
        }
    }

    /// The column that stands for all of a row.
    fn home(self) -> &'static str {
        match self {
            Table::Phones => "mac",
            Table::Lines => "line",
            Table::Keys => "place",
        }
    }

    /// The columns that every export has.
    fn fixed(self) -> Vec<Column> {
        let own = |name: &str, kind| Column::new(name, &[name], kind);
        match self {
            Table::Phones => vec![
                own("model", CellKind::Text),
                own("lines", CellKind::List),
                own("modules", CellKind::Modules),
                own("firmware", CellKind::Text),
            ],
            Table::Lines => vec![
                own("display_name", CellKind::Text),
                own("layout", CellKind::Text),
                Column::new("sip.user", &["sip", "user"], CellKind::Text),
                Column::new("sip.password", &["sip", "password"], CellKind::Secret),
            ],
            Table::Keys => vec![
                own("function", CellKind::Function),
                own("number", CellKind::Text),
                own("url", CellKind::Text),
                own("label", CellKind::Text),
                Column::new("line_index", &["line"], CellKind::Integer),
                own("via", CellKind::Integer),
                own("seconds", CellKind::Integer),
                own("accept", CellKind::List),
                own("locked", CellKind::Boolean),
            ],
        }
    }

    /// The columns of settings.
    fn settings(self, vocabulary: &Vocabulary) -> Vec<Column> {
        if self == Table::Keys {
            return Vec::new();
        }
        let column = |(_, setting): (_, &crate::catalogue::Setting)| {
            let kind = match &setting.kind {
                Kind::Secret(_) => CellKind::Secret,
                _ if setting.list => CellKind::List,
                Kind::Boolean => CellKind::Boolean,
                Kind::Integer(..) => CellKind::Integer,
                _ => CellKind::Text,
            };
            match setting.name.strip_prefix("sip.") {
                Some(name) => Column::new(&setting.name, &["sip", name], kind),
                None => Column::new(&format!("settings.{}", setting.name), &["settings", &setting.name], kind),
            }
        };
        let fixed = self.fixed();
        let is_new = |column: &Column| fixed.iter().all(|known| known.name != column.name);
        vocabulary.iter().map(column).filter(is_new).collect()
    }

    /// All columns that hold fields.
    fn columns(self, vocabulary: &Vocabulary) -> Vec<Column> {
        self.fixed().into_iter().chain(self.settings(vocabulary)).collect()
    }

    /// What to write instead of a name that no column has.
    fn hint(self, name: &str, columns: &[Column]) -> String {
        let known = || self.names().iter().copied().chain(columns.iter().map(|column| column.name.as_str()));
        match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "known are {}",
                self.names()
                    .iter()
                    .copied()
                    .chain(self.fixed().iter().map(|column| column.name.as_str()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
    }
}
