//! The firmware bands of a family, and those for which it has no files.

use compact_str::CompactString;

use crate::catalogue::band::{Band, Bands};
use crate::findings::nearest;
use crate::reader::{Table, Value};

pub(super) fn read_bands(table: &mut Table<'_, '_>) -> Bands {
    let from = table.integer("firmware_from", 1..=4).map_or(1, |at| at.value as usize);
    let default = table.text("default_band");
    let Some(mut ranges) = table.table("bands") else { return Bands::one() };
    ranges.any_field();
    let line = ranges.line();
    let pairs: Vec<(String, String)> = ranges
        .fields()
        .into_iter()
        .filter_map(|name| match ranges.value_named(&name.value)?.value {
            Value::Text(range) => Some((name.value, range)),
            other => {
                ranges.error(
                    "wrong-type",
                    name.line,
                    format!("the band `{}` must be a text, not {}", name.value, other.kind()),
                );
                None
            }
        })
        .collect();
    Bands::parse(&pairs, default.as_ref().map_or("", |at| &at.value), from).unwrap_or_else(|what| {
        table.error("bad-band", line, what);
        Bands::one()
    })
}

pub(super) fn read_no_files(table: &mut Table<'_, '_>, bands: &Bands) -> Vec<(Band, CompactString)> {
    let Some(mut entries) = table.table("no_files") else { return Vec::new() };
    entries.any_field();
    let mut no_files = Vec::new();
    for name in entries.fields() {
        match (bands.by_name(&name.value), entries.value_named(&name.value).map(|at| at.value)) {
            (Some(band), Some(Value::Text(why))) => no_files.push((band, why.into())),
            (None, _) => {
                let what = format!("`{}` is not a band of this family", name.value);
                let near = nearest(&name.value, bands.iter().map(|(_, name)| name));
                let hint = near.map_or("see `bands`".into(), |near| format!("did you mean `{near}`?"));
                entries.error_hint("unknown-band", name.line, what, hint);
            }
            (Some(_), _) => {
                let what = format!("`no_files.{}` must be a text that says why", name.value);
                entries.error("wrong-type", name.line, what);
            }
        }
    }
    no_files
}
