//! What a phone is sent, and where that comes from. Secrets are never in it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::aside;
use super::asked::Asked;
use super::looking::{As, Looking};
use super::{Caller, Problem, Shared};
use crate::access::Action;
use crate::catalogue::{Answer, FilePattern};
use crate::folder::{REVISION_KEY, known_key};
use crate::phone::without_passwords;
use crate::render::{RenderError, Renderer, Report, Reveal, RevisionKey, context_json, documents_of, explain, render};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(files))
        .routes(routes!(file))
        .routes(routes!(explained))
        .routes(routes!(context))
}

/// A file of a phone in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileRow {
    /// The name under which the phone asks for it.
    pub name: String,
    /// Its `Content-Type`.
    pub content_type: String,
    /// Tells whether its content changed, and not what is in it; none where it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Why it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A file of a phone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileText {
    /// The name under which the phone asks for it.
    pub name: String,
    /// Its `Content-Type`.
    pub content_type: String,
    /// The phone gets a binary file, of which this is the text form.
    pub binary: bool,
    /// What is in it; `‹secret:sip.password@201›` and the like stand for what is not shown.
    pub text: String,
}

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Problem {
        Problem::new("conflict", format!("the file cannot be made: {error}"))
    }
}

impl Looking {
    fn renderer<'a>(&'a self, url: &'a str, key: &'a RevisionKey, reveal: Reveal) -> Renderer<'a> {
        Renderer { templates: &self.serving.templates, url, token: None, key, reveal, changed_at: &|_| 0 }
    }

    /// A file by the phone's name for it, or by its handle in the catalogue.
    fn file(&self, wanted: &str) -> Result<(String, &FilePattern), Problem> {
        let files = documents_of(&self.subject);
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let is_it = |(name, file): &(String, &FilePattern)| name.eq_ignore_ascii_case(wanted) || file.name == wanted;
        let none =
            || Problem::new("not-found", format!("the phone has no file `{wanted}`; it has {}", names.join(", ")));
        files.into_iter().find(is_it).ok_or_else(none)
    }
}

/// The files of a phone.
#[utoipa::path(
    get,
    path = "/phones/{mac}/files",
    tag = "phones",
    params(("mac" = String, Path, description = "The phone."), As),
    responses(
        (status = 200, description = "All of them, in the order in which the phone asks.", body = Vec<FileRow>),
    ),
)]
async fn files(
    State(api): State<Shared>,
    caller: Caller,
    Path(mac): Path<String>,
    Asked(how): Asked<As>,
) -> Result<Json<Vec<FileRow>>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::Inspect, &mac, &how)?;
        let key = known_key(&api.state, REVISION_KEY).ok().flatten();
        let key = key.ok_or_else(|| Problem::new("trouble", "the key of revisions cannot be read"))?;
        let (resolved, url, key) = (looking.resolved()?, looking.subject.root.url(), RevisionKey::new(&*key));
        let with = looking.renderer(&url, &key, Reveal::Secrets);
        let row = |(name, file): (String, &FilePattern)| {
            let made = render(&resolved, file, &with).map(|document| document.revision);
            let why = made.as_ref().err().map(ToString::to_string);
            FileRow { name, content_type: file.content_type.to_string(), revision: made.ok(), why }
        };
        Ok(documents_of(&looking.subject).into_iter().map(row).collect())
    })
    .await
}

/// A file of a phone, as `offhook render` prints it.
#[utoipa::path(
    get,
    path = "/phones/{mac}/files/{name}",
    tag = "phones",
    params(
        ("mac" = String, Path, description = "The phone."),
        ("name" = String, Path, description = "The file's name as the phone asks for it."),
        As,
    ),
    responses(
        (status = 200, description = "What is in it, without secrets.", body = FileText),
    ),
)]
async fn file(
    State(api): State<Shared>,
    caller: Caller,
    Path((mac, name)): Path<(String, String)>,
    Asked(how): Asked<As>,
) -> Result<Json<FileText>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::Inspect, &mac, &how)?.without_raw();
        let (name, file) = looking.file(&name)?;
        let (url, key) = (looking.subject.root.url(), RevisionKey::fixed());
        let made = render(&looking.resolved()?, file, &looking.renderer(&url, &key, Reveal::Nothing))?;
        let text = without_passwords(&made.text()).into_owned();
        Ok(FileText { name, content_type: made.content_type.into(), binary: made.text.is_some(), text })
    })
    .await
}

/// Where each line of a phone's file comes from, as `offhook explain` tells it.
#[utoipa::path(
    get,
    path = "/phones/{mac}/files/{name}/explain",
    tag = "phones",
    params(
        ("mac" = String, Path, description = "The phone."),
        ("name" = String, Path, description = "The file's name as the phone asks for it."),
        As,
    ),
    responses(
        (status = 200, description = "Each line with what moves it, and what moves nothing.", body = Report),
    ),
)]
async fn explained(
    State(api): State<Shared>,
    caller: Caller,
    Path((mac, name)): Path<(String, String)>,
    Asked(how): Asked<As>,
) -> Result<Json<Report>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::Inspect, &mac, &how)?.without_raw();
        let (name, file) = looking.file(&name)?;
        if file.answer != Answer::Document {
            let what = format!("`{name}` leads the phone to its file and says nothing of it");
            return Err(Problem::new("not-found", what));
        }
        looking.resolved()?;
        let (url, key) = (looking.subject.root.url(), RevisionKey::fixed());
        let with = looking.renderer(&url, &key, Reveal::Nothing);
        let mut report = explain(&looking.subject, looking.band, looking.phase, file, &with)?;
        for line in &mut report.lines {
            line.text = without_passwords(&line.text).into_owned();
        }
        Ok(report)
    })
    .await
}

/// What templates see of a phone, as `offhook context` prints it.
#[utoipa::path(
    get,
    path = "/phones/{mac}/context",
    tag = "phones",
    params(("mac" = String, Path, description = "The phone."), As),
    responses(
        (status = 200, description = "What `docs/template-context.md` tells, without secrets.", body = Value),
    ),
)]
async fn context(
    State(api): State<Shared>,
    caller: Caller,
    Path(mac): Path<String>,
    Asked(how): Asked<As>,
) -> Result<Json<Value>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::Inspect, &mac, &how)?.without_raw();
        Ok(harmless(context_json(&looking.resolved()?, &looking.subject.root.url())))
    })
    .await
}

/// A value without the passwords of the addresses in it.
fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => without_passwords(&text).into(),
        Value::Array(items) => items.into_iter().map(harmless).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, harmless(value))).collect(),
        other => other,
    }
}
