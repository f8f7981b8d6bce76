//! The phones' service: what each phone asks for, and what it gets.

mod encryption;
mod enterprise;
mod firmware;
mod gigaset_classic;
mod gigaset_p;
mod house;
mod limits;
#[path = "../common/log.rs"]
mod log;
mod logs;
mod mpp;
mod odd;
mod passwords;
mod requests;
mod seed;
mod tokens;
mod trust;
mod unclaimed;
mod wire;
