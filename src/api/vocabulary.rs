//! The words in which a fleet is written: settings, functions, tables of feature codes.

use axum::Json;
use axum::extract::{Path, State};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::Asked;
use super::lists::{Page, Paging, has, paged};
use super::looking::shown;
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::catalogue::{CODECS, Catalogue, Codes, How, Kind, Mapping, Scope, Setting, SettingId};
use crate::phone::{FUNCTIONS, Function, FunctionInfo, Group, Parameter};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(settings))
        .routes(routes!(functions))
        .routes(routes!(feature_codes))
        .routes(routes!(codes_of))
}

/// What the value of a setting may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Allowed {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer {
        /// The lowest.
        from: i64,
        /// The highest.
        to: i64,
    },
    /// One of some words.
    Enum {
        /// The words.
        values: Vec<String>,
    },
    /// A text.
    Text {
        /// So many characters at the most.
        max_length: usize,
    },
    /// A password; it is never shown.
    Secret {
        /// So many characters at the most.
        max_length: usize,
    },
    /// A host name or address.
    Host,
    /// An IPv4 address.
    Ipv4,
    /// An http or https address.
    Url,
    /// An IANA time zone.
    Timezone,
    /// A language tag.
    Language,
    /// An audio codec.
    Codec {
        /// The codecs.
        values: Vec<String>,
    },
    /// A phone number.
    Number,
}

impl Allowed {
    fn of(kind: &Kind) -> Allowed {
        match kind {
            Kind::Boolean => Allowed::Boolean,
            Kind::Integer(from, to) => Allowed::Integer { from: *from, to: *to },
            Kind::Enum(values) => Allowed::Enum { values: values.iter().map(CompactString::to_string).collect() },
            Kind::Text(max_length) => Allowed::Text { max_length: *max_length },
            Kind::Secret(max_length) => Allowed::Secret { max_length: *max_length },
            Kind::Host => Allowed::Host,
            Kind::Ipv4 => Allowed::Ipv4,
            Kind::Url => Allowed::Url,
            Kind::Timezone => Allowed::Timezone,
            Kind::Language => Allowed::Language,
            Kind::Codec => Allowed::Codec { values: CODECS.map(str::to_owned).to_vec() },
            Kind::Number => Allowed::Number,
        }
    }
}

/// A setting.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingRow {
    /// Its name; what begins with `sip.` stands in `sip`, all others in `settings`.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// What its value may be.
    #[serde(flatten)]
    pub allowed: Allowed,
    /// Its value is a list of such.
    pub list: bool,
    /// For what it is resolved: each line by itself, or the phone.
    pub scope: Scope,
    /// The group in which people look for it.
    #[schema(value_type = String)]
    pub group: CompactString,
    /// Who is shown it: standard, expert, admin.
    #[schema(value_type = String)]
    pub level: CompactString,
    /// OVHcloud's property.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovh: Option<CompactString>,
    /// What it is where nobody says anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The phone's user owns it: it is not reset where the fleet says nothing.
    pub personal: bool,
    /// What it does.
    #[schema(value_type = String)]
    pub description: CompactString,
    /// The families of which at least some phones have it.
    pub families: Vec<String>,
}

impl SettingRow {
    fn of(id: SettingId, setting: &Setting, catalogue: &Catalogue) -> SettingRow {
        let has = |(known, mapping): (SettingId, &Mapping)| known == id && !matches!(mapping.how, How::Unsupported(_));
        let families = catalogue
            .families
            .iter()
            .filter(|(_, maker)| maker.tables.as_ref().is_some_and(|tables| tables.mappings.iter().any(has)));
        SettingRow {
            name: setting.name.clone(),
            allowed: Allowed::of(&setting.kind),
            list: setting.list,
            scope: setting.scope,
            group: setting.group.clone(),
            level: setting.level.clone(),
            ovh: setting.ovh.clone(),
            default: setting.default.as_ref().map(shown),
            personal: setting.personal,
            description: setting.description.clone(),
            families: families.map(|(id, _)| id.to_string()).collect(),
        }
    }
}

/// Which settings.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SettingFilter {
    /// Only those that phones of this family have.
    family: Option<String>,
    /// Only those of this group.
    group: Option<String>,
    /// Only those of this level.
    level: Option<String>,
    /// Only those that are resolved for this.
    #[param(inline)]
    scope: Option<Scope>,
    /// Only those with this text in their name or description, in any case.
    q: Option<String>,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "super::lists::page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// The settings that a fleet may have.
