//! How the keys of a family's phones do each function: a column for each class of key, phones that are alike in one group.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Chapter, cell, listed, mark, plain, short_name};
use crate::catalogue::{Band, Class, FeatureCodes, Model, Outcome};
use crate::live::{any_use, spare};
use crate::phone::{FUNCTIONS, Function};
use crate::resolve::{Phase, Placed, place_on, resolve};
use crate::world::Subject;

/// The table of functions; nothing for a family without tables, or whose phones have no keys.
pub fn of(family: &Chapter<'_>) -> String {
    let mut reasons = Reasons::default();
    let mut columns: Vec<Column<'_>> = Vec::new();
    for model in &family.models {
        for class in classes(family, model) {
            let Some(cells) = outcomes(family, model, class, &mut reasons) else { continue };
            let at = columns.iter().position(|column| column.class == class).unwrap_or_else(|| {
                columns.push(Column { class, groups: Vec::new() });
                columns.len() - 1
            });
            columns[at].add(model, cells);
        }
    }
    if columns.is_empty() {
        return String::new();
    }
    columns.sort_by_key(|column| column.class);
    let name = &family.maker.family.name;
    format!("\n### {name}: what a key can do\n\n{}{}", table(family, &mut columns), told(&reasons))
}

/// A class of key, with the phones on which it does every function alike.
struct Column<'c> {
    class: Class,
    groups: Vec<Alike<'c>>,
}

struct Alike<'c> {
    letter: char,
    cells: Vec<String>,
    models: Vec<&'c Model>,
}

impl<'c> Column<'c> {
    fn add(&mut self, model: &'c Model, cells: Vec<String>) {
        match self.groups.iter_mut().find(|group| group.cells == cells) {
            Some(group) => group.models.push(model),
            None => self.groups.push(Alike { letter: ' ', cells, models: vec![model] }),
        }
    }

    /// What stands in the row of a function: how most phones do it, and behind it how the others do.
    fn cell(&self, at: usize) -> String {
        let mut ways: Vec<(&str, usize, Vec<char>)> = Vec::new();
        for group in &self.groups {
            let (way, count) = (group.cells[at].as_str(), group.models.len());
            match ways.iter_mut().find(|(known, ..)| *known == way) {
                Some((_, models, letters)) => {
                    *models += count;
                    letters.push(group.letter);
                }
                None => ways.push((way, count, vec![group.letter])),
            }
        }
        ways.sort_by_key(|(_, models, _)| std::cmp::Reverse(*models));
        let shown = ways.iter().enumerate().map(|(at, (way, _, letters))| {
            let letters: Vec<String> = letters.iter().map(char::to_string).collect();
            if at == 0 { (*way).to_owned() } else { format!("{}: {way}", letters.join(", ")) }
        });
        cell(&shown.collect::<Vec<_>>().join("<br>"))
    }
}

/// The classes of keys that a phone has, those of its modules included.
fn classes(family: &Chapter<'_>, model: &Model) -> Vec<Class> {
    let own = model.keys.iter().filter(|group| group.count > 0).map(|group| group.class);
    let soft = model.soft_keys.iter().map(|group| group.class);
    let modules =
        model.modules.iter().flat_map(|slots| &slots.models).filter_map(|id| family.catalogue.modules.get(id));
    let mut classes: Vec<Class> = own.chain(soft).chain(modules.map(|module| module.class)).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

fn table(family: &Chapter<'_>, columns: &mut [Column<'_>]) -> String {
    let mut letters = 'A'..='Z';
    let mut groups = String::new();
    for column in columns.iter_mut().filter(|column| column.groups.len() > 1) {
        column.groups.sort_by_key(|group| std::cmp::Reverse(group.models.len()));
        for group in &mut column.groups {
            group.letter = letters.next().unwrap_or('*');
            let models: Vec<String> = group.models.iter().map(|model| short_name(family, model).to_owned()).collect();
            groups.push_str(&format!("- **{}**, {} keys: {}\n", group.letter, column.class.name(), listed(&models)));
        }
    }
    let names: Vec<String> = columns.iter().map(|column| format!("{} keys", column.class.name())).collect();
    let mut text = format!("| function | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(columns.len()));
    for (at, info) in FUNCTIONS.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| column.cell(at)).collect();
        text.push_str(&format!("| `{}` | {} |\n", info.name, cells.join(" | ")));
    }
    match groups.is_empty() {
        true => text,
        false => format!("{text}\nPhones that are alike:\n\n{groups}"),
    }
}

