//! Yealink. Sources: docs/sources.md, Yealink, chapters 3 (blank and `%NULL%`), 4.1 (accounts), 5 (keys); handsets:
//! Yealink's templates for W52P and W56P.

use super::super::boot::yealink::generation;
use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Does, Handset, Transport, Understood};
use super::{module_key, soft_key};
use crate::catalogue::Class;
use crate::phone::{Function, Place};

/// What a parameter says. A blank value never gets into the memory: it keeps what the phone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said<'m> {
    /// Nothing: whatever was there stays.
    Kept,
    /// `%NULL%`: the factory's value.
    Factory,
    /// This.
    Text(&'m str),
}

struct Phone<'a> {
    device: &'a Device,
    memory: &'a Memory,
    generation: u32,
}

/// What a phone understands.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let phone = Phone { device, memory, generation: generation(device) };
    let mut understood = Understood::default();
    for n in 1..=device.model.lines.count {
        phone.account(n, &mut understood);
    }
    let handsets = device.model.handsets.as_ref().filter(|slots| slots.assignable).map_or(0, |slots| slots.max);
    (1..=handsets).for_each(|n| phone.handset(n, &mut understood));
    phone.own_keys(&mut understood);
    phone.soft_keys(&mut understood);
    phone.modules(&mut understood);
    understood
}

