//! How well a resync keeps the pace that it is asked for.
//!
//! `cargo bench --bench resync -- 2000` asks as many phones at several rates, all of them through one address that answers
//! 200 and notes when each first packet came. Each phone comes back at once: the journal says so, and the job looks there,
//! as it does in a server.

use std::collections::HashSet;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread::spawn;
use std::time::{Duration, Instant};

use offhook::catalogue::Verb;
use offhook::fleet::Keeping;
use offhook::journal::{Fetch, Journal, now_ms};
use offhook::live::Live;
use offhook::phone::Mac;
use offhook::resync::{Asking, Hop, Job, Outcome, Pace, Step, Stop, Target, Transport, Way};
use offhook::simulate::trust::{self, Trust};
use tokio::sync::watch;

fn main() {
    let wanted = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let phones: u32 = wanted.unwrap_or(2_000);
    println!("{:<34} {:>10} {:>12} {:>10} {:>12}", "resync", "asked", "measured", "deviation", "came back");
    for rate in [50.0, 200.0, 1000.0] {
        let (measured, back) = paced(phones, rate);
        let what = format!("{phones} phones at {rate}/s");
        let deviation = (measured / rate - 1.0) * 100.0;
        println!("{what:<34} {rate:>8.1}/s {measured:>10.2}/s {deviation:>+9.2}% {back:>12}");
    }
}

/// At which rate packets came that were to come at this one, and how many phones came back.
fn paced(phones: u32, rate: f64) -> (f64, usize) {
    let folder = tempfile::tempdir().expect("the system's folder for temporary files can be written");
    let journal = Journal::open(folder.path(), Keeping::default).expect("a thread can be started");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("the loopback can be used");
    let port = socket.local_addr().expect("it is bound").port();
    let came = spawn(move || answer(&socket, phones as usize));
    let targets = targets(phones, port);
    let pace = Pace { overall: rate, canary: 0, wave: 10_000, ..Pace::default() };
    let wait = Duration::from_secs(60);
    let asking = Asking::new(trust::config(Trust::Anybody).expect("TLS can be set up"), wait);
    let job = Job { targets, pace, wait, asking, state: folder.path().to_owned() };
    let fetch = |phone: usize, step: Step<'_>| {
        if step == Step::Asked {
            journal.fetched(fetched(job.targets[phone].mac));
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let ended = runtime.block_on(job.run(fetch, watch::channel(Stop::No).1)).expect("the journal can be read");
    let back = ended.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::CameBack { .. })).count();
    let took = came.join().expect("the other side answers to the end");
    (f64::from(phones - 1) / took.as_secs_f64(), back)
}

/// Answers until so many phones were asked; gives the time from the first to the last of them.
fn answer(socket: &UdpSocket, phones: usize) -> Duration {
    let (mut packet, mut heard, mut begin) = ([0; 4096], HashSet::new(), None);
    while heard.len() < phones {
        let (length, from) = socket.recv_from(&mut packet).expect("the loopback delivers");
        let now = Instant::now();
        begin = begin.or(Some(now));
        let text = String::from_utf8_lossy(&packet[..length]);
        let names = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let echo = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        let echo: String = echo.map(|line| format!("{line}\r\n")).collect();
        let ok = format!("SIP/2.0 200 OK\r\n{echo}Content-Length: 0\r\n\r\n");
        socket.send_to(ok.as_bytes(), from).expect("the loopback delivers");
        heard.insert(text.lines().find(|line| line.starts_with("Call-ID:")).map(str::to_owned));
    }
    begin.map(|begin| begin.elapsed()).unwrap_or_default()
}

/// As many phones as are wanted, each like the one of a small fleet.
fn targets(phones: u32, port: u16) -> Vec<Target> {
    let folder = tempfile::tempdir().expect("the system's folder for temporary files can be written");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("fleet.toml", "schema = 1\n");
    write("sites/a/site.toml", "sip.server = \"127.0.0.1\"\n");
    write("sites/a/lines/201.toml", "");
    write("sites/a/phones/001565000000.toml", "model = \"yealink-t46s\"\nlines = [\"201\"]\n");
    let live = Arc::new(Live::load(folder.path()));
    let subject = live.now().world.subject(mac(0)).expect("the phone is good");
    let hop = Hop { host: "127.0.0.1".into(), port, transport: Transport::Udp };
    let one = Target::new(&subject, None, Verb::Resync, &Way::At(hop), None).expect("it can be asked");
    (0..phones).map(|number| Target { mac: mac(number), ..one.clone() }).collect()
}

fn mac(number: u32) -> Mac {
    let [_, b, c, d] = number.to_be_bytes();
    Mac::from_bytes([0x00, 0x15, 0x65, b, c, d])
}

/// A phone that has got its file.
fn fetched(mac: Mac) -> Fetch {
    Fetch {
        at: now_ms(),
        mac: Some(mac),
        known: true,
        file: Some("phone".into()),
        revision: Some("0123456789abcdef0123456789abcdef".into()),
        head: false,
        source: Some([127, 0, 0, 1].into()),
        agent: None,
        status: 200,
        reason: None,
        listener: None,
        tls: true,
        detail: None,
    }
}
