//! Phones that restart once they have taken what changes.

use insta::assert_snapshot;

use crate::command::offhook;
use crate::common::Fleet;
use crate::house::{T46S, between, fleet, told};

/// One more Yealink, of firmware 80.
fn with_older() -> Fleet {
    let older = "model = \"yealink-t46s\"\nlines = [\"203\"]\nfirmware = \"66.80.0.15\"\n";
    fleet().with("sites/a/phones/001565aabb09.toml", older)
}

#[test]
fn phones_that_restart_for_what_changes() {
    let root = "schema = 1\npublic_url = \"https://phones.example.org\"\nsettings.language = \"en\"\n";
    let vlan = "settings.vlan_mode = \"voice\"\nsettings.vlan_voice_id = 20\n";
    // Of Cisco's phone nobody says whether it does.
    let told = told(&with_older(), &with_older().with("fleet.toml", &format!("{root}{vlan}")));
    assert_snapshot!(told, @"
    4 Changes: 001565aabb01 001565aabb02 001565aabb09 001de5aabb03
      settings.vlan_mode: off (product) → voice (fleet)
      settings.vlan_voice_id: nothing → 20 (fleet)
      2 phones may reboot for static.network.vlan.internet_port_enable, static.network.vlan.internet_port_vid (inferred: Yealink Auto Provisioning Guides (APG) name network configurations; Yealink parameter templates before firmware 81 (TPL))
      1 phone reboots for network.vlan.internet_port_enable, network.vlan.internet_port_vid (known: Yealink Auto Provisioning Guides (APG); Yealink parameter templates before firmware 81 (TPL))
      {mac}.cfg of 2
        -static.network.vlan.internet_port_enable = 0
        +static.network.vlan.internet_port_enable = 1
        -static.network.vlan.internet_port_vid = %NULL%
        +static.network.vlan.internet_port_vid = 20
      {mac}.cfg of 1
        -network.vlan.internet_port_enable = 0
        +network.vlan.internet_port_enable = 1
        -network.vlan.internet_port_vid = %NULL%
        +network.vlan.internet_port_vid = 20
      {mac}.xml of 1
        -<VLAN_ID>1</VLAN_ID>
        +<VLAN_ID>20</VLAN_ID>
        -<Enable_VLAN>No</Enable_VLAN>
        +<Enable_VLAN>Yes</Enable_VLAN>
    ");
}

#[test]
fn a_parameter_that_comes_or_goes_restarts_nothing() {
    let raw = |edits: &str| {
        fleet().with(T46S, &format!("model = \"yealink-t46s\"\nlines = [\"201\"]\n[raw.yealink]\n{edits}"))
    };
    assert_snapshot!(told(&raw(""), &raw("\"network.lldp.enable\" = \"0\"\n")), @"
    1 Changes: 001565aabb01
      [raw] changes
      {mac}.cfg of 1
        +network.lldp.enable = ‹hidden›
    ");
    let [off, on] = ["0", "1"].map(|value| raw(&format!("\"network.lldp.enable\" = \"{value}\"\n")));
    assert_snapshot!(told(&off, &on), @"
    1 Changes: 001565aabb01
      [raw] changes
      1 phone reboots for network.lldp.enable (known: Yealink Auto Provisioning Guides (APG); Yealink parameter templates before firmware 81 (TPL))
    ");
}

#[test]
fn a_restart_is_told_in_every_form() {
    let folder = Fleet::empty();
    let old = with_older();
    let new = with_older().with(
        "sites/a/phones/001565aabb09.toml",
        "model = \"yealink-t46s\"\nlines = [\"203\"]\nfirmware = \"66.80.0.15\"\nsettings.lldp = false\n",
    );
    let told = |format: &str| {
        let paths = [old.path(), new.path()].map(|path| path.display().to_string());
        offhook(folder.path(), &["effect", &paths[0], &paths[1], "--format", format])
    };
    assert_snapshot!(told("human"), @"
    1 phone changes: 001565aabb09
      settings.lldp: nothing → false (phone)
      1 phone reboots for network.lldp.enable (known: Yealink Auto Provisioning Guides (APG); Yealink parameter templates before firmware 81 (TPL))
      {mac}.cfg
        -network.lldp.enable = %NULL%
        +network.lldp.enable = 0

    2> 1 of 4 phones affected
    exit 1
    ");
    let json = serde_json::to_value(between(old.path(), new.path())).unwrap();
    assert_snapshot!(json["groups"][0]["reboots"], @r#"[{"phones":1,"parameters":["network.lldp.enable"],"state":"known","source":"Yealink Auto Provisioning Guides (APG); Yealink parameter templates before firmware 81 (TPL)"}]"#);
    assert_snapshot!(told("github"), @"
    ::notice title=1 phone changes%3A 001565aabb09::settings.lldp: nothing → false (phone)%0A1 phone reboots for network.lldp.enable (known: Yealink Auto Provisioning Guides (APG); Yealink parameter templates before firmware 81 (TPL))%0A{mac}.cfg%0A-network.lldp.enable = %25NULL%25%0A+network.lldp.enable = 0
    ::notice title=effect::1 of 4 phones affected
    exit 1
    ");
}