/// Why a function is degraded, and on which classes of keys.
#[derive(Default)]
struct Reasons(BTreeMap<(Function, String), Vec<Class>>);

impl Reasons {
    fn add(&mut self, function: Function, class: Class, placed: &Placed<'_>) {
        if placed.outcome == Outcome::Degraded {
            let why = placed.why.as_deref().unwrap_or_default().to_owned();
            self.0.entry((function, why)).or_default().push(class);
        }
    }
}

fn told(reasons: &Reasons) -> String {
    if reasons.0.is_empty() {
        return String::new();
    }
    let mut text = "\nDegraded:\n\n".to_owned();
    for ((function, why), classes) in &reasons.0 {
        let mut classes = classes.clone();
        classes.sort_unstable();
        classes.dedup();
        let classes: Vec<String> = classes.into_iter().map(|class| class.name().to_owned()).collect();
        text.push_str(&format!("- `{function}` on {} keys: {}\n", listed(&classes), plain(why)));
    }
    text
}

/// What stands in the rows of a class of key on a model, function by function; none if its family has no tables.
fn outcomes(family: &Chapter<'_>, model: &Arc<Model>, class: Class, reasons: &mut Reasons) -> Option<Vec<String>> {
    let bare = spare(family.catalogue, family.maker, model);
    let coded = Subject { codes: Arc::new(FeatureCodes::of_all()), ..bare.clone() };
    let of = &family.maker.family;
    let default = bare.band(None, None);
    let own = in_band(&bare, &coded, class, default, reasons)?;
    let mut differing: Vec<Vec<(String, Vec<Band>)>> = vec![Vec::new(); own.len()];
    for (band, _) in of.bands.iter().filter(|(band, _)| *band != default && of.no_files(*band).is_none()) {
        let there = in_band(&bare, &coded, class, band, reasons)?;
        for (at, outcome) in there.into_iter().enumerate().filter(|(at, outcome)| own[*at] != *outcome) {
            match differing[at].iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, bands)) => bands.push(band),
                None => differing[at].push((outcome, vec![band])),
            }
        }
    }
    let with_bands = own.into_iter().zip(differing).map(|(own, others)| {
        let others = others.iter().map(|(outcome, bands)| format!("; {} {outcome}", named(family, bands)));
        others.fold(own, |text, other| text + &other)
    });
    Some(with_bands.collect())
}

/// Bands by their names; those in a row by the first and the last.
fn named(family: &Chapter<'_>, bands: &[Band]) -> String {
    let name = |band: &Band| family.maker.family.bands.name(*band).to_owned();
    match bands {
        [first, .., last] if usize::from(last - first) + 1 == bands.len() && bands.len() > 2 => {
            format!("{} to {}", name(first), name(last))
        }
        bands => bands.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

fn in_band(bare: &Subject, coded: &Subject, class: Class, band: Band, reasons: &mut Reasons) -> Option<Vec<String>> {
    let (without, with) = (resolve(bare, band, Phase::Later)?, resolve(coded, band, Phase::Later)?);
    let cells = Function::all().map(|function| {
        let what = any_use(function);
        let without = place_on(&without, class, &what, None);
        let with = place_on(&with, class, &what, None);
        reasons.add(function, class, &without);
        reasons.add(function, class, &with);
        words(&without, &with)
    });
    Some(cells.collect())
}

/// How well a key does without any code, and with one.
fn words(without: &Placed<'_>, with: &Placed<'_>) -> String {
    let word = |placed: &Placed<'_>| {
        let mark = placed.state.map_or("", mark);
        match placed.outcome {
            Outcome::Native => format!("native{mark}"),
            Outcome::Dialled => "dialled".to_owned(),
            Outcome::Degraded => format!("degraded{mark}"),
            Outcome::Impossible => "–".to_owned(),
        }
    };
    match (without.outcome, with.outcome) {
        (without, same) if without == same => word(with),
        (Outcome::Impossible, Outcome::Dialled) => "dialled".to_owned(),
        (Outcome::Impossible, _) => format!("{} with a code", word(with)),
        _ => format!("{} / {}", word(with), word(without)),
    }
}
