//! Who changed what; and changes taken back.

use std::path::Path;

use axum::Json;
use axum::extract::{Path as Names, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::Asked;
use super::fleet::{How, change_back};
use super::lists::{Page, within_page};
use super::looking::stored;
use super::write::{Outcome, answer, lines_of, target};
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::edit::{Refused, Written as WrittenFile};
use crate::fleet::Entity;
use crate::journal::{Changed, Fetched, Gap, Reader, Sealed, Wanted};
use crate::live::Serving;
use crate::phone::Mac;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(changes)).routes(routes!(undo)).routes(routes!(history))
}

/// Which changes.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those of this site.
    site: Option<String>,
    /// Only those of this line of the site.
    line: Option<String>,
    /// Only those by this token or person, as `who` has it.
    who: Option<String>,
    /// What comes after this entry: `next` of the page before.
    after: Option<i64>,
    /// At the most so many entries.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
}

/// At the least so many entries of the journal are read at once.
const AT_ONCE: u32 = 500;

fn fifty() -> u32 {
    50
}

/// Who changed what, the latest first.
#[utoipa::path(
    get,
    path = "/changes",
    tag = "changes",
    params(Filter),
    responses(
        (status = 200, description = "A page of changes. `number` takes a change of the API back.", body = Page<Changed>),
    ),
)]
async fn changes(
    State(api): State<Shared>,
    caller: Caller,
    Asked(Filter { site, line, who, mut after, limit }): Asked<Filter>,
) -> Result<Json<Page<Changed>>, Problem> {
    within_page(limit as usize)?;
    let under = match (&site, &line) {
        (Some(site), Some(line)) => format!("sites/{site}/lines/{line}.toml"),
        (Some(site), None) => format!("sites/{site}/"),
        (None, Some(_)) => return Err(Problem::new("bad-request", "`line` needs its `site`")),
        (None, None) => String::new(),
    };
    let serving = api.now();
    api.editor.journaled().await;
    let Some(mut reader) = Reader::open(&api.state).await? else {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    };
    let mut items: Vec<Changed> = Vec::new();
    loop {
        // Most may be none that they see.
        let wanted = Wanted { under: under.clone(), who: who.clone(), before: after, limit: limit.max(AT_ONCE) };
        let page = reader.changes(&wanted).await?;
        let is_last = page.len() < wanted.limit as usize;
        for changed in page {
            after = Some(changed.id);
            if caller.sees_change(&changed, &serving) {
                items.push(changed);
            }
            if items.len() == limit as usize {
                return Ok(Json(Page { items, next: after.map(|id| id.to_string()) }));
            }
        }
        if is_last {
            return Ok(Json(Page { items, next: None }));
        }
    }
}

impl Caller {
    /// Whether they may know of a change.
    fn sees_change(&self, changed: &Changed, serving: &Serving) -> bool {
        match Entity::at(Path::new(&changed.entity)) {
            Some(entity) => {
                let lines = lines_of(serving, &entity).unwrap_or_default();
                self.may(Action::Inspect, &target(&entity, &lines)).is_ok()
            }
            None => self.may(Action::Inspect, &Target::Server).is_ok(),
        }
    }
}

/// Takes a change back: files become what they were, where nothing was built on it.
#[utoipa::path(
    post,
    path = "/changes/{number}/undo",
    tag = "changes",
    params(("number" = i64, Path, description = "The change's `number`."), How),
    responses(
        (status = 200, description = "It is taken back, by a change of its own; or with `dry_run` what would come of it.", body = Outcome),
    ),
)]
async fn undo(
    State(api): State<Shared>,
    caller: Caller,
    Names(number): Names<i64>,
    Asked(How { dry_run }): Asked<How>,
) -> Result<Response, Problem> {
    let sealed = written(&api, number).await?;
    let found = sealed.len();
    if let Some(all) = sealed.iter().filter_map(|file| file.together).find(|all| *all != found as i64) {
        let what = format!("it cannot be taken back: of the {all} files that it changed the journal has {found}");
        return Err(Refused::Conflict(what, Vec::new()).into());
    }
    let files = sealed.into_iter().map(|Sealed { entity, sealed_before, sealed_after, .. }| {
        let entity = Entity::at(Path::new(&entity))?;
        Some(WrittenFile { entity, before: sealed_before, after: sealed_after })
    });
    let files: Option<Vec<WrittenFile>> = files.collect();
    let files = files.filter(|files| !files.is_empty()).ok_or_else(Problem::not_found)?;
    let done = change_back(api, caller, number, files, dry_run).await?;
    Ok(answer(done))
}

/// The files of a change.
async fn written(api: &Shared, number: i64) -> Result<Vec<Sealed>, Problem> {
    api.editor.journaled().await;
    match Reader::open(&api.state).await? {
        Some(mut reader) => Ok(reader.written(number).await?),
        None => Ok(Vec::new()),
    }
}

/// How far back.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Back {
    /// At the most so many entries of each kind.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
}

/// What a phone did, and what was done to it; the latest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhoneHistory {
    /// What it asked for and got.
    pub fetches: Vec<Fetched>,
    /// What was changed.
    pub changes: Vec<Changed>,
    /// When entries were lost, of whatever phone.
    pub gaps: Vec<Gap>,
}

/// What a phone asked for and got, and what was changed.
#[utoipa::path(
    get,
    path = "/phones/{mac}/history",
    tag = "phones",
    params(("mac" = String, Path, description = "The phone's MAC; it need not be one of the fleet's."), Back),
    responses(
        (status = 200, description = "The last entries.", body = PhoneHistory),
    ),
)]
async fn history(
    State(api): State<Shared>,
    caller: Caller,
    Names(mac): Names<String>,
    Asked(Back { limit }): Asked<Back>,
) -> Result<Json<PhoneHistory>, Problem> {
    within_page(limit as usize)?;
    let serving = api.now();
    let known: Mac = mac.parse().map_err(|_| Problem::not_found())?;
    let mac = match serving.world.files_of(known).is_empty() {
        true => caller.may(Action::Inspect, &Target::Strangers).map(|()| known)?,
        false => stored(&serving, &caller, Action::Inspect, &mac)?,
    };
    let none = PhoneHistory { fetches: Vec::new(), changes: Vec::new(), gaps: Vec::new() };
    let Some(mut reader) = Reader::open(&api.state).await? else { return Ok(Json(none)) };
    let crate::journal::History { fetches, mut changes, gaps } = reader.history(mac, 0, limit).await?;
    // It may have been in another site.
    changes.retain(|changed| caller.sees_change(changed, &serving));
    Ok(Json(PhoneHistory { fetches, changes, gaps }))
}
