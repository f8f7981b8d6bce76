//! Offhook answers a booting desk phone with exactly the file that it must get.

pub mod catalogue;
pub mod findings;
pub mod identify;
pub mod phone;
pub mod reader;
