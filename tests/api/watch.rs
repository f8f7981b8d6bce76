//! How phones stand after a write, phones that are asked to come, and phones that are claimed.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use insta::assert_snapshot;
use offhook::catalogue::Catalogue;
use offhook::live::shipped;
use offhook::simulate::address::Address;
use offhook::simulate::boot::{Start, manners};
use offhook::simulate::client::{Client, Network};
use offhook::simulate::device::Device;
use offhook::simulate::memory::Memory;
use offhook::simulate::power_on;
use offhook::simulate::trust::{self, Trust};
use offhook::simulate::understand::understood;
use offhook::simulate::understood::Understood;
use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::{Fleet, MAC, phone};
use crate::writing::{full, until};

/// The state of the phone once it is not looked at any more.
fn state(api: &Api) -> String {
    until(|| {
        let state = api.get(&format!("/phones/{MAC}/status")).json()["state"].as_str().unwrap().to_owned();
        (state != "checking").then_some(state)
    })
}

/// Waits until the phone is in a state.
fn becomes(api: &Api, wanted: &str) {
    until(|| (state(api) == wanted).then_some(()));
}

/// Server-sent events of a path, as they come.
struct Events {
    curl: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Events {
    fn of(api: &Api, path: &str) -> Events {
        Events::told_to(api, api.admin(), path)
    }

    fn told_to(api: &Api, token: &str, path: &str) -> Events {
        let mut curl = Command::new("curl")
            .args(["-sN", "--max-time", "60", "-H", &format!("authorization: Bearer {token}")])
            .arg(format!("http://{}/api/v1{path}", api.address()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(curl.stdout.take().unwrap()).lines();
        Events { curl, lines }
    }

    /// The next event: its name and data. None at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        for line in self.lines.by_ref().map_while(Result::ok) {
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
        None
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
    }
}

#[test]
fn a_write_leaves_a_phone_behind_until_it_fetches() {
    let api = Api::start(full());
    becomes(&api, "never-seen");
    api.phone_gets(&format!("{MAC}.cfg"));
    becomes(&api, "in-sync");
    let mut events = Events::of(&api, "/status/events?site=a");
    // The stream is there once its head is.
    until(|| (!api.get("/status").body.is_empty()).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let write = |label: &str| {
        let done = api.write("PATCH", "/sites/a/lines/201/keys/2", &json!({ "label": label }));
        assert_eq!(done.status, 200, "{done}");
    };
    write("Paul");
    becomes(&api, "behind");
    assert_eq!(api.get("/status/phones?state=behind").json()["items"][0]["mac"], MAC);
    api.phone_gets(&format!("{MAC}.cfg"));
    becomes(&api, "in-sync");
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "in-sync") {
        let (name, change) = events.next().unwrap();
        assert_eq!((name.as_str(), change["mac"].as_str().unwrap()), ("state", MAC));
        states.push(change["state"].as_str().unwrap().to_owned());
    }
    states.retain(|state| state != "checking");
    assert_eq!(states, ["behind", "in-sync"]);
    // What changes no file leaves nobody behind.
    assert_eq!(api.write("PATCH", "/sites/a/numbers/0033972109000", &json!({ "label": "Shop" })).status, 200);
    becomes(&api, "in-sync");
}

#[test]
fn phones_are_listed_a_page_at_a_time() {
    let mut fleet = full();
    for (at, site) in ["paris", "paris-nord", "paris nord", "paris.x"].into_iter().enumerate() {
        fleet = fleet.with(&format!("sites/{site}/site.toml"), "");
        for last in 0..2 {
            let path = format!("sites/{site}/phones/001565bb{at:02}{last:02}.toml");
            fleet = fleet.with(&path, "model = \"yealink-t46s\"\n");
        }
    }
    let api = Api::start(fleet);
    becomes(&api, "never-seen");
    let all = api.get("/status/phones").json()["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 10);
    let (mut paged, mut after) = (Vec::new(), String::new());
    for _ in 0..all.len() {
        let page = api.get(&format!("/status/phones?limit=1{after}")).json();
        paged.extend(page["items"].as_array().unwrap().iter().map(|phone| phone["mac"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "%20"));
    }
    assert_eq!(paged, all.iter().map(|phone| phone["mac"].clone()).collect::<Vec<_>>());
}

/// A registrar that takes what is sent to it, and the phone behind it that comes when it is told to.
fn registrar(socket: UdpSocket, url: String) {
    let mut packet = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        let text = String::from_utf8_lossy(&packet[..length]).into_owned();
        let is_echoed =
            |line: &&str| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name));
        let echoed: String = text.lines().filter(is_echoed).map(|line| format!("{line}\r\n")).collect();
        let _ = socket.send_to(format!("SIP/2.0 200 OK\r\n{echoed}Content-Length: 0\r\n\r\n").as_bytes(), from);
        if text.starts_with("NOTIFY") && !url.is_empty() {
            let _ = Command::new("curl").args(["-s", "-o", "/dev/null", &url]).status();
        }
    }
}

#[test]
fn phones_are_asked_to_come_and_watched_until_they_have() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let site = format!("sip.server = \"127.0.0.1\"\nsip.port = {port}\n");
    let api = Api::start(phone("yealink-t46s", "sip.password = \"x\"\n").with("sites/a/site.toml", &site));
    api.phone_gets(&format!("{MAC}.cfg"));
    assert_eq!(api.write("PATCH", "/sites/a/lines/201", &json!({ "display_name": "Hall" })).status, 200);
    becomes(&api, "behind");
    let options = json!({ "all": true, "behind": true, "wait": "20s" }).to_string();
    let plan = api.send("POST", "/resyncs?dry_run=true", &[], &options);
    assert_eq!(plan.status, 200, "{plan}");
    assert!(plan.body.contains(MAC) && plan.body.contains("check-sync"), "{plan}");
    assert_eq!((api.get("/resyncs").json(), state(&api)), (json!([]), "behind".into()), "nobody was asked");
    let url = format!("http://{}/{MAC}.cfg", api.server.address());
    std::thread::spawn(move || registrar(socket, url));
    let started = api.send("POST", "/resyncs", &[], &options);
    assert_eq!((started.status, started.header("location")), (201, "/api/v1/resyncs/1"), "{started}");
    let mut events = Events::of(&api, "/resyncs/1/events");
    let mut names = Vec::new();
    while let Some((name, _)) = events.next() {
        names.push(name);
    }
    assert_eq!(
        (names.first().map(String::as_str), names.last().map(String::as_str)),
        (Some("snapshot"), Some("ended"))
    );
    let job = api.get("/resyncs/1").json();
    assert_eq!((&job["state"], &job["phones"][0]["mac"]), (&json!("done"), &json!(MAC)), "{job:#}");
    becomes(&api, "in-sync");
    assert_eq!(api.send("POST", "/resyncs", &[], "{}").status, 422);
    assert_eq!(api.get("/resyncs/2").status, 404);
}

