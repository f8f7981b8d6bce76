//! Offhook answers a booting desk phone with exactly the file that it must get.

pub mod server;
