//! Traps of Gigaset's Maxwell phones.

use insta::assert_snapshot;

use crate::common::phone;

#[test]
fn the_percent_sign_of_macd_is_a_literal_one() {
    assert_snapshot!(phone("gigaset-maxwell3", "").sent(&["ProvisioningServer"]), @r#"<param name="System.Provision.ProvisioningServer" value="https://phones.example.org/%MACD.xml"/>"#);
}

#[test]
fn dhcp_does_not_take_the_phone_away() {
    assert_snapshot!(phone("gigaset-maxwell3", "").sent(&["DHCP"]), @r#"<param name="NET.IP.IPv4.DHCP.Options.Disabled" value="66,114"/>"#);
}

#[test]
fn firmware_is_offered_with_its_version_only() {
    let firmware = |url: &str| {
        phone("gigaset-maxwell3", &format!("settings.firmware_url = \"{url}\"\n")).sent(&[
            "<firmware",
            "<file",
            "AutomaticCheck",
        ])
    };
    assert_snapshot!(firmware("https://example.org/82/1/GC_MAX_2.14.5-release.bin"), @r#"
    <firmware>
    <file version="2.14.5" url="https://example.org/82/1/GC_MAX_2.14.5-release.bin"/>
    <param name="FirmwareManagment.AutomaticCheckForUpdates" value="1"/>
    "#);
    // A Maxwell 4 has a file of its own: the phone puts its own number (84/1) for %DVID, so that one address serves all.
    assert_snapshot!(firmware("https://example.org/%DVID/GC_MAX_2.14.5-release.bin"), @r#"
    <firmware>
    <file version="2.14.5" url="https://example.org/%DVID/GC_MAX_2.14.5-release.bin"/>
    <param name="FirmwareManagment.AutomaticCheckForUpdates" value="1"/>
    "#);
    assert_snapshot!(firmware("https://example.org/latest.bin"), @r#"<param name="FirmwareManagment.AutomaticCheckForUpdates" value="0"/>"#);
}

#[test]
fn numbers_count_from_zero_on_maxwell_phones() {
    let keys = "keys.8 = { function = \"line\" }\nsoft_keys.2.function = \"redial\"\n";
    assert_snapshot!(phone("gigaset-maxwell3", keys).sent(&["FunctionKeys.7.Type", "FunctionKeys.7.Connection", "SoftKeys.1.Type", "Account.0.Active", "Account.3.Active"]), @r#"
    <param name="SIP.Account.0.Active" value="1"/>
    <param name="SIP.Account.3.Active" value="0"/>
    <param name="PhoneUI.Keys.FunctionKeys.7.Type" value="0"/>
    <param name="PhoneUI.Keys.FunctionKeys.7.Connection" value="0"/>
    <param name="PhoneUI.Keys.SoftKeys.1.Type" value="17"/>
    "#);
}

#[test]
fn a_feature_key_has_a_code_for_each_press() {
    let keys = "keys.2.function = \"do_not_disturb\"\nkeys.3 = { function = \"forward_all_to\", number = \"202\" }\n";
    assert_snapshot!(phone("gigaset-maxwell3", keys).sent(&["FunctionKeys.1.Enable", "FunctionKeys.1.Disable", "FunctionKeys.2.Enable", "FunctionKeys.2.Disable"]), @r##"
    <param name="PhoneUI.Keys.FunctionKeys.1.EnableCode" value="*26#"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.DisableCode" value="#26#"/>
    <param name="PhoneUI.Keys.FunctionKeys.2.EnableCode" value="*21*202#"/>
    <param name="PhoneUI.Keys.FunctionKeys.2.DisableCode" value="*21*202#"/>
    "##);
}

#[test]
fn the_printed_key_dials_both_codes_or_none() {
    let sent = |site: &str| {
        phone("gigaset-maxwell3", "")
            .with("sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n{site}"))
            .sent(&["DND.FAC"])
    };
    assert_snapshot!(sent("feature_codes = \"ovh\"\n"), @r##"
    <param name="PhoneUI.Keys.ProgrammableKeys.DND.FAC.enable" value="*26#"/>
    <param name="PhoneUI.Keys.ProgrammableKeys.DND.FAC.disable" value="#26#"/>
    "##);
    for site in [
        "feature_codes = \"ovh\"\nnative = [\"do_not_disturb\"]\n",
        "feature_codes = \"ovh\"\nservices = \"phone\"\n",
        "[codes]\ndo_not_disturb = { dial = \"*76\" }\n",
    ] {
        assert_eq!(sent(site).matches("value=\"\"").count(), 2, "{site}");
    }
}

#[test]
fn the_pickup_code_of_a_maxwell_is_followed_by_the_number() {
    let keys = "keys.2 = { function = \"supervise\", number = \"202\" }\n";
    assert_snapshot!(phone("gigaset-maxwell3", keys).sent(&["FunctionKeys.1."]), @r#"
    <param name="PhoneUI.Keys.FunctionKeys.1.Type" value="4"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.Connection" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.1.Color" value="3"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.DisplayName" value="202"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.PhoneNumber" value="202"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.CallPickupCode" value="*11*"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.URL" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.1.EnableCode" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.1.DisableCode" value=""/>
    "#);
}

#[test]
fn the_basic_has_no_function_keys() {
    let text = phone("gigaset-maxwell-basic", "").file();
    assert!(!text.contains("FunctionKeys.0") && text.contains("SoftKeys.1.Type"));
}
