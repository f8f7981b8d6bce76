//! Cisco's SPA phones and adapters. Sources: docs/sources.md, Cisco, 4.1 (accounts), 5.1 to 5.4 (keys).

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::rules::{is_no, is_yes};
use super::super::understood::{Account, Does, Transport, Understood};
use super::fnc::{Dialect, Fnc};
use super::soft_keys::soft_keys;
use super::{filled, module_key};
use crate::phone::Place;

/// What a phone understands.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood::default();
    for n in 1..=device.model.lines.count {
        account(memory, n, &mut understood);
    }
    let pickup = pickup(memory);
    for position in 1..=device.model.key_count() {
        line_key(device, memory, position, pickup, &mut understood);
    }
    soft_keys(device, memory, Dialect::Spa, &mut understood);
    modules(memory, pickup, &mut understood);
    understood
}

/// The code that is dialled before a watched number: only one that ends in `#` lets the number follow.
pub(super) fn pickup(memory: &Memory) -> Option<&str> {
    let code = memory.text("Attendant_Console_Call_Pickup_Code")?;
    Some(code.strip_suffix('#').unwrap_or(code))
}

/// One account, as SPA and MPP phones have it.
pub(super) fn account(memory: &Memory, n: u16, understood: &mut Understood) {
    let field = |name: &str| memory.get(&format!("{name}_{n}_"));
    match field("Line_Enable") {
        Some(value) if is_yes(value) => {}
        Some(_) => {
            for name in ["User_ID", "Password", "Proxy"] {
                if field(name).is_none_or(|value| !value.is_empty()) {
                    understood.troubles.push(format!("`{name}_{n}_` of a former owner stays in the phone"));
                }
            }
            return;
        }
        None => return understood.troubles.push(format!("account {n} stays as it was: no file speaks of it")),
    }
    let text = |name: &str| field(name).unwrap_or_default().to_owned();
    let (server, port) = server_of(&text("Proxy"));
    // On phones that have the switch, the name to register under counts only where it is on.
    let with_auth = field("Use_Auth_ID").is_none_or(is_yes) && !text("Auth_ID").is_empty();
    let dns = field("Use_DNS_SRV").is_some_and(is_yes) && !text("Proxy").contains(":SRV=");
    let transport = match text("SIP_Transport").as_str() {
        "TCP" => Some(Transport::Tcp),
        "TLS" => Some(Transport::Tls),
        "UDP" | "AUTO" if dns => Some(Transport::Dns),
        "UDP" => Some(Transport::Udp),
        _ => None,
    };
    if field("Register").is_none_or(is_no) {
        understood.troubles.push(format!("account {n} does not register"));
    }
    understood.accounts.insert(
        n,
        Account {
            user: text("User_ID"),
            auth_user: if with_auth { text("Auth_ID") } else { text("User_ID") },
            server,
            port,
            transport,
            label: filled(&text("Display_Name")),
            password: !text("Password").is_empty(),
        },
    );
}

/// `host`, `host:port`, or `name:SRV=ip:port:p=0|…`, of which the first is what the phone begins with.
fn server_of(proxy: &str) -> (String, Option<u16>) {
    let first = match proxy.split_once(":SRV=") {
        Some((_, list)) => list.split('|').next().unwrap_or_default(),
        None => proxy,
    };
    let first = first.split(":p=").next().unwrap_or_default();
    match first.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().ok()),
        None => (first.to_owned(), None),
    }
}

fn line_key(device: &Device, memory: &Memory, n: u16, pickup: Option<&str>, understood: &mut Understood) {
    let field = |name: &str| memory.get(&format!("{name}_{n}_"));
    let (extension, function) = (field("Extension"), field("Extended_Function"));
    let name = field("Short_Name").unwrap_or_default();
    let (does, label) = match (extension, function) {
        (None, _) | (_, None) => (Does::Kept, None),
        (Some("Disabled"), Some("")) => (Does::Nothing, None),
        (Some("Disabled"), Some(function)) => {
            let fnc = Fnc::parse(function);
            let does = match fnc.does(Dialect::Spa, pickup) {
                Does::Watch { .. }
                    if device.product.starts_with("SPA9") && field("Share_Call_Appearance") != Some("shared") =>
                {
                    Does::Senseless("it watches no line: the call appearance of the key is not shared".to_owned())
                }
                does => does,
            };
            (does, filled(name).or(fnc.label().map(str::to_owned)))
        }
        (Some(account), _) => {
            let does =
                account.parse().map_or_else(|_| Does::Senseless(format!("no account `{account}`")), Does::Account);
            (does, filled(name).filter(|name| name != "$USER"))
        }
    };
    understood.key(Place::key(n), does, label.as_deref());
}

fn modules(memory: &Memory, pickup: Option<&str>, understood: &mut Understood) {
    for (name, value) in memory.below("Unit_") {
        let Some((module, key)) = name.split_once("_Key_") else { continue };
        let (Ok(module), Ok(key)) = (module.parse::<u8>(), key.parse()) else { continue };
        let on = memory.get(&format!("Unit_{module}_Enable")).is_some_and(is_yes);
        if !on && !value.is_empty() {
            understood.troubles.push(format!("key {key} of module {module} is set, and the module is switched off"));
        }
        let fnc = Fnc::parse(value);
        let does = if value.is_empty() { Does::Nothing } else { fnc.does(Dialect::Spa, pickup) };
        understood.key(module_key(module, key), does, fnc.label());
    }
}
