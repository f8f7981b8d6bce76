//! Tokens on the wire: a server as a process, a phone that is played by curl, and commands beside it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(30);
const MAC: &str = "001565aa0001";
const OTHER: &str = "001565aa0002";
const CISCO: &str = "1cdf0faa0003";
/// Where the phone is, and where it is not.
const HOME: &str = "127.0.0.2";
const AWAY: &str = "127.0.0.3";

/// A fleet whose site demands tokens, its state folder, and everything that was logged.
struct House {
    folder: TempDir,
    log: Arc<Mutex<String>>,
    running: Option<Running>,
    /// Every token that was seen.
    tokens: BTreeSet<String>,
}

struct Running {
    child: Child,
    reading: Option<JoinHandle<()>>,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl House {
    fn new(trust: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join("fleet").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let listen = "[[listen]]\naddress = \"127.0.0.1:0\"\nplain = true\n";
        put("fleet.toml", &format!("schema = 1\npublic_url = \"http://phones.example.org\"\n{listen}"));
        put("sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n[trust]\n{trust}\n"));
        put("sites/a/lines/201.toml", "sip.password = \"Secret201x\"\n");
        for (mac, model) in [(MAC, "yealink-t46s"), (OTHER, "yealink-t42s"), (CISCO, "cisco-spa525g")] {
            put(&format!("sites/a/phones/{mac}.toml"), &format!("model = \"{model}\"\nlines = [\"201\"]\n"));
        }
        House { folder, log: Arc::default(), running: None, tokens: BTreeSet::new() }
    }

    fn start(&mut self) {
        let mut command = self.command("serve fleet --state state");
        let mut child =
            command.env("OFFHOOK_LOG", "trace").env("NO_COLOR", "1").stderr(Stdio::piped()).spawn().unwrap();
        let (stderr, log, before) = (child.stderr.take().unwrap(), self.log.clone(), self.log.lock().unwrap().len());
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        self.running = Some(Running { child, reading: Some(reading), address: String::new() });
        self.logged(before, "try: ");
        let log = self.log.lock().unwrap();
        let said = log[before..].lines().find_map(|line| line.strip_prefix("listening on http://"));
        self.running.as_mut().unwrap().address = said.unwrap().to_owned();
    }

    /// Ends the server with a signal, and waits until all that it said is read.
    fn stop(&mut self, signal: &str) {
        let mut running = self.running.take().unwrap();
        let id = running.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        running.child.wait().unwrap();
        running.reading.take().unwrap().join().unwrap();
    }

