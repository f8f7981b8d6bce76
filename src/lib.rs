//! Offhook answers a booting desk phone with exactly the file that it must get.

pub mod findings;
pub mod reader;

pub mod format;
pub mod phone;

pub mod catalogue;
pub mod fleet;

pub mod world;

pub mod identify;

pub mod resolve;

pub mod render;

pub mod live;

pub mod check;

pub mod cli;
