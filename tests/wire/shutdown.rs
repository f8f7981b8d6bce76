//! The end of the server.

use offhook::server::Limits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::{BIG, House, SHORT, get, head, material, patient, rest};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_way_is_finished() {
    let mut house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    house.toy.gate.wait_for_a_knock();
    house.stop();
    house.toy.gate.open();
    assert!(rest(&mut stream).await.ends_with("at last"));
    house.stopped().await;
}

#[tokio::test]
async fn a_request_that_has_begun_is_answered_and_the_connection_closed() {
    let mut house = House::plain(patient()).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /tagged HTTP/1.1\r\n").await.unwrap();
    // A second connection's answer shows that the server has read what came before.
    assert!(house.exchange(b"GET / HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 200"));
    house.stop();
    while TcpStream::connect(house.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"Host: x\r\n\r\n").await.unwrap();
    let response = rest(&mut stream).await;
    assert!(response.contains("\r\nConnection: close\r\n") && response.ends_with("tagged"), "{response}");
    house.stopped().await;
}

#[tokio::test]
async fn an_answer_half_read_is_sent_whole() {
    for connection in ["keep-alive", "close"] {
        let mut house = House::plain(patient()).await;
        let mut stream = house.connect().await;
        let request = format!("GET /big HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        head(&mut stream).await;
        house.stop();
        while TcpStream::connect(house.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert_eq!(rest(&mut stream).await.len(), BIG, "{connection}");
        house.stopped().await;
    }
}

#[tokio::test]
async fn idle_connections_are_closed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::plain(patient()).await;
    let mut used = house.connect().await;
    get(&mut used, "/tagged").await;
    let mut fresh = house.connect().await;
    house.stop();
    assert_eq!(rest(&mut used).await, "");
    assert_eq!(rest(&mut fresh).await, "");
    house.stopped().await;

    let mut house = House::tls(&material(folder.path()), patient()).await;
    let mut silent = house.connect().await;
    house.stop();
    assert_eq!(rest(&mut silent).await, "");
    house.stopped().await;
}

#[tokio::test]
async fn what_does_not_finish_is_cut() {
    let mut house = House::plain(Limits { shutdown: SHORT, ..patient() }).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    head(&mut stream).await;
    house.stop();
    house.stopped().await;
}
