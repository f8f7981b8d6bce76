//! Everything that a caller could make grow or last.

use offhook::server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::house::{House, SHORT, get, head, material, patient, response, rest, within};

#[tokio::test]
async fn headers_over_the_limit_are_answered_with_431() {
    let house = House::plain(patient()).await;
    // The second is still sending when it is answered, and must not lose the answer to a reset.
    for filling in [9_000, 2_000_000] {
        let request = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(filling));
        let response = house.exchange(request.as_bytes()).await;
        assert!(response.starts_with("HTTP/1.1 431"), "{filling}: {response}");
    }
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200));
    assert!(house.exchange(many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let fits = format!("GET / HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(7_000));
    assert!(house.exchange(fits.as_bytes()).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_header_limit_below_hypers_smallest_buffer_holds_too() {
    let house = House::plain(Limits { header_bytes: 500, ..patient() }).await;
    let request = format!("GET / HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(600));
    assert!(house.exchange(request.as_bytes()).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_with_413() {
    let house = House::plain(patient()).await;
    let body = "x".repeat(3_000_000);
    let announced = format!("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunked = format!(
        "GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let report = format!("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for (request, status) in [(announced, 413), (chunked, 413), (report, 405)] {
        let response = house.exchange(request.as_bytes()).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
        assert!(response.contains("\r\nConnection: close\r\n"), "{response}");
    }
    assert!(house.toy.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_cut() {
    let house = House::plain(Limits { header: SHORT, ..patient() }).await;
    assert_eq!(rest(&mut house.connect().await).await, "");
}

#[tokio::test]
async fn a_header_that_trickles_in_is_cut() {
    let house = House::plain(Limits { header: SHORT, ..patient() }).await;
    let stream = house.connect().await;
    let (mut reading, mut writing) = stream.into_split();
    // Each byte comes soon after the last; only the whole is late.
    let trickle = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let _ = within(reading.read_to_end(&mut Vec::new())).await;
    within(trickle).await.unwrap();
}

#[tokio::test]
async fn the_second_header_has_its_limit_too() {
    let house = House::plain(Limits { header: SHORT, ..patient() }).await;
    let mut stream = house.connect().await;
    get(&mut stream, "/tagged").await;
    stream.write_all(b"GET /tag").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_never_comes_is_cut() {
    let house = House::plain(Limits { header: SHORT, ..patient() }).await;
    let response = house.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel").await;
    assert!(response.starts_with("HTTP/1.1 408"), "{response}");
}

#[tokio::test]
async fn a_body_that_is_none_is_answered_with_400() {
    let house = House::plain(patient()).await;
    let response = house.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").await;
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
}

#[tokio::test]
async fn an_idle_connection_is_cut() {
    let house = House::plain(Limits { idle: SHORT, ..patient() }).await;
    let mut stream = house.connect().await;
    get(&mut stream, "/tagged").await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_phone_that_does_not_read_its_answer_is_cut() {
    let house = House::plain(Limits { write: SHORT, ..patient() }).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    head(&mut stream).await;
    // The end is told by a reset, which a socket sees without reading.
    within(stream.ready(tokio::io::Interest::ERROR)).await.unwrap();
    let end = within(stream.read_to_end(&mut Vec::new())).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_slow_handshake_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::tls(&material(folder.path()), Limits { handshake: SHORT, ..patient() }).await;
    assert_eq!(rest(&mut house.connect().await).await, "");
    // The first five bytes of a hello.
    let mut stream = house.connect().await;
    stream.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_a_place() {
    let house = House::plain(Limits { connections: 2, ..patient() }).await;
    let mut first = house.connect().await;
    let mut second = house.connect().await;
    for stream in [&mut first, &mut second] {
        stream.write_all(b"GET /tagged HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    }
    let mut third = house.connect().await;
    third.write_all(b"GET /third HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // The house is full, so an answer closes its connection and makes room.
    first.write_all(b"\r\n").await.unwrap();
    let answer = rest(&mut first).await;
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert!(response(&mut third).await.contains("GET /third "));
    assert_eq!(*house.toy.asked.lock().unwrap(), ["/tagged", "/third"]);
}
