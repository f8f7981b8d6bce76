//! What commands take that look at a fleet or at the catalogue, or begin one.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{Firmware, Fleet, Format, OnePhone};

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
    /// The administrator's API, as OpenAPI
    Api,
}

/// `offhook schema`
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Only the schema of one kind of file, or the document of the API; left out: one schema that holds all four under `$defs`.
    #[arg(value_enum)]
    pub of: Option<SchemaOf>,
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