#[utoipa::path(
    get,
    path = "/settings",
    tag = "catalogue",
    params(SettingFilter),
    responses(
        (status = 200, description = "A page of the vocabulary of settings.", body = Page<SettingRow>),
    ),
)]
async fn settings(
    State(api): State<Shared>,
    caller: Caller,
    Asked(filter): Asked<SettingFilter>,
) -> Result<Json<Page<SettingRow>>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    let catalogue = &api.now().world.catalogue;
    let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
    let wanted = catalogue.vocabulary.iter().filter(|(_, setting)| {
        is(&filter.group, &setting.group)
            && is(&filter.level, &setting.level)
            && filter.scope.is_none_or(|scope| scope == setting.scope)
            && has(&[&setting.name, &setting.description], filter.q.as_deref())
    });
    let rows = wanted.map(|(id, setting)| SettingRow::of(id, setting, catalogue));
    let rows = rows.filter(|row| filter.family.as_ref().is_none_or(|family| row.families.contains(family)));
    Ok(Json(paged(rows.map(|row| (row.name.to_string(), row)), filter.after.as_deref(), filter.limit)?))
}

/// A function of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionRow {
    /// Its name.
    #[schema(value_type = String)]
    pub function: Function,
    /// OVHcloud's code, which is taken too.
    pub ovh: &'static str,
    /// The group in which people look for it.
    pub group: Group,
    /// What it has to be told.
    pub parameter: Parameter,
}

impl FunctionRow {
    pub(super) fn of(info: &FunctionInfo) -> FunctionRow {
        let FunctionInfo { function, ovh, group, parameter, .. } = *info;
        FunctionRow { function, ovh, group, parameter }
    }
}

/// The functions that a key may have.
#[utoipa::path(
    get,
    path = "/functions",
    tag = "catalogue",
    responses(
        (status = 200, description = "All of them, in the order in which people read them.", body = Vec<FunctionRow>),
    ),
)]
async fn functions(caller: Caller) -> Result<Json<Vec<FunctionRow>>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    Ok(Json(FUNCTIONS.iter().map(FunctionRow::of).collect()))
}

/// A table of feature codes in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodesRow {
    /// Its name, which sites name.
    pub table: String,
    /// The operator.
    #[schema(value_type = String)]
    pub name: CompactString,
}

/// An operator's codes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodesShown {
    /// Its name, which sites name.
    pub table: String,
    /// The operator.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// What is dialled before the number of a ringing line to take its call.
    #[schema(value_type = Option<String>)]
    pub pickup: Option<CompactString>,
    /// The codes of functions.
    pub codes: Vec<CodesOfFunction>,
}

/// The codes of a function.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodesOfFunction {
    /// The function.
    #[schema(value_type = String)]
    pub function: Function,
    /// The whole of what is dialled, with `{number}` and `{seconds}`.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dial: Option<CompactString>,
    /// The same with a number of seconds.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_seconds: Option<CompactString>,
    /// Switches on.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<CompactString>,
    /// Switches off.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<CompactString>,
    /// Switches over.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toggle: Option<CompactString>,
}

/// The tables of feature codes that sites may name.
#[utoipa::path(
    get,
    path = "/feature_codes",
    tag = "catalogue",
    params(Paging),
    responses(
        (status = 200, description = "A page of them.", body = Page<CodesRow>),
    ),
)]
async fn feature_codes(
    State(api): State<Shared>,
    caller: Caller,
    Asked(Paging { after, limit }): Asked<Paging>,
) -> Result<Json<Page<CodesRow>>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    let serving = api.now();
    let tables = serving.world.catalogue.feature_codes.iter();
    let rows = tables.map(|(id, table)| (id.to_string(), CodesRow { table: id.to_string(), name: table.name.clone() }));
    Ok(Json(paged(rows, after.as_deref(), limit)?))
}

/// A table of feature codes.
#[utoipa::path(
    get,
    path = "/feature_codes/{table}",
    tag = "catalogue",
    params(("table" = String, Path, description = "The table's name.")),
    responses(
        (status = 200, description = "What is dialled for which function.", body = CodesShown),
    ),
)]
async fn codes_of(
    State(api): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CodesShown>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    let serving = api.now();
    let table = serving.world.catalogue.feature_codes.get(id.as_str()).ok_or_else(Problem::not_found)?;
    let codes = table.iter().map(|(function, codes)| {
        let Codes { dial, with_seconds, on, off, toggle } = codes.clone();
        CodesOfFunction { function, dial, with_seconds, on, off, toggle }
    });
    let codes = codes.collect();
    Ok(Json(CodesShown { table: id, name: table.name.clone(), pickup: table.pickup.clone(), codes }))
}
