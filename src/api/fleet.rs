//! Sites, lines, phones and the places in them: read, written, patched, taken away; and many writes at once.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{FromRequestParts, MatchedPath, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::{Asked, Sent};
use super::bulk::Bulk;
use super::dry_run::{self, HowFar, Waiting};
use super::place::{Names, PLACES, Place, PlaceKind};
use super::write::{Outcome, Want, answer, condition, lines_of, permit, permit_at, seen_of, target};
use super::{Caller, Problem, Shared};
use crate::access::Action;
use crate::edit::{Done, Draft, Editor, Order, Refused, Written as WrittenFile};
use crate::fleet::Entity;

/// The prefix of all addresses.
pub(super) const PREFIX: &str = "/api/v1";

/// How a change is made.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Only tell what it would do to which phones.
    #[serde(default)]
    #[param(default = false)]
    pub(super) dry_run: bool,
}

/// How a place is written; the document says where which of these may be said.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct HowPlace {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    recursive: bool,
}

pub(super) fn routes() -> OpenApiRouter<Shared> {
    let places = PLACES.iter().fold(OpenApiRouter::new(), |router, kind| {
        let put = async |State(api): State<Shared>, at: At, Asked(how): Asked<HowPlace>, Sent(body): Sent<Value>| {
            at.write(api, &Method::PUT, how, Some(body)).await
        };
        let patch = async |State(api): State<Shared>, at: At, Asked(how): Asked<HowPlace>, Sent(body): Sent<Value>| {
            at.write(api, &Method::PATCH, how, Some(body)).await
        };
        let delete = async |State(api): State<Shared>, at: At, Asked(how): Asked<HowPlace>| {
            at.write(api, &Method::DELETE, how, None).await
        };
        let get = async |State(api): State<Shared>, at: At| blocking(move || at.read(&api)).await?;
        router.route(kind.path, axum::routing::get(get).put(put).patch(patch).delete(delete))
    });
    places.routes(routes!(bulk))
}

/// The place that a request is about, and who asks.
struct At {
    caller: Caller,
    kind: &'static PlaceKind,
    names: Names,
    headers: HeaderMap,
}

impl FromRequestParts<Shared> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<At, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let matched = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().trim_start_matches(PREFIX));
        let kind = PLACES.iter().find(|kind| Some(kind.path) == matched).ok_or_else(Problem::not_found)?;
        let Path(names) = Path::<Names>::from_request_parts(parts, api).await.map_err(|_| Problem::not_found())?;
        Ok(At { caller, kind, names, headers: parts.headers.clone() })
    }
}

impl At {
    fn read(&self, api: &Shared) -> Result<Response, Problem> {
        let serving = api.now();
        let files_of = |mac| seen_of(&self.caller, &serving, serving.world.files_of(mac));
        let Place { entity, inside } = self.kind.at(&self.names, files_of, None)?;
        self.caller.may(Action::See, &target(&entity, &lines_of(&serving, &entity).unwrap_or_default()))?;
        let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
        let (mut value, tag) = api.editor.look(&entity, &inside)?.ok_or_else(Problem::not_found)?;
        if let (Entity::Phone(site, stem), [], Value::Object(fields)) = (&entity, inside.as_slice(), &mut value) {
            fields.insert("mac".into(), stem.to_lowercase().replace([':', '-', '.'], "").into());
            fields.insert("site".into(), site.as_str().into());
        }
        Ok(tagged(&self.headers, Json(value).into_response(), &tag))
    }

    async fn write(
        self,
        api: Shared,
        method: &Method,
        how: HowPlace,
        body: Option<Value>,
    ) -> Result<Response, Problem> {
        let HowPlace { dry_run, recursive } = how;
        let At { caller, kind, names, headers } = self;
        let condition = condition(&headers)?;
        let want = Want { method: method.clone(), kind, names, body, condition, recursive, from: String::new() };
        let wanted = Wanted { caller, what: format!("{method} {}", kind.path), dry_run, undoes: None };
        let done = match commit(api.clone(), wanted, vec![want], &headers).await? {
            Ok(done) => done,
            Err(events) => return Ok(events),
        };
        let tag = done.tag.clone();
        let made = answer(done);
        Ok(match tag {
            Some(tag) => tagged(&HeaderMap::new(), made, &tag),
            None => made,
        })
    }
}

/// A response with its entity tag; `304` where that is known already.
fn tagged(asked: &HeaderMap, mut response: Response, tag: &str) -> Response {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|known| known.trim() == tag || known.trim() == "*") {
        response = StatusCode::NOT_MODIFIED.into_response();
    }
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Makes writes, or looks what they would do; whoever asks for events is told how far that is.
async fn commit(
    api: Shared,
    wanted: Wanted,
    wants: Vec<Want>,
    headers: &HeaderMap,
) -> Result<Result<Done, Response>, Problem> {
    let who = wanted.caller.clone();
    let draft = move |_: &Editor, draft: &mut Draft<'_>| {
        wants.iter().try_for_each(|want| want.draft(&who, draft).map_err(|refused| in_bulk(&want.from, refused)))
    };
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if wanted.dry_run && accepted.contains("text/event-stream") {
        let far = Arc::<HowFar>::default();
        return Ok(Err(dry_run::told(far.clone(), make_told(api, wanted, far, draft))));
    }
    make(api, wanted, draft).await.map(Ok)
}

/// What a draft tells of itself.
pub(super) struct Told<T> {
    /// What it tells.
    pub what: T,
    /// The entity tag of all that it writes.
    tag: String,
}

