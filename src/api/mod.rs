//! The administrator's API: REST below `/api/v1`, on a listener of its own.
//!
//! It reads what is served and writes the fleet's files (see [`edit`](crate::edit)): whoever edits by hand and whoever
//! calls the API work on the same. What clients see are types of their own, and the document of the API is made of them
//! and of the tables that routes are made of, so it tells what is so. Who may do what is said in [`access`](crate::access).

mod caller;
mod copy;
mod csv;
mod fleet;
mod listen;
mod lists;
mod openapi;
mod place;
mod problem;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;

pub use caller::Caller;
pub use listen::serve;
pub use openapi::document;
pub use problem::Problem;

use crate::access::AccessTokens;
use crate::edit::Editor;
use crate::live::{Live, Serving};

/// The longest body of a request, in bytes.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What the API works on.
pub struct Api {
    /// Who writes the fleet's files.
    pub editor: Arc<Editor>,
    /// Whose tokens are good.
    pub tokens: Arc<AccessTokens>,
    /// The server's state folder.
    pub state: PathBuf,
}

/// The API as its handlers hold it.
type Shared = Arc<Api>;

impl Api {
    fn live(&self) -> &Arc<Live> {
        self.editor.live()
    }

    fn now(&self) -> Arc<Serving> {
        self.live().now()
    }
}

/// All routes, each with its part of the document.
fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(lists::routes()).merge(fleet::routes()).merge(copy::routes()).merge(csv::routes())
}

/// The API as a service.
pub fn router(api: Api) -> Router {
    let (routes, _) = OpenApiRouter::new().nest("/api/v1", routes()).split_for_parts();
    routes
        .merge(openapi::pages())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new("method-not-allowed", "this address takes other methods"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(api))
}
