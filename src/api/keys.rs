//! The keys of a phone: what each does, and where that is written.

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
use super::{Caller, Problem, Shared};
use crate::access::Action;
use crate::catalogue::{Class, Outcome};
use crate::fleet::Line;
use crate::phone::{Function, Place, key_at, without_passwords};
use crate::resolve::{Key, Origin};
use crate::world::Subject;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(keys))
}

/// Where a value is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WrittenIn {
    /// The layer: product, family, model, fleet, site, layout, line, phone or seed, with `fleet's family` and the like.
    pub layer: &'static str,
    /// The file.
    pub file: String,
    /// The line in it, from 1; none where the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl WrittenIn {
    pub(super) fn of(origin: Origin, subject: &Subject, line: Option<&Line>) -> WrittenIn {
        let at = (origin.at > 0).then_some(origin.at);
        WrittenIn { layer: origin.layer.name(), file: origin.file(subject, line), line: at }
    }
}

/// A key of a phone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyRow {
    /// Where it is: `keys.3`, `soft_keys.1`, `modules.1.keys.40`.
    pub place: String,
    /// Its class.
    pub class: Class,
    /// The page of the screen on which it is, from 1.
    pub page: u16,
    /// What it does.
    #[schema(value_type = String)]
    pub function: Function,
    /// The number that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The web address that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Which of the phone's lines it is or calls out on, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u8>,
    /// After how many seconds it forwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u16>,
    /// How well it does it.
    pub outcome: Outcome,
    /// Why not better.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<CompactString>,
    /// Its label as it is sent.
    #[schema(value_type = String)]
    pub label: CompactString,
    /// Where its function is written; none: nowhere, so it is what the model makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<WrittenIn>,
    /// Where its label is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_from: Option<WrittenIn>,
    /// Users of the line leave it as it is.
    pub locked: bool,
    /// Why nothing can be set here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
}

impl KeyRow {
    fn of(key: &Key<'_>, subject: &Subject) -> KeyRow {
        let primary = subject.primary().map(AsRef::as_ref);
        let asked = key.asked.map(|(what, _)| what);
        let line = match (asked, key.function) {
            (_, Function::None) => None,
            (Some(what), _) => Some(what.account()),
            // What a model makes of its first keys.
            (None, _) => u8::try_from(key.class_position).ok(),
        };
        let url = asked.and_then(|what| what.url.as_deref()).map(|url| without_passwords(url).into_owned());
        KeyRow {
            place: key.place.to_string(),
            class: key.class,
            page: key.page,
            function: key.function,
            number: asked.and_then(|what| what.number.as_ref()).map(ToString::to_string),
            url,
            line,
            seconds: asked.and_then(|what| what.seconds),
            outcome: key.outcome,
            why: key.why.clone(),
            label: key.label.clone(),
            from: key.asked.map(|(_, origin)| WrittenIn::of(origin, subject, primary)),
            label_from: key.label_origin.map(|origin| WrittenIn::of(origin, subject, primary)),
            locked: is_locked(subject, key.place),
            reserved: key.reserved.map(str::to_owned),
        }
    }
}

/// Whether the primary line or its layout locks a key.
fn is_locked(subject: &Subject, place: Place) -> bool {
    let Some(line) = subject.primary() else { return false };
    let layout = line.layout.as_ref().and_then(|(name, _)| subject.site.layouts.get(name));
    [Some(&line.keys), layout].into_iter().flatten().any(|keys| key_at(keys, place).is_some_and(|key| key.locked))
}

/// The keys of a phone.
#[utoipa::path(
    get,
    path = "/phones/{mac}/keys",
    tag = "keys",
    params(("mac" = String, Path, description = "The phone."), As),
    responses(
        (status = 200, description = "Every key that it has, set or not, in order.", body = Vec<KeyRow>),
    ),
)]
async fn keys(
    State(api): State<Shared>,
    caller: Caller,
    Path(mac): Path<String>,
    Asked(how): Asked<As>,
) -> Result<Json<Vec<KeyRow>>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::See, &mac, &how)?;
        let resolved = looking.resolved()?;
        Ok(resolved.all_keys().map(|key| KeyRow::of(key, &looking.subject)).collect())
    })
    .await
}
