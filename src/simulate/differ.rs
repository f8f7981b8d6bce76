//! Compares what a phone has understood with what it should have, and says each difference in a sentence.

use std::collections::BTreeMap;

use super::expect::{Expected, Wanted};
use super::understood::{Account, Does, Handset, Key, Transport, Understood};
use crate::format::grammar::Grammar;
use crate::phone::Place;

/// All differences, in the order in which a person would look for them.
pub fn differences(expected: &Expected, understood: Understood) -> Vec<String> {
    let understood = renumbered(expected, understood);
    let mut told = understood.troubles.clone();
    for (n, wanted) in &expected.accounts {
        match understood.accounts.get(n) {
            Some(found) => account(*n, wanted, found, &mut told),
            None if expected.unused.contains(n) => {}
            None => told.push(format!("account {n} is `{}`, and the phone understood none", wanted.user)),
        }
    }
    for (n, found) in understood.accounts.iter().filter(|(n, _)| !expected.accounts.contains_key(n)) {
        told.push(format!("account {n} is not stored, and the phone understood `{}`", found.user));
    }
    for (place, wanted) in &expected.keys {
        match understood.keys.get(place) {
            Some(found) => key(*place, wanted, found, &mut told),
            None if understood.keys_are_unknown && wanted.any_of.contains(&Does::Nothing) => {}
            None => told.push(format!("{place}: `{}` is stored, and no file speaks of the key", wanted.stored)),
        }
    }
    for (place, found) in understood.keys.iter().filter(|(place, _)| !expected.keys.contains_key(place)) {
        if !matches!(found.does, Does::Nothing | Does::Kept | Does::Factory) {
            told.push(format!("{place}: the phone has no such key here, and understood: {}", found.does));
        }
    }
    handsets(expected, &understood, &mut told);
    told
}

/// Numbers accounts and handsets as they are stored, where the phone has an order of its own: an account is known by its
/// user, a handset by its identity. What is known by neither keeps a number that nothing stored has.
fn renumbered(expected: &Expected, understood: Understood) -> Understood {
    let mut told = understood;
    if told.accounts_by_user {
        let stranger = |n: u16| 1000 + n;
        let of_user = |user: &str| expected.accounts.iter().find(|(_, account)| account.user == user).map(|(n, _)| *n);
        let numbers: BTreeMap<u16, u16> =
            told.accounts.iter().map(|(n, account)| (*n, of_user(&account.user).unwrap_or(stranger(*n)))).collect();
        let number = |n: u16| numbers.get(&n).copied().unwrap_or(stranger(n));
        told.accounts =
            std::mem::take(&mut told.accounts).into_iter().map(|(n, account)| (number(n), account)).collect();
        for key in told.keys.values_mut() {
            if let Does::Account(n) = &mut key.does {
                *n = number(*n);
            }
        }
        for handset in told.handsets.values_mut() {
            handset.accounts.iter_mut().for_each(|n| *n = number(*n));
        }
    }
    let by_identity = |handset: &Handset| {
        let ipui = handset.ipui.as_ref()?;
        expected.handsets.iter().find(|(_, wanted)| wanted.ipui.as_ref() == Some(ipui)).map(|(n, _)| *n)
    };
    let handsets = std::mem::take(&mut told.handsets).into_iter();
    told.handsets = handsets.map(|(n, handset)| (by_identity(&handset).unwrap_or(n), handset)).collect();
    told
}

fn handsets(expected: &Expected, understood: &Understood, told: &mut Vec<String>) {
    for (n, wanted) in &expected.handsets {
        let Some(found) = understood.handsets.get(n) else {
            told.push(format!("handset {n} is stored, and the phone understood none"));
            continue;
        };
        if wanted.accounts != found.accounts {
            let list = |accounts: &[u16]| accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let (wanted, found) = (list(&wanted.accounts), list(&found.accounts));
            told.push(format!("handset {n}: it uses account {wanted}, and the phone understood `{found}`"));
        }
        // Not every file has a place for a name or an identity.
        for (what, wanted, found) in [("name", &wanted.name, &found.name), ("identity", &wanted.ipui, &found.ipui)] {
            if let Some(found) = found.as_ref().filter(|found| !wanted.as_ref().is_some_and(|name| shows(name, found)))
            {
                let wanted = wanted.as_deref().unwrap_or("none");
                told.push(format!("handset {n}: the {what} is `{wanted}`, and the phone understood `{found}`"));
            }
        }
    }
    for n in understood.handsets.keys().filter(|n| !expected.handsets.contains_key(n)) {
        told.push(format!("handset {n} is not stored, and the phone understood one"));
    }
}

