//! The phones' service: what each phone asks for, and what it gets.

mod enterprise;
mod firmware;
mod gigaset_classic;
mod gigaset_p;
mod house;
#[path = "../common/log.rs"]
mod log;
mod logs;
mod mpp;
mod odd;
mod requests;
mod seed;
mod trust;
mod unclaimed;
mod wire;
