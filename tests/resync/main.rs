//! Phones are asked to come: on the wire by peers that nobody here wrote, and as a job over many that fetch or do not.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/server.rs"]
mod server;

mod asks;
mod auto;
mod command;
mod heavy;
mod house;
mod jobs;
mod kamailio;
mod many;
mod messages;
mod sipp;

use std::time::Duration;

use offhook::catalogue::Verb;
use offhook::phone::Mac;
use offhook::resync::{Asking, Hop, NoWay, Target, Transport, Way};
use offhook::simulate::trust::{self, Trust};

/// The secret of the line `201` in these tests.
const LINE: &str = "sip.password = \"Secret201x\"\n";

/// RFC 3261's timers, ten times as fast.
fn fast(patience: Duration) -> Asking {
    let tls = trust::config(Trust::Anybody).unwrap();
    Asking { t1: Duration::from_millis(50), t2: Duration::from_millis(400), ..Asking::new(tls, patience) }
}

fn hop(port: u16, transport: Transport) -> Hop {
    Hop { host: "127.0.0.1".into(), port, transport }
}

/// What a phone of a model is asked, the fleet's files as in [`common::phone`].
fn target(model: &str, line: &str, verb: Verb, way: &Way) -> Result<Target, NoWay> {
    let fleet = common::phone(model, line);
    let mac: Mac = common::MAC.parse().unwrap();
    let subject = common::serving(fleet.path()).world.subject(mac).unwrap();
    Target::new(&subject, None, verb, way, Some([192, 0, 2, 7].into()))
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}
