//! What a running server tells of itself to machines, on a listener of its own: figures for Prometheus, whether it lives,
//! and whether phones should be sent to it.
//!
//! What is counted on the way of a request is counted there; everything else is asked for when somebody looks.

mod figures;
mod health;
mod process;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

use crate::access::AccessTokens;
use crate::api::Calls;
use crate::board::Board;
use crate::journal::Journal;
use crate::live::{Live, Serving, WatchState};
use crate::resync::Jobs;
use crate::server::phones::Phones;
use crate::server::{Answer, Asked, Connections, HeaderValue, Reply, StatusCode, TlsMaterial};

/// The parts of a server that are looked at.
pub struct Parts {
    /// What is served.
    pub live: Arc<Live>,
    /// Who answers phones.
    pub phones: Arc<Phones>,
    /// How phones stand.
    pub board: Arc<Board>,
    /// Who is asked to come.
    pub jobs: Jobs,
    /// Who fetched what.
    pub journal: Arc<Journal>,
    /// The tokens of the API.
    pub tokens: Arc<AccessTokens>,
    /// The calls of the API.
    pub calls: Calls,
    /// Who follows the fleet's folder.
    pub watch: WatchState,
    /// The connections of phones.
    pub connections: Box<dyn Fn() -> Connections + Send + Sync>,
    /// The most connections of phones at once.
    pub max_connections: u32,
    /// The certificates in use.
    pub certificates: Vec<Certificate>,
}

/// A certificate of a listener.
pub struct Certificate {
    /// For whom the listener is.
    pub of: Whom,
    /// Its address.
    pub listener: SocketAddr,
    /// The certificate.
    pub tls: Arc<TlsMaterial>,
}

/// For whom a listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// For phones.
    Phones,
    /// For those who call the API.
    Api,
}

/// The answers of the listener: `/metrics`, `/healthz`, `/readyz`.
pub struct Page {
    parts: Parts,
    is_stopping: AtomicBool,
    /// To look through a large fleet takes a while, and what is served changes seldom.
    findings: Mutex<(Weak<Serving>, (usize, usize))>,
}

impl Page {
    /// The page of a server.
    pub fn new(parts: Parts) -> Page {
        Page { parts, is_stopping: AtomicBool::new(false), findings: Mutex::default() }
    }

    /// No phone should be sent here from now on.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// How many open errors and warnings there are.
    fn open_findings(&self, serving: &Arc<Serving>) -> (usize, usize) {
        let mut known = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.as_ptr() != Arc::as_ptr(serving) {
            *known = (Arc::downgrade(serving), serving.open_findings());
        }
        known.1
    }
}

impl Answer for Page {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        match asked.target.split('?').next().unwrap_or_default() {
            "/metrics" => match self.figures() {
                Ok(text) => reply(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text),
                Err(_) => Reply::empty(StatusCode::INTERNAL_SERVER_ERROR),
            },
            "/healthz" => self.lives().reply(),
            "/readyz" => self.readiness().reply(),
            _ => Reply::empty(StatusCode::NOT_FOUND),
        }
    }
}

fn reply(status: StatusCode, content_type: &'static str, text: String) -> Reply {
    Reply {
        content_type: Some(HeaderValue::from_static(content_type)),
        body: Bytes::from(text),
        ..Reply::empty(status)
    }
}
