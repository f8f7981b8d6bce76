//! What a client offers in its greeting, and in what it says in clear after that.

use std::fmt;

use serde::Serialize;
use tls_parser::{
    SignatureScheme, TlsCipherSuite, TlsClientHelloContents, TlsExtension, TlsRecordType,
    parse_tls_client_hello_extensions, parse_tls_handshake_client_hello, parse_tls_raw_record,
};

/// Of a long list the log shows so many.
const SHOWN: usize = 4;

const CLIENT_HELLO: u8 = 1;
const CERTIFICATE: u8 = 11;

/// The offer of a client of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The newest version: `1.0`, `1.1`, `1.2` or `1.3`; `3.0` of SSL.
    pub newest: &'static str,
    /// Cipher suites by IANA's names, or as `0x0060` where there is none.
    pub suites: Vec<String>,
    /// Groups for the agreement of keys.
    pub groups: Vec<String>,
    /// Algorithms of signatures.
    pub signatures: Vec<String>,
    /// The name of the server that it calls.
    pub server_name: Option<String>,
    /// It has shown a certificate of its own. In TLS 1.3 that cannot be seen.
    pub certificate: bool,
}

impl Offer {
    /// Reads the first bytes of a client; none if they are no greeting of TLS, or not the whole of it.
    pub fn read(heard: &[u8]) -> Option<Offer> {
        let said = handshake(heard);
        let Some((CLIENT_HELLO, hello, mut rest)) = message(&said) else { return read_version_2(heard) };
        let mut offer = Offer::of(&parse_tls_handshake_client_hello(hello).ok()?.1);
        while let Some((kind, body, next)) = message(rest) {
            // An empty list of certificates is three bytes of its length.
            offer.certificate |= kind == CERTIFICATE && body.len() > 3;
            rest = next;
        }
        Some(offer)
    }

    fn of(hello: &TlsClientHelloContents<'_>) -> Offer {
        let mut newest = hello.version.0;
        let (mut groups, mut signatures, mut server_name) = (Vec::new(), Vec::new(), None);
        let extensions = hello.ext.and_then(|bytes| parse_tls_client_hello_extensions(bytes).ok());
        for extension in extensions.map(|(_, all)| all).unwrap_or_default() {
            match extension {
                TlsExtension::SupportedVersions(versions) => {
                    let real = versions.iter().map(|version| version.0).filter(|version| !is_grease(*version));
                    newest = real.max().unwrap_or(newest);
                }
                TlsExtension::EllipticCurves(curves) => {
                    let real = curves.iter().filter(|group| !is_grease(group.0));
                    groups = real.map(|group| format!("{group:?}")).collect();
                }
                TlsExtension::SignatureAlgorithms(schemes) => {
                    signatures = schemes.iter().map(|scheme| SignatureScheme(*scheme).to_string()).collect();
                }
                TlsExtension::SNI(names) => {
                    let name = names.first().and_then(|(_, name)| std::str::from_utf8(name).ok());
                    server_name = name.map(|name| name.escape_debug().take(255).collect());
                }
                _ => {}
            }
        }
        let suites = hello.ciphers.iter().map(|suite| suite.0);
        Offer { newest: version(newest), suites: names(suites), groups, signatures, server_name, certificate: false }
    }

    /// Whether it speaks TLS 1.2 or 1.3.
    pub(super) fn is_new_enough(&self) -> bool {
        matches!(self.newest, "1.2" | "1.3")
    }

    /// Whether it offers keys agreed by ECDHE.
    pub(super) fn has_ecdhe(&self) -> bool {
        self.suites.iter().any(|suite| suite.starts_with("TLS_ECDHE_") || is_of_1_3(suite))
    }

    /// Whether it offers AES-GCM or ChaCha20-Poly1305 with them.
    pub(super) fn has_aead(&self) -> bool {
        self.modern().next().is_some()
    }

    /// Whether a certificate with an ECDSA key is welcome.
    pub(super) fn has_ecdsa(&self) -> bool {
        self.modern().any(|suite| !suite.starts_with("TLS_ECDHE_RSA_"))
    }

