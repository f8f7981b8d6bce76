//! Phones, lines and keys: plain types and their rules. Nothing here reads a file or opens a socket.

mod mac;

pub use mac::{Mac, MacError};
