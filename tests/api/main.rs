//! The administrator's API over the wire: a request line in, the status and what is answered out.

mod common;
#[path = "../common/mod.rs"]
mod fleets;
#[path = "../common/server.rs"]
mod server;

mod catalogue;
mod copy;
mod csv;
mod findings;
mod keys;
mod phone_files;
mod roles;
mod settings;