    /// Whether it knows signatures newer than SHA-1.
    pub(super) fn has_new_signatures(&self) -> bool {
        self.signatures.iter().any(|one| !one.ends_with("sha1") && !one.to_lowercase().contains("md5"))
    }

    fn modern(&self) -> impl Iterator<Item = &String> {
        let is_sealed = |suite: &str| suite.contains("_GCM_") || suite.contains("CHACHA20");
        self.suites
            .iter()
            .filter(move |suite| is_of_1_3(suite) || (suite.starts_with("TLS_ECDHE_") && is_sealed(suite)))
    }
}

/// The suites of TLS 1.3 say nothing of keys and certificates.
fn is_of_1_3(suite: &str) -> bool {
    suite.starts_with("TLS_AES_") || suite.starts_with("TLS_CHACHA20_")
}

/// The handshake's messages, taken out of their records, as long as those are in clear.
fn handshake(heard: &[u8]) -> Vec<u8> {
    let (mut rest, mut said) = (heard, Vec::new());
    while let Ok((next, record)) = parse_tls_raw_record(rest) {
        if record.hdr.record_type != TlsRecordType::Handshake {
            break;
        }
        said.extend_from_slice(record.data);
        rest = next;
    }
    said
}

/// The kind of the first message, its body, and what follows.
fn message(said: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = said.split_at_checked(4)?;
    let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
    let (body, rest) = rest.split_at_checked(length)?;
    Some((head[0], body, rest))
}

/// The greeting of SSL 2.0, in which clients of that time offer TLS 1.0 (RFC 5246, appendix E.2).
fn read_version_2(heard: &[u8]) -> Option<Offer> {
    let (head, rest) = heard.split_at_checked(11)?;
    if head[0] & 0x80 == 0 || head[2] != CLIENT_HELLO || head[3] != 3 {
        return None;
    }
    let specs = rest.get(..usize::from(u16::from_be_bytes([head[5], head[6]])))?;
    let suites = specs.chunks_exact(3).filter(|spec| spec[0] == 0).map(|spec| u16::from_be_bytes([spec[1], spec[2]]));
    Some(Offer {
        newest: version(u16::from_be_bytes([head[3], head[4]])),
        suites: names(suites),
        groups: Vec::new(),
        signatures: Vec::new(),
        server_name: None,
        certificate: false,
    })
}

fn version(number: u16) -> &'static str {
    match number {
        0x0300 => "3.0",
        0x0301 => "1.0",
        0x0302 => "1.1",
        0x0303 => "1.2",
        0x0304 => "1.3",
        _ => "unknown",
    }
}

/// The names of suites, without those that are only signals.
fn names(suites: impl Iterator<Item = u16>) -> Vec<String> {
    const SIGNALS: [u16; 2] = [0x00ff, 0x5600];
    let real = suites.filter(|suite| !SIGNALS.contains(suite) && !is_grease(*suite));
    real.map(|suite| TlsCipherSuite::from_id(suite).map_or_else(|| format!("0x{suite:04x}"), |it| it.name.into()))
        .collect()
}

/// Numbers that stand for nothing, to keep servers tolerant (RFC 8701).
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.newest == "3.0" { "SSL" } else { "TLS" };
        write!(f, "{kind} {} at the most", self.newest)?;
        for (what, list) in
            [("ciphers", &self.suites), ("groups", &self.groups), ("signature algorithms", &self.signatures)]
        {
            match list.len() {
                0 => write!(f, "; no {what}")?,
                count if count > SHOWN => {
                    write!(f, "; {what} {} and {} more", list[..SHOWN].join(", "), count - SHOWN)?;
                }
                _ => write!(f, "; {what} {}", list.join(", "))?,
            }
        }
        match &self.server_name {
            Some(name) => write!(f, "; the server name `{name}`")?,
            None => write!(f, "; no server name")?,
        }
        if self.certificate { write!(f, "; a certificate of its own") } else { Ok(()) }
    }
}