impl<'a> Phone<'a> {
    fn said(&self, name: &str) -> Said<'a> {
        match self.memory.text(name) {
            None => Said::Kept,
            Some("%NULL%") => Said::Factory,
            Some(text) => Said::Text(text),
        }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.said(name) {
            Said::Text(text) => Some(text),
            _ => None,
        }
    }

    fn account(&self, n: u16, understood: &mut Understood) {
        let field = |name: &str| self.text(&format!("account.{n}.{name}")).unwrap_or_default().to_owned();
        match self.said(&format!("account.{n}.enable")) {
            Said::Text("1") => {}
            Said::Kept => {
                return understood.troubles.push(format!("account {n} stays as it was: no file speaks of it"));
            }
            _ => {
                for name in ["user_name", "password", "sip_server.1.address"] {
                    if self.said(&format!("account.{n}.{name}")) == Said::Kept {
                        understood.troubles.push(format!("`account.{n}.{name}` of a former owner stays in the phone"));
                    }
                }
                return;
            }
        }
        // Up to firmware 71 the server had a name of its own, up to 73 the transport; on some bases it still has.
        let old_base = ["W52P", "W56P", "W60B"].contains(&self.device.product.as_str());
        let (server, port) = match self.generation {
            0..72 => (field("sip_server_host"), field("sip_server_port")),
            _ => (field("sip_server.1.address"), field("sip_server.1.port")),
        };
        let transport = match self.generation {
            0..80 => field("transport"),
            _ if old_base => field("transport"),
            _ => field("sip_server.1.transport_type"),
        };
        understood.accounts.insert(
            n,
            Account {
                user: field("user_name"),
                auth_user: field("auth_name"),
                server,
                port: port.parse().ok().filter(|port| *port != 0),
                transport: match transport.as_str() {
                    "" | "0" => Some(Transport::Udp),
                    "1" => Some(Transport::Tcp),
                    "2" => Some(Transport::Tls),
                    "3" => Some(Transport::Dns),
                    _ => None,
                },
                label: Some(field("label")),
                password: !field("password").is_empty(),
            },
        );
    }

    /// A handset rings for some lines and calls out on some, on one of them unless its user picks another.
    fn handset(&self, n: u16, understood: &mut Understood) {
        let said = |name: &str| self.said(&format!("handset.{n}.{name}"));
        let (rings, calls) = (said("incoming_lines"), said("dial_out_lines"));
        if rings == Said::Kept || calls == Said::Kept {
            understood.troubles.push(format!("handset {n} keeps the lines of a former owner: no file speaks of them"));
        }
        let (Said::Text(rings), Said::Text(calls)) = (rings, calls) else { return };
        let lines = |list: &str| list.split(',').filter_map(|line| line.trim().parse().ok()).collect::<Vec<u16>>();
        let (accounts, calls) = (lines(rings), lines(calls));
        if accounts != calls {
            understood.troubles.push(format!("handset {n} rings for other lines than it calls out on"));
        }
        let usual = self.text(&format!("handset.{n}.dial_out_default_line")).and_then(|line| line.parse().ok());
        if usual.is_none_or(|line| !calls.contains(&line)) {
            understood.troubles.push(format!("handset {n} has no line of its own to call out on"));
        }
        let name = self.text(&format!("handset.{n}.name")).map(str::to_owned);
        understood.handsets.insert(n, Handset { accounts, name, ipui: None });
    }

    fn own_keys(&self, understood: &mut Understood) {
        let mut position = 0;
        let (mut lines, mut memories) = (0, 0);
        for group in &self.device.model.keys {
            for _ in 0..group.count {
                position += 1;
                let (prefix, n) = match group.class {
                    Class::Memory => {
                        memories += 1;
                        (format!("memorykey.{memories}"), memories)
                    }
                    _ => {
                        lines += 1;
                        (format!("linekey.{lines}"), lines)
                    }
                };
                let does = self.does(&prefix, group.class, n);
                understood.key(Place::key(position), does, self.text(&format!("{prefix}.label")));
            }
        }
    }

    fn soft_keys(&self, understood: &mut Understood) {
        for (slot, class) in self.device.model.soft_slots() {
            let prefix = format!("programablekey.{slot}");
            let does = self.does(&prefix, class, slot);
            // Only the four below the screen have a label.
            let label = if slot <= 4 { self.text(&format!("{prefix}.label")) } else { None };
            understood.key(soft_key(slot), does, label);
        }
    }

    fn modules(&self, understood: &mut Understood) {
        for (name, value) in self.memory.below("expansion_module.") {
            let parts: Vec<&str> = name.split('.').collect();
            let [module, "key", key, "type"] = parts.as_slice() else { continue };
            let (Ok(module), Ok(key)) = (module.parse(), key.parse()) else { continue };
            // The key that turns the page.
            if value == "37" {
                continue;
            }
            let prefix = format!("expansion_module.{module}.key.{key}");
            let does = self.does(&prefix, Class::Module, key);
            understood.key(module_key(module, key), does, self.text(&format!("{prefix}.label")));
        }
    }

    /// What a key does by its type; `n` is its number among the keys of its kind.
    fn does(&self, prefix: &str, class: Class, n: u16) -> Does {
        let value = self.text(&format!("{prefix}.value")).map(str::to_owned);
        let code = match self.said(&format!("{prefix}.type")) {
            Said::Kept => return Does::Kept,
            // The first keys beside the screen stand for accounts, soft keys have the maker's functions.
            Said::Factory => {
                return match class {
                    Class::Programmable => Does::Factory,
                    Class::Line if n <= self.device.model.lines.count => Does::Account(n),
                    _ => Does::Nothing,
                };
            }
            Said::Text(code) => code,
        };
        let on_keys = class != Class::Programmable;
        let own = |function, number: Option<String>| Does::Own { function, number, via: self.via(prefix, false) };
        let missing = || Does::Senseless(format!("nothing: type {code} without a value"));
        let v80 = self.generation >= 80;
        match code {
            "0" => Does::Nothing,
            "1" if on_keys => own(Function::Conference, value),
            "2" if value.is_some() => own(Function::ForwardAllTo, value),
            "2" => own(Function::ForwardAll, None),
            "3" if on_keys => own(Function::Transfer, value),
            "4" if on_keys => own(Function::Hold, None),
            "5" => own(Function::DoNotDisturb, None),
            "6" if self.generation < 80 && matches!(class, Class::Memory | Class::Programmable) => {
                own(Function::Redial, None)
            }
            "12" if on_keys => own(Function::Voicemail, value),
            "13" => value.map_or_else(missing, |number| Does::Dial { number, via: self.via(prefix, false) }),
            "15" if matches!(class, Class::Line | Class::Module) => {
                self.via(prefix, false).map_or_else(|| Does::Senseless("an unknown account".into()), Does::Account)
            }
            "16" if on_keys => value.map_or_else(missing, |number| self.watch(prefix, number)),
            "17" if on_keys => value.map_or_else(missing, Does::Open),
            "27" if !self.is_android() => value.map_or_else(missing, Does::Open),
            "28" if !on_keys => own(Function::History, None),
            "29" if !on_keys && !v80 => own(Function::Directory, None),
            "30" if !on_keys => own(Function::Menu, None),
            "61" if v80 && class != Class::Memory => own(Function::Directory, None),
            "73" if self.generation >= 81 => self.macro_of(value),
            code => Does::Senseless(format!("nothing: this kind of key has no type {code} with this firmware")),
        }
    }

    fn watch(&self, prefix: &str, number: String) -> Does {
        // T2x and T3x read `pickup_value` up to firmware 73, others `extension`; newer ones either.
        let names: &[&str] = match self.generation {
            0..80 if self.device.product.starts_with("T4") => &["extension"],
            0..80 => &["pickup_value"],
            _ => &["extension", "pickup_value"],
        };
        let pickup = names.iter().find_map(|name| self.text(&format!("{prefix}.{name}"))).map(str::to_owned);
        Does::Watch { number, via: self.via(prefix, true), pickup }
    }

    /// The account of a key, from 1.
    fn via(&self, prefix: &str, watching: bool) -> Option<u16> {
        let line: u16 = self.text(&format!("{prefix}.line"))?.parse().ok()?;
        let from_zero = watching && self.generation < 80 && matches!(self.device.product.as_str(), "T32G" | "T38G");
        // Elsewhere 0 is the first account that can be used.
        Some(if from_zero { line + 1 } else { line.max(1) })
    }

    fn macro_of(&self, value: Option<String>) -> Does {
        match (value.as_deref(), self.text("features.enhanced_dss_keys.enable")) {
            (Some("$Chu$"), Some("1")) => Does::own(Function::Cancel),
            (Some("$Chu$"), _) => Does::Senseless("nothing: macros are switched off".to_owned()),
            _ => Does::Senseless("an unknown macro".to_owned()),
        }
    }

    fn is_android(&self) -> bool {
        ["T56", "T58", "VP59", "T88"].iter().any(|android| self.device.product.starts_with(android))
    }
}
