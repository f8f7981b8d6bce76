//! The handsets of a DECT base as templates see them.

use tera::Value;

use super::scalars::{Scalar, object};
use super::shared::Shared;
use crate::resolve::{Handset, Resolved, carried_name};

/// A list with one entry for each handset that the model can have.
pub(super) fn handsets(resolved: &Resolved<'_>, shared: &Shared) -> Value {
    let view = |handset: &Handset<'_>| match shared.unused_handsets.get(usize::from(handset.number) - 1) {
        Some(unused) if handset.account.is_none() => unused.clone(),
        _ => handset_value(resolved, handset),
    };
    resolved.handsets.iter().map(view).collect::<Vec<_>>().into()
}

/// One handset; all texts of one that is not used are empty, and its account is 0.
pub(super) fn handset_value(resolved: &Resolved<'_>, handset: &Handset<'_>) -> Value {
    let stored = handset.stored.filter(|_| handset.account.is_some());
    let name =
        handset.name(resolved.subject).map(|name| carried_name(resolved.subject, name, None)).unwrap_or_default();
    let account = handset.account.map_or(0, |account| account as u64 + 1);
    object([
        ("n", Scalar::Number(handset.number.into())),
        ("n0", Scalar::Number(u64::from(handset.number) - 1)),
        ("used", Scalar::Flag(handset.account.is_some())),
        ("stored", Scalar::Flag(stored.is_some())),
        ("account", Scalar::Number(account)),
        ("account0", Scalar::Number(account.saturating_sub(1))),
        ("name", Scalar::Text(&name)),
        ("ipui", Scalar::Text(stored.and_then(|stored| stored.ipui.as_deref()).unwrap_or_default())),
    ])
}
