//! The boot of Gigaset's P phones: what they ask for follows from the form of their address, and firmware ends the round.

use std::collections::VecDeque;

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::settings;
use super::{Address, Answer, Ask, Boot, Start, text};

/// A firmware of Snom's numbering, which is all that is known of theirs.
pub fn firmware() -> &'static str {
    "10.1.0.0"
}

/// The name of the phone's class. GigasetP82x is known; the others are concluded from it.
fn class(device: &Device) -> String {
    let digits: String = device.product.chars().filter(char::is_ascii_digit).collect();
    format!("GigasetP{}x", &digits[..digits.len().min(2)])
}

/// The user agent. None of theirs is known: the shape is Snom's, with the class inside.
pub fn user_agent(device: &Device) -> String {
    let (class, firmware, mac) = (class(device), &device.firmware, device.mac.upper());
    format!("Mozilla/4.0 (compatible; {class}-SIP {firmware} {mac})")
}

/// A boot: files in order, each of which may be missing.
pub struct GigasetP {
    waiting: VecDeque<Address>,
}

impl GigasetP {
    /// Begins.
    pub fn new(device: &Device, start: &Start, memory: &mut Memory) -> GigasetP {
        let stored = memory.text("setting_server").filter(|_| start.is_restart());
        let stored = stored.and_then(|url| Address::parse(&expanded(url, device)).ok());
        let address = stored.unwrap_or_else(|| start.given().at(&expanded(&start.given().path, device)));
        let had_mac = memory.text("setting_server").is_some_and(|url| start.is_restart() && url.contains("{mac}"))
            || start.given().path.contains("{mac}");
        GigasetP { waiting: files(device, &address, had_mac).into() }
    }
}

fn expanded(text: &str, device: &Device) -> String {
    text.replace("{mac}", &device.mac.to_string())
}

/// What is asked for, in order.
fn files(device: &Device, address: &Address, had_mac: bool) -> Vec<Address> {
    let (class, mac) = (class(device), device.mac);
    let firmware = format!("{class}-firmware.htm");
    let (folder, name) = address.path.rsplit_once('/').unwrap_or(("", &address.path));
    let in_folder = |name: &str| address.at(&format!("{folder}/{name}"));
    match (name, name.rsplit_once('.')) {
        ("", _) => [format!("{class}.htm"), format!("{class}-{mac}.htm"), firmware]
            .iter()
            .map(|name| in_folder(name))
            .collect(),
        _ if had_mac => vec![address.clone(), in_folder(&firmware)],
        (_, Some((stem, extension))) => {
            vec![address.clone(), in_folder(&format!("{stem}-{mac}.{extension}")), in_folder(&firmware)]
        }
        (name, None) => vec![address.clone(), in_folder(&format!("{name}-{mac}")), in_folder(&firmware)],
    }
}

impl Boot for GigasetP {
    fn next(&mut self, _: &mut Memory) -> Option<Ask> {
        self.waiting.pop_front().map(Ask::once)
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        // A firmware's file names firmware and no more; a 404 for any of them is normal traffic.
        if answer.status != 200 || answer.from.path.ends_with("-firmware.htm") {
            return;
        }
        match text(answer).and_then(settings::read) {
            Ok(values) => {
                memory.files.push(answer.from.to_string());
                memory.lay(values);
            }
            Err(why) => memory.trouble(format!("the phone takes nothing from `{}`: {why}", answer.from)),
        }
    }
}
