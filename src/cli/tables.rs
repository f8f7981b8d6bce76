//! `export` and `import`: phones, lines and keys as tables.

use std::io::Read;

use anyhow::{Context, Result};

use super::args::{Export, Import};
use super::editing::{commit, editor, refused, told_done};
use super::output;
use crate::edit::Refused;
use crate::tables::{self, Exporting, FieldChange, Hand, ImportReport, RowDid, RowReport};

/// Prints a table.
pub fn export(args: &Export) -> Result<u8> {
    let editor = editor(&args.fleet.fleet)?;
    let serving = editor.live().now();
    if let Some(site) = args.site.as_deref().filter(|site| serving.world.site(site).is_none()) {
        let sites: Vec<&str> = serving.world.sites().map(|site| site.id.as_str()).collect();
        return Err(output::no_such("site", site, &sites));
    }
    let Export { table, site, separator, bom, .. } = args;
    let site = site.as_deref().map(Into::into);
    let of = Exporting { table: *table, site, separator: *separator, bom: *bom };
    output::raw(&tables::export(&editor, &of, &|_| true).map_err(refused)?)?;
    Ok(0)
}

/// Puts a table into the fleet.
pub fn import(args: &Import) -> Result<u8> {
    let editor = editor(&args.fleet.fleet)?;
    let mut bytes = Vec::new();
    match args.file.to_str() {
        Some("-") => std::io::stdin().read_to_end(&mut bytes).map(drop),
        _ => std::fs::read(&args.file).map(|read| bytes = read),
    }
    .with_context(|| format!("cannot read `{}`", args.file.display()))?;
    let mut made = None;
    let done = commit(&editor, "import", args.dry_run, |draft| {
        made = Some(tables::import(draft, args.table, &bytes, Hand { sees: &|_| true, writes_secrets: true })?);
        Ok(())
    });
    let done = done.map_err(|mut why| {
        if let (Refused::Mistakes(mistakes), Some(made)) = (&mut why, &made) {
            made.spots.locate(mistakes);
        }
        refused(why)
    })?;
    if let Some(made) = made {
        told_done(args.format, &made.report, &lines(&made.report), &done)?;
    }
    Ok(0)
}

fn lines(report: &ImportReport) -> Vec<String> {
    let ImportReport { added, changed, unchanged, rows, .. } = report;
    let sum = format!("{added} added, {changed} changed, {unchanged} as they were");
    rows.iter().flat_map(of_row).chain([sum]).collect()
}

fn of_row(RowReport { row, what, did, fields }: &RowReport) -> Vec<String> {
    let did = match did {
        RowDid::Added => "is added",
        RowDid::Changed => "changes",
    };
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let field = |FieldChange { field, before, after }: &FieldChange| match (before, after) {
        (None, None) => format!("  {field}: not shown"),
        (before, after) => format!("  {field}: {} → {}", shown(before), shown(after)),
    };
    [format!("row {row}: {what} {did}")].into_iter().chain(fields.iter().map(field)).collect()
}
