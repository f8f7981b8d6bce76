//! `serve`: answers phones until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use compact_str::CompactString;
use tracing_subscriber::EnvFilter;

use super::args::{LogFormat, Serve};
use super::output;
use crate::catalogue::Answer;
use crate::fleet::{Listen, Root};
use crate::live::{Followed, Live, Serving, watch};
use crate::phone::Mac;
use crate::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use crate::server::folder::key;
use crate::server::ledger::Ledger;
use crate::server::orders::Orders;
use crate::server::phones::Phones;
use crate::server::strangers::Strangers;
use crate::server::{Bound, Limits, Listener, TlsMaterial, bind, run as run_server};

/// A certificate that ends within this time is worth a warning.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Starts the server, and stops it at SIGINT or SIGTERM.
pub fn run(args: &Serve) -> Result<u8> {
    log_to_stderr(args.log);
    if !args.fleet.join("fleet.toml").is_file() {
        let folder = args.fleet.display();
        bail!("`{folder}` has no fleet.toml\n  hint: `offhook init {folder}` makes a fleet to start from");
    }
    let state = args.state.clone().map_or_else(|| super::state::default_state(&args.fleet), Ok)?;
    std::fs::create_dir_all(&state).with_context(|| format!("cannot make the state folder `{}`", state.display()))?;
    let live = Arc::new(Live::load(&args.fleet));
    let serving = live.now();
    let Some(root) = serving.world.root() else {
        for finding in serving.findings() {
            anstream::eprintln!("{finding}");
        }
        bail!("`{}` has errors, so there is no address to listen on", args.fleet.join("fleet.toml").display());
    };
    let listens =
        if args.listen.is_empty() { root.listen.clone() } else { args.listen.iter().map(own_address).collect() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(serve(args, &state, live.clone(), root.clone(), listens))?;
    Ok(0)
}

async fn serve(args: &Serve, state: &Path, live: Arc<Live>, root: Arc<Root>, listens: Vec<Listen>) -> Result<()> {
    let (listeners, mut followed) = listeners(&listens, &root, &args.fleet, state)?;
    let bound = bind(listeners).await.map_err(|error| {
        let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        anyhow!("{:#}{hint}", anyhow::Error::new(error))
    })?;
    let usable = || format!("cannot use the state folder `{}`", state.display());
    let key = RevisionKey::new(&key(state, "revision.key").with_context(usable)?);
    let ledger = Ledger::open(state).with_context(usable)?;
    let strangers = Arc::new(Strangers::open(state).with_context(usable)?);
    followed.push(obey(state, &strangers).with_context(usable)?);
    let families = listens.iter().map(|listen| listen.families.clone()).collect();
    let phones = Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), key, ledger, families);
    let phones = Arc::new(phones.with_strangers(strangers));
    let watching = watch(live.clone(), &args.fleet, followed)
        .map_err(|error| anyhow!("`{}` cannot be watched: {error}", args.fleet.display()))?;
    greet(&live.now(), &bound, &listens, state);
    run_server(bound, phones, Limits::default(), stopped()).await;
    drop(watching);
    anstream::eprintln!("stopped");
    Ok(())
}

/// The listeners with their certificates, and what to do when those change on disk.
fn listeners(listens: &[Listen], root: &Root, fleet: &Path, state: &Path) -> Result<(Vec<Listener>, Vec<Followed>)> {
    let mut listeners = Vec::new();
    let mut followed = Vec::new();
    for listen in listens {
        let tls = match (listen.plain, &listen.tls) {
            (true, _) => None,
            (false, Some(files)) => {
                let (certificate, key) = (fleet.join(&files.certificate), fleet.join(&files.key));
                Some(TlsMaterial::load(certificate, key).map_err(told)?)
            }
            (false, None) => {
                let url = url::Url::parse(&root.url()).ok();
                let host = url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
                let own = listen.address.ip().to_string();
                let mut hosts: Vec<&str> = host.iter().map(String::as_str).collect();
                if !listen.address.ip().is_unspecified() {
                    hosts.push(&own);
                }
                Some(TlsMaterial::self_signed(state, &hosts).map_err(told)?)
            }
        };
        let tls = tls.map(Arc::new);
        if let Some(tls) = &tls {
            warn_of_expiry(tls);
            followed.push(follow(tls.clone()));
        }
        listeners.push(Listener { address: listen.address, tls });
    }
    Ok((listeners, followed))
}

