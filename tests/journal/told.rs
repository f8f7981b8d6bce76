//! A server and its phones, and what `history` and `why` tell of them.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use offhook::fleet::Keeping;
use regex::Regex;

use offhook::journal::{Fetch, now_ms};

use crate::common::{phone, serving};
use crate::server::{Server, fleet, shell};
use crate::{fetch, history, journal, until};

const MAC: &str = "001565aabb01";
const AGENT: &str = "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01";

/// What a command prints and how it ends, without what differs each time.
fn run(folder: &Path, arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
        .args(arguments.split(' '))
        .args(["--state", "state"])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let err: String = text(output.stderr).lines().map(|line| format!("2> {line}\n")).collect();
    let mut said = format!("{}{err}exit {}", text(output.stdout), output.status.code().unwrap());
    for (pattern, name) in [
        (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"127\.0\.0\.1:\d+", "LISTENER"),
        (r"\b[0-9a-f]{8}  ", "REVISION  "),
        (", since TIME", ""),
    ] {
        said = Regex::new(pattern).unwrap().replace_all(&said, name).into_owned();
    }
    said
}

/// A server, and somebody who asks it for files.
struct Office {
    folder: tempfile::TempDir,
    server: Server,
}

impl Office {
    fn open() -> Office {
        let folder = fleet();
        let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
        let office = Office { folder, server };
        until("the journal is begun", || !office.run(&format!("why {MAC}")).contains("there is no journal"));
        office
    }

    fn curl(&self, path: &str, more: &str) {
        let address = self.server.address();
        shell(&format!("curl -sk -o /dev/null --path-as-is --max-time 20 {more} 'https://{address}{path}'"));
    }

    /// Waits until so many requests of a phone are in the file.
    fn has_written(&self, mac: &str, requests: i64) {
        let (state, mac) = (self.folder.path().join("state"), mac.parse().unwrap());
        let written = || history(&state, mac).fetches.iter().map(|fetch| fetch.times).sum::<i64>();
        until("the entries are written", || written() == requests);
    }

    fn run(&self, arguments: &str) -> String {
        run(self.folder.path(), arguments)
    }
}