fn account(n: u16, wanted: &Account, found: &Account, told: &mut Vec<String>) {
    let mut text = |what: &str, wanted: &str, found: &str| {
        if wanted != found && !(what == "label" && shows(wanted, found)) {
            told.push(format!("account {n}: the {what} is `{wanted}`, and the phone understood `{found}`"));
        }
    };
    text("user", &wanted.user, &found.user);
    text("name to register under", &wanted.auth_user, &found.auth_user);
    text("server", &wanted.server, &found.server);
    if let (Some(wanted), Some(found)) = (&wanted.label, &found.label) {
        text("label", wanted, found);
    }
    let usual = if wanted.transport == Some(Transport::Tls) { 5061 } else { 5060 };
    if wanted.port.unwrap_or(usual) != found.port.unwrap_or(usual) {
        let (wanted, found) = (wanted.port.unwrap_or(usual), found.port.unwrap_or(usual));
        told.push(format!("account {n}: the port is {wanted}, and the phone understood {found}"));
    }
    match (wanted.transport, found.transport) {
        // A phone without such a look-up in DNS takes UDP.
        (Some(Transport::Dns), Some(Transport::Udp)) | (_, None) => {}
        (wanted, found) if wanted != found => {
            let name =
                |transport: Option<Transport>| format!("{:?}", transport.unwrap_or(Transport::Udp)).to_uppercase();
            let (wanted, found) = (name(wanted), name(found));
            told.push(format!("account {n}: it is over {wanted}, and the phone understood {found}"));
        }
        _ => {}
    }
    match (wanted.password, found.password) {
        (true, false) => told.push(format!("account {n}: a password is stored, and the phone has none")),
        (false, true) => told.push(format!("account {n}: no password is stored, and the phone has one")),
        _ => {}
    }
}

fn key(place: Place, wanted: &Wanted, found: &Key, told: &mut Vec<String>) {
    if !wanted.any_of.iter().any(|way| is(way, &found.does, wanted.degraded)) {
        told.push(format!("{place}: `{}` is stored, and the phone understood: {}", wanted.stored, found.does));
        return;
    }
    if !wanted.labels.contains(&found.label) {
        let shown = found.label.as_ref().map_or_else(|| "none".to_owned(), |label| format!("`{label}`"));
        let stored = wanted.labels.iter().flatten().next();
        let stored = stored.map_or_else(|| "none".to_owned(), |label| format!("`{label}`"));
        told.push(format!("{place}: the label is {stored}, and the phone shows {shown}"));
    }
}

/// Whether a name is shown as it is stored, or as the inside of a C string can carry it; `check` tells of it.
fn shows(wanted: &str, found: &str) -> bool {
    wanted == found || Grammar::CString.label(wanted) == found
}

/// Whether what a key does is one way to do what is wanted.
fn is(wanted: &Does, found: &Does, degraded: bool) -> bool {
    // A key that cannot say by which account takes the first; for another one `check` calls it degraded.
    let by = |wanted: &Option<u16>, found: &Option<u16>| match (wanted, found) {
        (wanted, None) => degraded || wanted.is_none_or(|via| via == 1),
        (None, Some(_)) => true,
        (wanted, found) => wanted == found,
    };
    match (wanted, found) {
        (Does::Dial { number: a, via: x }, Does::Dial { number: b, via: y }) => a == b && by(x, y),
        (Does::Watch { number: a, via: x, pickup: p }, Does::Watch { number: b, via: y, pickup: q }) => {
            a == b && by(x, y) && (p == q || degraded && q.is_none())
        }
        (Does::Own { function: f, number: a, via: x }, Does::Own { function: g, number: b, via: y }) => {
            f == g && (a == b || degraded && b.is_none()) && by(x, y)
        }
        (Does::Own { function, .. }, Does::InCalls(functions)) => functions.contains(function),
        // In calls the maker's own soft keys stay.
        (Does::Nothing | Does::Factory, Does::InCalls(_)) => true,
        (wanted, found) => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_say_by_which_account_takes_the_first() {
        let dial = |via| Does::Dial { number: "202".into(), via };
        assert!(is(&dial(Some(1)), &dial(None), false));
        assert!(!is(&dial(Some(2)), &dial(None), false));
        assert!(is(&dial(Some(2)), &dial(None), true));
        assert!(!is(&dial(Some(2)), &dial(Some(1)), true));
    }
}
