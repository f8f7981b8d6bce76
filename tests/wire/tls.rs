//! Certificates and handshakes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use offhook::server::{Limits, TlsError, TlsMaterial};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::house::{House, get, material, patient, plain_listener, rest, tls_listener, within};

/// A client that trusts the certificates in a file.
fn client(certificate: &Path, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for trusted in CertificateDer::pem_file_iter(certificate).unwrap() {
        roots.add(trusted.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

async fn connect(house: &House, client: &Arc<ClientConfig>, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::clone(client)).connect(name, house.connect().await).await
}

/// TLS over a connection that is there already, with the self-signed certificate in a folder.
pub async fn secured(stream: TcpStream, folder: &Path) -> TlsStream<TcpStream> {
    let client = client(&folder.join("self-signed.pem"), &[&TLS13]);
    let name = ServerName::try_from("localhost").unwrap();
    within(TlsConnector::from(client).connect(name, stream)).await.unwrap()
}

/// Fetches the tagged file over a new connection and tells how the handshake went.
async fn fetch(house: &House, client: &Arc<ClientConfig>) -> HandshakeKind {
    let mut stream = connect(house, client, "localhost").await.unwrap();
    stream.write_all(b"GET /tagged HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("tagged"));
    stream.get_ref().1.handshake_kind().unwrap()
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_sessions_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::tls(&material(folder.path()), patient()).await;
    for (version, name) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let client = client(&folder.path().join("self-signed.pem"), &[version]);
        let mut stream = connect(&house, &client, "127.0.0.1").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(name));
        let suite = stream.get_ref().1.negotiated_cipher_suite().unwrap();
        assert!(format!("{suite:?}").ends_with("AES_128_GCM_SHA256"), "{suite:?}");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        for _ in 0..2 {
            assert!(get(&mut stream, "/a").await.ends_with("listener=0 tls=true"));
        }
        fetch(&house, &client).await;
        assert_eq!(fetch(&house, &client).await, HandshakeKind::Resumed, "{name:?}");
    }
}

#[tokio::test]
async fn garbage_and_plain_http_do_not_disturb_a_tls_listener() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::tls(&material(folder.path()), patient()).await;
    for garbage in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x00\xff\x00\xff\x00\xff"] {
        let mut stream = house.connect().await;
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        // An alert may come back, a file never.
        let mut end = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut end).await;
        assert!(end.len() < 10, "{}", end.escape_ascii());
    }
    fetch(&house, &client(&folder.path().join("self-signed.pem"), &[&TLS13])).await;
    assert_eq!(house.toy.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn several_listeners_serve_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let listeners = vec![tls_listener(&material(folder.path())), plain_listener()];
    let house = House::with(listeners, patient()).await;
    fetch(&house, &client(&folder.path().join("self-signed.pem"), &[&TLS13])).await;
    let mut plain = TcpStream::connect(house.addresses[1]).await.unwrap();
    plain.write_all(b"GET /a HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut plain).await.ends_with("listener=1 tls=false"));
}

/// Writes a certificate and its key made for `localhost`, as an administrator's would be.
fn issue(folder: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join(format!("{name}.pem")), made.cert.pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
}

fn copy(folder: &Path, from: &str, to: &str) {
    fs::copy(folder.join(from), folder.join(to)).unwrap();
}

#[tokio::test]
async fn a_new_certificate_is_served_from_the_next_handshake_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "old");
    issue(folder, "new");
    copy(folder, "old.pem", "used.pem");
    copy(folder, "old.key", "used.key");
    let material = Arc::new(TlsMaterial::load(folder.join("used.pem"), folder.join("used.key")).unwrap());
    let house = House::tls(&material, patient()).await;
    let trusts_new = client(&folder.join("new.pem"), &[&TLS13]);
    assert!(connect(&house, &trusts_new, "localhost").await.is_err());
    assert!(!material.reload().unwrap());

    // Halfway through the exchange the two files don't belong together.
    copy(folder, "new.pem", "used.pem");
    assert!(matches!(material.reload(), Err(TlsError::Mismatch { .. })));
    fetch(&house, &client(&folder.join("old.pem"), &[&TLS13])).await;

    copy(folder, "new.key", "used.key");
    assert!(material.reload().unwrap());
    fetch(&house, &trusts_new).await;
    assert!(connect(&house, &client(&folder.join("old.pem"), &[&TLS13]), "localhost").await.is_err());
}

