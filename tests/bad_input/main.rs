//! Whatever is wrong in a file is told with its file, its line, what was expected, and a remedy where one is known.

#[path = "../common/mod.rs"]
mod common;

mod fields;
mod files;
mod keys;
mod listeners;
mod references;
