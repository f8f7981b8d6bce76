//! From a write by the API to the phone's new file, over the wire of a server process, and where that time goes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};

use offhook::check::{Depth, KnownNumbers, check_phone};
use offhook::edit::{Condition, Editor, Order};
use offhook::fleet::{Edit, Entity, write};
use offhook::live::Live;
use offhook::render::RevisionKey;
use serde_json::{Value, json};

use super::row;

const TURNS: usize = 20;

/// A server of the fleet, and each write seen by the phone that it is for.
pub fn over_the_wire(fleet: &Path) {
    let listeners = "[[listen]]\naddress = \"127.0.0.1:0\"\nplain = true\n[api]\naddress = \"127.0.0.1:0\"\n";
    let (root, state) = (fleet.join("fleet.toml"), tempfile::tempdir().expect("a folder can be made"));
    let text = fs::read_to_string(&root).expect("it was generated");
    fs::write(&root, text.clone() + listeners).expect("it can be written");
    let site = fleet.join("sites/s0/site.toml");
    let trusts = fs::read_to_string(&site).expect("it was generated").replace("192.0.2.0/24", "127.0.0.0/8");
    fs::write(&site, trusts).expect("it can be written");
    let server = Server::start(fleet, state.path());
    let mut times = Vec::new();
    for turn in 0..TURNS {
        let label = format!("Wire {turn}");
        let began = Instant::now();
        let answer = server.patch("/sites/s0/lines/100000/keys/1", &json!({ "label": label }));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let answered = began.elapsed();
        while !exchange(&server.phones, "GET", "/001565000000.cfg", "", "").is_ok_and(|file| file.contains(&label)) {
            assert!(began.elapsed() < Duration::from_secs(10), "the write is never served");
        }
        times.push((began.elapsed(), answered));
    }
    times.sort();
    row(&format!("API write to new file, median of {TURNS}"), times[TURNS / 2].0);
    row(&format!("API write to new file, slowest of {TURNS}"), times[TURNS - 1].0);
    row("… the write's own answer, median", times[TURNS / 2].1);
    let began = Instant::now();
    let answer = server.patch("/sites/s0", &json!({ "sip": { "transport": "tcp" } }));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    row("API write of a site with 100 phones", began.elapsed());
    drop(server);
    fs::write(&root, text).expect("it can be written");
}

/// The parts of one write, each for itself.
pub fn by_parts(fleet: &Path, live: &std::sync::Arc<Live>) {
    let entity = Entity::Line("s0".into(), "100000".into());
    let path = fleet.join(entity.path());
    let key = ["keys", "1"];
    let editor = Editor::new(live.clone(), RevisionKey::fixed()).expect("threads can be started");
    let mut parts: Vec<(&str, Vec<Duration>)> = Vec::new();
    let mut part = |name: &'static str, took: Duration| match parts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, times)) => times.push(took),
        None => parts.push((name, vec![took])),
    };
    for turn in 0..TURNS {
        let patch = json!({ "label": format!("Part {turn}") }).as_object().cloned().unwrap_or_default();
        let order = Order { who: "bench", what: "bench", may: &|_, _, _| Ok(()), look: None, undoes: None };
        let began = Instant::now();
        let done = editor.commit(&order, |draft| {
            draft.expect(&entity, &key, Some(&Condition::There))?;
            draft.patch(&entity, &key, patch)
        });
        part("the whole of it, without the wire", began.elapsed());
        assert!(done.is_ok_and(|done| done.phones.len() == 1));

        let before = fs::read_to_string(&path).expect("it was generated");
        let after = before.replace("Part", "Split");
        let edits = [Edit { entity: entity.clone(), before: Some(before), after: Some(after) }];
        let began = Instant::now();
        let (now, then) = live.would_serve(&edits);
        part("what would be served", began.elapsed());
        let began = Instant::now();
        let macs = then.world.phones_using(&entity);
        part("the phones that it reaches", began.elapsed());
        let began = Instant::now();
        for serving in [&*now, &then] {
            let known = KnownNumbers::of(&serving.world);
            macs.iter().for_each(|mac| drop(check_phone(serving, &known, *mac, Depth::Files)));
        }
        part("the check of its phones, before and after", began.elapsed());
        let began = Instant::now();
        write(fleet, &edits).expect("it can be written");
        part("the file put in place, with its syncs", began.elapsed());
        let began = Instant::now();
        live.take_in([entity.clone()].into());
        part("taken in", began.elapsed());
    }
    for (name, mut times) in parts {
        times.sort();
        row(&format!("… {name}"), times[times.len() / 2]);
    }
}

struct Server {
    child: Child,
    phones: String,
    api: String,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(fleet: &Path, state: &Path) -> Server {
        let offhook = || Command::new(env!("CARGO_BIN_EXE_offhook"));
        let make = offhook()
            .args(["token", "create", "bench", "--role", "admin", "--fleet"])
            .arg(fleet)
            .arg("--state")
            .arg(state)
            .output();
        let token = String::from_utf8_lossy(&make.expect("it runs").stdout).trim().to_owned();
        let log = state.join("log");
        let file = fs::File::create(&log).expect("it can be made");
        let child =
            offhook().arg("serve").arg(fleet).arg("--state").arg(state).stderr(file).stdout(Stdio::null()).spawn();
        let child = child.expect("it can be started");
        let mut server = Server { child, phones: String::new(), api: String::new(), token };
        let began = Instant::now();
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let address = |word: &str| {
                let line = said.lines().find_map(|line| line.strip_prefix(word))?;
                Some(line.trim_end_matches("/api/v1").to_owned())
            };
            if let (Some(phones), Some(api)) = (address("listening on http://"), address("API at http://")) {
                // The board looks at every phone once.
                std::thread::sleep(Duration::from_secs(20));
                (server.phones, server.api) = (phones, api);
                return server;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "the server does not start: {said}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn patch(&self, path: &str, body: &Value) -> String {
        let headers =
            format!("authorization: Bearer {}\r\nif-match: *\r\ncontent-type: application/json\r\n", self.token);
        exchange(&self.api, "PATCH", &format!("/api/v1{path}"), &headers, &body.to_string())
            .expect("the server answers")
    }
}

fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: Yealink SIP-T46S 66.86.0.15\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