#[test]
fn a_job_is_stopped() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let site = format!("sip.server = \"127.0.0.1\"\nsip.port = {port}\n");
    let api = Api::start(phone("yealink-t46s", "sip.password = \"x\"\n").with("sites/a/site.toml", &site));
    std::thread::spawn(move || registrar(socket, String::new()));
    let started = api.send("POST", "/resyncs", &[], &json!({ "macs": [MAC], "wait": "1h" }).to_string());
    assert_eq!(started.status, 201, "{started}");
    until(|| (state(&api) == "asked").then_some(()));
    let path = "/resyncs/1";
    let stopping = api.send("DELETE", path, &[], "");
    assert_eq!((stopping.status, &stopping.json()["state"]), (200, &json!("stopping")), "{stopping}");
    assert_eq!(api.send("DELETE", path, &[], "").status, 200);
    until(|| (api.get(path).json()["state"] == "stopped").then_some(()));
    assert_eq!(state(&api), "never-seen", "nobody waits for it any more");
}

#[test]
fn a_phone_that_a_write_leaves_behind_is_asked_at_once() {
    let api = Api::start(full());
    let options = json!({ "site": "a", "behind": true }).to_string();
    for label in ["Paul", "Marie", "Anna", "Emil"] {
        api.phone_gets(&format!("{MAC}.cfg"));
        becomes(&api, "in-sync");
        let done = api.write("PATCH", "/sites/a/lines/201/keys/2", &json!({ "label": label }));
        assert_eq!(done.status, 200, "{done}");
        let plan = api.send("POST", "/resyncs?dry_run=true", &[], &options);
        assert_eq!(plan.json()["would_ask"][0]["mac"], MAC, "{plan}");
    }
}

