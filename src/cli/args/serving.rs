//! What commands take that run a server, read what it remembers, or ask its phones to come.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{Fleet, Format, Served};

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
    /// Listen here for the administrator's API, instead of where fleet.toml says, if it does.
    #[arg(long, value_name = "ADDRESS")]
    pub api: Option<SocketAddr>,
    /// Become this user once the ports are taken and the keys of certificates are read, which may need root.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How logs are written to stderr. $OFFHOOK_LOG filters them, such as `debug` or `offhook::server=debug`.
    #[arg(long, value_enum, default_value = "text")]
    pub log: LogFormat,
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
    #[arg(long, value_name = "N/s", default_value = "20/s", value_parser = crate::fleet::per_second)]
    pub pace: f64,
    /// So many phones a second in one site.
    #[arg(long, value_name = "N/s", value_parser = crate::fleet::per_second)]
    pub site_pace: Option<f64>,
    /// So many phones a second through one registrar or proxy, or to one address.
    #[arg(long, value_name = "N/s", value_parser = crate::fleet::per_second)]
    pub hop_pace: Option<f64>,
    /// So many phones are asked first; the others once these have come back. 0: none.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub canary: usize,
    /// So many phones at the most are asked and not back yet.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = crate::resync::wave)]
    pub wave: usize,
    /// Nobody else is asked when more than so many in a hundred, of the canary or of the last wave, did not come back.
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub stop: u8,
    /// How long a phone is waited for, such as 90s or 5m.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = crate::resync::seconds)]
    pub wait: u64,
    /// Ask each phone at the address from which it last fetched, not through its registrar.
    #[arg(long, conflicts_with = "to")]
    pub direct: bool,
    /// Ask one phone at this address, such as 192.0.2.7, 192.0.2.7:5062, tcp:192.0.2.7 or tls:phone.example.org:5061.
    #[arg(long, value_name = "ADDRESS", value_parser = str::parse::<crate::resync::Hop>)]
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
