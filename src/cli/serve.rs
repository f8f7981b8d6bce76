//! `serve`: answers phones until it is told to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use compact_str::CompactString;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::args::Serve;
use super::log::{self, say};
use super::privileges::{Account, DEFAULT_STATE, is_root, keep_memory_private};
use super::state::default_state;
use super::{figures, output};
use crate::access::AccessTokens;
use crate::api::{self, Api, Calls};
use crate::board::Board;
use crate::catalogue::Answer;
use crate::edit::Editor;
use crate::fleet::{ApiListen, ClientAuthority, ClientCertificates, Keeping, Listen, Root, finish};
use crate::folder::{self, REVISION_KEY, key, random_key};
use crate::journal::{Journal, now_secs};
use crate::live::{Changed, Followed, Live, Loader, Serving, watch};
use crate::observe::{Parts, Whom};
use crate::phone::Mac;
use crate::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use crate::resync::{Around, Asking, Jobs, OnBoard, auto_resync};
use crate::server::ledger::Ledger;
use crate::server::orders::{Orders, Told};
use crate::server::phones::Phones;
use crate::server::strangers::Strangers;
use crate::server::tokens::Tokens;
use crate::server::{Bound, Limits, Listener, Proxies, TlsMaterial, bind, run as run_server};
use crate::simulate::trust::{self, Trust};

/// A certificate that ends within this time is worth a warning.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// So many phones have a socket at once that are asked to come.
const ASKED_FILES: u64 = 512;

/// Starts the server, and stops it at SIGINT or SIGTERM.
pub fn run(args: &Serve) -> Result<u8> {
    log::begin(args.log);
    start(args).map_or_else(log::failed, |()| Ok(0))
}

