//! `auto_resync`: phones that a change has left behind are asked to come, once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use offhook::journal::Reader;
use offhook::phone::Mac;
use offhook::resync::{Asking, Behind, Known, Late, Transport, ask_those_behind};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::command::{boots, write};
use super::common::{phone, serving};
use super::house::House;
use super::many::{fleet, mac};
use super::server::{Server, serve};
use super::sipp::{Sipp, answers, takes};
use super::{fast, wait};

/// Who is behind, by site, as a test says.
#[derive(Default)]
struct Said(Mutex<BTreeMap<String, Known>>);

impl Said {
    fn say(&self, site: &str, late: &[(Mac, &str)], is_part: bool) {
        let late = late.iter().map(|(mac, wanted)| Late { mac: *mac, wanted: (*wanted).into() }).collect();
        self.0.lock().unwrap().insert(site.to_owned(), Known { late, is_part });
    }
}

impl Behind for Said {
    fn behind(&self, site: &str) -> Known {
        self.0.lock().unwrap().get(site).cloned().unwrap_or_default()
    }
}

/// Two sites that want it, a second after a change, and who was asked.
struct Watched {
    house: House,
    behind: Arc<Said>,
    changed: UnboundedSender<compact_str::CompactString>,
    asked: Arc<Mutex<Vec<Mac>>>,
    _socket: UdpSocket,
}

impl Watched {
    async fn open(asking: Asking) -> Watched {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let folder = fleet(8, socket.local_addr().unwrap());
        for site in ["a", "b"] {
            let path = format!("sites/{site}/site.toml");
            let text = std::fs::read_to_string(folder.path().join("fleet").join(&path)).unwrap();
            write(&folder, &path, &(text + "[auto_resync]\nafter_secs = 1\npace = \"1000/s\"\n"));
        }
        let asked: Arc<Mutex<Vec<Mac>>> = Arc::default();
        let board = asked.clone();
        let house = House::open(folder, asking, Arc::new(move |mac| board.lock().unwrap().push(mac))).await;
        let behind = Arc::new(Said::default());
        let (changed, changes) = unbounded_channel();
        tokio::spawn(ask_those_behind(house.live.clone(), house.jobs.clone(), behind.clone(), changes));
        Watched { house, behind, changed, asked, _socket: socket }
    }

    /// A site changes, and leaves phones behind.
    fn change(&self, site: &str, late: &[(Mac, &str)]) {
        self.behind.say(site, late, false);
        self.changed.send(site.into()).unwrap();
    }

