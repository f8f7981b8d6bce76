//! What is wrong or doubtful with the fleet.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Json;
use axum::extract::State;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside::aside;
use super::asked::Asked;
use super::lists::{Page, paged};
use super::looking::stored;
use super::{Caller, Problem, Shared};
use crate::access::{Action, Target};
use crate::check::{Depth, KnownNumbers, check_phone};
use crate::findings::{Finding, Level};
use crate::fleet::Entity;
use crate::live::Serving;
use crate::phone::Mac;

/// So many phones are looked into at once.
const DEEP: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(findings))
}

/// One thing that is wrong or doubtful.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FindingRow {
    /// The file, below the fleet's folder.
    pub file: String,
    /// The line in it, from 1; none where the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How grave it is.
    pub level: Level,
    /// A short stable name, the word that `accept` takes.
    pub code: &'static str,
    /// What is wrong, and what was expected.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Its owner has seen it.
    pub accepted: bool,
}

/// Which findings.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FindingFilter {
    /// Only those in the files of this site.
    site: Option<String>,
    /// Only those of this phone: in its own file, and with `deep` in all that it is made of.
    phone: Option<String>,
    /// Only those that are so grave.
    level: Option<Level>,
    /// Only those with this code.
    code: Option<String>,
    /// Those too that their owner has seen.
    #[serde(default)]
    #[param(default = false)]
    accepted: bool,
    /// Make the files of that phone, or of all phones of that site, and tell what only they can tell.
    #[serde(default)]
    #[param(default = false)]
    deep: bool,
    /// What comes after this entry: `next` of the page before.
    after: Option<String>,
    /// At the most so many entries.
    #[serde(default = "super::lists::page")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

/// What is wrong or doubtful.
#[utoipa::path(
    get,
    path = "/findings",
    tag = "findings",
    params(FindingFilter),
    responses(
        (status = 200, description = "A page of them, by file and line. What belongs to no site is told to those only who see the server.", body = Page<FindingRow>),
    ),
)]
async fn findings(
    State(api): State<Shared>,
    caller: Caller,
    Asked(filter): Asked<FindingFilter>,
) -> Result<Json<Page<FindingRow>>, Problem> {
    if caller.writes_keys_only() {
        caller.may(Action::Inspect, &Target::Server)?;
    }
    aside(move || {
        let serving = api.now();
        let found = filter.look(&serving, &caller)?;
        let mut rows: Vec<(String, Finding)> = found
            .into_iter()
            .filter(|finding| filter.wants(finding) && may_know(&caller, finding))
            .map(|finding| (name(&finding), finding))
            .collect();
        rows.sort();
        // A line whose phones are alike has the same finding for each of them.
        rows.dedup();
        let Page { items, next } = paged(rows.into_iter(), filter.after.as_deref(), filter.limit)?;
        Ok(Page { items: items.into_iter().map(FindingRow::of).collect(), next })
    })
    .await
}

impl FindingFilter {
    /// The findings among which those that are wanted are.
    fn look(&self, serving: &Serving, caller: &Caller) -> Result<Vec<Finding>, Problem> {
        let world = &serving.world;
        let (mut found, macs) = match (&self.phone, &self.site) {
            (Some(phone), _) => {
                let mac = stored(serving, caller, Action::Inspect, phone)?;
                (world.findings_of(&BTreeSet::from_iter(world.files_of(mac))), vec![mac])
            }
            (None, Some(site)) => {
                caller.may(Action::Inspect, &Target::Site(site))?;
                let macs = if self.deep { world.phones_using(&Entity::Site(site.as_str().into())) } else { Vec::new() };
                (serving.findings(), macs)
            }
            (None, None) if self.deep => {
                let what = "`deep` is for one `phone` or for one `site`: `offhook check` looks into all";
                return Err(Problem::new("bad-request", what));
            }
            (None, None) => (serving.findings(), Vec::new()),
        };
        if macs.len() > DEEP {
            let what =
                format!("the site has {} phones, and {DEEP} at the most are looked into: name a `phone`", macs.len());
            return Err(Problem::new("bad-request", what));
        }
        if self.deep {
            let known = KnownNumbers::of(world);
            let of_phones = macs.par_iter().map(|mac: &Mac| check_phone(serving, &known, *mac, Depth::Files));
            found.par_extend(of_phones.flatten());
        }
        Ok(found)
    }

    fn wants(&self, finding: &Finding) -> bool {
        let site = || Entity::at(&finding.file).and_then(|entity| entity.site().cloned());
        (self.accepted || !finding.accepted)
            && self.level.is_none_or(|level| finding.level == level)
            && self.code.as_ref().is_none_or(|code| finding.code == code)
            && self.site.as_ref().is_none_or(|wanted| site().is_some_and(|site| site == wanted.as_str()))
    }
}

/// Whether somebody may know of a finding; what belongs to no file of the fleet is the server's.
fn may_know(caller: &Caller, finding: &Finding) -> bool {
    let entity = Entity::at(&finding.file);
    let target = entity.as_ref().map_or(Target::Server, Target::file);
    caller.may(Action::Inspect, &target).is_ok()
}

/// A name by which a finding stands in its place in the list, and is found again.
fn name(finding: &Finding) -> String {
    let mut hasher = DefaultHasher::new();
    finding.hash(&mut hasher);
    let Finding { file, line, code, .. } = finding;
    format!("{}:{:06}:{code}:{:016x}", file.display(), line.unwrap_or_default(), hasher.finish())
}

impl FindingRow {
    fn of(finding: Finding) -> FindingRow {
        let Finding { file, line, level, code, what, hint, accepted } = finding;
        FindingRow { file: file.display().to_string(), line, level, code, what, hint, accepted }
    }
}
