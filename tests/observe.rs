//! What a running server tells machines: figures, health, and its log as JSON. The dashboard, the rules and the table of
//! docs/metrics.md name what is really shown.

#[path = "common/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use regex::Regex;
use serde_json::Value;
use server::{LONG, Server, fleet, serve, shell};
use tempfile::TempDir;

const LINE: &str = "fleet/sites/office/lines/201.toml";
const DASHBOARD: &str = "examples/grafana/offhook.json";
const RULES: &str = "examples/prometheus/offhook.rules.yml";

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A fleet with more in its `fleet.toml`, in which `METRICS` and `API` are addresses; the first of them.
fn fleet_with(more: &str) -> (TempDir, String) {
    let folder = fleet();
    let root = folder.path().join("fleet/fleet.toml");
    // Ports that were free a moment ago.
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (metrics, api) = (free(), free());
    let more =
        format!("\n{more}\n[metrics]\naddress = \"METRICS\"\n").replace("METRICS", &metrics).replace("API", &api);
    std::fs::write(&root, std::fs::read_to_string(&root).unwrap() + &more).unwrap();
    (folder, metrics)
}

/// The status and the body of an address.
fn get(address: &str, path: &str) -> (String, String) {
    let output = shell(&format!("curl -sS --max-time 20 -w '%{{http_code}}' http://{address}{path}"));
    let mut body = String::from_utf8(output.stdout).unwrap();
    let status = body.split_off(body.len() - 3);
    (status, body)
}

/// Asks until the answer is this status with these words.
fn until(address: &str, path: &str, status: &str, words: &str) {
    let begin = Instant::now();
    loop {
        let (got, body) = get(address, path);
        if got == status && body.contains(words) {
            return;
        }
        assert!(begin.elapsed() < LONG, "{path} is not {status} with `{words}`: {got} {body}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A figure: its type, and the names of its labels.
type Shown = BTreeMap<String, (String, BTreeSet<String>)>;

/// Everything that a page of figures shows, by the names that queries use.
fn shown(page: &str) -> Shown {
    let types: BTreeMap<&str, &str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let mut shown = Shown::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let bare = ["_total", "_info", "_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let bare = bare.filter(|bare| types.contains_key(bare)).unwrap_or(name);
        let of_histogram = types[bare] == "histogram";
        let entry = shown.entry(if of_histogram { bare } else { name }.to_owned());
        let (_, labels) = entry.or_insert_with(|| (types[bare].to_owned(), BTreeSet::new()));
        labels.extend(label.captures_iter(line).map(|found| found[1].to_owned()).filter(|label| label != "le"));
    }
    shown
}

/// The table of docs/metrics.md.
fn documented() -> Shown {
    let row = Regex::new(r"(?m)^\| `([a-z_]+)` \| (\w+) \| (.*?) \| .+ \|$").unwrap();
    let name = Regex::new(r"`([a-z_]+)`").unwrap();
    let rows = read("docs/metrics.md");
    let rows = row.captures_iter(&rows).map(|row| {
        let labels = name.captures_iter(&row[3]).map(|label| label[1].to_owned()).collect();
        (row[1].to_owned(), (row[2].to_owned(), labels))
    });
    rows.collect()
}

/// The queries of the dashboard.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    let targets = panels.flat_map(|panel| {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        panel["targets"].as_array().unwrap()
    });
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// The figures that a text names, without what a histogram's parts add.
fn named(text: &str, known: &Shown) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:offhook|process)_[a-z_]+\b").unwrap();
    let parts = ["_bucket", "_sum", "_count"];
    let bare = |name: &str| {
        let bare = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        if known.contains_key(bare) { bare } else { name }.to_owned()
    };
    name.find_iter(text).map(|found| bare(found.as_str())).collect()
}

