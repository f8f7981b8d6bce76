//! Listeners: binding them, accepting connections, and stopping in good order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::connection::{House, Stage, attend};
use super::crowd::{Connections, Crowd};
use super::exchange::Ends;
use super::proxies::Through;
use super::{Answer, Limits, Proxies, TlsMaterial, canonical};

/// Connections that the kernel keeps ready for us; it takes less if its own limit is lower.
const BACKLOG: u32 = 4096;

/// How long to leave the queue alone when the machine has no room for another connection.
const BREATHER: Duration = Duration::from_millis(200);

/// How often somebody is looked for who can give way, while a caller waits for a place.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// An address to listen on.
#[derive(Clone)]
pub struct Listener {
    /// Address and port; port 0 takes any free one.
    pub address: SocketAddr,
    /// The certificate; without one the listener is plain HTTP.
    pub tls: Option<Arc<TlsMaterial>>,
    /// Who may stand in front of it.
    pub proxies: Proxies,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl BindError {
    /// What can be done about it, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self.source.kind() {
            io::ErrorKind::AddrInUse => Some("another program, or another `offhook serve`, listens there already"),
            io::ErrorKind::AddrNotAvailable => Some("no interface of this machine has that address"),
            io::ErrorKind::PermissionDenied => {
                Some("ports below 1024 need a privilege: take a higher port, or grant CAP_NET_BIND_SERVICE")
            }
            _ => None,
        }
    }
}

/// Listeners that hold their addresses; callers queue up until [`run`] takes them.
pub struct Bound {
    doors: Vec<Door>,
    crowd: Arc<Crowd>,
}

/// One of them.
pub struct Door {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<TlsMaterial>>,
    proxies: Arc<Proxies>,
}

impl Bound {
    /// The addresses in the order of the listeners, with the ports that were really taken.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = SocketAddr> {
        self.doors.iter().map(|door| door.address)
    }

    /// The certificates of those with TLS.
    pub fn certificates(&self) -> impl Iterator<Item = (SocketAddr, Arc<TlsMaterial>)> {
        self.doors.iter().filter_map(|door| Some((door.address, door.tls.clone()?)))
    }

    /// Counts the connections that [`run`] serves.
    pub fn counter(&self) -> impl Fn() -> Connections + Send + Sync + 'static {
        let crowd = self.crowd.clone();
        move || crowd.count()
    }

    /// The single listeners, for a service of another kind.
    pub fn into_doors(self) -> Vec<Door> {
        self.doors
    }
}

impl Door {
    /// The next caller.
    ///
    /// # Errors
    /// The machine has no room for one.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.socket.accept().await
    }

    /// Who shakes hands here; none: the listener is plain.
    pub fn acceptor(&self) -> Option<TlsAcceptor> {
        self.tls.as_ref().map(|tls| TlsAcceptor::from(tls.config()))
    }
}

/// Takes all addresses, or none.
///
/// # Errors
///
/// Names the first address that cannot be had.
pub async fn bind(listeners: impl IntoIterator<Item = Listener>) -> Result<Bound, BindError> {
    let doors = listeners.into_iter().map(open).collect::<Result<_, _>>()?;
    Ok(Bound { doors, crowd: Arc::default() })
}

