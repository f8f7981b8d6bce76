//! What some callers do to a server, and a phone that wants its file meanwhile. `scripts/siege` does it with thousands.

use std::time::Duration;

use offhook::server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::house::{House, get, patient, within};

/// Never sent as a whole.
const ENDLESS: usize = usize::MAX;

/// Callers that each send something and then more of it, until they are cut or so many bytes have been sent. Returns when
/// a phone has been served in between, and all of them are gone.
async fn besieged(house: &House, callers: usize, first: &'static [u8], then: &'static [u8], bytes: usize) {
    let mut siege = JoinSet::new();
    for _ in 0..callers {
        let mut stream = TcpStream::connect(house.address()).await.unwrap();
        siege.spawn(async move {
            let (mut reading, mut writing) = stream.split();
            let write = async {
                writing.write_all(first).await?;
                for _ in 0..bytes / then.len() {
                    writing.write_all(then).await?;
                }
                writing.shutdown().await
            };
            // Answers are taken, or the server would wait for that.
            let read = async {
                let mut scrap = vec![0; 65_536];
                while reading.read(&mut scrap).await? > 0 {}
                std::io::Result::Ok(())
            };
            let _ = tokio::try_join!(write, read);
        });
    }
    for _ in 0..20 {
        let mut phone = house.connect().await;
        assert!(get(&mut phone, "/phone").await.contains("GET /phone "));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    within(siege.join_all()).await;
}

fn limits() -> Limits {
    Limits { connections: 16, give_way: Duration::from_millis(50), ..patient() }
}

#[tokio::test]
async fn bodies_of_a_gigabyte_are_refused_and_not_read() {
    let house = House::plain(limits()).await;
    for head in [
        &b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"[..],
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3b9aca00\r\n",
    ] {
        besieged(&house, 4, head, &[b'x'; 65_536], ENDLESS).await;
    }
    assert!(house.toy.asked.lock().unwrap().iter().all(|target| target == "/phone"));
}

#[tokio::test]
async fn garbage_behind_a_request_ends_the_connection() {
    let house = House::plain(limits()).await;
    let head = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    for garbage in [&b"\0\0\r\nGET\r\n\r\n"[..], b"GET /b\r\n\r\n", &[0xff; 4096]] {
        besieged(&house, 8, head, garbage, ENDLESS).await;
    }
}

#[tokio::test]
async fn requests_without_a_pause_keep_nobody_out() {
    let house = House::plain(limits()).await;
    let request = b"GET /tagged HTTP/1.1\r\nHost: x\r\n\r\n";
    besieged(&house, 8, request, request, 50_000).await;
}
