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
    for n in 1..=device.model.lines.count {
        account(memory, n, &mut understood);
    }
    let keys = Keys { memory, pickup: pickup(memory) };
    for n in 1..=device.model.key_count() {
        let (does, label) =
            keys.read([format!("Extension_{n}_"), format!("Short_Name_{n}_"), format!("Extended_Function_{n}_")]);
        understood.key(Place::key(n), does, label.as_deref());
    }
    if device.model.soft_slots().next().is_some() {
        soft_keys(device, memory, Dialect::Mpp, &mut understood);
    }
    keys.modules(&mut understood);
    understood
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

    /// Keys of modules have the same parts, with an underscore behind them. A module without its type stays dark.
    fn modules(&self, understood: &mut Understood) {
        let units: u8 = self.memory.get("Number_of_Units").and_then(|count| count.parse().ok()).unwrap_or(0);
        if units > 0 && self.memory.text("KEM_Type").is_none() {
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