#[test]
fn every_figure_is_documented_and_the_dashboard_and_the_rules_name_no_other() {
    let (folder, address) = fleet_with("[api]\naddress = \"API\"\nplain = true");
    let mut server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    server.tried();
    let url = server.line("try: ").rsplit(' ').next().unwrap().to_owned();
    shell(&format!("curl -sk {url}; curl -sk {url}x; curl -sk --tls-max 1.1 {url}; true"));
    let api = server.until("API at ").rsplit(' ').next().unwrap().to_owned();
    shell(&format!("curl -sS -H 'Authorization: Bearer guessed' {api}/sites; curl -sS {api}/nothing/at/all"));
    std::fs::write(folder.path().join(LINE), "nonsense = 1\n").unwrap();
    server.until("reloaded with");
    let (_, page) = get(&address, "/metrics");
    let shown = shown(&page);
    assert_eq!(documented(), shown, "docs/metrics.md on the left");
    for (what, text) in [(DASHBOARD, queries().join("\n")), (RULES, read(RULES))] {
        let unknown: Vec<String> = named(&text, &shown).into_iter().filter(|name| !shown.contains_key(name)).collect();
        assert!(unknown.is_empty(), "{what} names {unknown:?}, which no server shows");
    }
    for line in [
        "offhook_requests_total{family=\"yealink\",status=\"200\",reason=\"\"} 2",
        "offhook_requests_total{family=\"\",status=\"404\",reason=\"no-such-file\"} 1",
        "offhook_render_duration_seconds_count{family=\"yealink\"} 1",
        "offhook_cache_hits_total 1",
        "offhook_cache_misses_total 1",
        "offhook_cache_files 1",
        "offhook_findings{level=\"error\"} 1",
        "offhook_reload_errors_total 1",
        "offhook_watch_up 1",
        "offhook_journal_up 1",
        "offhook_journal_lost_entries_total 0",
        "offhook_resync_phones_total{outcome=\"came-back\"} 0",
        "offhook_api_requests_total{route=\"/api/v1/sites\",method=\"GET\",status=\"401\"} 1",
        "offhook_api_requests_total{route=\"\",method=\"GET\",status=\"404\"} 1",
        "offhook_api_refused_tokens_total{reason=\"unknown\"} 1",
    ] {
        assert!(page.lines().any(|own| own == line), "no `{line}`: {page}");
    }
    assert!(!page.contains("001565"), "a phone is named: {page}");
}

#[test]
fn promtool_understands_the_rules_and_the_queries() {
    let Ok(found) = Command::new("promtool").arg("--version").output() else {
        eprintln!("skipped: `promtool` is not installed");
        return;
    };
    assert!(found.status.success());
    let folder = tempfile::tempdir().unwrap();
    let rules = queries().into_iter().enumerate().map(|(at, query)| {
        let query = query.replace("$__rate_interval", "5m").replace("$__range", "1h");
        format!("  - record: query:number{at}\n    expr: {}\n", Value::String(query))
    });
    let text = "groups:\n- name: dashboard\n  rules:\n".to_owned() + &rules.collect::<String>();
    std::fs::write(folder.path().join("dashboard.yml"), text).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (own, scrape) = (root.join(RULES), root.join("examples/prometheus/prometheus.yml"));
    shell(&format!("promtool check rules {} {}/dashboard.yml", own.display(), folder.path().display()));
    shell(&format!("promtool check config {}", scrape.display()));
}

#[test]
fn a_fleet_that_vanishes_is_told_and_a_server_that_stops_takes_no_new_phones() {
    let (folder, address) = fleet_with("[[listen]]\naddress = \"127.0.0.1:0\"\nplain = true");
    let mut server = Server::start(folder.path(), &[]);
    assert_eq!(get(&address, "/healthz"), ("200".into(), well("alive")));
    until(&address, "/readyz", "200", &well("ready"));
    std::fs::rename(folder.path().join("fleet"), folder.path().join("elsewhere")).unwrap();
    until(&address, "/readyz", "200", "\"warnings\":[\"the fleet's folder has vanished; what was good stays served\"]");
    assert_eq!(get(&address, "/healthz").0, "200");
    assert!(get(&address, "/metrics").1.contains("\noffhook_watch_up 0\n"));
    assert!(server.tried().contains("account.1.user_name = 201"));
    std::fs::rename(folder.path().join("elsewhere"), folder.path().join("fleet")).unwrap();
    until(&address, "/readyz", "200", "ready");
    // An answer that is on its way keeps the server for a while.
    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx").unwrap();
    until(&address, "/metrics", "200", "offhook_connections{state=\"waiting\"} 1");
    shell(&format!("kill -TERM {}", server.child.id()));
    until(&address, "/readyz", "503", "the server is stopping");
    slow.write_all(b"xxxxxxxx").unwrap();
    server.until("stopped");
}

