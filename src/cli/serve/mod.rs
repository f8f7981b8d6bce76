//! `serve`: answers phones until it is told to stop.

mod api;
mod certificates;
mod figures;
mod greeting;
mod process;
mod sockets;
mod state;
mod told;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use sd_notify::NotifyState;
use tokio::sync::Semaphore;

use api::Answered;
use greeting::greet;
use process::{ASKED_FILES, Signals, limits, stopped, tell_systemd};
use sockets::Sockets;
use state::{journal, revision_key, state_folder, strangers, tokens};
use told::{heed, obey};

use super::args::Serve;
use super::log::{self, say};
use super::privileges::{Account, is_root, keep_memory_private};
use crate::access::AccessTokens;
use crate::api::{Api, Calls};
use crate::board::Board;
use crate::edit::Editor;
use crate::fleet::finish;
use crate::journal::{Journal, now_secs};
use crate::live::{Live, Loader, watch};
use crate::observe::{Parts, Whom};
use crate::render::{Cache, MAX_CACHE_BYTES};
use crate::resync::{Around, Asking, Jobs, OnBoard, Step, auto_resync};
use crate::server::ledger::Ledger;
use crate::server::orders::Orders;
use crate::server::phones::Phones;
use crate::server::run as run_server;
use crate::simulate::trust::{self, Trust};

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
    let loaded = Arc::new(OnceLock::new());
    let Sockets { listens, phones: bound, figures, api, mut followed } =
        Sockets::bind(args, &root, &loaded, state).await?;
    if let Some(account) = account {
        account.become_it()?;
    }
    keep_memory_private();
    let live = load(args)?;
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
    let known = OnBoard { board: board.clone(), live: live.clone() };
    auto_resync(live.clone(), jobs.clone(), Arc::new(known));
    let watching = watch(live.clone(), &args.fleet, followed)
        .map_err(|error| anyhow!("`{}` cannot be watched: {error}", args.fleet.display()))?;
    // Whoever reads that it listens may tell it to reload or to stop.
    let signals = Signals::listen();
    greet(&live.now(), &bound, &listens, state);
    let (calls, limits) = (Calls::default(), limits(api.is_some()));
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
    let api = match api {
        Some((bound, plain)) => {
            let editor = Editor::new(live.clone(), key).context("cannot start")?.with_journal(journal.clone(), state);
            let api = Api::new(Arc::new(editor), access.clone(), board, jobs.clone(), state);
            Some(Answered::at(bound, plain, api, &calls))
        }
        None => None,
    };
    if is_root() {
        tracing::warn!("running as root, which nothing needs from here on: --user NAME gives it up");
    }
    tell_systemd(NotifyState::Ready);
    run_server(bound, phones, limits, async {
        stopped(signals, live).await;
        figures.iter().for_each(|page| page.stop());
        jobs.close().await;
    })
    .await;
    if let Some(api) = api {
        api.stop().await;
        if let Err(error) = access.write_uses(now_secs()) {
            tracing::warn!("when tokens of the API were last used is not kept: {error}");
        }
    }
    drop(watching);
    journal.close();
    say("stopped");
    Ok(())
}

/// The fleet, once a write that was broken off is finished.
fn load(args: &Serve) -> Result<Arc<Live>> {
    if let Err(error) = finish(&args.fleet) {
        tracing::error!("a write that was broken off cannot be finished, so the fleet may be half of one: {error}");
    }
    let live = Live::load(&args.fleet);
    if live.now().world.root().is_none() {
        return Err(no_root(&live, args));
    }
    Ok(Arc::new(live))
}

/// The jobs that ask phones to come.
fn jobs(live: &Arc<Live>, journal: &Arc<Journal>, board: &Arc<Board>, state: &Path) -> Result<Jobs> {
    let tls = trust::config(Trust::System).map_err(|why| anyhow!(why))?;
    let sockets = Arc::new(Semaphore::new(ASKED_FILES as usize));
    let asking = Asking { sockets, ..Asking::new(tls, Duration::MAX) };
    let (live, journal, board, state) = (live.clone(), journal.clone(), board.clone(), state.to_owned());
    let tell = Arc::new(move |mac, step: Step<'_>| match step {
        Step::Asked => board.asked(mac),
        Step::Ended(_) => board.given_up(mac),
    });
    Ok(Jobs::new(Around { live, journal, state, asking, tell }))
}

/// Tells what is wrong with the fleet; gives why nothing is served.
fn no_root(live: &Live, args: &Serve) -> anyhow::Error {
    for finding in live.now().findings() {
        say(finding);
    }
    anyhow!("`{}` has errors, so there is no address to listen on", args.fleet.join("fleet.toml").display())
}
