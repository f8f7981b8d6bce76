//! `offhook status` and `offhook resync` as an administrator sees them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use offhook::resync::Transport;
use offhook::server::tokens::Tokens;
use offhook::simulate::fleet::boot_one;
use tempfile::TempDir;

use super::common::serving;
use super::many::{fleet, network};
use super::server::{Server, serve};
use super::sipp::{Sipp, answers, takes};
use super::wait;

/// What a command prints, and how it ends.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(arguments).args(["--fleet", "fleet", "--state", "state"]).current_dir(folder);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    format!("{text}exit {}", output.status.code().unwrap_or(-1))
}

pub fn write(folder: &TempDir, path: &str, text: &str) {
    std::fs::write(folder.path().join("fleet").join(path), text).unwrap();
}

/// A phone boots once, from a server at an address.
pub fn boots(folder: &TempDir, mac: &str, server: &Server) {
    let (network, given) = network(server.address());
    let serving = serving(&folder.path().join("fleet"));
    let outcome = wait(async { boot_one(&serving, mac.parse().unwrap(), None, &network, &given).await });
    assert!(outcome.differences.is_empty(), "{:?}", outcome.differences);
}

const MAC: &str = "001565010000";

#[test]
fn status_tells_who_has_what_the_fleet_says() {
    let folder = fleet(4, "192.0.2.1:5060".parse().unwrap());
    assert_snapshot!(run(folder.path(), &["status"]), @"
    error: no server has kept its state in `state`
      hint: name the server's state folder with --state DIR; as another user than the server's it may not be seen
    exit 2
    ");
    let server = Server::of(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    boots(&folder, MAC, &server);
    boots(&folder, "001565010001", &server);
    assert_snapshot!(run(folder.path(), &["status"]), @"
    001565010002  a  never seen
    001565010003  b  never seen
    4 phones: 2 in sync, 0 behind, 2 never seen
    exit 1
    ");
    write(
        &folder,
        "sites/a/lines/0.toml",
        "sip.password = \"Secret201x\"\nkeys.3 = { function = \"supervise\", number = \"2\" }\n",
    );
    assert_snapshot!(run(folder.path(), &["status", "--site", "a"]), @"
    001565010000  a  behind: phone
    001565010002  a  never seen
    2 phones: 0 in sync, 1 behind, 1 never seen
    exit 1
    ");
    assert_snapshot!(run(folder.path(), &["resync", "--behind", "--dry-run"]), @"
    001565010000  a  check-sync;reboot=false  udp:192.0.2.1:5060
    1 phone would be asked
    exit 0
    ");
    assert_snapshot!(run(folder.path(), &["resync", "--behind", "--site", "b"]), @"
    0 phones: 0 came back
    exit 0
    ");
    // Whoever is asked directly is asked where it was.
    assert_snapshot!(run(folder.path(), &["resync", "--site", "a", "--direct", "--reboot", "--dry-run"]), @"
    001565010000  a  check-sync;reboot=true  udp:127.0.0.1:5060
    001565010002 cannot be asked: the journal knows no address from which it fetched
    1 phone would be asked
    exit 1
    ");
    write(&folder, "sites/b/phones/001565010005.toml", "model = \"none\"\nlines = [\"1\"]\n");
    assert_snapshot!(run(folder.path(), &["status", "--site", "b"]), @"
    001565010003  b  never seen
    001565010005  b  the phone `001565010005` cannot be served: sites/b/phones/001565010005.toml: the model `none` does not exist
    3 phones: 1 in sync, 0 behind, 1 never seen, 1 cannot be served
    exit 1
    ");
    assert_snapshot!(run(folder.path(), &["status", "--site", "c"]), @"
    error: the site `c` does not exist
      hint: did you mean `a`?
    exit 2
    ");
}

#[test]
fn resync_tells_who_came_back() {
    let folder = fleet(2, "192.0.2.1:5060".parse().unwrap());
    let mut server = Server::of(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    boots(&folder, MAC, &server);
    let Some(sipp) = Sipp::start(Transport::Tcp, &[takes(""), answers("200 OK", "")]) else { return };
    let to = format!("tcp:127.0.0.1:{}", sipp.port);
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| run(folder.path(), &["resync", MAC, "--to", &to, "--wait", "20s"]));
        // Its file is the one that it has: to ask for it is to come back.
        let messages = sipp.messages();
        assert!(messages.contains("Event: check-sync;reboot=false"), "{messages}");
        boots(&folder, MAC, &server);
        asking.join().unwrap()
    });
    let time = regex::Regex::new("[0-9.]+ s").unwrap();
    assert_eq!(time.replace(&asked, "N s"), "1 phone: 1 came back (median N s)\nexit 0");
    server.heard("listening");

    let Some(sipp) = Sipp::start(Transport::Udp, &[takes(""), answers("489 Bad Event", "")]) else { return };
    let asked = run(folder.path(), &["resync", MAC, "--to", &format!("127.0.0.1:{}", sipp.port)]);
    assert_snapshot!(asked, @"
    001565010000 refused: 489 Bad Event
    1 phone: 0 came back, 1 refused
    exit 1
    ");
    let Some(sipp) = Sipp::start(Transport::Udp, &[takes(""), answers("200 OK", "")]) else { return };
    std::thread::sleep(Duration::from_millis(1100));
    let asked = run(folder.path(), &["resync", MAC, "--to", &format!("127.0.0.1:{}", sipp.port), "--wait", "1s"]);
    assert_snapshot!(asked, @"
    001565010000 took the request and never came: `offhook why 001565010000` tells if it was refused
    1 phone: 0 came back, 1 never came
    exit 1
    ");
    let closed = super::sipp::free_port();
    let asked = run(folder.path(), &["resync", MAC, "--to", &format!("127.0.0.1:{closed}"), "--format", "json"]);
    assert!(asked.contains("\"outcome\": \"no-answer\"") && asked.contains("Connection refused"), "{asked}");
    assert!(!asked.contains("Secret201x"), "{asked}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    let folder = fleet(1, "192.0.2.1:5060".parse().unwrap());
    write(&folder, "sites/a/phones/7c2f80aabbcc.toml", "model = \"gigaset-n510\"\nlines = [\"0\"]\n");
    write(&folder, "sites/a/phones/7c2f80aabbcd.toml", "model = \"none\"\nlines = [\"0\"]\n");
    assert_snapshot!(run(folder.path(), &["resync", "--all", "--reboot", "--dry-run"]), @"
    001565010000  a  check-sync;reboot=true  udp:192.0.2.1:5060
    7c2f80aabbcc cannot be asked: no SIP event is known that restarts phones of the family `gigaset-classic`; without --reboot they are asked to fetch
    7c2f80aabbcd cannot be asked: the phone `7c2f80aabbcd` cannot be served: sites/a/phones/7c2f80aabbcd.toml: the model `none` does not exist
    1 phone would be asked
    exit 1
    ");
    assert_snapshot!(run(folder.path(), &["resync", "--all"]), @"
    error: there is no journal in `state`, so nobody would know who came back
      hint: name the server's state folder with --state DIR
    exit 2
    ");
    write(&folder, "fleet.toml", "schema = 1\n[journal]\nenabled = false\n");
    std::fs::create_dir_all(folder.path().join("state")).unwrap();
    std::fs::write(folder.path().join("state/journal.sqlite"), "").unwrap();
    assert_snapshot!(run(folder.path(), &["resync", "--all"]), @"
    error: no journal is kept, so nobody would know who came back: `enabled` of `[journal]` in fleet.toml is false
    exit 2
    ");
    assert_snapshot!(run(folder.path(), &["resync", "001565019999"]), @"
    error: no phone `001565019999` is stored
    exit 2
    ");
    for (arguments, told) in [
        (&["resync"][..], "required arguments were not provided"),
        (&["resync", "--all", "--pace", "fast"], "write how many phones a second, such as 20/s or 0.5/s"),
        (&["resync", "--all", "--to", "192.0.2.7"], "`to` is the address of one phone, and 3 are named"),
        (&["resync", MAC, "--to", "sip:1@x"], "`sip:1@x` is no address: write one such as 192.0.2.7"),
        (&["resync", "--all", "--wave", "0"], "write a number from 1 to 10000"),
    ] {
        let said = run(folder.path(), arguments);
        assert!(said.contains(told) && said.ends_with("exit 2"), "{arguments:?}: {said}");
    }
}

#[test]
fn tokens_and_seeds_make_nobody_behind_and_a_revocation_does() {
    let folder = fleet(2, "192.0.2.1:5060".parse().unwrap());
    write(&folder, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"token\"]\n");
    let phone = "model = \"yealink-t46s\"\nlines = [\"0\"]\n[seed]\nbacklight_timeout = 60\n";
    write(&folder, &format!("sites/a/phones/{MAC}.toml"), phone);
    let server = Server::of(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    let (network, given) = network(server.address());
    let serving = serving(&folder.path().join("fleet"));
    let mac = MAC.parse().unwrap();
    let token = Tokens::look(&folder.path().join("state"), &[]).unwrap().first_boot(mac);
    let given = given.file(&format!("~{}/", *token));
    let outcome = wait(async { boot_one(&serving, mac, None, &network, &given).await });
    assert!(outcome.exchanges.iter().any(|exchange| exchange.status == Some(200)), "{:?}", outcome.exchanges);
    assert_snapshot!(run(folder.path(), &["status", "--site", "a"]), @"
    1 phone: 1 in sync, 0 behind, 0 never seen
    exit 0
    ");
    run(folder.path(), &["revoke", MAC]);
    assert_snapshot!(run(folder.path(), &["status", "--site", "a"]), @"
    001565010000  a  behind: phone
    1 phone: 0 in sync, 1 behind, 0 never seen
    exit 1
    ");
}
