//! The phones' service: what each phone asks for, and what it gets.

mod enterprise;
mod gigaset_classic;
mod house;
mod logs;
mod odd;
mod requests;
mod seed;
mod trust;
mod wire;
