//! What the phones of a family have: a row for each.

use super::{Chapter, cell, mark, plain, short_name};
use crate::catalogue::{Class, KeyGroup, Model, Source, Texts, Width};

/// The table of a family's phones, of its expansion modules, and their sources.
pub fn of(family: &Chapter<'_>, texts: &Texts) -> String {
    let mut sources = Sources::default();
    let mut text = firmware(family, texts);
    text.push_str(&phones(family, &mut sources));
    text.push_str(&modules(family, &mut sources));
    text.push_str(&sources.list());
    text
}

/// Sources by their numbers on the page.
#[derive(Default)]
struct Sources(Vec<String>);

impl Sources {
    fn numbers(&mut self, of: &[&Source]) -> String {
        let mut numbers: Vec<usize> = of.iter().map(|source| self.number(&source.source)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
    }

    fn number(&mut self, source: &str) -> usize {
        let at = self.0.iter().position(|known| known == source).unwrap_or_else(|| {
            self.0.push(source.to_owned());
            self.0.len() - 1
        });
        at + 1
    }

    fn list(&self) -> String {
        let lines = self.0.iter().enumerate().map(|(at, source)| format!("{}. {}\n", at + 1, plain(source)));
        format!("\nSources:\n\n{}", lines.collect::<String>())
    }
}

/// The firmware bands, where there is more than one.
fn firmware(family: &Chapter<'_>, texts: &Texts) -> String {
    let of = &family.maker.family;
    if of.bands.iter().count() < 2 {
        return String::new();
    }
    let ranges = super::disagreements::table(texts, &format!("models/{}/family.toml", of.id));
    let range = |name: &str| ranges.get("bands")?.get(name)?.as_str().map(str::to_owned);
    let told = of.bands.iter().map(|(band, name)| {
        let none = of.no_files(band).map(|why| format!(", {why}")).unwrap_or_default();
        format!("`{name}` (`{}`{none})", range(name).unwrap_or_default())
    });
    let told: Vec<String> = told.collect();
    let default = of.bands.name(of.bands.default());
    format!("Firmware bands: {}. `{default}` is taken where nobody tells.\n\n", told.join(", "))
}

/// A column of the table, by its heading.
type Column<'c> = (&'static str, &'c dyn Fn(&Model) -> String);

fn phones(family: &Chapter<'_>, sources: &mut Sources) -> String {
    let has = |what: &dyn Fn(&Model) -> bool| family.models.iter().any(|model| what(model));
    let modules = |model: &Model| slots(family, model);
    let columns: Vec<Column<'_>> = [
        ("lines", &lines as &dyn Fn(&Model) -> String, true),
        ("keys", &keys, has(&|model| !model.keys.is_empty())),
        ("soft keys", &soft_keys, has(&|model| !model.soft_keys.is_empty())),
        ("labels", &labels, has(&|model| !model.labels.is_empty())),
        ("modules", &modules, has(&|model| model.modules.is_some())),
        ("handsets", &handsets, has(&|model| model.handsets.is_some())),
    ]
    .into_iter()
    .filter_map(|(name, column, shown)| shown.then_some((name, column)))
    .collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut text = format!("| phone | model | {} | from |\n", names.join(" | "));
    text.push_str(&format!("|---|---|{}---|\n", "---|".repeat(columns.len())));
    for model in &family.models {
        let cells: Vec<String> = columns.iter().map(|(_, column)| cell(&column(model))).collect();
        let from = sources.numbers(&figures(model));
        text.push_str(&format!(
            "| {} | `{}` | {} | {from} |\n",
            short_name(family, model),
            model.id,
            cells.join(" | ")
        ));
    }
    text
}

/// The sources of a model's figures.
fn figures(model: &Model) -> Vec<&Source> {
    let mut sources = vec![&model.lines.source];
    sources.extend(model.keys.iter().map(|group| &group.source));
    sources.extend(model.soft_keys.iter().map(|group| &group.source));
    sources.extend(model.modules.iter().map(|slots| &slots.source));
    sources.extend(model.handsets.iter().map(|slots| &slots.source));
    sources
}

