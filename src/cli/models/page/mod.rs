//! The page of all phones, `docs/models.md`: what each has, how its keys do the 39 functions, and where sources disagree.
//!
//! It is made from the catalogue alone, and from the texts of which that is made: what a typed value leaves out, such as a
//! second opinion on a setting that a family has not, is still to be told.

mod disagreements;
mod figures;
mod functions;

use std::sync::Arc;

use crate::catalogue::{Catalogue, Maker, Model, State, Texts};

/// The page in Markdown, from the catalogue's texts.
pub fn page(texts: &Texts) -> String {
    let catalogue = Arc::new(Catalogue::load(texts, None).0);
    let families: Vec<Chapter<'_>> =
        catalogue.families.values().filter_map(|maker| chapter(&catalogue, maker)).collect();
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&glance(&families));
    page.push_str(LEGEND);
    for family in &families {
        page.push_str(&format!("\n## {}\n\n{}", family.maker.family.name, figures::of(family, texts)));
        page.push_str(&functions::of(family));
        page.push_str(&disagreements::of(family, texts));
    }
    page.push_str(&without_files(&catalogue));
    page.push_str(&disagreements::of_operators(texts));
    page
}

const INTRODUCTION: &str = "\
# Phones

Every phone that Offhook knows: what it has, what its keys can do, and where the sources disagree. The page is made from
the catalogue by `offhook models --format markdown`; `offhook models MODEL` shows one phone with the source of each
figure, and `offhook functions MAC` what the keys of one of your own phones can do at its site.

";

const LEGEND: &str = "
## How to read the tables

**How sure is it?** A figure without a mark is the maker's own, or seen in real traffic. `°` behind it: only another
provisioning server shows it. `?` behind it: concluded, or not known any better. The numbers in the last column are
those of the sources below the table.

**Keys** are of four classes: *line*, beside the screen, which may carry a line; *memory*, with a lamp and without a
screen; *module*, on an expansion module; and *programmable*, which are soft keys and those fixed keys that can be given
another meaning. **Labels** are as wide as that many characters; *unknown* where no source tells.

**What a key can do**, in the tables of functions:

| | |
|---|---|
| native | the phone does it by itself |
| native with a code | the phone does it by itself, and needs the operator's code for it |
| dialled | the key dials the operator's code; where the site has none it can do nothing |
| dialled / native | it dials the code where the site has one, and else the phone does it; `services = \"phone\"` turns that round |
| degraded | it works, but not quite as asked: the reasons are below the table |
| – | impossible: the key is sent as an empty one |

What firmware changes stands behind the name of the band: `native; v11 –` is native, and impossible in the band `v11`.
The first line of a cell is how most phones do it; those with a letter, explained below the table, do it otherwise.
";

/// A family with its models.
struct Chapter<'c> {
    catalogue: &'c Arc<Catalogue>,
    maker: &'c Arc<Maker>,
    models: Vec<&'c Arc<Model>>,
}

fn chapter<'c>(catalogue: &'c Arc<Catalogue>, maker: &'c Arc<Maker>) -> Option<Chapter<'c>> {
    let models: Vec<_> = catalogue.models.values().filter(|model| model.family == maker.family.id).collect();
    (!models.is_empty()).then_some(Chapter { catalogue, maker, models })
}

/// The families in one table, with links to their chapters.
fn glance(families: &[Chapter<'_>]) -> String {
    let mut rows =
        vec!["| family | phones | lines | keys | expansion modules |".to_owned(), "|---|--:|--:|--:|---|".into()];
    for family in families {
        let name = &family.maker.family.name;
        let models = &family.models;
        let lines = models.iter().map(|model| model.lines.count);
        let keys = models.iter().map(|model| model.key_count());
        let modules = models.iter().filter_map(|model| model.modules.as_ref()).map(|slots| slots.max).max();
        let modules = modules.map_or_else(|| "none".to_owned(), |most| format!("up to {most}"));
        let (lines, keys) = (span(lines), span(keys));
        rows.push(format!("| [{name}](#{}) | {} | {lines} | {keys} | {modules} |", anchor(name), models.len()));
    }
    rows.push(String::new());
    rows.join("\n")
}

/// Phones that are recognised, and for which no file can be written.
fn without_files(catalogue: &Catalogue) -> String {
    let mut rows = vec![
        "\n## Recognised and no more\n".to_owned(),
        "| phones | figures | why they get no file | source |".into(),
        "|---|---|---|---|".into(),
    ];
    for maker in catalogue.families.values() {
        for phones in &maker.family.without_files {
            let figures = format!("{}{}", phones.figures, mark(phones.source.state));
            rows.push(format!("| {} | {figures} | {} | {} |", phones.phones, phones.why, phones.source.source));
        }
    }
    rows.push(String::new());
    rows.join("\n")
}

/// The least and the most.
fn span(numbers: impl Iterator<Item = u16> + Clone) -> String {
    let (least, most) = (numbers.clone().min().unwrap_or_default(), numbers.max().unwrap_or_default());
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// How sure a figure is, behind it.
fn mark(state: State) -> &'static str {
    match state {
        State::Known => "",
        State::Peer => "°",
        State::Inferred => "?",
    }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text of the catalogue, in which nothing is to be taken for Markdown.
fn plain(text: &str) -> String {
    text.replace('*', "\\*").replace('<', "&lt;").replace('\n', " ")
}

/// Several names in one sentence.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A model's name without its maker's, which stands in the heading.
fn short_name<'m>(family: &Chapter<'_>, model: &'m Model) -> &'m str {
    let maker = family.maker.family.maker.as_str();
    let (first, rest) = model.name.split_once(' ').unwrap_or(("", &model.name));
    if first.eq_ignore_ascii_case(maker) { rest } else { &model.name }
}
