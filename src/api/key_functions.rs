//! What a key can do: of a phone, or of a line on all phones of which it is the primary one.

use axum::Json;
use axum::extract::{Path, State};
use compact_str::CompactString;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::aside;
use super::asked::Asked;
use super::looking::{As, Looking};
use super::vocabulary::FunctionRow;
use super::{Api, Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::catalogue::{Class, Outcome};
use crate::fleet::Entity;
use crate::phone::{Area, Mac, Place};
use crate::resolve::{Possible, possible};
use crate::world::Subject;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(of_phone))
        .routes(routes!(of_line_key))
        .routes(routes!(of_line_soft_key))
        .routes(routes!(of_line_module_key))
}

/// What a key does with a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionOfKey {
    /// The function, and what it has to be told.
    #[serde(flatten)]
    pub function: FunctionRow,
    /// How well.
    pub outcome: Outcome,
    /// Why not better.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<CompactString>,
    /// What it would dial, with a number of the line's site where one is needed.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dials: Option<CompactString>,
}

impl FunctionOfKey {
    fn of(Possible { function, outcome, why, dials }: Possible) -> FunctionOfKey {
        FunctionOfKey { function: FunctionRow::of(function.info()), outcome, why, dials }
    }
}

/// What a key of a phone can do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhoneKey {
    /// Which key.
    pub place: String,
    /// Its class.
    pub class: Class,
    /// All functions.
    pub functions: Vec<FunctionOfKey>,
}

/// What a key of a line can do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineKey {
    /// Which key.
    pub place: String,
    /// What it can do on all phones that have it: each function as the one does it that does it worst. Empty where none has it.
    pub functions: Vec<FunctionOfKey>,
    /// The phones that have it and of which the line is the primary one; those that are alike together.
    pub on: Vec<OnPhones>,
    /// The other phones of which the line is the primary one.
    pub missing: Vec<MissingKey>,
}

/// What a key of a line can do on some phones.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OnPhones {
    /// The phones.
    #[schema(value_type = Vec<String>)]
    pub phones: Vec<Mac>,
    /// Their model.
    #[schema(value_type = String)]
    pub model: CompactString,
    /// Their firmware band.
    pub firmware: String,
    /// The key's class.
    pub class: Class,
    /// All functions.
    pub functions: Vec<FunctionOfKey>,
}

/// A phone that has not such a key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissingKey {
    /// The phone.
    #[schema(value_type = String)]
    pub phone: Mac,
    /// Why.
    pub why: String,
}

/// A key by its name.
fn place(name: &str) -> Result<Place, Problem> {
    let expected = || {
        let what = format!("`{name}` is not a key: 3, keys.3, soft_keys.1 or modules.1.keys.40 were expected");
        Problem::new("not-found", what)
    };
    Place::parse(name).filter(|place| place.position > 0 && place.area != Area::Module(0)).ok_or_else(expected)
}

/// The class of a key, or why the phone has not that key.
fn class_at(subject: &Subject, place: Place) -> Result<Class, String> {
    let why = || subject.no_place(place).map_or("there is no such key".to_owned(), |(_, what)| what);
    subject.class_at(place).ok_or_else(why)
}

/// What a key of a phone can do.
#[utoipa::path(
    get,
    path = "/phones/{mac}/keys/{place}/functions",
    tag = "keys",
    params(
        ("mac" = String, Path, description = "The phone."),
        ("place" = String, Path, description = "The key: `3`, `soft_keys.1`, `modules.1.keys.40`."),
        As,
    ),
    responses(
        (status = 200, description = "Each function, and how well the key does it.", body = PhoneKey),
    ),
)]
async fn of_phone(
    State(api): State<Shared>,
    caller: Caller,
    Path((mac, key)): Path<(String, String)>,
    Asked(how): Asked<As>,
) -> Result<Json<PhoneKey>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::See, &mac, &how)?;
        let place = place(&key)?;
        let class = class_at(&looking.subject, place).map_err(|why| Problem::new("not-found", why))?;
        let functions = possible(&looking.resolved()?, class).into_iter().map(FunctionOfKey::of).collect();
        Ok(PhoneKey { place: place.to_string(), class, functions })
    })
    .await
}

