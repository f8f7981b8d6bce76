//! `cargo +nightly fuzz run forwarded`: the input is lines of the two headers, `Forwarded` behind the first empty one.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use offhook::server::forwarded::client;

fuzz_target!(|input: &[u8]| {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let mut parts = lines.splitn(2, |line| line.is_empty());
    let (simple, long) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let proxies = ["10.0.0.0/8".parse().unwrap()];
    let found = client(simple, long, &proxies);
    let is_proxy = |address: IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[0] == 10);
    assert!(!found.is_some_and(is_proxy));
    // What the last proxy adds decides, whatever stands before it.
    let mut added = simple.to_vec();
    added.push(b"192.0.2.7");
    if long.is_empty() {
        assert_eq!(client(&added, &[], &proxies), Some("192.0.2.7".parse().unwrap()));
    }
});
