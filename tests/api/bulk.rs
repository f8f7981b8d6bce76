//! Many writes are made all or not at all, whatever happens, and whoever else writes.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::Api;
use crate::fleets::MAC;
use crate::server::{LONG, serve, shell};
use crate::writing::{full, until};

/// A hundred lines, each with a key that names another.
fn hundred(wrong: Option<usize>) -> Value {
    let line = |at: usize| {
        let number = if wrong == Some(at) { 999 } else { 500 + (at + 1) % 100 };
        let key = json!({ "function": "supervise", "number": number.to_string() });
        json!({ "method": "PUT", "path": format!("/sites/a/lines/{}", 500 + at), "body": { "keys": { "2": key } } })
    };
    let phone = json!({
        "method": "PUT", "path": "/phones/001565aabb99",
        "body": { "site": "a", "model": "yealink-t46s", "lines": [(500 + wrong.unwrap_or(50)).to_string()] },
    });
    (0..100).map(line).chain([phone]).collect()
}

#[test]
fn a_hundred_are_made_or_none() {
    let api = Api::start(full());
    let before = api.files();
    let refused = api.bulk(&hundred(Some(49)));
    assert_snapshot!(refused, @r#"
    422
    {
      "type": "urn:offhook:problem:mistakes",
      "title": "what would come of it is wrong",
      "status": 422,
      "detail": "`supervise` needs a line of the site, and `999` is none",
      "errors": [
        {
          "pointer": "/writes/49/body/keys/2/number",
          "file": "sites/a/lines/549.toml",
          "code": "unknown-number",
          "detail": "`supervise` needs a line of the site, and `999` is none",
          "hint": "did you mean `599`?"
        }
      ]
    }
    "#);
    assert_eq!(api.files(), before);
    let done = api.bulk(&hundred(None));
    assert_eq!(done.json()["files"].as_array().map(Vec::len), Some(101), "{done}");
    assert!(api.phone_gets("001565aabb99.cfg").contains("551"));
    assert!(api.bulk(&json!([])).json()["number"].is_null());
}

/// The names of calls that change a folder.
const RENAMES: &str = "rename,renameat,renameat2,unlink,unlinkat,linkat";

/// Writes that change files, and take one away.
fn some() -> Value {
    json!([
        { "method": "PATCH", "path": "/sites/a/lines/201", "body": { "display_name": "One" }, "if_match": "*" },
        { "method": "PATCH", "path": "/sites/a/lines/202", "body": { "display_name": "Two" }, "if_match": "*" },
        { "method": "DELETE", "path": "/sites/a/lines/203", "if_match": "*" },
        { "method": "PATCH", "path": format!("/phones/{MAC}"), "body": { "firmware": "66.86.0.15" }, "if_match": "*" },
    ])
}

fn fleet_of(api: &Api) -> BTreeMap<String, String> {
    let mut files = api.files();
    files.retain(|path, _| path.ends_with(".toml"));
    files
}

/// The files without those writes, and with them.
fn outcomes() -> [BTreeMap<String, String>; 2] {
    let api = Api::start(full());
    let before = fleet_of(&api);
    assert_eq!(api.bulk(&some()).status, 200);
    [before, fleet_of(&api)]
}

/// A server that is killed as one of its threads enters the n-th such call after the bulk has come.
#[test]
fn killed_in_the_middle_it_is_all_or_nothing_at_the_next_start() {
    if !crate::writing::has("strace") {
        return;
    }
    let (bulk, wanted) = (some(), outcomes());
    let mut outcomes = [0, 0];
    for n in 1..30 {
        let mut api = Api::start(full());
        let pid = crate::server::program(&api.server.child);
        let mut strace = injected(&pid, RENAMES, &format!("signal=SIGKILL:when={n}"));
        let body = json!({ "writes": bulk }).to_string();
        let killed = post(&api, "/writes", &body) != "200";
        let _ = strace.kill();
        let _ = strace.wait();
        if killed {
            api.server.child.wait().unwrap();
        }
        let api = api.again();
        let files = fleet_of(&api);
        let which = wanted.iter().position(|wanted| *wanted == files);
        outcomes[which.unwrap_or_else(|| panic!("killed at call {n}: {files:#?}"))] += 1;
        assert!(!api.fleet.path().join(".offhook-unfinished").exists(), "{n}");
        // What was not served was not told either, and what is there is served.
        let file = api.phone_gets(&format!("{MAC}.cfg"));
        assert_eq!(file.contains("One"), which == Some(1), "{n}");
        if !killed {
            assert_eq!(which, Some(1), "it said so");
            break;
        }
    }
    assert!(outcomes[0] > 0 && outcomes[1] > 1, "{outcomes:?}");
}

/// A server whose n-th such call fails, or all from that one on.
#[test]
fn where_a_file_cannot_be_renamed_it_is_all_or_nothing() {
    if !crate::writing::has("strace") {
        return;
    }
    let body = json!({ "writes": some() }).to_string();
    let wanted = outcomes();
    for (calls, how, wrong) in [
        ("rename,renameat,renameat2", "", [true, false]),
        ("rename,renameat,renameat2", "+", [true, true]),
        ("unlink,unlinkat", "", [true, false]),
        ("unlink,unlinkat", "+", [true, false]),
    ] {
        let mut refused = [false, false];
        for n in 1..5 {
            let api = Api::start(full());
            let pid = crate::server::program(&api.server.child);
            let mut strace = injected(&pid, calls, &format!("error=EBUSY:when={n}{how}"));
            let status = post(&api, "/writes", &body);
            let _ = strace.kill();
            let _ = strace.wait();
            let now = format!("{calls} {n}{how}: {status}");
            // The next write does or takes back what could not be done then.
            assert!(status == "200" || how == "+" || fleet_of(&api) == wanted[0], "{now}");
            assert_eq!(api.bulk(&json!([])).status, 200, "{now}");
            assert!(!api.fleet.path().join(".offhook-unfinished").exists(), "{now}");
            let files = fleet_of(&api);
            let which =
                wanted.iter().position(|wanted| *wanted == files).unwrap_or_else(|| panic!("{now}: {files:#?}"));
            let told = api.get("/changes").json()["items"].as_array().map(Vec::len);
            assert_eq!(told, Some(4 * which), "{now}");
            match status.as_str() {
                "200" => assert_eq!(which, 1, "{now}"),
                "503" => refused[which] = true,
                _ => panic!("{now}"),
            }
        }
        assert_eq!(refused, wrong, "{calls} {how}");
    }
}

/// The status of a request by curl, `000` where there is no answer.
fn post(api: &Api, path: &str, body: &str) -> String {
    let curl = Command::new("curl")
        .args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--max-time",
            "20",
            "-H",
            "content-type: application/json",
        ])
        .args(["-H", &format!("authorization: Bearer {}", api.admin()), "-d", body])
        .arg(format!("http://{}/api/v1{path}", api.address()))
        .output();
    String::from_utf8(curl.unwrap().stdout).unwrap()
}

