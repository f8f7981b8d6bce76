//! Root for what only root can do, and somebody else from then on.

use std::ffi::CString;
use std::fs::{DirEntry, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown, fchown};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use nix::sys::prctl;
use nix::unistd::{Gid, ROOT, User, geteuid, initgroups, setgid, setuid};

use crate::folder::is_state;

/// Where a server that root starts may keep its state, in what is said to people.
pub(super) const DEFAULT_STATE: &str = "/var/lib/offhook";

const ROOT_GROUP: Gid = Gid::from_raw(0);

/// Whom the server becomes.
pub(super) struct Account(User);

impl Account {
    /// An account by its name.
    ///
    /// # Errors
    /// There is none, it is root's, or only root could become it.
    pub fn named(name: &str) -> Result<Account> {
        let user = User::from_name(name).with_context(|| format!("the user `{name}` cannot be looked up"))?;
        let user = user.ok_or_else(|| {
            anyhow!("there is no user `{name}`\n  hint: `useradd --system --user-group {name}` makes one")
        })?;
        if user.uid.is_root() {
            bail!("`{name}` is root\n  hint: name a user who may do nothing but read the fleet");
        }
        if !geteuid().is_root() && geteuid() != user.uid {
            bail!("only root can become `{name}`\n  hint: start offhook as root, or as `{name}` without --user");
        }
        Ok(Account(user))
    }

    /// Hands a state folder of root's over, with its files. One that has another owner already is looked at, not touched:
    /// whoever owns a folder may lay traps in it for root.
    ///
    /// # Errors
    /// It belongs to somebody else, holds something else, or cannot be handed over.
    pub fn take_over(&self, folder: &Path) -> Result<()> {
        let Account(user) = self;
        let shown = folder.display();
        let Ok(found) = folder.metadata() else { return Ok(()) };
        if !geteuid().is_root() || found.uid() == user.uid.as_raw() {
            return Ok(());
        }
        let hint = format!("  hint: name a folder of the server's own: --state {DEFAULT_STATE}");
        if found.uid() != ROOT.as_raw() {
            bail!("the state folder `{shown}` belongs neither to `{}` nor to root\n{hint}", user.name);
        }
        let files: Vec<DirEntry> =
            folder.read_dir().and_then(Iterator::collect).with_context(|| format!("cannot read `{shown}`"))?;
        if !files.is_empty() && !is_state(folder) {
            bail!("`{shown}` belongs to root and holds files that are not a server's state\n{hint}");
        }
        let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        let hand_over = |path: &Path| {
            let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)?;
            if file.metadata()?.is_file() { fchown(file, uid, gid) } else { Ok(()) }
        };
        let all = || {
            files.iter().try_for_each(|file| hand_over(&file.path()))?;
            chown(folder, uid, gid)
        };
        all().with_context(|| format!("`{shown}` cannot be given to `{}`", user.name))
    }

    /// Becomes this user, for good.
    ///
    /// # Errors
    /// The system refuses, or there is a way back.
    pub fn become_it(&self) -> Result<()> {
        let Account(user) = self;
        let change = || {
            if geteuid() != user.uid {
                initgroups(&CString::new(user.name.as_str())?, user.gid)?;
                setgid(user.gid)?;
                setuid(user.uid)?;
            }
            anyhow::Ok(())
        };
        change().with_context(|| format!("cannot become `{}`", user.name))?;
        if setuid(ROOT).is_ok() || (user.gid != ROOT_GROUP && setgid(ROOT_GROUP).is_ok()) {
            bail!("`{}` could become root again, so nothing is served", user.name);
        }
        tracing::info!("root is given up: running as `{}`", user.name);
        Ok(())
    }
}

/// Secrets are in memory: it shall not be written to a file when the program ends in a crash, nor be read by other
/// programs of the same user.
pub(super) fn keep_memory_private() {
    if let Err(error) = prctl::set_dumpable(false) {
        tracing::warn!("memory could be written to a file in a crash: {error}");
    }
}

/// Whether everything is allowed.
pub(super) fn is_root() -> bool {
    geteuid().is_root()
}
