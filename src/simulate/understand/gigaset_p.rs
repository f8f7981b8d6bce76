//! Gigaset's P phones. Sources: docs/sources.md, Gigaset, 4.4 (accounts) and 5.2 (keys).

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Does, Transport, Understood};
use super::{filled, module_key, soft_key};
use crate::phone::{Function, Place};

/// What a phone understands. Modules of the phone have so many keys each.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood::default();
    for n in 1..=device.model.lines.count {
        account(memory, n, &mut understood);
    }
    let own = device.model.key_count();
    for idx in 0..own {
        let (does, label) = function_key(memory, idx);
        understood.key(Place::key(idx + 1), does, label);
    }
    for (slot, _) in device.model.soft_slots() {
        let does = memory.get(&format!("gui_fkey{slot}")).map_or(Does::Kept, |text| match text {
            "keyevent F_DND" => do_not_disturb(memory, None),
            text => read(text, None),
        });
        understood.key(soft_key(slot), does, None);
    }
    // The keys of the modules go on where the phone's own end.
    let per_module = device.module_keys.first().copied().unwrap_or(18);
    let further = memory.below("fkey ").filter_map(|(name, _)| name.parse::<u16>().ok()).filter(|idx| *idx >= own);
    for idx in further {
        let (does, label) = function_key(memory, idx);
        let (module, key) = ((idx - own) / per_module + 1, (idx - own) % per_module + 1);
        understood.key(module_key(module as u8, key), does, label);
    }
    understood
}

fn account(memory: &Memory, n: u16, understood: &mut Understood) {
    let field = |name: &str| memory.get(&format!("{name} {n}"));
    match field("user_active") {
        Some("on") => {}
        Some(_) => {
            for name in ["user_name", "user_pass", "user_host"] {
                if field(name).is_none_or(|value| !value.is_empty()) {
                    understood.troubles.push(format!("`{name}` {n} of a former owner stays in the phone"));
                }
            }
            return;
        }
        None => return understood.troubles.push(format!("account {n} stays as it was: no file speaks of it")),
    }
    let text = |name: &str| field(name).unwrap_or_default().to_owned();
    // "host:port;transport=udp"; without it the phone asks DNS for what stands in user_host.
    let outbound = text("user_outbound");
    let (place, transport) = outbound.split_once(";transport=").unwrap_or((&outbound, ""));
    let port_of = |text: &str| text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let host = text("user_host");
    understood.accounts.insert(
        n,
        Account {
            user: text("user_name"),
            auth_user: filled(&text("user_pname")).unwrap_or_else(|| text("user_name")),
            server: host.split(':').next().unwrap_or_default().to_owned(),
            port: port_of(&host).or_else(|| port_of(place)),
            transport: match transport {
                "udp" => Some(Transport::Udp),
                "tcp" => Some(Transport::Tcp),
                "tls" => Some(Transport::Tls),
                _ => Some(Transport::Dns),
            },
            label: filled(&text("user_realname")),
            password: !text("user_pass").is_empty(),
        },
    );
}

fn function_key(memory: &Memory, idx: u16) -> (Does, Option<&str>) {
    let Some(text) = memory.get(&format!("fkey {idx}")) else { return (Does::Kept, None) };
    let context = memory.get(&format!("fkey {idx} context")).unwrap_or_default();
    let does = match (text, context.parse()) {
        // A line of whichever account the user has chosen is what an unset key is.
        ("line" | "none" | "", Err(_)) => Does::Nothing,
        ("line", Ok(account)) => Does::Account(account),
        // With both codes of the account its function goes through the network.
        ("keyevent F_DND", via) => do_not_disturb(memory, via.ok()),
        (text, via) => read(text, via.ok()),
    };
    (does, memory.get(&format!("fkey {idx} label")))
}

fn do_not_disturb(memory: &Memory, via: Option<u16>) -> Does {
    let code = |name: &str| memory.text(&format!("{name} {}", via.unwrap_or(1))).map(str::to_owned);
    match (code("dnd_on_code"), code("dnd_off_code")) {
        (Some(on), Some(off)) => Does::Switch { on, off },
        _ => Does::Own { function: Function::DoNotDisturb, number: None, via },
    }
}

/// A type and its argument.
fn read(text: &str, via: Option<u16>) -> Does {
    let (kind, argument) = text.split_once(' ').unwrap_or((text, ""));
    let own = |function, number: &str| Does::Own { function, number: filled(number), via };
    match (kind, argument) {
        ("none", _) | ("keyevent", "none") => Does::Nothing,
        ("speed", number) if !number.is_empty() => Does::Dial { number: number.to_owned(), via },
        ("blf", argument) if !argument.is_empty() => {
            let (number, pickup) = argument.split_once('|').unwrap_or((argument, ""));
            Does::Watch { number: number.to_owned(), via, pickup: filled(pickup) }
        }
        ("redirect", number) => own(Function::ForwardAllTo, number),
        ("transfer", number) => own(Function::Transfer, number),
        ("conference", _) => own(Function::Conference, ""),
        ("url", url) if !url.is_empty() => Does::Open(url.to_owned()),
        ("keyevent", event) => match event {
            "F_REDIAL" => own(Function::Redial, ""),
            "F_CALL_LIST" => own(Function::History, ""),
            "F_DND" => own(Function::DoNotDisturb, ""),
            "F_REDIRECT" => own(Function::ForwardAll, ""),
            "F_HOLD" => own(Function::Hold, ""),
            "F_TRANSFER" => own(Function::Transfer, ""),
            "F_CONFERENCE" => own(Function::Conference, ""),
            "F_CANCEL" => own(Function::Cancel, ""),
            "F_SETTINGS" => own(Function::Menu, ""),
            "F_DIRECTORY_SEARCH" | "F_ADR_BOOK" => own(Function::Directory, ""),
            "F_VOICEMAIL_INFO" => own(Function::Voicemail, ""),
            other => Does::Senseless(format!("nothing: no key event {other} is known")),
        },
        (other, _) => Does::Senseless(format!("nothing: no type `{other}` is known")),
    }
}
