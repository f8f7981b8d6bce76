//! May this request have this file?
//!
//! A provisioning file holds a SIP password, and a MAC is not a secret. So an address that other machines can reach
//! serves a phone's own file only to the networks that its site names in `[trust]`; the machine's own loopback addresses
//! serve anybody who can reach them. Passwords, tokens and certificates are the upper rungs of this ladder, and not
//! built yet.

use std::net::IpAddr;

use crate::catalogue::Answer;
use crate::fleet::Site;

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Who asks.
    pub peer: IpAddr,
    /// The address that was called.
    pub local: IpAddr,
}

/// Why a request is refused. Each has a short name for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Two strong MACs that differ.
    #[error("the request names two different phones")]
    Contradiction,
    /// Nothing is stored for the MAC.
    #[error("no such phone is stored")]
    UnknownPhone,
    /// The address names another site than the phone's.
    #[error("the address names another site than the phone's")]
    OtherSite,
    /// The phone's family has no such file.
    #[error("the phone's family has no such file")]
    NoSuchFile,
    /// The firmware reads a format in which no file is written.
    #[error("the phone's firmware reads another file format")]
    OldFirmware,
    /// The listener does not serve the family.
    #[error("this listener does not serve the phone's family")]
    OtherFamily,
    /// The phone's site does not name the network that the request comes from.
    #[error("the phone's site does not trust this network")]
    Untrusted,
}

impl Refusal {
    /// Its short name.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Contradiction => "contradiction",
            Refusal::UnknownPhone => "unknown-phone",
            Refusal::OtherSite => "other-site",
            Refusal::NoSuchFile => "no-such-file",
            Refusal::OldFirmware => "old-firmware",
            Refusal::OtherFamily => "other-family",
            Refusal::Untrusted => "untrusted-network",
        }
    }
}

/// Whether an answer of this kind may go out on this way.
///
/// # Errors
/// Why it may not. Files without secrets go to everybody.
pub fn admit(answer: Answer, site: &Site, way: Way) -> Result<(), Refusal> {
    if answer != Answer::Document || way.is_loopback() {
        return Ok(());
    }
    match site.networks.iter().any(|network| network.contains(&way.peer)) {
        true => Ok(()),
        false => Err(Refusal::Untrusted),
    }
}

impl Way {
    /// Both ends are this machine's own.
    fn is_loopback(self) -> bool {
        self.local.is_loopback() && self.peer.is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(networks: &[&str]) -> Site {
        Site { networks: networks.iter().map(|text| text.parse().unwrap()).collect(), ..Site::default() }
    }

    fn way(peer: &str, local: &str) -> Way {
        Way { peer: peer.parse().unwrap(), local: local.parse().unwrap() }
    }

    #[test]
    fn only_the_networks_of_the_site_get_a_document() {
        let site = site(&["192.0.2.0/24", "2001:db8::/32"]);
        for (peer, local, verdict) in [
            ("192.0.2.7", "10.0.0.2", Ok(())),
            ("2001:db8::7", "2001:db8::1", Ok(())),
            ("198.51.100.7", "10.0.0.2", Err(Refusal::Untrusted)),
            ("127.0.0.1", "127.0.0.1", Ok(())),
            ("::1", "::1", Ok(())),
            // A packet with a loopback source on another address is forged.
            ("127.0.0.1", "10.0.0.2", Err(Refusal::Untrusted)),
        ] {
            assert_eq!(admit(Answer::Document, &site, way(peer, local)), verdict, "{peer} to {local}");
        }
    }

    #[test]
    fn a_site_that_trusts_nobody_serves_this_machine_only() {
        assert_eq!(admit(Answer::Document, &site(&[]), way("192.0.2.7", "192.0.2.1")), Err(Refusal::Untrusted));
        assert_eq!(admit(Answer::Bootstrap, &site(&[]), way("192.0.2.7", "192.0.2.1")), Ok(()));
    }
}
