//! Certificates of phones, and handshakes that fail: with openssl, curl and Python on the other side.

mod doctor;
mod house;
mod judge;
#[path = "../common/log.rs"]
mod log;
mod makers;
mod wire;
