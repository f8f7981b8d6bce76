//! What phones get that nobody has claimed: from anywhere, without a secret, with a code where they can show one.

use std::sync::Arc;

use offhook::admit::pairing::{BLESSED_SECS, Pairing};
use offhook::fleet::Entity;
use offhook::live::{Changed, Live};
use offhook::phone::Mac;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::Method;
use offhook::server::ledger::Ledger;
use offhook::server::orders::{Order, Told};
use offhook::server::phones::Phones;
use offhook::server::strangers::{Strangers, look};
use tempfile::TempDir;

use crate::house::{ALL, CISCO, House, LOCAL, PUBLIC, STRANGER, TRUSTED, Way, YEALINK, put, said, whose};

/// A house whose server remembers strangers in a folder.
struct Remembering {
    house: House,
    strangers: Arc<Strangers>,
    state: TempDir,
}

impl Remembering {
    fn new() -> Remembering {
        Remembering::of(House::new())
    }

    fn of(house: House) -> Remembering {
        let state = tempfile::tempdir().unwrap();
        let strangers = Arc::new(Strangers::open(state.path()).unwrap());
        let phones = Phones::new(
            house.live.clone(),
            Cache::new(MAX_CACHE_BYTES),
            RevisionKey::fixed(),
            Ledger::in_memory(),
            vec![Vec::new(), vec!["cisco-spa".into()]],
        );
        let phones = Arc::new(phones.with_strangers(strangers.clone()));
        Remembering { house: House { phones, ..house }, strangers, state }
    }

    /// A request from a network that no site trusts.
    fn ask(&self, target: &str, user_agent: &str) -> (u16, String) {
        self.ask_from(STRANGER, target, user_agent)
    }

    fn ask_from(&self, peer: &str, target: &str, user_agent: &str) -> (u16, String) {
        said(&self.house.ask(target, Way { peer, local: PUBLIC, user_agent: Some(user_agent), ..LOCAL }))
    }

    fn bless(&self, mac: &str, pairing: Pairing) {
        let at = now();
        let order = Order::Bless { mac: mac.parse().unwrap(), pairing: pairing.nonce, until: at + BLESSED_SECS };
        self.strangers.hear(&Told { id: at, at, order });
    }

