//! Tables of what is stored.

use std::collections::BTreeSet;

use compact_str::CompactString;
use csv::WriterBuilder;
use rayon::prelude::*;
use serde_json::Value;

use super::cell::{CellKind, cell};
use super::{Column, Separator, Table};
use crate::edit::places::stored_places;
use crate::edit::shown::{has_password, plain};
use crate::edit::{Editor, Refused};
use crate::fleet::Entity;

/// What is exported, and how it is written.
#[derive(Debug, Clone)]
pub struct Exporting {
    /// Of what.
    pub table: Table,
    /// Only of this site.
    pub site: Option<CompactString>,
    /// What stands between cells.
    pub separator: Separator,
    /// With the mark by which Excel knows UTF-8.
    pub bom: bool,
}

/// A row before its columns are known: which it is, and its values.
struct Row {
    names: Vec<String>,
    value: Value,
}

/// The table of what somebody sees, without its secrets.
///
/// # Errors
/// A file cannot be read.
pub fn export(editor: &Editor, of: &Exporting, sees: &dyn Fn(&Entity) -> bool) -> Result<String, Refused> {
    let serving = editor.live().now();
    let world = &serving.world;
    let entities: BTreeSet<Entity> = match of.table {
        Table::Phones => world.macs().flat_map(|mac| world.files_of(mac)).collect(),
        Table::Lines | Table::Keys => {
            world.line_names().map(|(site, name)| Entity::Line(site.clone(), name.clone())).collect()
        }
    };
    let is_wanted = |entity: &Entity| of.site.is_none() || of.site.as_ref() == entity.site();
    let entities: Vec<Entity> = entities.into_iter().filter(is_wanted).filter(|entity| sees(entity)).collect();
    let rows: Vec<Vec<Row>> =
        entities.par_iter().map(|entity| rows(editor, of.table, entity)).collect::<Result<_, _>>()?;
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let is_used = |column: &Column| rows.iter().any(|row| !text(&row.value, column).is_empty());
    let settings = of.table.settings(&world.catalogue.vocabulary).into_iter().filter(is_used);
    let columns: Vec<Column> = of.table.fixed().into_iter().chain(settings).collect();
    let mut writer = WriterBuilder::new().delimiter(of.separator.byte()).from_writer(Vec::new());
    let broken = |error: &dyn std::fmt::Display| Refused::Trouble(format!("the table cannot be written: {error}"));
    let names = of.table.names().iter().copied().chain(columns.iter().map(|column| column.name.as_str()));
    writer.write_record(names).map_err(|error| broken(&error))?;
    for row in &rows {
        let names = row.names.iter().map(|name| cell(name));
        let cells = names.chain(columns.iter().map(|column| cell(&text(&row.value, column))));
        writer.write_record(cells).map_err(|error| broken(&error))?;
    }
    let written = writer.into_inner().map_err(|error| broken(&error))?;
    let table = String::from_utf8(written).map_err(|error| broken(&error))?;
    Ok(if of.bom { format!("\u{feff}{table}") } else { table })
}

fn rows(editor: &Editor, table: Table, entity: &Entity) -> Result<Vec<Row>, Refused> {
    // A file that is gone since is no row.
    let Some(text) = editor.text_of(entity)? else { return Ok(Vec::new()) };
    let broken = || Refused::Conflict(format!("`{}` is not valid TOML", entity.path().display()), Vec::new());
    let value = plain(&text).ok_or_else(broken)?;
    let row = |names: [&str; 2], value| Row { names: names.map(str::to_owned).to_vec(), value };
    Ok(match (entity, table) {
        (Entity::Phone(site, stem), _) => {
            let mac = stem.parse::<crate::phone::Mac>().map_or_else(|_| stem.to_string(), |mac| mac.to_string());
            vec![row([&mac, site], value)]
        }
        (Entity::Line(site, name), Table::Keys) => {
            let key = |(place, value): (crate::phone::Place, &Value)| Row {
                names: vec![site.to_string(), name.to_string(), place.to_string()],
                value: value.clone(),
            };
            stored_places(&value).into_iter().map(key).collect()
        }
        (Entity::Line(site, name), _) => vec![row([site, name], value)],
        _ => Vec::new(),
    })
}

/// What a column shows of a row.
fn text(value: &Value, column: &Column) -> String {
    match column.of(value) {
        Some(secret) if column.kind == CellKind::Secret || has_password(secret) => String::new(),
        value => column.kind.text(value),
    }
}
