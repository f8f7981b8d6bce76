//! What accounts have in common: the server that they register with and how they speak to it.
//!
//! A DECT base has one list of providers, and each account names one of them.

use tera::Value;

use super::scalars::{Scalar, object};
use crate::catalogue::Scope;
use crate::resolve::Resolved;

/// Settings of an account that are its own, whatever its provider.
const OWN: [&str; 8] = [
    "sip.user",
    "sip.auth_user",
    "sip.password",
    "sip.display_name",
    "voicemail_number",
    "automatic_answer",
    "hide_my_number",
    "reject_anonymous",
];

/// For each account that is used, its provider; and for each provider the first account that has it. All from 0.
pub(super) struct Providers {
    pub of_accounts: Vec<usize>,
    pub accounts: Vec<usize>,
}

pub(super) fn providers(resolved: &Resolved<'_>) -> Providers {
    let vocabulary = &resolved.subject.catalogue.vocabulary;
    let shared: Vec<usize> = vocabulary
        .iter()
        .filter(|(_, setting)| setting.scope == Scope::Account && !OWN.contains(&setting.name.as_str()))
        .map(|(id, _)| usize::from(id.0))
        .collect();
    let mut found = Providers { of_accounts: Vec::new(), accounts: Vec::new() };
    for (at, account) in resolved.accounts.iter().enumerate().filter(|(_, account)| account.line.is_some()) {
        let alike = |other: &usize| {
            let other = &resolved.accounts[*other].settings;
            shared.iter().all(|id| {
                other.get(*id).map(|setting| setting.value) == account.settings.get(*id).map(|setting| setting.value)
            })
        };
        let provider = found.accounts.iter().position(alike).unwrap_or_else(|| {
            found.accounts.push(at);
            found.accounts.len() - 1
        });
        found.of_accounts.push(provider);
    }
    found
}

impl Providers {
    /// The list as templates see it.
    pub fn value(&self) -> Value {
        let provider = |(n0, account): (usize, &usize)| {
            object([
                ("n", Scalar::Number(n0 as u64 + 1)),
                ("n0", Scalar::Number(n0 as u64)),
                ("account", Scalar::Number(*account as u64 + 1)),
                ("account0", Scalar::Number(*account as u64)),
            ])
        };
        self.accounts.iter().enumerate().map(provider).collect::<Vec<_>>().into()
    }
}