/// What a key of a line can do.
#[utoipa::path(
    get,
    path = "/sites/{site}/lines/{line}/keys/{key}/functions",
    tag = "keys",
    params(
        ("site" = String, Path, description = "The site."),
        ("line" = String, Path, description = "The line."),
        ("key" = String, Path, description = "The key's number."),
    ),
    responses(
        (status = 200, description = "Each function, on all phones of which the line is the primary one.", body = LineKey),
    ),
)]
async fn of_line_key(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, line, key)): Path<(String, String, String)>,
) -> Result<Json<LineKey>, Problem> {
    aside(move || of_line(&api, &caller, &site, &line, &format!("keys.{key}"))).await
}

/// What a soft key of a line can do.
#[utoipa::path(
    get,
    path = "/sites/{site}/lines/{line}/soft_keys/{key}/functions",
    tag = "keys",
    params(
        ("site" = String, Path, description = "The site."),
        ("line" = String, Path, description = "The line."),
        ("key" = String, Path, description = "The soft key's number."),
    ),
    responses(
        (status = 200, description = "Each function, on all phones of which the line is the primary one.", body = LineKey),
    ),
)]
async fn of_line_soft_key(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, line, key)): Path<(String, String, String)>,
) -> Result<Json<LineKey>, Problem> {
    aside(move || of_line(&api, &caller, &site, &line, &format!("soft_keys.{key}"))).await
}

/// What a key of a line on an expansion module can do.
#[utoipa::path(
    get,
    path = "/sites/{site}/lines/{line}/modules/{module}/keys/{key}/functions",
    tag = "keys",
    params(
        ("site" = String, Path, description = "The site."),
        ("line" = String, Path, description = "The line."),
        ("module" = String, Path, description = "The module's number."),
        ("key" = String, Path, description = "The key's number, counted through the module's pages."),
    ),
    responses(
        (status = 200, description = "Each function, on all phones of which the line is the primary one.", body = LineKey),
    ),
)]
async fn of_line_module_key(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, line, module, key)): Path<(String, String, String, String)>,
) -> Result<Json<LineKey>, Problem> {
    aside(move || of_line(&api, &caller, &site, &line, &format!("modules.{module}.keys.{key}"))).await
}

fn of_line(api: &Api, caller: &Caller, site: &str, line: &str, key: &str) -> Result<LineKey, Problem> {
    caller.may(Action::See, &Target::Line { site, line })?;
    let (place, serving) = (place(key)?, api.now());
    if !serving.world.has_line(site, line) {
        return Err(Problem::not_found());
    }
    let mut answer = LineKey { place: place.to_string(), functions: Vec::new(), on: Vec::new(), missing: Vec::new() };
    let is_primary = |mac: &Mac| {
        let first = serving.world.phone(*mac).and_then(|phone| phone.lines.first());
        first.is_some_and(|(name, _)| name == line)
    };
    let using = serving.world.phones_using(&Entity::Line(site.into(), line.into()));
    for mac in using.into_iter().filter(is_primary) {
        let looking = match Looking::of(api, serving.clone(), mac, &As::default()) {
            Ok(looking) => looking,
            Err(problem) => {
                answer.missing.push(MissingKey { phone: mac, why: problem.detail });
                continue;
            }
        };
        let found = class_at(&looking.subject, place)
            .and_then(|class| answer.put(&looking, class).map_err(|problem| problem.detail));
        answer.missing.extend(found.err().map(|why| MissingKey { phone: mac, why }));
    }
    for on in &answer.on {
        worst(&mut answer.functions, &on.functions);
    }
    Ok(answer)
}

impl LineKey {
    /// Adds a phone to those that are like it.
    fn put(&mut self, looking: &Looking, class: Class) -> Result<(), Problem> {
        let Subject { model, maker, phone, .. } = &looking.subject;
        let firmware = maker.family.bands.name(looking.band);
        let is_alike = |on: &&mut OnPhones| on.model == model.id && on.firmware == firmware && on.class == class;
        if let Some(on) = self.on.iter_mut().find(is_alike) {
            on.phones.push(phone.mac);
            return Ok(());
        }
        let functions = possible(&looking.resolved()?, class).into_iter().map(FunctionOfKey::of).collect();
        let (phones, model) = (vec![phone.mac], model.id.clone());
        self.on.push(OnPhones { phones, model, firmware: firmware.to_owned(), class, functions });
        Ok(())
    }
}

/// Keeps of each function what is worse.
fn worst(functions: &mut Vec<FunctionOfKey>, others: &[FunctionOfKey]) {
    if functions.is_empty() {
        functions.extend_from_slice(others);
    }
    for (function, other) in functions.iter_mut().zip(others) {
        if other.outcome > function.outcome {
            function.clone_from(other);
        }
    }
}
