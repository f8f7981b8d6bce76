//! What has come of a copy, and why something is left out.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::LineId;
use crate::edit::Mistake;
use crate::fleet::Entity;
use crate::phone::Place;

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skip {
    /// A short stable name: `not-found`, `forbidden`, `locked`, `layout`, or as `offhook check` has it.
    pub code: &'static str,
    /// Why.
    pub why: String,
}

impl Skip {
    /// There is no such line, or whoever asks may not know of it.
    pub const NOT_FOUND: &'static str = "not-found";
    /// Whoever asks may know of it, and may not write it.
    pub const FORBIDDEN: &'static str = "forbidden";

    /// Why something is left out.
    pub fn new(code: &'static str, why: impl Into<String>) -> Skip {
        Skip { code, why: why.into() }
    }

    pub(super) fn no_line(line: &LineId) -> Skip {
        Skip::new(Skip::NOT_FOUND, format!("there is no line `{line}`"))
    }
}

/// What has become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Did {
    /// It is like the source's now.
    Copied,
    /// It is gone, since the source has none there.
    Removed,
    /// It was like the source's already.
    Unchanged,
    /// It is as it was.
    Skipped,
}

/// A key of a target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CopiedKey {
    /// Where it is.
    #[schema(value_type = String)]
    pub place: Place,
    /// What has become of it.
    pub did: Did,
    /// Why it is left out.
    #[serde(flatten)]
    pub skip: Option<Skip>,
}

/// Which line: other fields stand beside these.
#[derive(ToSchema)]
#[schema(as = CopiedLineId)]
#[expect(dead_code, reason = "its schema is what is used")]
struct Named {
    /// The site.
    site: String,
    /// Its name in the site.
    line: String,
}

/// What has come of one target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CopiedLine {
    /// Which line.
    #[serde(flatten)]
    #[schema(value_type = Named)]
    pub line: LineId,
    /// How many phones have it as their primary line.
    pub phones: usize,
    /// Why all of it is left out.
    #[serde(flatten)]
    pub skip: Option<Skip>,
    /// Its keys.
    pub keys: Vec<CopiedKey>,
}

/// What has come of a copy: how many keys, and each of them.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CopyReport {
    /// Nothing was left out.
    pub complete: bool,
    /// Keys that are like the source's now.
    pub copied: usize,
    /// Keys that are gone.
    pub removed: usize,
    /// Keys that were like the source's already.
    pub unchanged: usize,
    /// Keys that are left out.
    pub skipped: usize,
    /// Lines that are left out as a whole.
    pub skipped_lines: usize,
    /// Every target with its keys.
    pub lines: Vec<CopiedLine>,
}

impl CopyReport {
    pub(super) fn of(lines: Vec<CopiedLine>) -> CopyReport {
        let count = |did: Did| lines.iter().flat_map(|line| &line.keys).filter(|key| key.did == did).count();
        let skipped_lines = lines.iter().filter(|line| line.skip.is_some()).count();
        let skipped = count(Did::Skipped);
        CopyReport {
            complete: skipped + skipped_lines == 0,
            copied: count(Did::Copied),
            removed: count(Did::Removed),
            unchanged: count(Did::Unchanged),
            skipped,
            skipped_lines,
            lines,
        }
    }

    /// What is left out, as mistakes of whoever wants all of it.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let of_line = |CopiedLine { line, skip, keys, .. }: &CopiedLine| {
            let of = |pointer: Option<String>, Skip { code, why }: &Skip| Mistake {
                pointer,
                file: Some(Entity::Line(line.site.clone(), line.line.clone()).path().display().to_string()),
                ..Mistake::at("", code, why.clone())
            };
            let pointer = |place: Place| Some(format!("/{}", place.to_string().replace('.', "/")));
            let whole = skip.iter().map(|skip| of(None, skip));
            let keys = keys.iter().filter_map(|key| Some(of(pointer(key.place), key.skip.as_ref()?)));
            whole.chain(keys).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(of_line).collect()
    }
}
