//! A NOTIFY as text, and what comes back.

use std::net::SocketAddr;

use bytes::Bytes;
use ezk_sip_types::header::typed::{CSeq, Via};
use ezk_sip_types::host::{Host, HostPort};
use ezk_sip_types::msg::{Line, PullParser, StatusLine};
use ezk_sip_types::print::{AppendCtx, PrintCtx, UriContext};
use ezk_sip_types::uri::SipUri;
use ezk_sip_types::{Headers, Method, Name};

use super::target::{Role, Target};

/// One NOTIFY, which may be sent more than once: each time as a transaction of its own.
#[derive(Debug)]
pub(super) struct Notify<'t> {
    target: &'t Target,
    local: SocketAddr,
    uri: SipUri,
    address: SipUri,
    call_id: String,
    tag: String,
}

/// A request with what tells its answers from others.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) text: String,
    pub(super) branch: String,
    pub(super) cseq: u32,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) reason: String,
    /// What a 401 and a 407 ask for.
    pub(super) challenges: Vec<String>,
}

impl<'t> Notify<'t> {
    /// A NOTIFY to a target from a local address.
    ///
    /// # Errors
    /// The registrar's name cannot stand in a SIP address.
    pub(super) fn new(target: &'t Target, local: SocketAddr) -> Result<Notify<'t>, String> {
        let (domain, port) = &target.domain;
        let address = SipUri::new(place(domain, *port)?).user(target.user.as_str().into());
        let uri = match target.role {
            Role::Phone => {
                SipUri::new(place(&target.hop.host, Some(target.hop.port))?).user(target.user.as_str().into())
            }
            Role::Registrar | Role::Proxy => address.clone(),
        };
        Ok(Notify { target, local, uri, address, call_id: random(), tag: random() })
    }

    /// The address that is asked, which a digest is about.
    pub(super) fn uri(&self) -> String {
        self.uri.print_ctx(PrintCtx { method: None, uri: Some(UriContext::ReqUri) }).to_string()
    }

    /// The body that a digest may be about.
    pub(super) fn body(&self) -> &str {
        self.target.notice.body.as_ref().map_or("", |(_, body)| body)
    }

    /// The next request, with answers to challenges: headers without their ends.
    pub(super) fn request(&self, cseq: u32, authorizations: &[String]) -> Request {
        let Notify { target, local, address, call_id, tag, .. } = self;
        let branch = format!("z9hG4bK{}", random());
        let transport = target.hop.transport.name();
        let contact = SipUri::new((*local).into()).user(target.user.as_str().into());
        let mut lines = vec![
            format!("NOTIFY {} SIP/2.0", self.uri()),
            format!("Via: SIP/2.0/{} {local};branch={branch};rport", transport.to_uppercase()),
            "Max-Forwards: 70".to_owned(),
            format!("From: <{}>;tag={tag}", address.default_print_ctx()),
            format!("To: <{}>", address.default_print_ctx()),
            format!("Call-ID: {call_id}"),
            format!("CSeq: {cseq} NOTIFY"),
            format!("Contact: <{};transport={transport}>", contact.default_print_ctx()),
            format!("Event: {}", target.notice.event),
            format!("Subscription-State: {}", target.notice.subscription_state),
            concat!("User-Agent: offhook/", env!("CARGO_PKG_VERSION")).to_owned(),
        ];
        if target.role == Role::Proxy
            && let Ok(proxy) = place(&target.hop.host, Some(target.hop.port))
        {
            let proxy = SipUri::new(proxy);
            lines.insert(2, format!("Route: <{};transport={transport};lr>", proxy.default_print_ctx()));
        }
        lines.extend(authorizations.iter().cloned());
        if let Some((content_type, _)) = &target.notice.body {
            lines.push(format!("Content-Type: {content_type}"));
        }
        let body = self.body();
        lines.push(format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        Request { text: lines.join("\r\n"), branch, cseq }
    }
}

fn place(host: &str, port: Option<u16>) -> Result<HostPort, String> {
    let address = host.parse().map(|address: std::net::IpAddr| Host::from(address));
    let host = address.or_else(|_| host.parse()).map_err(|_| format!("`{host}` is no host of a SIP address"))?;
    Ok(HostPort { host, port })
}

/// Sixteen hexadecimal digits that nobody has had before.
fn random() -> String {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random numbers");
    data_encoding::HEXLOWER.encode(&bytes)
}

/// Reads what came: the answer to this request, or none where it is something else that one may get.
///
/// # Errors
/// What came is no SIP.
pub(super) fn answer(bytes: &Bytes, request: &Request) -> Result<Option<Answer>, String> {
    let mut lines = PullParser::new(bytes, 0);
    let mut line = || match lines.next() {
        None => Ok(None),
        Some(Ok(line)) => std::str::from_utf8(line).map(Some).map_err(|_| "it is no text".to_owned()),
        Some(Err(_)) => Err("it ends in its headers".to_owned()),
    };
    let first = line()?.unwrap_or_default();
    if first.ends_with(" SIP/2.0") {
        return Ok(None);
    }
    let no_sip = || format!("it begins with `{}`", first.chars().take(40).collect::<String>().escape_debug());
    let status: StatusLine = first.parse().map_err(|_| no_sip())?;
    let code = status.code.into_u16();
    if !(100..700).contains(&code) {
        return Err(no_sip());
    }
    let mut headers = Headers::new();
    while let Some(line) = line()? {
        let (_, Line { name, value }) =
            Line::parse(bytes, line).map_err(|_| format!("it has a line without a name: `{}`", line.escape_debug()))?;
        headers.insert(name, value);
    }
    let via: Via = headers.get_named().map_err(|_| "it has no good Via".to_owned())?;
    let cseq: CSeq = headers.get_named().map_err(|_| "it has no good CSeq".to_owned())?;
    let is_ours = via.params.get_val("branch").is_some_and(|branch| *branch == request.branch.as_str());
    if !is_ours || cseq.cseq != request.cseq || cseq.method != Method::NOTIFY {
        return Ok(None);
    }
    let challenges = match code {
        401 => headers.get_raw(&Name::WWW_AUTHENTICATE),
        407 => headers.get_raw(&Name::PROXY_AUTHENTICATE),
        _ => [].iter(),
    };
    let challenges = challenges.map(ToString::to_string).collect();
    let reason = status.reason.map(|reason| reason.chars().filter(|c| !c.is_control()).take(60).collect());
    Ok(Some(Answer { code, reason: reason.unwrap_or_default(), challenges }))
}

/// How long the first message in a stream is, once all of it is there.
///
/// # Errors
/// What came is no SIP, or too much of it.
pub(super) fn length(bytes: &Bytes) -> Result<Option<usize>, String> {
    const MAX: usize = 64 * 1024;
    let mut lines = PullParser::new(bytes, 0);
    let mut body = 0;
    for line in lines.by_ref() {
        let Ok(line) = line else {
            let too_long = || format!("more than {MAX} bytes of headers");
            return if bytes.len() > MAX { Err(too_long()) } else { Ok(None) };
        };
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (line[..at].trim_ascii(), line[at + 1..].trim_ascii()),
            None => continue,
        };
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let number = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            body = number.filter(|length| *length <= MAX).ok_or("its Content-Length is no length")?;
        }
    }
    let length = lines.head_end() + body;
    Ok((bytes.len() >= length).then_some(length))
}
