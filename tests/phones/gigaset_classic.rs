//! The way of an old Gigaset: from `master.bin` to its profile, over a plain listener, with `/../../` in its requests.
//!
//! The client here is a socket: a library would tidy the path.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use offhook::live::Live;
use offhook::server::ledger::Ledger;
use offhook::server::{self, Limits, Listener, Proxies};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{House, LOCAL, STRANGER, TRUSTED, Way, phones, put};

const MAC: &str = "7C2F80AA0010";
const AGENT: &str = "N510 IP PRO/42.245.00.000.000;7C2F80AA0010";
/// The same base in a request in which it does not tell its address.
const NO_MAC: &str = "N510 IP PRO/42.258.00.000.000";
const N720: &str = "Gigaset N720 DM PRO/70.089.00.000.000;7C2F80AA0011";
const PASSWORD: &str = "Secret401x";

fn fleet(root: &Path) {
    put(root, "fleet.toml", "schema = 1\npublic_url = \"http://phones.example.org:8080\"\n");
    put(root, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n[trust]\nnetworks = [\"192.0.2.0/24\"]\n");
    put(root, "sites/a/lines/401.toml", &format!("sip.password = \"{PASSWORD}\"\n"));
    put(root, "sites/a/phones/7c2f80aa0010.toml", "model = \"gigaset-n510\"\nlines = [\"401\"]\n");
    put(root, "sites/a/phones/7c2f80aa0011.toml", "model = \"gigaset-n720-dm\"\nlines = [\"401\"]\n");
    put(root, "sites/a/phones/7c2f80aa0012.toml", "model = \"gigaset-maxwell3\"\nlines = [\"401\"]\n");
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    House::open(folder)
}

/// A server of that fleet on a plain listener.
async fn running() -> (SocketAddr, House) {
    let house = house();
    let bound =
        server::bind([Listener { address: "127.0.0.1:0".parse().unwrap(), tls: None, proxies: Proxies::default() }])
            .await
            .unwrap();
    let address = bound.addresses().next().unwrap();
    tokio::spawn(server::run(bound, house.phones.clone(), Limits::default(), std::future::pending()));
    (address, house)
}

/// The status, the head and the body of an answer.
async fn asked(address: SocketAddr, version: &str, target: &str, user_agent: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {target} HTTP/{version}\r\nHost: x\r\nUser-Agent: {user_agent}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, body)
}

/// The one text in an index file: its tag, its length, tag 3, the text's length, the text and a zero.
fn text_in(file: &[u8], tag: u8) -> &str {
    let [outer, length, 3, inner, text @ .., 0] = file else { panic!("{file:?}") };
    assert_eq!(*outer, tag);
    assert_eq!((usize::from(*length), usize::from(*inner)), (text.len() + 3, text.len() + 1));
    std::str::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_base_follows_the_chain_to_its_profile() {
    let (address, _house) = running().await;
    for (version, folder, user_agent, mac) in [
        ("1.0", "42/2", AGENT, MAC),
        ("1.1", "42/2", AGENT, MAC),
        ("1.1", "42/2", NO_MAC, MAC),
        ("1.1", "70", N720, "7C2F80AA0011"),
        ("1.0", "70/1", "N720-DM-PRO/70.040.00.000.000", "7C2F80AA0011"),
        ("1.1", "device/42/2", AGENT, MAC),
    ] {
        let mut name = "master.bin".to_owned();
        for tag in [3, 4, 4, 4] {
            let target = format!("/{folder}/{name}");
            let (status, head, body) = asked(address, version, &target, user_agent).await;
            assert_eq!(status, 200, "{target}");
            assert!(head.contains("Content-Type: application/octet-stream\r\n"), "{head}");
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
            name = text_in(&body, tag).to_owned();
            assert!(name.starts_with("../../sifs/"), "{name}");
        }
        let target = format!("/{folder}/{name}");
        let (status, _, body) = asked(address, version, &target, user_agent).await;
        assert_eq!(status, 200, "{target}");
        let profile = text_in(&body, 0).replace("%DURL", &address.to_string()).replace("%MACD", mac);
        let target = profile.strip_prefix(&format!("http://{address}")).unwrap();
        let (status, head, body) = asked(address, version, target, user_agent).await;
        assert_eq!(status, 200, "{target}");
        assert!(head.contains("Content-Type: text/xml; charset=iso-8859-1\r\n"), "{head}");
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains(&format!("<MAC_ADDRESS value=\"{mac}\"/>")) && text.contains(PASSWORD));
    }
}

#[tokio::test]
async fn the_same_files_are_found_in_any_case_and_spelling() {
    let (address, _house) = running().await;
    let (_, _, root) = asked(address, "1.1", "/42/2/../../sifs/sifsroot.bin", AGENT).await;
    assert!(!root.is_empty());
    for target in [
        "/42/2/../../SIFS/SIFSROOT.BIN",
        "/42/2//..//../sifs/sifsroot.bin",
        "/42/2/%2e%2e/%2E%2E/sifs/sifsroot.bin",
        "/sifs/sifsroot.bin",
        "/a/42/2/../../sifs/sifsroot.bin",
        "/41/../../sifs/sifsroot.bin",
    ] {
        let (status, _, body) = asked(address, "1.1", target, NO_MAC).await;
        assert_eq!((status, &body), (200, &root), "{target}");
    }
    let (_, _, profile) = asked(address, "1.1", &format!("/{MAC}.xml"), AGENT).await;
    for target in [
        "/7c2f80aa0010.xml",
        "/a/7C2F80aa0010.XML",
        "/7C:2F:80:AA:00:10.xml",
        "/42/2/settings-7C2F80AA0010.xml",
        "/42/2/cgi/ap?mac=7C2F80AA0010",
        "/cgi/ap?mac=7c:2f:80:aa:00:10",
    ] {
        let (status, _, body) = asked(address, "1.1", target, NO_MAC).await;
        assert_eq!((status, &body), (200, &profile), "{target}");
    }
    let (_, _, siu) = asked(address, "1.1", "/42/2/../../sifs/siu_444.bin", AGENT).await;
    let (_, _, other) = asked(address, "1.1", "/42/2/../../sifs/siu_123.bin", AGENT).await;
    assert_eq!(siu, other, "whatever code the provisioner has");
}

