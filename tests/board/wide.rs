//! A wide change in a fleet of many phones: what is edited meanwhile is known at once, and phones are served.

use offhook::board::{Filter, State};
use offhook::phone::Mac;

use super::house::{House, put};

const PHONES: u16 = 2000;

fn mac(number: u16) -> Mac {
    let [high, low] = number.to_be_bytes();
    Mac::from_bytes([0, 0x15, 0x65, 0, high, low])
}

/// A house of phones of which each tenth has got something long ago.
fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    put(&root, "fleet.toml", "schema = 1\n");
    let mut log = String::new();
    for number in 0..PHONES {
        let site = format!("sites/s{}", number / 100);
        put(&root, &format!("{site}/site.toml"), "sip.server = \"sip.example.org\"\n");
        put(&root, &format!("{site}/lines/{number}.toml"), "sip.password = \"Secret201x\"\n");
        let text = format!("model = \"yealink-t46s\"\nlines = [\"{number}\"]\n");
        put(&root, &format!("{site}/phones/{}.toml", mac(number)), &text);
        if number % 10 > 0 {
            continue;
        }
        log += &format!("{} phone 0123456789abcdef0123456789abcdef 100\n", mac(number));
    }
    put(folder.path(), "state/provisioned.log", &log);
    House::start(folder)
}

#[test]
fn a_wide_change_holds_up_neither_an_edit_nor_phones() {
    let house = house();
    let checking = || house.board.counts(&Filter::default()).checking;
    let state = |number| house.board.state_of(mac(number)).unwrap().state;
    house.until("all are being looked at", || checking() > 1500);
    // A phone that comes is known to be in sync although its turn has not come.
    for number in (0..PHONES).step_by(50) {
        assert_eq!(house.get(&format!("{}.cfg", mac(number))), 200);
        house.until("it is in sync", || state(number) == State::InSync);
    }
    // An edited line is known although thousands wait.
    house.until("the edit is known", {
        put(&house.root, "sites/s0/lines/0.toml", "display_name = \"Anna\"\nsip.password = \"Secret201x\"\n");
        || state(0) == State::Behind
    });
    assert!(checking() > 0, "{}", house.summary());
    // A second wide change begins it anew.
    house.put("fleet.toml", "schema = 1\nsettings.language = \"fr\"\n");
    assert_eq!(house.summary(), "2000 phones: 200 behind, 1800 never seen");
}
