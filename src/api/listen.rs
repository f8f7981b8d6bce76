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
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tower_service::Service;

use crate::server::{Bound, Door};

/// Connections at once; further ones wait.
const CONNECTIONS: usize = 256;
/// Time for a TLS handshake, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// Time for running answers to finish after the shutdown.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves the API until `shutdown` is ready.
pub async fn serve(bound: Bound, router: Router, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let doors =
        bound.into_doors().into_iter().map(|door| accept(door, router.clone(), places.clone(), stopped.clone()));
    let mut accepting = tokio::task::JoinSet::new();
    doors.for_each(|door| drop(accepting.spawn(door)));
    shutdown.await;
    accepting.shutdown().await;
    let _ = stop.send(true);
    let _ = timeout(FAREWELL, places.acquire_many(CONNECTIONS as u32)).await;
}

async fn accept(door: Door, router: Router, places: Arc<Semaphore>, stopped: watch::Receiver<bool>) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((tcp, peer)) = door.accept().await else {
            // The machine has no room at the moment.
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let (router, stopped, acceptor) = (router.clone(), stopped.clone(), door.acceptor());
        tokio::spawn(async move {
            converse(tcp, peer, acceptor, router, stopped).await;
            drop(place);
        });
    }
}

async fn converse(
    tcp: TcpStream,
    peer: SocketAddr,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    router: Router,
    stopped: watch::Receiver<bool>,
) {
    let _ = tcp.set_nodelay(true);
    match acceptor {
        None => talk(tcp, peer, router, stopped).await,
        Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(tcp)).await {
            Ok(Ok(tls)) => talk(tls, peer, router, stopped).await,
            Ok(Err(error)) => tracing::debug!(%peer, "tls handshake with the API failed: {error}"),
            Err(_) => tracing::debug!(%peer, "tls handshake with the API took too long"),
        },
    }
}

async fn talk<S>(stream: S, peer: SocketAddr, router: Router, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = router.clone();
        async move { Ok::<Response<Body>, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
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
