//! The boot of Gigaset's Maxwell phones: one file, and those that it sends the phone to.

use std::collections::VecDeque;

use super::super::address::Credentials;
use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::provisioning;
use super::{Address, Answer, Ask, Boot, Start, text, told};

/// A firmware of a product: the device's own number, then the version.
pub fn firmware(product: &str) -> &'static str {
    if product.contains('4') { "84.2.18.4-release" } else { "82.2.18.4-release" }
}

/// The user agent, of the shape of the one that is known: a Maxwell 3's.
pub fn user_agent(device: &Device) -> String {
    let product = &device.product;
    let product = if product == "Maxwell 3" { "Maxwell 3 PRO" } else { product };
    format!("{product}/{};{}", device.firmware, device.mac.upper())
}

/// What a phone answers a first challenge with: its MAC and the secret that it was made with. The secret stands on the
/// phone's box, so a simulated one has another; the round takes place all the same.
pub fn own_pair(device: &Device) -> Credentials {
    Credentials { user: device.mac.upper(), password: format!("{}-0000", device.mac.upper()) }
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// provisioning.xml of a folder.
    Common,
    /// The phone's own.
    Own,
}

/// A boot.
pub struct Maxwell {
    device: Device,
    folder: Address,
    waiting: VecDeque<(At, Address)>,
    asked: At,
    redirects: usize,
}

impl Maxwell {
    /// Begins.
    pub fn new(device: &Device, start: &Start, memory: &mut Memory) -> Maxwell {
        let stored = memory.text("System.Provision.ProvisioningServer").filter(|_| start.is_restart());
        let folder = stored.and_then(|url| Address::parse(&expanded(url, device)).ok());
        let folder = folder.unwrap_or_else(|| start.given().at(&expanded(&start.given().path, device)));
        let first = match folder.is_folder() {
            true => (At::Common, folder.file("provisioning.xml")),
            false => (At::Own, folder.clone()),
        };
        Maxwell { device: device.clone(), folder, waiting: [first].into(), asked: At::Own, redirects: 0 }
    }
}

/// `%MACD` becomes the MAC. Lower case: Tancredi matches nothing else; the maker's examples have upper case.
fn expanded(text: &str, device: &Device) -> String {
    text.replace("%MACD", &device.mac.to_string())
}

impl Boot for Maxwell {
    fn next(&mut self, memory: &mut Memory) -> Option<Ask> {
        let (at, address) = self.waiting.pop_front()?;
        self.asked = at;
        let names = ["System.Security.HttpAuthUsername", "System.Security.HttpAuthPassword"];
        Some(Ask { credentials: told(memory, &[names]), ..Ask::once(address) })
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        match (self.asked, text(answer).and_then(provisioning::read)) {
            (_, Ok(read)) => {
                memory.files.push(answer.from.to_string());
                memory.lay(read.params);
                memory.lay(read.steps.into_iter().map(|step| (format!("step {step}"), String::new())));
                for url in read.redirects {
                    self.redirects += 1;
                    match answer.from.follow(&expanded(&url, &self.device)) {
                        Ok(address) if self.redirects <= 5 => self.waiting.push_back((At::Own, address)),
                        Ok(_) => memory.trouble("the files send the phone to further ones again and again"),
                        Err(what) => memory.trouble(format!("`{}` redirects, but {what}", answer.from)),
                    }
                }
            }
            (At::Common, Err(_)) => {
                self.waiting.push_back((At::Own, self.folder.file(&format!("{}.xml", self.device.mac))));
            }
            (At::Own, Err(why)) => memory.trouble(format!("the phone takes nothing from `{}`: {why}", answer.from)),
        }
    }
}
