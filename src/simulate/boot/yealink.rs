//! Yealink's boot: the boot files from firmware 81 on, then the common file and the phone's own.

use std::collections::VecDeque;

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::cfg;
use super::{Address, Answer, Ask, Boot, Start, text, told};

/// Attempts before a phone takes a file for missing (`attempt_before_failed`; TS-AUTOP).
const TRIES: u8 = 3;

/// The number in `y0000000000NN.cfg`, by product, and the first number of the firmware where a real user agent shows
/// it; 0 where none does. Source: docs/sources.md, Yealink, tables 1.4 and 2.4. T18, T19P, T41U, T44U: no source knows
/// their common file.
#[rustfmt::skip]
const NUMBERS: [(&str, u16, u16); 73] = [
    ("T28P", 0, 2), ("T26P", 4, 6), ("T22P", 5, 0), ("T20P", 7, 9), ("VP530P", 23, 23), ("W52P", 25, 25),
    ("W56P", 25, 0), ("T46G", 28, 28), ("T42G", 29, 29), ("T32G", 32, 0), ("T38G", 38, 38), ("T21P", 34, 34),
    ("T48G", 35, 35), ("T41P", 36, 36), ("CP860", 37, 37), ("T23P", 44, 0), ("T23G", 44, 44), ("T27P", 45, 0),
    ("T29G", 46, 0), ("T49G", 51, 51), ("T21P_E2", 52, 0), ("T19P_E2", 53, 53), ("T40P", 54, 0), ("T40G", 76, 0),
    ("T56A", 56, 58), ("T58V", 58, 0), ("T58A", 58, 0), ("T58", 58, 0), ("T48S", 65, 66), ("T46S", 66, 66),
    ("T42S", 67, 66), ("T41S", 68, 66), ("T27G", 69, 0), ("T54S", 70, 0), ("T52S", 74, 0), ("CP960", 73, 0),
    ("CP920", 78, 78), ("W60B", 77, 77), ("VP59", 91, 91), ("T53", 95, 96), ("T53W", 95, 96), ("T53C", 95, 96),
    ("T54W", 96, 96), ("T57W", 97, 96), ("W80B", 103, 103), ("W80DM", 103, 103), ("T43U", 107, 0), ("T46U", 108, 108),
    ("T48U", 109, 0), ("T42U", 116, 0), ("T31", 123, 0), ("T31P", 123, 0), ("T31G", 123, 124), ("T33P", 124, 0),
    ("T33G", 124, 124), ("T30", 127, 0), ("T30P", 127, 0), ("W90B", 130, 0), ("W90DM", 130, 130), ("CP965", 143, 0),
    ("CP925", 148, 0), ("W70B", 146, 146), ("T58W", 150, 0), ("T34W", 171, 124), ("T31W", 172, 0), ("T44W", 174, 0),
    ("W75B", 175, 175), ("W75DM", 175, 0), ("AX83H", 180, 0), ("AX86R", 182, 0), ("T73W", 183, 0), ("T74W", 184, 0),
    ("T73U", 186, 0),
];

/// The same for the newest.
const NEWEST: [(&str, u16, u16); 6] =
    [("T74U", 187, 0), ("T77U", 188, 185), ("T88W", 192, 0), ("T88V", 192, 0), ("T85W", 196, 0), ("T87W", 197, 185)];

fn numbers(product: &str) -> Option<(u16, u16)> {
    let known = NUMBERS.iter().chain(&NEWEST).find(|(known, ..)| known.eq_ignore_ascii_case(product));
    known.map(|(_, file, firmware)| (*file, *firmware))
}

/// A firmware of a product. Where no user agent shows the first number, that of the common file stands for it.
pub fn firmware(product: &str, band: &str) -> String {
    let first = match numbers(product) {
        Some((file, 0)) => file,
        Some((_, firmware)) => firmware,
        None if product.starts_with("T18") => return "18.0.0.80".to_owned(),
        None => 0,
    };
    // A band is named after the first generation in it; of the long one from 71 to 79 the last is the common one.
    match band.trim_start_matches('v').parse::<u32>() {
        Ok(71) => format!("{first}.73.0.50"),
        Ok(generation) => format!("{first}.{generation}.0.15"),
        Err(_) => format!("{first}.86.0.15"),
    }
}

/// The generation of its firmware: 86 of 66.86.0.15.
pub fn generation(device: &Device) -> u32 {
    device.version().get(1).copied().unwrap_or(u32::MAX)
}

