//! Who may have a file.

use offhook::server::Reply;

use crate::house::{ALL, CISCO, House, LOCAL, OTHER, PUBLIC, Phone, STRANGER, TRUSTED, Way, YEALINK, said, whose};

fn from(house: &House, peer: &str, target: &str, user_agent: &str) -> Reply {
    house.ask(target, Way { peer, local: PUBLIC, user_agent: Some(user_agent), ..LOCAL })
}

#[test]
fn nobody_gets_a_password_for_knowing_a_mac() {
    let house = House::new();
    let ask = |phone: &Phone, target: &str| said(&from(&house, STRANGER, target, phone.user_agent));
    for phone in ALL {
        // It was never given a file, so it is told to wait until somebody claims it.
        let (status, body) = ask(phone, &format!("/{}", phone.file));
        assert_eq!((status, whose(&body)), (200, vec![]), "{}", phone.mac);
        house.ask(&format!("/{}", phone.file), LOCAL);
        let reply = from(&house, STRANGER, &format!("/{}", phone.file), phone.user_agent);
        assert_eq!(said(&reply), (403, String::new()), "{}", phone.mac);
        assert!(reply.etag.is_none() && reply.content_type.is_none());
    }
    // A common file with the MAC in the user agent is the same document.
    assert_eq!(ask(&CISCO, "/spa504G.cfg"), (403, String::new()));
    // What has no secret goes to everybody.
    let (status, body) = said(&from(&house, STRANGER, "/spa504G.cfg", "Cisco/SPA504G-7.4.9c"));
    assert_eq!((status, whose(&body)), (200, vec![]));
    assert_eq!(said(&from(&house, STRANGER, "/001565aa0001.boot", YEALINK.user_agent)), (404, String::new()));
}

#[test]
fn a_site_trusts_for_itself_only() {
    let house = House::new();
    let (status, body) = said(&from(&house, TRUSTED, &format!("/{}", OTHER.file), OTHER.user_agent));
    assert_eq!((status, whose(&body)), (200, vec![OTHER.mac]));
    let (_, body) = said(&from(&house, TRUSTED, &format!("/{}", YEALINK.file), YEALINK.user_agent));
    assert_eq!(whose(&body), Vec::<&str>::new());
    assert_eq!(said(&from(&house, TRUSTED, &format!("/b/{}", YEALINK.file), YEALINK.user_agent)), (404, String::new()));
}

#[test]
fn a_loopback_source_on_another_address_is_forged() {
    let house = House::new();
    for (peer, local, whom) in [
        ("127.0.0.1:4000", PUBLIC, None),
        ("[::1]:4000", PUBLIC, None),
        ("[::1]:4000", "[::1]:8443", Some(YEALINK.mac)),
        (STRANGER, "127.0.0.1:8443", None),
    ] {
        let reply = house.ask(&format!("/{}", YEALINK.file), Way { peer, local, ..LOCAL });
        assert_eq!(whose(&said(&reply).1), Vec::from_iter(whom), "{peer} to {local}");
    }
}

#[test]
fn a_listener_for_a_family() {
    let house = House::new();
    let second = |target: &str| said(&house.ask(target, Way { listener: 1, ..LOCAL }));
    assert_eq!(second(&format!("/{}", CISCO.file)).0, 200);
    assert_eq!(second("/spa504G.cfg").0, 200);
    assert_eq!(second(&format!("/{}", YEALINK.file)), (404, String::new()));
    assert_eq!(second("/provisioning.xml"), (404, String::new()));
}
