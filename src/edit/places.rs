//! Places of keys as writers name them, and keys as fields of a file.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::phone::{Area, Function, Place, Use};

/// Which of a line's keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Keys, soft keys and those on modules.
    #[default]
    All,
    /// Those of the phone itself.
    Keys,
    /// Those at the foot of the screen.
    SoftKeys,
    /// Those on expansion modules.
    Modules,
}

impl What {
    /// Whether a place is one of them.
    pub fn has(self, place: Place) -> bool {
        match self {
            What::All => true,
            What::Keys => place.area == Area::Keys,
            What::SoftKeys => place.area == Area::SoftKeys,
            What::Modules => matches!(place.area, Area::Module(_)),
        }
    }
}

/// A place, or several that follow each other: `7`, `keys.2-9`, `modules.1.keys.1-20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Places {
    first: Place,
    last: u16,
}

impl Places {
    /// Whether a place is among them.
    pub fn has(&self, place: Place) -> bool {
        place.area == self.first.area && (self.first.position..=self.last).contains(&place.position)
    }
}

impl FromStr for Places {
    type Err = String;

    fn from_str(text: &str) -> Result<Places, String> {
        let (first, last) = text.split_once('-').map_or((text, None), |(first, last)| (first, Some(last)));
        let wrong =
            || format!("`{text}` is no place of keys: write such as keys.2-9, soft_keys.1 or modules.1.keys.40");
        let first = Place::parse(first).filter(|place| place.position > 0).ok_or_else(wrong)?;
        let last = last.map_or(Ok(first.position), str::parse).map_err(|_| wrong())?;
        if last < first.position { Err(wrong()) } else { Ok(Places { first, last }) }
    }
}

impl TryFrom<String> for Places {
    type Error = String;

    fn try_from(text: String) -> Result<Places, String> {
        text.parse()
    }
}

/// The fields of a function with its parameters; null is what it has not.
pub fn use_fields(what: Option<&Use>) -> Map<String, Value> {
    let some = |value: Option<Value>| value.unwrap_or(Value::Null);
    let is_line = |what: &&Use| what.function == Function::Line;
    let fields = [
        ("function", what.map(|what| what.function.name().into())),
        ("number", what.and_then(|what| what.number.as_ref()).map(|number| number.as_str().into())),
        ("url", what.and_then(|what| what.url.as_deref()).map(Into::into)),
        ("line", what.filter(is_line).map(|what| what.line.into())),
        ("via", what.filter(|what| what.via > 1).map(|what| what.via.into())),
        ("seconds", what.and_then(|what| what.seconds).map(Into::into)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), some(value))).collect()
}

/// The path of a key in a line's file, with its numbers as they are spelt there.
pub fn spelt(file: &Value, place: Place) -> Vec<String> {
    spelt_there(file, place.to_string().split('.'))
}

/// A path in a file, with the numbers of keys, modules and handsets as they are spelt there: `03` is 3.
pub fn spelt_there<'p>(file: &Value, path: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let mut within = file.as_object();
    let mut spelt: Vec<String> = Vec::new();
    for name in path {
        let is_number = spelt.last().is_some_and(|table| NUMBERED.contains(&table.as_str()));
        let number: Option<u16> = name.parse().ok().filter(|_| is_number);
        let is_same = |there: &&String| number.is_some() && there.parse().ok() == number;
        let there = within.filter(|table| !table.contains_key(name)).and_then(|table| table.keys().find(is_same));
        let name = there.map_or(name, String::as_str);
        within = within.and_then(|table| table.get(name)?.as_object());
        spelt.push(name.to_owned());
    }
    spelt
}

/// Tables whose entries have numbers.
const NUMBERED: [&str; 4] = ["keys", "soft_keys", "modules", "handsets"];

/// The keys of a line's file, in order.
pub fn stored_places(file: &Value) -> BTreeMap<Place, &Value> {
    fn tables(table: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
        table.and_then(Value::as_object).into_iter().flatten()
    }
    let areas = [("keys", Area::Keys), ("soft_keys", Area::SoftKeys)];
    let own = areas.map(|(name, area)| (file.get(name), area)).into_iter();
    let modules = tables(file.get("modules"))
        .filter_map(|(name, module)| Some((module.get("keys"), Area::Module(name.parse().ok()?))));
    let keys = own.chain(modules).flat_map(|(keys, area)| {
        tables(keys).filter_map(move |(name, key)| Some((Place { area, position: name.parse().ok()? }, key)))
    });
    keys.collect()
}

/// Puts a value into nested tables.
pub fn put(table: &mut Map<String, Value>, path: &[String], value: Value) {
    let [name, rest @ ..] = path else { return };
    if rest.is_empty() {
        table.insert(name.clone(), value);
        return;
    }
    let inner = table.entry(name.clone()).or_insert_with(|| Map::new().into());
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_spelt_as_they_are_there() {
        let file = json!({
            "keys": { "03": {}, "4": {}, "04": {} },
            "modules": { "01": { "keys": { "007": {} } } },
            "numbers": { "0123": {} },
        });
        let spelt = |path: &str| spelt_there(&file, path.split('.')).join(".");
        for (path, there) in [
            ("keys.3", "keys.03"),
            ("keys.4", "keys.4"),
            ("keys.5", "keys.5"),
            ("modules.1.keys.7", "modules.01.keys.007"),
            ("modules.2.keys.7", "modules.2.keys.7"),
            ("numbers.123", "numbers.123"),
            ("soft_keys.1", "soft_keys.1"),
        ] {
            assert_eq!(spelt(path), there);
        }
    }

    #[test]
    fn places_are_told_one_by_one_or_from_to() {
        let has = |text: &str, place: &str| text.parse::<Places>().unwrap().has(Place::parse(place).unwrap());
        assert!(has("7", "keys.7") && !has("7", "keys.8") && !has("7", "soft_keys.7"));
        assert!(has("keys.2-9", "keys.2") && has("keys.2-9", "9") && !has("keys.2-9", "10"));
        assert!(has("modules.2.keys.1-40", "modules.2.keys.40") && !has("modules.2.keys.1-40", "modules.1.keys.40"));
        for text in ["", "lamps.1", "keys.9-2", "keys.0", "keys.2-", "keys.2-x", "modules.1"] {
            assert!(text.parse::<Places>().is_err(), "{text}");
        }
    }
}
