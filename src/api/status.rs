//! How phones stand, and how that changes: as a list, and as it happens.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{Path, State as Of};
use axum::response::sse::{Event, Sse};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::Asked;
use super::lists::{Page, page, paged};
use super::looking::stored;
use super::told::told;
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::board::{Change, Counts, Filter, PhoneFiles, PhoneState, State};
use crate::phone::Mac;
use crate::world::World;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(phones))
        .routes(routes!(events))
        .routes(routes!(of_phone))
}

/// Which phones.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those of this site.
    site: Option<String>,
}

/// How phones stand.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Status {
    /// In words, such as `214 phones: 203 in sync, 8 asked, 3 never seen`.
    pub summary: String,
    /// How many are in which state.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How the phones stand that the token sees.
#[utoipa::path(
    get,
    path = "/status",
    tag = "status",
    params(Wanted),
    responses(
        (status = 200, description = "How many are in which state.", body = Status),
    ),
)]
async fn status(
    Of(api): Of<Shared>,
    caller: Caller,
    Asked(Wanted { site }): Asked<Wanted>,
) -> Result<Json<Status>, Problem> {
    let counts = match &site {
        // Whoever sees everything need not be counted for.
        None if caller.may(Action::Inspect, &Target::Server).is_ok() => api.board.counts(&Filter::default()),
        _ => {
            let seen = seen(api, caller, site, None).await?;
            seen.iter().map(|phone| phone.state).collect()
        }
    };
    Ok(Json(Status { summary: counts.to_string(), counts }))
}

/// Which phones.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WantedPhones {
    /// Only those of this site.
    site: Option<String>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<State>,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// Phones with their states.
#[utoipa::path(
    get,
    path = "/status/phones",
    tag = "status",
    params(WantedPhones),
    responses(
        (status = 200, description = "A page of them, by site and MAC.", body = Page<PhoneState>),
    ),
)]
async fn phones(
    Of(api): Of<Shared>,
    caller: Caller,
    Asked(WantedPhones { site, state, after, limit }): Asked<WantedPhones>,
) -> Result<Json<Page<PhoneState>>, Problem> {
    let seen = seen(api, caller, site, state).await?;
    let named = seen.into_iter().map(|phone| (format!("{}/{}", phone.site, phone.mac), phone));
    let mut rows: Vec<(String, PhoneState)> = named.collect();
    // Not the order of the sites: `a-b/` is before `a/`.
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Json(paged(rows.into_iter(), after.as_deref(), limit)?))
}

/// A phone of a site, be there a good version of it or not.
pub(super) fn target<'a>(world: &'a World, mac: Mac, site: &'a str) -> Target<'a> {
    let good = world.phone(mac).filter(|phone| phone.site == site);
    good.map_or(Target::Phone { site, lines: Vec::new() }, |phone| Target::phone(phone))
}

/// The phones that a caller sees.
async fn seen(
    api: Shared,
    caller: Caller,
    site: Option<String>,
    state: Option<State>,
) -> Result<Vec<PhoneState>, Problem> {
    if site.as_ref().is_some_and(|site| !caller.may_know_of(site) || api.now().world.site(site).is_none()) {
        return Err(Problem::not_found());
    }
    blocking(move || {
        let serving = api.now();
        let mut phones = api.board.all(&Filter { site: site.map(Into::into), state });
        phones.retain(|phone| caller.sees(&target(&serving.world, phone.mac, &phone.site)));
        phones
    })
    .await
}

/// How one phone stands: what it should have, and what it has.
#[utoipa::path(
    get,
    path = "/phones/{mac}/status",
    tag = "status",
    params(("mac" = String, Path, description = "The phone's MAC.")),
    responses(
        (status = 200, description = "Its state, and each of its files.", body = PhoneFiles),
    ),
)]
async fn of_phone(Of(api): Of<Shared>, caller: Caller, Path(mac): Path<String>) -> Result<Json<PhoneFiles>, Problem> {
    let mac = stored(&api.now(), &caller, Action::See, &mac)?;
    let found = blocking(move || api.board.of(mac)).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Changes of phones' states as they happen, as server-sent events named `state`; `missed` tells that some were not sent.
#[utoipa::path(
    get,
    path = "/status/events",
    tag = "status",
    params(Wanted),
    responses(
        (status = 200, description = "Events without end.", body = Change, content_type = "text/event-stream"),
    ),
)]
async fn events(
    Of(api): Of<Shared>,
    caller: Caller,
    Asked(Wanted { site }): Asked<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if site.as_ref().is_some_and(|site| !caller.may_know_of(site)) {
        return Err(Problem::not_found());
    }
    let changes = BroadcastStream::new(api.board.changes());
    let (live, who) = (api.live().clone(), caller.clone());
    let events = changes.filter_map(move |change| {
        let Ok(change) = change else { return Some(Event::default().event("missed").data("{}")) };
        let (serving, mac) = (live.now(), change.mac);
        let is_seen =
            |own: &str| site.as_ref().is_none_or(|site| site == own) && who.sees(&target(&serving.world, mac, own));
        Some(Event::default().event("state").json_data(change.within(is_seen)?).unwrap_or_default())
    });
    Ok(told(api, caller, events))
}
