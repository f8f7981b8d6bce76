//! A phone's HTTP client: raw paths, its own user agent, rounds of authentication, and nothing that a browser adds.
//!
//! No family is known to send conditional headers (Yealink compares an MD5 of what it got; for Gigaset none is found), so
//! none are sent. Pauses between attempts are left out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_auth::{PasswordClient, PasswordParams};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, LOCATION, USER_AGENT, WWW_AUTHENTICATE};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Address, Credentials};

/// The time for a connection, and for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of a file.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The most redirects in a row.
const MAX_REDIRECTS: usize = 5;

/// How a family speaks HTTP.
#[derive(Debug, Clone)]
pub struct Manners {
    /// The version of its requests.
    pub version: Version,
    /// The redirects that it follows.
    pub redirects: &'static [u16],
    /// What it answers a first challenge with, before the credentials that somebody has typed in.
    pub own_pair: Option<Credentials>,
}

/// Where a server's name really leads, as a DNS entry would say.
#[derive(Debug, Clone)]
pub struct Route {
    /// What the files call the server.
    pub name: Address,
    /// Where it listens.
    pub to: SocketAddr,
    /// Whether it speaks TLS there.
    pub tls: bool,
}

/// What all phones of a run share.
#[derive(Clone)]
pub struct Network {
    /// Whom they trust.
    pub trust: Arc<ClientConfig>,
    /// Where names lead; others are looked up.
    pub routes: Vec<Route>,
    /// No phone leaves the routes.
    pub only_routes: bool,
    /// What somebody has typed into the phones.
    pub credentials: Option<Credentials>,
}

/// One request and its answer, as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// What was asked for.
    pub url: String,
    /// As who.
    pub user_agent: String,
    /// The status; none where there was no answer.
    pub status: Option<u16>,
    /// How many bytes came.
    pub bytes: usize,
    /// What else there is to say: the round of authentication, why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; 0 where there was none.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// Where it came from, after redirects.
    pub from: Address,
}

/// One phone's client, with the connection that it keeps.
pub struct Client {
    network: Arc<Network>,
    manners: Manners,
    open: Option<(Address, SendRequest<Empty<Bytes>>)>,
    /// What was sent and answered so far.
    pub exchanges: Vec<Exchange>,
}

impl Client {
    /// A client without a connection.
    pub fn new(network: Arc<Network>, manners: Manners) -> Client {
        Client { network, manners, open: None, exchanges: Vec::new() }
    }

