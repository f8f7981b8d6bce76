//! Who calls: the bearer of a token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::PoisonError;
use std::time::Instant;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use super::aside::blocking;
use super::{Problem, Shared};
use crate::access::{Action, Principal, Role, Target};
use crate::admit::Pace;
use crate::journal::now_secs;

/// Where a call comes from that no listener has taken.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller(pub Principal);

impl Caller {
    /// As the journal has it.
    pub fn name(&self) -> String {
        format!("{} (token {})", self.0.name, self.0.id)
    }

    /// Whether they are a user of lines.
    pub fn writes_keys_only(&self) -> bool {
        matches!(self.0.role, Role::User { .. })
    }

    /// Whether they may do something.
    ///
    /// # Errors
    /// They may not, or may not know of it.
    pub fn may(&self, action: Action, target: &Target<'_>) -> Result<(), Problem> {
        self.0.allow(action, target).map_err(Problem::from)
    }

    /// Whether they see something.
    pub fn sees(&self, target: &Target<'_>) -> bool {
        self.0.sees(target)
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Caller, Problem> {
        let none =
            || Problem::new("unauthorized", "send `Authorization: Bearer TOKEN`; `offhook token create` makes one");
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(none)?;
        let (scheme, bearer) = header.split_once(' ').ok_or_else(none)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(none());
        }
        let now = now_secs();
        if !api.tokens.knows(bearer.trim()) {
            // A command may have made it a moment ago.
            let tokens = api.tokens.clone();
            let _ = blocking(move || tokens.reload()).await?;
        }
        let bad = match api.tokens.principal(bearer.trim(), now) {
            Ok(principal) => return Ok(Caller(principal)),
            Err(bad) => bad,
        };
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(NOBODY, |from| from.0.ip().to_canonical());
        let pace = api.limits.lock().unwrap_or_else(PoisonError::into_inner).wrong_token(from, Instant::now());
        let slow = match pace {
            Pace::After(wait) => {
                tracing::warn!(%from, "a call of the API was refused: {bad}");
                tokio::time::sleep(wait).await;
                None
            }
            Pace::NotNow(wait) => Some(wait.as_secs().try_into().unwrap_or(u32::MAX)),
        };
        match slow {
            None => Err(Problem::new("unauthorized", "this token is not good, or not any more")),
            wait => Err(Problem {
                retry_after_secs: wait,
                ..Problem::new("too-many", "too many wrong tokens came from here")
            }),
        }
    }
}