#[test]
fn a_certificate_that_cannot_be_served_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "a");
    issue(folder, "b");
    fs::write(folder.join("empty"), "no pem at all").unwrap();
    fs::write(folder.join("cut"), &fs::read(folder.join("a.pem")).unwrap()[..100]).unwrap();
    fs::write(
        folder.join("locked"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    fs::write(folder.join("odd.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    fs::write(folder.join("odd.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let pairs = [
        ("none", "a.key"),
        ("empty", "a.key"),
        ("cut", "a.key"),
        ("odd.pem", "a.key"),
        ("a.pem", "empty"),
        ("a.pem", "locked"),
        ("a.pem", "odd.key"),
        ("a.pem", "b.key"),
    ];
    let report: String = pairs
        .iter()
        .map(|(certificate, key)| {
            let err = TlsMaterial::load(folder.join(certificate), folder.join(key)).unwrap_err();
            let hint = err.hint().map_or(String::new(), |hint| format!("\n  hint: {hint}"));
            format!("{:#}{hint}\n", anyhow::Error::from(err)).replace(&format!("{}/", folder.display()), "")
        })
        .collect();
    assert_snapshot!(report, @"
    cannot read `none`: No such file or directory (os error 2)
    `empty` holds no certificate
      hint: expected PEM, with a line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts DER
    `cut` is not PEM: it has a block without its `-----END` line
    cannot use the certificate in `odd.pem`: invalid peer certificate: BadEncoding
    `empty` holds no private key
      hint: expected PEM, with a line such as `-----BEGIN PRIVATE KEY-----`
    the private key in `locked` is encrypted
      hint: `openssl pkey -in KEY -out NEW` takes the passphrase off
    cannot use the private key in `odd.key`: unexpected error: failed to parse private key as RSA, ECDSA, or EdDSA
      hint: RSA of 2048 bits or more, ECDSA P-256, P-384, P-521 and Ed25519 keys are understood
    the key in `b.key` is not that of the first certificate in `a.pem`
      hint: the server's own certificate comes first, those of its issuers after it
    ");
}

#[test]
fn a_chain_and_its_key_may_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "a");
    let both = ["a.key", "a.pem"].map(|name| fs::read_to_string(folder.join(name)).unwrap()).concat();
    fs::write(folder.join("both.pem"), both).unwrap();
    TlsMaterial::load(folder.join("both.pem"), folder.join("both.pem")).unwrap();
}

#[tokio::test]
async fn the_self_signed_certificate_has_all_names_and_a_private_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state/tls");
    let material =
        Arc::new(TlsMaterial::self_signed(&state, &["prov.example.org", "192.0.2.7", "[2001:db8::7]"]).unwrap());
    let mode = |name: &str| fs::metadata(state.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("self-signed.key"), 0o600);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 2);
    let house = House::tls(&material, patient()).await;
    let client = client(&state.join("self-signed.pem"), &[&TLS12, &TLS13]);
    for name in ["localhost", "127.0.0.1", "::1", "prov.example.org", "192.0.2.7", "2001:db8::7"] {
        connect(&house, &client, name).await.unwrap_or_else(|err| panic!("{name}: {err}"));
    }
    // 2038-01-01: the last new year's day that a phone with a 32-bit clock will see.
    assert_eq!(material.expires(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_800)));
}

#[test]
fn the_self_signed_certificate_is_kept_as_long_as_it_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let certificate = || fs::read(folder.join("self-signed.pem")).unwrap();
    TlsMaterial::self_signed(folder, &["a.example"]).unwrap();
    let first = certificate();
    TlsMaterial::self_signed(folder, &["a.example"]).unwrap();
    TlsMaterial::self_signed(folder, &[]).unwrap();
    assert_eq!(certificate(), first);

    TlsMaterial::self_signed(folder, &["a.example", "b.example"]).unwrap();
    let second = certificate();
    assert_ne!(second, first);

    // As after a crash between the two files.
    fs::remove_file(folder.join("self-signed.key")).unwrap();
    TlsMaterial::self_signed(folder, &["a.example"]).unwrap();
    let third = certificate();
    assert_ne!(third, second);
    fs::write(folder.join("self-signed.pem"), "damaged").unwrap();
    TlsMaterial::self_signed(folder, &["a.example"]).unwrap();
    assert_ne!(certificate(), third);

    let err = TlsMaterial::self_signed(folder, &["not a host"]).unwrap_err();
    assert_eq!(err.to_string(), "`not a host` is neither a host name nor an address");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let house = House::plain(Limits::default()).await;
    let mut listener = plain_listener();
    listener.address = house.address();
    let Err(err) = offhook::server::bind([listener]).await else { panic!("bound twice") };
    assert_eq!(err.to_string(), format!("cannot listen on `{}`", house.address()));
    assert_eq!(err.hint(), Some("another program, or another `offhook serve`, listens there already"));
}