    /// Fetches a file, following redirects and answering challenges as the family does.
    pub async fn get(&mut self, address: &Address, user_agent: &str, typed: Option<&Credentials>) -> Answer {
        let mut address = address.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (status, headers, body) = self.authenticated(&address, user_agent, typed).await;
            let target = headers.get(LOCATION).and_then(|target| target.to_str().ok());
            match target.filter(|_| self.manners.redirects.contains(&status)).map(|target| address.follow(target)) {
                Some(Ok(target)) => address = target,
                Some(Err(what)) => {
                    self.note(&format!("redirected, but {what}"));
                    return Answer { status, body, from: address };
                }
                None => return Answer { status, body, from: address },
            }
        }
        self.note("redirected once too often");
        Answer { status: 0, body: Bytes::new(), from: address }
    }

    /// Asks, and answers challenges with each pair that the phone has, in its order.
    async fn authenticated(
        &mut self,
        address: &Address,
        user_agent: &str,
        typed: Option<&Credentials>,
    ) -> (u16, HeaderMap, Bytes) {
        let mut last = self.ask(address, user_agent, None).await;
        let network = self.network.clone();
        let typed = typed.or(address.credentials.as_ref()).or(network.credentials.as_ref());
        let pairs: Vec<Credentials> = self.manners.own_pair.iter().chain(typed).cloned().collect();
        for pair in pairs {
            if last.0 != 401 {
                break;
            }
            match respond(&last.1, address, &pair) {
                Ok(answer) => last = self.ask(address, user_agent, Some((&pair.user, &answer))).await,
                Err(what) => self.note(&format!("challenged, but {what}")),
            }
        }
        last
    }

    async fn ask(
        &mut self,
        address: &Address,
        user_agent: &str,
        authorization: Option<(&str, &str)>,
    ) -> (u16, HeaderMap, Bytes) {
        let mut note = authorization.map(|(user, _)| format!("as `{user}`"));
        let done = match self.send(address, user_agent, authorization.map(|(_, value)| value)).await {
            Ok(answer) => answer,
            Err(why) => {
                self.open = None;
                note = Some(why);
                (0, HeaderMap::new(), Bytes::new())
            }
        };
        self.exchanges.push(Exchange {
            url: address.to_string(),
            user_agent: user_agent.to_owned(),
            status: (done.0 != 0).then_some(done.0),
            bytes: done.2.len(),
            note,
        });
        done
    }

    fn note(&mut self, what: &str) {
        if let Some(last) = self.exchanges.last_mut() {
            last.note = Some(what.to_owned());
        }
    }

    async fn send(
        &mut self,
        address: &Address,
        user_agent: &str,
        authorization: Option<&str>,
    ) -> Result<(u16, HeaderMap, Bytes), String> {
        let mut sender = self.connected(address).await?;
        let mut request =
            Request::get(address.path.as_str()).version(self.manners.version).header(HOST, address.authority());
        if !user_agent.is_empty() {
            request = request.header(USER_AGENT, user_agent);
        }
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Empty::new()).map_err(|error| format!("the request cannot be written: {error}"))?;
        let exchange = async {
            let response: Response<_> = sender.send_request(request).await.map_err(|error| chain(&error))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((parts.status.as_u16(), parts.headers, body.to_bytes()))
        };
        let answer = timeout(PATIENCE, exchange).await.map_err(|_| "no answer in time".to_owned())??;
        self.open = Some((address.clone(), sender));
        Ok(answer)
    }

    /// The connection that is open to this server, or a new one.
    async fn connected(&mut self, address: &Address) -> Result<SendRequest<Empty<Bytes>>, String> {
        if let Some((to, mut sender)) = self.open.take()
            && to.same_server(address)
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let network = self.network.clone();
        let opening = connect(&network, address);
        timeout(PATIENCE, opening).await.map_err(|_| "no connection in time".to_owned())?
    }
}

async fn connect(network: &Network, address: &Address) -> Result<SendRequest<Empty<Bytes>>, String> {
    let route = network.routes.iter().find(|route| route.name.same_server(address));
    if route.is_none() && network.only_routes {
        return Err(format!("`{}` is another server than the one that is tried", address.authority()));
    }
    let refused = |error: std::io::Error| format!("no connection: {error}");
    let tcp = match route {
        Some(route) => TcpStream::connect(route.to).await,
        None => TcpStream::connect((address.host.as_str(), address.port)).await,
    };
    let tcp = tcp.map_err(refused)?;
    tcp.set_nodelay(true).map_err(refused)?;
    if !route.map_or(address.tls, |route| route.tls) {
        return handshake(TokioIo::new(tcp)).await;
    }
    let name = ServerName::try_from(address.host.clone()).map_err(|_| format!("`{}` is no name", address.host))?;
    let tls = TlsConnector::from(network.trust.clone()).connect(name, tcp).await;
    handshake(TokioIo::new(tls.map_err(|error| format!("no TLS: {error}"))?)).await
}

async fn handshake<S>(stream: TokioIo<S>) -> Result<SendRequest<Empty<Bytes>>, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) =
        http1::Builder::new().title_case_headers(true).handshake(stream).await.map_err(|error| chain(&error))?;
    // It ends with the sender, or with the server.
    tokio::spawn(connection);
    Ok(sender)
}

/// An answer to the challenge of a 401.
fn respond(headers: &HeaderMap, address: &Address, pair: &Credentials) -> Result<String, String> {
    let mut builder = PasswordClient::builder();
    for challenge in headers.get_all(WWW_AUTHENTICATE) {
        builder = builder.challenges(challenge.to_str().map_err(|_| "the challenge is no text")?);
    }
    let mut client = builder.build()?;
    client.respond(&PasswordParams {
        username: &pair.user,
        password: &pair.password,
        uri: &address.path,
        method: "GET",
        body: Some(&[]),
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
