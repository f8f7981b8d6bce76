//! What a Cisco multiplatform phone asks for from the box to its own file.

use tempfile::TempDir;

use crate::house::{House, LOCAL, put};

const MAC: &str = "00562baa0005";

/// Two phones of which one has modules and one is an adapter.
fn house() -> House {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    put(root, "fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n");
    put(root, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n");
    put(
        root,
        "sites/a/lines/201.toml",
        "sip.password = \"Secret201x\"\nmodules.1.keys.1 = { function = \"dial\", number = \"202\" }\n",
    );
    put(root, "sites/a/lines/202.toml", "sip.password = \"Secret202x\"\n");
    put(root, &format!("sites/a/phones/{MAC}.toml"), "model = \"cisco-8851-3pcc\"\nlines = [\"201\"]\nmodules = 1\n");
    put(root, "sites/a/phones/00562baa0006.toml", "model = \"cisco-ata191\"\nlines = [\"202\"]\n");
    House::open(folder)
}

#[test]
fn every_spelling_of_its_own_file_is_the_same_file() {
    let house = house();
    let (status, own) = house.get(&format!("/{MAC}.xml"));
    assert_eq!(status, 200);
    assert!(
        own.contains("<Password_1_>Secret201x<") && own.contains("<Unit_1_Key_1_ ua=\"na\">fnc=sd;ext=202@$PROXY;")
    );
    for target in [
        format!("/{}.xml", MAC.to_uppercase()),
        format!("/{MAC}.cfg"),
        "/00:56:2b:aa:00:05.xml".to_owned(),
        format!("/Cisco/{MAC}.cfg"),
        format!("/Cisco/CP-8851-3PCC/{MAC}.cfg"),
        format!("/a/{MAC}.xml"),
        format!("/~t0ken/{MAC}.xml"),
        format!("/8851-3PCC.xml?mac={MAC}"),
    ] {
        for user_agent in ["curl/8.5.0", "Cisco-CP-8851-3PCC/12.0.3 (00562baa0005)", "Cisco-CP-8851-3PCC/my own text"] {
            assert_eq!(house.get_as(&target, user_agent), (200, own.clone()), "{target} as {user_agent}");
        }
    }
}

#[test]
fn a_phone_out_of_the_box_is_led_to_its_file() {
    let house = house();
    let (_, own) = house.get(&format!("/{MAC}.xml"));
    for target in [
        "/8851-3PCC.xml",
        "/CP-8851-3PCC.cfg",
        "/cp-8851-3pcc.xml",
        "/V03.xml",
        "/8841-3PCC.xml",
        "/DP-9861.xml",
        "/9861.xml",
        "/ata191.cfg",
        "/ATA192-MPP.cfg",
    ] {
        let (status, body) = house.get(target);
        assert_eq!(status, 200, "{target}");
        assert!(body.contains("<Profile_Rule>https://phones.example.org/$MA.xml</Profile_Rule>"), "{target}: {body}");
        assert!(
            body.contains("<Profile_Rule_B>https://phones.example.org/$MA.xml<") && !body.contains("Secret"),
            "{target}"
        );
    }
    // One that says who it is gets its own file at once; without its MAC it is led.
    assert_eq!(house.get_as("/8851-3PCC.xml", "Cisco-CP-8851-3PCC/12.0.3 (00562baa0005)"), (200, own.clone()));
    assert_ne!(house.get_as("/8851-3PCC.xml", "Cisco-CP-8851-3PCC/12.0.3").1, own);
    // The serial number of an adapter is not its MAC.
    let (status, body) = house.get_as("/ata191.cfg", "Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)");
    assert!(status == 200 && !body.contains("Secret") && body.contains("$MA.xml"), "{body}");
    let (status, body) = house.get_as("/00562baa0006.xml", "Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)");
    assert!(status == 200 && body.contains("<Password_1_>Secret202x<"), "{body}");
}

#[test]
fn firmware_makes_no_more_files_than_bands() {
    let house = house();
    let target = format!("/{MAC}.xml");
    let mut files = std::collections::BTreeSet::new();
    for firmware in ["11.0", "11.0.1", "11.3.6", "11.3.7", "12.0.1", "12.0.3", "99.1", "11-1-0-MSR4", "0", "x", ""] {
        let (status, body) = house.get_as(&target, &format!("Cisco-CP-8851-3PCC/{firmware} (00562baa0005)"));
        assert_eq!(status, 200, "{firmware}");
        files.insert(body);
    }
    assert_eq!(files.len(), 2);
    // A user agent of another phone crosses none.
    assert_eq!(house.get_as(&target, "Cisco-CP-8851-3PCC/12.0.3 (00562baa0006)").0, 404);
    let reply = house.ask(&target, LOCAL);
    assert_eq!(reply.content_type.expect("a document has one"), "text/xml; charset=utf-8");
}
