//! Traps of Cisco's enterprise phones.

use insta::assert_snapshot;

use crate::common::{SITE, phone, phone_with};

const TWO_LINES: &str = "lines = [\"201\", \"202\"]";

#[test]
fn a_watched_key_shows_ringing_and_picks_up() {
    let keys =
        "keys.2 = { function = \"supervise\", number = \"202\" }\nkeys.3 = { function = \"dial\", number = \"203\" }\n";
    assert_snapshot!(phone("cisco-8841", keys).sent(&["<line button", "featureID", "featureOptionMask"]), @r#"
    <line button="1" lineIndex="1">
    <featureID>9</featureID>
    <line button="2">
    <featureID>21</featureID>
    <featureOptionMask>1</featureOptionMask>
    <line button="3">
    <featureID>2</featureID>
    "#);
}

#[test]
fn an_index_counts_lines_and_nothing_else() {
    let keys = "keys.1 = { function = \"line\" }\nkeys.2 = { function = \"dial\", number = \"203\" }\n\
                keys.3 = { function = \"none\" }\nkeys.5 = { function = \"line\", line = 2 }\n";
    let fleet = phone_with("cisco-7975", TWO_LINES, keys);
    assert_snapshot!(fleet.sent(&["<line ", "<name>20", "MissedCallLoggingOption"]), @r#"
    <line button="1" lineIndex="1">
    <name>201</name>
    <line button="2">
    <line button="5" lineIndex="2">
    <name>202</name>
    <MissedCallLoggingOption>11</MissedCallLoggingOption>
    "#);
}

#[test]
fn a_line_without_a_button_is_told() {
    let keys = "keys.2 = { function = \"dial\", number = \"203\", accept = [\"line-key\"] }\n";
    let fleet = phone_with("cisco-8841", TWO_LINES, keys);
    assert_snapshot!(fleet.sent(&["<name>20", "MissedCallLoggingOption"]), @"
    <name>201</name>
    <MissedCallLoggingOption>1</MissedCallLoggingOption>
    ");
    let findings = fleet.findings();
    assert!(
        findings.contains("line 2 (`202`) has no line key, and `cisco-8841` cannot use it without one"),
        "{findings}"
    );
}

#[test]
fn a_key_that_is_taken_away_leaves_no_button() {
    let with = phone("cisco-7965", "keys.3 = { function = \"dial\", number = \"203\" }\n");
    assert!(with.file().contains("<line button=\"3\">"));
    assert!(!phone("cisco-7965", "").file().contains("<line button=\"3\">"));
}

#[test]
fn keys_are_in_the_order_of_their_numbers_and_go_on_on_modules() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\" }\nkeys.10 = { function = \"dial\", number = \"203\" }\n\
                modules.1.keys.1 = { function = \"dial\", number = \"202\" }\n\
                modules.1.keys.36 = { function = \"dial\", number = \"203\" }\n\
                modules.2.keys.2 = { function = \"dial\", number = \"203\" }\n";
    let fleet = phone_with("cisco-8861", "modules = 2", keys);
    assert_snapshot!(fleet.sent(&["<line ", "addOnModule ", "deviceLine", "deviceType"]), @r#"
    <line button="1" lineIndex="1">
    <line button="2">
    <line button="10">
    <line button="11">
    <line button="46">
    <line button="48">
    <addOnModule idx="1">
    <deviceLine>36</deviceLine>
    <addOnModule idx="2">
    <deviceLine>36</deviceLine>
    "#);
    let keys = "modules.2.keys.1 = { function = \"dial\", number = \"203\" }\n";
    let mixed = phone_with("cisco-7962", "modules = [\"cisco-7914\", \"cisco-7916-24\"]", keys);
    assert_snapshot!(mixed.sent(&["<line ", "addOnModule ", "deviceLine", "deviceType"]), @r#"
    <line button="1" lineIndex="1">
    <line button="21">
    <addOnModule idx="1">
    <deviceType>124</deviceType>
    <deviceLine>14</deviceLine>
    <addOnModule idx="2">
    <deviceType>230</deviceType>
    <deviceLine>24</deviceLine>
    "#);
}

#[test]
fn the_functions_of_a_79xx_are_not_sent_to_the_others() {
    let keys = "keys.2 = { function = \"redial\", accept = [\"impossible\"] }\n";
    let sent = |model: &str| phone(model, keys).sent(&["<line button=\"2\"", "<featureID>1<"]);
    assert_snapshot!(sent("cisco-7941"), @r#"
    <line button="2">
    <featureID>1</featureID>
    "#);
    for model in ["cisco-6921", "cisco-7841", "cisco-8845", "cisco-9951"] {
        assert_eq!(sent(model), "", "{model}");
    }
}

#[test]
fn the_screens_name_has_no_blank_on_a_79xx() {
    let name = "settings.station_name = \"My desk in the hall\"\n";
    let label = |model: &str| phone(model, name).sent(&["phoneLabel"]);
    assert_snapshot!(label("cisco-7911"), @"<phoneLabel>My_desk_in_t</phoneLabel>");
    assert_snapshot!(label("cisco-8851"), @"<phoneLabel>My desk in t</phoneLabel>");
}

#[test]
fn a_feature_is_switched_by_the_numbers_of_its_series() {
    let words = ["anonymousCallBlock", "callerIdBlocking", "<callWaiting>"];
    let on = "settings.reject_anonymous = true\nsettings.hide_my_number = true\nsettings.call_waiting = true\n";
    let sent = |model: &str, line: &str| {
        let lines = phone(model, line).sent(&words);
        lines.lines().filter_map(|line| Some(line.split_once('>')?.1.split_once('<')?.0)).collect::<Vec<_>>().join(" ")
    };
    let off = on.replace("true", "false");
    // What a peer sends an 8941 for off, 2, would be on.
    for (model, values) in [
        ("cisco-7975", ["3 3 3", "0 0 2", "0 0 3"]),
        ("cisco-8941", ["3 3 3", "0 0 0", "0 0 3"]),
        ("cisco-7821", ["1 1 1", "0 0 0", "0 0 1"]),
    ] {
        assert_eq!([sent(model, on), sent(model, &off), sent(model, "")], values, "{model}");
    }
}

#[test]
fn a_line_registers_at_the_server_itself() {
    let site =
        SITE.replace("sip.server = \"sip.example.org\"", "sip.server = \"sip.example.org\"\nsip.transport = \"tcp\"");
    let fleet = phone("cisco-8841", "").with("sites/a/site.toml", &site);
    assert!(!fleet.file().contains("USECALLMANAGER"));
    assert_snapshot!(fleet.sent(&["<proxy>", "processNodeName", "transportLayerProtocol", "deviceSecurityMode"]), @"
    <processNodeName>sip.example.org</processNodeName>
    <proxy>sip.example.org</proxy>
    <deviceSecurityMode>1</deviceSecurityMode>
    <transportLayerProtocol>1</transportLayerProtocol>
    ");
}

#[test]
fn text_that_means_something_in_xml_is_escaped() {
    let line = "display_name = \"<Été> & \\\"co\\\"\"\nsip.password = \"a<&>'b\"\n";
    let text = phone("cisco-8841", line).revealed();
    assert!(text.contains("<displayName>&lt;Été&gt; &amp; &quot;co&quot;</displayName>"), "{text}");
    assert!(text.contains("<authPassword>a&lt;&amp;&gt;&apos;b</authPassword>"), "{text}");
}

#[test]
fn names_and_passwords_that_are_too_long_are_told() {
    let line = format!("sip.password = \"{}\"\nsip.user = \"{}\"\n", "p".repeat(31), "u".repeat(31));
    let findings = phone("cisco-8841", &line).findings();
    assert_snapshot!(findings, @r"
    note: sites/a/lines/201.toml: the account's label `uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu` is sent as `uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu`: the phone's file takes 30 [name-too-long]
    note: sites/a/lines/201.toml: the display name `uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu` is sent as `uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu`: the phone's file takes 30 [name-too-long]
    error: sites/a/lines/201.toml:1: `sip.password` cannot be sent to this phone: it has to match ^.{1,30}$ [cannot-carry]
      hint: choose a password of letters and digits
    warning: sites/a/lines/201.toml:2: `sip.user` is `uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu`, which phones of the family `cisco-enterprise` do not take [unmapped-value]
      hint: it has to match ^.{1,30}$
    ");
    let label = format!("keys.2 = {{ function = \"dial\", number = \"202\", label = \"{}\" }}\n", "l".repeat(31));
    assert!(phone("cisco-8841", &label).findings().contains("30"), "the longest label has 30 characters");
}

#[test]
fn an_address_that_is_too_long_is_not_cut() {
    let key = |length: usize| {
        let url = format!("http://x.example/{}", "a".repeat(length - 17));
        phone("cisco-8841", &format!("keys.2 = {{ function = \"url\", url = \"{url}\" }}\n"))
    };
    assert!(key(255).sent(&["serviceURI"]).contains("aaa</serviceURI>"));
    assert_eq!(key(256).sent(&["serviceURI", "<line button=\"2\""]), "");
    assert_snapshot!(key(256).findings(), @r"
    error: sites/a/lines/201.toml:1: `url` is impossible here: it would have 256 characters in `url`, and the phone takes 255 [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    ");
}

#[test]
fn the_stamp_changes_with_the_file_and_not_without() {
    let stamp = |line: &str| phone("cisco-8841", line).sent(&["versionStamp"]);
    let key = "keys.2 = { function = \"dial\", number = \"202\" }\n";
    assert_eq!(stamp(""), stamp(""));
    assert_ne!(stamp(""), stamp(key));
    assert!(stamp("").len() > "<versionStamp></versionStamp>".len());
}

#[test]
fn a_clock_gets_a_name_only_where_one_is_proven() {
    let zone = |zone: &str| phone("cisco-8841", &format!("settings.timezone = \"{zone}\"\n"));
    assert_snapshot!(zone("Europe/Madrid").sent(&["timeZone"]), @"<timeZone>Central Europe Standard/Daylight Time</timeZone>");
    assert_snapshot!(zone("Europe/London").sent(&["timeZone"]), @"<timeZone>GMT Standard/Daylight Time</timeZone>");
    // The same hour in winter, and another one in summer.
    let algiers = zone("Africa/Algiers");
    assert_eq!(algiers.sent(&["timeZone"]), "");
    assert!(algiers.findings().contains("`timezone` is `Africa/Algiers`"), "{}", algiers.findings());
}

#[test]
fn an_edit_reaches_any_element() {
    let raw = "[raw.cisco-enterprise]\n\"device/vendorConfig/webAccess\" = \"0\"\n\
               'device/sipProfile/sipLines/line[@button=\"1\"]/featureLabel' = \"Front & back\"\n\
               \"DIALTEMPLATE/TEMPLATE[@match='*']\" = \"\"\n";
    let fleet = phone_with("cisco-8841", raw, "");
    assert!(fleet.findings().contains("expected `TEMPLATE[@match=\"…\"]`, to tell which one"), "{}", fleet.findings());
    let raw = &raw[..raw.find("\"DIALTEMPLATE").expect("it is there")];
    let fleet = phone_with("cisco-8841", raw, "");
    assert_eq!(fleet.findings(), "");
    assert_snapshot!(fleet.sent(&["webAccess", "featureLabel"]), @"
    <featureLabel>Front &amp; back</featureLabel>
    <webAccess>0</webAccess>
    ");
}
