//! What the journal is told.

use std::net::{IpAddr, SocketAddr};

use compact_str::CompactString;

use crate::phone::Mac;

/// How much of a user agent is kept, in bytes; the longest known of a phone has about 100.
pub const MAX_AGENT: usize = 128;
/// How much is kept of what else there is to say, in bytes.
const MAX_DETAIL: usize = 512;
/// How much of a changed text is kept, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// A request with its answer, or a connection that did not come so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The phone that the request names.
    pub mac: Option<Mac>,
    /// The fleet has this phone.
    pub known: bool,
    /// The file's handle, never its path.
    pub file: Option<CompactString>,
    /// The revision that was sent, or that the phone has already.
    pub revision: Option<CompactString>,
    /// It asked for the head only.
    pub head: bool,
    /// Who asked; none where too many did.
    pub source: Option<IpAddr>,
    /// What it calls itself, as [`agent`] cuts it.
    pub agent: Option<CompactString>,
    /// The HTTP status; 0 where it did not come so far.
    pub status: u16,
    /// The short name of a refusal.
    pub reason: Option<&'static str>,
    /// The address that was called, if that is known.
    pub listener: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// What else there is to say, without secrets.
    pub detail: Option<CompactString>,
}

/// The reason of [`Fetch::handshake`].
pub const NO_HANDSHAKE: &str = "tls-handshake";

impl Fetch {
    /// A TLS handshake that failed; `detail` says with what. Nobody knows then which phone it was.
    pub fn handshake(at: i64, source: IpAddr, detail: &str) -> Fetch {
        Fetch {
            at,
            mac: None,
            known: false,
            file: None,
            revision: None,
            head: false,
            source: Some(source),
            agent: None,
            status: 0,
            reason: Some(NO_HANDSHAKE),
            listener: None,
            tls: true,
            detail: Some(printable(detail, MAX_DETAIL)),
        }
    }
}

/// A user agent, cut to [`MAX_AGENT`] bytes; what could confuse a terminal becomes a `?`.
pub fn agent(text: &str) -> CompactString {
    printable(text, MAX_AGENT)
}

fn printable(text: &str, max: usize) -> CompactString {
    let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
    if text.len() <= max && text.as_bytes().iter().all(is_printable) {
        return text.into();
    }
    text.bytes().take(max).map(|byte| if is_printable(&byte) { char::from(byte) } else { '?' }).collect()
}

/// Somebody changed something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who, such as `anna`.
    pub who: String,
    /// By what, such as `compare-model`.
    pub what: String,
    /// The file of the fleet, or whatever else was changed.
    pub entity: String,
    /// The phone that it concerns, if it is one.
    pub mac: Option<Mac>,
    /// How it was, without secrets.
    pub before: Option<String>,
    /// How it is now, without secrets.
    pub after: Option<String>,
    /// The number of the change that this one takes back.
    pub undoes: Option<i64>,
    /// What was changed together by one write has its number.
    pub number: Option<i64>,
    /// How many files that write has changed.
    pub together: Option<i64>,
    /// How it was word for word, encrypted.
    pub sealed_before: Option<String>,
    /// How it is now word for word, encrypted.
    pub sealed_after: Option<String>,
}

/// As much of a text as is kept.
pub(super) fn cut(text: Option<&String>) -> Option<&str> {
    text.map(|text| &text[..text.floor_char_boundary(MAX_TEXT)])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A phone that has got its file.
    pub(in super::super) fn fetch(at: i64, number: u32) -> Fetch {
        let bytes = number.to_be_bytes();
        Fetch {
            at,
            mac: Some(Mac::from_bytes([0, 0, bytes[0], bytes[1], bytes[2], bytes[3]])),
            known: true,
            file: Some("phone".into()),
            revision: Some("0123456789abcdef0123456789abcdef".into()),
            head: false,
            source: Some([192, 0, 2, 1].into()),
            agent: Some(agent("Yealink SIP-T46S 66.86.0.15")),
            status: 200,
            reason: None,
            listener: Some(([192, 0, 2, 100], 8443).into()),
            tls: true,
            detail: None,
        }
    }

    #[test]
    fn a_user_agent_is_bounded_and_printable() {
        assert_eq!(agent("Yealink SIP-T46S 66.86.0.15"), "Yealink SIP-T46S 66.86.0.15");
        assert_eq!(agent("a\x1b[2Jb\r\nc\u{202e}\u{9b}"), "a?[2Jb??c?????");
        assert_eq!(agent(&"é".repeat(1000)).len(), MAX_AGENT);
    }
}
