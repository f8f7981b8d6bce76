//! From what is resolved to the bytes that a phone gets: view, template, the fleet's raw edits, and the file parsed
//! again in the phone's own syntax before anybody sees it.
//!
//! Nothing here opens a file or asks a clock: the same world gives the same bytes.

mod cache;
mod cipher;
mod document;
mod draft;
mod explain;
mod handsets;
mod pairing;
mod parameters;
mod providers;
mod revision;
mod scalars;
mod shared;
mod templates;
mod view;

pub use cache::{Cache, CacheFigures, CacheKey, MAX_CACHE_BYTES};
pub use cipher::encrypt;
pub use document::{
    Carried, Document, Draft, Made, RenderError, Renderer, Reveal, bootstrap, documents_of, render, with_token,
};
pub use draft::{Drafted, Drafter};
pub use explain::{EmptyKey, Explained, Explanation, Report, explain};
pub use pairing::{Unclaimed, pairing};
pub use parameters::Trouble;
pub use revision::RevisionKey;
pub use templates::Templates;
pub use view::{CONTRACT, Stamp, context_json};
