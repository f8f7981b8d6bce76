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
    let number = |within: Option<&Value>, number: u16| {
        let names = within.and_then(Value::as_object).into_iter().flat_map(Map::keys);
        names.into_iter().find(|name| name.parse() == Ok(number)).cloned().unwrap_or_else(|| number.to_string())
    };
    match place.area {
        Area::Keys => vec!["keys".into(), number(file.get("keys"), place.position)],
        Area::SoftKeys => vec!["soft_keys".into(), number(file.get("soft_keys"), place.position)],
        Area::Module(module) => {
            let modules = file.get("modules");
            let module = number(modules, module.into());
            let keys = modules.and_then(|modules| modules.get(&module)?.get("keys"));
            let position = number(keys, place.position);
            vec!["modules".into(), module, "keys".into(), position]
        }
    }
}

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
    use super::*;

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
