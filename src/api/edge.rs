//! What holds for every request and every answer of the API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;
use super::problem::KINDS;

/// Of an answer that is no problem yet, so much is taken into one.
const MAX_REASON: usize = 1024;

/// The names that each address takes behind its `?`, by method and path.
pub(super) type QueryNames = BTreeMap<(String, String), BTreeSet<String>>;

/// Lets those requests through that say only what is understood: a misspelt filter would show everything.
pub(super) async fn only_known(known: Arc<QueryNames>, request: Request, next: Next) -> Response {
    let method = if *request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let names = known.get(&(method.to_string(), path.to_owned()));
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let unknown = url::form_urlencoded::parse(query)
        .map(|(name, _)| name.into_owned())
        .find(|name| !names.is_some_and(|names| names.contains(name)));
    match (unknown, names) {
        (None, _) => next.run(request).await,
        (Some(unknown), Some(names)) if !names.is_empty() => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let what = format!("`{unknown}` is not known here; known are {}", names.join(", "));
            Problem::new("bad-request", what).into_response()
        }
        (Some(_), _) => Problem::new("bad-request", "this address takes nothing behind a `?`").into_response(),
    }
}

/// Makes a problem of whatever else tells that something was not done, and tells browsers to be careful.
pub(super) async fn finished(response: Response) -> Response {
    let mut response = if is_bare(&response) { as_problem(response).await } else { response };
    let is_page = content_type(&response).starts_with("text/html");
    let headers = response.headers_mut();
    let policy = match is_page {
        // Swagger UI puts styles into its elements and has its icons within its style sheet.
        true => {
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
            connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        }
        false => "default-src 'none'; frame-ancestors 'none'",
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether it is an error without a problem's details, as a library answers it.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    (status.is_client_error() || status.is_server_error()) && !content_type(response).contains("json")
}

fn content_type(response: &Response) -> &str {
    response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn as_problem(response: Response) -> Response {
    let status = response.status();
    if status == StatusCode::NOT_FOUND {
        return Problem::not_found().into_response();
    }
    let kind = KINDS.iter().find(|(_, of, _)| *of == status).map_or("broken", |(kind, ..)| *kind);
    let reason = to_bytes(response.into_body(), MAX_REASON).await.unwrap_or_default();
    Problem::new(kind, String::from_utf8_lossy(&reason)).into_response()
}
