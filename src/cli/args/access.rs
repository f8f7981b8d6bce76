//! What commands take that decide who gets files, and that keep secrets.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use ipnet::IpNet;

use super::{Fleet, Format, OnePhone, Served};
use crate::access::LineId;
use crate::cli::token::Life;

/// `offhook revoke`: one phone of a fleet, and the server that knows its tokens.
#[derive(Debug, clap::Args)]
pub struct PhoneTokens {
    /// The phone and the fleet.
    #[command(flatten)]
    pub phone: OnePhone,
    /// The state folder of the server.
    ///
    /// Default: the one that `offhook serve` uses for this fleet if it is told nothing.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `offhook url`
#[derive(Debug, clap::Args)]
pub struct Url {
    /// The phone and the server.
    #[command(flatten)]
    pub of: PhoneTokens,
    /// With the phone's first-boot token, also where its site takes tokens without giving them.
    #[arg(long)]
    pub token: bool,
}

/// `offhook rearm`
#[derive(Debug, clap::Args)]
pub struct Rearm {
    /// The phone and the server.
    #[command(flatten)]
    pub of: PhoneTokens,
    /// For so long, such as 90s, 15m or 2h; 24h at most.
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = crate::resync::seconds)]
    pub secs: u64,
    /// Only from this network, and from there without a token too.
    #[arg(long, value_name = "NETWORK", value_parser = crate::fleet::network)]
    pub from: Option<IpNet>,
}

/// `offhook password`
#[derive(Debug, clap::Args)]
pub struct Password {
    /// The phone's MAC address.
    pub mac: String,
    /// Take the former password away, once the phone has fetched the new one.
    #[arg(long)]
    pub end_rotation: bool,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// `offhook seen`
#[derive(Debug, clap::Args)]
pub struct Seen {
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook claim`
#[derive(Debug, clap::Args)]
pub struct Claim {
    /// The code on the phone's screen, such as K7W-4PX.
    #[arg(required_unless_present = "mac")]
    pub code: Option<String>,
    /// The phone's MAC address, for phones that show no code: no token is blessed then.
    #[arg(long, value_name = "M", conflicts_with = "code")]
    pub mac: Option<String>,
    /// The site in which it stands.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// A line of the site, the first one its primary line. May be repeated.
    #[arg(long, value_name = "LINE")]
    pub line: Vec<String>,
    /// Its model, such as yealink-t46s.
    ///
    /// Default: what it told.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Where the phone asks from, where two wait under its MAC.
    #[arg(long, value_name = "SOURCE", requires = "code")]
    pub token_of: Option<IpAddr>,
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
}

/// `offhook token`
#[derive(Debug, clap::Args)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The commands of `offhook token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token, and print it: this once.
    Create(TokenCreate),
    /// List tokens: who has which role, until when, and when it was last used.
    List(TokenList),
    /// Take a token back.
    Revoke(TokenRevoke),
}

/// What a token of the administrator's API is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Everything.
    Admin,
    /// Everything in some sites.
    Operator,
    /// To look, everywhere or in some sites.
    Reader,
    /// The keys of some lines.
    User,
}

/// `offhook token create`
#[derive(Debug, clap::Args)]
pub struct TokenCreate {
    /// Whose it is, or what for, such as "wall board".
    pub name: String,
    /// What it is for.
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: RoleName,
    /// A site, for an operator or a reader. May be repeated.
    #[arg(long, value_name = "SITE")]
    pub site: Vec<String>,
    /// A line with its site, such as acme/201, for a user. May be repeated.
    #[arg(long, value_name = "SITE/LINE")]
    pub line: Vec<LineId>,
    /// For so long, such as 12h or 90d, or `never` to have it good for ever.
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = crate::cli::token::life)]
    pub expires: Life,
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
}

/// `offhook token list`
#[derive(Debug, clap::Args)]
pub struct TokenList {
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook token revoke`
#[derive(Debug, clap::Args)]
pub struct TokenRevoke {
    /// The token's id, which stands in it between the two underscores.
    pub id: String,
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
}

/// `offhook secret`
#[derive(Debug, clap::Args)]
pub struct Secret {
    /// What to do.
    #[command(subcommand)]
    pub command: SecretCommand,
}

/// The commands of `offhook secret`.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Make a key file, readable for its owner only; a new key goes before those that are in the file.
    NewKey(KeyFile),
    /// Encrypt one secret, read from the terminal or from stdin, and print what to write into a file.
    ///
    /// With --in-place: every secret that the fleet's files hold in clear, and those under an older key.
    Encrypt(Encrypt),
    /// Print what is behind an encrypted secret, read from stdin.
    Decrypt(KeyFile),
}

/// The key file of a fleet.
#[derive(Debug, clap::Args)]
pub struct KeyFile {
    /// The key file; left out: $OFFHOOK_KEY_FILE, else `secret.key` in the fleet's folder.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// `offhook secret encrypt`
#[derive(Debug, clap::Args)]
pub struct Encrypt {
    /// The key, and the fleet.
    #[command(flatten)]
    pub key: KeyFile,
    /// Encrypt the fleet's own files; comments and order stay.
    #[arg(long)]
    pub in_place: bool,
}
