//! The boot of Gigaset's Nx70 bases: one file in the folder that they were given.

use super::super::address::Credentials;
use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::provisioning;
use super::{Address, Answer, Ask, Boot, Start, text};

/// A firmware: the group's own number, then the version.
pub fn firmware() -> &'static str {
    "83.V2.43.0+build.5f0a106"
}

/// The user agent; the third field, the capacity, is there over HTTP only.
pub fn user_agent(device: &Device) -> String {
    let (product, firmware, mac) = (&device.product, &device.firmware, device.mac.upper());
    let capacity = device.model.handsets.as_ref().map_or(0, |slots| slots.max);
    format!("Gigaset {product}/{firmware};{mac};Handset={capacity}")
}

/// What a base answers a first challenge with; see the Maxwell's.
pub fn own_pair(device: &Device) -> Credentials {
    super::gigaset_maxwell::own_pair(device)
}

/// A boot.
pub struct Nx70 {
    waiting: Option<Address>,
}

impl Nx70 {
    /// Begins.
    pub fn new(device: &Device, start: &Start, memory: &mut Memory) -> Nx70 {
        let stored = memory.text("Provisioning.global.ProvisioningServer").filter(|_| start.is_restart());
        let folder = stored.and_then(|url| Address::parse(url).ok()).unwrap_or_else(|| start.given().clone());
        let file = if folder.is_folder() { folder.file(&format!("{}.xml", device.mac)) } else { folder };
        Nx70 { waiting: Some(file) }
    }
}

impl Boot for Nx70 {
    fn next(&mut self, _: &mut Memory) -> Option<Ask> {
        self.waiting.take().map(Ask::once)
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        match text(answer).and_then(provisioning::read) {
            Ok(read) => {
                memory.files.push(answer.from.to_string());
                memory.lay(read.params);
                for oper in read.opers {
                    memory.lay([(format!("oper {} {}", oper.name, oper.value), String::new())]);
                    let inner = oper.params.into_iter();
                    memory.lay(inner.map(|(name, value)| (format!("oper {} {} {name}", oper.name, oper.value), value)));
                }
            }
            Err(why) => memory.trouble(format!("the base takes nothing from `{}`: {why}", answer.from)),
        }
    }
}
