//! Behind a proxy: whose word counts, and for what.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use offhook::server::{Limits, Listener, Proxies, TlsMaterial};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::{House, SHORT, get, material, patient, plain_listener, response, rest, within};
use crate::log::Log;
use crate::tls::secured;

/// A listener behind the proxies of a network.
async fn behind(networks: &[&str], protocol: bool, tls: Option<Arc<TlsMaterial>>) -> House {
    let networks = networks
        .iter()
        .map(|network| network.parse::<IpAddr>().map_or_else(|_| network.parse().unwrap(), IpNet::from))
        .collect();
    let listener = Listener { tls, proxies: Proxies { networks, protocol }, ..plain_listener() };
    House::with(vec![listener], Limits { handshake: SHORT * 10, ..patient() }).await
}

/// Who asks, as far as the server can tell.
async fn who(house: &House, before: &[u8], headers: &str) -> String {
    let mut stream = house.connect().await;
    stream.write_all(before).await.unwrap();
    stream.write_all(format!("GET /who HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()).await.unwrap();
    let response = response(&mut stream).await;
    response.rsplit_once("\n\n").unwrap().1.to_owned()
}

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 10.0.0.2 4711 8443\r\n";
const BYTES: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x02\x12\x67\x20\xfb";

#[tokio::test]
async fn the_proxy_protocol_tells_who_asks() {
    let house = behind(&["127.0.0.0/8"], true, None).await;
    for header in [LINE, BYTES] {
        assert_eq!(who(&house, header, "").await, "192.0.2.7 to 10.0.0.2, handed on: true");
        // What the phone itself writes changes nothing.
        let forged = "X-Forwarded-For: 198.51.100.9\r\nForwarded: for=198.51.100.9\r\n";
        assert_eq!(who(&house, header, forged).await, "192.0.2.7 to 10.0.0.2, handed on: true");
    }
    let ipv6 = b"PROXY TCP6 2001:db8::7 ::ffff:10.0.0.2 4711 8443\r\n";
    assert_eq!(who(&house, ipv6, "").await, "2001:db8::7 to 10.0.0.2, handed on: true");
}

/// A phone on the proxy's machine, or somebody who makes the proxy believe so, is not this machine: `handed on` keeps it
/// from being trusted as loopback, and so does an address that nobody has.
#[tokio::test]
async fn nobody_behind_a_proxy_is_this_machine_itself() {
    let house = behind(&["127.0.0.0/8"], true, None).await;
    let local = b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 8443\r\n";
    assert_eq!(who(&house, local, "").await, "127.0.0.1 to 127.0.0.1, handed on: true");
    for itself in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
        assert_eq!(who(&house, itself, "").await, "0.0.0.0 to 127.0.0.1, handed on: true");
        assert_eq!(
            who(&house, itself, "X-Forwarded-For: 192.0.2.7\r\n").await,
            "0.0.0.0 to 127.0.0.1, handed on: true"
        );
    }
}

#[tokio::test]
async fn the_header_stands_before_tls() {
    let folder = tempfile::tempdir().unwrap();
    let house = behind(&["127.0.0.1"], true, Some(material(folder.path()))).await;
    for header in [LINE, BYTES] {
        let mut stream = house.connect().await;
        stream.write_all(header).await.unwrap();
        let mut tls = secured(stream, folder.path()).await;
        let answer = get(&mut tls, "/who").await;
        assert!(answer.ends_with("\n\n192.0.2.7 to 10.0.0.2, handed on: true"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_without_a_header_is_cut_and_told() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::DEBUG));
    let house = behind(&["127.0.0.1"], true, None).await;
    for bytes in
        [&b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"PROXY TCP4 nonsense\r\n", b"PROXY TCP4 192.0.2.7 10.0"]
    {
        let mut stream = house.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)).await;
        assert!(answer.is_empty(), "{bytes:?}");
    }
    let told = log.text();
    assert!(
        told.contains(" WARN ") && told.contains("reason=no PROXY header, or one that is not understood"),
        "{told}"
    );
    assert!(told.contains("reason=it took too long"), "{told}");
    // A scanner that knocks all day does not fill the disk.
    assert_eq!(told.matches(" WARN ").count(), 1, "{told}");
    assert!(house.toy.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nobody_but_a_proxy_may_speak_for_others() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::WARN));
    let house = behind(&["10.0.0.5"], true, None).await;
    let mut stream = house.connect().await;
    let _ = stream.write_all(LINE).await;
    let mut answer = Vec::new();
    let _ = within(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)).await;
    assert!(answer.is_empty());
    assert!(log.text().contains("reason=it is none of `proxies`"), "{}", log.text());
}

#[tokio::test]
async fn the_headers_of_a_proxy_tell_who_asks() {
    let house = behind(&["127.0.0.1", "10.1.0.0/24"], false, None).await;
    for (headers, asks) in [
        ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 198.51.100.9, 192.0.2.7\r\nX-Forwarded-For: 10.1.0.3\r\n", "192.0.2.7"),
        ("Forwarded: for=\"[2001:db8::7]:4711\";proto=https\r\n", "2001:db8::7"),
        ("X-Forwarded-For: 127.0.0.2\r\n", "127.0.0.2"),
        // It does not tell: nobody's network.
        ("", "0.0.0.0"),
        ("Via: 1.1 proxy\r\n", "0.0.0.0"),
        ("X-Forwarded-For: 127.0.0.1\r\n", "0.0.0.0"),
        ("X-Forwarded-For: unknown\r\n", "0.0.0.0"),
        ("X-Forwarded-For: \u{e9}\r\n", "0.0.0.0"),
        ("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=198.51.100.9\r\n", "0.0.0.0"),
    ] {
        assert_eq!(who(&house, b"", headers).await, format!("{asks} to 127.0.0.1, handed on: true"), "{headers}");
    }
}

#[tokio::test]
async fn each_request_of_a_proxys_connection_is_somebody_elses() {
    let house = behind(&["127.0.0.1"], false, None).await;
    let mut stream = house.connect().await;
    for client in ["192.0.2.7", "192.0.2.8"] {
        let request = format!("GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(response(&mut stream).await.ends_with(&format!("{client} to 127.0.0.1, handed on: true")));
    }
}

#[tokio::test]
async fn headers_of_anybody_else_change_nothing_but_that_they_are_there() {
    for networks in [&[][..], &["10.0.0.5"]] {
        let house = behind(networks, false, None).await;
        assert_eq!(who(&house, b"", "").await, "127.0.0.1 to 127.0.0.1, handed on: false");
        for header in ["X-Forwarded-For: 192.0.2.7\r\n", "Forwarded: for=192.0.2.7\r\n", "Via: 1.1 proxy\r\n"] {
            assert_eq!(who(&house, b"", header).await, "127.0.0.1 to 127.0.0.1, handed on: true", "{header}");
        }
        // What is no proxy cannot speak the PROXY protocol.
        let mut stream = house.connect().await;
        stream.write_all(LINE).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 400 "));
    }
}

#[tokio::test]
async fn a_connection_that_waits_for_its_header_does_not_hold_up_the_shutdown() {
    let networks = vec!["127.0.0.1/32".parse().unwrap()];
    let listener = Listener { proxies: Proxies { networks, protocol: true }, ..plain_listener() };
    let mut house = House::with(vec![listener], patient()).await;
    let mut stream = TcpStream::connect(house.address()).await.unwrap();
    // It was accepted before this one was answered.
    who(&house, LINE, "").await;
    house.stop();
    assert_eq!(rest(&mut stream).await, "");
    house.stopped().await;
}
