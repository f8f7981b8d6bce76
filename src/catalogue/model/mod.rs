//! What a device can do: lines, keys, soft keys, labels, modules.

mod handsets;
mod keys;
mod modules;

use compact_str::{CompactString, format_compact};

pub use handsets::HandsetSlots;
use handsets::read_handset_slots;
pub use keys::{KeyGroup, SoftKeyGroup, Width};
use keys::{read_group, read_labels, read_soft_group};
use modules::read_module_slots;
pub use modules::{ModuleModel, ModuleSlots};

use super::band::Band;
use super::family::{Family, read_options};
use super::figure::{Source, State};
use super::functions::Class;
use super::setting::{SettingId, Vocabulary, read_settings};
use crate::phone::SettingValue;
use crate::reader::{Table, Value};

/// A number with its source.
#[derive(Debug, Clone)]
pub struct Count {
    /// How many.
    pub count: u16,
    /// How many as long as no expansion module is plugged in, if that is fewer.
    pub without_modules: Option<u16>,
    /// No source tells how many there really are.
    pub at_least: bool,
    /// Where this is known from.
    pub source: Source,
}

/// A model.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its id, the maker and the file's name.
    pub id: CompactString,
    /// The id of its family.
    pub family: CompactString,
    /// Its name for people.
    pub name: CompactString,
    /// As it calls itself.
    pub products: Vec<CompactString>,
    /// OVHcloud's brand id.
    pub ovh: Option<CompactString>,
    /// SIP accounts.
    pub lines: Count,
    /// Keys, in the order in which `keys.n` counts them.
    pub keys: Vec<KeyGroup>,
    /// Soft keys.
    pub soft_keys: Vec<SoftKeyGroup>,
    /// The width of labels by class; a class that is not here has no label.
    pub labels: Vec<(Class, Width)>,
    /// Expansion modules.
    pub modules: Option<ModuleSlots>,
    /// Handsets; none for a phone that is no DECT base.
    pub handsets: Option<HandsetSlots>,
    /// A line can only be used through its key.
    pub needs_line_key: bool,
    /// Settings that it has where nobody says otherwise, over those of its family.
    pub settings: Vec<(SettingId, SettingValue)>,
    /// The band where the phone does not tell its firmware, if it is not the family's.
    pub default_band: Option<Band>,
    /// What templates of the family may ask about it: the family's options, with the model's own over them.
    pub options: Vec<(CompactString, Value)>,
}

impl Model {
    /// Reads a model's file; `stem` is its name without `.toml`.
    pub fn read(stem: &str, family: &Family, vocabulary: &Vocabulary, table: &mut Table<'_, '_>) -> Model {
        let name = table.required_text("name").map(|at| at.value.into()).unwrap_or_default();
        if !table.has("products") {
            table.missing("products");
        }
        let products = table.texts("products").map(|at| at.value).unwrap_or_default();
        if !table.has("keys") {
            table.missing("keys");
        }
        let own = table.table("options").map(|mut options| (options.line(), read_options(&mut options)));
        let mut options = family.options.clone();
        for (name, value) in own.iter().flat_map(|(_, own)| own) {
            match options.iter_mut().find(|(known, _)| known == name) {
                Some(option) => option.1 = value.clone(),
                None => {
                    let line = own.as_ref().map_or(1, |(line, _)| *line);
                    table.error(
                        "unknown-field",
                        line,
                        format!("`options.{name}` is not an option of the family `{}`", family.id),
                    );
                }
            }
        }
        let default_band = table.text("default_band").and_then(|name| {
            let band = family.bands.by_name(&name.value);
            if band.is_none() {
                let known: Vec<&str> = family.bands.iter().map(|(_, name)| name).collect();
                let what = format!("`default_band` is `{}`, but must be one of {}", name.value, known.join(", "));
                table.error("unknown-band", name.line, what);
            }
            band
        });
        let maker = &family.maker;
        Model {
            id: format_compact!("{maker}-{stem}"),
            family: family.id.clone(),
            name,
            products: products.into_iter().map(|at| at.value.into()).collect(),
            ovh: table.text("ovh").map(|at| at.value.into()),
            lines: read_count(table, "lines"),
            keys: table.tables("keys").into_iter().filter_map(read_group).collect(),
            soft_keys: table.tables("soft_keys").into_iter().filter_map(read_soft_group).collect(),
            labels: read_labels(table),
            modules: table.table("modules").map(read_module_slots),
            handsets: table.table("handsets").map(read_handset_slots),
            needs_line_key: table.boolean("needs_line_key").is_some_and(|at| at.value),
            settings: read_settings(table, vocabulary),
            default_band,
            options,
        }
    }

