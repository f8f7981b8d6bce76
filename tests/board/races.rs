//! Edits, requests and looks at phones that cross: what the board says in the end is so.

use std::sync::atomic::{AtomicBool, Ordering};

use offhook::board::State;
use offhook::server::onlooker::{Onlooker, Served};

use super::house::{House, mac, put};

fn line(name: usize) -> String {
    format!("display_name = \"Name {name}\"\nsip.password = \"Secret201x\"\n")
}

#[test]
fn a_file_that_was_right_when_it_was_asked_for_is_not_so_for_ever() {
    let house = House::new();
    house.all_come();
    let before = house.live.now();
    house.put("sites/a/lines/201.toml", &line(1));
    house.changed();
    let document = Some((0, &"phone".into()));
    house.board.served(&Served { mac: mac(1), document, serving: &before, has_new_firmware: false });
    house.settle();
    assert_eq!(house.changed(), "1 checking, 1 behind");
}

#[test]
fn whatever_crosses_the_end_is_right() {
    let house = House::new();
    house.all_come();
    for round in 0..5 {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for number in [1, 2, 4] {
                let (house, done) = (&house, &done);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        house.get(&format!("{}.cfg", mac(number)));
                    }
                });
            }
            for edit in 0..20 {
                put(&house.root, "sites/a/lines/201.toml", &line(round * 100 + edit));
                if edit % 5 == 0 {
                    put(&house.root, "sites/a/site.toml", &format!("sip.server = \"sip{edit}.example.org\"\n"));
                }
                std::thread::sleep(std::time::Duration::from_millis(7));
            }
            done.store(true, Ordering::Relaxed);
        });
        let last = format!("Name {}", round * 100 + 19);
        house.until("the last edit is followed", || {
            let serving = house.live.now();
            serving.world.line("a", "201").is_some_and(|line| line.display_name.as_deref() == Some(&*last))
        });
        house.settle();
        for number in 1..=4 {
            let found = house.board.of(mac(number)).unwrap();
            let has_it = found.files[0].desired.as_deref() == found.files[0].served.as_deref();
            let state = if has_it { State::InSync } else { State::Behind };
            assert_eq!(found.phone.state, state, "{number} in round {round}: {found:?}");
        }
    }
}
