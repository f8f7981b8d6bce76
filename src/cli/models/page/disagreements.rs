//! Where the sources disagree: a line for each, from the catalogue's files as they are written.

use toml::{Table, Value};

use super::{Chapter, listed, plain};
use crate::catalogue::Texts;

/// What the sources of a family say otherwise; nothing where they agree.
pub fn of(family: &Chapter<'_>, texts: &Texts) -> String {
    let id = &family.maker.family.id;
    let found = found_below(texts, &format!("models/{id}/"));
    if found.is_empty() {
        return String::new();
    }
    format!("\n### {}: where sources disagree\n\n{}", family.maker.family.name, lines(&found))
}

/// The same for the operators' tables of codes.
pub fn of_operators(texts: &Texts) -> String {
    let found = found_below(texts, "models/feature-codes/");
    if found.is_empty() {
        String::new()
    } else {
        format!("\n## Operators' codes: where sources disagree\n\n{}", lines(&found))
    }
}

/// A file of the catalogue as it is written; an empty table where it is not there or no TOML.
pub fn table(texts: &Texts, path: &str) -> Table {
    texts.get(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A disagreement: on what it is, in its files' own words, and on whose.
type Found = Vec<((String, String), Vec<String>)>;

fn found_below(texts: &Texts, folder: &str) -> Found {
    let mut found = Found::new();
    for path in texts.keys().filter(|path| path.starts_with(folder) && path.ends_with(".toml")) {
        let file = table(texts, path);
        let stem = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
        let (whose, kind) = match stem {
            "family" => ("", ""),
            "functions" => ("", "functions."),
            "settings" => ("", "settings."),
            _ => (without_maker(file.get("name").and_then(Value::as_str).unwrap_or(stem), folder), ""),
        };
        let mut here = Vec::new();
        walk(&Value::Table(file.clone()), &mut Vec::new(), &mut here);
        for (on, said) in here {
            let on = told(kind, &on);
            match found.iter_mut().find(|((known, text), _)| *known == on && *text == said) {
                Some((_, names)) => names.push(whose.to_owned()),
                None => found.push(((on, said), vec![whose.to_owned()])),
            }
        }
    }
    found
}

/// A phone's name without the maker's, which the folder of its family begins with.
fn without_maker<'n>(name: &'n str, folder: &str) -> &'n str {
    let maker = folder.trim_start_matches("models/").split(['-', '/']).next().unwrap_or_default();
    name.split_once(' ').filter(|(first, _)| first.eq_ignore_ascii_case(maker)).map_or(name, |(_, rest)| rest)
}

/// What is said of phones first, then what is said of all.
fn lines(found: &Found) -> String {
    let (mut of_phones, mut of_all) = (String::new(), String::new());
    for ((on, said), names) in found {
        let said = plain(said);
        let mut names: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
        names.dedup();
        match (names.is_empty(), on.is_empty()) {
            (true, _) => of_all.push_str(&format!("- {on}: {said}\n")),
            (false, true) => of_phones.push_str(&format!("- {}: {said}\n", listed(&names))),
            (false, false) => of_phones.push_str(&format!("- {}, {on}: {said}\n", listed(&names))),
        }
    }
    of_phones + &of_all
}

/// Collects every `disagreement` with the names of the tables that lead to it.
fn walk(value: &Value, way: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::Table(fields) => {
            if let Some(Value::String(said)) = fields.get("disagreement") {
                found.push((way.clone(), said.clone()));
            }
            for (name, field) in fields {
                way.push(name.clone());
                walk(field, way, found);
                way.pop();
            }
        }
        Value::Array(items) => {
            for item in items {
                let named = ["name", "number", "class"].into_iter().find_map(|field| item.get(field));
                let name = named.map(|name| match name {
                    Value::String(name) => name.clone(),
                    Value::Array(names) => {
                        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                        names.join(" and ")
                    }
                    other => other.to_string(),
                });
                way.push(name.unwrap_or_default());
                walk(item, way, found);
                way.pop();
            }
        }
        _ => {}
    }
}

/// On what it is, for people.
fn told(kind: &str, way: &[String]) -> String {
    let way: Vec<&str> = way.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    match (kind, way.as_slice()) {
        ("settings.", [name, ..]) => format!("setting `{name}`"),
        ("functions.", ["functions", name]) => format!("function `{name}`"),
        ("functions.", ["functions", name, class]) => {
            format!("function `{name}` on {class} keys")
        }
        (_, ["files", name]) => format!("file `{name}`"),
        (_, ["recognise", ..]) => "user agent".to_owned(),
        (_, ["numbers", number]) => format!("number {number} in paths"),
        (_, ["labels", class]) => format!("labels ({class})"),
        (_, ["keys", class]) => format!("{class} keys"),
        (_, ["soft_keys", ..]) => "soft keys".to_owned(),
        (_, []) => String::new(),
        (_, names) => names.join(" "),
    }
}