fn start(args: &Serve) -> Result<()> {
    if !args.fleet.join("fleet.toml").is_file() {
        let folder = args.fleet.display();
        bail!("`{folder}` has no fleet.toml\n  hint: `offhook init {folder}` makes a fleet to start from");
    }
    let account = args.user.as_deref().map(Account::named).transpose()?;
    let state = state_folder(args)?;
    if let Some(account) = &account {
        account.take_over(&state)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(serve(args, &state, account))
}

/// Ports are taken and keys are read before anything else, since that may need root; what is read later is read by whom
/// the server then is, so that a file which he cannot read is told at the start and not at the first edit.
async fn serve(args: &Serve, state: &Path, account: Option<Account>) -> Result<()> {
    let Some(root) = Loader::new(&args.fleet).root_alone() else { return Err(no_root(&Live::load(&args.fleet), args)) };
    let listens =
        if args.listen.is_empty() { root.listen.clone() } else { args.listen.iter().map(own_address).collect() };
    let loaded = Arc::new(OnceLock::new());
    let (listeners, mut followed) = listeners(&listens, &loaded, &root, &args.fleet, state)?;
    let bound = bind(listeners).await.map_err(|error| {
        let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        anyhow!("{:#}{hint}", anyhow::Error::new(error))
    })?;
    let figures = match root.metrics {
        Some(address) => Some(bind([Listener { address, tls: None, proxies: Proxies::default() }]).await?),
        None => None,
    };
    let api = match &args.api.map(ApiListen::at).or(root.api) {
        Some(listen) => Some((bind([api_listener(listen, &args.fleet, state)?]).await?, listen.plain)),
        None => None,
    };
    if let Some(account) = account {
        account.become_it()?;
    }
    keep_memory_private();
    if let Err(error) = finish(&args.fleet) {
        tracing::error!("a write that was broken off cannot be finished, so the fleet may be half of one: {error}");
    }
    let live = Arc::new(Live::load(&args.fleet));
    if live.now().world.root().is_none() {
        return Err(no_root(&live, args));
    }
    let _ = loaded.set(live.clone());
    let usable = || format!("cannot use the state folder `{}`", state.display());
    let key = revision_key(state)?;
    let ledger = Arc::new(Ledger::open(state).with_context(usable)?);
    let (orders, told) = Orders::open(state, now_secs()).with_context(usable)?;
    let tokens = Arc::new(tokens(state, &told));
    let strangers = Arc::new(strangers(state));
    told.iter().for_each(|told| strangers.hear(told));
    let board = Board::start(live.clone(), ledger.clone(), tokens.clone(), key.clone()).context("cannot start")?;
    followed.push(obey(orders, tokens.clone(), strangers.clone(), board.clone()));
    let access = Arc::new(AccessTokens::open(state)?);
    followed.push(heed(access.clone()));
    let families = listens.iter().map(|listen| listen.families.clone()).collect();
    let journal = Arc::new(journal(state, &live).context("cannot start")?);
    let phones = Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), key.clone(), ledger, families);
    let phones = Arc::new(
        phones.with_tokens(tokens).with_strangers(strangers).with_journal(journal.clone()).with_onlooker(board.clone()),
    );
    let jobs = jobs(&live, &journal, &board, state)?;
    auto_resync(live.clone(), jobs.clone(), Arc::new(OnBoard(board.clone())));
    let watching = watch(live.clone(), &args.fleet, followed)
        .map_err(|error| anyhow!("`{}` cannot be watched: {error}", args.fleet.display()))?;
    greet(&live.now(), &bound, &listens, state);
    let (calls, limits) = (Calls::default(), limits());
    let figures = figures.map(|listener| {
        let of_api = api.iter().flat_map(|(bound, _)| figures::certificates(bound, Whom::Api));
        let parts = Parts {
            live: live.clone(),
            phones: phones.clone(),
            board: board.clone(),
            jobs: jobs.clone(),
            journal: journal.clone(),
            tokens: access.clone(),
            calls: calls.clone(),
            watch: watching.state(),
            connections: Box::new(bound.counter()),
            max_connections: limits.connections,
            certificates: figures::certificates(&bound, Whom::Phones).chain(of_api).collect(),
        };
        figures::show(listener, parts)
    });
    let (stop_api, api_stopped) = tokio::sync::oneshot::channel::<()>();
    let serving_api = match api {
        Some((bound, plain)) => {
            let scheme = if plain { "http" } else { "https" };
            bound.addresses().for_each(|address| say(format_args!("API at {scheme}://{address}/api/v1")));
            let editor = Editor::new(live.clone(), key).context("cannot start")?.with_journal(journal.clone(), state);
            let api = Api::new(Arc::new(editor), access.clone(), board, jobs.clone(), state);
            Some(tokio::spawn(api::serve(bound, calls.count(api::router(api)), async { drop(api_stopped.await) })))
        }
        None => None,
    };
    if is_root() {
        tracing::warn!("running as root, which nothing needs from here on: --user NAME gives it up");
    }
    tell_systemd(NotifyState::Ready);
    run_server(bound, phones, limits, async {
        stopped(live).await;
        figures.iter().for_each(|page| page.stop());
        jobs.close().await;
    })
    .await;
    drop(stop_api);
    if let Some(serving_api) = serving_api {
        let _ = serving_api.await;
        if let Err(error) = access.write_uses(now_secs()) {
            tracing::warn!("when tokens of the API were last used is not kept: {error}");
        }
    }
    drop(watching);
    journal.close();
    say("stopped");
    Ok(())
}

/// The fleet, once it is loaded: listeners are there before it.
type Loaded = Arc<OnceLock<Arc<Live>>>;

/// The tokens of a state folder. Where it has no key and can keep none, there is one for this run: phones that have a
/// token are refused then, and those that need none are served.
fn tokens(state: &Path, told: &[Told]) -> Tokens {
    Tokens::open(state, told).unwrap_or_else(|error| {
        tracing::error!(
            "the tokens in `{}` cannot be used, so none that a phone has is good: {error}",
            state.display()
        );
        Tokens::in_memory()
    })
}

