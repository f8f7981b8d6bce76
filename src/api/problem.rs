//! What is answered when something is not done: problem details (RFC 9457) with one entry for each mistake.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Denied;
use crate::edit::{Mistake, Refused};
use crate::journal::JournalError;

/// Why something is not done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, a name that stays: `urn:offhook:problem:mistakes`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it is in this case.
    pub detail: String,
    /// Everything that is wrong, where it is more than one thing or has a place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
    /// The entity tag that it has now, where another one was expected.
    #[serde(skip)]
    pub etag: Option<String>,
    /// After how many seconds it may be tried again.
    #[serde(skip)]
    pub retry_after_secs: Option<u32>,
}

/// The kinds of problems, each with its status and title.
pub(super) const KINDS: [(&str, u16, &str); 13] = [
    ("bad-request", 400, "the request cannot be understood"),
    ("unauthorized", 401, "a good token is needed"),
    ("forbidden", 403, "this token may not do that"),
    ("not-found", 404, "there is no such thing"),
    ("method-not-allowed", 405, "this cannot be done here"),
    ("conflict", 409, "something is in the way"),
    ("stale", 412, "it is not as you have seen it"),
    ("too-large", 413, "the body is too large"),
    ("not-json", 415, "JSON is expected"),
    ("mistakes", 422, "what would come of it is wrong"),
    ("unconditional", 428, "say what you have seen"),
    ("too-many", 429, "too often"),
    ("trouble", 503, "it cannot be done at the moment"),
];

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: &'static str, detail: impl Into<String>) -> Problem {
        let unknown = (kind, 500, "something went wrong here");
        let (kind, status, title) = KINDS.into_iter().find(|(name, ..)| *name == kind).unwrap_or(unknown);
        Problem {
            kind: format!("urn:offhook:problem:{kind}"),
            title,
            status,
            detail: detail.into(),
            errors: Vec::new(),
            etag: None,
            retry_after_secs: None,
        }
    }

    /// There is no such thing, or whoever asks may not know of it.
    pub fn not_found() -> Problem {
        Problem::new("not-found", "there is nothing here, or nothing that this token sees")
    }

    /// A single mistake.
    pub fn mistake(mistake: Mistake) -> Problem {
        Problem::from(Refused::Mistakes(vec![mistake]))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::NotThere(what) => Problem::new("not-found", what),
            Refused::Forbidden(what) => Problem::new("forbidden", what),
            Refused::Stale { what, now } => Problem { etag: now, ..Problem::new("stale", what) },
            Refused::Unconditional(what) => Problem::new("unconditional", what),
            Refused::Mistakes(errors) => {
                let detail = match errors.as_slice() {
                    [one] => one.detail.clone(),
                    several => format!("{} mistakes: nothing is written", several.len()),
                };
                Problem { errors, ..Problem::new("mistakes", detail) }
            }
            Refused::Conflict(what, errors) => Problem { errors, ..Problem::new("conflict", what) },
            Refused::Trouble(what) => {
                tracing::error!("a write was refused: {what}");
                Problem { retry_after_secs: Some(5), ..Problem::new("trouble", what) }
            }
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Hidden => Problem::not_found(),
            Denied::Forbidden { why } => Problem::new("forbidden", why),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Problem {
        let what = format!("the journal cannot be read: {error}");
        tracing::error!("{what}");
        Problem { retry_after_secs: Some(5), ..Problem::new("trouble", what) }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new("too-large", rejection.body_text()),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
                "not-json",
                "send JSON, with Content-Type: application/json or application/merge-patch+json",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => {
                let what = rejection.body_text();
                Problem::mistake(Mistake::at("", "bad-value", what))
            }
            _ => Problem::new("bad-request", rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        Problem::new("bad-request", rejection.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (etag, retry) = (self.etag.clone(), self.retry_after_secs);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"offhook\""));
        }
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
            headers.insert(header::ETAG, etag);
        }
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
