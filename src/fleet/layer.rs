//! The settings that one layer stores.

use compact_str::CompactString;

use super::Reading;
use crate::catalogue::{Kind, SettingId};
use crate::phone::SettingValue;
use crate::reader::{Table, Value};

/// A stored setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which setting.
    pub id: SettingId,
    /// Its value; none takes an inherited one away.
    pub value: Option<SettingValue>,
    /// Its line in the file, from 1.
    pub at: u32,
}

/// The settings of one entity: for every phone below it, and for those of some family or model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// For all.
    pub settings: Box<[Stored]>,
    /// `[family.NAME.settings]`
    pub families: Box<[(CompactString, Box<[Stored]>)]>,
    /// `[model.NAME.settings]`
    pub models: Box<[(CompactString, Box<[Stored]>)]>,
}

impl Layer {
    /// Reads `[settings]`, `[sip]` and `unset`.
    pub fn read(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Layer {
        let mut settings = Vec::new();
        if let Some(mut own) = table.table("settings") {
            read_settings(&mut own, "", reading, &mut settings);
        }
        if let Some(mut sip) = table.table("sip") {
            read_settings(&mut sip, "sip.", reading, &mut settings);
        }
        read_unset(table, reading, &mut settings);
        Layer { settings: settings.into(), ..Layer::default() }
    }

    /// Reads the same, and `[family.*]` and `[model.*]`.
    pub fn read_with_scopes(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Layer {
        let layer = Layer::read(table, reading);
        Layer { families: read_scopes(table, "family", reading), models: read_scopes(table, "model", reading), ..layer }
    }
}

/// Reads a table of settings by name.
pub(super) fn read_settings(table: &mut Table<'_, '_>, prefix: &str, reading: &Reading<'_>, into: &mut Vec<Stored>) {
    table.any_field();
    for field in table.fields() {
        let name = format!("{prefix}{}", field.value);
        let shown = table.name_of(&field.value);
        // Members of [sip] have their own table, and no second way to be written.
        let known = reading.vocabulary.id(&name).filter(|_| !field.value.contains('.'));
        let Some(id) = known else {
            let what = format!("`{shown}` is not a setting");
            let near = reading.vocabulary.nearest(&name).map(|near| near.strip_prefix(prefix).unwrap_or(near));
            let hint = near.map_or("`docs/fleet.md` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            table.error_hint("unknown-setting", field.line, what, hint);
            continue;
        };
        let Some(value) = table.value_named(&field.value) else { continue };
        match check(id, &value.value, reading) {
            Ok(value) => into.push(Stored { id, value: Some(value), at: field.line }),
            Err((what, Some(hint))) => table.error_hint("bad-setting", field.line, format!("`{shown}` {what}"), hint),
            Err((what, None)) => table.error("bad-setting", field.line, format!("`{shown}` {what}")),
        }
    }
}

fn check(id: SettingId, value: &Value, reading: &Reading<'_>) -> Result<SettingValue, (String, Option<String>)> {
    let setting = reading.vocabulary.get(id);
    if !matches!(setting.kind, Kind::Secret(_)) {
        return setting.check(value).map_err(|what| (what, None));
    }
    let secret = reading.secrets.read(value, reading.entity).map_err(|(what, hint)| (what, Some(hint)))?;
    setting.check(&Value::Text(secret.expose().to_owned())).map_err(|what| (what, None))
}

fn read_unset(table: &mut Table<'_, '_>, reading: &Reading<'_>, settings: &mut Vec<Stored>) {
    for path in table.texts("unset").map(|at| at.value).unwrap_or_default() {
        let name = path.value.strip_prefix("settings.").unwrap_or(&path.value);
        let Some(id) = reading.vocabulary.id(name) else {
            let what = format!("`unset` names `{}`, which is not a setting", path.value);
            let near = reading.vocabulary.nearest(name);
            let hint =
                near.map_or("write settings.NAME or sip.NAME".to_owned(), |near| format!("did you mean `{near}`?"));
            table.error_hint("unknown-setting", path.line, what, hint);
            continue;
        };
        if settings.iter().any(|stored| stored.id == id) {
            table.error("set-and-unset", path.line, format!("`{}` is both set and unset here", path.value));
        } else {
            settings.push(Stored { id, value: None, at: path.line });
        }
    }
}

type Scopes = Box<[(CompactString, Box<[Stored]>)]>;

fn read_scopes(table: &mut Table<'_, '_>, field: &'static str, reading: &Reading<'_>) -> Scopes {
    let Some(mut scopes) = table.table(field) else { return Box::default() };
    scopes.any_field();
    let mut read = Vec::new();
    for name in scopes.fields() {
        let Some(mut scope) = scopes.table_named(&name.value) else { continue };
        let mut settings = Vec::new();
        if let Some(mut own) = scope.table("settings") {
            read_settings(&mut own, "", reading, &mut settings);
        }
        if let Some(mut sip) = scope.table("sip") {
            read_settings(&mut sip, "sip.", reading, &mut settings);
        }
        read_unset(&mut scope, reading, &mut settings);
        scope.finish();
        read.push((name.value.into(), settings.into()));
    }
    read.into()
}
