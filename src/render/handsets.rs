//! The handsets of a DECT base as templates see them.

use tera::Value;

use super::scalars::{Scalar, object};
use super::shared::Shared;
use crate::resolve::{Handset, Resolved, carried_name};

/// A list with one entry for each handset that the model can have.
pub(super) fn handsets(resolved: &Resolved<'_>, shared: &Shared) -> Value {
    let view = |handset: &Handset<'_>| match shared.unused_handsets.get(usize::from(handset.number) - 1) {
        Some(unused) if handset.account.is_none() && handset.stored.is_none() => unused.clone(),
        _ => handset_value(resolved, handset),
    };
    resolved.handsets.iter().map(view).collect::<Vec<_>>().into()
}

/// When handsets may register, if the fleet says so.
pub(super) fn registration(resolved: &Resolved<'_>, reveal: bool) -> Value {
    let Some(registration) = &resolved.subject.phone.registration else { return Value::none() };
    let shown = format!("‹secret:registration.code@{}›", resolved.subject.phone.mac);
    let code = registration.code.as_ref().map(|code| if reveal { code.expose() } else { shown.as_str() });
    object([
        ("start", Scalar::Number(registration.from.max(0) as u64)),
        ("seconds", Scalar::Number(registration.seconds.into())),
        ("code", Scalar::Text(code.unwrap_or_default())),
    ])
}

/// One handset. One that is not used has no name and the account 0; its identity stays, so that it can be cleared.
pub(super) fn handset_value(resolved: &Resolved<'_>, handset: &Handset<'_>) -> Value {
    let name =
        handset.name(resolved.subject).map(|name| carried_name(resolved.subject, name, None)).unwrap_or_default();
    let account = handset.account.map_or(0, |account| account as u64 + 1);
    object([
        ("n", Scalar::Number(handset.number.into())),
        ("n0", Scalar::Number(u64::from(handset.number) - 1)),
        ("used", Scalar::Flag(handset.account.is_some())),
        ("stored", Scalar::Flag(handset.stored.is_some())),
        ("named", Scalar::Flag(handset.stored.is_some_and(|stored| stored.name.is_some()))),
        ("account", Scalar::Number(account)),
        ("account0", Scalar::Number(account.saturating_sub(1))),
        ("name", Scalar::Text(&name)),
        ("ipui", Scalar::Text(handset.stored.and_then(|stored| stored.ipui.as_deref()).unwrap_or_default())),
    ])
}
