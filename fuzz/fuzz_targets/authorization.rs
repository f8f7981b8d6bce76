//! `cargo +nightly fuzz run authorization`: the value of the header `Authorization`, Basic or Digest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook::admit::passwords::{Authorization, parse};

fuzz_target!(|input: &str| {
    match parse(input) {
        Ok(Authorization::Basic { user, .. }) => assert!(!user.contains(':')),
        Ok(Authorization::Digest(digest)) => {
            assert!(digest.counted.as_ref().is_none_or(|counted| counted.nc.len() <= 8));
            let proof = digest.expected("offhook", "password", "GET");
            assert!(proof.bytes().all(|byte| byte.is_ascii_hexdigit()) && proof.len() >= 32);
        }
        // What is wrong is told in words of ours alone.
        Err(malformed) => assert!(malformed.to_string().is_ascii()),
    }
});
