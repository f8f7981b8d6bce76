//! Cisco's multiplatform phones and their adapters. Sources: docs/sources.md, Cisco, 4.1, 4.2 and 5.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Does, Understood};
use super::cisco_spa::{account, pickup};
use super::fnc::{Dialect, Fnc};
use super::soft_keys::soft_keys;
use super::{filled, module_key};
use crate::phone::Place;

/// What a phone understands.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood::default();
    let modules = device.module_keys.len();
    for n in 1..=device.model.line_count_with(modules) {
        account(memory, n, &mut understood);
    }
    let keys = Keys { memory, pickup: pickup(memory) };
    for n in 1..=device.model.key_count_with(modules) {
        let (does, label) = keys.read(names(n));
        understood.key(Place::key(n), does, label.as_deref());
    }
    if device.model.soft_slots().next().is_some() {
        soft_keys(device, memory, Dialect::Mpp, &mut understood);
    }
    // The 68xx has one type only, and no source gives it a name.
    let has_types = !device.product.starts_with("CP-68");
    keys.modules(has_types, &mut understood);
    keys.followers(device, &mut understood);
    understood
}

/// The names of a key's extension, label and function.
fn names(n: u16) -> [String; 3] {
    [format!("Extension_{n}_"), format!("Short_Name_{n}_"), format!("Extended_Function_{n}_")]
}

struct Keys<'m> {
    memory: &'m Memory,
    pickup: Option<&'m str>,
}

impl Keys<'_> {
    /// A key by the names of its extension, its label and its function.
    fn read(&self, [extension, name, function]: [String; 3]) -> (Does, Option<String>) {
        let name = self.memory.get(&name).unwrap_or_default();
        match (self.memory.get(&extension), self.memory.get(&function)) {
            (None, _) | (_, None) => (Does::Kept, None),
            (Some("Disabled"), Some("")) => (Does::Nothing, None),
            (Some("Disabled"), Some(function)) => {
                let fnc = Fnc::parse(function);
                (fnc.does(Dialect::Mpp, self.pickup), filled(name).or(fnc.label().map(str::to_owned)))
            }
            (Some(account), _) => {
                let known = account.parse().map(Does::Account);
                let does = known.unwrap_or_else(|_| Does::Senseless(format!("no account `{account}`")));
                (does, filled(name).filter(|name| name != "$USER"))
            }
        }
    }

    /// On the 9871 the keys of modules are further keys of the phone, behind those that it keeps for lines.
    fn followers(&self, device: &Device, understood: &mut Understood) {
        let Some(own) = self.memory.get("Number_of_Phone_Lines").and_then(|count| count.parse::<u16>().ok()) else {
            return;
        };
        let mut n = own;
        for (module, count) in (1..).zip(&device.module_keys) {
            for key in 1..=*count {
                n += 1;
                let (does, label) = self.read(names(n));
                understood.key(module_key(module, key), does, label.as_deref());
            }
        }
    }

    /// Keys of modules have the same parts, with an underscore behind them. A module without its type stays dark.
    fn modules(&self, has_types: bool, understood: &mut Understood) {
        let units: u8 = self.memory.get("Number_of_Units").and_then(|count| count.parse().ok()).unwrap_or(0);
        if has_types && units > 0 && self.memory.text("KEM_Type").is_none() {
            understood.troubles.push("the modules stay dark: no file says of which type they are".to_owned());
        }
        for (name, _) in self.memory.below("Unit_") {
            let Some((module, key)) = name.split_once("_Key_") else { continue };
            let (Ok(module), Ok(key)) = (module.parse::<u8>(), key.trim_end_matches('_').parse()) else { continue };
            if !name.ends_with('_') {
                understood.troubles.push(format!("the phone knows no `Unit_{name}`: an underscore is missing"));
                continue;
            }
            let (does, label) = self.read([
                format!("Unit_{module}_Extension_{key}_"),
                format!("Unit_{module}_Short_Name_{key}_"),
                format!("Unit_{module}_Key_{key}_"),
            ]);
            if module > units && !matches!(does, Does::Nothing | Does::Kept) {
                understood
                    .troubles
                    .push(format!("key {key} of module {module} is set, and the phone has {units} units"));
            }
            understood.key(module_key(module, key), does, label.as_deref());
        }
    }
}
