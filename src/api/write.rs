//! Writes: one, or many that are made all or not at all; looked at before they are made, and taken back after it.

use axum::Json;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::place::{Names, Of, Place, PlaceKind};
use super::{Caller, Problem};
use crate::access::{Action, Target, own};
use crate::edit::shown::{is_hidden, is_kept_back};
use crate::edit::{Condition, Done, Draft, Mistake, Refused, place_name};
use crate::effect::Effect;
use crate::findings::{Finding, Level};
use crate::fleet::{Edit, Entity};
use crate::live::Serving;
use crate::phone::Mac;

/// How many phones are named in an answer.
const NAMED: usize = 20;

/// Something that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Want {
    /// `PUT`, `PATCH` or `DELETE`.
    pub method: Method,
    /// Where.
    pub kind: &'static PlaceKind,
    /// The names of its address.
    pub names: Names,
    /// What; nothing for `DELETE`.
    pub body: Option<Value>,
    /// What the writer has seen of it.
    pub condition: Option<Condition>,
    /// A site goes with all that is in it.
    pub recursive: bool,
    /// The pointer to the body in what was sent.
    pub from: String,
}

impl Want {
    /// Puts it into a draft.
    pub fn draft(&self, caller: &Caller, draft: &mut Draft<'_>) -> Result<(), Refused> {
        let mut body = match &self.body {
            Some(Value::Object(fields)) => fields.clone(),
            None if self.method == Method::DELETE => Map::new(),
            _ => return self.wrong(draft, "", "bad-value", "an object is expected"),
        };
        let is_phone = self.kind.of == Of::Phone && self.kind.inside.is_empty();
        let site = if is_phone { self.of_phone(draft, &mut body) } else { None };
        let place = match self.kind.at(
            &self.names,
            |mac| seen_of(caller, draft.serving(), draft.files_of(mac)),
            site.as_deref(),
        ) {
            Ok(place) => place,
            Err(Problem { status: 409, detail, errors, .. }) => return Err(Refused::Conflict(detail, errors)),
            Err(_) if is_phone && self.method == Method::PUT && site.is_none() && self.mac().is_some() => {
                return self.wrong(draft, "/site", "missing-field", "`site` is missing: a new phone needs one");
            }
            Err(problem) => return Err(Refused::NotThere(problem.detail)),
        };
        let Place { mut entity, inside } = place;
        // Before anything is told of what is there.
        permit_at(caller, &entity, draft.serving())?;
        let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
        let inside = draft.spelt(&entity, &inside)?;
        let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
        // What is stored already would be no write, and so could be guessed.
        if caller.writes_keys_only() && says_secret(&body, &inside.join("."), draft.serving()) {
            return Err(Refused::Forbidden("a user's token writes no secrets".to_owned()));
        }
        let is_there = draft.has(&entity)?;
        let makes_file = self.method == Method::PUT && inside.is_empty();
        let is_missing = if is_there {
            self.method == Method::DELETE && draft.value(&entity, &inside)?.is_none()
        } else {
            !makes_file
        };
        if is_missing {
            return Err(Refused::NotThere(format!("{} is not there", place_name(&entity, &inside))));
        }
        draft.expect(&entity, &inside, self.condition.as_ref())?;
        if let Some(site) = entity.site().filter(|_| !is_there && self.kind.of != Of::Site)
            && !draft.has(&Entity::Site(site.clone()))?
        {
            return self.no_site(draft, site);
        }
        if let Some(to) = site.filter(|to| is_there && entity.site() != Some(to)) {
            permit_at(caller, &Entity::Phone(to.clone(), Default::default()), draft.serving())?;
            if !draft.has(&Entity::Site(to.clone()))? {
                return self.no_site(draft, &to);
            }
            entity = move_to(draft, &entity, to)?;
        }
        draft.sent(&entity, &inside, self.from.clone(), body.clone().into(), self.method == Method::PUT);
        match (self.method == Method::DELETE, self.method == Method::PATCH) {
            (true, _) => self.remove(draft, &entity, &inside),
            (_, true) => draft.patch(&entity, &inside, body),
            _ => {
                // A file without a word in it is one, too.
                if !is_there {
                    draft.set(&entity, Some(String::new()))?;
                }
                draft.replace(&entity, &inside, &body)
            }
        }
    }

    /// Tells a mistake in what was sent; the others are looked for all the same.
    fn wrong(&self, draft: &mut Draft<'_>, at: &str, code: &str, what: &str) -> Result<(), Refused> {
        draft.tell(Mistake::at(format!("{}{at}", self.from), code, what));
        Ok(())
    }

    fn no_site(&self, draft: &mut Draft<'_>, site: &str) -> Result<(), Refused> {
        let what = format!("there is no site named `{site}`");
        match self.kind.of {
            Of::Phone => self.wrong(draft, "/site", "unknown-site", &what),
            _ => Err(Refused::NotThere(what)),
        }
    }