/// Does what commands have told, and what they tell from now on.
fn obey(state: &Path, strangers: &Arc<Strangers>) -> std::io::Result<Followed> {
    let (orders, told) = Orders::open(&std::path::absolute(state)?, super::state::now_secs())?;
    told.iter().for_each(|told| strangers.hear(told));
    let (files, strangers) = (vec![orders.path().to_owned()], strangers.clone());
    let orders = Mutex::new(orders);
    let then = move || match orders.lock().unwrap_or_else(PoisonError::into_inner).news() {
        Ok(told) => told.iter().for_each(|told| strangers.hear(told)),
        Err(error) => tracing::error!("what commands tell cannot be read: {error}"),
    };
    Ok(Followed { files, then: Box::new(then) })
}

fn follow(tls: Arc<TlsMaterial>) -> Followed {
    let files = tls.files().map(Path::to_owned).to_vec();
    let then = move || match tls.reload() {
        Ok(true) => {
            tracing::info!("the certificate `{}` was renewed", tls.files()[0].display());
            warn_of_expiry(&tls);
        }
        Ok(false) => {}
        Err(error) => tracing::error!("keeping the certificate: {:#}", anyhow::Error::new(error)),
    };
    Followed { files, then: Box::new(then) }
}

fn warn_of_expiry(tls: &TlsMaterial) {
    let file = tls.files()[0].display();
    match tls.expires().map(|end| end.duration_since(SystemTime::now())) {
        Some(Err(_)) => tracing::error!("the certificate `{file}` has expired: phones will refuse it"),
        Some(Ok(left)) if left < SOON => {
            tracing::warn!("the certificate `{file}` ends in {} days", left.as_secs() / 86_400);
        }
        _ => {}
    }
}

fn told(error: crate::server::TlsError) -> anyhow::Error {
    let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    anyhow!("{:#}{hint}", anyhow::Error::new(error))
}

/// An address of the command line, with the self-signed certificate.
fn own_address(address: &SocketAddr) -> Listen {
    Listen {
        address: *address,
        tls: None,
        plain: false,
        client_certificates: crate::fleet::ClientCertificates::Never,
        families: Vec::new(),
        at: 1,
    }
}

/// What a person wants to see first: where it listens, what it loaded, what is wrong, and a line to try.
fn greet(serving: &Serving, bound: &Bound, listens: &[Listen], state: &Path) {
    anstream::eprintln!("offhook {}: {}", env!("CARGO_PKG_VERSION"), output::fleet(serving.world.counts()));
    let mut first = None;
    for (address, listen) in bound.addresses().zip(listens) {
        let scheme = if listen.plain { "http" } else { "https" };
        let families =
            if listen.families.is_empty() { String::new() } else { format!(" for {}", listen.families.join(", ")) };
        anstream::eprintln!("listening on {scheme}://{address}{families}");
        if listen.tls.is_none() && !listen.plain {
            anstream::eprintln!("  with the self-signed certificate in {}", state.display());
        }
        first = first.or_else(|| Some((scheme, address, try_line(serving, &listen.families)?)));
    }
    let (errors, warnings) = serving.open_findings();
    if errors + warnings > 0 {
        let (errors, warnings) = (output::counted(errors, "error"), output::counted(warnings, "warning"));
        anstream::eprintln!("{errors} and {warnings}: `offhook check` tells them");
    }
    if let Some((scheme, address, line)) = first {
        let insecure = if scheme == "https" { " -k" } else { "" };
        anstream::eprintln!("try: curl{insecure} {scheme}://{address}/{line}");
    }
}

/// The main file of the first phone that a listener serves.
fn try_line(serving: &Serving, families: &[CompactString]) -> Option<String> {
    let file_of = |mac: Mac| {
        let subject = serving.world.subject(mac).ok()?;
        if !families.is_empty() && !families.contains(&subject.model.family) {
            return None;
        }
        let files = crate::render::documents_of(&subject);
        files.into_iter().find(|(_, file)| file.answer == Answer::Document).map(|(name, _)| name)
    };
    serving.world.macs().find_map(file_of)
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_env("OFFHOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A second subscriber in one process (a test) is no reason to fail.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Ends when the process is told to stop.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
    anstream::eprintln!("stopping: running answers are finished");
}
