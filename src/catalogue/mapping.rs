//! How a family writes each setting, from its `settings.toml`.

use compact_str::CompactString;
use regex::Regex;

use super::family::Family;
use super::figure::Source;
use super::fits::Fits;
use super::setting::{Kind, SettingId, Vocabulary};
use crate::format::grammar::Grammar;
use crate::reader::{Table, Value};

/// How a family writes one setting.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// For which bands and models.
    pub fits: Fits,
    /// What is written.
    pub how: How,
    /// Characters that the family's file cannot carry in it, besides those of its format.
    pub forbid: Option<CompactString>,
    /// The standard offsets in minutes of the time zones that the phone knows; empty: any.
    pub offsets: Vec<i64>,
    /// The grammar that its value has to fit, inside that of the format.
    pub grammar: Grammar,
    /// What a text or a secret must look like for the phone to take it.
    pub pattern: Option<Regex>,
    /// Where this is known from; none for what the family has not.
    pub source: Option<Source>,
}

/// What is written for a setting.
#[derive(Debug, Clone)]
pub enum How {
    /// A parameter of the family's file, or several for a list.
    Parameter(Parameter),
    /// The template writes it.
    Template,
    /// The family has no such thing, and why.
    Unsupported(CompactString),
}

/// A parameter and how values turn into its own.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name, or those of a list's members; `{n}` is the account from 1, `{n0}` from 0.
    pub names: Vec<CompactString>,
    /// Our words to theirs; empty: as they are.
    pub values: Vec<(CompactString, CompactString)>,
    /// Their lowest and highest for ours.
    pub scale: Option<(i64, i64)>,
    /// What is sent where the setting has no value; none: the family's.
    pub unset: Option<CompactString>,
    /// Nothing is sent where the setting has no value.
    pub omit_unset: bool,
}

/// A family's mappings by setting.
#[derive(Debug, Default)]
pub struct Mappings {
    by_setting: Vec<Vec<Mapping>>,
}

impl Mappings {
    /// Reads a family's `settings.toml`.
    pub fn read(table: &mut Table<'_, '_>, family: &Family, vocabulary: &Vocabulary) -> Mappings {
        table.any_field();
        let mut by_setting = vec![Vec::new(); vocabulary.len()];
        for field in table.fields() {
            let Some(id) = vocabulary.id(&field.value) else {
                let what = format!("`{}` is not a setting", field.value);
                let near = vocabulary.nearest(&field.value);
                let hint = near.map_or("see models/settings.toml".into(), |near| format!("did you mean `{near}`?"));
                table.error_hint("unknown-setting", field.line, what, hint);
                continue;
            };
            let kind = &vocabulary.get(id).kind;
            by_setting[id.0 as usize] =
                table.tables_named(&field.value).into_iter().map(|entry| Mapping::read(entry, family, kind)).collect();
        }
        for (id, setting) in vocabulary.iter() {
            if by_setting[id.0 as usize].is_empty() {
                let what = format!("nothing is said of the setting `{}`", setting.name);
                table.error_hint("unmapped-setting", 1, what, "give its parameter, or say `unsupported = \"why\"`");
            }
        }
        Mappings { by_setting }
    }

    /// How a setting is written for this model in this band; none where no alternative fits.
    pub fn of(&self, id: SettingId, band: super::Band, model: &str) -> Option<&Mapping> {
        self.by_setting.get(id.0 as usize)?.iter().find(|mapping| mapping.fits.fits(band, model))
    }

    /// All mappings, for checks.
    pub fn iter(&self) -> impl Iterator<Item = (SettingId, &Mapping)> {
        self.by_setting
            .iter()
            .enumerate()
            .flat_map(|(at, list)| list.iter().map(move |mapping| (SettingId(at as u16), mapping)))
    }
}

