//! A stream that ends itself when its peer takes too long.
//!
//! hyper can limit one thing, the time for a header, and makes a new timer for each request. Watching the bytes go by
//! tells more: a request that trickles in, an answer that nobody takes and a connection that is merely silent are
//! three different waits. One timer per connection serves them all, and it is touched only when the connection really
//! has to wait; a request that comes in one piece and an answer that leaves in one never see it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use super::Limits;
use super::crowd::Seat;
use super::heard::Hearing;

/// A stream on top of a TCP connection.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {
    /// The connection underneath.
    fn tcp(&mut self) -> &mut TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&mut self) -> &mut TcpStream {
        self
    }
}

impl Socket for TlsStream<Hearing> {
    fn tcp(&mut self) -> &mut TcpStream {
        &mut self.get_mut().0.tcp
    }
}

/// What a connection is waiting for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// A request has begun, or the first one is due.
    Request,
    /// An answer is on its way out.
    Write,
    /// Nothing is owed by either side.
    Idle,
}

/// The stream with its clock.
pub(super) struct Timed<S> {
    stream: S,
    limits: Limits,
    seat: Arc<Seat>,
    wait: Wait,
    /// The end of the present wait; set when the peer first keeps us waiting.
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Why reading failed. hyper takes an error between two requests for a quiet end and would drop it, and with it the
    /// alert of a phone that does not trust the certificate.
    failure: Option<io::Error>,
}

impl<S: Socket> Timed<S> {
    pub(super) fn new(stream: S, limits: Limits, seat: Arc<Seat>) -> Timed<S> {
        Timed { stream, limits, seat, wait: Wait::Request, deadline: None, timer: None, failure: None }
    }

    /// The stream, and why reading from it failed, if it did.
    pub(super) fn into_parts(self) -> (S, Option<io::Error>) {
        (self.stream, self.failure)
    }

    fn enter(&mut self, wait: Wait) {
        if self.wait != wait {
            self.wait = wait;
            self.deadline = None;
        }
    }

    /// Called whenever the stream is not ready: goes on waiting, or fails if this wait is over.
    fn keep_waiting<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let limit = match self.wait {
            Wait::Request => self.limits.header,
            Wait::Write => self.limits.write,
            Wait::Idle => self.limits.idle,
        };
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + limit);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A timer set for too early is left to ring in vain: on a busy connection that is cheaper than moving it.
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= deadline {
                return Poll::Ready(Err(self.cut()));
            }
            timer.as_mut().reset(deadline);
        }
    }

    fn cut(&mut self) -> io::Error {
        let reason = match self.wait {
            Wait::Request => "the request did not arrive in time",
            Wait::Write => {
                // Otherwise the kernel would hold the unread rest for minutes.
                let _ = self.stream.tcp().set_zero_linger();
                "the answer was not read in time"
            }
            Wait::Idle => "the connection was idle for too long",
        };
        io::Error::new(io::ErrorKind::TimedOut, reason)
    }
}

impl<S: Socket> AsyncRead for Timed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => read,
            Poll::Pending => ready!(this.keep_waiting(cx)),
        };
        if let Err(err) = read {
            let kind = err.kind();
            this.failure = Some(err);
            return Poll::Ready(Err(kind.into()));
        }
        if this.wait == Wait::Idle && buffer.filled().len() > before {
            this.enter(Wait::Request);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Timed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.enter(Wait::Write);
        match Pin::new(&mut this.stream).poll_write(cx, buffer) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => this.keep_waiting(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.enter(Wait::Write);
        match Pin::new(&mut this.stream).poll_write_vectored(cx, buffers) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => this.keep_waiting(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_flush(cx) {
            Poll::Ready(result) => {
                // hyper flushes when it has nothing left to write, and it writes an answer in one go.
                if this.wait == Wait::Write {
                    this.enter(Wait::Idle);
                    this.seat.wait();
                }
                Poll::Ready(result)
            }
            Poll::Pending => this.keep_waiting(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_shutdown(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => this.keep_waiting(cx),
        }
    }
}
