//! The administrator's API over the wire: a request line in, the status and what is answered out.

mod common;
#[path = "../common/mod.rs"]
mod fleets;
#[path = "../common/server.rs"]
mod server;

mod catalogue;
mod document;
mod wire;
