//! How often the API is called.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Calls by what was called and what came of it; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Family<Call, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    /// As the router has it, with names where a caller writes values; empty where there is none.
    route: String,
    method: &'static str,
    status: u16,
}

impl Calls {
    /// The same service, of which every call is counted.
    pub fn count(&self, router: Router) -> Router {
        let calls = self.0.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let calls = calls.clone();
            async move {
                let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
                let (route, method) = (route.unwrap_or_default(), name(request.method()));
                let response = next.run(request).await;
                calls.get_or_create(&Call { route, method, status: response.status().as_u16() }).inc();
                response
            }
        }))
    }

    /// Shows what was counted.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("api_requests", "Calls of the API by route, method and HTTP status", self.0.clone());
    }
}

/// A method may be any word, so others have no name.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
