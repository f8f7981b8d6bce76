//! What changes the state of a phone, and what does not.

use offhook::board::{Filter, State};
use offhook::server::orders::{Order, Told};

use super::house::{House, STRANGER, mac, put};

const FIRST: &str = "001565000001.cfg";
const SECOND: &str = "001565000002.cfg";
const FOURTH: &str = "001565000004.cfg";

fn line(name: &str) -> String {
    format!("display_name = \"{name}\"\nsip.password = \"Secret201x\"\n")
}

#[test]
fn an_edited_line_is_known_of_its_phone_alone_until_that_has_fetched() {
    let house = House::new();
    assert_eq!(house.summary(), "4 phones: 4 never seen");
    house.all_come();
    assert_eq!(house.summary(), "4 phones: 4 in sync");
    house.put("sites/a/lines/202.toml", &line("Anna"));
    assert_eq!(house.changed(), "2 checking, 2 behind");
    assert_eq!(house.phone(2).behind, ["phone"]);
    assert_eq!(house.summary(), "4 phones: 3 in sync, 1 behind");
    // Another phone that comes changes nothing, and neither does a look at the head, nor what is not the phone's.
    house.get(FIRST);
    house.get("001565000002.unknown");
    assert_eq!(house.changed(), "");
    house.get(SECOND);
    assert_eq!(house.changed(), "2 in-sync");
    // What it was before is another one again.
    house.put("sites/a/lines/202.toml", &line("Bert"));
    house.put("sites/a/lines/202.toml", &line("Anna"));
    assert_eq!(house.changed(), "2 checking, 2 behind, 2 checking, 2 in-sync");
}

#[test]
fn both_revisions_of_a_file_are_told() {
    let house = House::new();
    let of = |number| {
        let found = house.board.of(mac(number)).unwrap();
        let [file] = <[_; 1]>::try_from(found.files).unwrap();
        (file.name.clone(), file)
    };
    let (name, file) = of(1);
    assert_eq!((name.as_str(), &*file.file, &file.served, file.served_since), (FIRST, "phone", &None, None));
    house.all_come();
    let (_, got) = of(1);
    assert_eq!((got.served.as_deref(), &got.desired), (file.desired.as_deref(), &file.desired));
    assert!(got.served_since.is_some() && house.phone(1).since >= got.served_since);
    house.put("sites/a/lines/201.toml", &line("Anna"));
    let (_, edited) = of(1);
    assert!(edited.served == got.served && edited.desired.is_some() && edited.desired != got.desired);
}

#[test]
fn a_default_reaches_those_below_it() {
    let house = House::new();
    house.all_come();
    house.put("sites/a/site.toml", "sip.server = \"sip2.example.org\"\n");
    assert_eq!(house.summary(), "4 phones: 1 in sync, 3 behind");
    let changed = house.changed();
    assert!(!changed.contains('4') && changed.matches("checking").count() == 3, "{changed}");
    let sites = |filter| -> Vec<String> {
        let all = house.board.all(&filter).into_iter().filter(|phone| house.board.is_behind(phone.mac).is_some());
        all.map(|phone| format!("{}/{}", phone.site, phone.mac)).collect()
    };
    assert_eq!(sites(Filter::default()), ["a/001565000001", "a/001565000002", "a/001565000003"]);
    assert_eq!(sites(Filter { site: Some("b".into()), state: None }), [""; 0]);
    let of_site = |site: &str| house.board.counts(&Filter { site: Some(site.into()), state: None }).to_string();
    assert_eq!([of_site("a"), of_site("b")], ["3 phones: 3 behind", "1 phone: 1 in sync"]);
    house.put("fleet.toml", "schema = 1\npublic_url = \"https://phones2.example.org\"\n");
    assert_eq!(house.summary(), "4 phones: 4 behind");
}

#[test]
fn a_template_reaches_its_family() {
    let house = House::new();
    house.all_come();
    let shipped = include_str!("../../templates/yealink/phone.cfg");
    house.put("overrides/templates/yealink/phone.cfg", &format!("{shipped}\n# ours\n"));
    let changed = house.changed();
    assert_eq!(house.summary(), "4 phones: 1 in sync, 3 behind");
    assert!(!changed.contains('3') && changed.matches("checking").count() == 3, "{changed}");
}

