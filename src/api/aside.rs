//! Work that takes a while, done aside from the threads that answer, and little of it at once: phones come first.

use axum::Json;
use tokio::sync::Semaphore;

use super::Problem;

/// So much of it is done at once; the rest waits.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Does what takes a while, and answers with what has come of it.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!("a request broke off: {error}");
        Problem::new("broken", "this is a mistake in offhook")
    };
    let _place = AT_ONCE.acquire().await.map_err(|error| broken(&error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))?.map(Json)
}
