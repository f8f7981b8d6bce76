//! A fleet whose site demands passwords, in the middle of a rotation: each phone comes with the former one.

use insta::assert_snapshot;

use crate::common::Fleet;
use crate::{simulate, simulate_fleet};

const PHONES: [(&str, &str); 6] = [
    ("001565000001", "yealink-t46s"),
    ("1cdf0f000002", "cisco-spa504g"),
    ("1cdf0f000003", "cisco-8841-3pcc"),
    ("7c2f80000004", "gigaset-maxwell3"),
    ("7c2f80000005", "gigaset-n670"),
    ("7c2f80000006", "gigaset-n510"),
];

fn fleet(trust: &str) -> Fleet {
    let fleet = Fleet::empty()
        .with("fleet.toml", "schema = 1\npublic_url = \"http://phones.example.org:8080\"\n")
        .with("sites/a/site.toml", "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"password\"]\n")
        .with("sites/a/lines/201.toml", "sip.password = \"x\"\n");
    PHONES.iter().fold(fleet, |fleet, (mac, model)| {
        let text = format!("model = \"{model}\"\nlines = [\"201\"]\n[trust]\n{trust}");
        fleet.with(&format!("sites/a/phones/{mac}.toml"), &text)
    })
}

#[test]
fn every_phone_gets_its_file_and_what_it_shows_next() {
    let fleet = fleet("password = \"of-today\"\nformer_password = \"of-yesterday\"\n");
    let (told, code) = simulate_fleet(fleet.path());
    assert_snapshot!(told, @"
    family                phones  booted  requests  differences
    cisco-mpp                  1       1         4            0
    cisco-spa                  1       1         4            0
    gigaset-classic            1       1        14            0
    gigaset-maxwell            1       1         6            0
    gigaset-nx70               1       1         6            0
    yealink                    1       1        22            0
    ");
    assert_eq!(code, 0);
}

/// Each request of one phone, as status and who asked.
fn rounds(fleet: &Fleet, mac: &str, more: &[&str]) -> Vec<String> {
    let folder = fleet.path().to_str().expect("a path of the test");
    let (told, _) = simulate(&[&["--fleet", folder, "--mac", mac, "--format", "json"], more].concat());
    let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    let requests = told["phones"][0]["requests"].as_array().expect("requests").iter();
    let round = |request: &serde_json::Value| format!("{} {}", request["status"], request["note"]);
    requests.filter(|request| request["status"] != 404).map(round).collect()
}

#[test]
fn a_maxwell_and_an_nx70_show_their_own_secret_first() {
    let fleet = fleet("user = \"office\"\npassword = \"of-today\"\n");
    let boot =
        |user: &str| vec!["401 null".to_owned(), format!("401 \"as `{user}`\""), "200 \"as `office`\"".to_owned()];
    for mac in ["7C2F80000004", "7C2F80000005"] {
        assert_eq!(rounds(&fleet, mac, &[]), [boot(mac), boot(mac)].concat(), "{mac}");
    }
    let yealink = ["401 null", "200 \"as `office`\""];
    assert_eq!(rounds(&fleet, "001565000001", &[]), [yealink, yealink].concat());
    // With what somebody types wrongly there is no file, and no phone goes on for ever.
    let wrong = rounds(&fleet, "001565000001", &["--user", "office", "--password", "guessed"]);
    assert!(!wrong.is_empty() && wrong.iter().all(|round| round.starts_with("401 ")), "{wrong:?}");
}

#[test]
fn a_restarted_phone_shows_what_its_file_told_it_where_its_maker_says_how() {
    let fleet = fleet("password = \"of-today\"\nformer_password = \"of-yesterday\"\n");
    for (mac, model) in PHONES {
        // Typed in another notation than that of the files, so that the two can be told apart.
        let typed = mac.to_uppercase();
        let rounds = rounds(&fleet, mac, &["--user", &typed, "--password", "of-yesterday"]);
        let taken: Vec<&String> = rounds.iter().filter(|round| round.starts_with("200 \"")).collect();
        let (typed, told) = (format!("200 \"as `{typed}`\""), format!("200 \"as `{mac}`\""));
        let later = if ["gigaset-n670", "gigaset-n510"].contains(&model) { &typed } else { &told };
        assert_eq!(taken, [&typed, later], "{model}");
    }
}
