//! Events as they happen, for as long as whoever listens may.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use tokio::time::interval;
use tokio_stream::wrappers::IntervalStream;
use tokio_stream::{Stream, StreamExt, once};

use super::{Caller, Shared};
use crate::journal::now_secs;

/// How often it is looked whether a token is still good while nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// Tells events until there are no more, or the token of whoever listens is not good any more.
pub(super) fn told(
    api: Shared,
    caller: Caller,
    events: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (tokens, id) = (api.tokens.clone(), caller.0.id);
    // None is the end; none in it: there is nothing to tell.
    let events = events.map(|event| Some(Some(event))).chain(once(None));
    let looks = IntervalStream::new(interval(LOOK)).map(|_| Some(None));
    let while_good = events.merge(looks).take_while(move |next| next.is_some() && tokens.is_good(&id, now_secs()));
    Sse::new(while_good.filter_map(|next| next.flatten().map(Ok))).keep_alive(KeepAlive::default())
}
