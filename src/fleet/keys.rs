//! `[keys.n]`, `[soft_keys.n]` and `[modules.m.keys.k]`: functions with their parameters, and labels.

use compact_str::CompactString;

use crate::catalogue::check_url;
use crate::phone::{Area, Function, KeySetting, Keys, Number, Parameter, Place, Use, label};
use crate::reader::{At, Table};

/// The most characters of a label; what a model's screen shows of them is another question.
/// Source: the label fields of Yealink's web page (guidance, not proven on every model).
pub const MAX_LABEL: usize = 99;

/// Reads the three tables of keys.
pub(super) fn read_keys(table: &mut Table<'_, '_>) -> Keys {
    let mut keys = Vec::new();
    for (field, area) in [("keys", Area::Keys), ("soft_keys", Area::SoftKeys)] {
        if let Some(mut area_keys) = table.table(field) {
            read_area(&mut area_keys, area, &mut keys);
        }
    }
    if let Some(mut modules) = table.table("modules") {
        modules.any_field();
        for name in modules.fields() {
            let Some(module) = position(&modules, &name, 20) else { continue };
            let Some(mut entry) = modules.table_named(&name.value) else { continue };
            if let Some(mut module_keys) = entry.table("keys") {
                read_area(&mut module_keys, Area::Module(module as u8), &mut keys);
            }
            entry.finish();
        }
    }
    keys.sort_by_key(|key| key.place);
    for pair in keys.windows(2) {
        if pair[0].place == pair[1].place {
            table.error("twice", pair[1].at, format!("`{}` is set twice", pair[1].place));
        }
    }
    keys.into()
}

fn read_area(table: &mut Table<'_, '_>, area: Area, keys: &mut Vec<KeySetting>) {
    table.any_field();
    for name in table.fields() {
        let Some(position) = position(table, &name, 1000) else { continue };
        let Some(entry) = table.table_named(&name.value) else { continue };
        keys.push(read_key(entry, Place { area, position }, name.line));
    }
}

/// The number in a table's name.
pub(super) fn position(table: &Table<'_, '_>, name: &At<String>, most: u16) -> Option<u16> {
    let position = name.value.parse().ok().filter(|position| (1..=most).contains(position));
    if position.is_none() {
        let what = format!("`{}`: the last part must be a number from 1 to {most}", table.name_of(&name.value));
        table.error("bad-position", name.line, what);
    }
    position
}

fn read_key(mut table: Table<'_, '_>, place: Place, at: u32) -> KeySetting {
    let what = read_use(&mut table);
    let label = table.text("label").and_then(|label| check_label(&table, label));
    let accept = table.texts("accept").map(|list| list.value).unwrap_or_default();
    let accept = accept.into_iter().map(|code| code.value.into()).collect();
    let locked = table.boolean("locked").is_some_and(|at| at.value);
    table.finish();
    KeySetting { place, what, label, accept, locked, at }
}

fn check_label(table: &Table<'_, '_>, label: At<String>) -> Option<CompactString> {
    let name = table.name_of("label");
    if let Some(control) = label.value.chars().find(|c| c.is_control()) {
        let what = if matches!(control, '\n' | '\r') {
            format!("`{name}` holds a line break; a label is one line")
        } else {
            format!("`{name}` holds the control character {control:?}")
        };
        table.error("bad-label", label.line, what);
        return None;
    }
    let length = label.value.chars().count();
    if length > MAX_LABEL {
        let what = format!("`{name}` has {length} characters; {MAX_LABEL} are the most");
        table.error_hint("label-too-long", label.line, what, "phones show 10 to 20");
        return None;
    }
    if let Err(error) = label::names_in(&label.value) {
        table.error_hint("bad-label", label.line, format!("`{name}`: {error}"), "a `${` that is text is written `$${`");
        return None;
    }
    Some(label::composed(&label.value))
}

