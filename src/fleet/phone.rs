//! `sites/SITE/phones/MAC.toml`: one device.

use compact_str::CompactString;

use super::handset::{Handset, read_handsets};
use super::layer::read_settings;
use super::registration::{Registration, read_registration};
use super::{Access, Layer, Reading, Stored};
use crate::phone::Mac;
use crate::reader::{Table, Value};

/// The expansion modules of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Modules {
    /// So many of the model's default one.
    Count(u8),
    /// These, in order.
    Models(Box<[CompactString]>),
}

impl Modules {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Modules::Count(count) => usize::from(*count),
            Modules::Models(names) => names.len(),
        }
    }
}

/// An edit of the finished document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// For which family it is.
    pub family: CompactString,
    /// What is replaced or appended.
    pub name: CompactString,
    /// Its values; several for a repeated parameter.
    pub values: Box<[CompactString]>,
    /// Its attributes.
    pub attributes: Box<[(CompactString, CompactString)]>,
    /// Its line in the file, from 1.
    pub at: u32,
}

/// A phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its MAC, the file's name.
    pub mac: Mac,
    /// The site it stands in.
    pub site: CompactString,
    /// Its file's name, as it is spelt.
    pub stem: CompactString,
    /// Its model, and where that is said.
    pub model: (CompactString, u32),
    /// Its lines, the first is primary; and where they are said.
    pub lines: Box<[(CompactString, u32)]>,
    /// Its modules, and where they are said.
    pub modules: (Modules, u32),
    /// The firmware that it is taken to run until it says so itself.
    pub firmware: Option<CompactString>,
    /// Its settings.
    pub layer: Layer,
    /// What is sent on first provisioning only.
    pub seed: Box<[Stored]>,
    /// Edits of the finished document.
    pub raw: Box<[Raw]>,
    /// The handsets of a DECT base, by their numbers.
    pub handsets: Box<[Handset]>,
    /// When its handsets may register.
    pub registration: Option<Registration>,
    /// What it can show to get its files.
    pub access: Option<Box<Access>>,
}

impl Phone {
    /// Reads a phone's file.
    pub fn read(site: &str, stem: &str, mac: Mac, table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Phone {
        let model = table.required_text("model").map(|at| (at.value.into(), at.line)).unwrap_or_default();
        if !table.has("lines") {
            table.error_hint("missing-field", 1, "`lines` is missing", "write `lines = []` for a spare phone");
        }
        let lines = table.texts("lines").map(|at| at.value).unwrap_or_default();
        let modules = read_modules(table);
        let firmware = table.text("firmware").map(|at| at.value.into());
        let layer = Layer::read(table, reading);
        let handsets = read_handsets(table, lines.len());
        let registration = read_registration(table, reading);
        let mut seed = Vec::new();
        if let Some(mut own) = table.table("seed") {
            read_settings(&mut own, "", reading, &mut seed);
        }
        Phone {
            mac,
            site: site.into(),
            stem: stem.into(),
            model,
            lines: lines.into_iter().map(|at| (at.value.into(), at.line)).collect(),
            modules,
            firmware,
            layer,
            seed: seed.into(),
            raw: read_raw(table),
            handsets,
            registration,
            access: Access::read(table, reading),
        }
    }

    /// Its path in the fleet's folder.
    pub fn path(&self) -> String {
        format!("sites/{}/phones/{}.toml", self.site, self.stem)
    }
}

fn read_modules(table: &mut Table<'_, '_>) -> (Modules, u32) {
    let Some(value) = table.value("modules") else { return (Modules::Count(0), 1) };
    let modules = match &value.value {
        Value::Integer(count) if (0..=20).contains(count) => Some(Modules::Count(*count as u8)),
        Value::List(names) => names
            .iter()
            .map(|name| match name {
                Value::Text(name) => Some(CompactString::from(name.as_str())),
                _ => None,
            })
            .collect::<Option<Box<[_]>>>()
            .map(Modules::Models),
        _ => None,
    };
    if modules.is_none() {
        table.error(
            "wrong-type",
            value.line,
            "`modules` must be a number of modules from 0 to 20, or a list of their models",
        );
    }
    (modules.unwrap_or(Modules::Count(0)), value.line)
}

fn read_raw(table: &mut Table<'_, '_>) -> Box<[Raw]> {
    let Some(mut families) = table.table("raw") else { return Box::default() };
    families.any_field();
    let mut raw = Vec::new();
    for family in families.fields() {
        let Some(mut edits) = families.table_named(&family.value) else { continue };
        edits.any_field();
        for name in edits.fields() {
            let Some(value) = edits.value_named(&name.value) else { continue };
            match raw_values(&value.value) {
                Some((values, attributes)) => raw.push(Raw {
                    family: family.value.as_str().into(),
                    name: name.value.into(),
                    values,
                    attributes,
                    at: name.line,
                }),
                None => {
                    let what = format!(
                        "`{}` must be a text, a list of texts, or {{ value, attributes }}",
                        edits.name_of(&name.value)
                    );
                    edits.error("wrong-type", name.line, what);
                }
            }
        }
    }
    raw.into()
}

type RawValues = (Box<[CompactString]>, Box<[(CompactString, CompactString)]>);

fn raw_values(value: &Value) -> Option<RawValues> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(CompactString::from(text.as_str())),
        Value::Integer(number) => Some(CompactString::from(number.to_string())),
        _ => None,
    };
    match value {
        Value::List(items) => Some((items.iter().map(text).collect::<Option<_>>()?, Box::default())),
        Value::Table(fields) => {
            let mut values = Box::default();
            let mut attributes = Box::default();
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("value", Value::List(items)) => values = items.iter().map(text).collect::<Option<_>>()?,
                    ("value", value) => values = Box::new([text(value)?]),
                    ("attributes", Value::Table(pairs)) => {
                        let pair =
                            |(name, value): &(String, Value)| Some((CompactString::from(name.as_str()), text(value)?));
                        attributes = pairs.iter().map(pair).collect::<Option<_>>()?;
                    }
                    _ => return None,
                }
            }
            Some((values, attributes))
        }
        value => Some((Box::new([text(value)?]), Box::default())),
    }
}