/// The user agent. The MAC is in it, unless it is switched off; a factory-new T46S of firmware 86 had it off.
pub fn user_agent(device: &Device, memory: &Memory) -> String {
    let switch = ["static.auto_provision.user_agent_mac.enable", "auto_provision.user_agent_mac.enable"];
    let named = match switch.iter().find_map(|name| memory.text(name)) {
        Some(value) => value != "0",
        None => generation(device) < 86,
    };
    let (product, firmware) = (device.product.as_str(), device.firmware.as_str());
    let mac = if named { format!(" {}", device.mac.colons()) } else { String::new() };
    let old = generation(device) <= 70;
    match product {
        _ if product.starts_with("VP530") => format!("{product} {firmware}{mac}"),
        "W52P" if generation(device) < 80 => format!("{product} {firmware}{mac}"),
        // The number of the hardware stands where others have the MAC.
        "T46G" if generation(device) == 71 => format!("Yealink-{product} {firmware} 28.1.0.128.0.0.0"),
        "T49G" => format!("Yealink SIP VP-{product} {firmware}{mac}"),
        "T38G" | "T56A" if generation(device) <= 80 => format!("Yealink SIP-{product}  {firmware}{mac}"),
        // Bases, conference and video phones.
        "CP920" => format!("Yealink SIP-{product} {firmware}{mac}"),
        _ if !product.starts_with('T') => format!("Yealink {product} {firmware}{mac}"),
        _ if old => format!("yealink SIP-{product} {firmware}{mac}"),
        _ => format!("Yealink SIP-{product} {firmware}{mac}"),
    }
}

/// What is asked at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    OwnBoot,
    CommonBoot,
    /// A file that a boot file names.
    Included,
    Common,
    Own,
    Local,
}

/// A boot.
pub struct Yealink {
    device: Device,
    folder: Address,
    waiting: VecDeque<(At, Address)>,
    asked: At,
}

impl Yealink {
    /// Begins.
    pub fn new(device: &Device, start: &Start, memory: &mut Memory) -> Yealink {
        let folder = if start.is_restart() { stored(memory) } else { None }.unwrap_or_else(|| start.given().clone());
        let mut boot = Yealink { device: device.clone(), folder, waiting: VecDeque::new(), asked: At::Own };
        let never = ["static.auto_provision.power_on", "auto_provision.power_on"];
        if start.is_restart() && never.iter().any(|name| memory.get(name) == Some("0")) {
            return boot;
        }
        match boot.folder.is_folder() {
            // An address that names a file is that file and no other.
            false => boot.waiting.push_back((At::Own, boot.folder.clone())),
            true if generation(device) >= 81 => boot.push(At::OwnBoot, &format!("{}.boot", device.mac)),
            true => boot.common_and_own(),
        }
        boot
    }

    fn push(&mut self, at: At, name: &str) {
        self.waiting.push_back((at, self.folder.file(name)));
    }

    fn common_and_own(&mut self) {
        if let Some((number, _)) = numbers(&self.device.product) {
            self.push(At::Common, &format!("y{number:012}.cfg"));
        }
        self.push(At::Own, &format!("{}.cfg", self.device.mac));
    }

    fn take_boot_file(&mut self, text: &str, from: &Address, memory: &mut Memory) {
        match cfg::includes(text, &self.device.product) {
            Ok(names) => {
                for name in names {
                    match from.follow(&name) {
                        Ok(address) => self.waiting.push_back((At::Included, address)),
                        Err(what) => memory.trouble(format!("`{from}` includes `{name}`, but {what}")),
                    }
                }
            }
            Err(why) => memory.trouble(format!("the phone takes nothing from `{from}`: {why}")),
        }
    }
}

/// The server that a file has told the phone.
fn stored(memory: &Memory) -> Option<Address> {
    let names = ["static.auto_provision.server.url", "auto_provision.server.url"];
    let url = names.iter().find_map(|name| memory.text(name).filter(|url| *url != "%NULL%"))?.to_owned();
    Address::parse(&url).ok()
}

impl Boot for Yealink {
    fn next(&mut self, memory: &mut Memory) -> Option<Ask> {
        let (at, address) = self.waiting.pop_front()?;
        self.asked = at;
        let names = [
            ["static.auto_provision.server.username", "static.auto_provision.server.password"],
            ["auto_provision.server.username", "auto_provision.server.password"],
        ];
        Some(Ask { address, tries: TRIES, credentials: told(memory, &names) })
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        let read = text(answer);
        match (self.asked, read) {
            (At::OwnBoot | At::CommonBoot, Ok(text)) => self.take_boot_file(text, &answer.from, memory),
            (At::OwnBoot, Err(_)) => self.push(At::CommonBoot, "y000000000000.boot"),
            (At::CommonBoot, Err(_)) => self.common_and_own(),
            (_, Ok(text)) => match cfg::read(text) {
                Ok(values) => {
                    memory.files.push(answer.from.to_string());
                    memory.lay(values.into_iter().filter(|(_, value)| !value.is_empty()));
                }
                Err(why) => memory.trouble(format!("the phone takes nothing from `{}`: {why}", answer.from)),
            },
            // The common file and the local one may be missing.
            (At::Included | At::Own, Err(why)) => memory.trouble(format!("`{}` is not there: {why}", answer.from)),
            (At::Common | At::Local, Err(_)) => {}
        }
        if self.waiting.is_empty() && self.asked != At::Local && wants_local(memory) {
            self.push(At::Local, &format!("{}-local.cfg", self.device.mac));
        }
    }
}

/// What the user has changed is asked for only where it is kept on the server.
fn wants_local(memory: &Memory) -> bool {
    let on = |name: &str| {
        let name = format!("auto_provision.custom.{name}");
        memory.text(&format!("static.{name}")).or(memory.text(&name)) == Some("1")
    };
    on("protect") && on("sync")
}
