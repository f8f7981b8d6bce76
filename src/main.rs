//! The command line: parses, runs, prints the error chain and picks the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    offhook::cli::main()
}
