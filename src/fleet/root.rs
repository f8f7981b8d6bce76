//! `fleet.toml`: addresses to listen on, and what holds for every phone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use compact_str::CompactString;
use ipnet::IpNet;

use super::trust::read_networks;
use super::{ClientAuthority, Keeping, Layer, Reading};
use crate::catalogue::check_url;
use crate::reader::{At, Table};

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM, the chain with the server's certificate first.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

/// Whether a listener asks for the phone's own certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientCertificates {
    /// It does not.
    #[default]
    Never,
    /// It asks, and takes phones without one too.
    Ask,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// Its certificate; none where it is self-signed or plain.
    pub tls: Option<TlsFiles>,
    /// Without TLS, for phones whose TLS is too old, on a network that is trusted.
    pub plain: bool,
    /// Whether it asks phones for theirs.
    pub client_certificates: ClientCertificates,
    /// The families that it serves; empty: all.
    pub families: Vec<CompactString>,
    /// The proxies whose word on who asks is taken.
    pub proxies: Vec<IpNet>,
    /// They give it before anything else, by the PROXY protocol; nobody but them may connect then.
    pub proxy_protocol: bool,
    /// Its line in the file, from 1.
    pub at: u32,
}

impl Listen {
    /// At an address of which no more is said: with the self-signed certificate.
    pub fn at(address: SocketAddr) -> Listen {
        Listen {
            address,
            tls: None,
            plain: false,
            client_certificates: ClientCertificates::Never,
            families: Vec::new(),
            proxies: Vec::new(),
            proxy_protocol: false,
            at: 1,
        }
    }
}

/// Where the administrator's API listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiListen {
    /// The address; 127.0.0.1:8444 where none is named.
    pub address: SocketAddr,
    /// Its certificate; none where it is self-signed or plain.
    pub tls: Option<TlsFiles>,
    /// Without TLS: on the machine's own addresses, and where that is said.
    pub plain: bool,
}

impl ApiListen {
    /// At an address of which no more is said.
    pub fn at(address: SocketAddr) -> ApiListen {
        ApiListen { address, tls: None, plain: address.ip().is_loopback() }
    }
}

/// What `fleet.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What phones and templates call us; none: told from the first listener.
    pub public_url: Option<CompactString>,
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// By whom phones' certificates are judged.
    pub client_authorities: Arc<[ClientAuthority]>,
    /// Where figures are shown; none: nowhere.
    pub metrics: Option<SocketAddr>,
    /// Where the administrator's API listens; none: nowhere.
    pub api: Option<ApiListen>,
    /// How much of the journal is kept.
    pub journal: Keeping,
    /// What holds for every phone.
    pub layer: Layer,
}

impl Root {
    /// Reads `fleet.toml`.
    pub fn read(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Root {
        match table.integer("schema", 0..=i64::MAX) {
            Some(schema) if schema.value != 1 => {
                let what = format!("`schema` is {}, but this version reads schema 1", schema.value);
                table.error_hint("wrong-schema", schema.line, what, "use an offhook that knows it");
            }
            None if !table.has("schema") => {
                table.error_hint("missing-field", 1, "`schema` is missing", "write `schema = 1`")
            }
            _ => {}
        }
        let public_url = table.text("public_url").and_then(|at| match check_url(&at.value) {
            Ok(()) => Some(at.value.trim_end_matches('/').into()),
            Err(what) => {
                table.error("bad-url", at.line, format!("`public_url` {what}"));
                None
            }
        });
        let mut listen: Vec<Listen> = table.tables("listen").into_iter().filter_map(read_listen).collect();
        if listen.is_empty() {
            listen.push(Listen::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 8443))));
        }
        let authorities = table.tables("client_authorities").into_iter();
        let client_authorities = authorities.filter_map(|table| ClientAuthority::read(table, reading)).collect();
        let journal = Keeping::read(table);
        let metrics = read_metrics(table);
        let api = read_api(table);
        Root {
            public_url,
            listen,
            client_authorities,
            metrics,
            api,
            journal,
            layer: Layer::read_with_scopes(table, reading),
        }
    }

    /// Phones would be told an address that is none: the first listener takes any address of the machine.
    pub fn url_is_missing(&self) -> bool {
        self.public_url.is_none() && self.listen.first().is_some_and(|listen| listen.address.ip().is_unspecified())
    }

    /// What phones call us: `public_url`, else the first listener's address.
    pub fn url(&self) -> CompactString {
        self.public_url.clone().unwrap_or_else(|| {
            let first = self.listen.first();
            let scheme = if first.is_some_and(|listen| listen.plain) { "http" } else { "https" };
            let address = first.map_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)), |listen| listen.address);
            compact_str::format_compact!("{scheme}://{address}")
        })
    }
}