#[test]
fn phones_of_other_sites_are_as_if_they_were_not_there() {
    let fleet = phone("yealink-t46s", "sip.password = \"x\"\n").with("sites/b/site.toml", "");
    let broken = "001565aabbdd";
    let api = Api::start(fleet.with(&format!("sites/a/phones/{broken}.toml"), "model = \"none\"\n"));
    let operator = format!("Bearer {}", api.known("o --role operator --site b"));
    let as_operator = |method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        api.send(method, path, &[("authorization", &operator)], &body)
    };
    let asked = |mac: &str| {
        let answer = as_operator("POST", "/resyncs?dry_run=true", json!({ "macs": [mac] }));
        answer.to_string().replace(mac, "MAC")
    };
    let unknown = asked("001565aabbee");
    assert!(unknown.starts_with("422") && unknown.contains("no phone `MAC` is stored"), "{unknown}");
    assert_eq!([asked(MAC), asked(broken)], [unknown.clone(), unknown]);
    assert_eq!(as_operator("GET", &format!("/phones/{broken}/status"), Value::Null).status, 404);
    assert_eq!(api.get(&format!("/phones/{broken}/status")).json()["state"], "unserved");
    // A job without a phone is nobody's but his who started it, and theirs who see everything.
    assert_eq!(api.send("POST", "/resyncs", &[], &json!({ "site": "b" }).to_string()).status, 201);
    assert_eq!(as_operator("GET", "/resyncs", Value::Null).json(), json!([]));
    assert_eq!(as_operator("GET", "/resyncs/1", Value::Null).status, 404);
    assert_eq!(as_operator("POST", "/resyncs", json!({ "site": "b" })).status, 201);
    assert_eq!(as_operator("GET", "/resyncs/2", Value::Null).status, 200);
    assert_eq!(api.get("/resyncs").json().as_array().unwrap().len(), 2);
}

