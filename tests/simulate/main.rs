//! Phones are played: what each has understood of its files is what is stored for it, and where it is not, it is said.

#[path = "../common/mod.rs"]
mod common;

mod boots;
mod broken;
mod everything;
mod fixture;
mod passwords;
mod tokens;

use std::path::Path;
use std::process::Command;

/// What `offhook simulate` prints and how it ends.
fn simulate(arguments: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_offhook")).arg("simulate").args(arguments).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    (format!("{text}{errors}"), output.status.code().unwrap_or(-1))
}

/// Boots every phone of a fleet: what it prints behind the table, and the exit code.
fn simulate_fleet(fleet: &Path) -> (String, i32) {
    simulate(&["--fleet", fleet.to_str().expect("a path of the test")])
}