/// The function with its parameters: each is read whatever the function, so that every mistake is told.
fn read_use(table: &mut Table<'_, '_>) -> Option<Use> {
    let name = table.text("function");
    let number = read_number(table);
    let url = read_url(table);
    let line = table.integer("line", 1..=250);
    let via = table.integer("via", 1..=250);
    let seconds = table.integer("seconds", 1..=3600);
    let given = [
        ("number", number.as_ref().map(|at| at.line)),
        ("url", url.as_ref().map(|at| at.line)),
        ("line", line.map(|at| at.line)),
        ("via", via.map(|at| at.line)),
        ("seconds", seconds.map(|at| at.line)),
    ];
    let Some(name) = name else {
        for (field, at) in given {
            if let Some(at) = at {
                let what = format!("`{}` is given without a function", table.name_of(field));
                table.error_hint("no-function", at, what, "say which `function` it is for");
            }
        }
        return None;
    };
    let Some(function) = Function::named(&name.value) else {
        let what = format!("`{}` is not a function", name.value);
        let near = Function::nearest(&name.value).map(|near| format!("did you mean `{near}`?"));
        table.error_hint("unknown-function", name.line, what, near.unwrap_or("`docs/fleet.md` lists the 39".into()));
        return None;
    };
    check_parameters(table, function, name.line, &given);
    Some(Use {
        function,
        number: number.map(|at| at.value),
        url: url.map(|at| at.value),
        line: line.map_or(1, |at| at.value as u8),
        via: via.map_or(1, |at| at.value as u8),
        seconds: seconds.map(|at| at.value as u16),
    })
}

fn check_parameters(table: &Table<'_, '_>, function: Function, at: u32, given: &[(&str, Option<u32>)]) {
    let has = |field: &str| table.has(field);
    let missing = |field: &str, what: &str| {
        let what = format!("`{}` is missing: `{function}` needs {what}", table.name_of(field));
        table.error("missing-parameter", at, what);
    };
    match function.info().parameter {
        Parameter::Number if !has("number") => missing("number", "a number"),
        Parameter::Sibling if !has("number") => missing("number", "the number of a line of the site"),
        Parameter::VoicemailOrFax if !has("number") => missing("number", "the number of a line, voicemail or fax"),
        Parameter::HuntingGroup if !has("number") => missing("number", "the number of a hunting group"),
        Parameter::Queue if !has("number") => missing("number", "the number of a call queue"),
        Parameter::Url if !has("url") => missing("url", "a web address"),
        Parameter::NumberOrUrl if !has("number") && !has("url") => {
            missing("number", "the number that reaches the voice menu, or its `url`");
        }
        _ => {}
    }
    let takes: &[&str] = match function.info().parameter {
        Parameter::None if function == Function::None => &[],
        Parameter::None => &["via"],
        Parameter::LineIndex => &["line"],
        Parameter::Url => &["url"],
        Parameter::NumberOrUrl => &["number", "url", "via"],
        _ if function == Function::ForwardNoAnswer => &["number", "via", "seconds"],
        _ => &["number", "via"],
    };
    for (field, at) in given {
        if let Some(at) = at
            && !takes.contains(field)
        {
            let what = format!("`{}` means nothing to the function `{function}`", table.name_of(field));
            let hint = if takes.is_empty() {
                "it takes no parameter".into()
            } else {
                format!("it takes {}", takes.join(", "))
            };
            table.error_hint("useless-parameter", *at, what, hint);
        }
    }
}

fn read_number(table: &mut Table<'_, '_>) -> Option<At<Number>> {
    let text = table.text("number")?;
    match text.value.parse() {
        Ok(value) => Some(At { value, line: text.line }),
        Err(error) => {
            table.error("bad-number", text.line, format!("`{}`: {error}", table.name_of("number")));
            None
        }
    }
}

fn read_url(table: &mut Table<'_, '_>) -> Option<At<Box<str>>> {
    let text = table.text("url")?;
    match check_url(&text.value) {
        Ok(()) => Some(At { value: text.value.into(), line: text.line }),
        Err(what) => {
            table.error("bad-url", text.line, format!("`{}` {what}", table.name_of("url")));
            None
        }
    }
}