    /// What is on the disk once the server has stopped.
    fn seen(self) -> Vec<String> {
        let Remembering { house, strangers, state } = self;
        drop((house, strangers));
        let (seen, _) = look(state.path()).unwrap();
        let shown = |known: offhook::server::strangers::Stranger| {
            let told = known.told;
            let parts = [Some(told.family), told.model, told.firmware].map(Option::unwrap_or_default);
            format!("{} {} {} {} {}", known.mac, parts[0], parts[1], parts[2], known.count)
        };
        seen.into_iter().map(shown).collect()
    }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A code and a token are another one each time.
fn blanked(body: &str) -> String {
    let code = regex::Regex::new("[34679ACEFHJKPRTWXY]{3}-[34679ACEFHJKPRTWXY]{3}").unwrap();
    let token = regex::Regex::new("pair-[0-9a-f]{32}").unwrap();
    token.replace_all(&code.replace_all(body, "‹code›"), "‹token›").into_owned()
}

/// The token in a file, as it stands in a path.
fn token(body: &str) -> String {
    let found = regex::Regex::new("~pair-[0-9a-f]{32}").unwrap().find(body).unwrap_or_else(|| panic!("{body}"));
    found.as_str().to_owned()
}

const NEW_YEALINK: (&str, &str) = ("/001565aa0099.cfg", "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:00:99");
const NEW_CISCO: (&str, &str) = ("/spa504G.cfg", "Cisco/SPA504G-7.4.9c (1CDF0FAA0099)(CCQ162306EA)");

#[test]
fn a_yealink_shows_its_code_on_a_key() {
    let (status, body) = Remembering::new().ask(NEW_YEALINK.0, NEW_YEALINK.1);
    assert_eq!(status, 200);
    insta::assert_snapshot!(blanked(&body), @"
    #!version:1.0.0.1
    static.auto_provision.server.url = https://phones.example.org/~‹token›/
    auto_provision.server.url = https://phones.example.org/~‹token›/
    static.auto_provision.power_on = 1
    auto_provision.power_on = 1
    static.auto_provision.repeat.enable = 1
    auto_provision.repeat.enable = 1
    static.auto_provision.repeat.minutes = 2
    auto_provision.repeat.minutes = 2
    linekey.1.type = 40
    linekey.1.line = 1
    linekey.1.value = 0
    linekey.1.label = Code ‹code›
    account.1.label = Code ‹code›
    features.station_name.value = Code ‹code›
    ");
}

#[test]
fn a_cisco_shows_its_code_as_its_name() {
    let house = Remembering::new();
    let (status, body) = house.ask(NEW_CISCO.0, NEW_CISCO.1);
    assert_eq!(status, 200);
    insta::assert_snapshot!(blanked(&body), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <flat-profile>
    <Provision_Enable>Yes</Provision_Enable>
    <Resync_On_Reset>Yes</Resync_On_Reset>
    <Resync_Periodic>120</Resync_Periodic>
    <Resync_Error_Retry_Delay>120</Resync_Error_Retry_Delay>
    <Profile_Rule>https://phones.example.org/~‹token›/$MA.xml</Profile_Rule>
    <Profile_Rule_B></Profile_Rule_B>
    <Station_Name>Code ‹code›</Station_Name>
    <Station_Display_Name>Code ‹code›</Station_Display_Name>
    </flat-profile>
    "#);
    let (_, mpp) = house.ask("/8851-3PCC.xml", "Cisco-CP-8851-3PCC/12.0.3 (00562baa0099)");
    assert_eq!(blanked(&mpp), blanked(&body));
}

#[test]
fn what_has_no_screen_or_no_text_gets_no_code_and_no_token() {
    let house = Remembering::new();
    for (target, user_agent, keeps_asking) in [
        ("/1cdf0faa0097.xml", "Cisco/SPA112-1.4.1(SR5) (1CDF0FAA0097)", "<Resync_Periodic>120<"),
        // What stands there may be something else than its MAC: it is led to a file by its MAC.
        (
            "/spa112.cfg",
            "Cisco/SPA112-1.4.1(SR5) (1CDF0FAA0097)",
            "<Profile_Rule_B>https://phones.example.org/$MA.xml<",
        ),
        ("/001565aa0096.cfg", "Yealink W60B 77.85.0.20 00:15:65:aa:00:96", "repeat.minutes = 2"),
        ("/7c2f80aa0099.xml", "Maxwell 3/82.2.18.4-release;7C2F80AA0099", "Provision.Period\" value=\"600\""),
        ("/GigasetP82x-000413e20099.htm", "Mozilla/4.0 (compatible; GigasetP82x-SIP 10.1.0.0 000413E20099)", ">120<"),
        // With TLS 1.0 it could not come to the address with the token.
        ("/001565aa0095.cfg", "Yealink SIP-T28P 2.70.0.140 00:15:65:aa:00:95", "repeat.minutes = 2"),
    ] {
        let (status, body) = house.ask(target, user_agent);
        assert_eq!(status, 200, "{target}");
        assert!(body.contains(keeps_asking), "{body}");
        assert!(!body.contains("pair-") && !body.contains("Code"), "{body}");
    }
}

#[test]
fn families_without_a_harmless_file_stay_with_a_quiet_404_and_are_seen() {
    let house = Remembering::new();
    for (target, user_agent) in [
        ("/SEP001D45AA0099.cnf.xml", ""),
        ("/7C2F80AA0098.xml", "N510 IP PRO/42.245.00.000.000;7C2F80AA0098"),
        ("/7c2f80aa0097.xml", "Gigaset N670 IP PRO/83.V2.43.0+build.5f0a106;7C2F80AA0097;Handset=20"),
        ("/001565aa0099.boot", "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:00:99"),
        ("/001565aa0094.cfg", "Yealink SIP-T28P 2.61.0.80 00:15:65:aa:00:94"),
    ] {
        assert_eq!(house.ask(target, user_agent), (404, String::new()), "{target}");
    }
    assert_eq!(
        house.seen(),
        [
            "001565aa0094 yealink yealink-t28p 2.61.0.80 1",
            "001565aa0099 yealink yealink-t46s 66.86.0.15 1",
            "7c2f80aa0097 gigaset-nx70 gigaset-n670 83.V2.43.0+build.5f0a106 1",
            "7c2f80aa0098 gigaset-classic gigaset-n510 42.245.00.000.000 1",
            "001d45aa0099 cisco-enterprise   1",
        ]
    );
}

#[test]
fn what_is_no_phone_is_not_seen() {
    let house = Remembering::new();
    for (target, user_agent) in [
        ("/ccdf0faa0099.xml", "curl/8.5.0"),
        ("/favicon.ico", NEW_YEALINK.1),
        ("/001565aa0099.cfg?mac=001565aa0098", NEW_YEALINK.1),
        ("/y000000000066.cfg", "Yealink SIP-T46S 66.86.0.15"),
        // Digits that may be something else than a MAC.
        ("/ATA1cdf0faa0099.cnf.xml", ""),
    ] {
        assert_eq!(house.ask(target, user_agent), (404, String::new()), "{target}");
    }
    assert_eq!(house.seen(), [""; 0]);
}

#[test]
fn a_listener_of_other_families_answers_no_stranger() {
    let house = Remembering::new();
    let second = |(target, user_agent): (&str, &str)| {
        let way = Way { listener: 1, peer: STRANGER, local: PUBLIC, user_agent: Some(user_agent), ..LOCAL };
        house.house.ask(target, way).status.as_u16()
    };
    assert_eq!((second(NEW_YEALINK), second(NEW_CISCO)), (404, 200));
}

#[test]
fn the_same_phone_has_the_same_code_wherever_it_asks_from() {
    let house = Remembering::new();
    let (_, first) = house.ask(NEW_YEALINK.0, NEW_YEALINK.1);
    assert_eq!(house.ask(NEW_YEALINK.0, NEW_YEALINK.1).1, first);
    let with_token = format!("/{}{}", token(&first), NEW_YEALINK.0);
    assert_eq!(house.ask_from("203.0.113.99:4000", &with_token, NEW_YEALINK.1).1, first);
    let (_, another) = house.ask_from("203.0.113.98:4000", NEW_YEALINK.0, NEW_YEALINK.1);
    assert_ne!(another, first, "without the token it may be somebody else");
    assert_eq!(blanked(&another), blanked(&first));
}

#[test]
fn a_phone_of_the_fleet_that_was_never_given_a_file_may_be_blessed() {
    let house = Remembering::new();
    for phone in [&YEALINK, &CISCO] {
        let target = format!("/{}", phone.file);
        let (status, body) = house.ask(&target, phone.user_agent);
        assert_eq!((status, whose(&body)), (200, vec![]), "{body}");
        let waiting = format!("/{}{target}", token(&body));
        assert_eq!(house.ask(&waiting, phone.user_agent).1, body, "it waits");
        house.bless(phone.mac, pairing_of(&house, phone.mac));
        assert_eq!(whose(&house.ask(&waiting, phone.user_agent).1), [phone.mac]);
        // It has been provisioned: who comes without the token gets nothing any more.
        assert_eq!(house.ask(&target, phone.user_agent), (403, String::new()));
        assert_eq!(whose(&house.ask(&waiting, phone.user_agent).1), [phone.mac]);
        // Another phone's token is worth nothing.
        let other = ALL.iter().find(|other| other.mac != phone.mac && other.file.ends_with(".cfg")).unwrap();
        let stolen = format!("/{}/{}", token(&body), other.file);
        assert_eq!(whose(&house.ask(&stolen, other.user_agent).1), Vec::<&str>::new());
    }
}

/// What the server has given a phone, as the state folder will have it.
fn pairing_of(house: &Remembering, mac: &str) -> Pairing {
    let mac: Mac = mac.parse().unwrap();
    for _ in 0..200 {
        let (seen, _) = look(house.state.path()).unwrap();
        if let Some(pairing) = seen.iter().find(|known| known.mac == mac).and_then(|known| known.pairing) {
            return pairing;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("`{mac}` was never written down");
}

#[test]
fn where_a_token_would_not_do_the_refusal_stays() {
    for (trust, status) in [
        ("accept = [\"network\", \"password\"]", 403),
        ("demand = [\"certificate\"]", 403),
        ("demand = [\"token\"]", 200),
        ("networks = [\"10.0.0.0/8\"]", 200),
    ] {
        let folder = tempfile::tempdir().unwrap();
        crate::house::fleet(folder.path());
        put(folder.path(), "sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n[trust]\n{trust}\n"));
        let house = Remembering::of(House::open(folder));
        assert_eq!(house.ask(&format!("/{}", YEALINK.file), YEALINK.user_agent).0, status, "{trust}");
    }
}

#[test]
fn a_phone_with_a_password_is_to_be_asked_for_it() {
    let folder = tempfile::tempdir().unwrap();
    crate::house::fleet(folder.path());
    let text = "model = \"yealink-t46s\"\nlines = [\"201\"]\n[trust]\npassword = \"of the phone\"\n";
    put(folder.path(), &format!("sites/a/phones/{}.toml", YEALINK.mac), text);
    let house = Remembering::of(House::open(folder));
    assert_ne!(house.ask(&format!("/{}", YEALINK.file), YEALINK.user_agent).0, 200);
}

#[test]
fn a_phone_that_is_trusted_is_not_asked_to_wait() {
    let house = Remembering::new();
    let other = ALL[3];
    let (_, body) = house.ask_from(TRUSTED, &format!("/{}", other.file), other.user_agent);
    assert_eq!(whose(&body), [other.mac]);
    assert!(house.seen().is_empty());
}

#[test]
fn the_file_is_small_and_says_nothing_of_the_fleet() {
    let house = Remembering::new();
    for (target, user_agent) in [NEW_YEALINK, NEW_CISCO] {
        let reply =
            house.house.ask(target, Way { user_agent: Some(user_agent), peer: STRANGER, local: PUBLIC, ..LOCAL });
        assert!(reply.body.len() < 1000, "{}", reply.body.len());
        let (_, body) = said(&reply);
        for word in ["sip.example.org", "Secret", "password"] {
            assert!(!body.contains(word), "{word}: {body}");
        }
        // A token may have the same digits.
        assert!(body.split(|sign: char| !sign.is_ascii_alphanumeric()).all(|word| word != "201"), "{body}");
        let head = house.house.ask(target, Way { method: &Method::HEAD, user_agent: Some(user_agent), ..LOCAL });
        assert_eq!(head.status.as_u16(), 200);
    }
}

#[test]
fn a_claimed_phone_is_a_stranger_no_more() {
    let mut house = Remembering::new();
    house.ask(NEW_YEALINK.0, NEW_YEALINK.1);
    let text = "model = \"yealink-t46s\"\nlines = []\n";
    put(house.house.folder.path(), "sites/b/phones/001565aa0099.toml", text);
    let live = Arc::new(Live::load(house.house.folder.path()));
    let phones = Phones::new(live, Cache::new(1 << 20), RevisionKey::fixed(), Ledger::in_memory(), Vec::new());
    house.house.phones = Arc::new(phones.with_strangers(house.strangers.clone()));
    let (_, body) = house.ask_from(TRUSTED, NEW_YEALINK.0, NEW_YEALINK.1);
    assert!(body.contains("linekey.2.type"), "{body}");
    assert!(house.seen().is_empty());
}

#[test]
fn a_phone_that_was_given_a_file_keeps_it_when_the_fleet_loses_it() {
    let house = Remembering::new();
    let target = format!("/{}", YEALINK.file);
    assert_eq!(whose(&said(&house.house.ask(&target, LOCAL)).1), [YEALINK.mac]);
    std::fs::remove_file(house.house.folder.path().join(format!("sites/a/phones/{}.toml", YEALINK.mac))).unwrap();
    let gone = Entity::Phone("a".into(), YEALINK.mac.into());
    house.house.live.follow(&Changed { entities: [gone].into(), ..Changed::default() });
    for way in [LOCAL, Way { peer: STRANGER, local: PUBLIC, ..LOCAL }] {
        let way = Way { user_agent: Some(YEALINK.user_agent), ..way };
        assert_eq!(said(&house.house.ask(&target, way)), (404, String::new()));
    }
    assert_eq!(house.seen(), ["001565aa0001 yealink yealink-t46s 66.86.0.15 1"; 2], "from each of the two");
}

#[test]
fn a_phone_waits_to_be_claimed_until_it_has_got_its_file() {
    let head = Way { method: &Method::HEAD, ..LOCAL };
    // Firmware that reads another format gets no file.
    let old = Way { user_agent: Some("Yealink SIP-T46S 66.60.0.15 00:15:65:aa:00:99"), ..LOCAL };
    for (way, status, waits) in [(head, 200, true), (old, 404, true), (LOCAL, 200, false)] {
        let there = Remembering::new();
        there.ask(NEW_YEALINK.0, NEW_YEALINK.1);
        put(
            there.house.folder.path(),
            "sites/a/phones/001565aa0099.toml",
            "model = \"yealink-t46s\"\nlines = [\"201\"]\n",
        );
        let come = Entity::Phone("a".into(), "001565aa0099".into());
        there.house.live.follow(&Changed { entities: [come].into(), ..Changed::default() });
        assert_eq!(there.house.ask(NEW_YEALINK.0, way).status.as_u16(), status);
        let seen = there.seen();
        assert_eq!(!seen.is_empty(), waits, "{seen:?}");
    }
}
