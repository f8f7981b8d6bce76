//! `cargo +nightly fuzz run identify`: the input is a target, a line break, and a user agent.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use offhook::catalogue::Catalogue;
use offhook::identify::{Index, Request, identify};
use offhook::live::shipped;

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(&Catalogue::load(&shipped(), None).0).unwrap());

fuzz_target!(|input: &str| {
    let (target, user_agent) = match input.split_once('\n') {
        Some((target, user_agent)) => (target, Some(user_agent)),
        None => (input, None),
    };
    let claim = identify(&Request { target, user_agent, certificate: None }, &INDEX);
    assert!(claim.contradiction.is_none() || (claim.mac.is_none() && claim.candidates.is_empty()));
    if let Some(mac) = claim.mac {
        let plain = |text: &str| text.to_lowercase().replace([':', '-'], "");
        let asked = format!("{} {}", plain(target), plain(user_agent.unwrap_or_default()));
        assert!(asked.contains('%') || asked.contains(&mac.to_string()));
    }
    for line in claim.explain(&INDEX) {
        assert!(!line.is_empty());
    }
});
