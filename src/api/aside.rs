//! Work that waits for the disk or takes a while, done aside from the threads that answer.

use axum::Json;
use tokio::sync::Semaphore;

use super::Problem;

/// So much of what takes a while is done at once, for phones come first; the rest waits.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Does what may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))
}

/// Does what takes a while, and answers with what has come of it.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let _place = AT_ONCE.acquire().await.map_err(|error| broken(&error))?;
    blocking(work).await?.map(Json)
}

/// A mistake of ours ended a request.
fn broken(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!("a request broke off: {error}");
    Problem::new("broken", "this is a mistake in offhook; nothing is known to be written")
}