/// Lets system calls of a process end otherwise, until it is killed.
fn injected(pid: &str, calls: &str, how: &str) -> Child {
    let strace = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-p", pid])
        .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{how}")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let is_traced =
        || std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|text| !text.contains("TracerPid:\t0"));
    until(|| is_traced().then_some(()));
    strace
}

/// The first file fits, the second does not.
#[test]
fn where_the_disk_is_full_nothing_is_written() {
    if !crate::writing::has("strace") {
        return;
    }
    let api = Api::start(full());
    let before = api.files();
    let writes = json!([
        { "method": "PATCH", "path": "/sites/a/lines/202", "body": { "display_name": "x" }, "if_match": "*" },
        { "method": "PATCH", "path": "/sites/a/lines/203", "body": { "display_name": "x" }, "if_match": "*" },
    ]);
    let mut strace = injected(&crate::server::program(&api.server.child), "fsync", "error=ENOSPC:when=2+");
    let full = api.bulk(&writes);
    assert_snapshot!(full, @r#"
    503
    {
      "type": "urn:offhook:problem:trouble",
      "title": "it cannot be done at the moment",
      "status": 503,
      "detail": "`sites/a/lines/203.toml` cannot be written: no space left on device"
    }
    "#);
    assert_eq!((full.header("retry-after"), api.files()), ("5", before));
    let _ = strace.kill();
    let _ = strace.wait();
    assert_eq!(api.bulk(&writes).status, 200);
}

/// As somebody who is not root, since root writes everywhere.
#[test]
fn in_a_folder_that_is_read_only_nothing_is_written() {
    if shell("id -u").stdout != b"0\n" || !crate::writing::has("setpriv") {
        return;
    }
    let mut api = Api::start(full());
    let folder = api.folder().to_owned();
    let fleet = api.fleet.path().to_owned();
    // While it runs, its files come and go.
    api.server.child.kill().unwrap();
    api.server.child.wait().unwrap();
    shell(&format!("chown -R -L nobody {} && chmod -R a+rX {}", folder.display(), folder.display()));
    let mut as_nobody = Command::new("setpriv");
    as_nobody.args(["--reuid", "nobody", "--clear-groups"]);
    let own = serve(&folder, &[]);
    as_nobody.arg(own.get_program()).args(own.get_args()).current_dir(&folder).env_remove("OFFHOOK_LOG");
    as_nobody.stderr(Stdio::piped()).stdout(Stdio::piped()).stdin(Stdio::null());
    let api = api.again_by(as_nobody);
    assert_eq!(api.write("PATCH", "/sites/a/lines/203", &json!({ "display_name": "x" })).status, 200);
    let before = api.files();
    shell(&format!("chmod a-w {}/sites/a/lines", fleet.display()));
    let writes = json!([
        { "method": "PATCH", "path": format!("/phones/{MAC}"), "body": { "firmware": "66.86.0.15" }, "if_match": "*" },
        { "method": "DELETE", "path": "/sites/a/lines/203", "if_match": "*" },
    ]);
    let refused = api.bulk(&writes);
    assert_snapshot!(refused, @r#"
    503
    {
      "type": "urn:offhook:problem:trouble",
      "title": "it cannot be done at the moment",
      "status": 503,
      "detail": "`sites/a/lines/203.toml` cannot be written: permission denied"
    }
    "#);
    assert_eq!(api.files(), before);
    shell(&format!("chmod u+w {}/sites/a/lines", fleet.display()));
    assert_eq!(api.bulk(&writes).status, 200);
}

/// What an editor writes between two looks of a client is not lost, whoever is first.
#[test]
fn who_edits_by_hand_is_not_overwritten() {
    let api = Api::start(full());
    let path = "/sites/a/lines/201/keys/2";
    let tag = api.tag(path);
    let by_hand = api.file("sites/a/lines/201.toml").replace("number = \"202\"", "number = \"203\"");
    api.by_hand("sites/a/lines/201.toml", &by_hand);
    // At once, before the watch has seen it.
    let stale = api.send("PATCH", path, &[("if-match", &tag)], "{\"label\": \"x\"}");
    assert_eq!((stale.status, stale.header("etag")), (412, api.tag(path).as_str()), "{stale}");
    // Elsewhere in the file it is in nobody's way.
    let tag = api.tag("/sites/a/lines/201/keys");
    api.by_hand("sites/a/lines/201.toml", &by_hand.replace("Front\"", "Back\""));
    assert_eq!(
        api.send(
            "PATCH",
            "/sites/a/lines/201/keys",
            &[("if-match", &tag)],
            "{\"7\": {\"function\": \"do_not_disturb\"}}"
        )
        .status,
        200
    );
    let text = api.file("sites/a/lines/201.toml");
    assert!(text.contains("Back\"") && text.contains("do_not_disturb") && text.contains("number = \"203\""), "{text}");
    let file = api.phone_gets(&format!("{MAC}.cfg"));
    assert!(file.contains("Back"), "what was edited by hand is served with it");
}

/// A client of its own, on a thread of its own.
struct Client {
    address: String,
    admin: String,
}

impl Client {
    fn of(api: &Api) -> Client {
        Client { address: api.address().to_owned(), admin: api.admin().to_owned() }
    }

    fn send(&self, method: &str, path: &str, tag: &str, body: &str) -> (String, String) {
        let output = Command::new("curl")
            .args(["-s", "-i", "--max-time", "30", "-X", method, "-H", "content-type: application/json", "-d", body])
            .args(["-H", &format!("authorization: Bearer {}", self.admin), "-H", &format!("if-match: {tag}")])
            .arg(format!("http://{}/api/v1{path}", self.address))
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let status = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let tag = text.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap_or_default().to_owned();
        (status, tag)
    }
}

#[test]
fn of_two_with_the_same_tag_one_wins() {
    let api = Api::start(full());
    let path = "/sites/a/lines/201/keys/7";
    assert_eq!(api.send("PUT", path, &[], "{\"function\":\"dial\",\"number\":\"202\",\"label\":\"0\"}").status, 200);
    for round in 0..25 {
        let tag = api.tag(path);
        let clients = ["a", "b"].map(|name| (name, Client::of(&api)));
        let answers = std::thread::scope(|scope| {
            let sent = clients.map(|(name, client)| {
                let tag = tag.clone();
                let body = json!({ "label": format!("{name}{round}") }).to_string();
                scope.spawn(move || (name, client.send("PATCH", path, &tag, &body)))
            });
            sent.map(|sent| sent.join().unwrap())
        });
        let won: Vec<_> = answers.iter().filter(|(_, (status, _))| status == "200").collect();
        let lost: Vec<_> = answers.iter().filter(|(_, (status, _))| status == "412").collect();
        assert_eq!((won.len(), lost.len()), (1, 1), "{answers:?}");
        assert_eq!(api.get(path).json()["label"], format!("{}{round}", won[0].0));
        assert_eq!(lost[0].1.1, api.tag(path), "the loser is told what it is now");
    }
}

/// Else the next write with that tag would be over what nobody has seen.
#[test]
fn the_tag_of_an_answer_is_of_what_was_written_whoever_writes_next() {
    let api = Api::start(full());
    let file = api.fleet.path().join("sites/a/lines/203.toml");
    let write = |n: u32| {
        let body = json!({ "display_name": format!("Hall {n}") }).to_string();
        let answer = api.send("PATCH", "/sites/a/lines/203", &[("if-match", "*")], &body);
        (answer.status, answer.header("etag").to_owned())
    };
    let alone: Vec<_> = (0..10).map(write).collect();
    let beside = (0..10).map(|n| {
        let (file, mine) = (file.clone(), format!("Hall {n}\""));
        let other = std::thread::spawn(move || {
            // At once: the answer is made meanwhile.
            let begin = Instant::now();
            while !std::fs::read_to_string(&file).unwrap().contains(&mine) {
                assert!(begin.elapsed() < LONG);
            }
            std::fs::write(&file, "display_name = \"Other\"\n").unwrap();
        });
        let answer = write(n);
        other.join().unwrap();
        answer
    });
    assert_eq!(beside.collect::<Vec<_>>(), alone);
}

/// Every client adds to one list as often as it can, and so does somebody by hand: nothing is lost.
#[test]
fn no_update_is_lost() {
    let api = Api::start(full());
    let path = "/sites/a/lines/203/keys";
    let file = api.fleet.path().join("sites/a/lines/203.toml");
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for own in 0..3usize {
            let (client, made) = (Client::of(&api), &made);
            scope.spawn(move || {
                let mut keys = 0;
                let begin = Instant::now();
                while keys < 8 {
                    assert!(begin.elapsed() < Duration::from_secs(60));
                    let (_, tag) = client.send("GET", path, "*", "");
                    let body =
                        json!({ (own * 8 + keys + 1).to_string(): { "function": "do_not_disturb" } }).to_string();
                    match client.send("PATCH", path, &tag, &body).0.as_str() {
                        "200" => keys += 1,
                        "412" | "409" => {}
                        other => panic!("{other}"),
                    }
                }
                made.fetch_add(keys, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(made.load(Ordering::Relaxed), 24);
    assert_eq!(std::fs::read_to_string(&file).unwrap().matches("do_not_disturb").count(), 24);
    assert_eq!(api.get(path).json().as_object().unwrap().len(), 24);
}
