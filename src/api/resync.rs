//! Phones asked to come: jobs that are started, watched and stopped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event as Told, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::timeout;
use tokio_stream::{Stream, StreamExt};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::{Asked, Sent};
use super::status::target;
use super::told::told;
use super::{Api, Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::edit::Mistake;
use crate::phone::Mac;
use crate::resync::{
    ChoiceError, Event, JobPhones, JobView, Options, PhoneView, PlanView, StartError, firmware_told, plan,
};
use crate::world::Unserved;

/// So long it is waited for that it is known of phones whether they are behind.
const LOOKED_AT: Duration = Duration::from_secs(10);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start, list)).routes(routes!(job, stop)).routes(routes!(events))
}

/// How it is started.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only tell who would be asked, with what, and where.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// Asks phones to fetch their files again, or to restart.
#[utoipa::path(
    post,
    path = "/resyncs",
    tag = "resync",
    params(How),
    request_body = Options,
    responses(
        (status = 200, description = "With `dry_run`: who would be asked.", body = PlanView),
        (status = 201, description = "The job that asks them.", body = JobView),
    ),
)]
async fn start(
    State(api): State<Shared>,
    caller: Caller,
    Asked(How { dry_run }): Asked<How>,
    Sent(options): Sent<Options>,
) -> Result<Response, Problem> {
    let who = caller.name();
    let macs = meant(&api, caller, options.clone()).await?;
    if dry_run {
        let firmware = firmware_told(&api.state).await;
        let plan = plan(&api.now(), macs, options.verb(), options.way(), &firmware, &api.state).await?;
        return Ok(Json(PlanView::from(&plan)).into_response());
    }
    let id = api.jobs.start(options.wanted(macs, who)).map_err(|error| match error {
        StartError::TooMany => Problem { retry_after_secs: Some(30), ..Problem::new("too-many", error.to_string()) },
        StartError::NoJournal => Problem::new("conflict", error.to_string()),
        StartError::Stopping => Problem::new("trouble", error.to_string()),
    })?;
    let job = api.jobs.get(id).ok_or_else(Problem::not_found)?.job;
    Ok((StatusCode::CREATED, [("location", format!("/api/v1/resyncs/{id}"))], Json(job)).into_response())
}

/// The phones that are meant: of those that are named one by one the caller may ask every one, of others those.
async fn meant(api: &Shared, caller: Caller, options: Options) -> Result<Vec<Mac>, Problem> {
    if caller.writes_keys_only() && (options.direct || options.to.is_some()) {
        return Err(Problem::new("forbidden", "a user's token asks phones through their registrar only"));
    }
    let (board, only_behind, serving) = (&api.board, options.behind, api.now());
    let chosen = move || {
        let may = |action: Action, mac: Mac| {
            let site = serving.world.site_of(mac).ok_or_else(Problem::not_found)?;
            caller.may(action, &target(&serving.world, mac, site))
        };
        if options.site.as_ref().is_some_and(|site| !caller.may_know_of(site)) {
            return Err(Problem::not_found());
        }
        if let Some(hidden) = options.macs.iter().find(|mac| may(Action::See, **mac).is_err()) {
            return Err(ChoiceError::NoPhone(Unserved::Unknown(*hidden)).into());
        }
        let mut macs = options.macs(&serving.world)?;
        match options.macs.is_empty() {
            true => macs.retain(|mac| may(Action::Resync, *mac).is_ok()),
            false => macs.iter().try_for_each(|mac| may(Action::Resync, *mac))?,
        }
        Ok(macs)
    };
    let mut macs = blocking(chosen).await??;
    if only_behind {
        if timeout(LOOKED_AT, board.looked_at(&macs)).await.is_err() {
            let checking = macs.iter().filter(|mac| board.is_checking(**mac)).count();
            let what = format!("what phones should have is still being found out, for {checking} of {}", macs.len());
            return Err(Problem { retry_after_secs: Some(10), ..Problem::new("trouble", what) });
        }
        macs.retain(|mac| board.is_behind(*mac).is_some());
    }
    Ok(macs)
}

