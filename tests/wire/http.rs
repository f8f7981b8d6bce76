//! Methods, targets, headers and kept connections.

use insta::assert_snapshot;
use tokio::io::AsyncWriteExt;

use crate::house::{House, get, patient, response, rest, without_date};

/// One request on a connection of its own that the server is asked to close.
async fn ask(request_line: &str, headers: &str) -> String {
    let house = House::plain(patient()).await;
    let request = format!("{request_line}\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    without_date(&house.exchange(request.as_bytes()).await)
}

#[tokio::test]
async fn an_answer_has_its_type_length_and_date() {
    assert_snapshot!(ask("GET /a.cfg?b=c HTTP/1.1", "User-Agent: Yealink SIP-T46S\r\n").await, @r#"
    HTTP/1.1 200 OK
    Content-Type: text/plain
    Connection: close
    Content-Length: 103

    GET /a.cfg?b=c ua=Some("Yealink SIP-T46S") inm=None peer=127.0.0.1 local=127.0.0.1 listener=0 tls=false
    "#);
}

#[tokio::test]
async fn head_gives_the_length_of_the_body_and_no_body() {
    let got = ask("GET /tagged HTTP/1.1", "").await;
    let head = ask("HEAD /tagged HTTP/1.1", "").await;
    assert!(got.contains("Content-Length: 6"));
    assert_eq!(head, got.strip_suffix("tagged").unwrap());
}

#[tokio::test]
async fn an_etag_that_the_phone_has_already_gives_304() {
    assert_snapshot!(ask("GET /tagged HTTP/1.1", "If-None-Match: \"v0\", W/\"v1\"\r\n").await, @r#"
    HTTP/1.1 304 Not Modified
    Etag: "v1"
    Connection: close
    "#);
    let twice = ask("HEAD /tagged HTTP/1.1", "If-None-Match: \"v0\"\r\nIf-None-Match: *\r\n").await;
    assert!(twice.starts_with("HTTP/1.1 304"), "{twice}");
    let other = ask("GET /tagged HTTP/1.1", "If-None-Match: \"v0\"\r\n").await;
    assert!(other.starts_with("HTTP/1.1 200") && other.ends_with("tagged"), "{other}");
}

#[tokio::test]
async fn only_a_success_becomes_304() {
    let missing = ask("GET /missing HTTP/1.1", "If-None-Match: *\r\n").await;
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
}

#[tokio::test]
async fn a_phone_can_be_told_to_come_again() {
    assert_snapshot!(ask("GET /later HTTP/1.1", "").await, @"
    HTTP/1.1 503 Service Unavailable
    Retry-After: 30
    Connection: close
    Content-Length: 0
    ");
}

#[tokio::test]
async fn other_methods_are_refused_before_anybody_is_asked() {
    let house = House::plain(patient()).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"] {
        let request = format!("{method} /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = house.exchange(request.as_bytes()).await;
        assert!(response.starts_with("HTTP/1.1 405"), "{method}: {response}");
        assert!(response.contains("\r\nAllow: GET, HEAD\r\n"), "{method}: {response}");
    }
    let tunnel = house.exchange(b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\nConnection: close\r\n\r\n").await;
    assert!(tunnel.starts_with("HTTP/1.1 405"), "{tunnel}");
    assert!(house.toy.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_target_arrives_as_it_was_sent() {
    let house = House::plain(patient()).await;
    let targets = [
        "/device/42/2//../../a.cfg",
        "//a.cfg",
        "/~token/%25MACD.xml?x=/../y&&",
        "/a/./b/../../..",
        "/A%2f%00\"\\^{|}~.cfg?^`{|}",
        "/é.cfg",
    ];
    for target in targets {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = house.exchange(request.as_bytes()).await;
        assert!(response.contains(&format!("GET {target} ua=")), "{target}: {response}");
    }
    assert_eq!(*house.toy.asked.lock().unwrap(), targets);
}

#[tokio::test]
async fn a_whole_url_as_the_target_is_taken_for_its_path() {
    let house = House::plain(patient()).await;
    for (target, path) in
        [("http://prov.example.org:80/a//../b?c", "/a//../b?c"), ("https://x", "/"), ("/a?b#c", "/a?b")]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = house.exchange(request.as_bytes()).await;
        assert!(response.contains(&format!("GET {path} ua=")), "{target}: {response}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_answered_with_400() {
    let house = House::plain(patient()).await;
    let requests: [&[u8]; 14] = [
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET a.cfg HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET http://x?y HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /a\x01b HTTP/1.1\r\n\r\n",
        b"GET /<mac>.cfg HTTP/1.1\r\n\r\n",
        b"GET /a\r\n\r\n",
        b"GET /a HTTP/2.0\r\n\r\n",
        b"GET /a HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 a hello of tls on a plain port\r\n\r\n",
        b"\x00\x01\x02\x03",
    ];
    for request in requests {
        let response = house.exchange(request).await;
        let request = request.escape_ascii();
        assert!(
            response.starts_with("HTTP/1.1 400") || response.starts_with("HTTP/1.0 400"),
            "{request}: {response:?}"
        );
        assert!(response.contains("\r\nContent-Length: 0\r\n"), "{request}: {response}");
    }
    assert!(house.toy.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_preface_of_http_2_ends_the_connection() {
    let house = House::plain(patient()).await;
    assert_eq!(house.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
}

#[tokio::test]
async fn http_1_1_keeps_the_connection() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    let first = get(&mut stream, "/tagged").await;
    assert_snapshot!(first, @r#"
    HTTP/1.1 200 OK
    Etag: "v1"
    Content-Type: text/plain
    Content-Length: 6

    tagged
    "#);
    assert_eq!(get(&mut stream, "/tagged").await, first);
    assert_eq!(get(&mut stream, "/tagged").await, first);
}

#[tokio::test]
async fn http_1_0_closes_the_connection() {
    let house = House::plain(patient()).await;
    assert_snapshot!(without_date(&house.exchange(b"GET /tagged HTTP/1.0\r\n\r\n").await), @r#"
    HTTP/1.0 200 OK
    Etag: "v1"
    Content-Type: text/plain
    Content-Length: 6

    tagged
    "#);
}

#[tokio::test]
async fn http_1_0_keeps_the_connection_if_asked_to() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET /tagged HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").await.unwrap();
        let response = response(&mut stream).await;
        assert!(response.contains("\nConnection: keep-alive\n"), "{response}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    let requests: String = (0..50).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    stream.write_all(requests.as_bytes()).await.unwrap();
    for n in 0..50 {
        let response = response(&mut stream).await;
        assert!(response.contains(&format!("\n\nGET /{n} ")), "{response}");
    }
}

#[tokio::test]
async fn a_client_that_closes_its_half_still_gets_its_answer() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /tagged HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.ends_with("tagged"));
}

#[tokio::test]
async fn a_small_body_is_read_and_ignored() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    let requests = [
        "GET /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "GET /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "GET /4 HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    for (request, status) in requests.iter().zip([200, 200, 405, 200]) {
        stream.write_all(request.as_bytes()).await.unwrap();
        let response = response(&mut stream).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
    }
}

#[tokio::test]
async fn a_report_offered_with_expect_is_not_invited() {
    let house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    stream.write_all(b"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").await.unwrap();
    let response = response(&mut stream).await;
    assert!(response.starts_with("HTTP/1.1 405") && response.contains("\nConnection: close\n"), "{response}");
}
