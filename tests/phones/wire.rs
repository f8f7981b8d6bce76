//! The same over real connections, TLS and plain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use offhook::server::{self, Limits, Listener, Proxies, TlsMaterial};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::house::{ALL, CISCO, House, YEALINK, whose};
use crate::log::Log;

/// A server with a TLS listener and a plain one, which is for Cisco phones only.
pub struct Running {
    pub tls: SocketAddr,
    pub plain: SocketAddr,
    client: Arc<ClientConfig>,
    _house: House,
}

async fn running() -> Running {
    serving(House::new()).await
}

pub async fn serving(house: House) -> Running {
    let state = tempfile::tempdir().unwrap();
    let material = Arc::new(TlsMaterial::self_signed(state.path(), &[]).unwrap());
    let mut roots = RootCertStore::empty();
    for trusted in CertificateDer::pem_file_iter(state.path().join("self-signed.pem")).unwrap() {
        roots.add(trusted.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let listener = |tls| Listener { address: any, tls, proxies: Proxies::default() };
    let listeners = [listener(Some(material)), listener(None)];
    let bound = server::bind(listeners).await.unwrap();
    let addresses: Vec<SocketAddr> = bound.addresses().collect();
    tokio::spawn(server::run(bound, house.phones.clone(), Limits::default(), std::future::pending()));
    Running { tls: addresses[0], plain: addresses[1], client, _house: house }
}

impl Running {
    pub async fn over_tls(&self, request: &str) -> (String, Vec<u8>) {
        let stream = TcpStream::connect(self.tls).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        exchange(TlsConnector::from(self.client.clone()).connect(name, stream).await.unwrap(), request).await
    }

    pub async fn over_plain(&self, request: &str) -> (String, Vec<u8>) {
        exchange(TcpStream::connect(self.plain).await.unwrap(), request).await
    }
}

/// The head and the body of an answer on a connection of its own.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> (String, Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(end + 4);
    (String::from_utf8(bytes).unwrap(), body)
}

pub fn request(method: &str, target: &str, user_agent: &str, more: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: phones.example.org\r\nUser-Agent: {user_agent}\r\nConnection: close\r\n{more}\r\n"
    )
}

pub fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{head}"))
}

#[tokio::test]
async fn each_phone_fetches_its_file_over_tls() {
    let running = running().await;
    for phone in ALL {
        let target = format!("/{}", phone.file);
        let (head, body) = running.over_tls(&request("GET", &target, phone.user_agent, "")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(header(&head, "Content-Length"), body.len().to_string());
        let kind = if phone.file.ends_with(".cfg") { "text/plain; charset=utf-8" } else { "text/xml; charset=utf-8" };
        assert_eq!(header(&head, "Content-Type"), kind);
        assert_eq!(whose(std::str::from_utf8(&body).unwrap()), [phone.mac]);

        let (only_head, nothing) = running.over_tls(&request("HEAD", &target, phone.user_agent, "")).await;
        assert_eq!(nothing, b"");
        for name in ["Content-Length", "Content-Type", "Etag"] {
            assert_eq!(header(&only_head, name), header(&head, name));
        }

        let etag = header(&head, "Etag");
        let known = format!("If-None-Match: {etag}\r\n");
        let (head, nothing) = running.over_tls(&request("GET", &target, phone.user_agent, &known)).await;
        assert!(head.starts_with("HTTP/1.1 304 Not Modified\r\n") && nothing.is_empty(), "{head}");
        assert_eq!(header(&head, "Etag"), etag);
        let (head, _) =
            running.over_tls(&request("GET", &target, phone.user_agent, "If-None-Match: \"other\"\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    }
}

#[tokio::test]
async fn an_old_phone_speaks_http_1_0_on_a_plain_listener() {
    let running = running().await;
    let old = |target: &str| format!("GET {target} HTTP/1.0\r\nUser-Agent: {}\r\n\r\n", CISCO.user_agent);
    let (head, body) = running.over_plain(&old(&format!("/{}", CISCO.file))).await;
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert_eq!(header(&head, "Content-Length"), body.len().to_string());
    assert_eq!(whose(std::str::from_utf8(&body).unwrap()), [CISCO.mac]);
    let (head, body) = running.over_plain(&old("/spa504G.cfg")).await;
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && !body.is_empty(), "{head}");
    let other = request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, "");
    let (head, body) = running.over_plain(&other).await;
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n") && body.is_empty(), "{head}");
}

#[tokio::test]
async fn what_a_yealink_uploads_is_declined_without_a_word() {
    let log = Log::default();
    let subscriber = log.subscriber(tracing::Level::INFO);
    let _guard = tracing::subscriber::set_default(subscriber);
    let running = running().await;
    let mac = YEALINK.mac;
    for (name, length) in [("-local.cfg", 300), ("-contact.xml", 5_000), ("-calllog.xml", 2_000_000)] {
        let body = "x".repeat(length);
        let put =
            request("PUT", &format!("/{mac}{name}"), YEALINK.user_agent, &format!("Content-Length: {length}\r\n"));
        let (head, answer) = running.over_tls(&(put + &body)).await;
        assert!(head.starts_with("HTTP/1.1 405 Method Not Allowed\r\n") && answer.is_empty(), "{name}: {head}");
        assert_eq!(header(&head, "Allow"), "GET, HEAD");
    }
    // The phone goes on with its own file.
    let get = request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, "");
    assert_eq!(whose(std::str::from_utf8(&running.over_tls(&get).await.1).unwrap()), [mac]);
    let told = log.text();
    let told: Vec<&str> = told.lines().filter(|line| !line.contains("offhook::live")).collect();
    assert!(told.iter().all(|line| line.contains("served a new `phone`")) && told.len() == 1, "{told:#?}");
}

#[tokio::test]
async fn an_answer_does_not_change_by_itself() {
    let running = running().await;
    let get = request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, "");
    let first = running.over_tls(&get).await.1;
    for _ in 0..3 {
        assert_eq!(running.over_tls(&get).await.1, first);
    }
}
