//! The boot of Gigaset's older phones: a chain of binary index files, then the profile. The paths really hold `/../../`.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::{profile, tlv};
use super::{Address, Answer, Ask, Boot, Start};

/// A firmware: the device's own number, then the version.
pub fn firmware(product: &str) -> String {
    let number = device_number(product).split('/').next().unwrap_or_default();
    match number {
        "42" if product.starts_with("N510") => "42.258.00.000.000".to_owned(),
        "42" => "42.075.00.000.000".to_owned(),
        "70" => "70.089.00.000.000".to_owned(),
        number => format!("{number}.010.00.000.000"),
    }
}

/// The number of the device, which is the folder that it asks in (GUIDE p. 59).
fn device_number(product: &str) -> &'static str {
    match product {
        _ if product.starts_with("C610") || product.starts_with("N300") => "42/1",
        _ if product.starts_with("N510") => "42/2",
        _ if product.starts_with("N720 DM") => "70",
        _ if product.starts_with("N720") => "71",
        _ if product.starts_with("DE900") => "60",
        _ if product.starts_with("DE700") => "61",
        _ if product.starts_with("DE410") => "62",
        _ if product.starts_with("DE310") => "63",
        _ => "41",
    }
}

/// The user agent. The same device says its MAC in some requests and not in others.
pub fn user_agent(device: &Device) -> String {
    let (product, firmware, mac) = (&device.product, &device.firmware, device.mac.upper());
    let maker = if product.starts_with("N720") { "Gigaset " } else { "" };
    format!("{maker}{product}/{firmware};{mac}")
}

/// The links of the chain with the tag under which each names the next.
const CHAIN: [u8; 5] = [3, 4, 4, 4, 0];

/// A boot.
pub struct Classic {
    device: Device,
    base: Address,
    folder: String,
    waiting: Option<Address>,
    at: usize,
}

impl Classic {
    /// Begins. An address that names a file is fetched at once.
    pub fn new(device: &Device, start: &Start) -> Classic {
        let base = start.given().at(&start.given().path.replace("%MACD", &device.mac.upper()));
        let folder = device_number(&device.product).to_owned();
        let (waiting, at) = match base.is_folder() {
            true => (base.file(&format!("{folder}/master.bin")), 0),
            false => (base.clone(), CHAIN.len()),
        };
        Classic { device: device.clone(), base, folder, waiting: Some(waiting), at }
    }

    /// What the last link says is the profile's address.
    fn profile(&self, format: &str) -> Result<Address, String> {
        let host = self.base.authority();
        let durl = format!("{host}{}", self.base.path.trim_end_matches('/'));
        let url = format
            .replace("%DURL", &durl)
            .replace("%DVID", &self.folder)
            .replace("%MACD", &self.device.mac.upper())
            .replace("%MACC", &self.device.mac.colons().to_uppercase())
            .replace("%%", "%");
        Address::parse(&url)
    }

    fn link(&mut self, answer: &Answer) -> Result<Address, String> {
        if answer.status != 200 {
            return Err(format!("status {}", answer.status));
        }
        let name = tlv::text_of(&answer.body, CHAIN[self.at])?;
        self.at += 1;
        if self.at == CHAIN.len() {
            return self.profile(&name);
        }
        // A name is put behind the device's own folder, whatever it begins with.
        Ok(self.base.file(&format!("{}/{name}", self.folder)))
    }

    fn take_profile(&self, answer: &Answer, memory: &mut Memory) -> Result<(), String> {
        if answer.status != 200 {
            return Err(format!("status {}", answer.status));
        }
        let read = profile::read(&answer.body)?;
        if !read.mac.eq_ignore_ascii_case(&self.device.mac.to_string()) {
            return Err(format!("it is for the phone `{}`", read.mac));
        }
        memory.files.push(answer.from.to_string());
        memory.lay(read.values);
        Ok(())
    }
}

impl Boot for Classic {
    fn next(&mut self, _: &mut Memory) -> Option<Ask> {
        self.waiting.take().map(Ask::once)
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        let taken = match self.at < CHAIN.len() {
            true => self.link(answer).map(|next| self.waiting = Some(next)),
            false => self.take_profile(answer, memory),
        };
        if let Err(why) = taken {
            memory.trouble(format!("the phone takes nothing from `{}`: {why}", answer.from));
        }
    }
}
