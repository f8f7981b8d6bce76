//! What the log says, and what it must never say.

use tokio::io::AsyncWriteExt;

use crate::house::{House, SHORT, material, patient, rest};
use crate::log::Log;
use offhook::server::Limits;

/// What this thread logs at any level.
fn start() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::TRACE));
    (log, guard)
}

#[tokio::test]
async fn a_failed_handshake_is_logged_with_its_peer_and_reason() {
    let (log, _guard) = start();
    let folder = tempfile::tempdir().unwrap();
    let house = House::tls(&material(folder.path()), Limits { handshake: SHORT, ..patient() }).await;
    let mut slow = house.connect().await;
    let slow_peer = slow.local_addr().unwrap();
    assert_eq!(rest(&mut slow).await, "");
    let mut plain = house.connect().await;
    let plain_peer = plain.local_addr().unwrap();
    plain.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut Vec::new()).await;
    let log = log.text();
    for (peer, reason) in
        [(slow_peer, "it took too long"), (plain_peer, "received corrupt message of type InvalidContentType")]
    {
        let line = format!("tls handshake failed peer={peer} listener=0 reason={reason}");
        assert!(log.contains(&line), "{line}\n{log}");
    }
}

#[tokio::test]
async fn no_target_header_or_body_is_logged() {
    let (log, _guard) = start();
    let house = House::plain(Limits { header: SHORT, ..patient() }).await;
    let requests = [
        "GET /~s3cret/a.cfg?s3cret HTTP/1.0\r\nAuthorization: s3cret\r\n\r\n",
        "GET /~s3cret/<a>.cfg HTTP/1.1\r\nAuthorization: s3cret\r\n\r\n",
        "GET /~s3cret HTTP/1.1\r\ns3cret without colon\r\n\r\n",
        "GET /~s3cret HTTP/1.1\r\nContent-Length: s3cret\r\n\r\n",
        "GET /~s3cret HTTP/1.1\r\nContent-Length: 10\r\n\r\ns3cret",
        "GET /~s3cret HTTP/1.1\r\nX: s3cret",
    ];
    for request in requests {
        house.exchange(request.as_bytes()).await;
    }
    let log = log.text();
    assert!(log.contains("connection ended early"), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}
