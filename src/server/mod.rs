//! The wire: listeners, TLS and HTTP/1, up to the point where a request is understood and an answer is wanted.
//!
//! What to answer is somebody else's business: the caller hands in an [`Answer`], a pure function from what a phone
//! [`Asked`] to a [`Reply`]. This module adds only what belongs to HTTP itself, once for all answers: methods, bodies
//! that nobody wants, `HEAD`, `304`, lengths and dates, connections that are kept or closed, and limits on everything
//! that a caller could make grow or last.
//!
//! Left out on purpose: HTTP/2 (no phone speaks it), compression, ranges, and any knowledge of phones.
//!
//! A path may carry a secret token, so nothing here logs a target, a header or a body; [`Answer`] logs what it knows to
//! be harmless.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
pub use hyper::header::HeaderValue;
pub use hyper::{Method, StatusCode};
pub use rustls_pki_types::CertificateDer;

mod ask;
pub mod claiming;
mod connection;
pub(crate) mod crowd;
mod decided;
mod doctor;
mod etag;
mod exchange;
mod expiry;
pub mod forwarded;
mod gate;
mod heard;
pub mod ledger;
mod listen;
pub mod make;
pub mod metrics;
pub mod onlooker;
pub mod orders;
mod passwords;
pub mod phones;
mod proofs;
mod proxies;
pub mod proxy_protocol;
mod record;
pub mod seen;
mod seldom;
mod self_signed;
pub mod strangers;
mod timed;
mod tls;
pub mod tokens;
mod unclaimed;

pub use crowd::Connections;
pub use doctor::{Fault, HandshakeFailure, Offer};
pub use listen::{BindError, Bound, Door, Listener, bind, run};
pub use proxies::Proxies;
pub use tls::{TlsError, TlsMaterial};

/// What a phone asked, borrowed from its connection.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// `GET` or `HEAD`; every other method has been refused already.
    pub method: &'a Method,
    /// Path and query as they stood on the request line: nothing is decoded, `//` and `/../` are still there. It
    /// begins with a slash. Only a `#fragment`, which no client may send, is cut off.
    pub target: &'a str,
    /// The first `User-Agent`, if it is UTF-8.
    pub user_agent: Option<&'a str>,
    /// The first `Authorization`, if it is UTF-8. It may hold a password.
    pub authorization: Option<&'a str>,
    /// The first `If-None-Match`. The comparison is made here, after the answer; this is for the curious.
    pub if_none_match: Option<&'a str>,
    /// Who asks; an IPv4 address even where it came in through an IPv6 socket. `0.0.0.0` where a proxy does not tell it,
    /// which is in no network.
    pub peer: SocketAddr,
    /// The address that was called, written like `peer`.
    pub local: SocketAddr,
    /// Which of the listeners given to [`bind`], from 0.
    pub listener: usize,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// Somebody in between hands the request on, so that neither end is this machine's own, whatever its address.
    pub forwarded: bool,
    /// The certificates that the peer showed in the handshake, its own first; it has proven that it holds the key of
    /// that one, and nothing else is checked.
    pub certificates: &'a [CertificateDer<'static>],
}

/// The answer to one request.
#[derive(Clone)]
pub struct Reply {
    /// The status; only an [`StatusCode::OK`] can become a `304`.
    pub status: StatusCode,
    /// `Content-Type`; cloning a ready one costs no allocation.
    pub content_type: Option<HeaderValue>,
    /// The entity tag with its quotes, such as `"5f3a"` or `W/"5f3a"`.
    pub etag: Option<HeaderValue>,
    /// What to show, as `WWW-Authenticate` has it: a line for each scheme, the preferred one first.
    pub challenges: Vec<HeaderValue>,
    /// How long the answer is held back, for callers that try one name after the other.
    pub delay: Option<Duration>,
    /// `Retry-After`, for a phone that should come again.
    pub retry_after_secs: Option<u32>,
    /// The whole body, also for `HEAD`, which sends its length only.
    pub body: Bytes,
}

impl Reply {
    /// A reply of a status and nothing else.
    pub fn empty(status: StatusCode) -> Reply {
        Reply {
            status,
            content_type: None,
            etag: None,
            challenges: Vec::new(),
            delay: None,
            retry_after_secs: None,
            body: Bytes::new(),
        }
    }
}

/// The pure part behind the wire.
///
/// It is called once per request, on the connection's own task, and must not block for long.
pub trait Answer: Send + Sync + 'static {
    /// Decides what the phone gets.
    fn answer(&self, asked: &Asked<'_>) -> Reply;

    /// Takes note of a caller with whom there was no TLS.
    fn handshake_failed(&self, _failure: HandshakeFailure) {}
}

/// How much, and how long, a caller may take. The defaults suit a fleet of phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at once, over all listeners. Further ones wait until a place is free, and as long as there is
    /// none each answer closes its connection. Default 8192; each is an open file and, with TLS, about 30 kB of memory.
    pub connections: u32,
    /// Time after which a connection that has asked for nothing, or for nothing more, is closed to make room where there
    /// is none. Default 2 s: a phone that is served asks its next question sooner.
    pub give_way: Duration,
    /// Bytes of a request line and headers; more is answered with 431. Default 16 KiB.
    pub header_bytes: usize,
    /// Bytes of a request's body, which is read and thrown away; more is answered with 413. Default 64 KiB.
    pub body_bytes: u64,
    /// Time for a TLS handshake. Default 15 s: an old phone takes seconds for it.
    pub handshake: Duration,
    /// Time from a request's first byte (for the first request, from the open connection) to its last. Default 15 s.
    pub header: Duration,
    /// Time that a kept connection may be silent. Default 30 s.
    pub idle: Duration,
    /// Time that a phone may take to accept a whole answer. Default 60 s.
    pub write: Duration,
    /// Time for running answers to finish after the shutdown. Default 10 s.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 8192,
            give_way: Duration::from_secs(2),
            header_bytes: 16 * 1024,
            body_bytes: 64 * 1024,
            handshake: Duration::from_secs(15),
            header: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(60),
            shutdown: Duration::from_secs(10),
        }
    }
}

/// An IPv4 caller on an IPv6 socket comes as `::ffff:192.0.2.7`; networks are compared with 192.0.2.7.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
