//! The life of one connection: handshake, requests, and an end that does not cost the peer its last answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

use super::crowd::Crowd;
use super::exchange::{Desk, Ends, Visit};
use super::heard::Hearing;
use super::seldom::Seldom;
use super::timed::{Socket, Timed};
use super::{Answer, CertificateDer, HandshakeFailure, Limits};

/// The longest time for reading what nobody wants, see [`read_to_the_end`].
const FAREWELL: Duration = Duration::from_secs(2);

/// What all connections share.
pub(super) struct House<A: ?Sized> {
    pub(super) limits: Limits,
    pub(super) places: Arc<Semaphore>,
    pub(super) crowd: Arc<Crowd>,
    full: Seldom,
    strangers: Seldom,
    pub(super) stage: Stage,
    http: http1::Builder,
    pub(super) answer: Arc<A>,
}

impl<A: Answer + ?Sized> House<A> {
    pub(super) fn new(answer: Arc<A>, limits: Limits, crowd: Arc<Crowd>) -> Arc<House<A>> {
        Arc::new(House {
            limits,
            places: Arc::new(Semaphore::new(limits.connections as usize)),
            crowd,
            full: Seldom::default(),
            strangers: Seldom::default(),
            stage: Stage::default(),
            http: http(&limits),
            answer,
        })
    }

    /// Whether callers are waiting for a place, or the next one would have to.
    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Closes some of the connections that only wait.
    pub(super) fn make_room(&self) {
        let closed = self.crowd.give_way(self.limits.give_way);
        if closed == 0 {
            return;
        }
        debug!(closed, "closed connections that ask for nothing, to make room");
        if self.full.is_due() {
            let limit = self.limits.connections;
            warn!(limit, "no room for more connections: those that ask for nothing are closed");
        }
    }
}

fn http(limits: &Limits) -> http1::Builder {
    /// hyper panics below this.
    const SMALLEST_BUFFER: usize = 8192;
    let mut http = http1::Builder::new();
    http.max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(SMALLEST_BUFFER))
        // `Timed` keeps the time, see there.
        .header_read_timeout(None)
        // Old clients close their half once they have asked, and still want the answer.
        .half_close(true)
        // Phones older than HTTP/2 have only ever seen `Content-Length` written like this.
        .title_case_headers(true);
    http
}

/// How far the shutdown has come; it only ever goes forward.
#[derive(Default)]
pub(super) struct Stage {
    now: AtomicU8,
    bell: Notify,
}

impl Stage {
    /// Idle connections close, running answers finish.
    pub(super) const FINISHING: u8 = 1;
    /// All connections end where they are.
    pub(super) const GONE: u8 = 2;

    pub(super) fn set(&self, stage: u8) {
        self.now.fetch_max(stage, Ordering::Release);
        self.bell.notify_waiters();
    }

    fn is(&self, stage: u8) -> bool {
        self.now.load(Ordering::Acquire) >= stage
    }

    async fn reaches(&self, stage: u8) {
        loop {
            // Made before the look at the stage, so that no bell between the two is missed.
            let bell = self.bell.notified();
            if self.is(stage) {
                return;
            }
            bell.await;
        }
    }
}

/// Serves a connection to its end.
pub(super) async fn attend<A: Answer + ?Sized>(
    house: Arc<House<A>>,
    mut tcp: TcpStream,
    mut ends: Ends,
    acceptor: Option<TlsAcceptor>,
) {
    if !meet(&house, &mut tcp, &mut ends).await {
        return;
    }
    match acceptor {
        None => converse(house, tcp, ends, Vec::new()).await,
        Some(acceptor) => {
            if let Some(tls) = shake_hands(&house, tcp, &ends, acceptor).await {
                let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
                let certificates = certificates.iter().map(|one| one.clone().into_owned()).collect();
                converse(house, tls, ends, certificates).await;
            }
        }
    }
}

/// Finds out who comes, by a proxy's word where one stands in front. False: the connection is not wanted.
async fn meet<A: ?Sized>(house: &House<A>, tcp: &mut TcpStream, ends: &mut Ends) -> bool {
    let (peer, listener) = (ends.peer, ends.listener);
    let proxies = Arc::clone(&ends.proxies);
    let met = tokio::select! {
        met = timeout(house.limits.handshake, proxies.meet(tcp, ends)) => met,
        () = house.stage.reaches(Stage::FINISHING) => return false,
    };
    let reason = match met {
        Ok(Ok(())) => return true,
        Ok(Err(err)) => err,
        Err(_) => io::Error::new(io::ErrorKind::TimedOut, "it took too long"),
    };
    // A scanner that knocks all day shall not fill the disk.
    match house.strangers.is_due() {
        true => warn!(%peer, listener, %reason, "cut a connection of `{}`, which is for proxies", peer.ip()),
        false => debug!(%peer, listener, %reason, "cut a connection of `{}`, which is for proxies", peer.ip()),
    }
    false
}

