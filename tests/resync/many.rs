//! A job over many phones behind one registrar: those that hear boot again as `simulate` plays them, and some never do.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook::catalogue::Verb;
use offhook::live::Serving;
use offhook::phone::Mac;
use offhook::resync::{Answered, Asking, Books, Job, Outcome, Pace, Standing, Step, Stop, Target, Way};
use offhook::simulate::address::Address;
use offhook::simulate::client::{Network, Route};
use offhook::simulate::fleet::boot_one;
use offhook::simulate::trust::{self, Trust};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, watch};

use super::common::serving;
use super::server::{Server, serve};
use super::{fast, wait};

/// `OFFHOOK_PHONES=2000` plays so many.
fn count() -> usize {
    std::env::var("OFFHOOK_PHONES").ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

pub fn mac(number: usize) -> Mac {
    format!("00156501{number:04x}").parse().unwrap()
}

/// A fleet of phones, each with a line of its own, in two sites; `registrar` is where they register.
pub fn fleet(count: usize, registrar: SocketAddr) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: String, text: String| {
        let path = folder.path().join("fleet").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "fleet.toml".into(),
        "schema = 1\npublic_url = \"https://phones.example.org\"\n[[listen]]\naddress = \"127.0.0.1:0\"\n".into(),
    );
    for site in ["a", "b"] {
        let (ip, port) = (registrar.ip(), registrar.port());
        write(format!("sites/{site}/site.toml"), format!("sip.server = \"{ip}\"\nsip.port = {port}\n"));
    }
    for number in 0..count {
        let site = if number % 2 == 0 { "a" } else { "b" };
        write(format!("sites/{site}/lines/{number}.toml"), "sip.password = \"Secret201x\"\n".into());
        let phone = format!("model = \"yealink-t46s\"\nlines = [\"{number}\"]\n");
        write(format!("sites/{site}/phones/{}.toml", mac(number)), phone);
    }
    folder
}

/// The simulated phones' network, with a server at an address.
pub fn network(server: &str) -> (Arc<Network>, Address) {
    let name = Address::parse("https://phones.example.org/").unwrap();
    let route = Route { name: name.clone(), to: server.parse().unwrap(), tls: true };
    let trust = trust::config(Trust::Anybody).unwrap();
    (Arc::new(Network { trust, routes: vec![route], only_routes: true, credentials: None }), name)
}

/// A registrar that says yes to each NOTIFY, and wakes the phone that it is for: the number in front of the `@`. Every
/// tenth phone takes the request and does nothing; of each tenth after it nothing is heard.
pub async fn registrar(socket: UdpSocket, wake: impl Fn(usize) + Send + 'static) {
    let (mut packet, mut heard) = ([0; 4096], std::collections::HashSet::new());
    loop {
        let (length, from) = socket.recv_from(&mut packet).await.unwrap();
        let text = String::from_utf8_lossy(&packet[..length]).into_owned();
        let number: usize = text.split(['@', ':']).nth(1).unwrap().parse().unwrap();
        if number % 10 == 2 {
            continue;
        }
        let echoed = text
            .lines()
            .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)));
        let echoed: String = echoed.map(|line| format!("{line}\r\n")).collect();
        socket.send_to(format!("SIP/2.0 200 OK\r\n{echoed}Content-Length: 0\r\n\r\n").as_bytes(), from).await.unwrap();
        if number % 10 != 1 && heard.insert(number) {
            wake(number);
        }
    }
}

fn targets(serving: &Serving) -> Vec<Target> {
    let target =
        |mac| Target::new(&serving.world.subject(mac).unwrap(), None, Verb::Resync, &Way::Registrar, None).unwrap();
    serving.world.macs().map(target).collect()
}

fn states(serving: &Serving, state: &Path) -> [usize; 3] {
    let books = Books::read(state, 0).unwrap().unwrap();
    let standings: Vec<Standing> = serving.world.macs().map(|mac| books.standing(serving, mac)).collect();
    let count = |is: fn(&Standing) -> bool| standings.iter().filter(|standing| is(standing)).count();
    let behind = count(|standing| matches!(standing, Standing::Behind { .. }));
    [count(|standing| *standing == Standing::InSync), behind, count(|standing| *standing == Standing::NeverSeen)]
}

#[test]
fn those_that_fetch_have_come_back_and_nobody_else() {
    let count = count();
    wait(async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let folder = fleet(count, socket.local_addr().unwrap());
        let server = Server::of(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
        let serving = Arc::new(serving(&folder.path().join("fleet")));
        let state = folder.path().join("state");
        assert_eq!(states(&serving, &state), [0, 0, count]);

        let (network, given) = network(server.address());
        // As many at a time as two processors bear.
        let power = Arc::new(Semaphore::new(8));
        let phones = serving.clone();
        tokio::spawn(registrar(socket, move |number| {
            let (phones, network, given, power) = (phones.clone(), network.clone(), given.clone(), power.clone());
            tokio::spawn(async move {
                let _powered = power.acquire().await.unwrap();
                boot_one(&phones, mac(number), None, &network, &given).await;
            });
        }));
        let pace = Pace { overall: 100.0, canary: 1, wave: count, ..Pace::default() };
        let wait = Duration::from_secs(if count > 100 { 120 } else { 12 });
        let job =
            Job { targets: targets(&serving), pace, wait, asking: fast(Duration::from_secs(1)), state: state.clone() };
        let mut seen = 0;
        let begin = Instant::now();
        let count_ended = |_, step: Step<'_>| seen += usize::from(step != Step::Asked);
        let ended = job.run(count_ended, watch::channel(Stop::No).1).await.unwrap();
        assert!(begin.elapsed() < wait * 2, "{:?}", begin.elapsed());
        assert!(!ended.stopped);
        assert_eq!(seen, count);
        for (number, outcome) in ended.outcomes.iter().enumerate() {
            let fits = match number % 10 {
                1 => *outcome == Outcome::NeverCame,
                2 => *outcome == Outcome::NoAnswer { why: Answered::Silent.to_string() },
                _ => matches!(outcome, Outcome::CameBack { revision, .. } if revision.len() == 32),
            };
            assert!(fits, "{number}: {outcome:?}");
        }
        let off = (0..count).filter(|number| [1, 2].contains(&(number % 10))).count();
        assert_eq!(states(&serving, &state), [count - off, 0, off]);
    });
}

#[test]
fn a_job_ends_with_its_canary_where_nobody_listens() {
    wait(async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let folder = fleet(20, socket.local_addr().unwrap());
        let serving = serving(&folder.path().join("fleet"));
        let asking = Asking { patience: Duration::from_millis(300), ..fast(Duration::from_secs(1)) };
        let (wait, state) = (Duration::from_millis(500), folder.path().join("nothing"));
        let ended = Job { targets: targets(&serving), pace: Pace::default(), wait, asking, state }
            .run(|_, _| {}, watch::channel(Stop::No).1)
            .await
            .unwrap();
        assert!(ended.stopped);
        let silent = Outcome::NoAnswer { why: "did not answer".into() };
        assert_eq!(ended.outcomes.iter().filter(|outcome| **outcome == silent).count(), 3);
        assert_eq!(ended.outcomes.iter().filter(|outcome| **outcome == Outcome::NotAsked).count(), 17);
    });
}
