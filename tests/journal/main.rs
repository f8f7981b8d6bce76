//! The journal: what a server writes into it, what people read in it, and what may be wrong with its file.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/log.rs"]
mod log;
#[path = "../common/server.rs"]
mod server;

mod faults;
mod killed;
mod told;

use std::net::Ipv4Addr;
use std::path::Path;

use offhook::fleet::Keeping;
use offhook::journal::{Fetch, History, Journal, Reader, path};
use offhook::phone::Mac;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions, sqlite::SqliteConnection};

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn mac(number: u32) -> Mac {
    let bytes = number.to_be_bytes();
    Mac::from_bytes([2, 0, bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A phone that has got its file.
fn fetch(number: u32) -> Fetch {
    Fetch {
        at: 1_700_000_000_000 + i64::from(number),
        mac: Some(mac(number)),
        known: true,
        file: Some("phone".into()),
        revision: Some("0123456789abcdef0123456789abcdef".into()),
        head: false,
        source: Some(Ipv4Addr::from_bits(number).into()),
        agent: Some(format!("Yealink SIP-T46S 66.86.0.{number}").as_str().into()),
        status: 200,
        reason: None,
        listener: Some(([192, 0, 2, 100], 8443).into()),
        tls: true,
        detail: None,
    }
}

/// A journal that keeps everything: the times of these tests are old.
fn journal(state: &Path) -> Journal {
    Journal::open(state, || Keeping { days: 36_500, ..Keeping::default() }).unwrap()
}

fn history(state: &Path, mac: Mac) -> History {
    wait(async {
        match Reader::open(state).await.unwrap() {
            Some(mut reader) => reader.history(mac, 0, 1_000).await.unwrap(),
            None => History::default(),
        }
    })
}

async fn connection(state: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path(state)).connect().await.unwrap()
}

/// What a query says, of one number.
fn number(state: &Path, sql: &'static str) -> i64 {
    wait(async { sqlx::query_scalar(sql).fetch_one(&mut connection(state).await).await.unwrap() })
}

/// Tries again until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < server::LONG, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