#[test]
fn a_label_follows_the_line_that_it_names() {
    let house = House::new();
    let key = "keys.2 = { function = \"dial\", number = \"0100\", label = \"${name:201}\" }\n";
    house.put("sites/a/lines/202.toml", &(line("Bert") + key));
    house.all_come();
    house.put("sites/a/lines/201.toml", &line("Anna"));
    let mut changed: Vec<_> = house.changed().split(", ").map(str::to_owned).collect();
    changed.sort();
    assert_eq!(changed, ["1 behind", "1 checking", "2 behind", "2 checking"]);
}

#[test]
fn a_document_has_many_names() {
    let house = House::new();
    house.all_come();
    house.put("sites/a/lines/203.toml", &line("Cleo"));
    assert_eq!(house.changed(), "3 checking, 3 behind");
    assert_eq!(house.get("spa001565000003.cfg"), 200);
    assert_eq!(house.changed(), "3 in-sync");
    let house = house.restart();
    assert_eq!(house.summary(), "4 phones: 4 in sync");
}

#[test]
fn a_phone_that_is_refused_is_told_with_the_reason_until_it_gets_its_file() {
    let house = House::new();
    house.all_come();
    assert_eq!(house.get_as(FOURTH, STRANGER, None), 403);
    assert_eq!(house.changed(), "4 refused");
    let phone = house.phone(4);
    assert_eq!(phone.reason, Some("untrusted-network"));
    assert_eq!(phone.why.as_deref(), Some("the phone's site does not trust this network"));
    house.put("sites/b/lines/204.toml", &line("Dora"));
    assert_eq!(house.changed(), "4 checking, 4 refused");
    assert_eq!(house.phone(4).behind, ["phone"], "what it lacks is known all the same");
    house.get(FOURTH);
    assert_eq!(house.changed(), "4 in-sync");
    // Who is in no file is in no state.
    house.get_as("0015650000ff.cfg", STRANGER, None);
    assert_eq!((house.changed().as_str(), house.board.state_of(mac(0xff))), ("", None));
}

#[test]
fn to_be_asked_for_a_password_is_no_refusal_unless_none_comes() {
    let house = House::new();
    house.all_come();
    let text = "model = \"yealink-t46s\"\nlines = [\"201\"]\ntrust.password = \"typed-in-7\"\n";
    house.put("sites/a/site.toml", "sip.server = \"sip.example.org\"\ntrust.demand = [\"password\"]\n");
    house.put(&format!("sites/a/phones/{}.toml", mac(1)), text);
    house.changed();
    assert_eq!(house.get(FIRST), 401);
    assert_eq!(house.changed(), "");
    assert_eq!(house.get(FIRST), 401);
    assert_eq!((house.changed().as_str(), house.phone(1).reason), ("1 refused", Some("no-password")));
}

#[test]
fn a_phone_that_was_asked_is_waited_for() {
    let house = House::new();
    house.all_come();
    house.put("sites/a/lines/201.toml", &line("Anna"));
    house.changed();
    house.board.asked(mac(1));
    house.board.asked(mac(0xff));
    assert_eq!(house.changed(), "1 asked");
    assert_eq!(house.summary(), "4 phones: 3 in sync, 1 asked");
    assert!(house.board.is_behind(mac(1)).is_some(), "it may be asked again");
    house.board.given_up(mac(1));
    assert_eq!(house.changed(), "1 behind", "nobody waits for it any more");
    house.board.asked(mac(1));
    house.get(FIRST);
    house.board.given_up(mac(1));
    assert_eq!(house.changed(), "1 asked, 1 in-sync");
}

#[test]
fn a_restart_forgets_nothing_that_phones_got() {
    let house = House::new();
    house.all_come();
    house.put("sites/a/lines/201.toml", &line("Anna"));
    let house = house.restart();
    assert_eq!(house.summary(), "4 phones: 3 in sync, 1 behind");
    // An edit while no server ran.
    put(&house.root, "sites/a/lines/202.toml", &line("Bert"));
    let house = house.restart();
    assert_eq!(house.summary(), "4 phones: 2 in sync, 2 behind");
}

#[test]
fn phones_come_go_and_break() {
    let house = House::new();
    house.all_come();
    let (path, text) = (format!("sites/a/phones/{}.toml", mac(5)), "model = \"yealink-t46s\"\nlines = [\"201\"]\n");
    house.put(&path, &text.replace("201", "205"));
    assert_eq!(house.changed(), "5 checking, 5 unserved");
    assert!(house.phone(5).why.unwrap().contains("the line `205` does not exist"));
    // What it waits for has come.
    house.put("sites/a/lines/205.toml", &line("Emil"));
    assert_eq!(house.changed(), "5 checking, 5 never-seen");
    house.edit(|| std::fs::remove_file(house.root.join(&path)).unwrap());
    assert_eq!(house.changed(), "5 gone");
    assert_eq!(house.summary(), "4 phones: 4 in sync");
}

