//! The API's document, and the page on which people browse it. Neither needs a token, and the page loads nothing from
//! elsewhere.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::Value;
use utoipa_swagger_ui::{Config, SwaggerUi};

const DOCUMENT: &str = "/api/v1/openapi.json";
const PAGE: &str = "/api/v1/docs";

/// The document, its page, and the way to it from where people look first.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(document: Value) -> Router<S> {
    // A validator elsewhere would be sent the document's address.
    let config = Config::from(DOCUMENT).validator_url("none").doc_expansion("none").try_it_out_enabled(true);
    let page: Router<S> = SwaggerUi::new(PAGE).config(config).external_url_unchecked(DOCUMENT, document).into();
    ["/", "/api", "/api/", "/api/v1", "/api/v1/"]
        .into_iter()
        .fold(page, |page, path| page.route(path, get(async || Redirect::to("/api/v1/docs/"))))
}
