//! Paths and user agents.

use std::sync::Arc;

use offhook::fleet::Entity;
use offhook::live::Changed;
use offhook::render::{Cache, CacheFigures, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::house::{ALL, CISCO, GIGASET, House, LOCAL, OTHER, Way, YEALINK, put, said, whose};

#[test]
fn each_phone_gets_its_file_with_its_password() {
    let house = House::new();
    for phone in ALL {
        for target in [
            format!("/{}", phone.file),
            format!("/{}", phone.file.to_uppercase()),
            format!("/{}", phone.file.replace(phone.mac, &phone.mac.to_uppercase())),
            format!("//{}", phone.file),
            format!("/%2e/{}", phone.file),
            format!("/{}", phone.file.replace('.', "%2e")),
            format!("/~t0ken/{}", phone.file),
            format!("/any/folder/{}", phone.file),
        ] {
            for user_agent in [None, Some(phone.user_agent), Some("curl/8.5.0")] {
                let (status, body) = said(&house.ask(&target, Way { user_agent, ..LOCAL }));
                assert_eq!((status, whose(&body)), (200, vec![phone.mac]), "{target} as {user_agent:?}");
            }
        }
    }
}

#[test]
fn only_the_phones_own_site_leads_to_it() {
    let house = House::new();
    for (site, status) in [("a", 200), ("b", 404), ("elsewhere", 200)] {
        let (told, body) = house.get(&format!("/{site}/{}", YEALINK.file));
        assert_eq!((told, body.is_empty()), (status, status != 200), "{site}");
    }
    assert_eq!(house.get(&format!("/b/{}", OTHER.file)).0, 200);
    assert_eq!(house.get(&format!("/~t0ken/b/{}", YEALINK.file)).0, 404);
}

#[test]
fn common_files_are_a_phones_own_if_it_says_who_it_is() {
    let house = House::new();
    // A Yealink goes on to its own file.
    for user_agent in [YEALINK.user_agent, "Yealink SIP-T46S 66.86.0.15"] {
        assert_eq!(house.get_as("/y000000000066.cfg", user_agent), (404, String::new()));
    }
    // A Cisco out of the box is led to its file, and gets none of the secrets.
    let (status, body) = house.get_as("/spa504G.cfg", "Cisco/SPA504G-7.4.9c");
    assert_eq!((status, whose(&body)), (200, vec![]));
    assert!(body.contains("https://phones.example.org/$MA.xml"), "{body}");
    assert_eq!(house.get("/spa504G.cfg"), (200, body));
    let (status, body) = house.get_as("/spa504G.cfg", CISCO.user_agent);
    assert_eq!((status, whose(&body)), (200, vec![CISCO.mac]));
    // A Maxwell asks for its own file next.
    assert_eq!(house.get("/provisioning.xml"), (404, String::new()));
    assert_eq!(house.get("/device/provisioning.xml"), (404, String::new()));
    let (status, body) = house.get_as("/device/provisioning.xml", GIGASET.user_agent);
    assert_eq!((status, whose(&body)), (200, vec![GIGASET.mac]));
}

#[test]
fn files_that_phones_ask_for_in_vain() {
    let house = House::new();
    for target in [
        "/001565aa0001.boot",
        "/y000000000000.boot",
        "/001565aa0001-local.cfg",
        "/001565aa0001-contact.xml",
        "/82/1/GC_MAX_v2.bin",
        "/ATA1cdf0faa0002.cnf.xml",
        "/favicon.ico",
        "/",
        "/robots.txt",
    ] {
        assert_eq!(house.get(target), (404, String::new()), "{target}");
    }
}

#[test]
fn a_yealink_comes_to_its_own_file_whatever_its_age() {
    let house = House::new();
    let boot = |firmware: &str, asked: &[&str]| -> Vec<u16> {
        let user_agent = format!("Yealink SIP-T46S {firmware} 00:15:65:aa:00:01");
        asked.iter().map(|target| house.get_as(target, &user_agent).0).collect()
    };
    // Up to firmware 80 the model's common file first.
    for firmware in ["28.70.0.1", "28.73.0.1", "28.80.0.1"] {
        assert_eq!(boot(firmware, &["/y000000000028.cfg", "/001565aa0001.cfg"]), [404, 200], "{firmware}");
    }
    // From 81 on boot files before it: if one were there, nothing would be fetched but what it names.
    let asked = ["/001565aa0001.boot", "/y000000000000.boot", "/y000000000066.cfg", "/001565aa0001.cfg"];
    for firmware in ["66.81.0.1", "66.86.0.15"] {
        assert_eq!(boot(firmware, &asked), [404, 404, 404, 200], "{firmware}");
    }
    // What its user has changed, where the phone keeps that on the server.
    assert_eq!(boot("66.86.0.15", &["/001565aa0001-local.cfg"]), [404]);
}

#[test]
fn firmware_that_reads_another_format_gets_no_file() {
    let house = House::new();
    let ask = |firmware: &str| {
        house.get_as(&format!("/{}", YEALINK.file), &format!("Yealink SIP-T28P {firmware} 00:15:65:aa:00:01")).0
    };
    assert_eq!(["2.61.0.80", "2.70.0.140", "2.73.0.50"].map(ask), [404, 200, 200]);
}

#[test]
fn two_phones_in_one_request_get_nothing() {
    let house = House::new();
    for (target, user_agent) in [
        (format!("/{}", YEALINK.file), OTHER.user_agent),
        (format!("/{}", CISCO.file), "Cisco/SPA504G-7.4.9c (1CDF0FAA0009)(CCQ162306EA)"),
        (format!("/{}", GIGASET.file), "Maxwell 3/82.2.18.4-release;7C2F80AA0009"),
        (format!("/{}?mac={}", YEALINK.file, OTHER.mac), "curl/8.5.0"),
    ] {
        assert_eq!(house.get_as(&target, user_agent), (404, String::new()), "{target} as {user_agent}");
    }
}

#[test]
fn a_phone_that_is_not_stored() {
    let house = House::new();
    for (target, user_agent) in [
        ("/001565aa0099.cfg", "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:00:99"),
        ("/1cdf0faa0099.xml", "curl/8.5.0"),
        ("/spa504G.cfg", "Cisco/SPA504G-7.4.9c (1CDF0FAA0099)(CCQ162306EA)"),
    ] {
        // It is told to wait: tests/phones/unclaimed.rs.
        let (status, body) = house.get_as(target, user_agent);
        assert_eq!((status, whose(&body)), (200, vec![]), "{target}");
    }
}

#[test]
fn a_phone_of_another_family_gets_nothing() {
    let house = House::new();
    for (target, user_agent) in [
        (YEALINK.file, "Cisco/SPA504G-7.4.9c (001565AA0001)(CCQ162306EA)"),
        (YEALINK.file, "Cisco/SPA504G-7.4.9c"),
        ("001565aa0001.xml", "Maxwell 3/82.2.18.4-release;001565AA0001"),
        (CISCO.file, "Yealink SIP-T46S 66.86.0.15 1c:df:0f:aa:00:02"),
        ("1cdf0faa0002.boot", CISCO.user_agent),
    ] {
        let (status, body) = house.get_as(&format!("/{target}"), user_agent);
        assert_eq!((status, whose(&body)), (404, vec![]), "{target} as {user_agent}");
    }
}

/// What is counted of requests: a family where the fleet has the phone, although nothing in the request tells it.
#[test]
fn the_fleet_tells_the_family_that_a_request_is_counted_for() {
    let house = House::new();
    // An address of no maker's.
    put(house.folder.path(), "sites/a/phones/020000aa0009.toml", "model = \"yealink-t46s\"\nlines = [\"201\"]\n");
    let come = Entity::Phone("a".into(), "020000aa0009".into());
    house.live.follow(&Changed { entities: [come].into(), ..Changed::default() });
    for target in ["/020000aa0009.cfg", "/020000aa0009.cfg", "/020000aa0010.cfg", "/nothing"] {
        house.get(target);
    }
    let mut registry = Registry::default();
    house.phones.metrics().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let mut counted: Vec<&str> = text.lines().filter(|line| line.starts_with("requests_total")).collect();
    counted.sort_unstable();
    insta::assert_snapshot!(counted.join("\n"), @r#"
    requests_total{family="",status="404",reason="no-such-file"} 1
    requests_total{family="",status="404",reason="unknown-phone"} 1
    requests_total{family="yealink",status="200",reason=""} 2
    "#);
}

#[test]
fn a_small_cache_keeps_within_its_bytes_and_counts_what_falls_out() {
    let house = House::new();
    let small = Cache::new(64 * 1024);
    let phones = Phones::new(house.live.clone(), small, RevisionKey::fixed(), Ledger::in_memory(), Vec::new());
    let house = House { phones: Arc::new(phones), ..house };
    (0..10).for_each(|_| ALL.iter().for_each(|phone| drop(house.get(&format!("/{}", phone.file)))));
    let CacheFigures { hits, misses, evictions, files, bytes, max_bytes } = house.phones.cache().figures();
    assert_eq!(hits + misses, 10 * ALL.len() as u64);
    assert!(bytes <= max_bytes && max_bytes == 64 * 1024, "{bytes}");
    assert_eq!(evictions, misses - files, "{misses} were made, and {files} are left");
    assert!(evictions > 0);
}
