//! A family's function tables, from its `functions.toml`: what a key must say for each function.

use compact_str::CompactString;
use serde::Serialize;

use super::family::Family;
use super::figure::Source;
use super::fits::Fits;
use crate::phone::Function;
use crate::reader::{At, Table, Value};

/// A class of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Beside the screen; may carry a line.
    Line,
    /// A lamp key without a screen, of older phones.
    Memory,
    /// A soft key or a fixed key that can be given another meaning.
    Programmable,
    /// On an expansion module.
    Module,
}

impl Class {
    /// All classes by their names.
    pub const ALL: [(&'static str, Class); 4] = [
        ("line", Class::Line),
        ("memory", Class::Memory),
        ("programmable", Class::Programmable),
        ("module", Class::Module),
    ];

    /// A class by its name.
    pub fn named(name: &str) -> Option<Class> {
        Class::ALL.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Class::ALL.iter().find(|(_, class)| *class == self).map_or("", |(name, _)| name)
    }
}

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

/// A text with placeholders, cut once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(pub Vec<Part>);

impl Pattern {
    /// Whether it shows the key's label, or what stands for one.
    pub fn names_label(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(Placeholder::Label | Placeholder::Name)))
    }

    /// Whether it says which account is meant.
    pub fn names_line(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(Placeholder::Line | Placeholder::Line0)))
    }
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(CompactString),
    /// Something of the key.
    Place(Placeholder),
}

/// What a pattern may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The key's number.
    Number,
    /// Its label, or nothing.
    Label,
    /// Its label, else the name of its number, else the number.
    Name,
    /// The account, from 1.
    Line,
    /// The account, from 0.
    Line0,
    /// Its web address.
    Url,
    /// Its seconds.
    Seconds,
    /// The site's pickup prefix, or nothing.
    Pickup,
    /// The same, and the alternative fits only where there is one.
    PickupNeeded,
    /// What to dial for the function.
    Code,
    /// The code that switches on.
    CodeOn,
    /// The code that switches off.
    CodeOff,
}

const PLACEHOLDERS: [(&str, Placeholder); 12] = [
    ("number", Placeholder::Number),
    ("label", Placeholder::Label),
    ("name", Placeholder::Name),
    ("line", Placeholder::Line),
    ("line0", Placeholder::Line0),
    ("url", Placeholder::Url),
    ("seconds", Placeholder::Seconds),
    ("pickup", Placeholder::Pickup),
    ("pickup!", Placeholder::PickupNeeded),
    ("code", Placeholder::Code),
    ("code_on", Placeholder::CodeOn),
    ("code_off", Placeholder::CodeOff),
];

/// A field of a key that templates may print.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in templates.
    pub name: CompactString,
    /// Its value on an empty key, and where nothing else is said.
    pub empty: CompactString,
    /// Its value on a key that does something, unless the alternative says another.
    pub value: Option<Pattern>,
    /// The grammar that guards what is put into it.
    pub grammar: CompactString,
    /// How many characters it takes, where that is known.
    pub characters: Option<u16>,
    /// The classes of keys that have it; empty: all.
    pub classes: Vec<Class>,
}

impl Field {
    /// Whether keys of a class have it; all keys do where no class is meant.
    pub fn is_on(&self, class: Option<Class>) -> bool {
        self.classes.is_empty() || class.is_none_or(|class| self.classes.contains(&class))
    }
}

/// A parameter of the whole phone that keys decide.
#[derive(Debug, Clone)]
pub struct Wide {
    /// Its name.
    pub name: CompactString,
    /// Its values, from quiet to loud; the first is the default.
    pub values: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

/// Everything a family says of functions.
#[derive(Debug, Default)]
pub struct FunctionTable {
    /// The fields of a key.
    pub fields: Vec<Field>,
    /// The parameters of the whole phone.
    pub wide: Vec<Wide>,
    /// Labels are in fields of keys; else the family's template writes them beside.
    pub labels_in_fields: bool,
    by_function: Vec<Vec<Alternative>>,
}

impl FunctionTable {
    /// Reads a family's `functions.toml`.
    pub fn read(table: &mut Table<'_, '_>, family: &Family) -> FunctionTable {
        let mut read =
            FunctionTable { by_function: vec![Vec::new(); Function::all().count()], ..FunctionTable::default() };
        read.read_fields(table);
        read.read_wide(table);
        let Some(mut functions) = table.table("functions") else {
            table.missing("functions");
            return read;
        };
        functions.any_field();
        for field in functions.fields() {
            let Some(function) = Function::named(&field.value) else {
                let what = format!("`{}` is not a function", field.value);
                let near = Function::nearest(&field.value).unwrap_or("none");
                functions.error_hint("unknown-function", field.line, what, format!("did you mean `{near}`?"));
                continue;
            };
            let alternatives = functions.tables_named(&field.value);
            read.by_function[function as usize] =
                alternatives.into_iter().map(|entry| read.read_alternative(entry, family)).collect();
        }
        read.labels_in_fields = read.shows_labels();
        for function in Function::all() {
            if read.by_function[function as usize].is_empty() {
                let what = format!("nothing is said of the function `{function}`");
                table.error_hint(
                    "unmapped-function",
                    1,
                    what,
                    "give an alternative, or `outcome = \"impossible\"` and why",
                );
            }
        }
        read
    }