/// The phones that nobody has claimed. Where they cannot be kept, they are remembered for this run.
fn strangers(state: &Path) -> Strangers {
    Strangers::open(state).unwrap_or_else(|error| {
        tracing::error!("phones that nobody has claimed are forgotten at the next start: {error}");
        Strangers::in_memory()
    })
}

/// The journal, kept as the fleet's file says at the moment.
fn journal(state: &Path, live: &Arc<Live>) -> std::io::Result<Journal> {
    let live = live.clone();
    let keeping = move || live.now().world.root().map_or_else(Keeping::default, |root| root.journal);
    Journal::open(state, keeping)
}

/// The jobs that ask phones to come.
fn jobs(live: &Arc<Live>, journal: &Arc<Journal>, board: &Arc<Board>, state: &Path) -> Result<Jobs> {
    let tls = trust::config(Trust::System).map_err(|why| anyhow!(why))?;
    let sockets = Arc::new(Semaphore::new(ASKED_FILES as usize));
    let asking = Asking { sockets, ..Asking::new(tls, Duration::MAX) };
    let (live, journal, board, state) = (live.clone(), journal.clone(), board.clone(), state.to_owned());
    Ok(Jobs::new(Around { live, journal, state, asking, asked: Arc::new(move |mac| board.asked(mac)) }))
}

/// Where the server keeps what it remembers; who wants to write into a folder that cannot be made tells it.
fn state_folder(args: &Serve) -> Result<PathBuf> {
    if args.user.is_some() && args.state.is_none() && std::env::var_os("STATE_DIRECTORY").is_none() {
        bail!("--user needs a state folder that this user can reach\n  hint: --state {DEFAULT_STATE}");
    }
    let state = args.state.clone().map_or_else(|| default_state(&args.fleet), Ok)?;
    let _ = folder::make(&state);
    Ok(state)
}

/// Tells what is wrong with the fleet; gives why nothing is served.
fn no_root(live: &Live, args: &Serve) -> anyhow::Error {
    for finding in live.now().findings() {
        say(finding);
    }
    anyhow!("`{}` has errors, so there is no address to listen on", args.fleet.join("fleet.toml").display())
}

/// The key of revisions. Where none can be kept, there is one for this run, and revisions change at the next.
fn revision_key(state: &Path) -> Result<RevisionKey> {
    let kept = key(state, REVISION_KEY).or_else(|error| {
        let file = state.join(REVISION_KEY);
        tracing::error!("`{}` cannot be used, so the next start gives files other revisions: {error}", file.display());
        random_key()
    });
    Ok(RevisionKey::new(&*Zeroizing::new(kept?)))
}

/// Where systemd has started us, it wants to know.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("systemd cannot be told: {error}");
    }
}

/// The limits of the wire, with as many connections as the system lets us have open files. Its soft limit is often a
/// tenth of what is allowed, for programs that look at each file in turn.
fn limits() -> Limits {
    /// Files beside connections: listeners, the state folder, what is watched and read, phones that are asked to come.
    const OTHER_FILES: u64 = 256 + ASKED_FILES;
    let limits = Limits::default();
    let wanted = u64::from(limits.connections) + OTHER_FILES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return limits };
    let raised = wanted.clamp(soft, hard.max(soft));
    let files = setrlimit(Resource::RLIMIT_NOFILE, raised, hard).map_or(soft, |()| raised);
    let connections = files.saturating_sub(OTHER_FILES).clamp(1, limits.connections.into()) as u32;
    if connections < limits.connections {
        tracing::warn!("the system allows {files} open files, so {connections} connections are served at once");
    }
    Limits { connections, ..limits }
}

