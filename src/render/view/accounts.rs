//! The accounts of a phone.

use tera::{Map, Value};

use super::pairs;
use super::settings::settings;
use crate::catalogue::Scope;
use crate::phone::SettingValue;
use crate::render::parameters::{Writer, value_of};
use crate::render::providers::Providers;
use crate::render::shared::Shared;
use crate::resolve::carried_name;

pub(super) fn accounts(writer: &mut Writer<'_, '_>, shared: &Shared, providers: &Providers) -> Value {
    let used = writer.resolved.subject.lines.len();
    let accounts = (0..writer.resolved.accounts.len()).map(|at| match shared.unused_accounts.get(at) {
        Some(unused) if at >= used => unused.clone(),
        _ => account(writer, shared, at, providers.of_accounts.get(at).copied().unwrap_or_default()),
    });
    accounts.collect::<Vec<_>>().into()
}

fn account(writer: &mut Writer<'_, '_>, shared: &Shared, at: usize, provider: usize) -> Value {
    let resolved = writer.resolved;
    let vocabulary = &resolved.subject.catalogue.vocabulary;
    let account = &resolved.accounts[at];
    let (Some(line), Some(names)) = (account.line, account.names(vocabulary)) else { return Value::none() };
    let numbers = [
        ("n", (at + 1).into()),
        ("n0", at.into()),
        ("used", true.into()),
        ("primary", (at == 0).into()),
        ("provider", (provider + 1).into()),
        ("provider0", provider.into()),
    ];
    let mut fields = fixed(numbers);
    let mut put = |name: &'static str, text: &str| {
        fields.insert(name.into(), text.into());
    };
    let text = |name: &str| value_of(&account.settings, vocabulary.id(name)).and_then(SettingValue::as_text);
    let carried = |name| carried_name(resolved.subject, name, resolved.subject.maker.family.label_limits.account);
    put("name", &line.name);
    put("user", names.user);
    put("auth_user", text("sip.auth_user").unwrap_or(names.user));
    put("display_name", &carried(names.display_name));
    put("label", &carried(names.label));
    let password = vocabulary.id("sip.password").and_then(|id| Some((id, value_of(&account.settings, Some(id))?)));
    let password = password.and_then(|(id, value)| writer.secret(id, vocabulary.get(id), value, Some(at)));
    put("password", password.as_deref().unwrap_or_default());
    fields.insert("settings".into(), settings(writer, &shared.settings, Scope::Account, Some(at)));
    fields.insert("parameters".into(), pairs(writer.account(at)));
    fields.into()
}

fn fixed<const N: usize>(fields: [(&'static str, Value); N]) -> Map {
    let mut map = Map::default();
    map.reserve(N + 8);
    for (name, value) in fields {
        map.insert(name.into(), value);
    }
    map
}
