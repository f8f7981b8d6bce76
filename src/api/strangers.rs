//! Phones that asked and that nobody has claimed: seen, and claimed.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::{Asked, Sent};
use super::fleet::{How, change};
use super::lists::{Page, Paging, paged};
use super::write::{Outcome, answer};
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::edit::{Mistake, Refused};
use crate::fleet::Entity;
use crate::journal::now_secs;
use crate::phone::Mac;
use crate::server::claiming::{Chosen, ClaimError};
use crate::server::strangers::{Stranger, look};
use crate::world::Unserved;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(seen)).routes(routes!(claim))
}

/// A phone that asked and that nobody has claimed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeenPhone {
    /// Its MAC, as it says.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Where it asks from.
    #[schema(value_type = String)]
    pub source: IpAddr,
    /// Its family.
    #[schema(value_type = String)]
    pub family: CompactString,
    /// Its model, if it told one that is known.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<CompactString>,
    /// What it calls itself.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<CompactString>,
    /// The firmware that it told.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<CompactString>,
    /// When it asked first, in seconds since 1970.
    pub first: u64,
    /// When it asked last, in seconds since 1970.
    pub last: u64,
    /// How often it asked.
    pub count: u64,
    /// It shows a code, by which it can be claimed.
    pub code_waits: bool,
    /// Another phone waits under this MAC: one of the two is not what it says.
    pub has_rival: bool,
    /// The phone is in the fleet, and shows nothing that its site trusts.
    pub is_stored: bool,
}

/// Phones that asked and that nobody has claimed, the last one first.
#[utoipa::path(
    get,
    path = "/seen",
    tag = "claiming",
    params(Paging),
    responses(
        (status = 200, description = "A page of them.", body = Page<SeenPhone>),
    ),
)]
async fn seen(
    State(api): State<Shared>,
    caller: Caller,
    Asked(Paging { after, limit }): Asked<Paging>,
) -> Result<Json<Page<SeenPhone>>, Problem> {
    caller.may(Action::See, &Target::Strangers)?;
    let (state, now) = (api.state.clone(), now_secs());
    let (strangers, _) = blocking(move || look(&state)).await??;
    let serving = api.now();
    let rivals = |own: &Stranger| strangers.iter().filter(|it| it.mac == own.mac && it.waits(now)).count();
    let row = |known: &Stranger| SeenPhone {
        mac: known.mac,
        source: known.source,
        family: known.told.family.clone(),
        model: known.told.model.clone(),
        product: known.told.product.clone(),
        firmware: known.told.firmware.clone(),
        first: known.first,
        last: known.last,
        count: known.count,
        code_waits: known.waits(now),
        has_rival: known.waits(now) && rivals(known) > 1,
        is_stored: serving.world.phone(known.mac).is_some(),
    };
    // The page begins after an entry's place, since times change.
    let rows = strangers.iter().enumerate().map(|(at, known)| (format!("{at:09}"), row(known)));
    Ok(Json(paged(rows, after.as_deref(), limit)?))
}

/// Which phone, and as what.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The code that it shows. Either this or `mac`.
    #[serde(default)]
    pub code: Option<String>,
    /// Its MAC. It then gets its files by what its site trusts.
    #[serde(default)]
    pub mac: Option<String>,
    /// Its site; left out where the fleet has the phone already.
    #[serde(default)]
    pub site: Option<String>,
    /// Its lines, the first is primary.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Its model; left out where it told that.
    #[serde(default)]
    pub model: Option<String>,
    /// Which of several phones that wait with one MAC: the one from this address.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub token_of: Option<IpAddr>,
}

/// Makes a phone that asked, or will ask, one of the fleet's.
#[utoipa::path(
    post,
    path = "/claims",
    tag = "claiming",
    params(How),
    request_body = Claim,
    responses(
        (status = 200, description = "It is one of the fleet's; or with `dry_run` what would come of it.", body = Outcome),
    ),
)]
async fn claim(
    State(api): State<Shared>,
    caller: Caller,
    Asked(How { dry_run }): Asked<How>,
    Sent(claim): Sent<Claim>,
) -> Result<Response, Problem> {
    match &claim.site {
        Some(site) => caller.may(Action::Claim, &Target::Site(site))?,
        None => caller.may(Action::Claim, &Target::Strangers)?,
    }
    let (state, now) = (api.state.clone(), now_secs());
    let Claim { code, mac, token_of, site, lines, model } = claim;
    let chosen = blocking(move || match (code, mac) {
        (Some(code), None) => Chosen::by_code(&state, &code, token_of, now).map_err(Problem::from),
        (None, Some(mac)) => Chosen::by_mac(&state, &mac).map_err(Problem::from),
        _ => Err(Problem::mistake(Mistake::at("", "bad-value", "either `code` or `mac` is expected"))),
    });
    let chosen = chosen.await??;
    let serving = api.now();
    let file = match serving.world.subject(chosen.mac) {
        Err(Unserved::Unknown(_)) => {
            let (text, _) = chosen.file(&serving.world, site.as_deref(), &lines, model.as_deref())?;
            Some((Entity::Phone(site.unwrap_or_default().into(), chosen.mac.to_string().into()), text))
        }
        Err(broken) => return Err(Problem::new("conflict", broken.to_string())),
        Ok(subject) => {
            caller.may(Action::Claim, &Target::Site(&subject.site.id))?;
            let is_said = !lines.is_empty() || model.is_some() || site.is_some_and(|site| site != *subject.site.id);
            if chosen.pairing.is_none() || is_said {
                let what = format!("`{}` is in the fleet already: claim it by its code alone", chosen.mac);
                return Err(Problem::new("conflict", what));
            }
            None
        }
    };
    let written = change(api.clone(), caller, "POST /claims".into(), dry_run, move |draft| match &file {
        Some((entity, _)) if draft.has(entity)? => {
            Err(Refused::Conflict("the phone is there already".into(), Vec::new()))
        }
        Some((entity, text)) => draft.set(entity, Some(text.clone())),
        None => Ok(()),
    });
    let done = written.await?;
    if !dry_run {
        let state = api.state.clone();
        blocking(move || chosen.bless(&state, now)).await??;
    }
    Ok(answer(done))
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Problem {
        ClaimError::Folder(error).into()
    }
}

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Problem {
        match error {
            ClaimError::Wrong { field, what, hint, .. } => {
                let field = if field == "line" { "lines" } else { field };
                let hint = hint.map(|hint| hint.replace("--token-of", "`token_of`"));
                Problem::mistake(Mistake { hint, ..Mistake::at(format!("/{field}"), "bad-value", what) })
            }
            ClaimError::Wait(seconds) => {
                let retry_after_secs = Some(seconds.try_into().unwrap_or(u32::MAX));
                Problem { retry_after_secs, ..Problem::new("too-many", error.to_string()) }
            }
            ClaimError::Folder(_) => {
                tracing::error!("{error}");
                Problem::new("trouble", error.to_string())
            }
        }
    }
}
