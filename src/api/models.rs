//! Models: what devices have, and where that is known from.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::Asked;
use super::lists::{Page, has, paged};
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::catalogue::{Class, Model, ModuleModel, Source, Width};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(models)).routes(routes!(model))
}

/// A model in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelRow {
    /// Its id, which phones name.
    #[schema(value_type = String)]
    pub model: CompactString,
    /// Its family.
    #[schema(value_type = String)]
    pub family: CompactString,
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// How many lines it can have.
    pub lines: u16,
    /// How many keys of its own.
    pub keys: u16,
    /// How many soft keys can be set.
    pub soft_keys: usize,
    /// How many expansion modules it takes.
    pub modules: u8,
}

/// What a model has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelShown {
    /// Its id, which phones name.
    #[schema(value_type = String)]
    pub id: CompactString,
    /// Its family.
    #[schema(value_type = String)]
    pub family: CompactString,
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// As it calls itself.
    #[schema(value_type = Vec<String>)]
    pub products: Vec<CompactString>,
    /// OVHcloud's brand id.
    #[schema(value_type = Option<String>)]
    pub ovh: Option<CompactString>,
    /// SIP accounts.
    pub lines: LinesShown,
    /// Its keys, in the order in which `keys` counts them.
    pub keys: Vec<KeysShown>,
    /// Its soft keys.
    pub soft_keys: Vec<SoftKeysShown>,
    /// How many characters of a label fit, by class of key; null where no source says. A class that is not here has no
    /// labels.
    #[schema(value_type = BTreeMap<String, Option<u16>>)]
    pub label_widths: BTreeMap<&'static str, Option<u16>>,
    /// Handsets of a DECT base.
    pub handsets: Option<HandsetsShown>,
    /// Expansion modules.
    pub modules: Option<ModulesShown>,
}

/// How many lines a model can have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinesShown {
    /// How many.
    pub count: u16,
    /// How many as long as no expansion module is plugged in, if that is fewer.
    pub without_modules: Option<u16>,
    /// No source tells how many there really are.
    pub at_least: bool,
    /// Where this is known from.
    pub source: Source,
}

/// A group of keys of one class.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeysShown {
    /// Their class.
    pub class: Class,
    /// How many can be set.
    pub count: u16,
    /// How many are left once an expansion module is plugged in, if that is fewer.
    pub with_modules: Option<u16>,
    /// No source tells how many there really are.
    pub at_least: bool,
    /// How many a page of the screen shows.
    pub per_page: Option<u16>,
    /// Where this is known from.
    pub source: Source,
}

/// A group of soft keys of one class.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SoftKeysShown {
    /// Their class.
    pub class: Class,
    /// Their numbers.
    pub slots: Vec<u16>,
    /// They have labels, if those of their class have.
    pub labels: bool,
    /// Where this is known from.
    pub source: Source,
}

/// The handsets that a DECT base can have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HandsetsShown {
    /// How many at the most.
    pub max: u16,
    /// Where this is known from.
    pub source: Source,
}

/// The expansion modules that a model takes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModulesShown {
    /// How many at the most.
    pub max: u8,
    /// Which; the first is the default.
    #[schema(value_type = Vec<String>)]
    pub models: Vec<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

/// A model, and the expansion modules that it takes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelWithModules {
    /// The model.
    #[serde(flatten)]
    pub model: ModelShown,
    /// What the expansion modules have that it takes.
    pub module_models: Vec<ModuleShown>,
}

/// What an expansion module has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModuleShown {
    /// Its id, which phones name.
    #[schema(value_type = String)]
    pub id: CompactString,
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: CompactString,
    /// The class of its keys.
    pub class: Class,
    /// How many keys it has, those counted that cannot be set.
    pub keys: u16,
    /// How many of them a page shows.
    pub keys_per_page: u16,
    /// How many characters of a label fit; null where it has none, or no source says.
    pub label_width: Option<u16>,
    /// The keys that cannot be set.
    pub reserved: Vec<u16>,
    /// Where this is known from.
    pub source: Source,
}

fn characters(width: Width) -> Option<u16> {
    match width {
        Width::Characters(width) => Some(width),
        Width::Unknown => None,
    }
}

