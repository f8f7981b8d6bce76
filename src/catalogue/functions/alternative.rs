//! One way to do a function: where it holds, how well it does, and what a key must say for it.

use compact_str::CompactString;
use serde::Serialize;

use super::FunctionTable;
use super::class::{Class, read_classes};
use super::pattern::{Pattern, pattern};
use crate::catalogue::family::Family;
use crate::catalogue::figure::Source;
use crate::catalogue::fits::Fits;
use crate::phone::Function;
use crate::reader::{Table, Value};

/// How well a key does what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[schema(as = FunctionOutcome)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The phone does it by itself.
    Native,
    /// The key dials the site's code for it.
    Dialled,
    /// It works, but not as asked.
    Degraded,
    /// The key cannot do it.
    Impossible,
}

/// One way to do a function.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// The classes of key; empty: all.
    pub classes: Vec<Class>,
    /// The bands and models.
    pub fits: Fits,
    /// How well.
    pub outcome: Outcome,
    /// Why not better.
    pub why: Option<CompactString>,
    /// Take the alternatives of this function.
    pub same_as: Option<Function>,
    /// The key's fields, with placeholders; the place of each is that of `FunctionTable::fields`.
    pub fields: Vec<(u8, Pattern)>,
    /// Parameters of the whole phone that it asks for.
    pub also: Vec<(CompactString, CompactString)>,
    /// Where this is known from.
    pub source: Source,
}

impl FunctionTable {
    pub(super) fn read_alternative(&self, mut table: Table<'_, '_>, family: &Family) -> Alternative {
        let fits = Fits::read(&mut table, family);
        let classes = read_classes(&mut table);
        let outcome = read_outcome(&mut table);
        let why = table.text("why").map(|at| CompactString::from(at.value));
        if matches!(outcome, Outcome::Degraded | Outcome::Impossible) && why.is_none() {
            table.missing("why");
        }
        let same_as = table.text("as").and_then(|word| {
            let function = Function::named(&word.value);
            if function.is_none() {
                table.error("unknown-function", word.line, format!("`{}` is not a function", word.value));
            }
            function
        });
        let also = self.read_also(&mut table);
        let source = Source::read(&mut table);
        let fields = self.read_pattern_fields(&mut table);
        Alternative { classes, fits, outcome, why, same_as, fields, also, source }
    }

    fn read_also(&self, table: &mut Table<'_, '_>) -> Vec<(CompactString, CompactString)> {
        let Some(mut also) = table.table("also") else { return Vec::new() };
        also.any_field();
        let mut asked = Vec::new();
        for name in also.fields() {
            let wide = self.wide.iter().find(|wide| wide.name == name.value);
            let value = also.value_named(&name.value).map(|at| at.value);
            match (wide, value) {
                (Some(wide), Some(Value::Text(value))) if wide.values.iter().any(|known| known == value.as_str()) => {
                    asked.push((wide.name.clone(), value.into()));
                }
                (Some(wide), _) => {
                    let what = format!("`{}` must be one of {}", name.value, wide.values.join(", "));
                    also.error("unknown-word", name.line, what);
                }
                (None, _) => also.error("unknown-parameter", name.line, format!("`{}` is not in [wide]", name.value)),
            }
        }
        asked
    }

    /// Whatever else stands in an alternative has to be a field of a key.
    fn read_pattern_fields(&self, table: &mut Table<'_, '_>) -> Vec<(u8, Pattern)> {
        const KNOWN: [&str; 11] = [
            "class",
            "bands",
            "models",
            "not_models",
            "outcome",
            "why",
            "as",
            "also",
            "state",
            "source",
            "disagreement",
        ];
        let mut fields = Vec::new();
        for name in table.fields() {
            if KNOWN.contains(&name.value.as_str()) {
                continue;
            }
            let Some(at) = self.fields.iter().position(|field| field.name == name.value) else {
                let names: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
                let what = format!("`{}` is neither a field of a key nor known here", table.name_of(&name.value));
                table.error_hint(
                    "unknown-field",
                    name.line,
                    what,
                    format!("the fields of this family are {}", names.join(", ")),
                );
                continue;
            };
            let text = match table.value_named(&name.value).map(|at| at.value) {
                Some(Value::Text(text)) => text,
                Some(Value::Integer(number)) => number.to_string(),
                _ => {
                    table.error("wrong-type", name.line, format!("`{}` must be a text", name.value));
                    continue;
                }
            };
            fields.extend(pattern(table, name.line, &text).map(|pattern| (at as u8, pattern)));
        }
        table.any_field();
        fields
    }
}

fn read_outcome(table: &mut Table<'_, '_>) -> Outcome {
    let Some(word) = table.text("outcome") else { return Outcome::Native };
    match word.value.as_str() {
        "native" => Outcome::Native,
        "dialled" => Outcome::Dialled,
        "degraded" => Outcome::Degraded,
        "impossible" => Outcome::Impossible,
        other => {
            let what = format!("`outcome` is `{other}`, but must be native, dialled, degraded or impossible");
            table.error("unknown-word", word.line, what);
            Outcome::Native
        }
    }
}
