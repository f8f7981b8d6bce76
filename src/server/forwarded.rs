//! Who asks, by the word of proxies that speak HTTP: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Each proxy adds at the right whom it serves, and anybody may have written what stands further left. So the lists are
//! read from the right, as far as proxies go that the fleet names; the first address that is none of them is who asks.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use smallvec::SmallVec;

/// So many proxies in a row are believed.
const MAX_PROXIES: usize = 16;

/// Who asks, from all lines of the two headers in their order. Where both are there they have to agree: a proxy knows one
/// of them, and passes the other on as somebody else has written it.
///
/// None: nobody is named, or not by an address, or by proxies only.
pub fn client(x_forwarded_for: &[&[u8]], forwarded: &[&[u8]], proxies: &[IpNet]) -> Option<IpAddr> {
    let simple = || {
        let hops = x_forwarded_for.iter().flat_map(|line| line.split(|byte| *byte == b',')).map(address);
        first_stranger(hops.rev(), proxies)
    };
    let long = || first_stranger(forwarded.iter().rev().flat_map(|line| hops(line)), proxies);
    match (x_forwarded_for.is_empty(), forwarded.is_empty()) {
        (false, true) => simple(),
        (true, false) => long(),
        (false, false) => simple().filter(|address| long() == Some(*address)),
        (true, true) => None,
    }
}

/// The first that is no proxy, if all before it are.
fn first_stranger(hops: impl Iterator<Item = Option<IpAddr>>, proxies: &[IpNet]) -> Option<IpAddr> {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    hops.take(MAX_PROXIES + 1).find(|hop| !hop.as_ref().is_some_and(is_proxy)).flatten()
}

/// The hops of a line of `Forwarded`, the last one first; a line that is none is one hop of which nothing is known.
fn hops(line: &[u8]) -> SmallVec<[Option<IpAddr>; 4]> {
    match split(line, b',') {
        Some(elements) => elements.into_iter().rev().map(hop).collect(),
        None => SmallVec::from_elem(None, 1),
    }
}

/// Whom an element such as `for="[2001:db8::7]:4711";proto=https` names.
fn hop(element: &[u8]) -> Option<IpAddr> {
    let mut named = None;
    for pair in split(element, b';')? {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&pair[..at], &pair[at + 1..]);
        if name.trim_ascii().eq_ignore_ascii_case(b"for") && named.replace(value).is_some() {
            return None;
        }
    }
    let value = named?.trim_ascii();
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    address(quoted.unwrap_or(value))
}

/// Parts between separators that stand in no quotes. None: quotes are left open.
fn split(text: &[u8], separator: u8) -> Option<SmallVec<[&[u8]; 4]>> {
    let mut parts = SmallVec::new();
    let (mut begin, mut quoted, mut escaped) = (0, false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!quoted).then_some(parts)
}

/// An address with or without a port. `unknown` and names such as `_hidden` are none.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let address = match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok()?.into(),
        None => text.parse::<IpAddr>().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip())).ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client by lines such as `X: 192.0.2.7` and `F: for=192.0.2.7`, behind the proxies 10.0.0.5 and 10.1.0.0/24.
    fn asks(headers: &str) -> String {
        let proxies = ["10.0.0.5/32", "10.1.0.0/24", "2001:db8:f::/48"].map(|text| text.parse().unwrap());
        let lines = |mark| -> Vec<&[u8]> {
            headers.lines().filter_map(|line| line.strip_prefix(mark)).map(str::as_bytes).collect()
        };
        client(&lines("X: "), &lines("F: "), &proxies).map_or("nobody".into(), |address| address.to_string())
    }

    #[test]
    fn the_last_address_that_is_no_proxy() {
        for (headers, client) in [
            ("X: 192.0.2.7", "192.0.2.7"),
            ("X: 192.0.2.7, 10.0.0.5, 10.1.0.9", "192.0.2.7"),
            ("X: 198.51.100.1, 192.0.2.7 ,\t10.1.0.9", "192.0.2.7"),
            ("X: 198.51.100.1\nX: 192.0.2.7\nX: 10.1.0.9", "192.0.2.7"),
            ("X: 192.0.2.7:4711", "192.0.2.7"),
            ("X: [2001:db8::7]:4711", "2001:db8::7"),
            ("X: [2001:db8::7]", "2001:db8::7"),
            ("X: 2001:db8::7, 2001:db8:f::1", "2001:db8::7"),
            ("X: ::ffff:192.0.2.7, ::ffff:10.0.0.5", "192.0.2.7"),
            // What a stranger has written stands further left, and is not looked at.
            ("X: , ;;nonsense\", 192.0.2.7", "192.0.2.7"),
            ("F: for=192.0.2.7", "192.0.2.7"),
            ("F: For=\"[2001:db8::7]:4711\" ; proto=https; by=10.0.0.5", "2001:db8::7"),
            ("F: for=198.51.100.1, for=192.0.2.7;host=\"a,b;for=9.9.9.9\", for=10.0.0.5", "192.0.2.7"),
            ("F: for=198.51.100.1;x=\"\nF: for=192.0.2.7", "192.0.2.7"),
            ("F: proto=https;x=\"a\\\",for=9.9.9.9\";for=192.0.2.7", "192.0.2.7"),
            ("X: 198.51.100.1, 192.0.2.7\nF: for=192.0.2.7", "192.0.2.7"),
        ] {
            assert_eq!(asks(headers), client, "{headers}");
        }
    }

    #[test]
    fn where_nobody_is_named_it_is_nobody() {
        for headers in [
            "",
            "X: ",
            "X: unknown",
            "X: _hidden",
            "X: 192.0.2.7, unknown",
            "X: 192.0.2.7,",
            "X: 192.0.2.7, unknown, 10.0.0.5",
            "X: 192.0.2.7 198.51.100.1",
            "X: 192.0.2.7:99999",
            "X: 192.0.2.7:",
            "X: 192.0.2.256",
            "X: [2001:db8::7",
            "X: [192.0.2.7]",
            "X: fe80::7%eth0",
            "X: phone.example.org",
            "X: \u{660}",
            // Proxies only.
            "X: 10.0.0.5",
            "F: ",
            "F: for=unknown",
            "F: for=_hidden",
            "F: for=\"192.0.2.7",
            "F: for=192.0.2.7;for=198.51.100.1",
            "F: proto=https",
            "F: for=192.0.2.7, proto=https",
            "F: for=192.0.2.7;x=\", for=198.51.100.1",
            "F: 192.0.2.7",
            // A header that the proxy does not know, and passes on.
            "X: 192.0.2.7\nF: for=198.51.100.1",
            "X: 192.0.2.7\nF: nonsense",
        ] {
            assert_eq!(asks(headers), "nobody", "{headers}");
        }
    }

    #[test]
    fn too_many_proxies_in_a_row() {
        let behind = |count| asks(&format!("X: 192.0.2.7{}", ",10.1.0.1".repeat(count)));
        assert_eq!(behind(MAX_PROXIES), "192.0.2.7");
        assert_eq!(behind(MAX_PROXIES + 1), "nobody");
    }
}
