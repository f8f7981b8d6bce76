//! One phone asked: sent, sent again, challenged, answered or not. Whatever the other side does, it ends.
//!
//! The transaction is RFC 3261's for all requests but INVITE (17.1.2): over UDP a request is repeated after T1, at twice
//! the distance each time, at T2 at the most, and at T2 once there was a provisional answer. Answers are known by their
//! branch, so one that comes twice, or late, for a request before a challenge, is nobody's.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use http_auth::{DigestClient, PasswordParams, parse_challenges};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::message::{Answer, Notify, Request, answer};
use super::target::Target;
use super::wire::Wire;

/// How often a request with new credentials is sent: for a proxy, for the phone behind it, and for each a nonce that had
/// grown old.
const CHALLENGES: u32 = 4;

/// What asking needs besides the phone.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose certificates are trusted.
    pub tls: Arc<ClientConfig>,
    /// When a packet is sent again for the first time; RFC 3261 says 500 ms.
    pub t1: Duration,
    /// The longest distance between two packets; RFC 3261 says 4 s.
    pub t2: Duration,
    /// How long all of it may take; RFC 3261 says 64 times T1.
    pub patience: Duration,
    /// How many phones may have a socket at once; others wait for one.
    pub sockets: Arc<Semaphore>,
}

impl Asking {
    /// RFC 3261's timers, with less patience if that is wanted.
    pub fn new(tls: Arc<ClientConfig>, patience: Duration) -> Asking {
        let t1 = Duration::from_millis(500);
        let sockets = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Asking { tls, t1, t2: Duration::from_secs(4), patience: patience.min(64 * t1), sockets }
    }
}

/// What came of asking one phone. Only a fetch tells whether it obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The request was taken.
    Taken,
    /// It was refused, by the phone or by somebody on the way.
    Refused {
        /// The status.
        code: u16,
        /// What else was said.
        why: String,
    },
    /// Nobody answered in time.
    Silent,
    /// What came was no answer.
    Nonsense(String),
    /// The request was sent, and the way broke before an answer came: whoever restarts at once answers nothing.
    Lost(String),
    /// The request could not be sent, or nobody was there to take it.
    Unreachable(String),
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answered::Taken => f.write_str("took the request"),
            Answered::Refused { code, why } => write!(f, "refused: {code} {why}"),
            Answered::Silent => f.write_str("did not answer"),
            Answered::Nonsense(what) => write!(f, "answered nonsense: {what}"),
            Answered::Lost(why) => write!(f, "did not answer: {why}"),
            Answered::Unreachable(why) => write!(f, "cannot be reached: {why}"),
        }
    }
}

/// Asks one phone.
pub async fn ask(target: &Target, asking: &Asking) -> Answered {
    ask_after(target, asking, ready(())).await
}

/// The same, once something is done when the way is open and nothing is sent yet.
pub(super) async fn ask_after(target: &Target, asking: &Asking, before: impl Future<Output = ()>) -> Answered {
    let _socket = asking.sockets.acquire().await;
    let deadline = Instant::now() + asking.patience;
    let opened = timeout_at(deadline, Wire::open(&target.hop, &asking.tls)).await;
    let mut wire = match opened {
        Ok(Ok(wire)) => wire,
        Ok(Err(error)) => return Answered::Unreachable(format!("{}: {error}", target.hop)),
        Err(_) => return Answered::Unreachable(format!("{}: no connection in time", target.hop)),
    };
    let notify = wire.local().map_err(|error| error.to_string()).and_then(|local| Notify::new(target, local));
    match notify {
        Ok(notify) => {
            before.await;
            converse(&mut wire, target, &notify, asking, deadline).await
        }
        Err(why) => Answered::Unreachable(why),
    }
}

