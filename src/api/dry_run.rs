//! Looking what a write would do, which may take a while: how far it is, and an end when nobody waits any more.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Problem;
use super::write::outcome;
use crate::edit::{Done, Look};

/// How often it is told how far it is.
const TELL: Duration = Duration::from_millis(250);

/// How far a look is.
#[derive(Debug, Default)]
pub(super) struct HowFar {
    done: AtomicUsize,
    of: AtomicUsize,
    nobody_waits: AtomicBool,
}

impl Look for HowFar {
    fn begins(&self, phones: usize) {
        self.of.store(phones, Ordering::Relaxed);
    }

    fn compared(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn is_awaited(&self) -> bool {
        !self.nobody_waits.load(Ordering::Relaxed)
    }
}

/// Somebody who waits; a look ends when this is dropped.
pub(super) struct Waiting(pub Arc<HowFar>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.nobody_waits.store(true, Ordering::Relaxed);
    }
}

/// The look as server-sent events: `progress` now and then, and `done` or `problem` at the end.
pub(super) fn told(
    far: Arc<HowFar>,
    looking: impl Future<Output = Result<Done, Problem>> + Send + 'static,
) -> Response {
    let (send, events) = mpsc::channel::<Result<Event, Infallible>>(4);
    tokio::spawn(async move {
        let _waiting = Waiting(far.clone());
        let mut looking = std::pin::pin!(looking);
        let mut ticks = tokio::time::interval(TELL);
        let last = loop {
            tokio::select! {
                found = &mut looking => break match found {
                    Ok(done) => event("done", &outcome(done)),
                    Err(problem) => event("problem", &problem),
                },
                () = send.closed() => return,
                _ = ticks.tick() => {
                    let (done, of) = (far.done.load(Ordering::Relaxed), far.of.load(Ordering::Relaxed));
                    // Whether it is right is found out before the first phone is looked at.
                    if of > 0 && send.send(Ok(event("progress", &json!({ "done": done, "of": of })))).await.is_err() {
                        return;
                    }
                }
            }
        };
        let _ = send.send(Ok(last)).await;
    });
    Sse::new(ReceiverStream::new(events)).keep_alive(KeepAlive::default()).into_response()
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    Event::default().event(name).json_data(data).unwrap_or_default()
}
