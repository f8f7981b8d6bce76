//! Why a handshake failed, in words for whoever has to make that phone work.

mod offer;
mod told;

use std::fmt;
use std::io;
use std::net::IpAddr;

use rustls::{AlertDescription, Error, PeerIncompatible, PeerMisbehaved};
use serde::Serialize;

pub use offer::Offer;
pub(super) use told::Doctor;

use crate::catalogue::Catalogue;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It speaks HTTP where TLS is expected.
    PlainHttp,
    /// Nothing newer than TLS 1.1.
    OldVersion,
    /// TLS 1.2 without ECDHE.
    NoEcdhe,
    /// ECDHE, and neither AES-GCM nor ChaCha20-Poly1305 with it.
    OldCiphers,
    /// It takes no certificate with a key of the server's kind.
    OtherKey,
    /// No curve in common.
    OddGroups,
    /// No signature in common, such as SHA-1 only.
    OldSignatures,
    /// It does not trust our certificate.
    Distrust,
    /// It takes our certificate for one whose time is over, or not yet come.
    WrongTime,
    /// It could not prove that the certificate that it showed is its own.
    Unproven,
    /// It ended the handshake with an alert.
    Refused,
    /// It ended the connection without a word.
    HungUp,
    /// It took too long.
    Slow,
    /// What it sent is not TLS.
    NotTls,
    /// Something else.
    Other,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 15] = [
        Fault::PlainHttp,
        Fault::OldVersion,
        Fault::NoEcdhe,
        Fault::OldCiphers,
        Fault::OtherKey,
        Fault::OddGroups,
        Fault::OldSignatures,
        Fault::Distrust,
        Fault::WrongTime,
        Fault::Unproven,
        Fault::Refused,
        Fault::HungUp,
        Fault::Slow,
        Fault::NotTls,
        Fault::Other,
    ];

    /// Its name in logs.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    /// What helps.
    pub fn help(self) -> &'static str {
        self.words().2
    }

    /// The section of docs/old-phones.md that says more.
    pub fn section(self) -> &'static str {
        self.words().3
    }

    /// Its name, what is wrong, what helps, and the section of docs/old-phones.md that says how.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const PHONES: &str = "Phones that cannot use the HTTPS listener";
        const WHICH: &str = "Which phones";
        const REMEDY: &str = "First remedy: a plain listener";
        const REMEDIES: &str = "a plain listener in a network of its own, or HAProxy in front";
        match self {
            Fault::PlainHttp => {
                let what = "it speaks HTTP on a listener with TLS";
                ("plain-http", what, "an address with https in the phone, or a plain listener", REMEDY)
            }
            Fault::OldVersion => ("old-version", "it speaks nothing newer than TLS 1.1", REMEDIES, REMEDY),
            Fault::NoEcdhe => ("no-ecdhe", "it does not agree keys by ECDHE", REMEDIES, REMEDY),
            Fault::OldCiphers => {
                ("old-ciphers", "it knows neither AES-GCM nor ChaCha20-Poly1305 with ECDHE", REMEDIES, REMEDY)
            }
            Fault::OtherKey => {
                let what =
                    "it takes no certificate with a key such as the server's: ECDSA, if it is the self-signed one";
                ("other-key", what, "a certificate with an RSA key", PHONES)
            }
            Fault::OddGroups => {
                ("odd-groups", "it agrees keys on curves that the server does not know", REMEDIES, REMEDY)
            }
            Fault::OldSignatures => ("old-signatures", "it knows no signature newer than SHA-1", REMEDIES, REMEDY),
            Fault::Distrust => {
                let helps = "a certificate that it trusts, with the name of the phone's URL in it";
                ("distrust", "it does not trust the server's certificate, or not under this name", helps, WHICH)
            }
            Fault::WrongTime => {
                let what = "it takes the server's certificate for one that is not valid at this time";
                ("wrong-time", what, "a time server by DHCP (option 42), or a newer certificate", PHONES)
            }
            Fault::Unproven => {
                let what = "it could not prove that the certificate that it showed is its own";
                ("unproven", what, "nothing that the server can do: somebody may have copied a certificate", PHONES)
            }
            Fault::Refused => ("refused", "it ended the handshake", "the alert says why", PHONES),
            Fault::HungUp => {
                let what = "it hung up in the middle of the handshake";
                ("hung-up", what, "often a certificate that it does not trust: see its own log", WHICH)
            }
            Fault::Slow => {
                ("slow", "it took too long", "a look at the network, or at what else the phone does", PHONES)
            }
            Fault::NotTls => ("not-tls", "what it sent is not TLS", "nothing, if it is no phone", PHONES),
            Fault::Other => ("other", "the handshake failed", "the reason says why", PHONES),
        }
    }

    /// The fault behind an error of the handshake.
    fn of(error: &io::Error, heard: &[u8], offer: Option<&Offer>) -> Fault {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return if error.kind() == io::ErrorKind::TimedOut { Fault::Slow } else { Fault::HungUp };
        };
        match tls {
            Error::AlertReceived(alert) => Fault::of_alert(*alert),
            Error::InvalidCertificate(_)
            | Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme) => Fault::Unproven,
            Error::PeerIncompatible(why) => offer.map_or(Fault::Other, |offer| Fault::of_offer(why, offer)),
            Error::InvalidMessage(_) if is_http(heard) => Fault::PlainHttp,
            Error::InvalidMessage(_) => match offer {
                None => Fault::NotTls,
                // The greeting of SSL 2.0.
                Some(offer) if !offer.is_new_enough() => Fault::OldVersion,
                Some(_) => Fault::Other,
            },
            _ => Fault::Other,
        }
    }

    fn of_alert(alert: AlertDescription) -> Fault {
        match alert {
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate => Fault::Distrust,
            AlertDescription::CertificateExpired => Fault::WrongTime,
            _ => Fault::Refused,
        }
    }

    fn of_offer(why: &PeerIncompatible, offer: &Offer) -> Fault {
        match why {
            _ if !offer.is_new_enough() => Fault::OldVersion,
            _ if !offer.has_ecdhe() => Fault::NoEcdhe,
            _ if !offer.has_aead() => Fault::OldCiphers,
            PeerIncompatible::NoCipherSuitesInCommon if !offer.has_ecdsa() => Fault::OtherKey,
            PeerIncompatible::NoSignatureSchemesInCommon if offer.has_new_signatures() => Fault::OtherKey,
            PeerIncompatible::NoKxGroupsInCommon => Fault::OddGroups,
            PeerIncompatible::NoSignatureSchemesInCommon | PeerIncompatible::SignatureAlgorithmsExtensionRequired => {
                Fault::OldSignatures
            }
            _ => Fault::Other,
        }
    }
}