#[test]
fn a_file_that_cannot_be_made_is_known_before_a_phone_asks() {
    let house = House::new();
    let broken = "model = \"yealink-t46s\"\nlines = [\"201\"]\nraw.yealink = { \"a b\" = \"1\" }\n";
    house.put(&format!("sites/a/phones/{}.toml", mac(1)), broken);
    assert_eq!(house.changed(), "1 checking, 1 unserved");
    let why = house.phone(1).why.unwrap();
    assert!(why.contains("an edit of `[raw]` cannot be made"), "{why}");
}

#[test]
fn what_a_phone_should_have_has_a_number() {
    let house = House::new();
    house.all_come();
    let number_for = |name: &str| {
        house.put("sites/a/lines/201.toml", &line(name));
        house.board.is_behind(mac(1))
    };
    let (anna, bert) = (number_for("Anna"), number_for("Bert"));
    assert!(anna.is_some() && bert.is_some() && anna != bert);
    assert_eq!(number_for("Anna"), anna);
    assert_eq!((house.board.is_behind(mac(2)), house.board.is_behind(mac(0xff))), (None, None));
}

#[test]
fn it_is_waited_for_phones_that_are_looked_at() {
    let house = House::new();
    house.all_come();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for name in ["Anna", "Bert", "Cleo", "Dora", "Emil", "Fred"] {
        let before = house.live.now();
        put(&house.root, "sites/a/lines/201.toml", &line(name));
        house.until("the edit is followed", || !std::sync::Arc::ptr_eq(&before, &house.live.now()));
        runtime.block_on(house.board.looked_at(&[mac(1), mac(2), mac(0xff)]));
        assert!(house.board.is_behind(mac(1)).is_some() && !house.board.is_checking(mac(2)));
        house.get(FIRST);
        house.settle();
    }
}

#[test]
fn a_phone_that_moves_leaves_its_site() {
    let house = House::new();
    house.all_come();
    let mut changes = house.board.changes();
    let (from, to) = (house.root.join(format!("sites/a/phones/{}.toml", mac(3))), house.root.join("sites/b/phones"));
    std::fs::write(house.root.join("sites/b/lines/203.toml"), "").unwrap();
    house.edit(|| std::fs::rename(from, to.join(format!("{}.toml", mac(3)))).unwrap());
    house.until("it has moved", || house.phone(3).site == "b");
    house.settle();
    let changes: Vec<_> = std::iter::from_fn(|| changes.try_recv().ok()).collect();
    let told = |site: &str| {
        let seen = changes.iter().filter_map(|change| change.clone().within(|own| own == site));
        seen.map(|change| change.state.map_or("gone", State::code)).collect::<Vec<_>>()
    };
    assert_eq!(told("a").last(), Some(&"gone"), "{changes:?}");
    assert_eq!(told("b").first(), Some(&"checking"), "{changes:?}");
    assert_eq!(told("c"), [""; 0]);
}

#[test]
fn a_phone_that_tells_another_firmware_is_looked_at_again() {
    let house = House::new();
    house.all_come();
    house.get_as(FIRST, super::house::HERE, Some("Yealink SIP-T46S 66.80.0.10 00:15:65:00:00:01"));
    house.settle();
    assert_eq!(house.changed(), "1 checking, 1 in-sync");
    assert_eq!(house.phone(1).state, State::InSync);
}

#[test]
fn a_phone_whose_tokens_were_revoked_is_to_have_another_file() {
    let house = House::new();
    house.put("sites/a/site.toml", "sip.server = \"sip.example.org\"\ntrust.demand = [\"token\"]\n");
    let token = house.tokens.first_boot(mac(1));
    assert_eq!(house.get(&format!("~{}/{FIRST}", *token)), 200);
    assert_eq!(house.phone(1).state, State::InSync);
    house.changed();
    house.tokens.obey(&Told { id: 5, at: 100, order: Order::RevokeTokens { mac: mac(1) } });
    house.board.look_again(mac(1));
    house.settle();
    assert_eq!(house.changed(), "1 checking, 1 behind");
}