    /// Its path in the catalogue.
    pub fn path(&self) -> String {
        let stem = self.id.split_once('-').map_or(self.id.as_str(), |(_, stem)| stem);
        format!("models/{}/{stem}.toml", self.family)
    }

    /// How many keys `keys.n` counts.
    pub fn key_count(&self) -> u16 {
        self.keys.iter().map(|group| group.count).sum()
    }

    /// How many of them are left with so many expansion modules.
    pub fn key_count_with(&self, modules: usize) -> u16 {
        self.keys.iter().map(|group| group.count_with(modules)).sum()
    }

    /// How many lines can be used with so many expansion modules.
    pub fn line_count_with(&self, modules: usize) -> u16 {
        self.lines.without_modules.filter(|_| modules == 0).unwrap_or(self.lines.count)
    }

    /// The group of the n-th key, and its place within it, from 1.
    pub fn key(&self, position: u16) -> Option<(&KeyGroup, u16)> {
        let mut left = position.checked_sub(1)?;
        for group in &self.keys {
            if left < group.count {
                return Some((group, left + 1));
            }
            left -= group.count;
        }
        None
    }

    /// The class of a soft key, if the model has it.
    pub fn soft_key(&self, slot: u16) -> Option<Class> {
        self.soft_keys.iter().find(|group| group.slots.contains(&slot)).map(|group| group.class)
    }

    /// All slots of soft keys with their class, in order.
    pub fn soft_slots(&self) -> impl Iterator<Item = (u16, Class)> {
        self.soft_keys.iter().flat_map(|group| group.slots.iter().map(|slot| (*slot, group.class)))
    }

    /// The width of the label of a soft key; none where it has none.
    pub fn soft_label_width(&self, slot: u16) -> Option<Width> {
        let group = self.soft_keys.iter().find(|group| group.slots.contains(&slot))?;
        self.label_width(group.class).filter(|_| group.labels)
    }

    /// The width of labels on keys of a class; none where they have no label.
    pub fn label_width(&self, class: Class) -> Option<Width> {
        self.labels.iter().find(|(known, _)| *known == class).map(|(_, width)| *width)
    }
}

fn read_count(table: &mut Table<'_, '_>, field: &'static str) -> Count {
    let Some(mut entry) = table.table(field) else {
        if !table.has(field) {
            table.missing(field);
        }
        let source = Source { state: State::Inferred, source: "".into(), disagreement: None };
        return Count { count: 0, without_modules: None, at_least: false, source };
    };
    let count = required_integer(&mut entry, "count", 0..=1000);
    let without_modules = entry.integer("without_modules", 0..=count.into()).map(|at| at.value as u16);
    let at_least = entry.boolean("at_least").is_some_and(|at| at.value);
    let source = Source::read(&mut entry);
    entry.finish();
    Count { count, without_modules, at_least, source }
}

fn required_integer(table: &mut Table<'_, '_>, field: &'static str, range: std::ops::RangeInclusive<i64>) -> u16 {
    if !table.has(field) {
        table.missing(field);
    }
    table.integer(field, range).map_or(0, |at| at.value as u16)
}
