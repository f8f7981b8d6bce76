//! The settings that hold for a phone or a line, after all layers.

use axum::Json;
use axum::extract::{Path, State};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::aside;
use super::asked::Asked;
use super::keys::WrittenIn;
use super::lists::{Page, Paging, paged};
use super::looking::{As, Looking, shown};
use super::{Api, Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::catalogue::Scope;
use crate::fleet::{Entity, Line};
use crate::live::Serving;
use crate::phone::Mac;
use crate::resolve::{Resolved, ResolvedSetting};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(of_phone)).routes(routes!(of_line))
}

/// A setting as it holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Effective {
    /// Its name.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// Its value; `{"hidden": true}` for a secret. None: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Where that is written.
    pub from: WrittenIn,
    /// Why the phone has no such thing, so that it is not sent; none: it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

/// The settings that hold for a phone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhoneSettings {
    /// Those of the phone as a whole, which come through its primary line.
    pub settings: Vec<Effective>,
    /// Those of its accounts.
    pub accounts: Vec<AccountSettings>,
}

/// The settings that hold for an account of a phone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountSettings {
    /// Which account, from 1.
    pub account: usize,
    /// Its line.
    #[schema(value_type = String)]
    pub line: CompactString,
    /// Its settings.
    pub settings: Vec<Effective>,
}

/// The settings that hold for a line on a phone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineSettings {
    /// The phone.
    #[schema(value_type = String)]
    pub phone: Mac,
    /// Its model.
    #[schema(value_type = String)]
    pub model: CompactString,
    /// Which of its accounts the line is, from 1; the first is primary, and the phone's own settings come through it.
    pub account: usize,
    /// The settings of that account.
    pub settings: Vec<Effective>,
}

/// The settings of a scope.
fn effective(resolved: &Resolved<'_>, scope: Scope, of: &[ResolvedSetting<'_>], line: Option<&Line>) -> Vec<Effective> {
    let subject = resolved.subject;
    let known = subject.catalogue.vocabulary.iter().zip(of).filter(|((_, setting), _)| setting.scope == scope);
    let rows = known.map(|((id, setting), resolved_setting)| Effective {
        name: setting.name.clone(),
        value: resolved_setting.value.map(shown),
        from: WrittenIn::of(resolved_setting.origin, subject, line),
        lacks: resolved.lacks(id),
    });
    rows.collect()
}

fn accounts(resolved: &Resolved<'_>) -> Vec<AccountSettings> {
    let used = resolved.accounts.iter().enumerate().filter_map(|(at, account)| Some((at, account, account.line?)));
    let of = used.map(|(at, account, line)| AccountSettings {
        account: at + 1,
        line: line.name.clone(),
        settings: effective(resolved, Scope::Account, &account.settings, Some(line)),
    });
    of.collect()
}

/// The settings that hold for a phone.
#[utoipa::path(
    get,
    path = "/phones/{mac}/settings/effective",
    tag = "phones",
    params(("mac" = String, Path, description = "The phone."), As),
    responses(
        (status = 200, description = "All settings, those of each account by themselves.", body = PhoneSettings),
    ),
)]
async fn of_phone(
    State(api): State<Shared>,
    caller: Caller,
    Path(mac): Path<String>,
    Asked(how): Asked<As>,
) -> Result<Json<PhoneSettings>, Problem> {
    aside(move || {
        let looking = Looking::at(&api, &caller, Action::Inspect, &mac, &how)?;
        let resolved = looking.resolved()?;
        let primary = looking.subject.primary().map(AsRef::as_ref);
        let settings = effective(&resolved, Scope::Phone, &resolved.settings, primary);
        Ok(PhoneSettings { settings, accounts: accounts(&resolved) })
    })
    .await
}

/// The settings that hold for a line.
#[utoipa::path(
    get,
    path = "/sites/{site}/lines/{line}/settings/effective",
    tag = "lines",
    params(
        ("site" = String, Path, description = "The site."),
        ("line" = String, Path, description = "The line."),
        Paging,
    ),
    responses(
        (status = 200, description = "A page of the phones that have the line, with its settings there.", body = Page<LineSettings>),
    ),
)]
async fn of_line(
    State(api): State<Shared>,
    caller: Caller,
    Path((site, line)): Path<(String, String)>,
    Asked(Paging { after, limit }): Asked<Paging>,
) -> Result<Json<Page<LineSettings>>, Problem> {
    aside(move || {
        caller.may(Action::Inspect, &Target::Line { site: &site, line: &line })?;
        let serving = api.now();
        if !serving.world.has_line(&site, &line) {
            return Err(Problem::not_found());
        }
        let using = serving.world.phones_using(&Entity::Line(site.as_str().into(), line.as_str().into())).into_iter();
        let Page { items, next } = paged(
            using.filter(|mac| has_line(&serving, *mac, &line)).map(|mac| (mac.to_string(), mac)),
            after.as_deref(),
            limit,
        )?;
        let on = items.into_iter().filter_map(|mac| on_phone(&api, &serving, mac, &line));
        Ok(Page { items: on.collect(), next })
    })
    .await
}

fn has_line(serving: &Serving, mac: Mac, line: &str) -> bool {
    serving.world.phone(mac).is_some_and(|phone| phone.lines.iter().any(|(name, _)| name == line))
}

/// The settings of a line on a phone; none where the phone cannot be served, or has no room for the line.
fn on_phone(api: &Api, serving: &std::sync::Arc<Serving>, mac: Mac, line: &str) -> Option<LineSettings> {
    let looking = Looking::of(api, serving.clone(), mac, &As::default()).ok()?;
    let resolved = looking.resolved().ok()?;
    let AccountSettings { account, settings, .. } =
        accounts(&resolved).into_iter().find(|account| account.line == line)?;
    Some(LineSettings { phone: mac, model: looking.subject.model.id.clone(), account, settings })
}
