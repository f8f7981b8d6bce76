//! Keys on which nothing is set.

use std::sync::Arc;

use compact_str::CompactString;

use super::Key;
use crate::catalogue::{Class, ModuleModel, Outcome, Tables};
use crate::phone::{Area, Function, Place};
use crate::resolve::functions::empty;

/// The keys of a module that is not plugged in, or on which nothing is set.
pub fn unset_module<'s>(tables: &Tables, model: &'s ModuleModel) -> Vec<Key<'s>> {
    let nothing = empty(&tables.functions, Outcome::Native, None).fields.into();
    empty_keys(tables, &nothing, model, 1)
}

pub(super) fn empty_keys<'s>(
    tables: &Tables,
    nothing: &Arc<[CompactString]>,
    model: &'s ModuleModel,
    number: u8,
) -> Vec<Key<'s>> {
    let key = |position| {
        let place = Place { area: Area::Module(number), position };
        let page = (position - 1) / model.keys_per_page + 1;
        let mut key = bare(nothing, place, model.class, position, page);
        key.reserved = model.reserved(position);
        if key.reserved.is_some() {
            reserve(&mut key, tables, nothing, model);
        }
        key
    };
    (1..=model.key_count()).map(key).collect()
}

/// A reserved position says what its module needs there, or is left out of the file.
fn reserve(key: &mut Key<'_>, tables: &Tables, nothing: &[CompactString], model: &ModuleModel) {
    let Some(fixed) = model.fixed(key.place.position) else {
        key.written = false;
        return;
    };
    let fields = tables.functions.fields.iter().zip(nothing);
    let fixed = |name: &str| fixed.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    key.fields = fields.map(|(field, nothing)| fixed(&field.name).unwrap_or_else(|| nothing.clone())).collect();
}

pub(super) fn bare<'s>(
    nothing: &Arc<[CompactString]>,
    place: Place,
    class: Class,
    class_position: u16,
    page: u16,
) -> Key<'s> {
    Key {
        place,
        class,
        class_position,
        page,
        asked: None,
        function: Function::None,
        outcome: Outcome::Native,
        why: None,
        label: CompactString::default(),
        label_origin: None,
        fields: nothing.clone(),
        reserved: None,
        written: true,
        problems: Vec::new(),
    }
}
