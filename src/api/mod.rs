//! The administrator's API: REST below `/api/v1`, on a listener of its own.
//!
//! It reads what is served and writes the fleet's files (see [`edit`](crate::edit)): whoever edits by hand and whoever
//! calls the API work on the same. What clients see are types of their own, and the document of the API is made of them
//! and of the tables that routes are made of, so it tells what is so. Who may do what is said in [`access`](crate::access).

mod aside;
mod asked;
mod bulk;
mod caller;
mod calls;
mod changes;
mod copy;
mod csv;
mod dry_run;
mod edge;
mod effective;
mod findings;
mod fleet;
mod key_functions;
mod keys;
mod listen;
mod lists;
mod looking;
mod models;
mod openapi;
mod page;
mod phone_files;
mod place;
mod problem;
mod resync;
mod status;
mod strangers;
mod tokens;
mod told;
mod vocabulary;
mod watched;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, map_response};
use utoipa_axum::router::OpenApiRouter;

pub use caller::Caller;
pub use calls::Calls;
pub use listen::{CONNECTIONS, serve};
pub use models::ModelShown;
pub use openapi::document;
pub use problem::Problem;

use crate::access::AccessTokens;
use crate::admit::Limits;
use crate::board::Board;
use crate::edit::Editor;
use crate::live::{Live, Serving};
use crate::resync::Jobs;

/// The longest body of a request, in bytes.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What the API works on.
pub struct Api {
    /// Who writes the fleet's files.
    pub editor: Arc<Editor>,
    /// Whose tokens are good.
    pub tokens: Arc<AccessTokens>,
    /// How phones stand.
    pub board: Arc<Board>,
    /// Who is asked to come.
    pub jobs: Jobs,
    /// The server's state folder.
    pub state: PathBuf,
    /// How often somebody may guess at a token.
    limits: Mutex<Limits>,
}

/// The API as its handlers hold it.
type Shared = Arc<Api>;

impl Api {
    /// The API of a server.
    pub fn new(editor: Arc<Editor>, tokens: Arc<AccessTokens>, board: Arc<Board>, jobs: Jobs, state: &Path) -> Api {
        Api { editor, tokens, board, jobs, state: state.to_owned(), limits: Mutex::default() }
    }

    fn live(&self) -> &Arc<Live> {
        self.editor.live()
    }

    fn now(&self) -> Arc<Serving> {
        self.live().now()
    }
}

/// All routes, each with its part of the document.
fn routes() -> OpenApiRouter<Shared> {
    let parts = [
        lists::routes(),
        fleet::routes(),
        changes::routes(),
        status::routes(),
        resync::routes(),
        strangers::routes(),
        tokens::routes(),
        models::routes(),
        vocabulary::routes(),
        findings::routes(),
        phone_files::routes(),
        keys::routes(),
        key_functions::routes(),
        effective::routes(),
        copy::routes(),
        csv::routes(),
    ];
    parts.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

/// The API as a service.
pub fn router(api: Api) -> Router {
    let document = document(&api.now().world.catalogue.vocabulary);
    let known = Arc::new(openapi::query_names(&document));
    let (routes, _) = OpenApiRouter::new().nest(fleet::PREFIX, routes()).split_for_parts();
    routes
        .route_layer(from_fn(move |request, next| edge::only_known(known.clone(), request, next)))
        .merge(page::routes(document))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new("method-not-allowed", "this address takes other methods"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(map_response(edge::finished))
        .with_state(Arc::new(api))
}
