//! What the command line takes.

mod access;
mod editing;
mod looking;
mod serving;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use access::{
    Claim, Encrypt, KeyFile, Password, PhoneTokens, Rearm, RoleName, Secret, SecretCommand, Seen, Token, TokenCommand,
    TokenCreate, TokenList, TokenRevoke, Url,
};
pub use editing::{Copy, Export, Import};
pub use looking::{
    Check, CompareModel, Effect, EffectFormat, Functions, Identify, Init, ModelFormat, Models, Override, PhoneFile,
    Render, ReportFormat, Schema, SchemaOf, Simulate,
};
pub use serving::{History, Journal, LogFormat, Resync, Serve, Status, Why};

/// Provisions desk phones: each gets exactly the keys, labels and modules of its primary line.
#[derive(Debug, Parser)]
#[command(name = "offhook", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer phones.
    Serve(Serve),
    /// Check a fleet, and compare every phone's files with golden ones.
    Check(Check),
    /// Print a file as the phone gets it.
    Render(Render),
    /// Tell for each line of a phone's file where it comes from, and why keys are empty.
    Explain(PhoneFile),
    /// Print what a phone's templates see.
    Context(PhoneFile),
    /// Tell what keys can do: native, dialled, degraded or impossible, and why.
    Functions(Functions),
    /// Tell what would be lost, degraded or moved if a phone were another model.
    CompareModel(CompareModel),
    /// Tell which phones a change of the fleet reaches, and what changes for them.
    Effect(Effect),
    /// Copy the keys of a line to others.
    Copy(Copy),
    /// Print phones, lines or keys as a table for spreadsheets.
    Export(Export),
    /// Put a table of phones, lines or keys into the fleet: all rows or none.
    Import(Import),
    /// Print what to type into a phone.
    Url(Url),
    /// Let a phone begin anew, as after it was reset to its factory state.
    Rearm(Rearm),
    /// Take no token any more that a phone had so far.
    Revoke(PhoneTokens),
    /// Give a phone another password to fetch its files with.
    Password(Password),
    /// Say who may use the administrator's API, and for what.
    Token(Token),
    /// List the phones that asked and that nobody has claimed.
    Seen(Seen),
    /// Put a phone that asked into the fleet, by the code on its screen or by its MAC.
    Claim(Claim),
    /// Tell who is asking, what for, and by which rule.
    Identify(Identify),
    /// Tell what a phone asked for and got, and what was changed, the latest first.
    History(History),
    /// Tell why a phone was refused, and what to do.
    Why(Why),
    /// Tell which phones have got what the fleet says, and which have not.
    Status(Status),
    /// Ask phones to fetch their files again, and wait until they have.
    Resync(Resync),
    /// Play phones: boot them as they really do, and tell what they have understood.
    Simulate(Simulate),
    /// List the models of the catalogue.
    Models(Models),
    /// Encrypt secrets where they stand in a fleet's files.
    Secret(Secret),
    /// Print a JSON Schema of the fleet's files, for editors.
    Schema(Schema),
    /// Copy a shipped model or template into a fleet's `overrides`, to change it there.
    Override(Override),
    /// Make a small fleet to start from.
    Init(Init),
}

/// Which folder holds the fleet.
#[derive(Debug, clap::Args)]
pub struct Fleet {
    /// The fleet's folder.
    #[arg(long, short = 'C', default_value = ".", value_name = "DIR")]
    pub fleet: PathBuf,
}

/// Which firmware a phone is taken to run.
#[derive(Debug, clap::Args)]
pub struct Firmware {
    /// The firmware that the phone tells, such as 66.86.0.15; left out: what a server has last seen it with.
    #[arg(long, value_name = "V")]
    pub firmware: Option<String>,
    /// The state folder of that server.
    ///
    /// Default: the one that `offhook serve` uses for this fleet if it is told nothing.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// One phone of a fleet.
#[derive(Debug, clap::Args)]
pub struct OnePhone {
    /// The phone's MAC address.
    pub mac: String,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// The fleet, and where its server keeps what it remembers.
#[derive(Debug, clap::Args)]
pub struct Served {
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// The state folder of the server.
    ///
    /// Default: the one that `offhook serve` uses for this fleet if it is told nothing.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}
