//! Traps of Gigaset's Nx70 bases.

use insta::assert_snapshot;

use crate::common::{phone, phone_with};

const TWO: &str = "lines = [\"201\", \"202\"]\n";

#[test]
fn no_handset_is_forgotten_that_the_fleet_does_not_name() {
    let forgets = |phone: &str| phone_with("gigaset-n610", phone, "").sent(&["DeleteNotProvisionedHS"]);
    assert_snapshot!(forgets(&format!("{TWO}handsets.1.line = 1\nhandsets.2.line = 2")), @r#"<oper name="DeleteNotProvisionedHS"/>"#);
    assert_snapshot!(forgets(TWO), @"");
    assert_snapshot!(forgets("lines = []"), @"");
    assert_snapshot!(forgets("lines = []\nhandsets.1.line = 1"), @"");
    assert_snapshot!(forgets(&format!("{TWO}handsets.1.line = 1\nhandsets.9.line = 1")), @"");
}

#[test]
fn what_forgets_handsets_stands_before_all_else() {
    let text = phone_with("gigaset-n670", "handsets.1.line = 1", "").file();
    let first = text.lines().position(|line| line.contains("<nvm>")).expect("nvm") + 1;
    assert_snapshot!(text.lines().nth(first).unwrap_or_default().trim(), @r#"<oper name="DeleteNotProvisionedHS"/>"#);
}

#[test]
fn the_window_opens_when_it_is_said_and_not_when_the_file_is_made() {
    let window = |phone: &str, line: &str| {
        phone_with("gigaset-n670", phone, line).sent(&["update_dm", "RegStart", "RegDuration", "DMPpasswd", "DECT_AC"])
    };
    assert_snapshot!(window("handsets.1.line = 1", ""), @"");
    let said = "handsets.1.line = 1\n[registration]\nfrom = 2018-05-31T14:59:00+02:00\nminutes = 5\ncode = \"4711\"\n";
    let now = window(said, "");
    assert_snapshot!(now, @r#"
    <param name="hs.00001.DECT_AC" value="‹secret:registration.code@001565aabbcc›"/>
    <oper name="update_dm" value="local">
    <param name="RegStart" value="1527771540"/>
    <param name="RegDuration" value="300"/>
    <param name="DMPpasswd" value="Gigaset"/>
    "#);
    assert_eq!(window(said, "display_name = \"edited\""), now, "an edit elsewhere opens nothing");
}

#[test]
fn what_is_wrong_with_the_window_is_told() {
    let findings = |text: &str| phone_with("gigaset-n670", text, "").findings();
    assert_snapshot!(findings("[registration]\nfrom = 2026-11-23T09:00:00\nminutes = 0\ncode = \"47\"\ncods = 1"), @"
    error: sites/a/phones/001565aabbcc.toml:4: `registration.from` must be a date and time with its offset [bad-time]
      hint: write it as 2026-11-23T09:00:00+01:00
    error: sites/a/phones/001565aabbcc.toml:5: `registration.minutes` is 0, but must be from 1 to 1440 [out-of-range]
    error: sites/a/phones/001565aabbcc.toml:6: `registration.code` must be four digits [bad-setting]
    error: sites/a/phones/001565aabbcc.toml:7: `registration.cods` is not a known field [unknown-field]
      hint: did you mean `code`?
    ");
    assert_snapshot!(findings("registration.minutes = 5"), @"error: sites/a/phones/001565aabbcc.toml:3: `registration.from` is missing [missing-field]");
    let other = phone_with("yealink-t46s", "[registration]\nfrom = \"2026-11-23T09:00:00Z\"\n", "").findings();
    assert_snapshot!(other, @"warning: sites/a/phones/001565aabbcc.toml:3: `registration` changes nothing on `yealink-t46s`: no file opens it there [not-supported]");
}

#[test]
fn a_handset_is_a_number_of_five_digits_or_its_identity() {
    let phone = "lines = [\"201\"]\n[handsets.1]\nline = 1\n[handsets.10]\nline = 1\nipui = \"029E74A599\"\n[handsets.100]\nline = 1\n";
    assert_snapshot!(phone_with("gigaset-n870", phone, "").sent(&["add_hs", "UserName"]), @r#"
    <oper name="add_hs" value="00001">
    <param name="SipAccount.00001.UserName" value="201"/>
    <oper name="add_hs" value="029e74a599">
    <param name="SipAccount.029e74a599.UserName" value="201"/>
    <oper name="add_hs" value="00100">
    <param name="SipAccount.00100.UserName" value="201"/>
    "#);
}

#[test]
fn accounts_that_register_alike_share_a_provider() {
    let fleet = phone_with("gigaset-n670", "lines = [\"201\", \"202\", \"203\"]", "sip.server = \"other.example.org\"")
        .with("sites/a/lines/202.toml", "sip.user = \"u\"\nsip.password = \"p\"\nsettings.voicemail_number = \"8\"\n")
        .with("sites/a/lines/203.toml", "");
    assert_snapshot!(fleet.sent(&["Domain", "ProviderId"]), @r#"
    <param name="SipProvider.0.Domain" value="other.example.org"/>
    <param name="SipProvider.1.Domain" value="sip.example.org"/>
    <param name="SipAccount.00001.ProviderId" value="0"/>
    <param name="SipAccount.00002.ProviderId" value="1"/>
    <param name="SipAccount.00003.ProviderId" value="1"/>
    "#);
}

#[test]
fn transports_are_counted_from_one() {
    for (transport, number, port) in [("udp", 1, 5060), ("tcp", 2, 5060), ("tls", 3, 5061), ("dns", 1, 5060)] {
        let sent = phone("gigaset-n670", &format!("sip.transport = \"{transport}\"\n"))
            .sent(&["TransportProtocol", "RegServerPort"]);
        let wanted = format!(
            "<param name=\"SipProvider.0.RegServerPort\" value=\"{port}\"/>\n\
             <param name=\"SipProvider.0.TransportProtocol\" value=\"{number}\"/>"
        );
        assert_eq!(sent, wanted, "{transport}");
    }
}

#[test]
fn firmware_is_offered_with_its_version_only() {
    let firmware = |url: &str| {
        let line = format!("settings.firmware_url = \"{url}\"\n");
        phone("gigaset-n670", &line).sent(&["<firmware", "<file"])
    };
    assert_snapshot!(firmware("https://example.org/Gigaset-Nx70-V2.62.1-build.d1d6a22.bin"), @r#"
    <firmware>
    <file version="2.62.1" url="https://example.org/Gigaset-Nx70-V2.62.1-build.d1d6a22.bin"/>
    "#);
    assert_snapshot!(firmware("http://example.org/einstein-albert-V2.17.2+build.b14e3f1.update.bin"), @r#"
    <firmware>
    <file version="2.17.2" url="http://example.org/einstein-albert-V2.17.2+build.b14e3f1.update.bin"/>
    "#);
    assert_snapshot!(firmware("https://example.org/latest.bin"), @"");
}

#[test]
fn a_zone_that_the_base_does_not_know_is_told() {
    let fleet = phone("gigaset-n670", "settings.timezone = \"Asia/Kolkata\"\n");
    let told = fleet.findings();
    assert!(
        told.starts_with("warning: sites/a/lines/201.toml:1: `timezone` is `Asia/Kolkata`, which phones"),
        "{told}"
    );
    assert_snapshot!(fleet.sent(&["TimeZone"]), @"");
}

#[test]
fn coordinated_time_is_greenwich_time() {
    for zone in ["UTC", "Etc/UTC"] {
        let fleet = phone("gigaset-n670", &format!("settings.timezone = \"{zone}\"\n"));
        assert_eq!(fleet.sent(&["TimeZone"]), r#"<param name="DmGlobal.0.TimeZone" value="Greenwich"/>"#, "{zone}");
    }
}

#[test]
fn a_reboot_by_notify_has_to_be_allowed() {
    assert_snapshot!(phone("gigaset-n670", "").sent(&["CheckSync"]), @r#"<param name="SystemSettings.global.CheckSyncRebootEnabled" value="1"/>"#);
}
