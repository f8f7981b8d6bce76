//! Whose word counts for a phone's firmware: its own, then what it was last seen with, then the fleet's.

use std::collections::BTreeSet;
use std::sync::Arc;

use offhook::server::ledger::Ledger;

use crate::house::{House, LOCAL, Way, YEALINK, phones, put, said};

const TARGET: &str = "/001565aa0001.cfg";

/// The phone with this in its file, and what the folder remembers.
fn house(firmware: &str, state: &std::path::Path) -> House {
    let mut house = House::new();
    let text = format!("model = \"yealink-t46s\"\nlines = [\"201\"]\n{firmware}");
    put(house.folder.path(), &format!("sites/a/phones/{}.toml", YEALINK.mac), &text);
    house.live = Arc::new(offhook::live::Live::load(house.folder.path()));
    house.phones = phones(&house.live, Ledger::open(state).unwrap());
    house
}

/// Names begin with `static.` from firmware 81 on.
fn is_new((status, body): (u16, String)) -> bool {
    assert_eq!(status, 200);
    body.contains("\nstatic.security.user_name.admin")
}

#[test]
fn the_phone_then_what_it_was_seen_with_then_the_fleet_then_the_family() {
    let state = tempfile::tempdir().unwrap();
    let agent = |firmware: &str| format!("Yealink SIP-T46S {firmware} 00:15:65:aa:00:01");
    assert!(is_new(house("", state.path()).get(TARGET)), "the family's default");
    let first = house("firmware = \"66.80.0.10\"\n", state.path());
    assert!(!is_new(first.get(TARGET)), "the fleet's");
    assert!(is_new(first.get_as(TARGET, &agent("66.86.0.15"))), "the phone's own");
    assert!(is_new(first.get(TARGET)), "what it was last seen with");
    drop(first);
    let later = house("firmware = \"66.80.0.10\"\n", state.path());
    assert!(is_new(later.get(TARGET)), "over a restart");
    assert!(!is_new(later.get_as(TARGET, &agent("66.80.0.10"))));
    assert!(!is_new(later.get(TARGET)));
}

#[test]
fn only_who_may_have_the_file_is_believed() {
    let state = tempfile::tempdir().unwrap();
    let house = house("", state.path());
    let old = "Yealink SIP-T46S 66.80.0.10 00:15:65:aa:00:01";
    let stranger = Way { peer: "198.51.100.7:1", local: "203.0.113.1:8443", user_agent: Some(old), ..LOCAL };
    assert!(said(&house.ask(TARGET, stranger)).1.contains("~pair-"), "it is told to wait");
    // A phone that lies about its maker, or about its MAC.
    for agent in ["Cisco/SPA504G-7.4.9c (001565aa0001)(CCQ1)", "Yealink SIP-T46S 66.80.0.10 00:15:65:aa:00:02"] {
        assert_eq!(house.get_as(TARGET, agent).0, 404, "{agent}");
    }
    for agent in ["Yealink SIP-T46S nonsense 00:15:65:aa:00:01", "Yealink SIP-T46S 66"] {
        assert!(is_new(house.get_as(TARGET, agent)), "{agent}");
    }
    assert!(is_new(house.get(TARGET)));
}

#[test]
fn a_storm_of_invented_firmware_makes_no_more_files_than_there_are_bands() {
    let state = tempfile::tempdir().unwrap();
    let house = house("", state.path());
    let mut bodies = BTreeSet::new();
    for n in 0..3000_u32 {
        let agent = format!("Yealink SIP-T46S 66.{}.{}.{n} 00:15:65:aa:00:01", n % 120, n * 7919);
        let (status, body) = house.get_as(TARGET, &agent);
        // Firmware for which no file can be written is answered so.
        assert!(status == 200 || status == 404, "{agent}: {status}");
        bodies.insert(body);
    }
    let serving = house.live.now();
    let bands = serving.world.catalogue.families["yealink"].family.bands.iter().count();
    assert!(bodies.len() <= bands + 1, "{} files for {bands} bands", bodies.len());
}