fn open(listener: Listener) -> Result<Door, BindError> {
    let Listener { address, tls, proxies } = listener;
    let socket = listen(address).map_err(|source| BindError { address, source })?;
    let address = socket.local_addr().map_err(|source| BindError { address, source })?;
    Ok(Door { socket, address, tls, proxies: Arc::new(proxies) })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` is ready, then lets running answers finish.
///
/// Returns when the last connection has ended or `limits.shutdown` has passed. Dropping the future ends all connections
/// at once.
pub async fn run<A: Answer + ?Sized>(bound: Bound, answer: Arc<A>, limits: Limits, shutdown: impl Future<Output = ()>) {
    let house = House::new(answer, limits, bound.crowd);
    let _last = LightsOut(Arc::clone(&house));
    let mut accepting = JoinSet::new();
    for (listener, door) in bound.doors.into_iter().enumerate() {
        accepting.spawn(accept(Arc::clone(&house), listener, door));
    }
    shutdown.await;
    accepting.shutdown().await;
    house.stage.set(Stage::FINISHING);
    let all_places = house.places.acquire_many(limits.connections);
    if timeout(limits.shutdown, all_places).await.is_err() {
        let left = limits.connections as usize - house.places.available_permits();
        warn!(connections = left, "cut the connections that did not finish in time for the shutdown");
    }
}

/// Ends what is left when `run` returns or is dropped.
struct LightsOut<A: Answer + ?Sized>(Arc<House<A>>);

impl<A: Answer + ?Sized> Drop for LightsOut<A> {
    fn drop(&mut self) {
        self.0.stage.set(Stage::GONE);
    }
}

async fn accept<A: Answer + ?Sized>(house: Arc<House<A>>, listener: usize, door: Door) {
    let mut short_of_room = false;
    loop {
        match door.socket.accept().await {
            Ok((tcp, peer)) => {
                short_of_room = false;
                welcome(&house, tcp, peer, listener, &door).await;
            }
            Err(err) if is_the_peers(&err) => {}
            Err(err) => {
                // Said once, or a full table of open files would fill the disk as well.
                if !std::mem::replace(&mut short_of_room, true) {
                    warn!(address = %door.address, reason = %err, "cannot accept connections for now");
                }
                house.make_room();
                sleep(BREATHER).await;
            }
        }
    }
}

/// Finds a place for a connection, waiting for it if need be, and starts its task.
async fn welcome<A: Answer + ?Sized>(
    house: &Arc<House<A>>,
    tcp: TcpStream,
    peer: SocketAddr,
    listener: usize,
    door: &Door,
) {
    // These two fail only if the peer is gone already.
    let _ = tcp.set_nodelay(true);
    let Ok(local) = tcp.local_addr() else { return };
    let place = place(house).await;
    let (seat, sitting) = house.crowd.sit();
    let ends = Ends {
        peer: canonical(peer),
        local: canonical(local),
        listener,
        tls: door.tls.is_some(),
        proxies: Arc::clone(&door.proxies),
        through: Through::Nobody,
        seat: Arc::clone(&seat),
    };
    let acceptor = door.tls.as_ref().map(|tls| TlsAcceptor::from(tls.config()));
    let attended = attend(Arc::clone(house), tcp, ends, acceptor);
    let task = tokio::spawn(async move {
        attended.await;
        drop((sitting, place));
    });
    seat.is_of(task.abort_handle());
}

/// Waits for a place; those who only sit there give way.
async fn place<A: Answer + ?Sized>(house: &House<A>) -> OwnedSemaphorePermit {
    loop {
        if let Ok(place) = Arc::clone(&house.places).try_acquire_owned() {
            return place;
        }
        house.make_room();
        if let Ok(Ok(place)) = timeout(LOOK_AGAIN, Arc::clone(&house.places).acquire_owned()).await {
            return place;
        }
    }
}

/// Whether an error of `accept` concerns the one connection only, so that the next can be taken at once.
fn is_the_peers(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_within_ipv6_is_taken_out() {
        let mapped: SocketAddr = "[::ffff:192.0.2.7]:8443".parse().unwrap();
        assert_eq!(canonical(mapped), "192.0.2.7:8443".parse().unwrap());
        let real: SocketAddr = "[2001:db8::7]:8443".parse().unwrap();
        assert_eq!(canonical(real), real);
    }

    #[test]
    fn a_full_table_of_files_makes_the_listener_pause() {
        const EMFILE: i32 = 24;
        const ECONNABORTED: i32 = 103;
        assert!(!is_the_peers(&io::Error::from_raw_os_error(EMFILE)));
        assert!(is_the_peers(&io::Error::from_raw_os_error(ECONNABORTED)));
    }
}
