//! What a Gigaset P phone asks for, by each kind of address that it can be given.

use crate::house::{House, put, said};
use crate::house::{LOCAL, Way};
use crate::wire::{header, request, serving};

const MAC: &str = "000413e20005";
/// No real one is known: Snom's shape, with the class name in it.
const USER_AGENT: &str = "Mozilla/4.0 (compatible; GigasetP855-SIP 10.1.46.16 2010.12 000413E20005 SXM:0 UXM:0)";
const SNOM: &str = "Mozilla/4.0 (compatible; snomD865-SIP 10.1.46.16 2010.12 000413E20005 SXM:0 UXM:0)";

fn house(settings: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n");
    put(root, "sites/p/site.toml", "sip.server = \"sip.example.org\"\n");
    put(root, "sites/p/lines/205.toml", "sip.password = \"Secret205x\"\n");
    put(
        root,
        &format!("sites/p/phones/{MAC}.toml"),
        &format!("model = \"gigaset-p855\"\nlines = [\"205\"]\n{settings}"),
    );
    House::open(folder)
}

/// The answers to requests in order, each `document`, `firmware` or its status.
fn answers(house: &House, targets: &[&str], user_agent: Option<&str>) -> Vec<String> {
    let answer = |target: &&str| {
        let (status, body) = said(&house.ask(target, Way { user_agent, ..LOCAL }));
        match status {
            200 if body.contains("<user_pass idx=\"1\" perm=\"RW\">Secret205x</user_pass>") => "document".to_owned(),
            200 if body.contains("<firmware>https://fw.example.org/p855.swu</firmware>") => "firmware".to_owned(),
            _ => format!("{status} {body}").trim_end().to_owned(),
        }
    };
    targets.iter().map(answer).collect()
}

#[test]
fn each_round_finds_its_document_and_goes_on_past_the_rest() {
    let house = house("");
    let rounds: [(&[&str], &[&str]); 8] = [
        // A folder.
        (
            &["/p/GigasetP85x.htm", "/p/GigasetP85x-000413e20005.htm", "/p/GigasetP85x-firmware.htm"],
            &["404", "document", "404"],
        ),
        // The same as an earlier revision of the maker's page spells it.
        (
            &["/p/GigasetP85x.htm", "/p/GigasetP85x.htm-000413e20005.htm", "/p/GigasetP85x.htm-firmware.htm"],
            &["404", "document", "404"],
        ),
        (&["/GigasetP85x-000413E20005.htm", "/GIGASETP85X-000413E20005.HTM"], &["document", "document"]),
        // A name with the address in it.
        (&["/p/000413e20005.xml", "/p/GigasetP85x-firmware.htm"], &["document", "404"]),
        (&["/000413E20005.xml", "/~t0ken/000413e20005.xml"], &["document", "document"]),
        // A name without.
        (&["/p/config.xml", "/p/config-000413e20005.xml", "/p/GigasetP85x-firmware.htm"], &["404", "document", "404"]),
        // A last segment without an extension.
        (&["/p/desk", "/p/desk-000413e20005", "/GigasetP85x-firmware.htm"], &["404", "document", "404"]),
        // A class name that nobody has seen, and somebody else's phone.
        (&["/p/GigasetP99x.htm", "/p/config-000413e20099.xml"], &["404", "404"]),
    ];
    for (targets, expected) in rounds {
        for user_agent in [None, Some(USER_AGENT), Some("curl/8.5.0"), Some(SNOM)] {
            assert_eq!(answers(&house, targets, user_agent), expected, "{targets:?} as {user_agent:?}");
        }
    }
}

#[test]
fn firmware_is_told_in_a_file_of_its_own() {
    let asked = ["/000413e20005-firmware.xml", "/p/000413E20005-FIRMWARE.XML", "/p/GigasetP85x-firmware.htm"];
    let with = house("settings.firmware_url = \"https://fw.example.org/p855.swu\"\n");
    assert_eq!(answers(&with, &asked, Some(USER_AGENT)), ["firmware", "firmware", "404"]);
    let (_, document) = with.get("/000413e20005.xml");
    assert!(document.contains("<firmware_status perm=\"RW\">https://phones.example.org/000413e20005-firmware.xml<"));
    assert!(document.contains("<update_policy perm=\"RW\">auto_update</update_policy>"));
    // Without one the phone is not told to look; if it still does, there is none.
    let without = house("");
    let (status, empty) = without.get(asked[0]);
    assert_eq!((status, empty.contains("<firmware-settings>"), empty.contains("<firmware>")), (200, true, false));
    let (_, document) = without.get("/000413e20005.xml");
    assert!(!document.contains("firmware_status") && !document.contains("update_policy"));
}

#[test]
fn raw_edits_go_to_the_file_that_they_mean() {
    let raw = "[raw.gigaset-p]\n\
               \"fkey[35]\" = { value = \"keyevent F_STATUS\", attributes = { context = \"active\", label = \"State\", perm = \"RW\" } }\n\
               \"user_idle_text[1]\" = \"Hall\"\n\
               user_ringer = { value = \"Ringer2\", attributes = { idx = \"1\" } }\n\
               \"firmware-settings/firmware\" = \"https://fw.example.org/other.swu\"\n";
    let house = house(raw);
    let (_, document) = house.get("/000413e20005.xml");
    for line in [
        "<fkey idx=\"35\" context=\"active\" label=\"State\" perm=\"RW\">keyevent F_STATUS</fkey>",
        "<user_idle_text idx=\"1\">Hall</user_idle_text>",
        "<user_ringer idx=\"1\">Ringer2</user_ringer>",
    ] {
        assert!(document.contains(line), "{line}");
    }
    assert!(!document.contains("other.swu"));
    let (_, firmware) = house.get("/000413e20005-firmware.xml");
    assert!(firmware.contains("<firmware>https://fw.example.org/other.swu</firmware>") && !firmware.contains("Hall"));
}

#[tokio::test]
async fn the_document_over_tls() {
    let running = serving(house("")).await;
    let (head, body) = running.over_tls(&request("GET", "/p/GigasetP85x-000413e20005.htm", USER_AGENT, "")).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(header(&head, "Content-Type"), "text/xml; charset=utf-8");
    let other = running.over_tls(&request("GET", "/p/000413e20005.xml", USER_AGENT, "")).await.1;
    assert!(body == other && body.ends_with(b"</settings>\n"));
    let (head, body) = running.over_tls(&request("GET", "/p/GigasetP85x-firmware.htm", USER_AGENT, "")).await;
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n") && body.is_empty(), "{head}");
}