/// The listeners with their certificates, and what to do when those change on disk.
fn listeners(
    listens: &[Listen],
    live: &Loaded,
    root: &Root,
    fleet: &Path,
    state: &Path,
) -> Result<(Vec<Listener>, Vec<Followed>)> {
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
        let tls = match (tls, listen.client_certificates) {
            (Some(tls), ClientCertificates::Ask) => Some(tls.asking(authorities(live)).map_err(told)?),
            (tls, _) => tls,
        };
        let tls = tls.map(Arc::new);
        if let Some(tls) = &tls {
            tokio::spawn(warn_daily(tls.clone()));
            // One that could not be written is in memory only.
            if tls.files().iter().all(|file| file.exists()) {
                followed.push(follow(tls.clone()));
            }
        }
        let proxies = Proxies { networks: listen.proxies.clone(), protocol: listen.proxy_protocol };
        listeners.push(Listener { address: listen.address, tls, proxies });
    }
    Ok((listeners, followed))
}

/// The listener of the API.
fn api_listener(listen: &ApiListen, fleet: &Path, state: &Path) -> Result<Listener> {
    let ApiListen { address, tls, plain } = listen;
    let tls = match (plain, tls) {
        (true, _) => None,
        (false, Some(files)) => Some(TlsMaterial::load(fleet.join(&files.certificate), fleet.join(&files.key))),
        (false, None) => Some(TlsMaterial::self_signed(state, &[&address.ip().to_string()])),
    };
    let tls = tls.transpose().map_err(told)?.map(Arc::new);
    Ok(Listener { address: *address, tls, proxies: Proxies::default() })
}

/// The authorities of `fleet.toml`, as it is at each moment.
fn authorities(live: &Loaded) -> impl Fn() -> Arc<[ClientAuthority]> + Send + Sync + 'static {
    let live = Arc::clone(live);
    move || {
        let root = live.get().and_then(|live| live.now().world.root().cloned());
        root.map(|root| Arc::clone(&root.client_authorities)).unwrap_or_default()
    }
}

fn follow(tls: Arc<TlsMaterial>) -> Followed {
    let files = tls.files().map(Path::to_owned).to_vec();
    let then = move || match tls.reload() {
        Ok(true) => {
            tracing::info!("the certificate `{}` was renewed", tls.files()[0].display());
            warn_of_expiry(&tls);
        }
        Ok(false) => {}
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            tracing::error!("keeping the certificate: {:#}{hint}", anyhow::Error::new(error));
        }
    };
    Followed { files, then: Box::new(then) }
}

/// Does what commands tell, as they tell it.
fn obey(orders: Orders, tokens: Arc<Tokens>, strangers: Arc<Strangers>, board: Arc<Board>) -> Followed {
    let files = vec![orders.path().to_owned()];
    let orders = Mutex::new(orders);
    let then = move || match orders.lock().unwrap_or_else(PoisonError::into_inner).news() {
        Ok(news) => {
            for told in news {
                tracing::info!(phone.mac = %told.order.mac(), "told by a command: {}", told.order);
                tokens.obey(&told);
                strangers.hear(&told);
                board.look_again(told.order.mac());
            }
        }
        Err(error) => tracing::error!("what commands tell cannot be read: {error}"),
    };
    Followed { files, then: Box::new(then) }
}

/// Takes in the API's tokens as commands make and revoke them.
fn heed(tokens: Arc<AccessTokens>) -> Followed {
    tokio::spawn(keep_uses(tokens.clone()));
    let files = vec![tokens.path().to_owned()];
    let then = move || {
        if let Err(error) = tokens.reload() {
            tracing::error!("the tokens of the API stay as they were: {error}");
        }
    };
    Followed { files, then: Box::new(then) }
}

/// Writes now and then when each token was last used.
async fn keep_uses(tokens: Arc<AccessTokens>) {
    let mut hours = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hours.tick().await;
        let tokens = tokens.clone();
        let written = tokio::task::spawn_blocking(move || tokens.write_uses(now_secs())).await;
        if let Ok(Err(error)) = written {
            tracing::warn!("when tokens of the API were last used is not kept: {error}");
        }
    }
}

