//! Where a figure is known from, and how sure it is.

use compact_str::CompactString;
use serde::Serialize;

use crate::reader::Table;

/// How sure a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = FigureState)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A document of the maker or real traffic says so.
    Known,
    /// Only another provisioning server shows it.
    Peer,
    /// Concluded from what is known.
    Inferred,
}

/// Where a figure is known from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Source {
    /// How sure it is.
    pub state: State,
    /// The document or project.
    #[schema(value_type = String)]
    pub source: CompactString,
    /// What other sources say instead, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub disagreement: Option<CompactString>,
}

impl Source {
    /// Reads `state`, `source` and `disagreement`, of which the first two have to be there.
    pub fn read(table: &mut Table<'_, '_>) -> Source {
        let state = match table.required_text("state") {
            Some(word) => match word.value.as_str() {
                "known" => State::Known,
                "peer" => State::Peer,
                "inferred" => State::Inferred,
                other => {
                    let what = format!("`state` is `{other}`, but must be known, peer or inferred");
                    table.error("unknown-word", word.line, what);
                    State::Inferred
                }
            },
            None => State::Inferred,
        };
        let source = table.required_text("source").map(|at| at.value.into()).unwrap_or_default();
        Source { state, source, disagreement: table.text("disagreement").map(|at| at.value.into()) }
    }
}
