//! What the view of every phone of a model has alike: made once for each model and band, and then only counted.
//!
//! A T46S has 15 accounts that are not used and up to 240 keys of modules that are not plugged in. Making their views
//! anew for each phone took longer than everything else together.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use compact_str::{CompactString, format_compact};
use tera::value::Key;
use tera::{Map, Value};

use super::handsets::handset_value;
use super::parameters::{Pair, Writer};
use super::scalars::interned;
use super::view::{KEY_FIELDS, key_value, pairs, table};
use crate::catalogue::{Band, Scope};
use crate::fleet::Phone;
use crate::format::Format;
use crate::phone::Function;
use crate::resolve::{Phase, Resolved, resolve, unset_module};
use crate::world::Subject;

/// What phones of one model and band share.
#[derive(Debug)]
pub struct Shared {
    /// Of our own fields of keys, those that the family's templates name: most keys have what most templates never ask.
    pub key_fields: Vec<&'static str>,
    /// The names of the family's fields of keys.
    pub fields: Vec<&'static str>,
    /// The names of settings, by their place in the vocabulary.
    pub settings: Vec<Key<'static>>,
    /// The accounts as they are where no line uses them.
    pub unused_accounts: Vec<Value>,
    /// The handsets as they are where the base has not so many.
    pub unused_handsets: Vec<Value>,
    /// The keys of a module that is not plugged in, by the module's model.
    pub unset_modules: HashMap<CompactString, Value>,
}

/// By which what is shared is kept.
pub type SharedKey = (CompactString, Band);

/// The names of `codes`: a function's own, and those of its pair and its toggle.
pub static CODE_NAMES: LazyLock<Vec<(Function, [Key<'static>; 4])>> = LazyLock::new(|| {
    let names =
        |function: Function| ["", "_on", "_off", "_toggle"].map(|end| owned(&format_compact!("{function}{end}")));
    Function::all().map(|function| (function, names(function))).collect()
});

impl Shared {
    /// What the phones of this one's model share in a band, with the fields of keys that `is_named` by templates.
    pub fn of(subject: &Subject, band: Band, is_named: impl Fn(&str) -> bool) -> Option<Shared> {
        let phone = Phone { handsets: Box::default(), ..Phone::clone(&subject.phone) };
        let spare = Subject { lines: Vec::new(), phone: Arc::new(phone), ..subject.clone() };
        let resolved = resolve(&spare, band, Phase::Later)?;
        let fields: Vec<_> = resolved.tables.functions.fields.iter().map(|field| interned(&field.name)).collect();
        let key_fields: Vec<_> = KEY_FIELDS.into_iter().filter(|name| is_named(name)).collect();
        let settings = subject.catalogue.vocabulary.iter().map(|(_, setting)| owned(&setting.name)).collect();
        let unused_accounts = unused_accounts(&resolved);
        let unused_handsets = resolved.handsets.iter().map(|handset| handset_value(&resolved, handset)).collect();
        let slots = subject.model.modules.iter().flat_map(|slots| &slots.models);
        let modules = slots.filter_map(|id| subject.catalogue.modules.get(id));
        let unset_modules = modules
            .map(|model| {
                let keys = unset_module(resolved.tables, model);
                let keys: Vec<Value> = keys.iter().map(|key| key_value(&key_fields, &fields, key)).collect();
                (model.id.clone(), keys.into())
            })
            .collect();
        Some(Shared { key_fields, fields, settings, unused_accounts, unused_handsets, unset_modules })
    }
}

fn owned(name: &str) -> Key<'static> {
    Key::String(Arc::from(name))
}

fn unused_accounts(resolved: &Resolved<'_>) -> Vec<Value> {
    let subject = resolved.subject;
    let format = subject.maker.family.format().unwrap_or(Format::Cfg);
    let mut writer = Writer { resolved, format, reveal: false, troubles: Vec::new() };
    let of_account = subject.catalogue.vocabulary.iter().filter(|(_, setting)| setting.scope == Scope::Account);
    let settings = table(of_account.map(|(_, setting)| (setting.name.as_str(), Value::none())));
    let account = |at: usize| {
        let parameters: Vec<Pair> = writer.account(at);
        let mut fields = Map::default();
        for name in ["name", "user", "auth_user", "password", "display_name", "label"] {
            fields.insert(name.into(), "".into());
        }
        fields.insert("n".into(), (at + 1).into());
        fields.insert("n0".into(), at.into());
        fields.insert("used".into(), false.into());
        fields.insert("provider".into(), 0.into());
        fields.insert("provider0".into(), 0.into());
        fields.insert("primary".into(), (at == 0).into());
        fields.insert("settings".into(), settings.clone());
        fields.insert("parameters".into(), pairs(parameters));
        fields.into()
    };
    (0..resolved.accounts.len()).map(account).collect()
}