/// The jobs that are running, and the last that have ended; the latest first.
#[utoipa::path(
    get,
    path = "/resyncs",
    tag = "resync",
    responses(
        (status = 200, description = "All that the token sees.", body = Vec<JobView>),
    ),
)]
async fn list(State(api): State<Shared>, caller: Caller) -> Result<Json<Vec<JobView>>, Problem> {
    let seen = api.jobs.list().into_iter().filter(|job| api.sees(&caller, job.id).is_ok());
    Ok(Json(seen.collect()))
}

/// A job, and what came of each of its phones.
#[utoipa::path(
    get,
    path = "/resyncs/{id}",
    tag = "resync",
    params(("id" = u64, Path, description = "The job's number.")),
    responses(
        (status = 200, description = "The job.", body = JobPhones),
    ),
)]
async fn job(State(api): State<Shared>, caller: Caller, Path(id): Path<u64>) -> Result<Json<JobPhones>, Problem> {
    Ok(Json(api.sees(&caller, id)?))
}

/// Stops a job: nobody else is asked; those that are out are waited for, unless it is stopped once more.
#[utoipa::path(
    delete,
    path = "/resyncs/{id}",
    tag = "resync",
    params(("id" = u64, Path, description = "The job's number.")),
    responses(
        (status = 200, description = "How it stands.", body = JobView),
    ),
)]
async fn stop(State(api): State<Shared>, caller: Caller, Path(id): Path<u64>) -> Result<Json<JobView>, Problem> {
    let job = api.sees(&caller, id)?;
    let serving = api.now();
    for PhoneView { mac, site, .. } in &job.phones {
        let site = serving.world.site_of(*mac).unwrap_or(site);
        caller.may(Action::Resync, &target(&serving.world, *mac, site))?;
    }
    api.jobs.stop(id).map(Json).ok_or_else(Problem::not_found)
}

/// What happens in a job, as server-sent events: a `snapshot` first, `ended` last.
#[utoipa::path(
    get,
    path = "/resyncs/{id}/events",
    tag = "resync",
    params(("id" = u64, Path, description = "The job's number.")),
    responses(
        (status = 200, description = "Events until the job ends.", body = Event, content_type = "text/event-stream"),
    ),
)]
async fn events(
    State(api): State<Shared>,
    caller: Caller,
    Path(id): Path<u64>,
) -> Result<Sse<impl Stream<Item = Result<Told, Infallible>>>, Problem> {
    api.sees(&caller, id)?;
    let events = api.jobs.events(id).ok_or_else(Problem::not_found)?;
    let events = events.map(|event| Told::default().event(event.name()).json_data(&event).unwrap_or_default());
    Ok(told(api, caller, events))
}

impl Api {
    /// A job that is the caller's own, or of which he sees every phone; where its phones are not known, who sees all.
    fn sees(self: &Arc<Api>, caller: &Caller, id: u64) -> Result<JobPhones, Problem> {
        let job = self.jobs.get(id).ok_or_else(Problem::not_found)?;
        let serving = self.now();
        let is_seen = |PhoneView { mac, site, .. }: &PhoneView| {
            let site = serving.world.site_of(*mac).unwrap_or(site);
            caller.sees(&target(&serving.world, *mac, site))
        };
        let sees_all = || caller.may(Action::Inspect, &Target::Server).is_ok();
        let is_his = job.job.who == caller.name();
        match is_his || sees_all() || (!job.phones.is_empty() && job.phones.iter().all(is_seen)) {
            true => Ok(job),
            false => Err(Problem::not_found()),
        }
    }
}

impl From<ChoiceError> for Problem {
    fn from(error: ChoiceError) -> Problem {
        let mistake = Mistake { hint: error.hint(), ..Mistake::at("", "bad-choice", error.to_string()) };
        Problem::mistake(mistake)
    }
}
