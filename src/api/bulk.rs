//! Many writes as one request has them.

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Problem;
use super::place::find;
use super::write::{Want, if_match};
use crate::edit::{Condition, Mistake, Refused};

/// So many writes are made at once: others wait for them.
const MAX_WRITES: usize = 10_000;

/// Many writes, made all or not at all, one after the other.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// The writes, at most 10,000.
    pub writes: Vec<BulkWrite>,
}

/// One of many writes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkWrite {
    /// What to do.
    pub method: BulkMethod,
    /// Where, below `/api/v1`, such as `/sites/acme/lines/201/keys/3`.
    pub path: String,
    /// What to write; nothing for `DELETE`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub body: Option<Value>,
    /// As the header `If-Match`: the entity tag that you have seen.
    #[serde(default)]
    pub if_match: Option<String>,
    /// It must not be there yet.
    #[serde(default)]
    pub if_none_match: bool,
    /// A site goes with its lines and phones.
    #[serde(default)]
    pub recursive: bool,
}

/// What one of many writes does.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub enum BulkMethod {
    /// Makes it say this and nothing else.
    #[serde(rename = "PUT")]
    Put,
    /// Puts a JSON Merge Patch into it.
    #[serde(rename = "PATCH")]
    Patch,
    /// Takes it away.
    #[serde(rename = "DELETE")]
    Delete,
}

impl Bulk {
    /// The writes, if all of them name a place.
    pub(super) fn wants(self) -> Result<Vec<Want>, Problem> {
        if self.writes.len() > MAX_WRITES {
            let what =
                format!("{} writes are wanted, and at the most {MAX_WRITES} are made at once", self.writes.len());
            return Err(Refused::Mistakes(vec![Mistake::at("/writes", "too-many", what)]).into());
        }
        let mut mistakes = Vec::new();
        let wants = self.writes.into_iter().enumerate().filter_map(|(at, write)| match write.want(at) {
            Ok(want) => Some(want),
            Err(problem) => {
                mistakes.push(Mistake::at(format!("/writes/{at}"), "bad-write", problem.detail));
                None
            }
        });
        let wants: Vec<Want> = wants.collect();
        if mistakes.is_empty() { Ok(wants) } else { Err(Refused::Mistakes(mistakes).into()) }
    }
}

impl BulkWrite {
    fn want(self, at: usize) -> Result<Want, Problem> {
        let BulkWrite { method, path, body, if_match: tags, if_none_match, recursive } = self;
        let (kind, names) = find(&path)
            .ok_or_else(|| Problem::new("not-found", format!("`{path}` is no address that can be written")))?;
        let method = match method {
            BulkMethod::Put => Method::PUT,
            BulkMethod::Patch => Method::PATCH,
            BulkMethod::Delete => Method::DELETE,
        };
        let condition = match tags {
            Some(tags) => Some(if_match(&tags)?),
            None => if_none_match.then_some(Condition::NotThere),
        };
        Ok(Want { method, kind, names, body, condition, recursive, from: format!("/writes/{at}/body") })
    }
}
