//! Where a server keeps what it remembers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use compact_str::CompactString;

use crate::phone::Mac;
use crate::server::seen::last_seen;

/// The state folder where none is named: systemd's, else one in the user's home, a folder for each fleet.
pub(super) fn default_state(fleet: &Path) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("STATE_DIRECTORY") {
        return Ok(folder.into());
    }
    let home = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")));
    let home = home.ok_or_else(|| anyhow!("no state folder is known\n  hint: name one with --state DIR"))?;
    let fleet = std::fs::canonicalize(fleet).with_context(|| format!("cannot find `{}`", fleet.display()))?;
    let name = fleet.to_string_lossy().trim_matches('/').replace('/', "-");
    Ok(home.join("offhook").join(CompactString::from(name).as_str()))
}

/// The state folder that is named, or the usual one; made if there is none.
pub(super) fn state_folder(state: Option<&Path>, fleet: &Path) -> Result<PathBuf> {
    let folder = state.map_or_else(|| default_state(fleet), |state| Ok(state.to_owned()))?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the state folder `{}`", folder.display()))?;
    Ok(folder)
}

/// The firmware that the phone was last seen with, by the server that keeps its state in this folder or in the usual one.
pub(super) fn seen_firmware(state: Option<&Path>, fleet: &Path, mac: Mac) -> Result<Option<CompactString>> {
    let usual = || default_state(fleet).ok();
    let Some(folder) = state.map(Path::to_owned).or_else(usual) else { return Ok(None) };
    last_seen(&folder, mac).with_context(|| format!("cannot read the state folder `{}`", folder.display()))
}