async fn shake_hands<A: Answer + ?Sized>(
    house: &House<A>,
    tcp: TcpStream,
    ends: &Ends,
    acceptor: TlsAcceptor,
) -> Option<TlsStream<Hearing>> {
    let (hearing, heard) = Hearing::new(tcp);
    let handshake = timeout(house.limits.handshake, acceptor.accept(hearing));
    let done = tokio::select! {
        done = handshake => done,
        () = house.stage.reaches(Stage::FINISHING) => return None,
    };
    let reason = match done {
        Ok(Ok(mut tls)) => {
            tls.get_mut().0.stop();
            return Some(tls);
        }
        Ok(Err(err)) => err,
        Err(_) => io::Error::new(io::ErrorKind::TimedOut, "it took too long"),
    };
    debug!(peer = %ends.peer, listener = ends.listener, %reason, "tls handshake failed");
    let heard = heard.take();
    // Who says nothing only looks whether the port is open.
    if !heard.is_empty() {
        house.answer.handshake_failed(failure(ends, &reason, &heard));
    }
    None
}

fn failure(ends: &Ends, reason: &io::Error, heard: &[u8]) -> HandshakeFailure {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    HandshakeFailure::new(now.as_secs(), ends.peer.ip(), ends.listener, reason, heard)
}

async fn converse<A: Answer + ?Sized, S: Socket>(
    house: Arc<House<A>>,
    stream: S,
    ends: Ends,
    certificates: Vec<CertificateDer<'static>>,
) {
    let visit = Visit::new(Arc::clone(&house), ends.clone(), certificates);
    let io = TokioIo::new(Timed::new(stream, house.limits, Arc::clone(&ends.seat)));
    let mut connection = house.http.serve_connection(io, Desk(Arc::clone(&visit)));
    let Some(end) = run(&mut connection, &house.stage).await else {
        debug!(peer = %ends.peer, listener = ends.listener, "connection cut by the shutdown");
        return;
    };
    let (mut stream, failure) = connection.into_parts().io.into_inner().into_parts();
    let trouble: Option<&dyn Error> = match (&failure, &end) {
        (Some(failure), _) => Some(failure),
        (None, Err(err)) => Some(err),
        (None, Ok(())) => None,
    };
    if let Some(failure) = failure.as_ref().filter(|failure| is_alert(failure)) {
        house.answer.handshake_failed(self::failure(&ends, failure, &[]));
    }
    if let Some(trouble) = trouble {
        let reason = Chain(trouble);
        debug!(peer = %ends.peer, listener = ends.listener, %reason, "connection ended early");
    }
    // What hyper cannot understand it answers, and leaves the rest of it in the socket.
    let not_understood = end.is_err_and(|err| err.is_parse());
    if not_understood || visit.left_a_body_unread() {
        let _ = timeout(FAREWELL, read_to_the_end(stream.tcp())).await;
    }
}

/// Some phones look at the certificate only when the handshake is over.
fn is_alert(failure: &io::Error) -> bool {
    let inner = failure.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(_)))
}

type Connection<A, S> = http1::Connection<TokioIo<Timed<S>>, Desk<A>>;

/// Runs a connection through the stages, to its own end or to `None` when the house is gone.
async fn run<A: Answer + ?Sized, S: Socket>(
    connection: &mut Connection<A, S>,
    stage: &Stage,
) -> Option<hyper::Result<()>> {
    for next in [Stage::FINISHING, Stage::GONE] {
        let mut bell = pin!(stage.reaches(next));
        let mut listening = false;
        let end = std::future::poll_fn(|cx| {
            if let Poll::Ready(end) = Pin::new(&mut *connection).poll(cx) {
                return Poll::Ready(Some(end));
            }
            // Listening takes a lock that all connections share. The task's waker never changes, so once is enough.
            if listening && !stage.is(next) {
                return Poll::Pending;
            }
            listening = true;
            bell.as_mut().poll(cx).map(|()| None)
        });
        if let Some(end) = end.await {
            return Some(end);
        }
        Pin::new(&mut *connection).graceful_shutdown();
    }
    None
}

/// Reads what the peer still sends although it has its answer, and our half of the connection is closed: a socket that
/// is dropped with unread bytes in it makes the kernel send a reset, and the peer loses the answer that explains why.
async fn read_to_the_end(tcp: &mut TcpStream) -> io::Result<()> {
    let mut scrap = vec![0; 8192];
    while tcp.read(&mut scrap).await? > 0 {}
    Ok(())
}

/// An error with its causes, in one line.
struct Chain<'a>(&'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
