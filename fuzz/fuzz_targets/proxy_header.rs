//! `cargo +nightly fuzz run proxy_header`: the input is what a connection begins with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook::server::proxy_protocol::{parse, read};

fuzz_target!(|input: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut stream = input;
    let Ok(read) = runtime.block_on(read(&mut stream)) else { return };
    let header = &input[..input.len() - stream.len()];
    // What is read is one header and nothing behind it, and it is understood in one piece as well.
    assert_eq!(parse(header), Some(read));
    assert!(header.len() <= 16 + 4096);
    assert!(parse(&header[..header.len() - 1]).is_none());
});
