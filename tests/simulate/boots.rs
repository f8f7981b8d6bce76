//! What goes over the wire: which file first, what next, as who, and what is answered to a challenge or a redirect.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use insta::assert_snapshot;
use offhook::live::Live;
use offhook::simulate::fleet::Own;

use crate::{common, simulate};

/// A request as it stood on the wire.
#[derive(Debug, Clone)]
struct Asked {
    line: String,
    headers: Vec<String>,
}

impl Asked {
    fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|header| header.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Status, a header more, body.
type Said = (u16, String, String);

/// A server that answers by a function and remembers what it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn new(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (remembered, answer) = (asked.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (remembered, answer) = (remembered.clone(), answer.clone());
                thread::spawn(move || converse(stream, &remembered, &*answer));
            }
        });
        Server { address, asked }
    }

    /// Plays a phone against it.
    fn boot(&self, model: &str, folder: &str, more: &[&str]) -> (String, i32) {
        let url = format!("http://{}{folder}", self.address);
        let arguments = [&[model, "--mac", "001565aabb01", "--server", &url], more].concat();
        let (told, code) = simulate(&arguments);
        (told.replace(&self.address.to_string(), "server"), code)
    }

    /// The request lines.
    fn lines(&self) -> String {
        let asked = self.asked.lock().expect("no test panics while it holds this");
        asked.iter().map(|asked| asked.line.clone()).collect::<Vec<_>>().join("\n")
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics while it holds this").clone()
    }
}

fn converse(stream: TcpStream, remembered: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Said) {
    let mut out = stream.try_clone().expect("a second handle");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let headers = lines.by_ref().take_while(|header| !header.is_empty()).collect();
        let asked = Asked { line, headers };
        let (status, header, body) = answer(&asked);
        remembered.lock().expect("no test panics while it holds this").push(asked);
        let length = body.len();
        let _ = write!(out, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{header}\r\n{body}");
    }
}

fn missing() -> Said {
    (404, String::new(), String::new())
}

fn file(body: &str) -> Said {
    (200, String::new(), body.to_owned())
}