impl<T> Told<T> {
    /// The header by which exactly what was looked at is written.
    pub(super) fn etag(told: &Option<Told<T>>, dry_run: bool) -> Option<[(header::HeaderName, String); 1]> {
        told.as_ref().filter(|_| dry_run).map(|told| [(header::ETAG, told.tag.clone())])
    }
}

/// Writes over what may be many things, if that is what was looked at. What the draft tells of itself is known also where
/// it is refused.
pub(super) async fn change_told<T: Send + Sync + 'static>(
    api: Shared,
    caller: Caller,
    what: &str,
    (dry_run, headers): (bool, &HeaderMap),
    draft: impl FnOnce(&mut Draft<'_>) -> Result<T, Refused> + Send + 'static,
) -> (Result<Done, Problem>, Option<Told<T>>) {
    let condition = match condition(headers) {
        Ok(condition) => condition,
        Err(problem) => return (Err(problem), None),
    };
    let told = Arc::new(OnceLock::new());
    let tell = told.clone();
    let done = change(api, caller, what.to_owned(), dry_run, move |wanted| {
        let what = draft(wanted)?;
        let _ = tell.set(Told { what, tag: wanted.tag() });
        if dry_run { Ok(()) } else { wanted.expect_looked_at(condition.as_ref()) }
    });
    (done.await, Arc::into_inner(told).and_then(OnceLock::into_inner))
}

/// Makes any change of the fleet on a thread that may wait for the disk.
pub(super) async fn change(
    api: Shared,
    caller: Caller,
    what: String,
    dry_run: bool,
    draft: impl FnOnce(&mut Draft<'_>) -> Result<(), Refused> + Send + 'static,
) -> Result<Done, Problem> {
    let wanted = Wanted { caller, what, dry_run, undoes: None };
    make(api, wanted, move |_, wanted| draft(wanted)).await
}

/// Takes a change back.
pub(super) async fn change_back(
    api: Shared,
    caller: Caller,
    number: i64,
    files: Vec<WrittenFile>,
    dry_run: bool,
) -> Result<Done, Problem> {
    let wanted = Wanted { caller, what: "POST /changes/{number}/undo".into(), dry_run, undoes: Some(number) };
    let who = wanted.caller.clone();
    let draft = move |editor: &Editor, draft: &mut Draft<'_>| {
        files.iter().try_for_each(|file| permit_at(&who, &file.entity, draft.serving()))?;
        draft.undo(editor, &files)
    };
    make(api, wanted, draft).await
}

/// So many phones are few.
const FEW: usize = 100;

/// A change that somebody wants.
struct Wanted {
    caller: Caller,
    what: String,
    dry_run: bool,
    undoes: Option<i64>,
}

async fn make(
    api: Shared,
    wanted: Wanted,
    draft: impl FnOnce(&Editor, &mut Draft<'_>) -> Result<(), Refused> + Send + 'static,
) -> Result<Done, Problem> {
    let waiting = Waiting(Arc::default());
    let far = waiting.0.clone();
    let made = make_told(api, wanted, far, draft).await;
    drop(waiting);
    made
}

/// The same for one who is told how far a look is.
async fn make_told(
    api: Shared,
    wanted: Wanted,
    far: Arc<HowFar>,
    draft: impl FnOnce(&Editor, &mut Draft<'_>) -> Result<(), Refused> + Send + 'static,
) -> Result<Done, Problem> {
    let board = api.board.clone();
    let made = blocking(move || {
        let Wanted { caller, what, dry_run, undoes } = wanted;
        let order = Order {
            who: &caller.name(),
            what: &what,
            may: &|edits, before, after| permit(&caller, edits, before, after),
            look: if dry_run { Some(&*far) } else { None },
            undoes,
        };
        api.editor.commit(&order, |wanted| draft(&api.editor, wanted))
    });
    let done = made.await??;
    // The board hears of the write in a moment; who asks at once how a phone stands is not told what was true before.
    if done.number.is_some() && done.phones.len() <= FEW {
        done.phones.iter().for_each(|mac| board.look_again(*mac));
    }
    Ok(done)
}

/// Says which of many writes it was.
fn in_bulk(from: &str, refused: Refused) -> Refused {
    let Some(write) = from.strip_suffix("/body") else { return refused };
    let named = |what: String| format!("{write}: {what}");
    match refused {
        Refused::NotThere(what) => Refused::NotThere(named(what)),
        Refused::Stale { what, now } => Refused::Stale { what: named(what), now },
        Refused::Unconditional(what) => Refused::Unconditional(named(what)),
        Refused::Conflict(what, errors) => Refused::Conflict(named(what), errors),
        other => other,
    }
}

/// Makes many writes, all or none.
#[utoipa::path(
    post,
    path = "/writes",
    tag = "writes",
    params(How),
    request_body = Bulk,
    responses(
        (
            status = 200,
            description = "What was written, or with `dry_run` what would come of it, which may be told as events.",
            content((Outcome = "application/json"), (String = "text/event-stream")),
        ),
    ),
)]
async fn bulk(
    State(api): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Asked(How { dry_run }): Asked<How>,
    Sent(bulk): Sent<Bulk>,
) -> Result<Response, Problem> {
    let wants = bulk.wants()?;
    let wanted = Wanted { caller, what: "POST /writes".into(), dry_run, undoes: None };
    Ok(commit(api, wanted, wants, &headers).await?.map_or_else(|events| events, answer))
}