#[test]
fn who_listens_hears_of_his_site_until_his_token_is_revoked() {
    let api = Api::start(full().with("sites/b/site.toml", ""));
    becomes(&api, "never-seen");
    let token = api.known("o --role reader --site b");
    let mut events = Events::told_to(&api, &token, "/status/events");
    let mut of_site = Events::of(&api, "/status/events?site=b");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mac = "001565aabbdd";
    let path = |site: &str| api.fleet.path().join(format!("sites/{site}/phones/{mac}.toml"));
    // It cannot be served from the start, and is taken away again; another site is none of theirs.
    std::fs::create_dir_all(path("b").parent().unwrap()).unwrap();
    for site in ["a", "b"] {
        std::fs::write(path(site), "model = \"none\"\n").unwrap();
        until(|| (api.get(&format!("/phones/{mac}/status")).json()["state"] == "unserved").then_some(()));
        std::fs::remove_file(path(site)).unwrap();
        until(|| (api.get(&format!("/phones/{mac}/status")).status == 404).then_some(()));
    }
    for events in [&mut events, &mut of_site] {
        let states = (0..3).map(|_| events.next().unwrap()).map(|(name, change)| {
            assert_eq!((name.as_str(), &change["mac"], &change["site"]), ("state", &json!(mac), &json!("b")));
            change["state"].clone()
        });
        assert_eq!(states.collect::<Vec<_>>(), [json!("checking"), json!("unserved"), Value::Null]);
    }
    let id = api.get("/tokens").json();
    let id = id.as_array().unwrap().iter().find(|token| token["name"] == "o").unwrap()["id"].clone();
    assert_eq!(api.send("DELETE", &format!("/tokens/{}", id.as_str().unwrap()), &[], "").status, 200);
    let begin = std::time::Instant::now();
    assert_eq!(events.next(), None);
    assert!(begin.elapsed() < std::time::Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// A phone out of its box.
struct Stranger {
    device: Device,
    given: Address,
    memory: Memory,
    boots: usize,
}

impl Stranger {
    fn boot(&mut self) -> Understood {
        let trust = trust::config(Trust::Anybody).unwrap();
        let network = Network { trust, routes: Vec::new(), only_routes: false, credentials: None };
        let mut client = Client::new(Arc::new(network), manners(&self.device));
        let start = match self.boots {
            0 => Start::Given(self.given.clone()),
            _ => Start::Restart(self.given.clone()),
        };
        self.boots += 1;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(power_on(&mut client, &self.device, &start, &mut self.memory)).unwrap();
        understood(&self.device, &self.memory)
    }
}

#[test]
fn a_stranger_is_seen_claimed_by_its_code_and_served() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let root = format!("schema = 1\npublic_url = \"http://{port}\"\n[[listen]]\naddress = \"{port}\"\nplain = true\n");
    let fleet = Fleet::empty()
        .with("fleet.toml", &root)
        .with("sites/a/site.toml", "sip.server = \"sip.example.org\"\ntrust.accept = [\"token\"]\n")
        .with("sites/a/lines/201.toml", "sip.password = \"x\"\n")
        .with("sites/b/site.toml", "");
    let api = Api::start(fleet);
    let mac = "001565aa0101";
    let catalogue = Catalogue::load(&shipped(), None).0;
    let device = Device::new(&catalogue, &catalogue.models["yealink-t46s"], mac.parse().unwrap(), None);
    let given = Address::parse(&format!("http://{port}/")).unwrap();
    let mut stranger = Stranger { device, given, memory: Memory::default(), boots: 0 };
    let code = stranger.boot().code.expect("it shows a code");
    let seen = until(|| {
        let seen = api.get("/seen").json()["items"][0].clone();
        (seen["code_waits"] == true).then_some(seen)
    });
    assert_eq!(
        (&seen["mac"], &seen["model"], &seen["is_stored"]),
        (&json!(mac), &json!("yealink-t46s"), &json!(false))
    );
    assert!(!seen.to_string().contains(&code));
    let claim = |body: Value| api.send("POST", "/claims", &[], &body.to_string());
    assert_snapshot!(claim(json!({ "code": code, "site": "a", "lines": ["209"] })), @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "there is no line of the site `a` named `209`",
      "errors": [
        {
          "pointer": "/lines",
          "code": "bad-value",
          "detail": "there is no line of the site `a` named `209`",
          "hint": "did you mean `201`?"
        }
      ]
    }
    "#);
    assert_eq!(claim(json!({ "code": code, "mac": mac, "site": "a" })).status, 422);
    assert_eq!(claim(json!({ "code": "XXXX-XXXX", "site": "a" })).status, 422);
    let files = api.files();
    let look = api.send(
        "POST",
        "/claims?dry_run=true",
        &[],
        &json!({ "code": code, "site": "a", "lines": ["201"] }).to_string(),
    );
    assert_eq!((look.status, api.files()), (200, files), "{look}");
    let operator = format!("Bearer {}", api.known("o --role operator --site b"));
    let body = json!({ "code": code, "site": "a", "lines": ["201"] });
    assert_eq!(api.send("POST", "/claims", &[("authorization", &operator)], &body.to_string()).status, 404);
    let claimed = claim(body.clone());
    assert_eq!(claimed.json()["files"], json!([format!("sites/a/phones/{mac}.toml")]), "{claimed}");
    let served = until(|| Some(stranger.boot()).filter(|understood| !understood.accounts.is_empty()));
    assert_eq!(served.accounts[&1].user, "201");
    assert_eq!(claim(body).status, 422, "a code is good once");
    let told = &api.changes(&claimed.json()["number"])[0];
    assert_eq!(
        (&told["what"], &told["entity"]),
        (&json!("POST /claims"), &json!(format!("sites/a/phones/{mac}.toml")))
    );
    let known = claim(json!({ "mac": mac, "site": "a", "lines": [] }));
    assert_eq!(known.status, 409, "{known}");
    assert_eq!(claim(json!({ "mac": "001565aa0102", "site": "a", "model": "yealink-t46s" })).status, 200);
}
