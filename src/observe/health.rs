//! Whether the server lives, and whether phones should be sent to it, with every reason in words.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::{Page, Parts, Whom, reply};
use crate::board::{Filter, State};
use crate::server::{Reply, StatusCode};

/// After how long it is told that the journal cannot be written.
const JOURNAL: Duration = Duration::from_secs(60);
/// After how long it is told that nobody looks for changes; to read a whole fleet again takes a while.
const WATCH: Duration = Duration::from_secs(300);

/// How the server is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Health {
    status: &'static str,
    /// Why it is not well.
    reasons: Vec<String>,
    /// What somebody should look at, although phones get what they should.
    warnings: Vec<String>,
    #[serde(skip)]
    is_well: bool,
}

impl Health {
    /// `words` are those for well, for well with warnings, and for not well.
    fn of([well, degraded, unwell]: [&'static str; 3], reasons: Vec<String>, warnings: Vec<String>) -> Health {
        let status = match (reasons.is_empty(), warnings.is_empty()) {
            (true, true) => well,
            (true, false) => degraded,
            (false, _) => unwell,
        };
        Health { status, is_well: reasons.is_empty(), reasons, warnings }
    }

    pub(super) fn reply(&self) -> Reply {
        let status = if self.is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let text = serde_json::to_string(self).unwrap_or_default();
        reply(status, "application/json", text + "\n")
    }
}

impl Page {
    /// Whether a restart would help: whoever hears this answers, so it is about the others.
    pub(super) fn lives(&self) -> Health {
        let is_stopping = self.is_stopping.load(Ordering::Relaxed);
        let dead = self.parts.watch.has_ended() && !is_stopping;
        let reasons = dead.then(|| "nobody follows the fleet's folder any more".to_owned());
        Health::of(["alive", "alive", "dead"], reasons.into_iter().collect(), Vec::new())
    }

    /// Whether phones should be sent here.
    pub(super) fn readiness(&self) -> Health {
        let Parts { live, board, journal, watch, certificates, .. } = &self.parts;
        let (mut reasons, mut warnings) = (Vec::new(), Vec::new());
        if self.is_stopping.load(Ordering::Relaxed) {
            reasons.push("the server is stopping".to_owned());
        }
        if live.now().world.root().is_none() {
            reasons.push("fleet.toml has no good version".to_owned());
        }
        let counts = board.counts(&Filter::default());
        let unserved = counts.of(State::Unserved);
        if unserved > 0 && unserved == counts.phones {
            reasons.push("no phone of the fleet can be served".to_owned());
        }
        match watch.lacking() {
            // Who shares one folder with others would else take all of them away from phones that they can serve.
            Some(what) => warnings.push(format!("the fleet's folder {what}; what was good stays served")),
            None if watch.has_ended() => reasons.push("nobody follows the fleet's folder any more".to_owned()),
            None if watch.idle() > WATCH => {
                warnings.push(format!("nobody has looked for changes of the fleet for {} s", watch.idle().as_secs()));
            }
            None if watch.is_blind() => warnings.push("changes of the fleet are looked for every few seconds".into()),
            None => {}
        }
        let now = SystemTime::now();
        for certificate in certificates {
            if certificate.tls.expires().is_some_and(|end| end < now) {
                let what = format!("the certificate of {} has expired", certificate.listener);
                match certificate.of {
                    Whom::Phones => reasons.push(what + ": phones refuse it"),
                    Whom::Api => warnings.push(what + ": it is the API's"),
                }
            }
        }
        if let Some(time) = journal.figures().trouble.filter(|time| *time >= JOURNAL) {
            warnings.push(format!("the journal could not be written for {} s; phones are served", time.as_secs()));
        }
        Health::of(["ready", "degraded", "unready"], reasons, warnings)
    }
}