fn is_http(heard: &[u8]) -> bool {
    [&b"GET "[..], b"HEAD ", b"POST ", b"PUT ", b"OPTIONS "].iter().any(|method| heard.starts_with(method))
}

/// A handshake that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandshakeFailure {
    /// When, in seconds since 1970.
    pub at_secs: u64,
    /// Who called.
    pub peer: IpAddr,
    /// Which of the listeners, from 0.
    pub listener: usize,
    /// What went wrong.
    pub fault: Fault,
    /// The same in the words of TLS.
    pub reason: String,
    /// What the client offered, where that could be read.
    pub offer: Option<Offer>,
    /// Phones that offer such things, as the catalogue knows them.
    pub likely: Vec<String>,
}

impl HandshakeFailure {
    /// The failure behind an error, from the first bytes that the client sent.
    pub(super) fn new(
        at_secs: u64,
        peer: IpAddr,
        listener: usize,
        error: &io::Error,
        heard: &[u8],
    ) -> HandshakeFailure {
        let offer = Offer::read(heard);
        let fault = Fault::of(error, heard, offer.as_ref());
        HandshakeFailure { at_secs, peer, listener, fault, reason: error.to_string(), offer, likely: Vec::new() }
    }

    /// Names the phones of a catalogue that may have called.
    fn recognise(&mut self, catalogue: &Catalogue) {
        let Some(offer) = &self.offer else { return };
        let families = catalogue.families.values().flat_map(|maker| &maker.family.old_tls);
        let likely = families.filter(|old| old.fits(offer.newest, offer.has_ecdhe(), &offer.suites));
        self.likely = likely.map(|old| old.phones.to_string()).collect();
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no TLS with `{}`: {} ({})", self.peer, self.fault.words().1, self.reason)?;
        if let Some(offer) = &self.offer {
            write!(f, "; it offers {offer}")?;
        }
        if !self.likely.is_empty() {
            write!(f, "; likely {}", self.likely.join(", or "))?;
        }
        write!(f, "; what helps: {} (docs/old-phones.md, \"{}\")", self.fault.help(), self.fault.section())
    }
}