impl ModelShown {
    /// What a model has.
    pub fn of(model: &Model) -> ModelShown {
        let keys = model.keys.iter().map(|group| KeysShown {
            class: group.class,
            count: group.count,
            with_modules: group.with_modules,
            at_least: group.at_least,
            per_page: group.per_page,
            source: group.source.clone(),
        });
        let soft_keys = model.soft_keys.iter().map(|group| SoftKeysShown {
            class: group.class,
            slots: group.slots.clone(),
            labels: group.labels,
            source: group.source.clone(),
        });
        let handsets =
            |slots: &crate::catalogue::HandsetSlots| HandsetsShown { max: slots.max, source: slots.source.clone() };
        let modules = |slots: &crate::catalogue::ModuleSlots| ModulesShown {
            max: slots.max,
            models: slots.models.clone(),
            source: slots.source.clone(),
        };
        ModelShown {
            id: model.id.clone(),
            family: model.family.clone(),
            name: model.name.clone(),
            products: model.products.clone(),
            ovh: model.ovh.clone(),
            lines: LinesShown {
                count: model.lines.count,
                without_modules: model.lines.without_modules,
                at_least: model.lines.at_least,
                source: model.lines.source.clone(),
            },
            keys: keys.collect(),
            soft_keys: soft_keys.collect(),
            label_widths: model.labels.iter().map(|(class, width)| (class.name(), characters(*width))).collect(),
            handsets: model.handsets.as_ref().map(handsets),
            modules: model.modules.as_ref().map(modules),
        }
    }
}

impl ModuleShown {
    fn of(module: &ModuleModel) -> ModuleShown {
        ModuleShown {
            id: module.id.clone(),
            name: module.name.clone(),
            class: module.class,
            keys: module.key_count(),
            keys_per_page: module.keys_per_page,
            label_width: module.label_width.and_then(characters),
            reserved: module.reserved.iter().map(|(position, _)| *position).collect(),
            source: module.source.clone(),
        }
    }
}

/// Which models.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ModelFilter {
    /// Only those of this family.
    family: Option<String>,
    /// Only those with this text in their id, name or product, in any case.
    q: Option<String>,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "super::lists::page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// Models.
#[utoipa::path(
    get,
    path = "/models",
    tag = "catalogue",
    params(ModelFilter),
    responses(
        (status = 200, description = "A page of the models that are known.", body = Page<ModelRow>),
    ),
)]
async fn models(
    State(api): State<Shared>,
    caller: Caller,
    Asked(ModelFilter { family, q, after, limit }): Asked<ModelFilter>,
) -> Result<Json<Page<ModelRow>>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    let serving = api.now();
    let wanted = serving.world.catalogue.models.values().filter(|model| {
        let words: Vec<&str> =
            [&model.id, &model.name].into_iter().chain(&model.products).map(CompactString::as_str).collect();
        family.as_ref().is_none_or(|family| model.family == family.as_str()) && has(&words, q.as_deref())
    });
    let rows = wanted.map(|model| {
        let row = ModelRow {
            model: model.id.clone(),
            family: model.family.clone(),
            name: model.name.clone(),
            lines: model.lines.count,
            keys: model.key_count(),
            soft_keys: model.soft_slots().count(),
            modules: model.modules.as_ref().map_or(0, |slots| slots.max),
        };
        (model.id.to_string(), row)
    });
    Ok(Json(paged(rows, after.as_deref(), limit)?))
}

/// A model.
#[utoipa::path(
    get,
    path = "/models/{model}",
    tag = "catalogue",
    params(("model" = String, Path, description = "The model's id.")),
    responses(
        (status = 200, description = "What it has, with the sources of all figures.", body = ModelWithModules),
    ),
)]
async fn model(
    State(api): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ModelWithModules>, Problem> {
    caller.may(Action::See, &Target::Catalogue)?;
    let catalogue = &api.now().world.catalogue;
    let model = catalogue.models.get(id.as_str()).ok_or_else(Problem::not_found)?;
    let modules = model.modules.iter().flat_map(|slots| &slots.models).filter_map(|id| catalogue.modules.get(id));
    let module_models = modules.map(|module| ModuleShown::of(module)).collect();
    Ok(Json(ModelWithModules { model: ModelShown::of(model), module_models }))
}
