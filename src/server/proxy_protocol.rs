//! Who asks, by the word of a proxy that speaks no HTTP: the PROXY protocol, versions 1 and 2, before the first byte of TLS.

use std::io;
use std::net::SocketAddr;

use ppp::v2::{Command, Protocol};
use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::canonical;

/// The longest header of version 1, with its line break; the protocol says so.
const MAX_LINE: usize = 107;
/// The longest rest of a header of version 2. It may hold certificates of the peer's.
const MAX_REST: usize = 4096;

/// For whom a proxy comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// For somebody who called an address of the proxy's.
    For {
        /// Who it is.
        source: SocketAddr,
        /// What he called.
        destination: SocketAddr,
    },
    /// For itself, to see whether we are well, or for somebody whose address it does not tell.
    Nobody,
}

/// Reads the header off a connection, and not a byte more.
///
/// # Errors
/// There is none, it is not understood, or it is too long.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Announced> {
    // The shortest line, `PROXY UNKNOWN`, is longer than the mark of version 2.
    let mut header = vec![0; v2::PROTOCOL_PREFIX.len()];
    stream.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        let mut fixed = [0; 4];
        stream.read_exact(&mut fixed).await?;
        let rest = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
        if rest > MAX_REST {
            return Err(flaw("a PROXY header that is too long"));
        }
        header.extend(fixed);
        let begin = header.len();
        header.resize(begin + rest, 0);
        stream.read_exact(&mut header[begin..]).await?;
    } else if header.starts_with(b"PROXY ") {
        while !header.ends_with(b"\n") {
            if header.len() == MAX_LINE {
                return Err(flaw("a PROXY header that is too long"));
            }
            header.push(stream.read_u8().await?);
        }
    }
    parse(&header).ok_or_else(|| flaw("no PROXY header, or one that is not understood"))
}

/// For both families of addresses, whose types are different ones.
macro_rules! announced {
    ($ends:expr) => {
        Announced::For {
            source: canonical(SocketAddr::from(($ends.source_address, $ends.source_port))),
            destination: canonical(SocketAddr::from(($ends.destination_address, $ends.destination_port))),
        }
    };
}

fn flaw(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Understands a whole header, of either version. None: it is none.
pub fn parse(header: &[u8]) -> Option<Announced> {
    if header.starts_with(v2::PROTOCOL_PREFIX) {
        let parsed = v2::Header::try_from(header).ok().filter(|parsed| parsed.len() == header.len())?;
        return Some(match (parsed.command, parsed.protocol, parsed.addresses) {
            (Command::Proxy, Protocol::Stream, v2::Addresses::IPv4(ends)) => announced!(ends),
            (Command::Proxy, Protocol::Stream, v2::Addresses::IPv6(ends)) => announced!(ends),
            _ => Announced::Nobody,
        });
    }
    let parsed = v1::Header::try_from(header).ok().filter(|parsed| parsed.header.len() == header.len())?;
    Some(match parsed.addresses {
        v1::Addresses::Tcp4(ends) => announced!(ends),
        v1::Addresses::Tcp6(ends) => announced!(ends),
        v1::Addresses::Unknown => Announced::Nobody,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from these bytes, and what of them is left for TLS.
    fn read_from(bytes: &[u8]) -> (String, String) {
        let mut stream = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = match runtime.block_on(read(&mut stream)) {
            Ok(Announced::For { source, destination }) => format!("{source} to {destination}"),
            Ok(Announced::Nobody) => "nobody".into(),
            Err(error) => error.to_string(),
        };
        (told, String::from_utf8_lossy(stream).into_owned())
    }

    /// A header of version 2: command and version, family and protocol, what follows.
    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[command, family], &length, rest, b"TLS"].concat()
    }

    #[test]
    fn the_line_of_version_1() {
        let unknown = "no PROXY header, or one that is not understood";
        for (line, told) in [
            ("PROXY TCP4 192.0.2.7 10.0.0.2 4711 8443\r\n", "192.0.2.7:4711 to 10.0.0.2:8443"),
            ("PROXY TCP6 2001:db8::7 ::1 4711 8443\r\n", "[2001:db8::7]:4711 to [::1]:8443"),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 8443\r\n", "192.0.2.7:4711 to [::1]:8443"),
            ("PROXY UNKNOWN\r\n", "nobody"),
            ("PROXY UNKNOWN 192.0.2.7 10.0.0.2 4711 8443\r\n", "nobody"),
            ("PROXY TCP4 192.0.2.7 10.0.0.2 4711 8443\n", unknown),
            ("PROXY TCP4 192.0.2.7 10.0.0.2 4711 99999\r\n", unknown),
            ("PROXY TCP4 2001:db8::7 10.0.0.2 4711 8443\r\n", unknown),
            ("PROXY TCP4 192.0.2.7 10.0.0.2 4711 8443 more\r\n", unknown),
            ("PROXY TCP9 192.0.2.7 10.0.0.2 4711 8443\r\n", unknown),
        ] {
            let (read, rest) = read_from(format!("{line}TLS").as_bytes());
            assert_eq!((read.as_str(), rest.as_str()), (told, "TLS"), "{line}");
        }
    }

    #[test]
    fn the_bytes_of_version_2() {
        let ipv4 = [192, 0, 2, 7, 10, 0, 0, 2, 0x12, 0x67, 0x20, 0xfb];
        let mut ipv6 = [0; 36];
        ipv6[..2].copy_from_slice(&[0x20, 0x01]);
        let unknown = "no PROXY header, or one that is not understood";
        for (header, told) in [
            (v2(0x21, 0x11, &ipv4), "192.0.2.7:4711 to 10.0.0.2:8443"),
            (v2(0x21, 0x11, &[&ipv4[..], &[3, 0, 1, 9]].concat()), "192.0.2.7:4711 to 10.0.0.2:8443"),
            (v2(0x21, 0x21, &ipv6), "[2001::]:0 to [::]:0"),
            // LOCAL, no family, a datagram, a socket of the machine's.
            (v2(0x20, 0x11, &ipv4), "nobody"),
            (v2(0x20, 0x00, &[]), "nobody"),
            (v2(0x21, 0x00, &ipv4), "nobody"),
            (v2(0x21, 0x12, &ipv4), "nobody"),
            (v2(0x21, 0x31, &[0; 216]), "nobody"),
            (v2(0x21, 0x11, &ipv4[..8]), unknown),
            (v2(0x31, 0x11, &ipv4), unknown),
            (v2(0x22, 0x11, &ipv4), unknown),
        ] {
            assert_eq!(read_from(&header), (told.to_owned(), "TLS".to_owned()), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_not_waited_for() {
        let long = "a PROXY header that is too long";
        assert_eq!(read_from(format!("PROXY {}", "x".repeat(5_000)).as_bytes()).0, long);
        assert_eq!(read_from(&v2(0x21, 0x11, &[0; MAX_REST + 1])).0, long);
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00"] {
            assert_eq!(read_from(bytes).0, "no PROXY header, or one that is not understood");
        }
        assert_eq!(read_from(b"PROXY TCP4 192.0.2.7").0, "unexpected end of file");
    }
}
