//! Files encrypted as their makers' phones decrypt them, opened with the `openssl` program.

use std::io::Write;
use std::process::{Command, Stdio};

use offhook::server::Reply;
use tempfile::TempDir;

use crate::house::{House, LOCAL, fleet, put};

const KEY: &str = "Q7mX2pLw9ZsT4vKb";
const SITE: &str = "sip.server = \"sip.example.org\"\n[trust]\nencrypt_files = ";
const PHONES: [(&str, &str, &str); 4] = [
    ("001565aa0001", "yealink-t46s", "001565aa0001.cfg"),
    ("1cdf0faa0002", "cisco-spa504g", "1cdf0faa0002.xml"),
    ("00562baa0005", "cisco-8851-3pcc", "00562baa0005.xml"),
    ("7c2f80aa0003", "gigaset-maxwell3", "7c2f80aa0003.xml"),
];

/// A site whose phones all have the same key.
fn house(encrypted: bool, key: &str) -> House {
    let folder = TempDir::new().unwrap();
    fleet(folder.path());
    put(folder.path(), "sites/a/site.toml", &format!("{SITE}{encrypted}\n"));
    for (mac, model, _) in PHONES {
        let text = format!("model = \"{model}\"\nlines = [\"201\"]\ntrust.file_key = \"{key}\"\n");
        put(folder.path(), &format!("sites/a/phones/{mac}.toml"), &text);
    }
    House::open(folder)
}

fn bytes(reply: &Reply) -> Vec<u8> {
    assert_eq!(reply.status.as_u16(), 200);
    reply.body.to_vec()
}

fn openssl(arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(["enc", "-d"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openssl_opens_what_phones_get() {
    let (plain, encrypted) = (house(false, KEY), house(true, KEY));
    let pass = format!("pass:{KEY}");
    let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let ecb = ["-aes-128-ecb", "-nopad", "-K", &hex];
    let md5 = ["-aes-256-cbc", "-md", "md5", "-pass", &pass];
    let sha256 = ["-aes-256-cbc", "-md", "sha256", "-pass", &pass];
    for ((_, model, file), arguments) in PHONES.iter().zip([&ecb[..], &md5, &sha256]) {
        let target = format!("/{file}");
        let (expected, reply) = (bytes(&plain.ask(&target, LOCAL)), encrypted.ask(&target, LOCAL));
        let sent = bytes(&reply);
        assert!(!String::from_utf8_lossy(&sent).contains("Secret201x"), "{model}");
        let opened = openssl(arguments, &sent);
        assert_eq!(opened.trim_end(), String::from_utf8(expected).unwrap().trim_end(), "{model}");
        assert!(opened.contains("Secret201x"), "{model}");
        // The same file is the same bytes, so that a phone that asks again is told that it has it.
        let again = encrypted.ask(&target, LOCAL);
        assert_eq!((bytes(&again), again.etag), (sent, reply.etag.clone()), "{model}");
        assert_ne!(plain.ask(&target, LOCAL).etag, reply.etag, "{model}");
    }
}

#[test]
fn phones_are_told_the_key_before_they_need_it() {
    let house = house(false, KEY);
    for ((_, _, file), told) in PHONES.iter().zip([
        format!("static.auto_provision.aes_key_16.mac = {KEY}\n"),
        format!("<Profile_Rule>[--key {KEY}] https://phones.example.org/$MA.xml</Profile_Rule>"),
        format!("<Profile_Rule>[--key {KEY}] https://phones.example.org/$MA.xml</Profile_Rule>"),
    ]) {
        let (_, text) = house.get(&format!("/{file}"));
        assert!(text.contains(&told), "{text}");
    }
}

#[test]
fn a_family_without_a_known_scheme_gets_plain_files() {
    let (_, text) = house(true, KEY).get(&format!("/{}", PHONES[3].2));
    assert!(text.contains("Secret201x"), "{text}");
}

#[test]
fn a_key_that_the_scheme_cannot_use_is_no_file_at_all() {
    let long = "Q7mX2pLw9ZsT4vKbQ7mX2pLw9ZsT4vKb";
    let house = house(true, long);
    assert_eq!(house.get(&format!("/{}", PHONES[0].2)), (503, String::new()));
    assert_eq!(house.ask(&format!("/{}", PHONES[1].2), LOCAL).status.as_u16(), 200);
}

#[test]
fn check_tells_what_is_not_as_the_site_wants_it() {
    let told = |site: &str, phone: &str| {
        let folder = TempDir::new().unwrap();
        fleet(folder.path());
        put(folder.path(), "sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n[trust]\n{site}\n"));
        put(
            folder.path(),
            "sites/a/phones/001565aa0001.toml",
            &format!("model = \"yealink-t46s\"\nlines = [\"201\"]\n{phone}\n"),
        );
        let live = offhook::live::Live::load(folder.path());
        let all = offhook::check::check(&live.now());
        let own =
            all.iter().filter(|finding| finding.file.ends_with("001565aa0001.toml") || finding.code == "no-networks");
        own.map(|finding| format!("{}: {} [{}]\n", finding.level, finding.what, finding.code)).collect::<String>()
    };
    assert_eq!(told("", ""), "");
    assert_eq!(told("encrypt_files = true", &format!("trust.file_key = \"{KEY}\"")), "");
    insta::assert_snapshot!(told("encrypt_files = true", ""), @"warning: the site `a` encrypts files, and this phone's are sent as they are: the phone has no `trust.file_key` [not-encrypted]");
    insta::assert_snapshot!(told("encrypt_files = true", &format!("trust.file_key = \"{KEY}x\"")), @"error: `trust.file_key` has 17 characters, but must have 16 for this family [bad-file-key]");
    insta::assert_snapshot!(told("encrypt_files = true", "trust.file_key = \"short\""), @"error: `trust.file_key` must be 16 to 64 letters and digits [bad-setting]");
    insta::assert_snapshot!(told("demand = [\"network\", \"password\"]", ""), @"
    warning: the site `a` demands a password, and the phone has none: it is refused [no-password]
    warning: `trust.demand` has `network`, and `trust.networks` is empty: only this machine is served [no-networks]
    ");
}
