//! One request and its response: everything that HTTP asks for and no [`Answer`] should have to know.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, ETAG, EXPECT, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode, Uri, Version};

use super::connection::House;
use super::crowd::Seat;
use super::proxies::Through;
use super::{Answer, Asked, CertificateDer, Proxies, Reply, etag};

/// Both ends of a connection.
#[derive(Clone)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) listener: usize,
    pub(super) tls: bool,
    pub(super) proxies: Arc<Proxies>,
    pub(super) through: Through,
    pub(super) seat: Arc<Seat>,
}

/// The requests of one connection.
pub(super) struct Visit<A: ?Sized> {
    house: Arc<House<A>>,
    ends: Ends,
    certificates: Vec<CertificateDer<'static>>,
    /// Set when a body was left unread, so that the connection has to end with care.
    unread: AtomicBool,
}

impl<A: Answer + ?Sized> Visit<A> {
    pub(super) fn new(house: Arc<House<A>>, ends: Ends, certificates: Vec<CertificateDer<'static>>) -> Arc<Visit<A>> {
        Arc::new(Visit { house, ends, certificates, unread: AtomicBool::new(false) })
    }

    /// Whether a request's body was refused and may still be on its way.
    pub(super) fn left_a_body_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Reads a body to its end for the sake of the next request, then answers.
    async fn answer_after_body(&self, parts: Parts, mut body: Incoming) -> Response<Full<Bytes>> {
        let Err(status) = self.drain(&parts, &mut body).await else {
            return self.respond(parts).at_its_time().await;
        };
        self.unread.store(true, Ordering::Relaxed);
        let mut response = match is_read(&parts.method) {
            true => bare(status, parts.headers),
            false => method_not_allowed(parts.headers),
        };
        close(&mut response, parts.version);
        response
    }

    /// Reads a body that came whole and within its limit; of any other, says what is wrong with it.
    async fn drain(&self, parts: &Parts, body: &mut Incoming) -> Result<(), StatusCode> {
        let mut left = self.house.limits.body_bytes;
        // To read a body that the client offers only after a `100 Continue` is to invite it.
        let invite = parts.headers.contains_key(EXPECT) && !is_read(&parts.method);
        if invite || body.size_hint().lower() > left {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|err| flaw(&err))?;
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            left = left.checked_sub(length).ok_or(StatusCode::PAYLOAD_TOO_LARGE)?;
        }
        Ok(())
    }

    fn respond(&self, parts: Parts) -> Ready {
        self.ends.seat.begin();
        let Parts { method, uri, version, headers, .. } = parts;
        let mut delay = None;
        let mut response = if !is_read(&method) {
            method_not_allowed(headers)
        } else if let Some(target) = target(&uri) {
            let reply = self.house.answer.answer(&self.asked(&method, target, &headers));
            delay = reply.delay;
            response(reply, headers)
        } else {
            bare(StatusCode::BAD_REQUEST, headers)
        };
        if self.house.is_full() {
            close(&mut response, version);
        }
        Ready { response, delay }
    }

    fn asked<'a>(&'a self, method: &'a Method, target: &'a str, headers: &'a HeaderMap) -> Asked<'a> {
        let (peer, forwarded) = self.ends.proxies.origin(&self.ends, headers);
        Asked {
            method,
            target,
            user_agent: text(headers, USER_AGENT),
            authorization: text(headers, AUTHORIZATION),
            if_none_match: text(headers, IF_NONE_MATCH),
            peer,
            local: self.ends.local,
            listener: self.ends.listener,
            tls: self.ends.tls,
            forwarded,
            certificates: &self.certificates,
        }
    }
}

/// A response, and how long it is held back.
struct Ready {
    response: Response<Full<Bytes>>,
    delay: Option<Duration>,
}

impl Ready {
    async fn at_its_time(self) -> Response<Full<Bytes>> {
        if let Some(delay) = self.delay {
            tokio::time::sleep(delay).await;
        }
        self.response
    }
}

/// The status for a body that broke off: late, or not as HTTP says.
fn flaw(err: &hyper::Error) -> StatusCode {
    let io = err.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The path and query of `GET /path` and of `GET http://host/path`, which every server has to accept (RFC 9112, 3.2.2).
/// hyper takes a few more things for a target, such as `*` and `host:port`.
fn target(uri: &Uri) -> Option<&str> {
    let target = uri.path_and_query()?.as_str();
    target.starts_with('/').then_some(target)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

fn response(reply: Reply, request_headers: HeaderMap) -> Response<Full<Bytes>> {
    let Reply { status, content_type, etag, challenges, delay: _, retry_after_secs, body } = reply;
    let known = etag.as_ref().is_some_and(|etag| {
        let mut asked = request_headers.get_all(IF_NONE_MATCH).iter();
        status == StatusCode::OK && asked.any(|value| etag::names(value.as_bytes(), etag.as_bytes()))
    });
    let mut response = match known {
        true => bare(StatusCode::NOT_MODIFIED, request_headers),
        false => bare(status, request_headers),
    };
    let headers = response.headers_mut();
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    if known {
        return response;
    }
    for challenge in challenges {
        headers.append(WWW_AUTHENTICATE, challenge);
    }
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    if let Some(seconds) = retry_after_secs {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    *response.body_mut() = Full::new(body);
    response
}

fn method_not_allowed(request_headers: HeaderMap) -> Response<Full<Bytes>> {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED, request_headers);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// A response without a body. Its headers live in the memory of the request's, and hyper uses that again for the next
/// request, so a kept connection allocates no header map at all.
fn bare(status: StatusCode, mut request_headers: HeaderMap) -> Response<Full<Bytes>> {
    request_headers.clear();
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    *response.headers_mut() = request_headers;
    response
}

/// Makes this the connection's last response.
fn close(response: &mut Response<Full<Bytes>>, version: Version) {
    if version == Version::HTTP_10 {
        // Closed is what 1.0 means unless the response says `keep-alive`, which hyper adds to a 1.1 response only.
        *response.version_mut() = Version::HTTP_10;
    } else {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// What hyper calls for each request of a connection.
pub(super) struct Desk<A: ?Sized>(pub(super) Arc<Visit<A>>);

impl<A: Answer + ?Sized> Service<Request<Incoming>> for Desk<A> {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let (parts, body) = request.into_parts();
        if body.is_end_stream() {
            let ready = self.0.respond(parts);
            return match ready.delay {
                None => Answering::Now(std::future::ready(Ok(ready.response))),
                Some(_) => Answering::Later(Box::pin(async { Ok(ready.at_its_time().await) })),
            };
        }
        let visit = Arc::clone(&self.0);
        Answering::Later(Box::pin(async move { Ok(visit.answer_after_body(parts, body).await) }))
    }
}

type Answered = Result<Response<Full<Bytes>>, Infallible>;

/// A response that is ready, as nearly all are, or one that waits for the end of a body.
pub(super) enum Answering {
    Now(std::future::Ready<Answered>),
    Later(Pin<Box<dyn Future<Output = Answered> + Send>>),
}

impl Future for Answering {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        match self.get_mut() {
            Answering::Now(ready) => Pin::new(ready).poll(cx),
            Answering::Later(waiting) => waiting.as_mut().poll(cx),
        }
    }
}
