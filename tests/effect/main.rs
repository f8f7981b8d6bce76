//! What a change does to phones, told before anybody makes it.

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod command;
mod document;
mod house;
mod many;
mod reboots;
mod secrets;
mod told;
