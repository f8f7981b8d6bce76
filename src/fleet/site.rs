//! `sites/SITE/site.toml`: one customer.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::auto_resync::AutoResync;
use super::keys::read_keys;
use super::line::one_line;
use super::{Layer, Reading, Trust};
use crate::catalogue::FeatureCodes;
use crate::findings::nearest;
use crate::phone::{Function, Keys, Number, label};
use crate::reader::Table;

/// Who does what a service key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Services {
    /// The operator's network, where it has a code.
    #[default]
    Network,
    /// The phone itself, where it can.
    Phone,
}

/// What a number is that no line of the site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// A call queue.
    Queue,
    /// A hunting group.
    Hunt,
    /// A fax.
    Fax,
    /// A voicemail.
    Voicemail,
    /// Somebody else's line.
    External,
}

/// A number that keys may name although it is not a line of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNumber {
    /// What it is.
    pub kind: NumberKind,
    /// What a key without a label shows for it.
    pub label: Option<CompactString>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// The name of its folder.
    pub id: CompactString,
    /// The operator's table of codes, and where that is said.
    pub feature_codes: Option<(CompactString, u32)>,
    /// Its own codes.
    pub codes: FeatureCodes,
    /// Who does services.
    pub services: Services,
    /// Functions that the phone does first although `services` says network.
    pub native: Vec<Function>,
    /// Its settings.
    pub layer: Layer,
    /// Numbers that are not lines.
    pub numbers: BTreeMap<CompactString, KnownNumber>,
    /// What its phones have to show.
    pub trust: Trust,
    /// How its phones are asked to come after a change; none: they are not.
    pub auto_resync: Option<AutoResync>,
    /// Named layouts.
    pub layouts: BTreeMap<CompactString, Keys>,
    /// The numbers that `${name:NUMBER}` in the labels of a layout names, for layouts that have such labels.
    pub layout_names: BTreeMap<CompactString, Box<[CompactString]>>,
}

impl Site {
    /// Reads a site's file.
    pub fn read(id: &str, table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Site {
        let feature_codes = table.text("feature_codes").map(|at| (at.value.into(), at.line));
        let services = read_services(table);
        let native = read_native(table);
        let codes = table.table("codes").map(|mut codes| FeatureCodes::read(&mut codes, false)).unwrap_or_default();
        let layouts = read_layouts(table);
        let names = layouts.iter().map(|(name, keys)| (name.clone(), label::names_of(keys)));
        let layout_names = names.filter(|(_, names)| !names.is_empty()).collect();
        Site {
            id: id.into(),
            feature_codes,
            codes,
            services,
            native,
            layer: Layer::read_with_scopes(table, reading),
            numbers: read_numbers(table),
            trust: Trust::read(table),
            auto_resync: AutoResync::read(table),
            layouts,
            layout_names,
        }
    }

    /// Its path in the fleet's folder.
    pub fn path(&self) -> String {
        format!("sites/{}/site.toml", self.id)
    }
}

fn read_services(table: &mut Table<'_, '_>) -> Services {
    match table.text("services") {
        Some(word) if word.value == "phone" => Services::Phone,
        Some(word) if word.value != "network" => {
            table.error(
                "unknown-word",
                word.line,
                format!("`services` is `{}`, but must be network or phone", word.value),
            );
            Services::Network
        }
        _ => Services::Network,
    }
}

fn read_native(table: &mut Table<'_, '_>) -> Vec<Function> {
    let names = table.texts("native").map(|at| at.value).unwrap_or_default();
    let mut native = Vec::new();
    for name in names {
        match Function::named(&name.value) {
            Some(function) => native.push(function),
            None => {
                let what = format!("`native` names `{}`, which is not a function", name.value);
                let near = Function::nearest(&name.value).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or("`docs/fleet.md` lists the 39".into());
                table.error_hint("unknown-function", name.line, what, hint);
            }
        }
    }
    native
}

fn read_numbers(table: &mut Table<'_, '_>) -> BTreeMap<CompactString, KnownNumber> {
    const KINDS: [(&str, NumberKind); 5] = [
        ("queue", NumberKind::Queue),
        ("hunt", NumberKind::Hunt),
        ("fax", NumberKind::Fax),
        ("voicemail", NumberKind::Voicemail),
        ("external", NumberKind::External),
    ];
    let mut numbers = BTreeMap::new();
    let Some(mut entries) = table.table("numbers") else { return numbers };
    entries.any_field();
    for name in entries.fields() {
        let number = match name.value.parse::<Number>() {
            Ok(number) => number,
            Err(error) => {
                entries.error("bad-number", name.line, format!("`{}`: {error}", entries.name_of(&name.value)));
                continue;
            }
        };
        let Some(mut entry) = entries.table_named(&name.value) else { continue };
        let label = entry.text("label").and_then(|at| one_line(&entry, "label", at));
        if let Some(word) = entry.required_text("kind") {
            match KINDS.iter().find(|(known, _)| *known == word.value) {
                Some((_, kind)) => {
                    numbers.insert(number.as_str().into(), KnownNumber { kind: *kind, label });
                }
                None => {
                    let what =
                        format!("`kind` is `{}`, but must be queue, hunt, fax, voicemail or external", word.value);
                    match nearest(&word.value, KINDS.map(|(name, _)| name)) {
                        Some(near) => {
                            entry.error_hint("unknown-word", word.line, what, format!("did you mean `{near}`?"));
                        }
                        None => entry.error("unknown-word", word.line, what),
                    }
                }
            }
        }
        entry.finish();
    }
    numbers
}

fn read_layouts(table: &mut Table<'_, '_>) -> BTreeMap<CompactString, Keys> {
    let mut layouts = BTreeMap::new();
    let Some(mut entries) = table.table("layouts") else { return layouts };
    entries.any_field();
    for name in entries.fields() {
        if let Some(mut entry) = entries.table_named(&name.value) {
            layouts.insert(name.value.into(), read_keys(&mut entry));
            entry.finish();
        }
    }
    layouts
}
