//! What must hold for any request, however odd.

use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use crate::{INDEX, claim};

/// Parts that requests are made of, so that arbitrary ones come near to real ones.
const PARTS: [&str; 34] = [
    "/",
    "/",
    "//",
    "/../",
    "/./",
    "..",
    "%2e%2e/",
    "%2F",
    "~SECRET",
    "/~SECRET/",
    "%7eSECRET",
    "001565aabbcc",
    "000E08AABBCC",
    "00:15:65:11:22:33",
    "7C2F80XXXXXX",
    "000000000000",
    ".cfg",
    ".xml",
    ".boot",
    "spa",
    "SEP",
    ".cnf.xml",
    "y0000000000",
    "66",
    "?mac=",
    "&mac=",
    "?name=SEP",
    "%3A",
    "%00",
    "%",
    "é",
    "device/42/2",
    "sifs/siu_123.bin",
    "http://",
];

const AGENTS: [&str; 12] = [
    "Yealink SIP-T46S ",
    "66.86.0.15 ",
    "00:15:65:aa:bb:cc",
    "Cisco/SPA504G-",
    "7.4.9c ",
    "(001565000000)",
    "(CCQ162306EA)",
    "Linksys/SPA-942-",
    "Maxwell 3 PRO/",
    "82.2.18.4-release",
    ";7C2F80E61AF4",
    "Cisco-CP-8841-3PCC/11.0 ",
];

fn made_of(parts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(parts), 0..9).prop_map(|parts| parts.concat()),
        ".{0,60}",
    ]
}

/// A text in which a MAC of any spelling stands as 12 digits.
fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().to_lowercase().replace([':', '-'], "")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mac_is_never_invented(target in made_of(&PARTS), user_agent in made_of(&AGENTS)) {
        if let Some(mac) = claim(&target, &user_agent).mac {
            let mac = mac.to_string();
            prop_assert!(plain(&target).contains(&mac) || plain(&user_agent).contains(&mac));
        }
    }

    #[test]
    fn a_contradiction_has_no_file(path in "[0-9a-f]{12}", agent in "[0-9a-f]{12}", tail in "(\\.cfg|\\.xml|-local\\.cfg|\\.boot)") {
        let target = format!("/acme/{path}{tail}");
        for user_agent in [
            format!("Yealink SIP-T46S 66.86.0.15 {agent}"),
            format!("Cisco/SPA504G-7.4.9c ({agent})(CCQ162306EA)"),
            format!("Maxwell 3 PRO/82.2.18.4-release;{agent}"),
        ] {
            let claim = claim(&target, &user_agent);
            prop_assert!(path == agent || claim.file.is_none());
            prop_assert!(claim.contradiction.is_none() || (claim.file.is_none() && claim.candidates.is_empty() && claim.mac.is_none()));
        }
    }

    #[test]
    fn dot_segments_never_reach_the_token(before in made_of(&PARTS[..8]), after in made_of(&PARTS)) {
        // Before a question mark, or in the name of a host, it is no token.
        prop_assume!(!before.contains(['#', '?', '~']) && !before.contains("://"));
        let claim = claim(&format!("{before}/~0p3n-sesame/{after}"), "-");
        prop_assert_eq!(claim.token.as_ref().map(|token| token.expose()), Some("0p3n-sesame"));
        let shown = format!("{claim:?} {:?}", claim.explain(&INDEX));
        prop_assert!(!shown.contains("0p3n-sesame"), "{}", shown);
    }

    #[test]
    fn one_file_at_most_for_each_family(target in made_of(&PARTS), user_agent in made_of(&AGENTS)) {
        let claim = claim(&target, &user_agent);
        for (at, candidate) in claim.candidates.iter().enumerate() {
            prop_assert!(claim.candidates[..at].iter().all(|other| other.family != candidate.family));
        }
        if let Some(file) = claim.file {
            prop_assert_eq!(Some(file.family), claim.family);
            prop_assert_eq!(claim.file_for(file.family), Some(file.file));
        }
        prop_assert!(claim.band.is_some() == claim.family.is_some());
        prop_assert!(serde_json::to_string(&claim.view(&INDEX)).is_ok());
    }
}
