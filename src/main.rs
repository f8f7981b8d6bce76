//! The command line: parses, runs, prints the error chain and picks the exit code.

fn main() {}
