//! What may go wrong beside the server: a full disk, a state folder that cannot be written or is gone, a process that is
//! killed in the middle of a write, a user that may do less. Phones are served all the same, and nothing is half written.
//!
//! What only root can try out is left out for others, and says so.

mod kills;
mod privileges;
#[path = "../common/server.rs"]
mod server;
mod state;

use std::path::Path;
use std::process::Command;

/// Whether a test that needs root can be run.
fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can try this out");
    }
    is_root
}

/// Whether a program is there that a test needs.
fn has(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !found {
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
