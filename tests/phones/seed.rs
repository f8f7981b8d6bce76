//! What is sent at the first provisioning only.

use std::sync::Arc;

use offhook::server::ledger::Ledger;
use offhook::server::{Method, StatusCode};

use crate::house::{House, LOCAL, Way, YEALINK, phones, put, said};

const TARGET: &str = "/001565aa0001.cfg";

fn seeded(state: &std::path::Path) -> House {
    let mut house = House::new();
    let text = "model = \"yealink-t46s\"\nlines = [\"201\"]\n[seed]\nring_volume = 8\n";
    put(house.folder.path(), &format!("sites/a/phones/{}.toml", YEALINK.mac), text);
    house.live = Arc::new(offhook::live::Live::load(house.folder.path()));
    house.phones = phones(&house.live, Ledger::open(state).unwrap());
    house
}

#[test]
fn a_seed_is_sent_once_and_not_again_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let has_seed = |house: &House| house.get(TARGET).1.contains("voice.ring_vol = ");
    let house = seeded(state.path());
    // To look at the head is no provisioning.
    let head = house.ask(TARGET, Way { method: &Method::HEAD, ..LOCAL });
    assert_eq!(head.status, StatusCode::OK);
    assert!(has_seed(&house));
    drop(house);
    let house = seeded(state.path());
    assert!(!has_seed(&house));
    // A stranger who is told to wait uses nothing up.
    let fresh = tempfile::tempdir().unwrap();
    let house = seeded(fresh.path());
    let stranger = Way { peer: "198.51.100.7:1", local: "203.0.113.1:8443", ..LOCAL };
    assert!(said(&house.ask(TARGET, stranger)).1.contains("~pair-"));
    assert!(has_seed(&house));
    assert!(!has_seed(&house));
}