/// A server may run for longer than a certificate is good.
async fn warn_daily(tls: Arc<TlsMaterial>) {
    let mut days = tokio::time::interval(Duration::from_secs(86_400));
    loop {
        days.tick().await;
        warn_of_expiry(&tls);
    }
}

fn warn_of_expiry(tls: &TlsMaterial) {
    let file = tls.files()[0].display();
    match tls.expires().and_then(|end| remaining(end, SystemTime::now())) {
        Some(Remaining::Nothing) => tracing::error!("the certificate `{file}` has expired: phones will refuse it"),
        Some(Remaining::Days(days)) => tracing::warn!("the certificate `{file}` ends in {days} days"),
        None => {}
    }
}

/// How long a certificate is still good.
#[derive(Debug, PartialEq, Eq)]
enum Remaining {
    Nothing,
    Days(u64),
}

/// None: it is too long to be told.
fn remaining(end: SystemTime, now: SystemTime) -> Option<Remaining> {
    match end.duration_since(now) {
        Ok(left) if left >= SOON => None,
        Ok(left) => Some(Remaining::Days(left.as_secs() / 86_400)),
        Err(_) => Some(Remaining::Nothing),
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
        client_certificates: ClientCertificates::Never,
        families: Vec::new(),
        proxies: Vec::new(),
        proxy_protocol: false,
        at: 1,
    }
}

/// What a person wants to see first: where it listens, what it loaded, what is wrong, and a line to try.
fn greet(serving: &Serving, bound: &Bound, listens: &[Listen], state: &Path) {
    say(format_args!("offhook {}: {}", env!("CARGO_PKG_VERSION"), output::fleet(serving.world.counts())));
    let mut first = None;
    for (address, listen) in bound.addresses().zip(listens) {
        let scheme = if listen.plain { "http" } else { "https" };
        let families =
            if listen.families.is_empty() { String::new() } else { format!(" for {}", listen.families.join(", ")) };
        say(format_args!("listening on {scheme}://{address}{families}"));
        if listen.tls.is_none() && !listen.plain {
            say(format_args!("  with the self-signed certificate in {}", state.display()));
        }
        first = first.or_else(|| Some((scheme, address, try_line(serving, &listen.families)?)));
    }
    let (errors, warnings) = serving.open_findings();
    if errors + warnings > 0 {
        let (errors, warnings) = (output::counted(errors, "error"), output::counted(warnings, "warning"));
        say(format_args!("{errors} and {warnings}: `offhook check` tells them"));
    }
    if let Some((scheme, address, line)) = first {
        let insecure = if scheme == "https" { " -k" } else { "" };
        say(format_args!("try: curl{insecure} {scheme}://{address}/{line}"));
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

/// Ends when the process is told to stop. Told to reload, it looks at every file of the fleet, for file systems that do
/// not tell what changes.
async fn stopped(live: Arc<Live>) {
    let signal = |kind| signal(kind).expect("a runtime takes these signals");
    let mut interrupt = signal(SignalKind::interrupt());
    let mut terminate = signal(SignalKind::terminate());
    let mut hangup = signal(SignalKind::hangup());
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hangup.recv() => {
                let live = live.clone();
                let look = move || live.follow(&Changed { everything: true, ..Changed::default() });
                let _ = tokio::task::spawn_blocking(look).await;
                tracing::info!("looked at every file of the fleet");
            }
        }
    }
    tell_systemd(NotifyState::Stopping);
    say("stopping: running answers are finished");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that jumps makes a wrong word, and nothing worse.
    #[test]
    fn how_long_a_certificate_is_good_by_any_clock() {
        let day = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        let end = day(20_000);
        for (now, told) in [
            (day(0), None),
            (day(19_970), None),
            (day(19_971), Some(Remaining::Days(29))),
            (end, Some(Remaining::Days(0))),
            (day(20_001), Some(Remaining::Nothing)),
            (day(900_000), Some(Remaining::Nothing)),
        ] {
            assert_eq!(remaining(end, now), told, "{now:?}");
        }
    }
}