fn well(word: &str) -> String {
    format!("{{\"status\":\"{word}\",\"reasons\":[],\"warnings\":[]}}\n")
}

#[test]
fn a_certificate_that_has_expired_and_a_journal_that_cannot_be_written() {
    let (folder, address) = fleet_with(
        "[[listen]]\naddress = \"127.0.0.1:0\"\ntls = { certificate = \"../old.pem\", key = \"../old.key\" }",
    );
    let mut old = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    old.not_after = rcgen::date_time_ymd(2020, 2, 3);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("old.pem"), old.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.path().join("old.key"), key.serialize_pem()).unwrap();
    // A folder where the journal's file should be.
    std::fs::create_dir_all(folder.path().join("state/journal.sqlite")).unwrap();
    let server = Server::start(folder.path(), &[]);
    let listener = server.address().to_owned();
    until(&address, "/readyz", "503", &format!("\"the certificate of {listener} has expired: phones refuse it\""));
    server.tried();
    until(&address, "/metrics", "200", "\noffhook_journal_up 0\n");
    let end =
        format!("offhook_certificate_end_timestamp_seconds{{of=\"phones\",listener=\"{listener}\"}} 1580688000\n");
    assert!(get(&address, "/metrics").1.contains(&end), "{}", get(&address, "/metrics").1);
}

#[test]
fn the_log_as_json_is_one_object_a_line_and_holds_no_secret() {
    let (folder, address) = fleet_with("[api]\naddress = \"API\"\nplain = true");
    let root = folder.path().join(LINE);
    std::fs::write(&root, "[sip]\npassword = \"Secret201x\"\n").unwrap();
    let mut command = serve(folder.path(), &["--listen", "127.0.0.1:0", "--log", "json"]);
    command.env("OFFHOOK_LOG", "trace");
    let mut server = Server::of(command);
    server.until("API at ");
    let said = |server: &Server, word: &str| -> String {
        let line: Value = serde_json::from_str(server.line(word)).unwrap();
        line["message"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    let (url, api) = (said(&server, "try: "), said(&server, "API at "));
    let (base, file) = url.rsplit_once('/').unwrap();
    let token = "offhook_0k7ql2vd_0123456789abcdefghijklmnopqrstuv0123456789abcdefghij";
    shell(&format!(
        "curl -sSk {base}/~t0kenOfAPhone/{file}; curl -sSk -u 201:Secret201x {url} >/dev/null; curl -sSk {url}?t0kenOfAPhone;
        curl -sS -H 'Authorization: Bearer {token}' {api}/sites; curl -sS http://{address}/metrics"
    ));
    server.until("served");
    std::fs::write(&root, "sip.password = \"Secret201x\"\nnonsense = \"Secret201x\"\n").unwrap();
    server.until("reloaded with");
    shell(&format!("kill -TERM {}", server.child.id()));
    server.until("stopped");
    let mut served = 0;
    for line in &server.said {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for (field, kind) in [("timestamp", "T"), ("level", ""), ("message", "")] {
            assert!(object[field].as_str().is_some_and(|text| text.contains(kind)), "no `{field}`: {line}");
        }
        let is_of_phone = object["phone.mac"].is_string() && object["peer"] == "127.0.0.1";
        served += usize::from(is_of_phone && object["message"].as_str().unwrap().starts_with("served"));
        for secret in ["Secret201x", "t0kenOfAPhone", "0123456789abcdef", "MjAxOlNlY3JldDIwMXg"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    assert!(served >= 2, "{:#?}", server.said);
}

#[test]
fn a_start_that_fails_is_an_object_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("fleet")).unwrap();
    let output = serve(folder.path(), &["--log", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().unwrap().contains("has no fleet.toml\n  hint: `offhook init fleet`"), "{line}");
}
