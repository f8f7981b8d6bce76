//! The board of a running server: the state of each phone, as files are edited and phones come.

mod house;
mod process;
mod races;
#[path = "../common/server.rs"]
mod server;
mod states;
mod wide;
