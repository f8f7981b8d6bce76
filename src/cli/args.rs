//! What the command line takes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

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
    /// Print what to type into a phone.
    Url(Url),
    /// Let a phone begin anew, as after it was reset to its factory state.
    Rearm(Rearm),
    /// Take no token any more that a phone had so far.
    Revoke(PhoneTokens),
    /// Give a phone another password to fetch its files with.
    Password(Password),
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

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// Workflow commands that GitHub shows beside the lines.
    Github,
    /// JUnit XML, for CI servers.
    Junit,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object in each line.
    Json,
}

/// `offhook serve`
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The fleet's folder.
    pub fleet: PathBuf,
    /// Where certificate, keys and the record of provisioned phones are kept.
    ///
    /// Default: $STATE_DIRECTORY, else a folder for each fleet in ~/.local/state/offhook.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Listen here with the self-signed certificate, instead of where fleet.toml says. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<SocketAddr>,
    /// Become this user once the ports are taken and the keys of certificates are read, which may need root.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How logs are written to stderr. $OFFHOOK_LOG filters them, such as `debug` or `offhook::server=debug`.
    #[arg(long, value_enum, default_value = "text")]
    pub log: LogFormat,
}

/// `offhook check`
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The fleet's folder.
    pub fleet: PathBuf,
    /// How findings are printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReportFormat,
    /// Render every file of every phone, and compare with the files in this folder.
    #[arg(long, value_name = "DIR")]
    pub golden: Option<PathBuf>,
    /// Write the golden files instead of comparing.
    #[arg(long, requires = "golden")]
    pub bless: bool,
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
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = super::tokens::seconds)]
    pub secs: u64,
    /// Only from this network, and from there without a token too.
    #[arg(long, value_name = "NETWORK", value_parser = crate::fleet::network)]
    pub from: Option<IpNet>,
}

/// `offhook explain`, `offhook context`
#[derive(Debug, clap::Args)]
pub struct PhoneFile {
    /// The phone and the fleet.
    #[command(flatten)]
    pub phone: OnePhone,
    /// The firmware that it is taken to run.
    #[command(flatten)]
    pub firmware: Firmware,
    /// As at the first provisioning, with the phone's `[seed]`.
    #[arg(long)]
    pub first: bool,
}

/// `offhook render`
#[derive(Debug, clap::Args)]
pub struct Render {
    /// The phone's MAC address.
    pub mac: String,
    /// Which of its files: its handle or its name; left out: all of them.
    pub file: Option<String>,
    /// The firmware that it is taken to run.
    #[command(flatten)]
    pub firmware: Firmware,
    /// As at the first provisioning, with the phone's `[seed]`.
    #[arg(long)]
    pub first: bool,
    /// Print secrets too.
    #[arg(long)]
    pub reveal: bool,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook functions`
#[derive(Debug, clap::Args)]
pub struct Functions {
    /// The phone's MAC address.
    pub mac: String,
    /// One key, such as 3, keys.3, soft_keys.1 or modules.1.keys.40; left out: one of each class.
    pub key: Option<String>,
    /// The firmware that it is taken to run.
    #[command(flatten)]
    pub firmware: Firmware,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook compare-model`
#[derive(Debug, clap::Args)]
pub struct CompareModel {
    /// The phone's MAC address.
    pub mac: String,
    /// The other model's id, such as yealink-t42s; `offhook models` lists them.
    pub model: String,
    /// Write it: the phone's file gets the model and its modules, the primary line's file the keys that move.
    #[arg(long)]
    pub write: bool,
    /// The state folder of the server whose journal is told of it.
    ///
    /// Default: the one that `offhook serve` uses for this fleet if it is told nothing.
    #[arg(long, value_name = "DIR", requires = "write")]
    pub state: Option<PathBuf>,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// How the effect of a change is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EffectFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// Workflow commands that GitHub shows as notices.
    Github,
}

/// `offhook effect`
#[derive(Debug, clap::Args)]
pub struct Effect {
    /// The fleet's folder as it was.
    #[arg(requires = "new", required_unless_present = "since")]
    pub old: Option<PathBuf>,
    /// The fleet's folder as it is to be.
    pub new: Option<PathBuf>,
    /// Compare the fleet's folder with what it was at this revision of its git repository, such as HEAD or origin/main.
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["old", "new"])]
    pub since: Option<String>,
    /// Where the fleet is, for --since.
    #[command(flatten)]
    pub fleet: Fleet,
    /// How the effect is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: EffectFormat,
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