#[test]
fn a_yealink_asks_for_boot_files_first_and_thrice_for_what_is_missing() {
    let server = Server::new(|asked| match asked.path() {
        "/001565aabb01.cfg" => file("#!version:1.0.0.1\nstatic.auto_provision.user_agent_mac.enable = 1\n"),
        _ => missing(),
    });
    server.boot("yealink-t46s", "/", &["--firmware", "66.86.0.15"]);
    assert_snapshot!(server.lines(), @"
    GET /001565aabb01.boot HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /001565aabb01.cfg HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000000.boot HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /y000000000066.cfg HTTP/1.1
    GET /001565aabb01.cfg HTTP/1.1
    ");
    let asked = server.asked();
    assert_eq!(asked[0].header("User-Agent"), Some("Yealink SIP-T46S 66.86.0.15"), "new from the factory");
    assert_eq!(asked[19].header("User-Agent"), Some("Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01"));
    assert!(asked.iter().all(|asked| asked.header("If-None-Match").or(asked.header("If-Modified-Since")).is_none()));
}

#[test]
fn an_old_yealink_knows_no_boot_files() {
    let server = Server::new(|_| missing());
    let (told, code) = server.boot("yealink-t28p", "/a", &["--firmware", "2.70.0.140"]);
    assert_snapshot!(server.lines(), @"
    GET /a/y000000000000.cfg HTTP/1.1
    GET /a/y000000000000.cfg HTTP/1.1
    GET /a/y000000000000.cfg HTTP/1.1
    GET /a/001565aabb01.cfg HTTP/1.1
    GET /a/001565aabb01.cfg HTTP/1.1
    GET /a/001565aabb01.cfg HTTP/1.1
    ");
    assert_eq!(server.asked()[0].header("User-Agent"), Some("yealink SIP-T28P 2.70.0.140 00:15:65:aa:bb:01"));
    assert!(
        told.ends_with("! `http://server/a/001565aabb01.cfg` is not there: status 404\n! the phone got no file\n"),
        "{told}"
    );
    assert_eq!(code, 1);
}

#[test]
fn a_boot_file_names_all_that_is_fetched() {
    let server = Server::new(|asked| match asked.path() {
        "/001565aabb01.boot" => file("#!version:1.0.0.1\ninclude:config \"a.cfg\"\n[T48S]include:config \"b.cfg\"\n"),
        "/a.cfg" => file("#!version:1.0.0.1\nlinekey.2.type = 13\nlinekey.2.value = 202\nlinekey.2.line = 1\n"),
        _ => missing(),
    });
    let (told, _) = server.boot("yealink-t46s", "/", &[]);
    assert_snapshot!(server.lines(), @"
    GET /001565aabb01.boot HTTP/1.1
    GET /a.cfg HTTP/1.1
    GET /001565aabb01.boot HTTP/1.1
    GET /a.cfg HTTP/1.1
    ");
    assert!(told.contains("keys.2: dial 202 by account 1\n"), "{told}");
    assert!(told.contains("keys.3: what was there before, since no file speaks of it\n"), "{told}");
}

#[test]
fn a_path_goes_out_as_it_is_written() {
    let server = Server::new(|_| missing());
    server.boot("gigaset-maxwell3", "/42/2/../..//x%20/%MACD.xml", &[]);
    assert_snapshot!(server.lines(), @"GET /42/2/../..//x%20/001565aabb01.xml HTTP/1.1");
}

#[test]
fn a_cisco_follows_the_rules_that_files_set() {
    let server = Server::new(|asked| match asked.path() {
        "/spa525G.cfg" => file(
            "<flat-profile><Profile_Rule>/own/$MA.xml</Profile_Rule><Profile_Rule_B>[--uid me --pwd $MAU] /b/$PN.xml</Profile_Rule_B></flat-profile>",
        ),
        path if path.starts_with("/b/") && asked.header("Authorization").is_none() => {
            (401, "WWW-Authenticate: Basic realm=\"x\"\r\n".into(), String::new())
        }
        _ => file("<flat-profile><Profile_Rule_B/></flat-profile>"),
    });
    server.boot("cisco-spa525g", "/", &[]);
    assert_snapshot!(server.lines(), @"
    GET /spa525G.cfg HTTP/1.1
    GET /b/SPA525G.xml HTTP/1.1
    GET /b/SPA525G.xml HTTP/1.1
    GET /own/001565aabb01.xml HTTP/1.1
    ");
    let asked = server.asked();
    assert_eq!(asked[0].header("User-Agent"), Some("Cisco/SPA525G-7.4.9a (CBT141900G7)"), "a serial number, no MAC");
    assert_eq!(asked[2].header("Authorization"), Some("Basic bWU6MDAxNTY1QUFCQjAx"), "me:001565AABB01");
}

#[test]
fn one_failing_rule_stops_a_ciscos_run() {
    let server = Server::new(|_| missing());
    let (told, code) = server.boot("cisco-spa504g", "/", &[]);
    assert_snapshot!(server.lines(), @"GET /spa504G.cfg HTTP/1.1");
    assert!(
        told.contains("! the rule `http://server/spa$PSN.cfg` fails at `http://server/spa504G.cfg`: status 404\n"),
        "{told}"
    );
    assert_eq!(code, 1);
}

#[test]
fn an_enterprise_phone_asks_for_trust_lists_and_says_nothing_of_itself() {
    let own = "<device><sipProfile><sipLines><line button=\"1\" lineIndex=\"1\"><featureID>9</featureID><name>201</name>\
               </line><line button=\"2\"><featureID>21</featureID><speedDialNumber>202</speedDialNumber></line></sipLines>\
               <dialTemplate>Plan.xml</dialTemplate></sipProfile></device>";
    let server = Server::new(move |asked| match asked.path() {
        "/SEP001565AABB01.cnf.xml" => file(own),
        "/Plan.xml" => file("<DIALTEMPLATE/>"),
        _ => missing(),
    });
    let (told, code) = server.boot("cisco-8851", "/", &[]);
    assert_snapshot!(server.lines().lines().take(5).collect::<Vec<_>>().join("\n"), @"
    GET /CTLSEP001565AABB01.tlv HTTP/1.1
    GET /ITLSEP001565AABB01.tlv HTTP/1.1
    GET /ITLFile.tlv HTTP/1.1
    GET /SEP001565AABB01.cnf.xml HTTP/1.1
    GET /Plan.xml HTTP/1.1
    ");
    assert!(server.asked().iter().all(|asked| asked.header("User-Agent").is_none()));
    assert!(told.contains("keys.2: watch 202\n"), "{told}");
    assert_eq!(code, 0, "{told}");
    let server = Server::new(|_| file("<html/>"));
    let (told, _) = server.boot("cisco-8851", "/", &[]);
    assert!(told.contains("! `http://server/ITLFile.tlv` is answered with a file that is no trust list\n"), "{told}");
}

#[test]
fn redirects_are_followed_as_the_family_does() {
    let server = || {
        Server::new(|asked| match asked.path() {
            path if path.starts_with("/to/") => missing(),
            path => (307, format!("Location: /to{path}\r\n"), String::new()),
        })
    };
    let (yealink, cisco) = (server(), server());
    yealink.boot("yealink-t46s", "/x.cfg", &[]);
    assert_snapshot!(yealink.lines().lines().take(2).collect::<Vec<_>>().join("\n"), @"
    GET /x.cfg HTTP/1.1
    GET /to/x.cfg HTTP/1.1
    ");
    cisco.boot("cisco-spa504g", "/", &[]);
    assert_snapshot!(cisco.lines(), @"GET /spa504G.cfg HTTP/1.1");
}

#[test]
fn a_maxwell_answers_a_digest_with_its_own_secret_and_then_with_what_was_typed() {
    let server = Server::new(|asked| match asked.header("Authorization") {
        Some(answer) if answer.contains("username=\"office\"") => {
            file("<provisioning version=\"1.1\"><nvm/></provisioning>")
        }
        _ => {
            let challenge = "WWW-Authenticate: Digest realm=\"phones\", qop=\"auth\", nonce=\"abc\", algorithm=MD5\r\n";
            (401, challenge.into(), String::new())
        }
    });
    let (told, _) = server.boot("gigaset-maxwell3", "/%MACD.xml", &["--user", "office", "--password", "hunter2"]);
    assert_snapshot!(told.lines().skip(1).take(3).collect::<Vec<_>>().join("\n"), @"
    401        0 bytes  http://server/001565aabb01.xml  (Maxwell 3 PRO/82.2.18.4-release;001565AABB01)
    401        0 bytes  http://server/001565aabb01.xml  (Maxwell 3 PRO/82.2.18.4-release;001565AABB01)  as `001565AABB01`
    200       49 bytes  http://server/001565aabb01.xml  (Maxwell 3 PRO/82.2.18.4-release;001565AABB01)  as `office`
    ");
    assert!(!told.contains("hunter2"));
    let answered = server.asked()[2].header("Authorization").unwrap_or_default().to_owned();
    assert!(answered.contains("uri=\"/001565aabb01.xml\"") && answered.contains("qop=auth"), "{answered}");
}

#[test]
fn without_credentials_a_challenge_is_the_end() {
    let server = Server::new(|_| (401, "WWW-Authenticate: Basic realm=\"x\"\r\n".into(), String::new()));
    let (told, code) = server.boot("yealink-t46s", "/x.cfg", &[]);
    assert!(told.ends_with("! `http://server/x.cfg` is not there: status 401\n! the phone got no file\n"), "{told}");
    assert_eq!(code, 1);
}

#[test]
fn a_certificate_that_nobody_knows_is_refused() {
    let fleet =
        common::phone("yealink-t46s", "").with("fleet.toml", "schema = 1\npublic_url = \"https://localhost\"\n");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let own = runtime.block_on(Own::start(Arc::new(Live::load(fleet.path())))).expect("it listens");
    let url = format!("https://{}/", own.address);
    let boot = |more: &[&str]| simulate(&[&["yealink-t46s", "--mac", common::MAC, "--server", &url], more].concat()).0;
    let ca = own.certificate.to_str().expect("a path of the test").to_owned();
    for (more, trusted) in [(vec![], false), (vec!["--insecure"], true), (vec!["--ca", &ca], true)] {
        let told = boot(&more);
        assert_eq!(told.contains("200"), trusted, "{told}");
        assert_eq!(told.contains("no TLS: invalid peer certificate"), !trusted, "{told}");
    }
    runtime.block_on(own.stop());
}

#[test]
fn a_fleet_is_tried_on_a_server_by_the_name_that_its_files_have() {
    let keys = "sip.password = \"x\"\nkeys.2 = { function = \"dial\", number = \"202\" }\n";
    let fleet = common::phone("cisco-spa504g", keys);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let own = runtime.block_on(Own::start(Arc::new(Live::load(fleet.path())))).expect("it listens");
    let (url, ca) = (format!("https://{}/", own.address), own.certificate.to_str().expect("a path").to_owned());
    let folder = fleet.path().to_str().expect("a path").to_owned();
    let arguments = ["--fleet", &folder, "--server", &url, "--ca", &ca, "--format", "json"];
    let (told, code) = simulate(&arguments);
    let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!((code, &told["differences"]), (0, &0.into()), "{told:#}");
    let asked: Vec<&str> = told["phones"][0]["requests"]
        .as_array()
        .expect("requests")
        .iter()
        .filter_map(|request| request["url"].as_str())
        .collect();
    let first = format!("{url}spa504G.cfg");
    assert_eq!(asked, [first.as_str(), "https://phones.example.org/001565aabbcc.xml"]);
    runtime.block_on(own.stop());
}

#[test]
fn what_cannot_be_played_is_told() {
    assert_snapshot!(simulate(&["yealink-t46x"]).0, @"
    error: the model `yealink-t46x` does not exist
      hint: did you mean `yealink-t46g`?
    ");
    let (told, code) = simulate(&["yealink-t46s", "--server", "tftp://h/"]);
    assert_snapshot!(told, @"error: `tftp://h/` is no address that phones fetch from: http:// or https:// was expected");
    assert_eq!(code, 2);
}