    /// Waits until so many were asked, and gives them.
    async fn asked(&self, count: usize) -> Vec<Mac> {
        let begin = Instant::now();
        while self.asked.lock().unwrap().len() < count {
            assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", self.asked.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.asked.lock().unwrap().clone()
    }
}

#[test]
fn a_phone_is_asked_once_for_what_it_should_have() {
    wait(async {
        let watched = Watched::open(fast(Duration::from_millis(200))).await;
        let (one, two, other) = (mac(0), mac(2), mac(1));
        watched.change("a", &[(one, "r1")]);
        watched.change("a", &[(one, "r1"), (two, "r1")]);
        assert_eq!(BTreeSet::from_iter(watched.asked(2).await), BTreeSet::from([one, two]));
        assert_eq!(watched.house.jobs.list()[0].who, "auto_resync");
        assert_eq!(watched.house.jobs.list().len(), 1, "both changes make one job");
        for _ in 0..2 {
            watched.house.jobs.stop(1);
        }
        // A change that is nothing to the first one: it was asked for what it should have.
        watched.change("a", &[(one, "r1"), (two, "r2")]);
        assert_eq!(watched.asked(3).await[2..], [two]);
        watched.change("a", &[(one, "r1")]);
        watched.change("b", &[(other, "r1")]);
        assert_eq!(watched.asked(4).await[3..], [other]);
        watched.change("a", &[(one, "r3")]);
        assert_eq!(watched.asked(5).await[4..], [one]);
    });
}

#[test]
fn a_phone_that_is_asked_already_is_asked_again_when_that_is_over() {
    wait(async {
        let watched = Watched::open(fast(Duration::from_secs(30))).await;
        let job = watched.house.start(&[mac(0)]);
        watched.asked(1).await;
        watched.change("a", &[(mac(0), "r1"), (mac(2), "r1")]);
        assert_eq!(watched.asked(2).await, [mac(0), mac(2)]);
        for _ in 0..2 {
            watched.house.jobs.stop(job);
        }
        assert_eq!(watched.asked(3).await, [mac(0), mac(2), mac(0)]);
    });
}

#[test]
fn phones_of_which_it_is_not_known_yet_are_asked_when_it_is() {
    wait(async {
        let watched = Watched::open(fast(Duration::from_millis(200))).await;
        let (one, two, three) = (mac(0), mac(2), mac(4));
        watched.behind.say("a", &[(one, "r1")], true);
        watched.changed.send("a".into()).unwrap();
        assert_eq!(watched.asked(1).await, [one]);
        // Nothing changes any more, and it is found out all the same. Who is looked at again meanwhile was asked.
        watched.behind.say("a", &[(two, "r1")], true);
        assert_eq!(watched.asked(2).await, [one, two]);
        watched.behind.say("a", &[(one, "r1"), (two, "r1"), (three, "r1")], false);
        assert_eq!(watched.asked(3).await, [one, two, three]);
    });
}

#[test]
fn who_was_spared_by_a_stop_is_asked_at_the_next_change() {
    wait(async {
        let watched = Watched::open(fast(Duration::from_millis(200))).await;
        let late: Vec<(Mac, &str)> = (0..8).step_by(2).map(|number| (mac(number), "r1")).collect();
        watched.change("a", &late);
        assert_eq!(watched.asked(3).await.len(), 3, "the canary");
        for _ in 0..2 {
            watched.house.jobs.stop(1);
        }
        watched.change("a", &late);
        assert_eq!(watched.asked(4).await[3], mac(6));
    });
}

#[test]
fn how_a_site_says_that_it_wants_it() {
    let read = |text: &str| {
        let fleet = phone("yealink-t46s", "").with("sites/a/site.toml", text);
        let auto = serving(fleet.path()).world.site("a").and_then(|site| site.auto_resync);
        let findings =
            fleet.findings().lines().filter(|line| line.contains("auto_resync")).collect::<Vec<_>>().join("\n");
        (auto.map(|auto| (auto.after.as_secs(), auto.pace)), findings)
    };
    for (text, wanted) in [
        ("", None),
        ("auto_resync = true", Some((10, 5.0))),
        ("auto_resync = false", None),
        ("[auto_resync]", Some((10, 5.0))),
        ("auto_resync = { enabled = false, after_secs = 60 }", None),
        ("auto_resync = { after_secs = 60, pace = \"0.5/s\" }", Some((60, 0.5))),
        ("auto_resync.pace = 20", Some((10, 20.0))),
        ("auto_resync.pace = 0.5", Some((10, 0.5))),
    ] {
        assert_eq!(read(text), (wanted, String::new()), "{text}");
    }
    let wrong =
        ["auto_resync = 10", "auto_resync = { after_secs = 0, pace = \"fast\", after = 3 }", "auto_resync.pace = true"];
    assert_snapshot!(wrong.map(|text| read(text).1).join("\n"), @r"
    error: sites/a/site.toml:1: `auto_resync` must be true, false or a table, not a whole number [wrong-type]
    error: sites/a/site.toml:1: `auto_resync.pace`: write how many phones a second, such as 20/s or 0.5/s [bad-pace]
    error: sites/a/site.toml:1: `auto_resync.after_secs` is 0, but must be from 1 to 3600 [out-of-range]
    error: sites/a/site.toml:1: `auto_resync.after` is not a known field [unknown-field]
    error: sites/a/site.toml:1: `auto_resync.pace`: write how many phones a second, such as 20/s or 0.5/s [bad-pace]
    ");
}

#[test]
fn a_server_asks_a_phone_whose_line_was_edited() {
    let Some(sipp) = Sipp::start(Transport::Udp, &[takes(""), answers("200 OK", "")]) else { return };
    let folder = fleet(2, ([127, 0, 0, 1], sipp.port).into());
    let site = std::fs::read_to_string(folder.path().join("fleet/sites/a/site.toml")).unwrap();
    write(&folder, "sites/a/site.toml", &format!("auto_resync = {{ after_secs = 1 }}\n{site}"));
    let mut server = Server::of(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    let one = mac(0).to_string();
    boots(&folder, &one, &server);
    boots(&folder, &mac(1).to_string(), &server);
    // The site of the second phone does not want it.
    for line in ["sites/b/lines/1.toml", "sites/a/lines/0.toml"] {
        write(&folder, line, "display_name = \"Reception\"\nsip.password = \"Secret201x\"\n");
    }
    let messages = sipp.messages();
    assert!(messages.contains("NOTIFY sip:0@127.0.0.1"), "{messages}");
    boots(&folder, &one, &server);
    let said = server.until("resync: 1 phone: 1 came back");
    assert!(said.contains("auto_resync"), "{said}");
    server.stop();
    let history = wait(async {
        Reader::open(&folder.path().join("state")).await.unwrap().unwrap().history(mac(0), 0, 10).await.unwrap()
    });
    let [change] = history.changes.as_slice() else { panic!("{history:?}") };
    assert_eq!((change.who.as_str(), change.what.as_str()), ("auto_resync", "resync"));
    assert!(change.entity.starts_with("1 phone: 1 came back"), "{}", change.entity);
}
