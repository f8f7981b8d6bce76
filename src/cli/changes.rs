//! What a command changes is told to the journal of the server.

use std::path::Path;

use super::state::default_state;
use crate::fleet::Keeping;
use crate::journal::{self, Change, now_ms};
use crate::phone::Mac;

/// Who runs this command.
pub(super) fn who() -> String {
    let user = || nix::unistd::User::from_uid(nix::unistd::Uid::current()).ok().flatten();
    let name = std::env::var("SUDO_USER").ok().or_else(|| Some(user()?.name));
    name.unwrap_or_else(|| "nobody known".to_owned())
}

/// A change of which the journal needs to know no more than that it was made, and by whom.
pub(super) fn made(what: &str, entity: &str, mac: impl Into<Option<Mac>>) -> Change {
    Change {
        at: now_ms(),
        who: who(),
        what: what.to_owned(),
        entity: entity.to_owned(),
        mac: mac.into(),
        ..Change::default()
    }
}

/// Tells the journal of a server, if one keeps its state in this folder or in the usual one. The change stands whether
/// the journal can be written or not.
pub(super) fn record(state: Option<&Path>, fleet: &Path, keeping: Keeping, changes: &[Change]) {
    let folder = state.map_or_else(|| default_state(fleet).ok(), |state| Some(state.to_owned()));
    // Made by the server alone: a file that an administrator's command made could not be the server's.
    let Some(path) = folder.map(|folder| journal::path(&folder)).filter(|path| keeping.enabled && path.is_file())
    else {
        return;
    };
    let written = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Into::into);
    if let Err(error) = written.and_then(|runtime| runtime.block_on(journal::append(&path, changes))) {
        anstream::eprintln!("warning: the journal `{}` was not told: {error}", path.display());
    }
}
