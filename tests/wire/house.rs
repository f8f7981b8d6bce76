//! A server to talk to, with a toy answer behind it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use offhook::server::{self, Answer, Asked, HeaderValue, Limits, Listener, Proxies, Reply, StatusCode, TlsMaterial};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes; a test that waits so long has failed.
pub const LONG: Duration = Duration::from_secs(20);
/// The limit under test, where a test is about one.
pub const SHORT: Duration = Duration::from_millis(150);

/// Limits that never get in the way of a test about something else.
pub fn patient() -> Limits {
    Limits {
        connections: 64,
        give_way: LONG,
        header_bytes: 8192,
        body_bytes: 1000,
        handshake: LONG,
        header: LONG,
        idle: LONG,
        write: LONG,
        shutdown: LONG,
    }
}

/// Answers with what it was asked, and knows a few special files.
#[derive(Default)]
pub struct Toy {
    /// Every target that came through.
    pub asked: Mutex<Vec<String>>,
    /// `/slow` waits here.
    pub gate: Gate,
}

impl Answer for Toy {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        self.asked.lock().unwrap().push(asked.target.to_owned());
        let mut reply = Reply::empty(StatusCode::OK);
        reply.content_type = Some(HeaderValue::from_static("text/plain"));
        match asked.target {
            "/tagged" => {
                reply.etag = Some(HeaderValue::from_static("\"v1\""));
                reply.body = Bytes::from_static(b"tagged");
            }
            "/missing" => {
                reply = Reply::empty(StatusCode::NOT_FOUND);
                reply.etag = Some(HeaderValue::from_static("\"v1\""));
            }
            "/later" => {
                reply = Reply::empty(StatusCode::SERVICE_UNAVAILABLE);
                reply.retry_after_secs = Some(30);
            }
            "/who" => {
                let Asked { peer, local, forwarded, .. } = asked;
                reply.body = Bytes::from(format!("{} to {}, handed on: {forwarded}", peer.ip(), local.ip()));
            }
            "/held" => {
                reply.delay = Some(SHORT);
                reply.body = Bytes::from_static(b"held back");
            }
            "/big" => reply.body = Bytes::from(vec![b'x'; BIG]),
            "/slow" => {
                self.gate.pass();
                reply.body = Bytes::from_static(b"at last");
            }
            _ => reply.body = Bytes::from(Shown(asked).to_string()),
        }
        reply
    }
}

/// More than the kernel keeps for a reader that doesn't read.
pub const BIG: usize = 32 << 20;

struct Shown<'a>(&'a Asked<'a>);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Asked { method, target, user_agent, if_none_match, peer, local, listener, tls, .. } = self.0;
        let (peer, local) = (peer.ip(), local.ip());
        write!(f, "{method} {target} ua={user_agent:?} inm={if_none_match:?} ")?;
        write!(f, "peer={peer} local={local} listener={listener} tls={tls}")
    }
}

/// Closed until somebody opens it; tells when somebody stands before it.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 = true;
        self.changed.notify_all();
        let (_state, late) = self.changed.wait_timeout_while(state, LONG, |(open, _)| !*open).unwrap();
        assert!(!late.timed_out(), "nobody opened the gate");
    }

    pub fn open(&self) {
        self.state.lock().unwrap().0 = true;
        self.changed.notify_all();
    }

    /// Waits until an answer is under way.
    pub fn wait_for_a_knock(&self) {
        let state = self.state.lock().unwrap();
        let (_state, late) = self.changed.wait_timeout_while(state, LONG, |(_, knock)| !*knock).unwrap();
        assert!(!late.timed_out(), "nobody came to the gate");
    }
}

/// A running server.
pub struct House {
    pub toy: Arc<Toy>,
    pub addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl House {
    pub async fn plain(limits: Limits) -> House {
        House::with(vec![plain_listener()], limits).await
    }

    pub async fn tls(material: &Arc<TlsMaterial>, limits: Limits) -> House {
        House::with(vec![tls_listener(material)], limits).await
    }

    pub async fn with(listeners: Vec<Listener>, limits: Limits) -> House {
        let toy = Arc::new(Toy::default());
        let bound = server::bind(listeners).await.unwrap();
        let addresses = bound.addresses().collect();
        let (stop, stopped) = oneshot::channel();
        let answer: Arc<dyn Answer> = toy.clone();
        let running = tokio::spawn(server::run(bound, answer, limits, async {
            let _ = stopped.await;
        }));
        House { toy, addresses, stop: Some(stop), running }
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    /// Sends bytes on a connection of their own and returns all that comes back until the server closes.
    pub async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        rest(&mut stream).await
    }

    /// Begins the shutdown.
    pub fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits for the shutdown's end.
    pub async fn stopped(self) {
        within(self.running).await.unwrap();
    }
}

pub fn plain_listener() -> Listener {
    Listener { address: "127.0.0.1:0".parse().unwrap(), tls: None, proxies: Proxies::default() }
}

pub fn tls_listener(material: &Arc<TlsMaterial>) -> Listener {
    Listener { tls: Some(Arc::clone(material)), ..plain_listener() }
}

/// Material that is made in the folder at the first call.
pub fn material(folder: &Path) -> Arc<TlsMaterial> {
    Arc::new(TlsMaterial::self_signed(folder, &[]).unwrap())
}

/// What a future gives, if it does so before the test's patience ends.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future).await.expect("it took too long")
}

/// All that comes until the peer closes; a reset counts as a failure.
pub async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Asks over a connection that is kept, and returns the response as [`response`] does.
pub async fn get(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), target: &str) -> String {
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    response(stream).await
}

/// Reads one response of a kept connection: its head without the date, and its body.
pub async fn response(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let head = head(stream).await;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    within(stream.read_exact(&mut body)).await.unwrap();
    without_date(&head) + &String::from_utf8(body).unwrap()
}

/// Reads up to the empty line.
pub async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A response with the one line that differs from second to second taken out, after a look at it.
pub fn without_date(response: &str) -> String {
    let (before, rest) = response.split_once("Date: ").expect("a date");
    let (date, after) = rest.split_once("\r\n").unwrap();
    assert!(date.ends_with(" GMT"), "{date}");
    format!("{before}{after}").replace('\r', "")
}