    fn mac(&self) -> Option<Mac> {
        self.names.get("mac")?.parse().ok()
    }

    /// The site that a phone shall be in, where that is said; its own MAC may be said as well.
    fn of_phone(&self, draft: &mut Draft<'_>, body: &mut Map<String, Value>) -> Option<CompactString> {
        let mut wrong = |at: &str, what: &str| draft.tell(Mistake::at(format!("{}{at}", self.from), "bad-value", what));
        let is_own = |mac: &Value| mac.as_str().and_then(|mac| mac.parse().ok()) == self.mac();
        if body.shift_remove("mac").is_some_and(|mac| !is_own(&mac)) {
            wrong("/mac", "`mac` is not that of the address: a phone's MAC does not change");
        }
        match body.shift_remove("site")? {
            Value::String(site) if Entity::is_name(&site) => Some(site.into()),
            _ => {
                wrong("/site", "`site` must be the name of a site");
                None
            }
        }
    }

    fn remove(&self, draft: &mut Draft<'_>, entity: &Entity, inside: &[&str]) -> Result<(), Refused> {
        let site = match (entity, inside) {
            (Entity::Site(site), []) => site,
            (Entity::Root, []) => {
                let what = "the fleet itself is not taken away: take away its sites, or its settings";
                return Err(Refused::Conflict(what.into(), Vec::new()));
            }
            _ => return draft.remove(entity, inside),
        };
        // Some may be made or taken away by the same write.
        let all = draft.files_in(site)?;
        let others = all.len().saturating_sub(1);
        if others > 0 && !self.recursive {
            let what =
                format!("the site `{site}` has {others} lines and phones; with `recursive` they are taken away too");
            return Err(Refused::Conflict(what, Vec::new()));
        }
        all.iter().try_for_each(|entity| draft.remove(entity, &[]))
    }
}

/// Whether a body says a secret, and not only that it stays.
fn says_secret(body: &Map<String, Value>, at: &str, serving: &Serving) -> bool {
    body.iter().any(|(name, value)| {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        let is_secret = is_kept_back(&path, value, &serving.world.catalogue.vocabulary);
        let below = value.as_object().is_some_and(|fields| says_secret(fields, &path, serving));
        is_secret && !is_hidden(value) || !is_secret && below
    })
}

/// A phone's file in another site.
fn move_to(draft: &mut Draft<'_>, from: &Entity, to: CompactString) -> Result<Entity, Refused> {
    let Entity::Phone(_, stem) = from else { return Ok(from.clone()) };
    let moved = Entity::Phone(to, stem.clone());
    let text = draft.text(from)?.map(str::to_owned);
    draft.set(&moved, text)?;
    draft.set(from, None)?;
    Ok(moved)
}

/// Whether somebody may write to a file at all.
pub(super) fn permit_at(caller: &Caller, entity: &Entity, serving: &Serving) -> Result<(), Refused> {
    let action = if caller.writes_keys_only() { Action::WriteKeys } else { Action::Write };
    let lines = lines_of(serving, entity).unwrap_or_default();
    caller.may(action, &target(entity, &lines)).map_err(denied)
}

fn denied(problem: Problem) -> Refused {
    match problem {
        Problem { status: 404, detail, .. } => Refused::NotThere(detail),
        Problem { detail, .. } => Refused::Forbidden(detail),
    }
}

/// Whether somebody may make edits: those files, and what is another in them.
pub(super) fn permit(caller: &Caller, edits: &[Edit], before: &Serving, after: &Serving) -> Result<(), Refused> {
    let mut not_allowed = Vec::new();
    for edit in edits {
        let Edit { entity, before: was, after: will_be } = edit;
        let lines = lines_of(before, entity).or_else(|| lines_of(after, entity)).unwrap_or_default();
        // A file that comes or goes is more than its keys.
        let is_kept = was.is_some() && will_be.is_some();
        let action = if caller.writes_keys_only() && is_kept { Action::WriteKeys } else { Action::Write };
        caller.may(action, &target(entity, &lines)).map_err(denied)?;
        let table = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<toml::Table>().ok());
        let site = entity.site().and_then(|site| before.world.site(site).or_else(|| after.world.site(site)));
        let (was, Some(will_be)) = (table(was), table(will_be)) else { continue };
        let draft = own::Draft { site: site.map(|site| &**site), before: was.as_ref(), after: &will_be };
        not_allowed.extend(
            own::not_allowed(&caller.0, &draft).iter().map(|what| format!("{}: {what}", entity.path().display())),
        );
    }
    if not_allowed.is_empty() { Ok(()) } else { Err(Refused::Forbidden(not_allowed.join("; "))) }
}

