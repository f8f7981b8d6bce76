//! A layout made of a line's keys.

use compact_str::CompactString;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Held, source, yes};
use crate::access::LineId;
use crate::edit::places::{What, put, spelt};
use crate::edit::{Draft, Refused};
use crate::fleet::Entity;

/// A layout to be made of a line's keys.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLayout {
    /// The line of the site whose keys they are.
    #[schema(value_type = String)]
    pub line: CompactString,
    /// Which of them.
    #[serde(default)]
    pub what: What,
    /// With their labels.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub labels: bool,
}

/// Makes a layout of a line's keys, which stay the line's own.
///
/// # Errors
/// There is no such line, or there is such a layout already.
pub fn make_layout(draft: &mut Draft<'_>, site: &str, layout: &str, wanted: &NewLayout) -> Result<(), Refused> {
    let from = LineId { site: site.into(), line: wanted.line.clone() };
    let keys = source(&draft.serving().world, &from)?;
    let (entity, path) = (Entity::Site(site.into()), ["layouts", layout]);
    if draft.value(&entity, &["layouts"])?.is_some_and(|layouts| layouts.get(layout).is_some()) {
        return Err(Refused::Conflict(format!("the layout `{layout}` is there already"), Vec::new()));
    }
    let mut made = Map::new();
    for (place, held) in keys.into_iter().filter(|(place, held)| wanted.what.has(*place) && *held != Held::default()) {
        let mut fields = held.fields(wanted.labels);
        fields.retain(|_, value| !value.is_null());
        put(&mut made, &spelt(&Value::Null, place), fields.into());
    }
    draft.patch(&entity, &path, made)
}
