//! The texts of a phone's and a line's file with another model and with keys at other places; comments and order stay.

use compact_str::CompactString;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, Table, TableLike, TomlError, Value, value};

use crate::fleet::Modules;
use crate::phone::{Area, KeySetting, Place, Use};

/// A key that goes to another place.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// Where it is.
    pub from: Place,
    /// Where it goes, with everything that holds for it: what a layout says of it as well.
    pub to: KeySetting,
}

/// What a phone's file says of the device.
#[derive(Debug)]
pub(super) struct Device<'a> {
    pub model: &'a str,
    /// None: as before.
    pub modules: Option<Modules>,
    /// The firmware is one of the old model's family.
    pub forget_firmware: bool,
}

/// A phone's file with another model, and with other modules where they change.
pub(super) fn phone(text: &str, device: &Device<'_>) -> Result<String, TomlError> {
    let Device { model, modules, forget_firmware } = device;
    let mut document: DocumentMut = text.parse()?;
    if *forget_firmware {
        document.remove("firmware");
    }
    replace(document.as_table_mut(), "model", (*model).into());
    let modules = modules.as_ref().map(|modules| match modules {
        Modules::Count(count) => i64::from(*count).into(),
        Modules::Models(ids) => ids.iter().map(CompactString::as_str).collect::<Array>().into(),
    });
    if let Some(modules) = modules {
        replace(document.as_table_mut(), "modules", modules);
    }
    Ok(document.to_string())
}

/// Another value under a name, with what stands around it.
fn replace(table: &mut Table, name: &str, mut new: Value) {
    if let Some(old) = table.get(name).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    table[name] = Item::Value(new);
}

/// A line's file with keys at other places.
pub(super) fn line(text: &str, moves: &[Moved]) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    // All are taken before the first is put: one may go to where another was.
    let taken: Vec<_> = moves.iter().map(|moved| take(document.as_item_mut(), moved.from)).collect();
    for (taken, moved) in taken.into_iter().zip(moves) {
        let (key, mut item) = taken.unwrap_or_else(|| (Key::new(""), Item::Table(Table::new())));
        if let Some(table) = item.as_table_like_mut() {
            complete(table, &moved.to);
        }
        put(document.as_item_mut(), moved.to.place, &key, item);
    }
    Ok(document.to_string())
}

/// The names under which a place is written.
fn path(place: Place) -> (Vec<String>, String) {
    let tables = match place.area {
        Area::Keys => vec!["keys".to_owned()],
        Area::SoftKeys => vec!["soft_keys".to_owned()],
        Area::Module(module) => vec!["modules".to_owned(), module.to_string(), "keys".to_owned()],
    };
    (tables, place.position.to_string())
}

/// Takes what is written at a place out of the document, with its comments.
fn take(document: &mut Item, place: Place) -> Option<(Key, Item)> {
    let (tables, name) = path(place);
    let mut item = document;
    for table in &tables {
        item = item.as_table_like_mut()?.get_mut(table)?;
    }
    match item {
        Item::Table(table) => table.remove_entry(&name),
        Item::Value(Value::InlineTable(table)) => {
            table.remove_entry(&name).map(|(key, value)| (key, Item::Value(value)))
        }
        _ => None,
    }
}

/// Writes into a key what of it is not there: what a layout says, which does not come along.
fn complete(table: &mut dyn TableLike, key: &KeySetting) {
    if let Some(what) = key.what.as_ref().filter(|_| !table.contains_key("function")) {
        for (name, said) in fields(what) {
            table.insert(name, Item::Value(said));
        }
    }
    if let Some(label) = key.label.as_ref().filter(|_| !table.contains_key("label")) {
        table.insert("label", value(label.as_str()));
    }
    if !key.accept.is_empty() && !table.contains_key("accept") {
        table.insert("accept", value(key.accept.iter().map(CompactString::as_str).collect::<Array>()));
    }
    if key.locked && table.get("locked").and_then(Item::as_bool) != Some(true) {
        table.insert("locked", value(true));
    }
}

/// A function and its parameters as they are written.
fn fields(what: &Use) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("function", Value::from(what.function.name()))];
    fields.extend(what.number.as_ref().map(|number| ("number", number.as_str().into())));
    fields.extend(what.url.as_deref().map(|url| ("url", url.into())));
    fields.extend(Some(what.line).filter(|line| *line != 1).map(|line| ("line", i64::from(line).into())));
    fields.extend(Some(what.via).filter(|via| *via != 1).map(|via| ("via", i64::from(via).into())));
    fields.extend(what.seconds.map(|seconds| ("seconds", i64::from(seconds).into())));
    fields
}

/// Puts a key to a place, in the way in which its neighbours are written.
fn put(document: &mut Item, place: Place, old: &Key, item: Item) {
    let (tables, name) = path(place);
    // What is written on a line of its own stays so: `keys.16.label = …` becomes no table with a head.
    let on_lines = item.is_value() || item.as_table().is_some_and(Table::is_dotted);
    let mut target = document;
    for table in &tables {
        let Some(below) = below(target, table, on_lines) else { return };
        target = below;
    }
    let key = Key::new(name).with_leaf_decor(old.leaf_decor().clone());
    match target {
        Item::Table(table) => {
            table.insert_formatted(&key, item);
        }
        Item::Value(Value::InlineTable(table)) => {
            if let Ok(value) = item.into_value() {
                table.insert_formatted(&key, value);
            }
        }
        _ => {}
    }
}

/// The table of a name, made as the one around it is written if it is not there.
fn below<'d>(item: &'d mut Item, name: &str, on_lines: bool) -> Option<&'d mut Item> {
    let made = match item {
        Item::Table(table) if table.is_dotted() || on_lines => {
            let mut made = Table::new();
            made.set_dotted(true);
            Item::Table(made)
        }
        Item::Table(_) => {
            let mut made = Table::new();
            made.set_implicit(true);
            Item::Table(made)
        }
        _ => Item::Value(Value::InlineTable(InlineTable::new())),
    };
    let table = item.as_table_like_mut()?;
    if !table.contains_key(name) {
        table.insert(name, made);
    }
    table.get_mut(name)
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