#[tokio::test]
async fn what_is_not_there_is_a_quiet_404() {
    let (address, _house) = running().await;
    for target in [
        "/42/2/baselines.bin",
        "/42/2/l_1909182220.bin",
        "/42/2/webuil/09.bin",
        "/sifs/sifsroot.xml",
        "/sifs/siu_12.bin",
        "/42/2/../../../etc/passwd",
        "/macredirect/ap?mac=7C:2F:80:AA:00:10",
        "/gigaset/cgi/ap?ac=87426549864",
        "/7C2F80AA00FF.xml",
    ] {
        let (status, _, body) = asked(address, "1.1", target, NO_MAC).await;
        assert_eq!((status, body.len()), (404, 0), "{target}");
    }
}

#[test]
fn a_base_that_the_fleet_does_not_have_gets_nothing() {
    let unknown = "N510 IP PRO/42.245.00.000.000;7C2F80AA00FF";
    for target in ["/42/2/master.bin", "/7C2F80AA00FF.xml"] {
        assert_eq!(house().get_as(target, unknown).0, 404, "{target}");
    }
    let other = house().get_as("/7C2F80AA0011.xml", AGENT);
    assert_eq!(other, (404, String::new()), "the path and the user agent name two bases");
}

#[test]
fn the_chain_is_for_anybody_and_the_profile_for_the_network() {
    let house = house();
    let from = |peer, target, user_agent| {
        let way = Way { peer, local: "203.0.113.1:8080", user_agent: Some(user_agent), ..LOCAL };
        house.ask(target, way).status.as_u16()
    };
    assert_eq!(from(STRANGER, "/42/2/master.bin", NO_MAC), 200);
    assert_eq!(from(STRANGER, "/42/2/../../sifs/siu_444.bin", NO_MAC), 200);
    assert_eq!(from(STRANGER, "/7C2F80AA0010.xml", AGENT), 403);
    assert_eq!(from(TRUSTED, "/7C2F80AA0010.xml", AGENT), 200);
}

#[test]
fn a_maxwell_gets_its_own_file_under_the_same_name() {
    let (status, text) = house().get_as("/7c2f80aa0012.xml", "Maxwell 3/82.2.18.4-release;7C2F80AA0012");
    assert_eq!(status, 200);
    assert!(text.contains("<provisioning") && !text.contains("ProviderFrame"));
}

/// The VERSION of the base's profile, after a start of the server with this record.
fn version(folder: &TempDir, state: &TempDir) -> String {
    let live = std::sync::Arc::new(Live::load(folder.path()));
    let phones = phones(&live, Ledger::open(state.path()).unwrap());
    let house = House { folder: tempfile::tempdir().unwrap(), live, phones };
    let text = house.get_as(&format!("/{MAC}.xml"), AGENT).1;
    let line = text.lines().find(|line| line.contains("<VERSION")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn the_version_changes_with_the_file_and_not_with_the_request() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fleet(folder.path());
    let first = version(&folder, &state);
    assert!(first.len() == 10 && first.bytes().all(|b| b.is_ascii_digit()), "{first}");
    assert_ne!(first, "0101700000");
    assert_eq!(version(&folder, &state), first);
    put(folder.path(), "sites/a/lines/401.toml", &format!("sip.password = \"{PASSWORD}\"\ndisplay_name = \"B\"\n"));
    let second = version(&folder, &state);
    assert_ne!(second, first, "a phone ignores a profile whose version it has");
    put(folder.path(), "sites/a/lines/401.toml", &format!("sip.password = \"{PASSWORD}\"\ndisplay_name = \"C\"\n"));
    let third = version(&folder, &state);
    assert!(third != second && third != first, "two changes within a minute are two versions");
    assert_eq!(version(&folder, &state), third);
}

#[test]
fn what_leads_to_the_profile_is_no_provisioning() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    let phone = "model = \"gigaset-n510\"\nlines = [\"401\"]\n[seed]\ntone_country = \"it\"\n";
    put(folder.path(), "sites/a/phones/7c2f80aa0010.toml", phone);
    let house = House::open(folder);
    for target in ["/42/2/master.bin", "/42/2/../../sifs/sifsroot.bin", "/42/2/../../sifs/siu_444.bin"] {
        assert_eq!(house.get_as(target, AGENT).0, 200);
    }
    let tone = |text: &str| text.contains("ucCountryCodeTone");
    assert!(tone(&house.get_as(&format!("/{MAC}.xml"), AGENT).1), "the first provisioning has the seed");
    assert!(!tone(&house.get_as(&format!("/{MAC}.xml"), AGENT).1));
}