fn lines(model: &Model) -> String {
    let count = &model.lines;
    let more = if count.at_least { " or more" } else { "" };
    let fewer = count.without_modules.map(|fewer| format!(", {fewer} without a module")).unwrap_or_default();
    format!("{}{more}{}{fewer}", count.count, mark(count.source.state))
}

fn keys(model: &Model) -> String {
    if model.keys.is_empty() {
        return "none".to_owned();
    }
    model.keys.iter().map(key_group).collect::<Vec<_>>().join("; ")
}

fn key_group(group: &KeyGroup) -> String {
    let more = if group.at_least { " or more" } else { "" };
    let mut text = format!("{}{more}{} {}", group.count, mark(group.source.state), group.class.name());
    if let Some(per_page) = group.per_page {
        text.push_str(&match group.count.div_ceil(per_page) {
            1 => String::new(),
            pages => format!(" on {pages} pages of {per_page}"),
        });
    }
    if let Some([left, right]) = group.sides {
        text.push_str(&format!(", {left} left and {right} right"));
    }
    if let Some(left) = group.with_modules {
        text.push_str(&format!(", {left} beside a module"));
    }
    text
}

fn soft_keys(model: &Model) -> String {
    let groups = model.soft_keys.iter().map(|group| {
        let numbers: Vec<String> = group.slots.iter().map(u16::to_string).collect();
        let in_a_row = group.slots.windows(2).all(|pair| pair[0] + 1 == pair[1]) && group.slots.len() > 2;
        let shown = match (group.slots.first(), group.slots.last()) {
            (Some(first), Some(last)) if in_a_row => format!("{first} to {last}"),
            _ => numbers.join(", "),
        };
        format!("{shown}{}", mark(group.source.state))
    });
    groups.collect::<Vec<_>>().join("; ")
}

fn labels(model: &Model) -> String {
    let width = |(class, width): &(Class, Width)| {
        let class = class.name();
        match width {
            Width::Characters(width) => format!("{class} {width}"),
            Width::Unknown => format!("{class} unknown"),
        }
    };
    model.labels.iter().map(width).collect::<Vec<_>>().join(", ")
}

fn slots(family: &Chapter<'_>, model: &Model) -> String {
    let Some(slots) = &model.modules else { return String::new() };
    let name = |id: &str| family.catalogue.modules.get(id).map_or(id.to_owned(), |module| module.name.to_string());
    let names: Vec<String> = slots.models.iter().map(|id| name(id)).collect();
    let alike = if slots.same && slots.models.len() > 1 && slots.max > 1 { ", all alike" } else { "" };
    format!("{}{} × {}{alike}", slots.max, mark(slots.source.state), names.join(" or "))
}

fn handsets(model: &Model) -> String {
    model.handsets.as_ref().map(|slots| format!("{}{}", slots.max, mark(slots.source.state))).unwrap_or_default()
}

/// The expansion modules that the family's phones take.
fn modules(family: &Chapter<'_>, sources: &mut Sources) -> String {
    let taken = family.models.iter().filter_map(|model| model.modules.as_ref()).flat_map(|slots| &slots.models);
    let mut ids: Vec<_> = taken.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return String::new();
    }
    let mut text = "\n| expansion module | model | keys | pages | labels | cannot be set | from |\n".to_owned();
    text.push_str("|---|---|---|---|---|---|---|\n");
    for module in ids.into_iter().filter_map(|id| family.catalogue.modules.get(id)) {
        let labels = match module.label_width {
            Some(Width::Characters(width)) => width.to_string(),
            Some(Width::Unknown) => "unknown".to_owned(),
            None => "none".to_owned(),
        };
        let reserved: Vec<String> = module.reserved.iter().map(|(at, why)| format!("{at} ({why})")).collect();
        let keys = format!("{}{}", module.key_count(), mark(module.source.state));
        let from = sources.numbers(&[&module.source]);
        text.push_str(&format!(
            "| {} | `{}` | {keys} | {} of {} | {labels} | {} | {from} |\n",
            module.name,
            module.id,
            module.pages,
            module.keys_per_page,
            cell(&reserved.join(", "))
        ));
    }
    text
}
