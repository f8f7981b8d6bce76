//! The administrator's API over the wire: a request line in, the status and what is answered out.

mod common;
#[path = "../common/mod.rs"]
mod fleets;
#[path = "../common/server.rs"]
mod server;

mod bulk;
mod mistakes;
mod undo;
mod watch;
mod who_writes;
mod writes;
mod writing;
