//! Proxies between the phones and a listener: whom to believe, and what a connection begins with then.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::header::{FORWARDED, HeaderMap, HeaderName, VIA};
use ipnet::IpNet;
use smallvec::SmallVec;
use tokio::net::TcpStream;

use super::exchange::Ends;
use super::forwarded;
use super::proxy_protocol::{Announced, read};

/// Who asks where a proxy does not tell it: an address that is in no network.
pub(super) const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies in front of a listener.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// Their addresses.
    pub networks: Vec<IpNet>,
    /// They speak the PROXY protocol, and nobody else may connect.
    pub protocol: bool,
}

/// How much of what a connection says of its other end is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Through {
    /// The peer is the one who asks.
    Nobody,
    /// A proxy has told who it is, before the first byte.
    Announced,
    /// A proxy, which tells it in the headers of each request.
    Proxy,
}

impl Proxies {
    fn name(&self, peer: SocketAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&peer.ip()))
    }

    /// Finds out who is at the other end, and takes the PROXY header off the connection where one is due.
    ///
    /// # Errors
    /// The connection is none of a proxy's and has to be, or it begins with no header.
    pub(super) async fn meet(&self, tcp: &mut TcpStream, ends: &mut Ends) -> io::Result<()> {
        match (self.name(ends.peer), self.protocol) {
            (true, true) => {
                (ends.peer, ends.local) = match read(tcp).await? {
                    Announced::For { source, destination } => (source, destination),
                    Announced::Nobody => (NOBODY, ends.local),
                };
                ends.through = Through::Announced;
            }
            (true, false) => ends.through = Through::Proxy,
            (false, true) => return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is none of `proxies`")),
            (false, false) => {}
        }
        Ok(())
    }

    /// Who asks, and whether somebody hands it on.
    pub(super) fn origin(&self, ends: &Ends, headers: &HeaderMap) -> (SocketAddr, bool) {
        match ends.through {
            Through::Nobody => (ends.peer, is_handed_on(headers)),
            Through::Announced => (ends.peer, true),
            Through::Proxy => {
                let lines = |name: HeaderName| -> SmallVec<[&[u8]; 2]> {
                    headers.get_all(name).iter().map(|value| value.as_bytes()).collect()
                };
                let client = forwarded::client(&lines(X_FORWARDED_FOR), &lines(FORWARDED), &self.networks);
                (client.map_or(NOBODY, |client| SocketAddr::new(client, 0)), true)
            }
        }
    }
}

/// Whether somebody in between has written that he is there.
fn is_handed_on(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key(VIA) || headers.contains_key(X_FORWARDED_FOR)
}
