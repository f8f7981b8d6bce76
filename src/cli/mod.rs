//! The command line: thin, data on stdout and the rest on stderr. Exit codes: 0 well, 1 findings, 2 cannot run.

mod args;
mod changes;
mod check;
mod claim;
mod compare;
mod copy;
mod editing;
mod effect;
mod history;
mod identify;
mod init;
mod inspect;
mod log;
pub mod models;
mod output;
mod overrides;
mod password;
mod privileges;
mod resync;
mod schema;
mod secret;
mod seen;
mod serve;
mod simulate;
mod state;
mod status;
mod tables;
mod token;
mod tokens;
mod why;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

pub use args::{Args, Command};

/// Parses the command line, runs it, and picks the exit code.
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command.
///
/// # Errors
/// What kept it from running at all.
pub fn run(args: Args) -> Result<u8> {
    match args.command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Check(check) => check::run(&check),
        Command::Render(render) => inspect::render(&render),
        Command::Explain(explain) => inspect::explain(&explain),
        Command::Context(context) => inspect::context(&context),
        Command::Functions(functions) => inspect::functions(&functions),
        Command::CompareModel(compare) => compare::run(&compare),
        Command::Effect(args) => effect::run(&args),
        Command::Copy(args) => copy::run(&args),
        Command::Export(args) => tables::export(&args),
        Command::Import(args) => tables::import(&args),
        Command::Url(url) => tokens::url(&url),
        Command::Rearm(rearm) => tokens::rearm(&rearm),
        Command::Revoke(revoke) => tokens::revoke(&revoke),
        Command::Password(password) => password::run(&password),
        Command::Token(token) => token::run(&token),
        Command::Seen(seen) => seen::run(&seen),
        Command::Claim(claim) => claim::run(&claim),
        Command::Identify(identify) => identify::run(&identify),
        Command::History(history) => history::run(&history),
        Command::Why(why) => why::run(&why),
        Command::Status(status) => status::run(&status),
        Command::Resync(resync) => resync::run(&resync),
        Command::Simulate(simulate) => simulate::run(&simulate),
        Command::Models(models) => models::run(&models),
        Command::Secret(secret) => secret::run(&secret),
        Command::Schema(schema) => schema::run(&schema),
        Command::Override(overriding) => overrides::run(&overriding),
        Command::Init(init) => init::run(&init),
    }
}