async fn converse(
    wire: &mut Wire,
    target: &Target,
    notify: &Notify<'_>,
    asking: &Asking,
    deadline: Instant,
) -> Answered {
    // A proxy and the phone behind it may both want to know who asks, and take no answer twice.
    let mut clients: BTreeMap<&str, DigestClient> = BTreeMap::new();
    let mut request = notify.request(1, &[]);
    for cseq in 2..=CHALLENGES + 2 {
        let answer = match transact(wire, &request, asking, deadline).await {
            Ok(answer) => answer,
            Err(lost) => return lost,
        };
        let refused = |why: &str| Answered::Refused { code: answer.code, why: why.to_owned() };
        let header = match answer.code {
            200..300 => return Answered::Taken,
            401 => "Authorization",
            407 => "Proxy-Authorization",
            _ => return refused(&answer.reason),
        };
        let Some(client) = challenge(&answer) else { return refused("it asks for no digest that is known") };
        let is_stale = client.stale();
        if clients.insert(header, client).is_some() && !is_stale {
            return refused("the line's user and password are not taken");
        }
        request = match authorizations(&mut clients, target, notify) {
            Ok(lines) => notify.request(cseq, &lines),
            Err(why) => return refused(&why),
        };
    }
    Answered::Refused { code: 401, why: "it asks who is asking again and again".into() }
}

/// Sends a request until it has a final answer.
async fn transact(wire: &mut Wire, request: &Request, asking: &Asking, end: Instant) -> Result<Answer, Answered> {
    let (mut distance, mut nonsense) = (asking.t1, None);
    let unsent = |error: std::io::Error| Answered::Unreachable(error.to_string());
    timeout_at(end, wire.send(&request.text)).await.map_err(|_| Answered::Silent)?.map_err(unsent)?;
    let mut again = Instant::now() + distance;
    let mut is_repeated = false;
    loop {
        let broken = |error: std::io::Error| match error.kind() {
            ErrorKind::InvalidData => Answered::Nonsense(error.to_string()),
            // The only packet was sent back.
            ErrorKind::ConnectionRefused if !is_repeated => Answered::Unreachable(error.to_string()),
            _ => Answered::Lost(error.to_string()),
        };
        let came = tokio::select! {
            came = wire.receive() => Some(came.map_err(broken)?),
            () = sleep_until(end) => return Err(nonsense.map_or(Answered::Silent, Answered::Nonsense)),
            () = sleep_until(again), if !wire.is_reliable() => None,
        };
        match came.map(|bytes| answer(&bytes, request)) {
            None => {
                wire.send(&request.text).await.map_err(broken)?;
                is_repeated = true;
                distance = (distance * 2).min(asking.t2);
                again = Instant::now() + distance;
            }
            Some(Ok(Some(answer))) if answer.code >= 200 => return Ok(answer),
            Some(Ok(Some(_))) => distance = asking.t2,
            Some(Ok(None)) => {}
            Some(Err(what)) => nonsense = Some(what),
        }
    }
}

/// The first challenge that a digest can answer.
fn challenge(answer: &Answer) -> Option<DigestClient> {
    let read = |text: &String| {
        let challenges = parse_challenges(text).ok()?;
        challenges.iter().find_map(|challenge| DigestClient::try_from(challenge).ok())
    };
    answer.challenges.iter().find_map(read)
}

/// What answers challenges, each time another text: headers without their ends.
fn authorizations(
    clients: &mut BTreeMap<&str, DigestClient>,
    target: &Target,
    notify: &Notify<'_>,
) -> Result<Vec<String>, String> {
    let password = target.password.as_ref().ok_or("it asks for a password, and the line has no `sip.password`")?;
    let uri = notify.uri();
    let params = PasswordParams {
        username: &target.auth_user,
        password: password.expose(),
        uri: &uri,
        method: "NOTIFY",
        body: Some(notify.body().as_bytes()),
    };
    clients.iter_mut().map(|(name, client)| Ok(format!("{name}: {}", client.respond(&params)?))).collect()
}
