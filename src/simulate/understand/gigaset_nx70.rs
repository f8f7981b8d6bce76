//! Gigaset's Nx70 bases. Sources: docs/sources.md, Gigaset, 3.3 and 4.3: an account belongs to a handset.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Handset, Transport, Understood};
use super::filled;

/// What a base understands. Accounts are counted in the order of the handsets.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood { accounts_by_user: true, ..Understood::default() };
    let max = device.model.handsets.as_ref().map_or(0, |slots| slots.max);
    let users = memory.below("SipAccount.").filter_map(|(name, user)| Some((name.strip_suffix(".UserName")?, user)));
    let (used, free): (Vec<_>, Vec<_>) = users.partition(|(_, user)| !user.is_empty());
    let mut by_identity = 0;
    for ((slot, _), account) in used.into_iter().zip(1..) {
        let field = |name: &str| memory.get(&format!("SipAccount.{slot}.{name}")).unwrap_or_default();
        understood.accounts.insert(account, account_of(memory, &field));
        if memory.get(&format!("oper add_hs {slot} hs.RegStatus")) != Some("ToReg") {
            understood.troubles.push(format!("the handset `{slot}` has an account, and is not added to the base"));
        }
        // A place of five digits, or the handset's identity.
        let (n, ipui) = match slot.len() {
            5 => (slot.parse().unwrap_or(0), None),
            _ => {
                by_identity += 1;
                (10_000 + by_identity, Some(slot.to_lowercase()))
            }
        };
        let name = filled(field("DisplayName"));
        understood.handsets.insert(n, Handset { accounts: vec![account], name, ipui });
    }
    by_identity += free.iter().filter(|(slot, _)| slot.len() != 5).count() as u16;
    let forgets = memory.get("oper DeleteNotProvisionedHS ").is_some();
    let silent = (1..=max).filter(|n| memory.get(&format!("SipAccount.{n:05}.UserName")).is_none()).count();
    if !forgets && silent > usize::from(by_identity) {
        understood
            .troubles
            .push("handsets of a former owner stay with the base: no file speaks of their places".to_owned());
    }
    understood
}

fn account_of<'m>(memory: &'m Memory, field: &dyn Fn(&str) -> &'m str) -> Account {
    let provider = field("ProviderId");
    let of_provider = |name: &str| memory.get(&format!("SipProvider.{provider}.{name}")).unwrap_or_default();
    Account {
        user: field("UserName").to_owned(),
        auth_user: field("AuthName").to_owned(),
        server: of_provider("RegServerAddress").to_owned(),
        port: of_provider("RegServerPort").parse().ok(),
        transport: match of_provider("TransportProtocol") {
            "1" => Some(Transport::Udp),
            "2" => Some(Transport::Tcp),
            "3" => Some(Transport::Tls),
            _ => None,
        },
        label: None,
        password: !field("AuthPassword").is_empty(),
    }
}
