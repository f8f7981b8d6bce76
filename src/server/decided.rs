//! What a request gets, and what the log and the journal are told of it.

use compact_str::CompactString;

use super::{Asked, HeaderValue, Method, Reply, StatusCode, etag};
use crate::admit::Refusal;
use crate::identify::Claim;
use crate::journal::{Fetch, agent, now_ms};
use crate::live::Serving;
use crate::render::Document;

/// After how many seconds a phone that cannot be served now shall ask again.
const RETRY_AFTER_SECS: u32 = 120;

/// What a request gets, and what there is to tell of it.
pub(super) struct Decided {
    pub(super) reply: Reply,
    /// The phone's family, where the fleet tells it.
    pub(super) family: Option<CompactString>,
    /// The file's handle, where it is not the one of the claim.
    pub(super) file: Option<CompactString>,
    pub(super) revision: Option<CompactString>,
    pub(super) refusal: Option<Refusal>,
}

impl From<Reply> for Decided {
    fn from(reply: Reply) -> Decided {
        Decided { reply, family: None, file: None, revision: None, refusal: None }
    }
}

impl Decided {
    /// The answer to a phone that nobody has claimed: it is served, and not with what it asked for.
    pub(super) fn unclaimed(reply: Reply) -> Decided {
        Decided { refusal: Some(Refusal::Unclaimed), ..reply.into() }
    }
}

/// The status that goes out: a phone that has the file is told so.
pub(super) fn status_of(asked: &Asked<'_>, reply: &Reply) -> StatusCode {
    let known = asked.if_none_match.zip(reply.etag.as_ref());
    let has_it = known.is_some_and(|(known, etag)| etag::names(known.as_bytes(), etag.as_bytes()));
    if has_it && reply.status == StatusCode::OK { StatusCode::NOT_MODIFIED } else { reply.status }
}

/// What the journal is told of a request: nothing of its path, and no header but the user agent.
pub(super) fn fetch(serving: &Serving, claim: &Claim, asked: &Asked<'_>, decided: &Decided) -> Fetch {
    let Decided { reply, family: _, file, revision, refusal } = decided;
    let claimed = || Some(serving.index.family(claim.file?.family).files.get(claim.file?.file)?.name.clone());
    Fetch {
        at: now_ms(),
        mac: claim.mac,
        known: claim.mac.is_some() && !matches!(refusal, Some(Refusal::UnknownPhone | Refusal::Unclaimed)),
        file: file.clone().or_else(claimed),
        revision: revision.clone(),
        head: asked.method == Method::HEAD,
        source: Some(asked.peer.ip()),
        agent: asked.user_agent.map(agent),
        status: status_of(asked, reply).as_u16(),
        reason: refusal.map(Refusal::code),
        listener: Some(asked.local),
        tls: asked.tls,
        detail: None,
    }
}

pub(super) fn reply_of(document: &Document) -> Decided {
    let reply = Reply {
        content_type: HeaderValue::from_str(&document.content_type).ok(),
        etag: HeaderValue::from_str(&document.etag).ok(),
        body: document.bytes.clone(),
        ..Reply::empty(StatusCode::OK)
    };
    Decided { revision: Some(document.revision.as_str().into()), ..reply.into() }
}

pub(super) fn not_found() -> Decided {
    Reply::empty(StatusCode::NOT_FOUND).into()
}

/// The phone keeps what it has, and asks again.
pub(super) fn later() -> Decided {
    Reply { retry_after_secs: Some(RETRY_AFTER_SECS), ..Reply::empty(StatusCode::SERVICE_UNAVAILABLE) }.into()
}

/// A phone that does not show enough is asked for its password, where that would help. To be asked is no trouble.
pub(super) fn untrusted(claim: &Claim, asked: &Asked<'_>, refusal: Refusal, challenges: Vec<HeaderValue>) -> Decided {
    let is_normal = matches!(
        refusal,
        Refusal::Untrusted
            | Refusal::NoPassword
            | Refusal::NoToken
            | Refusal::NoCertificate
            | Refusal::OwnSecret
            | Refusal::StaleNonce
    );
    if is_normal && !challenges.is_empty() {
        let mac = claim.mac.map(|mac| mac.to_string()).unwrap_or_default();
        tracing::debug!(peer = %asked.peer.ip(), phone.mac = %mac, reason = refusal.code(), "asked for a password");
    } else {
        warn(claim, asked, refusal);
    }
    let status = if challenges.is_empty() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    Decided { refusal: Some(refusal), ..Reply { challenges, ..Reply::empty(status) }.into() }
}

/// Refusals that phones meet in their normal life are quiet; those that somebody has to look at are not.
pub(super) fn refused(claim: &Claim, asked: &Asked<'_>, refusal: Refusal) -> Decided {
    warn(claim, asked, refusal);
    let status = if refusal.is_of_certificate() { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
    Decided { refusal: Some(refusal), ..Reply::empty(status).into() }
}

fn warn(claim: &Claim, asked: &Asked<'_>, refusal: Refusal) {
    let peer = asked.peer.ip();
    let mac = claim.mac.map(|mac| mac.to_string()).unwrap_or_default();
    let code = refusal.code();
    match refusal {
        Refusal::NoSuchFile | Refusal::Unclaimed => {
            tracing::debug!(peer = %peer, phone.mac = %mac, reason = code, "refused: {refusal}");
        }
        _ => tracing::warn!(peer = %peer, phone.mac = %mac, reason = code, "refused a request of `{peer}`: {refusal}"),
    }
}
