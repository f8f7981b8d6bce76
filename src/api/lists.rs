//! Lists of sites, lines and phones: in order, a page at a time, and only what the caller sees.

use axum::Json;
use axum::extract::{Path, State};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::aside;
use super::asked::Asked;
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::phone::Mac;

/// The most entries of a page.
const MAX_PAGE: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(sites)).routes(routes!(lines)).routes(routes!(phones))
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Where the next page begins, for `after`; none: this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// What comes after this entry: `next` of the page before.
    pub after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: usize,
}

/// So many entries where nothing is said.
pub(super) fn page() -> usize {
    100
}

/// Sees to it that so many entries may be asked for at once.
pub(super) fn within_page(limit: usize) -> Result<(), Problem> {
    let wrong = || Problem::new("bad-request", format!("`limit` is from 1 to {MAX_PAGE}"));
    (1..=MAX_PAGE).contains(&limit).then_some(()).ok_or_else(wrong)
}

/// A page of entries that are in order, each with the name by which it is found again.
pub(super) fn paged<T>(
    entries: impl Iterator<Item = (String, T)>,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<T>, Problem> {
    within_page(limit)?;
    let mut entries = entries.skip_while(|(name, _)| after.is_some_and(|after| name.as_str() <= after)).peekable();
    let (mut items, mut last) = (Vec::new(), None);
    while items.len() < limit {
        let Some((name, item)) = entries.next() else { break };
        last = Some(name);
        items.push(item);
    }
    let next = entries.peek().and(last);
    Ok(Page { items, next })
}

/// A site in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteRow {
    /// Its name.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// The operator's table of feature codes.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_codes: Option<CompactString>,
}

/// A line in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineRow {
    /// Its site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// Its name, usually its number.
    #[schema(value_type = String)]
    pub line: CompactString,
    /// What phones show for it.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// The layout over which its own keys lie.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<CompactString>,
}

/// A phone in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhoneRow {
    /// Its MAC.
    #[schema(value_type = String)]
    pub mac: Mac,
    /// Its site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// Its model.
    #[schema(value_type = String)]
    pub model: CompactString,
    /// Its lines, the first is primary.
    #[schema(value_type = Vec<String>)]
    pub lines: Vec<CompactString>,
    /// How many expansion modules it has.
    pub modules: usize,
}

/// Sites.
#[utoipa::path(
    get,
    path = "/sites",
    tag = "sites",
    params(Paging),
    responses(
        (status = 200, description = "A page of the sites that the token sees.", body = Page<SiteRow>),
    ),
)]
async fn sites(
    State(api): State<Shared>,
    caller: Caller,
    Asked(Paging { after, limit }): Asked<Paging>,
) -> Result<Json<Page<SiteRow>>, Problem> {
    let serving = api.now();
    let seen = serving.world.sites().filter(|site| caller.may_know_of(&site.id));
    let rows = seen.map(|site| {
        let feature_codes = site.feature_codes.as_ref().map(|(name, _)| name.clone());
        (site.id.to_string(), SiteRow { site: site.id.clone(), feature_codes })
    });
    Ok(Json(paged(rows, after.as_deref(), limit)?))
}

/// Which lines.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LineFilter {
    /// Only those with this text in their number or name, in any case.
    q: Option<String>,
    /// Only those with this layout.
    layout: Option<String>,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// The lines of a site.
#[utoipa::path(
    get,
    path = "/sites/{site}/lines",
    tag = "lines",
    params(("site" = String, Path, description = "The site."), LineFilter),
    responses(
        (status = 200, description = "A page of the lines that the token sees.", body = Page<LineRow>),
    ),
)]
async fn lines(
    State(api): State<Shared>,
    caller: Caller,
    Path(site): Path<String>,
    Asked(LineFilter { q, layout, after, limit }): Asked<LineFilter>,
) -> Result<Json<Page<LineRow>>, Problem> {
    aside(move || {
        let serving = api.now();
        if serving.world.site(&site).is_none() || !caller.may_know_of(&site) {
            return Err(Problem::not_found());
        }
        let vocabulary = &serving.world.catalogue.vocabulary;
        let seen =
            serving.world.lines_of(&site).filter(|line| caller.sees(&Target::Line { site: &site, line: &line.name }));
        let rows = seen.map(|line| LineRow {
            site: line.site.clone(),
            line: line.name.clone(),
            name: line.shown_name(vocabulary).clone(),
            layout: line.layout.as_ref().map(|(name, _)| name.clone()),
        });
        let is_wanted = |row: &LineRow| {
            has(&[&row.line, &row.name], q.as_deref())
                && layout.as_ref().is_none_or(|wanted| row.layout.as_deref() == Some(wanted.as_str()))
        };
        let mut rows: Vec<(String, LineRow)> = rows.filter(is_wanted).map(|row| (row.line.to_string(), row)).collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        paged(rows.into_iter(), after.as_deref(), limit)
    })
    .await
}

/// Which phones.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PhoneFilter {
    /// Only those of this site.
    site: Option<String>,
    /// Only those of this model.
    model: Option<String>,
    /// Only those of this family.
    family: Option<String>,
    /// Only those with this line.
    line: Option<String>,
    /// Only those with this text in their MAC or in one of their lines' numbers, in any case.
    q: Option<String>,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// Phones.
#[utoipa::path(
    get,
    path = "/phones",
    tag = "phones",
    params(PhoneFilter),
    responses(
        (status = 200, description = "A page of the phones that the token sees.", body = Page<PhoneRow>),
    ),
)]
async fn phones(
    State(api): State<Shared>,
    caller: Caller,
    Asked(filter): Asked<PhoneFilter>,
) -> Result<Json<Page<PhoneRow>>, Problem> {
    aside(move || {
        let serving = api.now();
        let world = &serving.world;
        let family = |model: &str| world.catalogue.models.get(model).map(|model| model.family.as_str());
        let is =
            |wanted: &Option<String>, value: Option<&str>| wanted.as_deref().is_none_or(|wanted| value == Some(wanted));
        let stored = world.macs().filter_map(|mac| world.phone(mac));
        let seen = stored.filter(|phone| caller.sees(&Target::phone(phone)));
        let wanted = seen.filter(|phone| {
            let lines = || phone.lines.iter().map(|(name, _)| name.as_str());
            let words: Vec<&str> = lines().collect();
            is(&filter.site, Some(&phone.site))
                && is(&filter.model, Some(&phone.model.0))
                && is(&filter.family, family(&phone.model.0))
                && filter.line.as_ref().is_none_or(|line| lines().any(|name| name == line))
                && (has(&words, filter.q.as_deref()) || has(&[&phone.mac.to_string()], filter.q.as_deref()))
        });
        let rows = wanted.map(|phone| {
            let row = PhoneRow {
                mac: phone.mac,
                site: phone.site.clone(),
                model: phone.model.0.clone(),
                lines: phone.lines.iter().map(|(name, _)| name.clone()).collect(),
                modules: phone.modules.0.count(),
            };
            (phone.mac.to_string(), row)
        });
        paged(rows, filter.after.as_deref(), filter.limit)
    })
    .await
}

/// Whether a text is in one of some words, in any case.
pub(super) fn has(words: &[&str], text: Option<&str>) -> bool {
    text.is_none_or(|text| words.iter().any(|word| word.to_lowercase().contains(&text.to_lowercase())))
}

impl Caller {
    /// Whether a site is in their lists: they see it, or something in it.
    pub(super) fn may_know_of(&self, site: &str) -> bool {
        !matches!(self.may(Action::See, &Target::Site(site)), Err(Problem { status: 404, .. }))
    }
}