/// Of several files of one phone those that somebody sees; where they see none the first, which they may not.
pub(super) fn seen_of(caller: &Caller, serving: &Serving, mut files: Vec<Entity>) -> Vec<Entity> {
    let sees = |file: &Entity| caller.sees(&target(file, &lines_of(serving, file).unwrap_or_default()));
    if files.len() > 1 {
        let first = files[0].clone();
        files.retain(sees);
        if files.is_empty() {
            files.push(first);
        }
    }
    files
}

/// The lines of a phone that an entity is; none where it is no phone, or none that is served.
pub(super) fn lines_of(serving: &Serving, entity: &Entity) -> Option<Vec<String>> {
    let Entity::Phone(_, stem) = entity else { return None };
    let phone = serving.world.phone(stem.parse().ok()?)?;
    Some(phone.lines.iter().map(|(name, _)| name.to_string()).collect())
}

/// An entity as what is asked about, where it has these lines.
pub(super) fn target<'a>(entity: &'a Entity, lines: &'a [String]) -> Target<'a> {
    match Target::file(entity) {
        Target::Phone { site, .. } => Target::Phone { site, lines: lines.iter().map(String::as_str).collect() },
        other => other,
    }
}

/// The condition of a request's headers.
///
/// # Errors
/// A header that is none.
pub(super) fn condition(headers: &HeaderMap) -> Result<Option<Condition>, Problem> {
    let text = |name: header::HeaderName| -> Result<Option<&str>, Problem> {
        let Some(value) = headers.get(&name) else { return Ok(None) };
        let bad = || Problem::new("bad-request", format!("{name} is not readable"));
        value.to_str().map(|text| Some(text.trim())).map_err(|_| bad())
    };
    match (text(header::IF_MATCH)?, text(header::IF_NONE_MATCH)?) {
        (Some(tags), _) => Ok(Some(if_match(tags)?)),
        (None, Some("*")) => Ok(Some(Condition::NotThere)),
        (None, Some(_)) => {
            Err(Problem::new("bad-request", "If-None-Match of a write is `*`: it must not be there yet"))
        }
        (None, None) => Ok(None),
    }
}

/// What `If-Match` says.
///
/// # Errors
/// It is no list of entity tags.
pub(super) fn if_match(text: &str) -> Result<Condition, Problem> {
    if text == "*" {
        return Ok(Condition::There);
    }
    // An empty list is one, too: nothing is as it says.
    let tags = text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
    let tags: Vec<String> = tags.collect();
    let is_tag = |tag: &String| tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
    match tags.iter().all(is_tag) {
        true => Ok(Condition::Is(tags)),
        false => {
            Err(Problem::new("bad-request", "If-Match is a list of entity tags as ETag told them, with their quotes"))
        }
    }
}

/// Something doubtful that is written all the same.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Doubt {
    /// `warning` or `note`.
    pub level: Level,
    /// What.
    #[serde(flatten)]
    pub what: Mistake,
}

impl From<&Finding> for Doubt {
    fn from(finding: &Finding) -> Doubt {
        Doubt { level: finding.level, what: Mistake::of(finding, None) }
    }
}

/// The phones that a write reaches.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reached {
    /// How many may get another file.
    pub count: usize,
    /// The first of them.
    #[schema(value_type = Vec<String>)]
    pub first: Vec<Mac>,
}

/// What a write has done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Written {
    /// Its number, by which it can be taken back; none where all was like that already.
    pub number: Option<i64>,
    /// The files of the fleet that are others now.
    pub files: Vec<String>,
    /// The phones that it reaches.
    pub phones: Reached,
    /// What is doubtful now, and was not.
    pub doubts: Vec<Doubt>,
}

/// What a write would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WouldDo {
    /// The files of the fleet that would be others.
    pub files: Vec<String>,
    /// What would be doubtful, and is not.
    pub doubts: Vec<Doubt>,
    /// What would become of phones.
    pub effect: Effect,
}

/// What has come of a write, or would come of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Outcome {
    /// It is written.
    Written(Written),
    /// It was only looked at.
    WouldDo(WouldDo),
}

/// What has come of a write, or would come of it.
pub(super) fn outcome(done: Done) -> Outcome {
    let (files, doubts) = (files(&done), done.doubts.iter().map(Doubt::from).collect());
    match done.effect {
        Some(effect) => Outcome::WouldDo(WouldDo { files, doubts, effect }),
        None => {
            let first = done.phones.iter().take(NAMED).copied().collect();
            let phones = Reached { count: done.phones.len(), first };
            Outcome::Written(Written { number: done.number, files, phones, doubts })
        }
    }
}

/// The same as a response.
pub(super) fn answer(done: Done) -> Response {
    Json(outcome(done)).into_response()
}

fn files(done: &Done) -> Vec<String> {
    done.entities.iter().map(|entity| entity.path().display().to_string()).collect()
}
