//! The listener for figures and health.

use std::future::pending;
use std::sync::Arc;

use crate::cli::log::say;
use crate::observe::{Certificate, Page, Parts, Whom};
use crate::server::{Bound, Limits, run};

/// The certificates of listeners.
pub fn certificates(bound: &Bound, of: Whom) -> impl Iterator<Item = Certificate> {
    bound.certificates().map(move |(listener, tls)| Certificate { of, listener, tls })
}

/// Shows how a server fares, until the process ends.
pub fn show(bound: Bound, parts: Parts) -> Arc<Page> {
    bound.addresses().for_each(|address| say(format_args!("figures at http://{address}/metrics")));
    let page = Arc::new(Page::new(parts));
    tokio::spawn(run(bound, page.clone(), Limits { connections: 64, ..Limits::default() }, pending()));
    page
}
