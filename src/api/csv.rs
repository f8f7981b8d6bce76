//! Phones, lines and keys as tables for spreadsheets.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::blocking;
use super::asked::Asked;
use super::fleet::{Told, change_told};
use super::write::{Outcome, lines_of, outcome, target};
use super::{Caller, Problem, Shared};
use crate::access::Role;
use crate::fleet::Entity;
use crate::live::Serving;
use crate::tables::{Exporting, Hand, ImportReport, Separator, Table, export, import};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(export_table)).routes(routes!(import_table))
}

/// The tables by their names in addresses.
const FILES: [(&str, Table); 3] =
    [("phones.csv", Table::Phones), ("lines.csv", Table::Lines), ("keys.csv", Table::Keys)];

/// What is exported, and how it is written.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Export {
    /// Only of this site.
    site: Option<String>,
    /// What stands between cells.
    #[serde(default)]
    #[param(inline)]
    separator: Separator,
    /// With the mark by which Excel knows UTF-8.
    #[serde(default)]
    #[param(default = false)]
    bom: bool,
}

/// Phones, lines or keys as a table.
#[utoipa::path(
    get,
    path = "/export/{table}",
    tag = "tables",
    params(("table" = String, Path, description = "What the rows are."), Export),
    responses(
        (status = 200, description = "What the token sees, without secrets.", body = String, content_type = "text/csv"),
    ),
)]
async fn export_table(
    State(api): State<Shared>,
    caller: Caller,
    Path(file): Path<String>,
    Asked(Export { site, separator, bom }): Asked<Export>,
) -> Result<impl IntoResponse, Problem> {
    let (_, table) = FILES.into_iter().find(|(name, _)| *name == file).ok_or_else(Problem::not_found)?;
    let is_known = |site: &String| api.now().world.site(site).is_some() && caller.may_know_of(site);
    if !site.iter().all(is_known) {
        return Err(Problem::not_found());
    }
    let of = Exporting { table, site: site.map(CompactString::from), separator, bom };
    let made = blocking(move || {
        let serving = api.now();
        export(&api.editor, &of, &|entity| caller.sees_file(entity, &serving))
    });
    let text = made.await??;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text))
}

/// What is imported, and how.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Importing {
    /// What the rows are.
    #[param(inline)]
    table: Table,
    /// Only tell what it would do to which phones.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// What has come of an import.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Imported {
    /// What the rows add and change.
    #[schema(value_type = ImportReport)]
    pub report: Option<ImportReport>,
    /// What was written, or with `dry_run` what would come of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Puts a table into the fleet, all rows or none. What is wrong is told by row and column, such as `/rows/12/number`.
#[utoipa::path(
    post,
    path = "/import",
    tag = "tables",
    params(
        ("If-Match" = Option<String>, Header, description = "The ETag of a dry run: exactly what it told is written, or nothing; `*` takes whatever is there. Needed where it is no dry run."),
        Importing,
    ),
    request_body(content = String, content_type = "text/csv", description = "A row of names, and a row for each phone, line or key."),
    responses(
        (status = 200, description = "What was written, or with `dry_run` what would come of it.", body = Imported, headers(("ETag" = Option<String>, description = "Of a dry run: what it would write, for If-Match."))),
    ),
)]
async fn import_table(
    State(api): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Asked(Importing { table, dry_run }): Asked<Importing>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.map_err(|rejection| {
        let is_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Problem::new(if is_large { "too-large" } else { "bad-request" }, rejection.body_text())
    })?;
    caller.may_import(table)?;
    let who = caller.clone();
    let (done, told) = change_told(api, caller, "POST /import", (dry_run, &headers), move |draft| {
        let serving = draft.serving();
        let sees = |entity: &Entity| who.sees_file(entity, serving);
        import(draft, table, &body, Hand { sees: &sees, writes_secrets: !who.writes_keys_only() })
    })
    .await;
    let done = done.map_err(|mut problem| {
        let spots = told.as_ref().map(|told| &told.what.spots);
        spots.iter().for_each(|spots| spots.locate(&mut problem.errors));
        problem
    })?;
    let etag = Told::etag(&told, dry_run);
    Ok((etag, Json(Imported { report: told.map(|told| told.what.report), outcome: outcome(done) })))
}

impl Caller {
    /// Whether they may import a table at all: who could not write what it says could try secrets against what is stored.
    fn may_import(&self, table: Table) -> Result<(), Problem> {
        match (&self.0.role, table) {
            (Role::Admin {} | Role::Operator { .. }, _) | (Role::User { .. }, Table::Keys) => Ok(()),
            (Role::User { .. }, _) => {
                Err(Problem::new("forbidden", "a user's token imports the keys of its lines only"))
            }
            (Role::Reader { .. }, _) => Err(Problem::new("forbidden", "a reader's token changes nothing")),
        }
    }

    /// Whether they see a file; of a site, whether they see anything in it.
    fn sees_file(&self, entity: &Entity, serving: &Serving) -> bool {
        match entity {
            Entity::Site(site) => self.may_know_of(site),
            entity => self.sees(&target(entity, &lines_of(serving, entity).unwrap_or_default())),
        }
    }
}
