//! The boots of the families: small machines that say what is asked next, one file for each family.
//!
//! Each is told twice: as a phone that was given nothing but a server's address (by DHCP or by hand), and as the same
//! phone restarted, with the address that its files have told it. Firmware, ring tones and pictures are not fetched.

use hyper::Version;

use super::address::{Address, Credentials};
use super::client::{Answer, Manners};
use super::device::Device;
use super::memory::Memory;

pub mod cisco_enterprise;
pub mod cisco_mpp;
pub mod cisco_spa;
pub mod gigaset_classic;
pub mod gigaset_maxwell;
pub mod gigaset_nx70;
pub mod gigaset_p;
mod profile_rules;
pub mod yealink;

/// What a booting phone asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where.
    pub address: Address,
    /// How often, until it gets an answer with a file.
    pub tries: u8,
    /// With which user name and password, where a rule says so.
    pub credentials: Option<Credentials>,
}

impl Ask {
    /// Asks once.
    pub fn once(address: Address) -> Ask {
        Ask { address, tries: 1, credentials: None }
    }
}

/// A boot that is under way.
pub trait Boot: Send {
    /// What is asked next; none when it is over.
    fn next(&mut self, memory: &mut Memory) -> Option<Ask>;
    /// Takes the answer.
    fn take(&mut self, answer: &Answer, memory: &mut Memory);
}

/// How a boot begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// With an address that somebody has typed in, or that DHCP gave.
    Given(Address),
    /// With what the phone keeps from its last boot; the address is the one that it was given at first.
    Restart(Address),
}

impl Start {
    /// The address that was given.
    pub fn given(&self) -> &Address {
        match self {
            Start::Given(address) | Start::Restart(address) => address,
        }
    }

    /// Whether the phone has booted before.
    pub fn is_restart(&self) -> bool {
        matches!(self, Start::Restart(_))
    }
}

/// The families whose boots are described here.
pub const FAMILIES: [&str; 8] = [
    "yealink",
    "cisco-spa",
    "cisco-mpp",
    "cisco-enterprise",
    "gigaset-maxwell",
    "gigaset-nx70",
    "gigaset-classic",
    "gigaset-p",
];

/// Begins a boot; none for a family whose boot nobody has described.
pub fn boot(device: &Device, start: &Start, memory: &mut Memory) -> Option<Box<dyn Boot>> {
    if !FAMILIES.contains(&device.family()) {
        return None;
    }
    match device.family() {
        "yealink" => Some(Box::new(yealink::Yealink::new(device, start, memory))),
        "cisco-spa" => Some(Box::new(cisco_spa::boot(device, start))),
        "cisco-mpp" => Some(Box::new(cisco_mpp::boot(device, start))),
        "cisco-enterprise" => Some(Box::new(cisco_enterprise::Enterprise::new(device, start))),
        "gigaset-maxwell" => Some(Box::new(gigaset_maxwell::Maxwell::new(device, start, memory))),
        "gigaset-nx70" => Some(Box::new(gigaset_nx70::Nx70::new(device, start, memory))),
        "gigaset-classic" => Some(Box::new(gigaset_classic::Classic::new(device, start))),
        "gigaset-p" => Some(Box::new(gigaset_p::GigasetP::new(device, start, memory))),
        _ => None,
    }
}

/// The user agent of a phone at its first boot, or later.
pub fn user_agent(device: &Device, memory: &Memory) -> String {
    match device.family() {
        "yealink" => yealink::user_agent(device, memory),
        "cisco-spa" => cisco_spa::user_agent(device),
        "cisco-mpp" => cisco_mpp::user_agent(device),
        // What they say of themselves was not found: nothing.
        "cisco-enterprise" => String::new(),
        "gigaset-nx70" => gigaset_nx70::user_agent(device),
        "gigaset-classic" => gigaset_classic::user_agent(device),
        "gigaset-p" => gigaset_p::user_agent(device),
        _ => gigaset_maxwell::user_agent(device),
    }
}

/// How a family speaks HTTP.
pub fn manners(device: &Device) -> Manners {
    let usual = Manners { version: Version::HTTP_11, redirects: &[301, 302, 303, 307, 308], own_pair: None };
    match device.family() {
        // Other redirects are failures.
        "cisco-spa" | "cisco-mpp" => Manners { redirects: &[301, 302], ..usual },
        "gigaset-nx70" => Manners { own_pair: Some(gigaset_nx70::own_pair(device)), ..usual },
        "gigaset-maxwell" => Manners { own_pair: Some(gigaset_maxwell::own_pair(device)), ..usual },
        _ => usual,
    }
}

/// A firmware of a model in a band, by the band's name.
pub fn firmware(family: &str, product: &str, band: &str) -> String {
    match family {
        "yealink" => yealink::firmware(product, band),
        "cisco-spa" => cisco_spa::firmware(product, band).to_owned(),
        "cisco-mpp" => cisco_mpp::firmware(product, band).to_owned(),
        "cisco-enterprise" => cisco_enterprise::firmware().to_owned(),
        "gigaset-nx70" => gigaset_nx70::firmware().to_owned(),
        "gigaset-classic" => gigaset_classic::firmware(product),
        "gigaset-p" => gigaset_p::firmware().to_owned(),
        _ => gigaset_maxwell::firmware(product).to_owned(),
    }
}

/// The user name and password that files have told a phone, under one of these pairs of names.
pub(super) fn told(memory: &Memory, names: &[[&str; 2]]) -> Option<Credentials> {
    names.iter().find_map(|[user, password]| {
        let text = |name| memory.text(name).map(str::to_owned);
        Some(Credentials { user: text(user)?, password: text(password)? })
    })
}

/// The text of an answer that holds a file, or why it holds none.
pub(super) fn text(answer: &Answer) -> Result<&str, String> {
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    std::str::from_utf8(&answer.body).map_err(|_| "it is not UTF-8".to_owned())
}
