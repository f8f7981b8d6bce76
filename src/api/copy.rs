//! Keys of a line copied to others, and made a layout of.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use compact_str::CompactString;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::{Asked, Sent};
use super::fleet::{How, Told, change, change_told};
use super::write::{Outcome, outcome};
use super::{Caller, Problem, Shared};
use crate::access::{Action, LineId, Target};
use crate::edit::copy::{CopyReport, Copying, Hand, NewLayout, Skip, copy, make_layout};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(copy_keys)).routes(routes!(layout_from))
}

/// What has come of a copy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Copied {
    /// Each target, and each of its keys.
    #[schema(value_type = CopyReport)]
    pub report: Option<CopyReport>,
    /// What was written, or with `dry_run` what would come of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Copies the keys of a line to others. What cannot be is left out and told; all else is one write.
#[utoipa::path(
    post,
    path = "/sites/{site}/lines/{line}/copy",
    tag = "lines",
    params(
        ("site" = String, Path, description = "The site of the line whose keys are copied."),
        ("line" = String, Path, description = "The line whose keys are copied."),
        ("If-Match" = Option<String>, Header, description = "The ETag of a dry run: exactly what it told is written, or nothing; `*` takes whatever is there. Needed where it is no dry run."),
        How,
    ),
    request_body = Copying,
    responses(
        (status = 200, description = "What was copied, and what was left out and why.", body = Copied, headers(("ETag" = Option<String>, description = "Of a dry run: what it would write, for If-Match."))),
    ),
)]
async fn copy_keys(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, line)): Path<(CompactString, CompactString)>,
    headers: HeaderMap,
    Asked(How { dry_run }): Asked<How>,
    Sent(copying): Sent<Copying>,
) -> Result<impl IntoResponse, Problem> {
    caller.may(Action::See, &Target::Line { site: &site, line: &line })?;
    let (who, from) = (caller.clone(), LineId { site, line });
    let (done, told) =
        change_told(api, caller, "POST /sites/{site}/lines/{line}/copy", (dry_run, &headers), move |draft| {
            let heeds_locks = who.writes_keys_only();
            let action = if heeds_locks { Action::WriteKeys } else { Action::Write };
            let may = |LineId { site, line }: &LineId| {
                who.may(action, &Target::Line { site, line }).map_err(|problem| match problem.status {
                    404 => Skip::new(Skip::NOT_FOUND, format!("there is no line `{site}/{line}`")),
                    _ => Skip::new(Skip::FORBIDDEN, problem.detail),
                })
            };
            copy(draft, &from, &copying, &Hand { may: &may, heeds_locks })
        })
        .await;
    let (outcome, etag) = (outcome(done?), Told::etag(&told, dry_run));
    Ok((etag, Json(Copied { report: told.map(|told| told.what), outcome })))
}

/// Makes a layout of a line's keys.
#[utoipa::path(
    post,
    path = "/sites/{site}/layouts/{layout}/from",
    tag = "sites",
    params(
        ("site" = String, Path, description = "The site."),
        ("layout" = String, Path, description = "The layout, which is not there yet."),
        How,
    ),
    request_body = NewLayout,
    responses(
        (status = 200, description = "What was written, or with `dry_run` what would come of it.", body = Outcome),
    ),
)]
async fn layout_from(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, layout)): Path<(CompactString, CompactString)>,
    Asked(How { dry_run }): Asked<How>,
    Sent(wanted): Sent<NewLayout>,
) -> Result<Json<Outcome>, Problem> {
    caller.may(Action::Write, &Target::Site(&site))?;
    let what = "POST /sites/{site}/layouts/{layout}/from".into();
    let done = change(api, caller, what, dry_run, move |draft| make_layout(draft, &site, &layout, &wanted)).await?;
    Ok(Json(outcome(done)))
}
