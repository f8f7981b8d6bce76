//! No request, however odd, makes the service panic or serve another phone's file.

use std::sync::OnceLock;

use proptest::prelude::*;

use crate::house::{ALL, House, LOCAL, Way, said, whose};

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(House::new)
}

/// Pieces of which requests that come close are made.
fn piece() -> impl Strategy<Value = String> {
    let macs = ALL.iter().map(|phone| phone.mac.to_owned());
    let mut pieces: Vec<String> = macs.clone().chain(macs.map(|mac| mac.to_uppercase())).collect();
    pieces.extend(ALL.iter().map(|phone| format!("/{}", phone.file)));
    pieces.extend(ALL.iter().map(|phone| phone.user_agent.to_owned()));
    let others = [
        "/",
        "//",
        "/../",
        "/./",
        "%2e",
        "%2F",
        "%00",
        "%",
        "?",
        "?mac=",
        "&mac=",
        "#",
        "~",
        "/~t0ken/",
        ".cfg",
        ".xml",
        ".boot",
        "-local.cfg",
        "spa",
        "spa504G.cfg",
        "provisioning.xml",
        "device/",
        "y0000000000",
        "66",
        "cfg/init_",
        "cfg/generic.xml",
        "a/",
        "b/",
        "Yealink SIP-T46S 66.86.0.15 ",
        "Cisco/SPA504G-7.4.9c (",
        ")",
        " (",
        "Maxwell 3/82.2.18.4-release;",
        ";",
        ":",
        "-",
        " ",
        "00:15:65:aa:00:01",
        "00:15:65:BB:00:04",
        "é",
        "\u{0}",
        "ATA",
        ".cnf.xml",
    ];
    pieces.extend(others.map(str::to_owned));
    prop_oneof![9 => proptest::sample::select(pieces), 1 => "\\PC{0,8}"]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => proptest::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat()), 1 => ".{0,60}"]
}

/// The hexadecimal digits of a text in a row, however they are separated or escaped.
fn digits(text: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    decoded.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_file_goes_only_to_whoever_names_its_phone(target in text(), user_agent in proptest::option::of(text())) {
        let target = format!("/{target}");
        let way = Way { user_agent: user_agent.as_deref(), ..LOCAL };
        let (status, body) = said(&house().ask(&target, way));
        prop_assert!(matches!(status, 200 | 404), "{status}");
        let owners = whose(&body);
        prop_assert!(owners.len() <= 1);
        for mac in owners {
            let asked = digits(&target) + "|" + &digits(user_agent.as_deref().unwrap_or_default());
            prop_assert!(asked.contains(mac), "{mac} for {asked}");
        }
    }
}
