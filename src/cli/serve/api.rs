//! The API beside the phones' service: it is answered as long as phones are, and its last calls to their end.

use tokio::sync::oneshot::{Sender, channel};
use tokio::task::JoinHandle;

use crate::api::{self, Api, Calls};
use crate::cli::log::say;
use crate::server::Bound;

/// An API that is answered.
pub(super) struct Answered {
    stop: Sender<()>,
    ended: JoinHandle<()>,
}

impl Answered {
    /// Answers at a socket, and tells people where that is.
    pub fn at(bound: Bound, plain: bool, api: Api, calls: &Calls) -> Answered {
        let scheme = if plain { "http" } else { "https" };
        bound.addresses().for_each(|address| say(format_args!("API at {scheme}://{address}/api/v1")));
        let (stop, stopped) = channel();
        let ended = tokio::spawn(api::serve(bound, calls.count(api::router(api)), async { drop(stopped.await) }));
        Answered { stop, ended }
    }

    /// Takes no further calls, and waits for those that run.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.ended.await;
    }
}
