//! What a change does to phones, told before anybody makes it.

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod command;
mod document;
mod house;
mod many;
mod secrets;
mod told;