    /// The alternatives of a function, in order.
    pub fn of(&self, function: Function) -> &[Alternative] {
        self.by_function.get(function as usize).map_or(&[], Vec::as_slice)
    }

    fn shows_labels(&self) -> bool {
        let given = self.iter().flat_map(|alternative| alternative.fields.iter().map(|(_, pattern)| pattern));
        self.fields.iter().filter_map(|field| field.value.as_ref()).chain(given).any(Pattern::names_label)
    }

    /// All alternatives, for checks.
    pub fn iter(&self) -> impl Iterator<Item = &Alternative> {
        self.by_function.iter().flatten()
    }

    fn read_fields(&mut self, table: &mut Table<'_, '_>) {
        let Some(mut fields) = table.table("fields") else {
            table.missing("fields");
            return;
        };
        fields.any_field();
        for name in fields.fields() {
            let Some(mut entry) = fields.table_named(&name.value) else { continue };
            let empty = scalar(&mut entry, "empty").unwrap_or_default();
            let value = scalar(&mut entry, "value").and_then(|text| pattern(&entry, entry.line(), &text));
            let grammar = entry.text("grammar");
            if let Some(word) = &grammar
                && crate::format::grammar::Grammar::parse_name(&word.value).is_none()
            {
                entry.error(
                    "unknown-word",
                    word.line,
                    format!(
                        "`{}` is not a grammar; known are {}",
                        word.value,
                        crate::format::grammar::Grammar::ALL.map(crate::format::grammar::Grammar::name).join(", ")
                    ),
                );
            }
            let grammar = grammar.map_or("plain".into(), |at| at.value.into());
            let characters = entry.integer("characters", 1..=10_000).map(|at| at.value as u16);
            let classes = read_classes(&mut entry);
            entry.finish();
            self.fields.push(Field { name: name.value.into(), empty, value, grammar, characters, classes });
        }
    }

    fn read_wide(&mut self, table: &mut Table<'_, '_>) {
        let Some(mut wide) = table.table("wide") else { return };
        wide.any_field();
        for name in wide.fields() {
            let Some(mut entry) = wide.table_named(&name.value) else { continue };
            let values = entry.texts("values").map(|at| at.value).unwrap_or_default();
            if values.is_empty() {
                entry.missing("values");
            }
            let source = Source::read(&mut entry);
            entry.finish();
            let values = values.into_iter().map(|value| value.value.into()).collect();
            self.wide.push(Wide { name: name.value.into(), values, source });
        }
    }

    fn read_alternative(&self, mut table: Table<'_, '_>, family: &Family) -> Alternative {
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

fn read_classes(table: &mut Table<'_, '_>) -> Vec<Class> {
    let words = table.texts("class").map(|at| at.value).unwrap_or_default();
    let class = |word: At<String>| {
        let class = Class::named(&word.value);
        if class.is_none() {
            let what =
                format!("`{}` is not a class of key: line, memory, programmable or module were expected", word.value);
            table.error("unknown-word", word.line, what);
        }
        class
    };
    words.into_iter().filter_map(class).collect()
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

/// A text; a whole number is taken as its digits.
pub(super) fn scalar(table: &mut Table<'_, '_>, field: &'static str) -> Option<CompactString> {
    match table.value(field)?.value {
        Value::Text(text) => Some(text.into()),
        Value::Integer(number) => Some(CompactString::from(number.to_string())),
        other => {
            table.error(
                "wrong-type",
                table.line(),
                format!("`{}` must be a text, not {}", table.name_of(field), other.kind()),
            );
            None
        }
    }
}

/// Cuts a text at its placeholders; `{{` and `}}` are not needed by any family and so not known.
pub(super) fn pattern(table: &Table<'_, '_>, line: u32, text: &str) -> Option<Pattern> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            table.error("bad-pattern", line, format!("`{text}` opens a placeholder that it never closes"));
            return None;
        };
        let Some((_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            let names = PLACEHOLDERS.map(|(name, _)| name).join(", ");
            table.error_hint(
                "bad-pattern",
                line,
                format!("`{{{name}}}` is not a placeholder"),
                format!("known are {names}"),
            );
            return None;
        };
        if !before.is_empty() {
            parts.push(Part::Text(before.into()));
        }
        parts.push(Part::Place(*placeholder));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.into()));
    }
    Some(Pattern(parts))
}
