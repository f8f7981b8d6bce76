//! How often somebody may ask.

use std::time::Duration;

use offhook::server::Reply;

use crate::house::{House, LOCAL, OTHER, PUBLIC, TRUSTED, Way, fleet, put, said, whose};
use crate::log::Log;

/// From the office of the site `b`, all of which stands behind one address.
fn from_the_office(house: &House, target: &str) -> Reply {
    house.ask(target, Way { peer: TRUSTED, local: PUBLIC, ..LOCAL })
}

/// The fleet with a second phone in that office.
fn two_in_the_office() -> House {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    put(folder.path(), "sites/b/phones/001565bb0005.toml", "model = \"yealink-t42s\"\nlines = [\"301\"]\n");
    House::open(folder)
}

#[test]
fn who_walks_through_macs_is_noticed_and_slowed_and_the_phones_beside_him_are_not() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::WARN));
    let house = House::new();
    let (mut at_once, mut slowly, mut not_now) = (0, 0, 0);
    for number in 0..2000 {
        let reply = from_the_office(&house, &format!("/001565c{number:05x}.cfg"));
        match (reply.status.as_u16(), reply.delay) {
            (200, None) => at_once += 1,
            (200, Some(delay)) if delay <= Duration::from_secs(8) => slowly += 1,
            (503, None) => not_now += 1,
            other => panic!("{other:?}"),
        }
        // What goes to anybody has nobody's secret in it.
        assert!(whose(&said(&reply).1).is_empty());
        let phone = from_the_office(&house, &format!("/{}", OTHER.file));
        // A phone asks for so many files in a hundred boots only.
        if number < 400 {
            assert_eq!((phone.status.as_u16(), phone.delay), (200, None), "{number}");
            assert_eq!(whose(&said(&phone).1), [OTHER.mac]);
        }
    }
    assert!(at_once < 20 && slowly < 20 && not_now > 1900, "{at_once} at once, {slowly} slowly, {not_now} not");
    let told = log.text();
    let walks: Vec<&str> = told.lines().filter(|line| line.contains("one unknown phone after the other")).collect();
    assert_eq!(walks.len(), 1, "{told}");
    assert!(
        walks[0]
            .contains("`192.0.2.7` asks for one unknown phone after the other, from `001565c00000` to `001565c0000b`"),
        "{walks:?}"
    );
    // Each phone that is not in the fleet is told, and a walk as one.
    assert!(told.lines().count() < 50, "{told}");
}

#[test]
fn a_phone_that_never_stops_gets_503_and_the_next_one_its_file() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::WARN));
    let house = two_in_the_office();
    let replies: Vec<Reply> = (0..500).map(|_| from_the_office(&house, &format!("/{}", OTHER.file))).collect();
    let last = replies.last().unwrap();
    assert_eq!((last.status.as_u16(), last.retry_after_secs, last.delay), (503, Some(30), None));
    assert!(replies[..400].iter().all(|reply| reply.status == 200));
    assert_eq!(from_the_office(&house, "/001565bb0005.cfg").status, 200);
    let told = log.text();
    assert_eq!(told.matches("reason=\"too-many\"").count(), 1, "{told}");
    assert!(told.contains("`001565bb0004` asks for its files again and again, and has to wait"), "{told}");
}

#[test]
fn this_machine_itself_is_never_limited() {
    let house = House::new();
    assert!((0..1000).all(|_| house.get(&format!("/{}", OTHER.file)).0 == 200));
}
