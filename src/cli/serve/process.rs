//! The server as a process of the system: its open files, its signals, its supervisor.

use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::api::CONNECTIONS;
use crate::cli::log::say;
use crate::live::{Changed, Live};
use crate::server::Limits;

/// So many phones have a socket at once that are asked to come.
pub(super) const ASKED_FILES: u64 = 512;

/// The limits of the wire, with as many connections as the system lets us have open files. Its soft limit is often a
/// tenth of what is allowed, for programs that look at each file in turn.
pub(super) fn limits(has_api: bool) -> Limits {
    // Files beside connections: listeners, the state folder, what is watched and read, phones that are asked to come.
    let other_files = 256 + ASKED_FILES + if has_api { CONNECTIONS as u64 } else { 0 };
    let limits = Limits::default();
    let wanted = u64::from(limits.connections) + other_files;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return limits };
    let raised = wanted.clamp(soft, hard.max(soft));
    let files = setrlimit(Resource::RLIMIT_NOFILE, raised, hard).map_or(soft, |()| raised);
    let connections = files.saturating_sub(other_files).clamp(1, limits.connections.into()) as u32;
    if connections < limits.connections {
        tracing::warn!("the system allows {files} open files, so {connections} connections are served at once");
    }
    Limits { connections, ..limits }
}

/// Where systemd has started us, it wants to know.
pub(super) fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("systemd cannot be told: {error}");
    }
}

/// What the process is told by signals. A signal that comes before it is listened for ends the process.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens for them.
    pub fn listen() -> Signals {
        let signal = |kind| signal(kind).expect("a runtime takes these signals");
        Signals {
            interrupt: signal(SignalKind::interrupt()),
            terminate: signal(SignalKind::terminate()),
            hangup: signal(SignalKind::hangup()),
        }
    }
}

/// Ends when the process is told to stop. Told to reload, it looks at every file of the fleet, for file systems that do
/// not tell what changes.
pub(super) async fn stopped(signals: Signals, live: Arc<Live>) {
    let Signals { mut interrupt, mut terminate, mut hangup } = signals;
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
