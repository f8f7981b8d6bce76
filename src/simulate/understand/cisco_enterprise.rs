//! Cisco's phones with call-manager firmware. Sources: docs/sources.md, Cisco, 3.4 and 5.5.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::understood::{Account, Does, Transport, Understood};
use super::module_key;
use crate::phone::{Function, Place};

/// What a phone understands. Its accounts stand in the buttons of lines, and are counted in their order.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    let mut understood = Understood { accounts_by_user: true, ..Understood::default() };
    let own = device.model.key_count();
    let modules = module_sizes(memory);
    // What has no element does nothing: the file is read as a whole.
    for n in 1..=own {
        understood.key(Place::key(n), Does::Nothing, None);
    }
    for (module, size) in modules.iter().zip(1..).map(|(size, module)| (module, *size)) {
        (1..=size).for_each(|key| understood.key(module_key(module, key), Does::Nothing, None));
    }
    let buttons: Vec<u16> = memory
        .below("sipProfile/sipLines/line ")
        .filter_map(|(name, _)| name.strip_suffix("/featureID")?.parse().ok())
        .collect();
    for button in buttons {
        let line = Line { memory, button, old: device.product.starts_with("CP-79") };
        let does = line.read(&mut understood);
        match place(button, own, &modules) {
            Some(place) => understood.key(place, does, line.get("featureLabel")),
            // A phone without keys has its accounts here all the same.
            None if own == 0 && matches!(does, Does::Account(_)) => {}
            None => understood.troubles.push(format!("the phone has no button {button}, which would: {does}")),
        }
    }
    understood
}

/// How many buttons each module has.
fn module_sizes(memory: &Memory) -> Vec<u16> {
    let size = |n: u8| memory.get(&format!("addOnModules/addOnModule {n}/deviceLine"))?.parse().ok();
    (1..=3).map_while(size).collect()
}

/// Buttons are counted through the phone's own keys and its modules.
fn place(button: u16, own: u16, modules: &[u16]) -> Option<Place> {
    if button <= own {
        return Some(Place::key(button));
    }
    let mut left = button - own;
    for (module, size) in (1..).zip(modules) {
        if left <= *size {
            return Some(module_key(module, left));
        }
        left -= size;
    }
    None
}

struct Line<'m> {
    memory: &'m Memory,
    button: u16,
    old: bool,
}

impl<'m> Line<'m> {
    fn get(&self, name: &str) -> Option<&'m str> {
        self.memory.text(&format!("sipProfile/sipLines/line {}/{name}", self.button))
    }

    fn read(&self, understood: &mut Understood) -> Does {
        let missing = |what: &str| Does::Senseless(format!("nothing: it has no {what}"));
        let feature = self.get("featureID").unwrap_or_default();
        let own = |function| Does::own(function);
        match feature {
            "9" => self.account(understood),
            "2" => match self.get("speedDialNumber") {
                Some(number) => Does::Dial { number: number.to_owned(), via: None },
                None => missing("number"),
            },
            // The pick-up calls a name of Cisco's own servers, and no code.
            "21" => match self.get("speedDialNumber") {
                Some(number) => Does::Watch { number: number.to_owned(), via: None, pickup: None },
                None => missing("number"),
            },
            "20" => self.get("serviceURI").map_or_else(|| missing("address"), |url| Does::Open(url.to_owned())),
            "130" => own(Function::DoNotDisturb),
            "139" => own(Function::QueueToggle),
            "1" if self.old => own(Function::Redial),
            "3" if self.old => own(Function::Hold),
            "4" if self.old => own(Function::Transfer),
            "5" if self.old => own(Function::ForwardAll),
            "18" if self.old => own(Function::Menu),
            "102" if self.old => own(Function::Conference),
            "194" if self.old => own(Function::Voicemail),
            "195" if self.old => own(Function::Directory),
            other => Does::Senseless(format!("nothing: this phone has no feature {other}")),
        }
    }

    fn account(&self, understood: &mut Understood) -> Does {
        let Some(index) = self.get("lineIndex").and_then(|index| index.parse().ok()) else {
            return Does::Senseless("nothing: the line has no number".to_owned());
        };
        let text = |name: &str| self.get(name).unwrap_or_default().to_owned();
        // It holds for the whole phone, and follows the first line.
        let transport = match self.memory.get("transportLayerProtocol") {
            Some("1") => Some(Transport::Tcp),
            Some("2") => Some(Transport::Udp),
            Some("3") => Some(Transport::Tls),
            _ => None,
        };
        let account = Account {
            user: text("name"),
            auth_user: text("authName"),
            server: text("proxy"),
            port: text("port").parse().ok(),
            transport: transport.filter(|_| understood.accounts.is_empty()),
            // What the phone shows of it stands beside the key.
            label: None,
            password: !text("authPassword").is_empty(),
        };
        if understood.accounts.insert(index, account).is_some() {
            understood.troubles.push(format!("two buttons are the line {index} of the phone"));
        }
        Does::Account(index)
    }
}
