//! What a device can do: lines, keys, soft keys, labels, modules.

use compact_str::{CompactString, format_compact};

use super::band::Band;
use super::family::{Family, read_options};
use super::figure::Source;
use super::functions::{Class, scalar};
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

/// A group of keys of one class.
#[derive(Debug, Clone)]
pub struct KeyGroup {
    /// Their class.
    pub class: Class,
    /// How many can be set.
    pub count: u16,
    /// How many are left once an expansion module is plugged in, if that is fewer.
    pub with_modules: Option<u16>,
    /// No source tells how many there really are.
    pub at_least: bool,
    /// How many a page of the screen shows.
    pub per_page: Option<u16>,
    /// Unset first keys are line keys.
    pub default_lines: bool,
    /// How many stand on the left and on the right of the screen.
    pub sides: Option<[u16; 2]>,
    /// Where this is known from.
    pub source: Source,
}

impl KeyGroup {
    /// How many are left with so many expansion modules.
    pub fn count_with(&self, modules: usize) -> u16 {
        self.with_modules.filter(|_| modules > 0).unwrap_or(self.count)
    }
}

/// The soft keys that can be set.
#[derive(Debug, Clone)]
pub struct SoftKeyGroup {
    /// Their class.
    pub class: Class,
    /// Their numbers.
    pub slots: Vec<u16>,
    /// They have labels, if those of their class have.
    pub labels: bool,
    /// Where this is known from.
    pub source: Source,
}

/// Which expansion modules a model takes.
#[derive(Debug, Clone)]
pub struct ModuleSlots {
    /// How many at the most.
    pub max: u8,
    /// Their models' ids; the first is the default.
    pub models: Vec<CompactString>,
    /// All modules of one phone have to be of the same model.
    pub same: bool,
    /// Where this is known from.
    pub source: Source,
}

/// The cordless handsets that a DECT base can have.
#[derive(Debug, Clone)]
pub struct HandsetSlots {
    /// How many at the most.
    pub max: u16,
    /// Its file says which line each handset uses.
    pub assignable: bool,
    /// Its file can say when handsets may register.
    pub registration: bool,
    /// Handset n always uses line n.
    pub own_line: bool,
    /// Where the fleet names no handset, those beyond the lines use the last line.
    pub share_last_line: bool,
    /// What is stored of a handset and its file has no place for: `ipui`, `name`.
    pub leaves_out: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

/// How many characters of a label fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many.
    Characters(u16),
    /// No source says.
    Unknown,
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

/// A model of expansion module.
#[derive(Debug, Clone)]
pub struct ModuleModel {
    /// Its id, the maker and the file's name.
    pub id: CompactString,
    /// Its name for people.
    pub name: CompactString,
    /// The class of its keys.
    pub class: Class,
    /// Its pages.
    pub pages: u16,
    /// The keys of a page.
    pub keys_per_page: u16,
    /// The width of its labels; none where it has none.
    pub label_width: Option<Width>,
    /// Positions that cannot be set, and why.
    pub reserved: Vec<(u16, CompactString)>,
    /// What is written at reserved positions: fields by name.
    pub fixed: Vec<(u16, Vec<(CompactString, CompactString)>)>,
    /// Where this is known from.
    pub source: Source,
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

impl ModuleModel {
    /// Reads a module model's file; `stem` is its name without `.toml`.
    pub fn read(stem: &str, family: &Family, table: &mut Table<'_, '_>) -> ModuleModel {
        let name = table.required_text("name").map(|at| at.value.into()).unwrap_or_default();
        let class = read_class(table).unwrap_or(Class::Module);
        let pages = required_integer(table, "pages", 1..=20);
        let keys_per_page = required_integer(table, "keys_per_page", 1..=200);
        let label_width = read_width(table, "label_width");
        let reserved = numbered(table, "reserved", |table, name| match table.value_named(name)?.value {
            Value::Text(why) => Some(CompactString::from(why)),
            _ => None,
        });
        let fixed = numbered(table, "fixed", |table, name| {
            let mut fields = table.table_named(name)?;
            fields.any_field();
            let pairs = fields.fields().into_iter().filter_map(|field| match fields.value_named(&field.value)?.value {
                Value::Text(text) => Some((field.value.into(), text.into())),
                Value::Integer(number) => Some((field.value.into(), CompactString::from(number.to_string()))),
                _ => None,
            });
            Some(pairs.collect())
        });
        let source = Source::read(table);
        ModuleModel {
            id: format_compact!("{}-{stem}", family.maker),
            name,
            class,
            pages,
            keys_per_page,
            label_width,
            reserved,
            fixed,
            source,
        }
    }

    /// How many keys it has, reserved ones counted.
    pub fn key_count(&self) -> u16 {
        self.pages * self.keys_per_page
    }

    /// Why a position cannot be set.
    pub fn reserved(&self, position: u16) -> Option<&str> {
        self.reserved.iter().find(|(known, _)| *known == position).map(|(_, why)| why.as_str())
    }

