//! The API's listener: plain or with TLS, and with its own limits, so that nobody there takes anything from phones.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tower_service::Service;

use super::watched::{Busy, Watched};
use crate::server::crowd::{Crowd, Seat};
use crate::server::{Bound, Door};

/// Connections at once; further ones wait.
pub const CONNECTIONS: usize = 256;
/// Time after which a connection that asks for nothing is closed where there is no place for another one.
const GIVE_WAY: Duration = Duration::from_secs(2);
/// How often somebody is looked for who can give way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Time for the body of a request, which is 8 MiB at the most.
const BODY: Duration = Duration::from_secs(60);
/// Time for a TLS handshake, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// Time for running answers to finish after the shutdown.
const FAREWELL: Duration = Duration::from_secs(5);

/// Who has a place, of all listeners.
struct House {
    places: Arc<Semaphore>,
    crowd: Arc<Crowd>,
}

impl House {
    /// Waits for a place; those who only sit there give way.
    async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if self.places.available_permits() == 0 {
                self.crowd.give_way(GIVE_WAY);
            }
            if let Ok(Ok(place)) = timeout(LOOK_AGAIN, self.places.clone().acquire_owned()).await {
                return place;
            }
        }
    }
}

/// Serves the API until `shutdown` is ready.
pub async fn serve(bound: Bound, router: Router, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let house = Arc::new(House { places: Arc::new(Semaphore::new(CONNECTIONS)), crowd: Arc::default() });
    let places = house.places.clone();
    let doors = bound.into_doors().into_iter().map(|door| accept(door, router.clone(), house.clone(), stopped.clone()));
    let mut accepting = tokio::task::JoinSet::new();
    doors.for_each(|door| drop(accepting.spawn(door)));
    shutdown.await;
    accepting.shutdown().await;
    let _ = stop.send(true);
    let _ = timeout(FAREWELL, places.acquire_many(CONNECTIONS as u32)).await;
}

async fn accept(door: Door, router: Router, house: Arc<House>, stopped: watch::Receiver<bool>) {
    loop {
        let Ok((tcp, peer)) = door.accept().await else {
            // The machine has no room at the moment.
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let place = house.place().await;
        let (seat, sitting) = house.crowd.sit();
        let guest = Guest { peer, router: router.clone(), seat: seat.clone(), stopped: stopped.clone() };
        let conversation = guest.converse(tcp, door.acceptor());
        let task = tokio::spawn(async move {
            conversation.await;
            drop((sitting, place));
        });
        seat.is_of(task.abort_handle());
    }
}

/// Whoever is at the other end of a connection.
struct Guest {
    peer: SocketAddr,
    router: Router,
    seat: Arc<Seat>,
    stopped: watch::Receiver<bool>,
}

impl Guest {
    async fn converse(self, tcp: TcpStream, acceptor: Option<tokio_rustls::TlsAcceptor>) {
        let _ = tcp.set_nodelay(true);
        let peer = self.peer;
        match acceptor {
            None => self.talk(tcp).await,
            Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(tcp)).await {
                Ok(Ok(tls)) => self.talk(tls).await,
                Ok(Err(error)) => tracing::debug!(%peer, "tls handshake with the API failed: {error}"),
                Err(_) => tracing::debug!(%peer, "tls handshake with the API took too long"),
            },
        }
    }

    async fn talk<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Guest { peer, router, seat, mut stopped } = self;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let busy = Busy::new(seat.clone());
            let mut request = request.map(|body| Body::new(Watched::until(tokio::time::Instant::now() + BODY, body)));
            request.extensions_mut().insert(ConnectInfo(peer));
            let mut router = router.clone();
            async move {
                let response = router.call(request).await.unwrap_or_else(|never| match never {});
                Ok::<Response<_>, Infallible>(response.map(|body| Watched::by(busy, body)))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HANDSHAKE);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, "a connection of the API ended early: {error}");
                }
                return;
            }
            _ = stopped.wait_for(|stop| *stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(FAREWELL, connection).await;
    }
}