/// `offhook identify`
#[derive(Debug, clap::Args)]
pub struct Identify {
    /// The user agent of the request.
    #[arg(long, value_name = "UA")]
    pub user_agent: Option<String>,
    /// The path of the request, with its query.
    #[arg(long)]
    pub path: Option<String>,
    /// A fleet whose `overrides` lie over the catalogue.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub fleet: Option<PathBuf>,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// Whose journal to look into.
#[derive(Debug, clap::Args)]
pub struct Journal {
    /// The phone's MAC address; the fleet need not have it.
    pub mac: String,
    /// The state folder of the server.
    ///
    /// Default: the one that `offhook serve` uses for this fleet if it is told nothing.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
    /// Nothing older: so long ago, such as 90m, 24h or 7d, or a time such as 2026-11-23T09:00:00+01:00.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook history`
#[derive(Debug, clap::Args)]
pub struct History {
    /// The phone and its journal.
    #[command(flatten)]
    pub journal: Journal,
    /// So many entries at the most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

/// `offhook why`
#[derive(Debug, clap::Args)]
pub struct Why {
    /// The phone and its journal.
    #[command(flatten)]
    pub journal: Journal,
}

/// `offhook status`
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Only the phones of this site.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook resync`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).multiple(true).args(["macs", "site", "all", "behind"])))]
pub struct Resync {
    /// These phones, by their MAC addresses.
    #[arg(value_name = "MAC", conflicts_with_all = ["site", "all"])]
    pub macs: Vec<String>,
    /// The phones of this site.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Every phone.
    #[arg(long, conflicts_with = "site")]
    pub all: bool,
    /// Of these, or of all, those that have not got what the fleet says now.
    #[arg(long)]
    pub behind: bool,
    /// Restart them instead.
    #[arg(long)]
    pub reboot: bool,
    /// So many phones a second, such as 20/s.
    #[arg(long, value_name = "N/s", default_value = "20/s", value_parser = super::resync::per_second)]
    pub pace: f64,
    /// So many phones a second in one site.
    #[arg(long, value_name = "N/s", value_parser = super::resync::per_second)]
    pub site_pace: Option<f64>,
    /// So many phones a second through one registrar or proxy, or to one address.
    #[arg(long, value_name = "N/s", value_parser = super::resync::per_second)]
    pub hop_pace: Option<f64>,
    /// So many phones are asked first; the others once these have come back. 0: none.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub canary: usize,
    /// So many phones at the most are asked and not back yet.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = super::resync::wave)]
    pub wave: usize,
    /// Nobody else is asked when more than so many in a hundred, of the canary or of the last wave, did not come back.
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub stop: u8,
    /// How long a phone is waited for, such as 90s or 5m.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = super::tokens::seconds)]
    pub wait: u64,
    /// Ask each phone at the address from which it last fetched, not through its registrar.
    #[arg(long, conflicts_with = "to")]
    pub direct: bool,
    /// Ask one phone at this address, such as 192.0.2.7, 192.0.2.7:5062, tcp:192.0.2.7 or tls:phone.example.org:5061.
    #[arg(long, value_name = "ADDRESS", value_parser = super::resync::hop)]
    pub to: Option<crate::resync::Hop>,
    /// With TLS: trust this authority's certificate, or this very one (PEM); left out: this machine's authorities.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// With TLS: trust any certificate.
    #[arg(long)]
    pub insecure: bool,
    /// Tell who would be asked, what and where, and ask nobody.
    #[arg(long)]
    pub dry_run: bool,
    /// The fleet and its server.
    #[command(flatten)]
    pub served: Served,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook simulate`
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// The model to play, such as yealink-t46s; with --fleet only its phones.
    #[arg(required_unless_present = "fleet")]
    pub model: Option<String>,
    /// The phone's MAC address; with --fleet only this phone.
    #[arg(long, value_name = "M")]
    pub mac: Option<String>,
    /// What the phone was given: a folder on a server, or a file.
    ///
    /// Default: https://127.0.0.1:8443/; with --fleet a server of its own, on this machine's loopback.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The firmware that the phone tells, such as 66.86.0.15.
    ///
    /// Default: the one that the fleet says, else a usual one of the model's.
    #[arg(long, value_name = "V")]
    pub firmware: Option<String>,
    /// What is typed into the phone for servers that ask who it is.
    #[arg(long, value_name = "U", requires = "password")]
    pub user: Option<String>,
    /// The password beside it.
    #[arg(long, value_name = "P", requires = "user")]
    pub password: Option<String>,
    /// Trust this authority's certificate, or this very one (PEM); left out: this machine's authorities.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// Trust any certificate, like a phone whose check is switched off.
    #[arg(long)]
    pub insecure: bool,
    /// Boot every phone of this fleet, and tell what each has understood otherwise than it is stored.
    #[arg(long, value_name = "DIR")]
    pub fleet: Option<PathBuf>,
    /// So many phones at a time.
    #[arg(long, value_name = "N", default_value_t = 64, requires = "fleet")]
    pub jobs: usize,
    /// How data is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `offhook models`
#[derive(Debug, clap::Args)]
pub struct Models {
    /// One model, with the source of each figure.
    pub model: Option<String>,
    /// A fleet whose `overrides` lie over the catalogue.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub fleet: Option<PathBuf>,
    /// How they are printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: ModelFormat,
}

/// How the catalogue is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// All phones on one page, with what their keys can do and where sources disagree.
    Markdown,
}

/// Which file of the fleet a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// `fleet.toml`
    Fleet,
    /// `site.toml`
    Site,
    /// `lines/*.toml`
    Line,
    /// `phones/*.toml`
    Phone,
}

/// `offhook schema`
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Only the schema of one kind of file; left out: one schema that holds all four under `$defs`.
    #[arg(value_enum)]
    pub of: Option<SchemaOf>,
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

/// `offhook override`
#[derive(Debug, clap::Args)]
pub struct Override {
    /// The shipped file, such as templates/yealink/phone.cfg; left out: list them.
    pub path: Option<String>,
    /// Print it instead of writing it.
    #[arg(long)]
    pub print: bool,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// `offhook init`
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The folder to make; it must be empty or not exist.
    pub folder: PathBuf,
}
