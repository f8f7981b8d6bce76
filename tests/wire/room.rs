//! Who gives way when there is no room, and who does not.

use std::time::Duration;

use offhook::server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{House, get, material, patient, response, rest, within};
use crate::tls::secured;

/// A house with a few places, of which those who only wait are taken at once.
fn small(connections: u32) -> Limits {
    Limits { connections, give_way: Duration::ZERO, ..patient() }
}

async fn crowd(house: &House, size: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..size {
        crowd.push(house.connect().await);
    }
    crowd
}

#[tokio::test]
async fn connections_that_ask_for_nothing_do_not_keep_a_phone_out() {
    let house = House::plain(small(8)).await;
    let _crowd = crowd(&house, 100).await;
    let answer = house.exchange(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn neither_do_headers_and_bodies_and_handshakes_that_never_end() {
    let folder = tempfile::tempdir().unwrap();
    let begun: [&[u8]; 3] = [
        b"GET /a HTTP/1.1\r\nHost:",
        b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
        b"\x16\x03\x01\x02\x00",
    ];
    for (bytes, tls) in [(begun[0], false), (begun[1], false), (begun[2], true)] {
        let house = match tls {
            true => House::tls(&material(folder.path()), small(8)).await,
            false => House::plain(small(8)).await,
        };
        let mut crowd = crowd(&house, 50).await;
        for stream in &mut crowd {
            let _ = stream.write_all(bytes).await;
        }
        if tls {
            let mut stream = secured(house.connect().await, folder.path()).await;
            assert!(get(&mut stream, "/a").await.contains("GET /a "));
        } else {
            assert!(get(&mut house.connect().await, "/a").await.contains("GET /a "));
        }
    }
}

#[tokio::test]
async fn who_waits_longest_goes_first() {
    let house = House::plain(small(70)).await;
    let mut crowd = crowd(&house, 69).await;
    // Each has had an answer, in the order of the crowd, so all of them have their places. One takes the last.
    for stream in &mut crowd {
        get(stream, "/a").await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let _last = house.connect().await;
    let mut phone = house.connect().await;
    assert!(get(&mut phone, "/phone").await.contains("GET /phone "));
    // 64 go at once; the others stay, and can still ask.
    for stream in &mut crowd[..64] {
        assert_eq!(rest(stream).await, "");
    }
    for stream in &mut crowd[64..] {
        assert!(get(stream, "/still-here").await.contains("GET /still-here "));
    }
}

#[tokio::test]
async fn who_is_being_answered_stays() {
    let house = House::plain(small(2)).await;
    let mut held = house.connect().await;
    held.write_all(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut reading = house.connect().await;
    reading.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    within(reading.read_exact(&mut first)).await.unwrap();
    // Both places are taken by requests; this one waits.
    let mut third = house.connect().await;
    third.write_all(b"GET /third HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(response(&mut held).await.ends_with("held back"));
    assert!(response(&mut third).await.contains("GET /third "));
    let rest = rest(&mut reading).await;
    assert!(rest.len() > crate::house::BIG, "{}", rest.len());
}

#[tokio::test]
async fn nobody_gives_way_before_his_time() {
    let limits = Limits { give_way: crate::house::LONG, ..small(2) };
    let house = House::plain(limits).await;
    let mut crowd = crowd(&house, 3).await;
    // The third waits, and the first two keep their places.
    crowd[2].write_all(b"GET /third HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(get(&mut crowd[0], "/first").await.contains("GET /first "));
    assert!(response(&mut crowd[2]).await.contains("GET /third "));
}