    /// Waits for a text in the log, behind what was there before.
    fn logged(&self, before: usize, text: &str) {
        let begin = Instant::now();
        while !self.log.lock().unwrap()[before..].contains(text) {
            assert!(begin.elapsed() < LONG, "never said `{text}`: {}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.args(arguments.split(' ')).current_dir(self.folder.path()).env_remove("OFFHOOK_LOG");
        command
    }

    /// Runs a command on the fleet: what it prints, and on stderr.
    fn run(&mut self, arguments: &str) -> (String, String) {
        let Output { status, stdout, stderr } =
            self.command(&format!("{arguments} -C fleet --state state")).output().unwrap();
        let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert!(status.success(), "{arguments}: {err}");
        self.tokens.extend(token_in(&out));
        (out, err)
    }

    /// The same, until the server has heard it.
    fn tell(&mut self, arguments: &str) {
        let before = self.log.lock().unwrap().len();
        let (_, err) = self.run(arguments);
        assert!(!err.contains("no server"), "{err}");
        self.logged(before, "told by a command");
    }

    fn first(&mut self, mac: &str) -> String {
        let (out, _) = self.run(&format!("url {mac}"));
        token_in(&out).unwrap()
    }

    /// What a phone gets for a path.
    fn asks_from(&self, from: &str, path: &str, more: &[&str]) -> (u16, String) {
        let url = format!("http://{}{path}", self.running.as_ref().unwrap().address);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--path-as-is", "--max-time", "20", "--write-out", "%{http_code}", "--interface", from]);
        let output = curl.args(more).arg(url).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.split_at(text.len() - 3);
        (status.parse().unwrap(), body.to_owned())
    }

    /// The status with which a phone gets its file by a token; 0 for what a phone gets that nobody has claimed.
    fn gets(&self, token: &str) -> u16 {
        match self.asks_from(AWAY, &format!("/~{token}/{MAC}.cfg"), &[]) {
            (200, body) if is_for_anybody(&body) => 0,
            (status, _) => status,
        }
    }

    /// The token in a phone's file.
    fn steady_from(&mut self, from: &str, path: &str) -> String {
        let (status, body) = self.asks_from(from, path, &[]);
        assert_eq!(status, 200, "{path}");
        assert!(body.contains("Secret201x"), "{body}");
        let token = token_in(&body).unwrap();
        self.tokens.insert(token.clone());
        token
    }

    fn steady(&mut self, first: &str) -> String {
        self.steady_from(AWAY, &format!("/~{first}/{MAC}.cfg"))
    }

    fn logged_reasons(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let reasons = log.lines().filter_map(|line| line.split("reason=\"").nth(1)?.split('"').next());
        reasons.map(str::to_owned).collect()
    }

    /// No token stands anywhere in the log.
    fn keeps_silent(&mut self) {
        if self.running.is_some() {
            self.stop("-TERM");
        }
        let log = self.log.lock().unwrap();
        assert!(!self.tokens.is_empty() && log.contains("served a new"), "{log}");
        for token in &self.tokens {
            assert!(!log.contains(token.as_str()), "{token} in {log}");
        }
    }
}

/// Whether it is a file that leads a phone to be claimed.
fn is_for_anybody(body: &str) -> bool {
    body.contains("/~pair-") && !body.contains("Secret") && !body.contains("account.1.user_name")
}

/// The token in a text with an address.
fn token_in(text: &str) -> Option<String> {
    let token = text.split("/~").nth(1)?.split('/').next()?;
    assert_eq!(token.len(), 26, "{text}");
    Some(token.to_owned())
}

fn state(house: &House, file: &str) -> String {
    std::fs::read_to_string(house.folder.path().join("state").join(file)).unwrap()
}

const DEMAND: &str = "demand = [\"token\"]";

#[test]
fn the_first_token_fetches_the_steady_one_and_dies_with_its_first_use() {
    let mut house = House::new(DEMAND);
    house.start();
    let (status, body) = house.asks_from(AWAY, &format!("/{MAC}.cfg"), &[]);
    assert!(status == 200 && is_for_anybody(&body), "{body}");
    let first = house.first(MAC);
    let steady = house.steady(&first);
    assert_ne!(steady, first);
    // It is not used yet: neither by a look at the head, nor by the files of the chain that are not there.
    let head = house.asks_from(AWAY, &format!("/~{steady}/{MAC}.cfg"), &["--head"]);
    assert_eq!(head.0, 200);
    assert_eq!(house.asks_from(AWAY, &format!("/~{steady}/{MAC}.boot"), &[]).0, 404);
    assert_eq!(house.steady(&first), steady);
    // The way of old Gigasets does not lead out of the token.
    for path in [format!("/~{steady}/../{MAC}.cfg"), format!("/~{steady}/42/2/../../../{MAC}.cfg")] {
        assert_eq!(house.steady_from(AWAY, &path), steady);
    }
    assert_eq!([house.gets(&first), house.gets(&steady)], [403, 200]);
    // A token of another phone's tells nothing, and neither does one in front of another.
    let other = house.first(OTHER);
    for (path, status) in [
        (format!("/~{other}/{MAC}.cfg"), 403),
        (format!("/~{steady}/{OTHER}.cfg"), 403),
        (format!("/~{steady}/../~{other}/{MAC}.cfg"), 404),
        (format!("/~x/{MAC}.cfg"), 403),
    ] {
        assert_eq!(house.asks_from(AWAY, &path, &[]), (status, String::new()), "{path}");
    }
    house.keeps_silent();
    let reasons = house.logged_reasons();
    let of_note: Vec<&str> = reasons.iter().map(String::as_str).filter(|reason| *reason != "no-such-file").collect();
    assert_eq!(of_note, ["spent-token", "wrong-token", "wrong-token", "wrong-token"]);
}

#[test]
fn what_has_become_of_tokens_outlives_the_server() {
    let mut house = House::new(DEMAND);
    house.start();
    let first = house.first(MAC);
    let steady = house.steady(&first);
    assert_eq!(house.gets(&steady), 200);
    house.stop("-TERM");
    house.start();
    assert_eq!([house.gets(&first), house.gets(&steady)], [403, 200]);
    house.tell(&format!("rearm {MAC}"));
    // Killed while the window is open, and in the middle of lines.
    house.stop("-KILL");
    let append = |file: &str, text: &str| {
        let path = house.folder.path().join("state").join(file);
        let text = std::fs::read_to_string(&path).unwrap() + text;
        std::fs::write(path, text).unwrap();
    };
    append("tokens.log", &format!("{MAC} settled 1"));
    append("orders.log", &format!("{{\"id\":7,\"at\":0,\"order\":\"revoke-tokens\",\"mac\":\"{MAC}\""));
    house.start();
    assert_eq!([house.gets(&first), house.gets(&first), house.gets(&steady), house.gets(&first)], [200, 200, 200, 403]);
    house.stop("-KILL");
    house.start();
    assert_eq!([house.gets(&first), house.gets(&steady)], [403, 200]);
    house.keeps_silent();
    let facts: BTreeSet<String> =
        state(&house, "tokens.log").lines().filter_map(|line| Some(line.split(' ').nth(1)?.to_owned())).collect();
    assert_eq!(facts.into_iter().collect::<Vec<_>>(), ["closed", "entered", "settled"]);
}

#[test]
fn a_leak_is_answered_by_revoking_and_letting_the_phone_begin_anew() {
    let mut house = House::new(DEMAND);
    house.start();
    let first = house.first(MAC);
    let steady = house.steady(&first);
    assert_eq!(house.gets(&steady), 200);
    house.tell(&format!("revoke {MAC}"));
    assert_eq!([house.gets(&first), house.gets(&steady)], [403, 403]);
    house.tell(&format!("rearm {MAC} --from {HOME}"));
    // The phone knows nothing but what was revoked.
    let path = format!("/~{steady}/{MAC}.cfg");
    assert_eq!(house.asks_from(AWAY, &path, &[]).0, 403);
    let renewed = house.steady_from(HOME, &path);
    assert_ne!(renewed, steady);
    assert_eq!(house.steady_from(HOME, &format!("/{MAC}.cfg")), renewed);
    assert_eq!(house.gets(&renewed), 200);
    assert_eq!(house.asks_from(HOME, &path, &[]).0, 403);
    house.keeps_silent();
}

#[test]
fn a_window_ends_with_its_time() {
    let mut house = House::new(DEMAND);
    house.start();
    let first = house.first(MAC);
    let steady = house.steady(&first);
    assert_eq!([house.gets(&steady), house.gets(&first)], [200, 403]);
    house.tell(&format!("rearm {MAC} --for 1s"));
    let begin = Instant::now();
    while house.gets(&first) == 200 {
        assert!(begin.elapsed() < LONG, "the window does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!([house.gets(&first), house.gets(&steady)], [403, 200]);
    house.keeps_silent();
}

#[test]
fn a_phone_that_is_led_to_its_file_keeps_the_token_with_which_it_came() {
    let mut house = House::new(DEMAND);
    house.start();
    let first = house.first(CISCO);
    // This phone tells its MAC with its second request only.
    let agent = ["--user-agent", "Cisco/SPA525G-7.4.9a (CBT141900G7)"];
    let (status, body) = house.asks_from(AWAY, &format!("/~{first}/spa525G.cfg"), &agent);
    assert_eq!(status, 200);
    assert_snapshot!(body.replace(&first, "FIRST").lines().filter(|line| line.contains("Rule")).collect::<Vec<_>>().join("\n"), @"
    <Profile_Rule>http://phones.example.org/~FIRST/$MA.xml</Profile_Rule>
    <Profile_Rule_B>http://phones.example.org/~FIRST/$MA.xml</Profile_Rule_B>
    ");
    let (status, body) = house.asks_from(AWAY, &format!("/~{first}/{CISCO}.xml"), &agent);
    let steady = token_in(&body).unwrap();
    assert!(status == 200 && steady != first, "{status}");
    // What is no token is not said again.
    let (_, body) = house.asks_from(AWAY, "/~%3Cscript%3E/spa525G.cfg", &agent);
    assert!(body.contains("http://phones.example.org/$MA.xml") && !body.contains("script"), "{body}");
    house.tokens.insert(steady);
    house.keeps_silent();
}

#[test]
fn where_accept_names_tokens_phones_learn_theirs_before_it_is_demanded() {
    let mut house = House::new("networks = [\"127.0.0.2\"]\naccept = [\"network\", \"token\"]");
    house.start();
    let steady = house.steady_from(HOME, &format!("/{MAC}.cfg"));
    let before = house.log.lock().unwrap().len();
    let site = house.folder.path().join("fleet/sites/a/site.toml");
    std::fs::write(site, format!("sip.server = \"sip.example.org\"\n[trust]\n{DEMAND}\n")).unwrap();
    house.logged(before, "reloaded");
    assert_eq!(house.asks_from(HOME, &format!("/{MAC}.cfg"), &[]).0, 403);
    assert_eq!(house.gets(&steady), 200);
    house.keeps_silent();
}

#[test]
fn commands_say_what_they_do_and_hold_without_a_server() {
    let mut house = House::new(DEMAND);
    let first = house.first(MAC);
    let shown = |house: &mut House, arguments: &str| {
        let (out, err) = house.run(arguments);
        let err: String = err.lines().map(|line| format!("2> {line}\n")).collect();
        format!("{out}{err}").replace(&first, "FIRST").replace(&token_in(&out).unwrap(), "NEW")
    };
    assert_snapshot!(shown(&mut house, &format!("url {MAC}")), @"
    http://phones.example.org/~FIRST/
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for http://phones.example.org/~FIRST/001565aa0001.cfg
    2> no server keeps its state in `state` now: the token is for one that will
    2>   hint: name the folder of one that runs with --state DIR
    ");
    std::fs::write(house.folder.path().join("state/tokens.log"), format!("{MAC} settled 0 .\n")).unwrap();
    assert_snapshot!(shown(&mut house, &format!("url {MAC}")), @"
    http://phones.example.org/~FIRST/
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for http://phones.example.org/~FIRST/001565aa0001.cfg
    2> `001565aa0001` uses a token of its own by now, so this one is dead
    2>   hint: `offhook rearm 001565aa0001` makes it good again for a time
    2> no server keeps its state in `state` now: the token is for one that will
    2>   hint: name the folder of one that runs with --state DIR
    ");
    assert_snapshot!(shown(&mut house, &format!("rearm {MAC}")), @"
    http://phones.example.org/~FIRST/
    2> for 15 minutes the first-boot token of `001565aa0001` is good again
    2> that ends as soon as the phone has begun anew and asks with its own token
    2> no server keeps its state in `state` now: this holds from its next start on
    2>   hint: name the folder of one that runs with --state DIR
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for http://phones.example.org/~FIRST/001565aa0001.cfg
    ");
    assert_snapshot!(shown(&mut house, &format!("rearm {MAC} --from 192.0.2.0/24 --for 1h")), @"
    http://phones.example.org/~FIRST/
    2> for 1 hour `001565aa0001` gets its files from 192.0.2.0/24 with any token or none
    2> that ends as soon as the phone has begun anew and asks with its own token
    2> no server keeps its state in `state` now: this holds from its next start on
    2>   hint: name the folder of one that runs with --state DIR
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for http://phones.example.org/~FIRST/001565aa0001.cfg
    ");
    house.start();
    assert_eq!(house.gets(&first), 403, "the last order counts, which names a network");
    house.stop("-TERM");
    house.run(&format!("rearm {MAC}"));
    house.start();
    assert_eq!(house.gets(&first), 200);
    house.stop("-TERM");
    assert_snapshot!(shown(&mut house, &format!("revoke {MAC}")), @"
    http://phones.example.org/~NEW/
    2> every token that `001565aa0001` had is dead, its own one too
    2>   hint: type the new address in, or let it begin anew: `offhook rearm 001565aa0001 --from NETWORK`
    2> no server keeps its state in `state` now: this holds from its next start on
    2>   hint: name the folder of one that runs with --state DIR
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for http://phones.example.org/~NEW/001565aa0001.cfg
    ");
    house.start();
    assert_eq!(house.gets(&first), 403);
    assert_eq!(state(&house, "orders.log").lines().count(), 2);
}

#[test]
fn what_cannot_be_told() {
    let house = House::new("accept = [\"network\"]");
    let told = |arguments: &str| {
        let output = house.command(&format!("{arguments} -C fleet --state state")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        String::from_utf8(output.stderr).unwrap()
    };
    for command in ["url --token", "rearm", "revoke"] {
        assert_eq!(
            told(&format!("{command} {MAC}")),
            "error: the site `a` takes no tokens\n  hint: add \"token\" to `accept` in [trust] of `sites/a/site.toml`\n"
        );
    }
    for (arguments, what) in [
        (format!("rearm {MAC} --for 2d"), "`2d` is no span of time: 90s, 15m or 2h were expected, 24h at most"),
        (format!("rearm {MAC} --from here"), "`here` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address"),
        ("revoke 001565aa0009".into(), "no phone `001565aa0009` is stored"),
    ] {
        assert!(told(&arguments).contains(what), "{}", told(&arguments));
    }
    assert!(!Path::new(&house.folder.path().join("state/tokens.key")).exists());
}
