//! Offhook answers a booting desk phone with exactly the file that it must get.
//!
//! A request goes one way: [`identify`] says who asks, [`admit`] whether it may have the file, [`resolve`] what the
//! phone gets in our own words, [`render`] the same in its maker's. All four ask one immutable [`world`], made of the
//! [`catalogue`] and the [`fleet`], and none opens a file or a socket: [`live`] loads and reloads, [`server`] speaks
//! with phones, and [`cli`] with people. [`check`] tells what is wrong before a phone asks, [`effect`] what a change will
//! do, [`board`] who has what, [`simulate`] is a phone, and [`resync`] asks phones to come. Programs speak with [`api`],
//! which writes by [`edit`] what [`access`] lets them.
//!
//! In reading order:

/// The view of a phone is thousands of small allocations; this allocator makes a cold render a third faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod findings;
pub mod folder;
pub mod reader;
pub mod writer;

pub mod format;
pub mod phone;

pub mod catalogue;
pub mod fleet;

pub mod world;

pub mod identify;

pub mod admit;

pub mod resolve;

pub mod render;

pub mod journal;

pub mod access;

pub mod live;

pub mod check;

pub mod compare;

pub mod effect;

pub mod server;

pub mod edit;

pub mod board;

pub mod tables;

pub mod simulate;

pub mod resync;

pub mod api;

pub mod cli;