#[test]
fn a_phones_day() {
    let office = Office::open();
    assert_snapshot!(office.run(&format!("why {MAC}")), @"
    001565aabb01 never came: nobody did yet
      hint: `offhook url 001565aabb01` prints what to type into the phone, or into its DHCP option
      hint: from the phone's network, does `curl -k` of that address reach the server?
    exit 1
    ");
    let agent = format!("-A '{AGENT}'");
    office.curl(&format!("/~s3cret-token/{MAC}.cfg"), &format!("{agent} -u s3cret-user:s3cret-password"));
    office.curl(&format!("/{MAC}.boot"), &agent);
    office.has_written(MAC, 2);
    assert_snapshot!(office.run(&format!("why {MAC}")), @"
    001565aabb01 was served `phone` at TIME, from 127.0.0.1 to LISTENER, as `Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01`
    exit 0
    ");
    // Somebody in between, whom the fleet does not name.
    for _ in 0..3 {
        office.curl(&format!("/{MAC}.cfg"), &format!("{agent} -H 'X-Forwarded-For: 192.0.2.7'"));
    }
    office.has_written(MAC, 5);
    assert_snapshot!(office.run(&format!("why {MAC}")), @"
    001565aabb01 was refused `phone` at TIME (3 times since TIME), from 127.0.0.1 to LISTENER, as `Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01`
      the phone's site does not trust this network [untrusted-network]
      hint: if it is the phone's network, add it to `networks` in `[trust]` of its site.toml
    001565aabb01 was last served `phone` at TIME, from 127.0.0.1 to LISTENER, as `Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01`
    exit 1
    ");
    // Read while the server runs, and when it does not.
    let running = office.run(&format!("history {MAC}"));
    assert_snapshot!(running, @"
    when                  status  times  file   revision  from       what
    TIME  403     x3     phone            127.0.0.1  untrusted-network, Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01
    TIME  404            boot             127.0.0.1  Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01
    TIME  200            phone  REVISION  127.0.0.1  Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01
    exit 0
    ");
    let Office { folder, server } = office;
    server.terminate();
    assert_eq!(run(folder.path(), &format!("history {MAC}")), running);
    let bytes = std::fs::read(folder.path().join("state/journal.sqlite")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(MAC) && !text.contains("s3cret"), "a token or a password is in the journal");
}

#[test]
fn a_phone_that_nobody_knows() {
    let office = Office::open();
    office.curl("/001565ffff01.cfg", "-A 'Yealink SIP-T42S 66.86.0.15 00:15:65:ff:ff:01'");
    office.has_written("001565ffff01", 1);
    assert_snapshot!(office.run("why 00:15:65:FF:FF:01"), @"
    001565ffff01 was refused `phone` at TIME, from 127.0.0.1 to LISTENER, as `Yealink SIP-T42S 66.86.0.15 00:15:65:ff:ff:01`
      nobody has claimed the phone [unclaimed]
      hint: `offhook seen` lists the phones that ask and are in no file, and `offhook claim` puts one into the fleet
    001565ffff01 has got no file of its own since TIME, when the journal begins
    exit 1
    ");
    assert_snapshot!(office.run("history 001565ffff02"), @"
    2> nothing of 001565ffff02: `offhook why 001565ffff02` tells what to look at
    exit 0
    ");
}

#[test]
fn a_phone_that_has_its_file_is_told_apart() {
    let office = Office::open();
    let url = format!("https://{}/{MAC}.cfg", office.server.address());
    let headers = String::from_utf8(shell(&format!("curl -skI '{url}'")).stdout).unwrap().to_lowercase();
    let etag = headers.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().trim().to_owned();
    office.curl(&format!("/{MAC}.cfg"), &format!("-H 'If-None-Match: {etag}'"));
    office.has_written(MAC, 2);
    let told: serde_json::Value = serde_json::from_str(
        office.run(&format!("history {MAC} --format json --since 1h")).split("exit ").next().unwrap(),
    )
    .unwrap();
    let shown =
        |at: usize| (told["history"]["fetches"][at]["status"].clone(), told["history"]["fetches"][at]["head"].clone());
    assert_eq!((shown(0), shown(1)), ((304.into(), false.into()), (200.into(), true.into())));
    let why: serde_json::Value =
        serde_json::from_str(office.run(&format!("why {MAC} --format json")).split("exit ").next().unwrap()).unwrap();
    assert_eq!(why["state"], "served");
}

#[test]
fn a_change_by_a_command_is_in_the_history() {
    let office = Office::open();
    let line = office.folder.path().join("fleet/sites/office/lines/201.toml");
    let text = std::fs::read_to_string(&line).unwrap();
    std::fs::write(&line, text + "\n[settings]\nadmin_password = \"s3cret\"\n").unwrap();
    let written = office.run(&format!("compare-model {MAC} yealink-t54w --write -C fleet"));
    assert!(written.contains("written: "), "{written}");
    let told = office.run(&format!("history {MAC} --format json"));
    assert!(told.contains("\"what\": \"compare-model\"") && !told.contains("s3cret"), "{told}");
    let shown = office.run(&format!("history {MAC}"));
    let changed = shown.lines().find(|line| line.contains("phones/001565aabb01.toml")).unwrap();
    let changed = Regex::new("by .* with").unwrap().replace(changed, "by WHO with").into_owned();
    assert_snapshot!(changed, @"TIME  changed                               sites/office/phones/001565aabb01.toml, by WHO with compare-model (change 1)");
    assert!(told.contains(r#""before": "lines = [\"201\"]\nmodel = \"yealink-t46s\"\n"#), "{told}");
    assert!(told.contains(r#""after": "lines = [\"201\"]\nmodel = \"yealink-t54w\"\n"#), "{told}");
}

#[test]
fn a_phone_that_never_came_may_be_one_whose_handshake_failed() {
    let folder = fleet();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let journal = journal(&state);
    let failed = || Fetch::handshake(now_ms(), [192, 0, 2, 7].into(), "it offers TLS 1.0 only");
    (0..3).for_each(|_| journal.fetched(failed()));
    let walked =
        |number| Fetch { known: false, status: 404, reason: Some("unknown-phone"), at: now_ms(), ..fetch(number) };
    let source = Some([198, 51, 100, 7].into());
    (0..1_000).for_each(|number| journal.fetched(Fetch { source, ..walked(number) }));
    journal.close();
    assert_snapshot!(run(folder.path(), &format!("why {MAC}")), @"
    001565aabb01 never came since TIME, when the journal begins
      hint: `offhook url 001565aabb01` prints what to type into the phone, or into its DHCP option
      hint: from the phone's network, does `curl -k` of that address reach the server?
      perhaps this was it: TIME, x984, from 198.51.100.7 to 192.0.2.100:8443: phones that are not stored, too many to keep each MAC
      perhaps this was it: TIME, x3, from 192.0.2.7: a TLS handshake failed, so nobody knows which phone it was; see docs/old-phones.md (it offers TLS 1.0 only)
    exit 1
    ");
}

#[test]
fn the_fleet_says_how_much_is_kept() {
    let kept = |text: &str| {
        let fleet = phone("yealink-t46s", "").with("fleet.toml", &format!("schema = 1\n{text}"));
        let keeping = serving(fleet.path()).world.root().map(|root| root.journal);
        (keeping, fleet.findings())
    };
    let usual = Keeping { enabled: true, days: 90, megabytes: 512 };
    assert_eq!(kept("").0, Some(usual));
    assert_eq!(kept("[journal]\nenabled = false\n").0, Some(Keeping { enabled: false, ..usual }));
    let said = "[journal]\nkeep_days = 7\nmax_megabytes = 64\n";
    assert_eq!(kept(said).0, Some(Keeping { enabled: true, days: 7, megabytes: 64 }));
    assert_snapshot!(kept("[journal]\nkeep_days = 0\nmax_megabytes = 4\nenabled = 1\ndays = 3\n").1, @"
    error: fleet.toml:3: `journal.keep_days` is 0, but must be from 1 to 3650 [out-of-range]
    error: fleet.toml:4: `journal.max_megabytes` is 4, but must be from 8 to 1048576 [out-of-range]
    error: fleet.toml:5: `journal.enabled` must be true or false, not a whole number [wrong-type]
    error: fleet.toml:6: `journal.days` is not a known field [unknown-field]
      hint: known here: enabled, keep_days, max_megabytes
    ");
}

#[test]
fn where_no_journal_is() {
    let folder = fleet();
    assert_snapshot!(run(folder.path(), &format!("history {MAC}")), @"
    2> error: there is no journal `state/journal.sqlite`
    2>   hint: name the server's state folder with --state DIR, or its fleet with --fleet DIR
    exit 2
    ");
    assert_snapshot!(run(folder.path(), "why 12345"), @"
    2> error: `12345` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them
    exit 2
    ");
}
