//! Gigaset's older bases and desk phones. Sources: docs/sources.md, Gigaset, 4.2 and 4.5.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Handset, Transport, Understood};
use super::filled;

/// What a phone understands.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood { keys_are_unknown: true, ..Understood::default() };
    let handsets = device.model.handsets.as_ref().map_or(0, |slots| slots.max);
    for n in 1..=device.model.lines.count {
        let fields = match device.product.as_str() {
            product if product.starts_with("N720") => n720(memory, n),
            product if product.starts_with("DE") => de(memory, n),
            _ => n510(memory, n),
        };
        account(n, fields, &mut understood);
    }
    if device.product.starts_with("N720") {
        // An account belongs to the handset of its number, which has no name.
        let used: Vec<u16> = understood.accounts.keys().copied().collect();
        for n in used {
            understood.handsets.insert(n, Handset { accounts: vec![n], name: None, ipui: None });
        }
    } else {
        (1..=handsets).for_each(|handset| bound(device, memory, handset, &mut understood));
    }
    understood
}

/// What a profile says of an account; each dialect has names of its own.
struct Fields<'m> {
    active: Option<&'m str>,
    account: Account,
    /// Whether a former owner's texts are overwritten.
    cleared: bool,
}

fn account(n: u16, fields: Fields<'_>, understood: &mut Understood) {
    match fields.active {
        Some("1" | "0x1" | "true") => {
            understood.accounts.insert(n, fields.account);
        }
        Some(_) if fields.cleared => {}
        Some(_) => {
            understood.troubles.push(format!("user and password of a former owner's account {n} stay in the phone"))
        }
        None => understood.troubles.push(format!("account {n} stays as it was: no file speaks of it")),
    }
}

/// C610, N300 and N510: account 1 has no number in most names.
fn n510(memory: &Memory, n: u16) -> Fields<'_> {
    let end = if n == 1 { String::new() } else { format!("_{n}") };
    let get = |name: &str| memory.get(&format!("BS_IP_Data1.{name}{end}"));
    let text = |name: &str| get(name).unwrap_or_default().to_owned();
    Fields {
        active: memory.get(&format!("BS_IP_Data1.ucB_SIP_ACCOUNT_IS_ACTIVE_{n}")),
        cleared: ["aucS_SIP_USER_ID", "aucS_SIP_PASSWORD"].iter().all(|name| get(name) == Some("")),
        account: Account {
            user: text("aucS_SIP_USER_ID"),
            auth_user: memory.get(&format!("BS_IP_Data3.aucS_SIP_LOGIN_ID{end}")).unwrap_or_default().to_owned(),
            server: text("aucS_SIP_REGISTRAR"),
            port: text("uiI_SIP_REGISTRAR_PORT").parse().ok(),
            transport: None,
            label: memory.get(&format!("BS_IP_Data1.aucS_SIP_ACCOUNT_NAME_{n}")).and_then(filled),
            password: !text("aucS_SIP_PASSWORD").is_empty(),
        },
    }
}

/// N720: an account picks one of the providers.
fn n720(memory: &Memory, n: u16) -> Fields<'_> {
    let place = format!("BS_VOIP_Data.astVoipAccounts[{}]", n - 1);
    let get = |name: &str| memory.get(&format!("{place}.{name}"));
    let text = |name: &str| get(name).unwrap_or_default().to_owned();
    let provider = format!("BS_VOIP_Data.astVoipProviders[{}]", text("ucVoipProviderIndex"));
    let of_provider = |name: &str| memory.get(&format!("{provider}.{name}")).unwrap_or_default().to_owned();
    Fields {
        active: get("ucB_SIP_ACCOUNT_IS_ACTIVE_1"),
        cleared: ["aucS_SIP_USER_ID[0]", "aucS_SIP_PASSWORD[0]"].iter().all(|name| get(name) == Some("")),
        account: Account {
            user: text("aucS_SIP_USER_ID[0]"),
            auth_user: text("aucS_SIP_LOGIN_ID[0]"),
            server: of_provider("aucSIP_REGISTRAR[%]"),
            port: of_provider("uiSIP_REGISTRAR_PORT").parse().ok(),
            // Of the numbers only that of UDP is known.
            transport: (of_provider("ucSIP_PREFERRED_TRANSPORT_LAYER") == "17").then_some(Transport::Udp),
            label: None,
            password: !text("aucS_SIP_PASSWORD[0]").is_empty(),
        },
    }
}

/// DE310 to DE900: elements with plain names.
fn de(memory: &Memory, n: u16) -> Fields<'_> {
    let get = |name: &str| memory.get(&format!("{name}_{n}"));
    let text = |name: &str| get(name).unwrap_or_default().to_owned();
    Fields {
        active: get("B_SIP_ACCOUNT_IS_ACTIVE"),
        cleared: ["S_SIP_USER_ID", "S_SIP_PASSWORD"].iter().all(|name| get(name) == Some("")),
        account: Account {
            user: text("S_SIP_USER_ID"),
            auth_user: text("S_SIP_LOGIN_ID"),
            server: text("S_SIP_REGISTRAR"),
            port: text("I_SIP_SERVER_PORT").parse().ok(),
            transport: None,
            label: filled(&text("S_SIP_ACCOUNT_NAME")),
            password: !text("S_SIP_PASSWORD").is_empty(),
        },
    }
}

/// A handset rings for the accounts in whose masks its bit is, and has a name of its own.
fn bound(device: &Device, memory: &Memory, handset: u16, understood: &mut Understood) {
    let mask = |n: u16, name: &str| {
        let text = memory.get(&format!("BS_Accounts.astAccounts[{}].{name}", n - 1))?;
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    let mut accounts = Vec::new();
    for n in 1..=device.model.lines.count {
        let bit = 1_u32 << (handset - 1);
        let (send, receive) = (mask(n, "uiSendMask").unwrap_or(0) & bit, mask(n, "uiReceiveMask").unwrap_or(0) & bit);
        if send != receive {
            understood
                .troubles
                .push(format!("handset {handset} calls out by account {n} or rings for it, and not both"));
        }
        if send != 0 {
            accounts.push(n);
        }
    }
    let name = memory.get(&format!("BS_AE_Subscriber.stMtDat[{}].aucTlnName", handset - 1)).and_then(filled);
    if !accounts.is_empty() {
        understood.handsets.insert(handset, Handset { accounts, name, ipui: None });
    }
}
