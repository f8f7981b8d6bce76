//! What carries SIP: a socket for packets, or a stream with or without TLS, opened for one phone and closed after it.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio_rustls::TlsConnector;

use super::message::length;
use super::target::{Hop, Transport};

/// The longest packet.
const PACKET: usize = 65_535;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) enum Wire {
    Packets(UdpSocket),
    Stream { stream: Box<dyn Stream>, local: SocketAddr, came: BytesMut },
}

impl Wire {
    /// Opens the way to a hop, by the first of its addresses to which there is one.
    ///
    /// # Errors
    /// There is no such host, nobody listens there, or its certificate is not trusted.
    pub(super) async fn open(hop: &Hop, tls: &Arc<ClientConfig>) -> std::io::Result<Wire> {
        Wire::open_first(lookup_host((hop.host.as_str(), hop.port)).await?, hop, tls).await
    }

    async fn open_first(
        addresses: impl Iterator<Item = SocketAddr>,
        hop: &Hop,
        tls: &Arc<ClientConfig>,
    ) -> std::io::Result<Wire> {
        let mut last = Error::new(ErrorKind::NotFound, "it has no address");
        for to in addresses {
            match Wire::open_to(to, hop, tls).await {
                Ok(wire) => return Ok(wire),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn open_to(to: SocketAddr, hop: &Hop, tls: &Arc<ClientConfig>) -> std::io::Result<Wire> {
        if hop.transport == Transport::Udp {
            let any: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
            let socket = UdpSocket::bind(any).await?;
            socket.connect(to).await?;
            return Ok(Wire::Packets(socket));
        }
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let local = tcp.local_addr()?;
        let stream: Box<dyn Stream> = match hop.transport {
            Transport::Tls => {
                let name = ServerName::try_from(hop.host.to_string()).map_err(Error::other)?;
                Box::new(TlsConnector::from(tls.clone()).connect(name, tcp).await?)
            }
            _ => Box::new(tcp),
        };
        Ok(Wire::Stream { stream, local, came: BytesMut::new() })
    }

    /// The address at our side.
    pub(super) fn local(&self) -> std::io::Result<SocketAddr> {
        match self {
            Wire::Packets(socket) => socket.local_addr(),
            Wire::Stream { local, .. } => Ok(*local),
        }
    }

    /// Whether what is sent arrives, or an error does.
    pub(super) fn is_reliable(&self) -> bool {
        matches!(self, Wire::Stream { .. })
    }

    pub(super) async fn send(&mut self, text: &str) -> std::io::Result<()> {
        match self {
            Wire::Packets(socket) => socket.send(text.as_bytes()).await.map(drop),
            Wire::Stream { stream, .. } => {
                stream.write_all(text.as_bytes()).await?;
                stream.flush().await
            }
        }
    }

    /// The next message. Nothing is lost when this is dropped and called again.
    ///
    /// # Errors
    /// It is broken; of the kind `InvalidData` where a stream holds no SIP.
    pub(super) async fn receive(&mut self) -> std::io::Result<Bytes> {
        let (stream, came) = match self {
            Wire::Packets(socket) => {
                let mut packet = BytesMut::with_capacity(PACKET);
                socket.recv_buf(&mut packet).await?;
                return Ok(packet.freeze());
            }
            Wire::Stream { stream, came, .. } => (stream, came),
        };
        loop {
            // Empty lines between messages keep a connection open.
            while came.first().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                let _ = came.split_to(1);
            }
            // A head is read anew with each piece; there are few.
            if let Some(length) =
                length(&Bytes::copy_from_slice(came)).map_err(|what| Error::new(ErrorKind::InvalidData, what))?
            {
                return Ok(came.split_to(length).freeze());
            }
            if stream.read_buf(came).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::trust::{self, Trust};

    #[tokio::test]
    async fn each_address_of_a_name_is_tried() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let heard = listener.local_addr().unwrap();
        let closed = {
            let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            socket.local_addr().unwrap()
        };
        let hop = Hop { host: "sip.example.org".into(), port: 5060, transport: Transport::Tcp };
        let tls = trust::config(Trust::Anybody).unwrap();
        let open = async |addresses: &[SocketAddr]| {
            let opened = Wire::open_first(addresses.iter().copied(), &hop, &tls).await;
            opened.map(drop).map_err(|error| error.kind())
        };
        assert_eq!(open(&[closed, heard]).await, Ok(()));
        assert_eq!(open(&[closed]).await, Err(ErrorKind::ConnectionRefused));
        assert_eq!(open(&[]).await, Err(ErrorKind::NotFound));
    }
}
