//! Tokens of the API itself: listed, made, revoked by administrators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::Sent;
use super::{Caller, Problem, Shared};
use crate::access::{Action, NewToken, Role, Target, TokenInfo, TokensError};
use crate::edit::Mistake;
use crate::journal::{Change, now_ms, now_secs};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// All tokens. What they are is not told: only a hash of each is kept.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "tokens",
    responses(
        (status = 200, description = "The oldest first.", body = Vec<TokenInfo>),
    ),
)]
async fn list(State(api): State<Shared>, caller: Caller) -> Result<Json<Vec<TokenInfo>>, Problem> {
    caller.may(Action::See, &Target::Tokens)?;
    Ok(Json(api.tokens.list(now_secs())))
}

/// A token that is wanted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedToken {
    /// Whose it is, or what for.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How many days it is good; 365 where nothing is said, 0 for ever.
    #[serde(default)]
    #[schema(maximum = 3650)]
    pub days: Option<u32>,
}

/// A token, shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MadeToken {
    /// What to send as `Authorization: Bearer`.
    pub token: String,
    /// What is known of it.
    #[serde(flatten)]
    pub info: TokenInfo,
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "tokens",
    request_body = WantedToken,
    responses(
        (status = 201, description = "The token, which is shown this once.", body = MadeToken),
    ),
)]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Sent(WantedToken { name, role, days }): Sent<WantedToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    caller.may(Action::Write, &Target::Tokens)?;
    let now = now_secs();
    let expires = match days {
        None => Some(now + NewToken::USUAL_SECS),
        Some(0) => None,
        Some(days) => Some(now + u64::from(days) * 86_400),
    };
    let tokens = api.tokens.clone();
    let minted = blocking(move || tokens.create(NewToken { name, role, expires }, now)).await??;
    api.tell(&caller, "POST /tokens", &minted.info);
    let made = MadeToken { token: minted.token.expose().to_owned(), info: minted.info };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a token back.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "tokens",
    params(("id" = String, Path, description = "The token's id.")),
    responses(
        (status = 200, description = "It is good no more.", body = TokenInfo),
    ),
)]
async fn revoke(State(api): State<Shared>, caller: Caller, Path(id): Path<String>) -> Result<Json<TokenInfo>, Problem> {
    caller.may(Action::Write, &Target::Tokens)?;
    let (tokens, now) = (api.tokens.clone(), now_secs());
    let info = blocking(move || tokens.revoke(&id, now)).await??;
    api.tell(&caller, "DELETE /tokens", &info);
    Ok(Json(info))
}

impl super::Api {
    /// Tells the journal what was done to a token.
    fn tell(&self, caller: &Caller, what: &str, TokenInfo { id, name, role, .. }: &TokenInfo) {
        let (entity, after) = (format!("token {id}"), Some(format!("{name}, {role}")));
        let change = Change { at: now_ms(), who: caller.name(), what: what.into(), entity, after, ..Change::default() };
        self.editor.tell(change);
    }
}

impl From<TokensError> for Problem {
    fn from(error: TokensError) -> Problem {
        let what = error.to_string();
        match error {
            TokensError::Unusable { .. } | TokensError::Broken { .. } => {
                tracing::error!("{what}");
                Problem::new("trouble", "the list of tokens cannot be used; the log tells why")
            }
            TokensError::NoSuch(_) => Problem::new("not-found", what),
            TokensError::IsRevoked(_) => Problem::new("conflict", what),
            TokensError::Name => Problem::mistake(Mistake::at("/name", "bad-value", what)),
            TokensError::IsOver | TokensError::TooLong => Problem::mistake(Mistake::at("/days", "bad-value", what)),
            TokensError::Role(_) => Problem::mistake(Mistake::at("/role", "bad-value", what)),
        }
    }
}