    /// What is written at a reserved position.
    pub fn fixed(&self, position: u16) -> Option<&[(CompactString, CompactString)]> {
        self.fixed.iter().find(|(known, _)| *known == position).map(|(_, fields)| fields.as_slice())
    }
}

fn read_count(table: &mut Table<'_, '_>, field: &'static str) -> Count {
    let Some(mut entry) = table.table(field) else {
        if !table.has(field) {
            table.missing(field);
        }
        let source = Source { state: super::State::Inferred, source: "".into(), disagreement: None };
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

fn read_class(table: &mut Table<'_, '_>) -> Option<Class> {
    let word = table.required_text("class")?;
    let class = Class::named(&word.value);
    if class.is_none() {
        let what =
            format!("`{}` is not a class of key: line, memory, programmable or module were expected", word.value);
        table.error("unknown-word", word.line, what);
    }
    class
}

fn read_group(mut table: Table<'_, '_>) -> Option<KeyGroup> {
    let class = read_class(&mut table);
    let count = required_integer(&mut table, "count", 0..=1000);
    let with_modules = table.integer("with_modules", 0..=count.into()).map(|at| at.value as u16);
    let at_least = table.boolean("at_least").is_some_and(|at| at.value);
    let per_page = table.integer("per_page", 1..=200).map(|at| at.value as u16);
    let default_lines = table.text("default").is_some_and(|word| {
        if word.value != "lines" && word.value != "none" {
            table.error("unknown-word", word.line, format!("`default` is `{}`, but must be lines or none", word.value));
        }
        word.value == "lines"
    });
    let sides = table.value("sides").and_then(|at| match at.value {
        Value::List(sides) => match sides.as_slice() {
            [Value::Integer(left), Value::Integer(right)] => Some([*left as u16, *right as u16]),
            _ => None,
        },
        _ => None,
    });
    let source = Source::read(&mut table);
    table.finish();
    Some(KeyGroup { class: class?, count, with_modules, at_least, per_page, default_lines, sides, source })
}

fn read_soft_group(mut table: Table<'_, '_>) -> Option<SoftKeyGroup> {
    let class = read_class(&mut table);
    let slots = match table.value("slots").map(|at| at.value) {
        Some(Value::List(slots)) => slots
            .iter()
            .filter_map(|slot| match slot {
                Value::Integer(slot) => u16::try_from(*slot).ok(),
                _ => None,
            })
            .collect(),
        _ => {
            table.missing("slots");
            Vec::new()
        }
    };
    let labels = table.boolean("labels").is_none_or(|at| at.value);
    let source = Source::read(&mut table);
    table.finish();
    Some(SoftKeyGroup { class: class?, slots, labels, source })
}

fn read_width(table: &mut Table<'_, '_>, field: &'static str) -> Option<Width> {
    match scalar(table, field)?.as_str() {
        "unknown" => Some(Width::Unknown),
        digits => match digits.parse() {
            Ok(width) => Some(Width::Characters(width)),
            Err(_) => {
                let what =
                    format!("`{}` is `{digits}`, but must be a number of characters or unknown", table.name_of(field));
                table.error("unknown-word", table.line(), what);
                None
            }
        },
    }
}

fn read_labels(table: &mut Table<'_, '_>) -> Vec<(Class, Width)> {
    let Some(mut labels) = table.table("labels") else { return Vec::new() };
    let mut widths = Vec::new();
    for (name, class) in Class::ALL {
        if let Some(mut entry) = labels.table(name) {
            widths.extend(read_width(&mut entry, "width").map(|width| (class, width)));
            for field in ["state", "source", "disagreement"] {
                entry.allow(field);
            }
            entry.finish();
        }
    }
    labels.finish();
    widths
}

fn read_module_slots(mut table: Table<'_, '_>) -> ModuleSlots {
    let max = required_integer(&mut table, "max", 0..=20) as u8;
    let models = table.texts("models").map(|at| at.value).unwrap_or_default();
    if models.is_empty() {
        table.missing("models");
    }
    let same = table.boolean("same").is_some_and(|at| at.value);
    let source = Source::read(&mut table);
    table.finish();
    ModuleSlots { max, models: models.into_iter().map(|at| at.value.into()).collect(), same, source }
}

fn read_handset_slots(mut table: Table<'_, '_>) -> HandsetSlots {
    let max = required_integer(&mut table, "max", 1..=1000);
    let assignable = table.boolean("assignable").is_none_or(|at| at.value);
    let registration = table.boolean("registration").is_some_and(|at| at.value);
    let own_line = table.boolean("own_line").is_some_and(|at| at.value);
    let share_last_line = table.boolean("share_last_line").is_some_and(|at| at.value);
    let leaves_out = table.texts("leaves_out").map(|at| at.value).unwrap_or_default();
    for word in leaves_out.iter().filter(|word| !matches!(word.value.as_str(), "ipui" | "name")) {
        table.error(
            "unknown-word",
            word.line,
            format!("`{}` is not left out of a handset: ipui or name were expected", word.value),
        );
    }
    let source = Source::read(&mut table);
    table.finish();
    let leaves_out = leaves_out.into_iter().map(|word| word.value.into()).collect();
    HandsetSlots { max, assignable, registration, own_line, share_last_line, leaves_out, source }
}

/// A table whose names are positions of keys.
fn numbered<T>(
    table: &mut Table<'_, '_>,
    field: &'static str,
    read: impl Fn(&Table<'_, '_>, &str) -> Option<T>,
) -> Vec<(u16, T)> {
    let Some(mut entries) = table.table(field) else { return Vec::new() };
    entries.any_field();
    let mut read_entries = Vec::new();
    for name in entries.fields() {
        match (name.value.parse(), read(&entries, &name.value)) {
            (Ok(position), Some(value)) => read_entries.push((position, value)),
            _ => entries.error(
                "wrong-type",
                name.line,
                format!("`{}` must be the number of a key", entries.name_of(&name.value)),
            ),
        }
    }
    read_entries
}