/// The listener for figures.
fn read_metrics(table: &mut Table<'_, '_>) -> Option<SocketAddr> {
    let mut metrics = table.table("metrics")?;
    let address = metrics.required_text("address").and_then(|at| own_address(&metrics, at, "127.0.0.1:9464"));
    metrics.finish();
    address
}

/// The listener for the API.
fn read_api(table: &mut Table<'_, '_>) -> Option<ApiListen> {
    let mut api = table.table("api")?;
    let address = match api.text("address") {
        Some(at) => own_address(&api, at, "127.0.0.1:8444"),
        None => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8444))),
    };
    let plain = api.boolean("plain").map(|at| at.value);
    let tls = read_tls(&mut api);
    if plain == Some(true) && tls.is_some() {
        api.error("plain-and-tls", api.line(), "a listener is either `plain` or has `tls`, not both");
    }
    api.finish();
    let address = address?;
    let plain = tls.is_none() && plain.unwrap_or(address.ip().is_loopback());
    Some(ApiListen { address, tls, plain })
}

fn own_address(table: &Table<'_, '_>, at: At<String>, such_as: &str) -> Option<SocketAddr> {
    let address = at.value.parse().ok();
    if address.is_none() {
        let what = format!("`{}` is no address with a port", at.value);
        table.error_hint("bad-address", at.line, what, format!("write it as {such_as}"));
    }
    address
}

fn read_tls(table: &mut Table<'_, '_>) -> Option<TlsFiles> {
    let mut tls = table.table("tls")?;
    let certificate = tls.required_text("certificate");
    let key = tls.required_text("key");
    tls.finish();
    Some(TlsFiles { certificate: certificate?.value.into(), key: key?.value.into() })
}

fn read_listen(mut table: Table<'_, '_>) -> Option<Listen> {
    let at = table.line();
    let address = table.required_text("address").and_then(|text| {
        let address = text.value.parse().ok();
        if address.is_none() {
            let what =
                format!("`address` is `{}`, but must be an address with a port, such as 0.0.0.0:8443", text.value);
            table.error("bad-address", text.line, what);
        }
        address
    });
    let plain = table.boolean("plain").is_some_and(|at| at.value);
    let tls = read_tls(&mut table);
    if plain && tls.is_some() {
        table.error("plain-and-tls", at, "a listener is either `plain` or has `tls`, not both");
    }
    let client_certificates = match table.text("client_certificates") {
        Some(word) if word.value == "ask" => ClientCertificates::Ask,
        Some(word) if word.value != "never" => {
            let what = format!("`client_certificates` is `{}`, but must be never or ask", word.value);
            table.error("unknown-word", word.line, what);
            ClientCertificates::Never
        }
        _ => ClientCertificates::Never,
    };
    if plain && client_certificates == ClientCertificates::Ask {
        let hint = "phones show theirs to a listener with TLS only";
        table.error_hint("plain-and-tls", at, "a `plain` listener cannot ask for certificates", hint);
    }
    let families = table.texts("families").map(|at| at.value).unwrap_or_default();
    let proxies = read_networks(&mut table, "proxies");
    let proxy_protocol = table.boolean("proxy_protocol").is_some_and(|at| at.value);
    if proxy_protocol && proxies.is_empty() {
        let what = "with `proxy_protocol` nobody but `proxies` may connect, and none are named";
        table.error_hint("no-proxies", at, what, "write `proxies = [\"10.0.0.5\"]`");
    }
    table.finish();
    let families = families.into_iter().map(|at| at.value.into()).collect();
    Some(Listen { address: address?, tls, plain, client_certificates, families, proxies, proxy_protocol, at })
}
