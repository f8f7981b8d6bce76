//! The sockets of a server, with what answers at them.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};

use super::certificates::look_after;
use crate::cli::args::Serve;
use crate::fleet::{ApiListen, ClientAuthority, ClientCertificates, Listen, Root, TlsFiles};
use crate::live::{Followed, Live};
use crate::server::{Bound, Listener, Proxies, TlsError, TlsMaterial, bind};

/// The fleet, once it is loaded: listeners are there before it.
pub(super) type Loaded = Arc<OnceLock<Arc<Live>>>;

/// The sockets of a server. They are there before its fleet is, since taking them may need root.
pub(super) struct Sockets {
    /// Where phones are answered, as `fleet.toml` or the command line has it.
    pub listens: Vec<Listen>,
    /// The same, taken.
    pub phones: Bound,
    /// Where figures are shown.
    pub figures: Option<Bound>,
    /// Where the API is, and whether that is without TLS.
    pub api: Option<(Bound, bool)>,
    /// What to do when their certificates change on disk.
    pub followed: Vec<Followed>,
}

impl Sockets {
    /// Takes all that is to be listened on.
    pub async fn bind(args: &Serve, root: &Root, loaded: &Loaded, state: &Path) -> Result<Sockets> {
        let listens = if args.listen.is_empty() {
            root.listen.clone()
        } else {
            args.listen.iter().copied().map(Listen::at).collect()
        };
        let api = args.api.map(ApiListen::at).or(root.api.clone());
        let certificates = Certificates { fleet: &args.fleet, state, names: names(&listens, api.as_ref(), root) };
        let (listeners, mut followed) = listeners(&listens, loaded, &certificates)?;
        let phones = take(listeners).await?;
        let figures = match root.metrics {
            Some(address) => Some(take(vec![Listener { address, tls: None, proxies: Proxies::default() }]).await?),
            None => None,
        };
        let api = match api {
            Some(ApiListen { address, tls, plain }) => {
                let tls = if plain { None } else { Some(Arc::new(certificates.of(tls.as_ref())?)) };
                followed.extend(tls.as_ref().and_then(look_after));
                Some((take(vec![Listener { address, tls, proxies: Proxies::default() }]).await?, plain))
            }
            None => None,
        };
        Ok(Sockets { listens, phones, figures, api, followed })
    }
}

/// The listeners with their certificates, and what to do when those change on disk.
fn listeners(
    listens: &[Listen],
    live: &Loaded,
    certificates: &Certificates<'_>,
) -> Result<(Vec<Listener>, Vec<Followed>)> {
    let mut listeners = Vec::new();
    let mut followed = Vec::new();
    for listen in listens {
        let tls = match listen.plain {
            true => None,
            false => Some(certificates.of(listen.tls.as_ref())?),
        };
        let tls = match (tls, listen.client_certificates) {
            (Some(tls), ClientCertificates::Ask) => Some(tls.asking(authorities(live)).map_err(told)?),
            (tls, _) => tls,
        };
        let tls = tls.map(Arc::new);
        followed.extend(tls.as_ref().and_then(look_after));
        let proxies = Proxies { networks: listen.proxies.clone(), protocol: listen.proxy_protocol };
        listeners.push(Listener { address: listen.address, tls, proxies });
    }
    Ok((listeners, followed))
}

/// Takes sockets.
async fn take(listeners: Vec<Listener>) -> Result<Bound> {
    bind(listeners).await.map_err(|error| {
        let hint = error.hint();
        with_hint(error, hint)
    })
}

/// By what listeners are called that have no certificate of their own: one for all of them, since they share its file.
fn names(listens: &[Listen], api: Option<&ApiListen>, root: &Root) -> Vec<String> {
    let host = url::Url::parse(&root.url()).ok().and_then(|url| url.host_str().map(str::to_owned));
    let of_phones = listens.iter().filter(|listen| !listen.plain && listen.tls.is_none()).map(|listen| listen.address);
    let of_api = api.filter(|listen| !listen.plain && listen.tls.is_none()).map(|listen| listen.address);
    let addresses = of_phones.chain(of_api).map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
    host.into_iter().chain(addresses.map(|ip| ip.to_string())).collect()
}

/// Where listeners have their certificates from.
struct Certificates<'s> {
    fleet: &'s Path,
    state: &'s Path,
    names: Vec<String>,
}

impl Certificates<'_> {
    /// The certificate of a listener; where it has no files, the self-signed one.
    fn of(&self, files: Option<&TlsFiles>) -> Result<TlsMaterial> {
        let material = match files {
            Some(files) => TlsMaterial::load(self.fleet.join(&files.certificate), self.fleet.join(&files.key)),
            None => TlsMaterial::self_signed(self.state, &self.names.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        material.map_err(told)
    }
}

/// The authorities of `fleet.toml`, as it is at each moment.
fn authorities(live: &Loaded) -> impl Fn() -> Arc<[ClientAuthority]> + Send + Sync + 'static {
    let live = Arc::clone(live);
    move || {
        let root = live.get().and_then(|live| live.now().world.root().cloned());
        root.map(|root| Arc::clone(&root.client_authorities)).unwrap_or_default()
    }
}

fn told(error: TlsError) -> anyhow::Error {
    let hint = error.hint();
    with_hint(error, hint)
}

fn with_hint(error: impl std::error::Error + Send + Sync + 'static, hint: Option<&str>) -> anyhow::Error {
    let hint = hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    anyhow!("{:#}{hint}", anyhow::Error::new(error))
}
