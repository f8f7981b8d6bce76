//! What a phone understands of its files, one file for each family, written from the makers' and peers' documents and
//! not from the data that the files are rendered from.

use super::device::Device;
use super::memory::Memory;
use super::understood::{Does, Key, Understood};
use crate::phone::{Area, Place};

mod cisco_enterprise;
mod cisco_mpp;
mod cisco_spa;
mod fnc;
mod gigaset_classic;
mod gigaset_maxwell;
mod gigaset_nx70;
mod gigaset_p;
mod soft_keys;
mod yealink;

/// What a phone understands of what it keeps.
pub fn understood(device: &Device, memory: &Memory) -> Understood {
    // A phone that waits to be claimed keeps everything else, which is not worth a sentence for each key.
    if let code @ Some(_) = code(device, memory) {
        return Understood { code, troubles: memory.troubles.clone(), ..Understood::default() };
    }
    let mut understood = match device.family() {
        "yealink" => yealink::understood(device, memory),
        "cisco-spa" => cisco_spa::understood(device, memory),
        "cisco-mpp" => cisco_mpp::understood(device, memory),
        "cisco-enterprise" => cisco_enterprise::understood(device, memory),
        "gigaset-nx70" => gigaset_nx70::understood(device, memory),
        "gigaset-classic" => gigaset_classic::understood(device, memory),
        "gigaset-p" => gigaset_p::understood(device, memory),
        "gigaset-maxwell" => gigaset_maxwell::understood(device, memory),
        _ => Understood::default(),
    };
    understood.troubles.extend(memory.troubles.iter().cloned());
    understood
}

/// The code that a phone shows that nobody has claimed: where it shows texts without an account.
fn code(device: &Device, memory: &Memory) -> Option<String> {
    let places: &[&str] = match device.family() {
        "yealink" => &["linekey.1.label", "features.station_name.value", "account.1.label"],
        "cisco-spa" | "cisco-mpp" => &["Station_Display_Name", "Station_Name"],
        _ => &[],
    };
    let codes = places.iter().filter_map(|place| memory.text(place)?.strip_prefix("Code "));
    codes.filter(|code| code.len() == 7 && code.find('-') == Some(3)).map(str::to_owned).next()
}

/// A key of a module.
fn module_key(module: u8, position: u16) -> Place {
    Place { area: Area::Module(module), position }
}

/// A soft key.
fn soft_key(position: u16) -> Place {
    Place { area: Area::SoftKeys, position }
}

impl Understood {
    fn key(&mut self, place: Place, does: Does, label: Option<&str>) {
        let label = label.filter(|label| !label.is_empty()).map(str::to_owned);
        self.keys.insert(place, Key { does, label });
    }
}

/// A text that says something.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
