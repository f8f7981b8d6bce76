//! Bodies that are watched: one of a request has to arrive in time, and one of an answer keeps its connection.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::crowd::Seat;

/// Somebody is being answered until this is dropped.
pub(super) struct Busy(Arc<Seat>);

impl Busy {
    /// Whoever sits there has asked for something.
    pub(super) fn new(seat: Arc<Seat>) -> Busy {
        seat.begin();
        Busy(seat)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// A body with its watch.
pub(super) struct Watched<B> {
    body: B,
    deadline: Option<Pin<Box<Sleep>>>,
    _busy: Option<Busy>,
}

impl<B> Watched<B> {
    /// A body that fails if it is not there by then.
    pub(super) fn until(deadline: Instant, body: B) -> Watched<B> {
        Watched { body, deadline: Some(Box::pin(sleep_until(deadline))), _busy: None }
    }

    /// A body of an answer to somebody.
    pub(super) fn by(busy: Busy, body: B) -> Watched<B> {
        Watched { body, deadline: None, _busy: Some(busy) }
    }
}

impl<B> Body for Watched<B>
where
    B: Body + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let this = self.get_mut();
        let is_late = this.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready());
        if is_late {
            return Poll::Ready(Some(Err("the body did not arrive in time".into())));
        }
        Pin::new(&mut this.body).poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test]
    async fn a_body_that_is_late_fails() {
        let body = || Full::new(bytes::Bytes::from_static(b"{}"));
        let now = Instant::now();
        let good = Watched::until(now + Duration::from_secs(60), body()).collect().await.unwrap();
        assert_eq!(good.to_bytes(), "{}");
        let late = Watched::until(now - Duration::from_secs(1), body()).collect().await.unwrap_err();
        assert_eq!(late.to_string(), "the body did not arrive in time");
    }
}
