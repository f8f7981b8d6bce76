//! The administrator's API over the wire: a request line in, the status and what is answered out.

mod common;
#[path = "../common/mod.rs"]
mod fleets;
#[path = "../common/server.rs"]
mod server;

mod bulk;
mod catalogue;
mod copy;
mod csv;
mod document;
mod findings;
mod kept;
mod keys;
mod many;
mod mistakes;
mod not_told;
mod phone_files;
mod places;
mod roles;
mod secrets;
mod settings;
mod undo;
mod watch;
mod who_writes;
mod wire;
mod writes;
mod writing;
