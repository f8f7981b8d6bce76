//! The weakest rung: where a request comes from.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Refusal, Shown};

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Who asks; `0.0.0.0` where nobody knows.
    pub peer: IpAddr,
    /// The address that was called.
    pub local: IpAddr,
    /// Somebody in between hands the request on.
    pub forwarded: bool,
}

impl Way {
    /// Both ends are this machine's own.
    pub fn is_loopback(self) -> bool {
        self.local.is_loopback() && self.peer.is_loopback() && !self.forwarded
    }
}

/// Whether a request comes from a site's networks, or from this machine itself.
pub fn network(networks: &[IpNet], way: Way) -> Shown {
    let known = !way.peer.is_unspecified();
    match way.is_loopback() || known && networks.iter().any(|network| network.contains(&way.peer)) {
        true => Shown::Good,
        false => Shown::Wrong(Refusal::Untrusted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(networks: &[&str], peer: &str, local: &str, forwarded: bool) -> bool {
        let networks: Vec<IpNet> = networks.iter().map(|text| text.parse().unwrap()).collect();
        let way = Way { peer: peer.parse().unwrap(), local: local.parse().unwrap(), forwarded };
        network(&networks, way) == Shown::Good
    }

    #[test]
    fn the_networks_of_the_site_and_this_machine() {
        let networks = ["192.0.2.0/24", "2001:db8::/32"];
        for (peer, local, good) in [
            ("192.0.2.7", "10.0.0.2", true),
            ("2001:db8::7", "2001:db8::1", true),
            ("198.51.100.7", "10.0.0.2", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("::1", "::1", true),
            // A packet with a loopback source on another address is forged.
            ("127.0.0.1", "10.0.0.2", false),
        ] {
            assert_eq!(shown(&networks, peer, local, false), good, "{peer} to {local}");
        }
    }

    #[test]
    fn a_site_that_names_no_network_has_this_machine_only() {
        assert!(shown(&[], "127.0.0.1", "127.0.0.1", false));
        assert!(!shown(&[], "192.0.2.7", "192.0.2.1", false));
    }

    #[test]
    fn an_address_that_nobody_knows_is_in_no_network() {
        assert!(shown(&["0.0.0.0/0"], "198.51.100.7", "10.0.0.2", false));
        assert!(!shown(&["0.0.0.0/0"], "0.0.0.0", "10.0.0.2", true));
    }

    #[test]
    fn what_a_proxy_on_this_machine_hands_on_is_not_this_machines() {
        assert!(!shown(&[], "127.0.0.1", "127.0.0.1", true));
    }
}