impl Mapping {
    fn read(mut table: Table<'_, '_>, family: &Family, kind: &Kind) -> Mapping {
        let fits = Fits::read(&mut table, family);
        if let Some(reason) = table.text("unsupported") {
            for field in ["state", "source", "disagreement"] {
                table.allow(field);
            }
            table.finish();
            return Mapping {
                fits,
                how: How::Unsupported(reason.value.into()),
                forbid: None,
                offsets: Vec::new(),
                grammar: Grammar::Plain,
                pattern: None,
                source: None,
            };
        }
        let forbid = table.text("forbid").map(|at| at.value.into());
        let offsets = read_offsets(&mut table);
        let pattern = table.text("pattern").and_then(|text| {
            let regex = Regex::new(&text.value);
            if regex.is_err() {
                table.error("bad-pattern", text.line, format!("`{}` is not a regular expression", text.value));
            }
            regex.ok()
        });
        let grammar = read_grammar(&mut table);
        let template = table.boolean("template").is_some_and(|at| at.value);
        let how = if template { How::Template } else { How::Parameter(Parameter::read(&mut table, kind)) };
        let source = Source::read(&mut table);
        table.finish();
        Mapping { fits, how, forbid, offsets, grammar, pattern, source: Some(source) }
    }
}

/// The grammar that a table names; another word is told.
pub(super) fn read_grammar(table: &mut Table<'_, '_>) -> Grammar {
    let Some(word) = table.text("grammar") else { return Grammar::default() };
    Grammar::parse_name(&word.value).unwrap_or_else(|| {
        let known = Grammar::ALL.map(Grammar::name).join(", ");
        table.error("unknown-word", word.line, format!("`{}` is not a grammar; known are {known}", word.value));
        Grammar::default()
    })
}

fn read_offsets(table: &mut Table<'_, '_>) -> Vec<i64> {
    let Some(at) = table.value("offsets") else { return Vec::new() };
    let minutes = |value: &Value| match value {
        Value::Integer(minutes) => Some(*minutes),
        _ => None,
    };
    let offsets = match &at.value {
        Value::List(items) => items.iter().map(minutes).collect(),
        _ => None,
    };
    offsets.unwrap_or_else(|| {
        table.error("wrong-type", at.line, "`offsets` must be a list of minutes");
        Vec::new()
    })
}

impl Parameter {
    fn read(table: &mut Table<'_, '_>, kind: &Kind) -> Parameter {
        let one = table.text("parameter").map(|at| vec![at.value.into()]);
        let many = table.texts("parameters").map(|at| at.value.into_iter().map(|name| name.value.into()).collect());
        let names: Vec<CompactString> = one.or(many).unwrap_or_default();
        if names.is_empty() {
            table.missing("parameter");
        }
        let mut values = Vec::new();
        if let Some(mut map) = table.table("values") {
            map.any_field();
            for word in map.fields() {
                let ours = word.value.as_str();
                if let Kind::Enum(known) = kind
                    && !known.iter().any(|value| value == ours)
                {
                    map.error("unknown-word", word.line, format!("`{ours}` is not a value of this setting"));
                }
                match map.value_named(ours).map(|at| at.value) {
                    Some(Value::Text(theirs)) => values.push((ours.into(), theirs.into())),
                    Some(Value::Integer(theirs)) => values.push((ours.into(), CompactString::from(theirs.to_string()))),
                    Some(other) => {
                        map.error("wrong-type", word.line, format!("`{ours}` must be a text, not {}", other.kind()))
                    }
                    None => {}
                }
            }
        }
        let scale = table.value("scale").and_then(|at| match at.value {
            Value::List(ends) => match ends.as_slice() {
                [Value::Integer(low), Value::Integer(high)] => Some((*low, *high)),
                _ => None,
            },
            _ => None,
        });
        Parameter {
            names,
            values,
            scale,
            unset: table.text("unset").map(|at| at.value.into()),
            omit_unset: table.boolean("omit_unset").is_some_and(|at| at.value),
        }
    }
}
