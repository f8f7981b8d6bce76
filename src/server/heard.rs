//! What a client says during the handshake, kept until it is over: of a client that TLS refuses nothing else remains.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most that is kept: a greeting is a few hundred bytes, a certificate behind it one or two thousand.
const MOST_BYTES: usize = 8 * 1024;

/// The first bytes of a client; shared with the [`Hearing`] stream.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Option<Vec<u8>>>>);

impl Heard {
    /// What came until now; nothing more is kept from here on.
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    fn hear(&self, bytes: &[u8]) {
        if let Some(heard) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            heard.extend_from_slice(&bytes[..bytes.len().min(MOST_BYTES - heard.len())]);
        }
    }
}

/// A connection that is listened to until its handshake is over.
pub(super) struct Hearing {
    pub(super) tcp: TcpStream,
    heard: Option<Heard>,
}

impl Hearing {
    pub(super) fn new(tcp: TcpStream) -> (Hearing, Heard) {
        let heard = Heard(Arc::new(Mutex::new(Some(Vec::new()))));
        (Hearing { tcp, heard: Some(heard.clone()) }, heard)
    }

    /// The handshake is over.
    pub(super) fn stop(&mut self) {
        self.heard = None;
    }
}

impl AsyncRead for Hearing {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.tcp).poll_read(cx, buffer);
        if let Some(heard) = &this.heard {
            heard.hear(&buffer.filled()[before..]);
        }
        read
    }
}

impl AsyncWrite for Hearing {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}
