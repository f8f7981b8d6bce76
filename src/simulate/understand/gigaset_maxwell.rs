//! Gigaset's Maxwell phones. Sources: docs/sources.md, Gigaset, 4.1 (accounts) and 5.1 (types of key).

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Does, Transport, Understood};
use super::{filled, soft_key};
use crate::phone::{Function, Place};

/// What a phone understands.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood::default();
    for n in 0..device.model.lines.count {
        account(memory, n, &mut understood);
    }
    for k in 0..device.model.key_count() {
        let key = Key { memory, prefix: format!("PhoneUI.Keys.FunctionKeys.{k}") };
        let label = key.text("DisplayName");
        understood.key(Place::key(k + 1), key.does(true), label);
    }
    for (slot, _) in device.model.soft_slots() {
        let key = Key { memory, prefix: format!("PhoneUI.Keys.SoftKeys.{}", slot - 1) };
        // A display key has a name as a feature code key only.
        let label = key.text("EnableName").filter(|_| key.get("Type") == Some("10"));
        understood.key(soft_key(slot), key.does(false), label);
    }
    let locked = memory.get("step UnlockAllFunctionKeys").is_none();
    if locked && device.model.key_count() > 0 {
        understood.troubles.push("keys that a user has edited stay as they are: nothing unlocks them".to_owned());
    }
    understood
}

fn account(memory: &Memory, n: u16, understood: &mut Understood) {
    let field = |name: &str| memory.get(&format!("SIP.Account.{n}.{name}"));
    let number = n + 1;
    match field("Active") {
        Some("1") => {}
        Some(_) => {
            for name in ["Username", "AuthPassword", "Domain"] {
                if field(name).is_none_or(|value| !value.is_empty()) {
                    understood.troubles.push(format!("`SIP.Account.{n}.{name}` of a former owner stays in the phone"));
                }
            }
            return;
        }
        None => return understood.troubles.push(format!("account {number} stays as it was: no file speaks of it")),
    }
    let text = |name: &str| field(name).unwrap_or_default().to_owned();
    // It holds for the whole phone, and follows the first account. TCP and TLS share a number; TLS is SIPS besides.
    let transport = match (memory.get("SIP.TransportProtocol"), memory.get("SIP.Security.UseSIPS")) {
        (Some("1"), _) => Some(Transport::Udp),
        (Some("2"), Some("1")) => Some(Transport::Tls),
        (Some("2"), _) => Some(Transport::Tcp),
        _ => None,
    };
    understood.accounts.insert(
        number,
        Account {
            user: text("Username"),
            auth_user: text("AuthName"),
            server: text("RegistrationServer.Address"),
            port: text("RegistrationServer.Port").parse().ok(),
            transport: transport.filter(|_| n == 0),
            label: filled(&text("AccountName")),
            password: !text("AuthPassword").is_empty(),
        },
    );
}

struct Key<'m> {
    memory: &'m Memory,
    prefix: String,
}

impl<'m> Key<'m> {
    fn get(&self, name: &str) -> Option<&'m str> {
        self.memory.get(&format!("{}.{name}", self.prefix))
    }

    fn text(&self, name: &str) -> Option<&'m str> {
        self.get(name).filter(|text| !text.is_empty())
    }

    fn does(&self, function_key: bool) -> Does {
        let Some(kind) = self.get("Type") else { return Does::Kept };
        let needs = |name: &str| self.text(name).map(str::to_owned);
        let missing = || Does::Senseless(format!("nothing: type {kind} without what it needs"));
        match kind {
            "-1" => Does::Nothing,
            // Counted from 0, like the accounts.
            "0" if function_key => {
                let account = self.text("Connection").and_then(|account| account.parse::<u16>().ok());
                account.map_or_else(missing, |account| Does::Account(account + 1))
            }
            // The key cannot say by which account: it is the phone's default one.
            "3" => needs("PhoneNumber").map_or_else(missing, |number| Does::Dial { number, via: None }),
            "4" if function_key => needs("PhoneNumber").map_or_else(missing, |number| Does::Watch {
                number,
                via: None,
                pickup: needs("CallPickupCode"),
            }),
            "6" => needs("PhoneNumber").map_or_else(missing, |number| Does::Own {
                function: Function::ForwardAllTo,
                number: Some(number),
                via: None,
            }),
            "8" if function_key => needs("URL").map_or_else(missing, Does::Open),
            "10" => match (needs("EnableCode"), needs("DisableCode")) {
                (Some(on), Some(off)) if on == off => Does::Dial { number: on, via: None },
                (Some(on), Some(off)) => Does::Switch { on, off },
                _ => missing(),
            },
            "13" if !function_key => Does::own(Function::Directory),
            "17" if !function_key => Does::own(Function::Redial),
            other => Does::Senseless(format!("nothing: no key of this kind has the type {other}")),
        }
    }
}
