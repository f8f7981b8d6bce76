//! The state folder of a server: what is kept in it, and what is done where it cannot be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use zeroize::Zeroizing;

use crate::cli::args::Serve;
use crate::cli::privileges::DEFAULT_STATE;
use crate::cli::state::default_state;
use crate::fleet::Keeping;
use crate::folder::{self, REVISION_KEY, key, random_key};
use crate::journal::Journal;
use crate::live::Live;
use crate::render::RevisionKey;
use crate::server::orders::Told;
use crate::server::strangers::Strangers;
use crate::server::tokens::Tokens;

/// Where the server keeps what it remembers; who wants to write into a folder that cannot be made tells it.
pub(super) fn state_folder(args: &Serve) -> Result<PathBuf> {
    if args.user.is_some() && args.state.is_none() && std::env::var_os("STATE_DIRECTORY").is_none() {
        bail!("--user needs a state folder that this user can reach\n  hint: --state {DEFAULT_STATE}");
    }
    let state = args.state.clone().map_or_else(|| default_state(&args.fleet), Ok)?;
    let _ = folder::make(&state);
    Ok(state)
}

/// The key of revisions. Where none can be kept, there is one for this run, and revisions change at the next.
pub(super) fn revision_key(state: &Path) -> Result<RevisionKey> {
    let kept = key(state, REVISION_KEY).or_else(|error| {
        let file = state.join(REVISION_KEY);
        tracing::error!("`{}` cannot be used, so the next start gives files other revisions: {error}", file.display());
        random_key()
    });
    Ok(RevisionKey::new(&*Zeroizing::new(kept?)))
}

/// The tokens of a state folder. Where it has no key and can keep none, there is one for this run: phones that have a
/// token are refused then, and those that need none are served.
pub(super) fn tokens(state: &Path, told: &[Told]) -> Tokens {
    Tokens::open(state, told).unwrap_or_else(|error| {
        tracing::error!(
            "the tokens in `{}` cannot be used, so none that a phone has is good: {error}",
            state.display()
        );
        Tokens::in_memory()
    })
}

/// The phones that nobody has claimed. Where they cannot be kept, they are remembered for this run.
pub(super) fn strangers(state: &Path) -> Strangers {
    Strangers::open(state).unwrap_or_else(|error| {
        tracing::error!("phones that nobody has claimed are forgotten at the next start: {error}");
        Strangers::in_memory()
    })
}

/// The journal, kept as the fleet's file says at the moment.
pub(super) fn journal(state: &Path, live: &Arc<Live>) -> std::io::Result<Journal> {
    let live = live.clone();
    let keeping = move || live.now().world.root().map_or_else(Keeping::default, |root| root.journal);
    Journal::open(state, keeping)
}
