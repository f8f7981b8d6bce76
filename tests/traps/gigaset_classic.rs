//! Traps of Gigaset's older bases and desk phones.

use insta::assert_snapshot;

use crate::common::{Fleet, lines_with, phone, phone_with};

const TWO: &str = "lines = [\"201\", \"202\"]\n";

/// What a phone with this password is told, or why it is told nothing.
fn with_password(model: &str, password: &str) -> String {
    let fleet = phone(model, &format!("sip.password = '{password}'\n"));
    let findings = fleet.findings();
    match findings.is_empty() {
        true => lines_with(&fleet.revealed(), &["PASSWORD"]).lines().next().unwrap_or_default().to_owned(),
        false => findings,
    }
}

#[test]
fn a_profile_names_the_phone_that_it_is_for() {
    for model in ["gigaset-n510", "gigaset-n720-dm", "gigaset-de410", "gigaset-dx800a"] {
        let lines = if model == "gigaset-dx800a" { "lines = []" } else { "" };
        let sent = phone_with(model, lines, "").sent(&["MAC_ADDRESS"]);
        assert_eq!(sent, r#"<MAC_ADDRESS value="001565AABBCC"/>"#, "{model}");
    }
}

#[test]
fn the_first_account_of_an_n510_has_no_number_save_in_some_names() {
    let sent = phone_with("gigaset-n510", TWO, "").sent(&["ACCOUNT_NAME_1", "USER_ID", "LOGIN_ID", "NET_AM_NUMBER_2"]);
    let ids: Vec<&str> = sent.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let first =
        ["BS_IP_Data1.aucS_SIP_ACCOUNT_NAME_1", "BS_IP_Data3.aucS_SIP_LOGIN_ID", "BS_IP_Data1.aucS_SIP_USER_ID"];
    let second =
        ["BS_IP_Data3.aucS_SIP_LOGIN_ID_2", "BS_IP_Data1.aucS_SIP_USER_ID_2", "BS_IP_Data1.aucS_VOIP_NET_AM_NUMBER_2"];
    assert_eq!(ids[..6], [first, second].concat());
    assert_eq!(ids.len(), 1 + 6 + 6 + 1, "unused accounts are written too");
}

#[test]
fn every_account_of_an_n720_is_written() {
    let sent = phone_with("gigaset-n720-dm", TWO, "").sent(&["ACCOUNT_IS_ACTIVE", "ucVoipProviderIndex"]);
    assert_eq!(sent.lines().count(), 200);
    assert_eq!(sent.matches("value=\"1\"").count(), 2, "two accounts are active, and none has a second provider");
}

#[test]
fn a_short_part_of_an_address_keeps_its_zero() {
    let dns = "settings.dns_servers = [\"10.0.0.1\", \"192.168.178.254\"]\n";
    assert_snapshot!(phone("gigaset-c610", dns).sent(&["DNS_SERVER"]), @r#"
    <SYMB_ITEM ID="BS_IP_Data1.ulI_DNS_SERVER_1" class="symb_item" value="0x0a000001"/>
    <SYMB_ITEM ID="BS_IP_Data1.ulI_DNS_SERVER_2" class="symb_item" value="0xc0a8b2fe"/>
    "#);
    // A second one of a former owner would stay.
    let one = "settings.dns_servers = [\"10.0.0.1\"]\n";
    assert_snapshot!(phone("gigaset-n720-dm", one).sent(&["DNS_SERVER"]), @r#"
    <SYMB_ITEM ID="BS_IP_Data.ulI_DNS_SERVER_1" class="symb_item" value="0x0a000001"/>
    <SYMB_ITEM ID="BS_IP_Data.ulI_DNS_SERVER_2" class="symb_item" value="0"/>
    "#);
}

#[test]
fn three_hours_behind_is_not_newfoundland() {
    let zone = |zone: &str| {
        phone("gigaset-n510", &format!("settings.timezone = \"{zone}\"\n")).sent(&["TIMEZONE", "AUTOMATIC_DST"])
    };
    assert_snapshot!(zone("America/Sao_Paulo"), @r#"
    <SYMB_ITEM ID="BS_IP_Data1.uiI_TIME_TIMEZONE" class="symb_item" value="19"/>
    <SYMB_ITEM ID="BS_IP_Data1.ucB_TIME_USE_AUTOMATIC_DST" class="symb_item" value="0"/>
    "#);
    assert_snapshot!(zone("America/St_Johns"), @r#"
    <SYMB_ITEM ID="BS_IP_Data1.uiI_TIME_TIMEZONE" class="symb_item" value="18"/>
    <SYMB_ITEM ID="BS_IP_Data1.ucB_TIME_USE_AUTOMATIC_DST" class="symb_item" value="1"/>
    "#);
    assert_snapshot!(zone("Asia/Kathmandu"), @r#"
    <SYMB_ITEM ID="BS_IP_Data1.uiI_TIME_TIMEZONE" class="symb_item" value="49"/>
    <SYMB_ITEM ID="BS_IP_Data1.ucB_TIME_USE_AUTOMATIC_DST" class="symb_item" value="0"/>
    "#);
    let unknown = phone("gigaset-n510", "settings.timezone = \"Asia/Tehran\"\n");
    assert_eq!(unknown.sent(&["TIMEZONE"]), "");
    assert_snapshot!(unknown.findings(), @"warning: sites/a/lines/201.toml:1: `timezone` is `Asia/Tehran`, and no source shows its offset on `gigaset-classic` [unmapped-value]");
}

#[test]
fn the_ampersand_of_an_address_is_written_as_xml_wants_it() {
    let book = "settings.phonebook_url = \"http://dir.example.org/g?a=1&b=2\"\n";
    assert_snapshot!(phone("gigaset-n510", book).sent(&["aucServerURL"]), @r#"<SYMB_ITEM ID="BS_XML_Netdirs.astNetdirProvider[0].aucServerURL" class="symb_item" value='"http://dir.example.org/g?a=1&amp;b=2"'/>"#);
}

#[test]
fn a_password_with_quotes_is_refused_where_it_would_stand_in_a_c_string() {
    assert_snapshot!(with_password("gigaset-n510", "p <&> é 1"), @r#"<SYMB_ITEM ID="BS_IP_Data1.aucS_SIP_PASSWORD" class="symb_item" value='"p &lt;&amp;&gt; &#233; 1"'/>"#);
    assert_snapshot!(with_password("gigaset-n510", "a\"b"), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` cannot be sent to this phone: a C string cannot carry `"` [cannot-carry]
      hint: choose a password of letters and digits
    "#);
    assert_snapshot!(with_password("gigaset-n720-dm", "a\\b"), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` cannot be sent to this phone: a C string cannot carry `\` [cannot-carry]
      hint: choose a password of letters and digits
    "#);
    assert_snapshot!(with_password("gigaset-de900", "a\"\\b"), @r#"<S_SIP_PASSWORD_1 class="string" value="a&quot;\b"/>"#);
}

#[test]
fn a_pin_has_four_digits_two_to_a_byte() {
    let with_pin = |pin: &str| phone_with("gigaset-n510", &format!("settings.admin_password = \"{pin}\""), "");
    let sent = |fleet: Fleet| lines_with(&fleet.revealed(), &["aucKdsPin"]);
    assert_snapshot!(sent(with_pin("1234")), @r#"<SYMB_ITEM ID="BS_CUSTOM.aucKdsPin[0]" class="symb_item" value="0x12,0x34"/>"#);
    for pin in ["12a4", "12345"] {
        let refused = "`admin_password` cannot be sent to this phone: it has to match ^[0-9]{4}$ [cannot-carry]";
        let findings = with_pin(pin).findings();
        assert!(findings.contains(refused), "{findings}");
        assert!(!findings.contains(pin), "a password is never shown: {findings}");
    }
}

#[test]
fn what_is_not_ascii_is_a_reference_whatever_the_declaration_says() {
    let line = "display_name = \"Zoë Œuvre 電\"\n";
    for model in ["gigaset-n510", "gigaset-n720-ip", "gigaset-de700"] {
        let text = phone(model, line).file();
        assert!(text.is_ascii() && text.contains("Zo&#235; &#338;uvre &#38651;"), "{model}");
    }
}

#[test]
fn a_handset_of_an_n510_rings_for_its_line() {
    let handsets = format!("{TWO}handsets.1.line = 1\nhandsets.3.line = 2\nhandsets.6.line = 2\n");
    assert_snapshot!(phone_with("gigaset-n510", &handsets, "").sent(&["astAccounts[0]", "astAccounts[1]", "astAccounts[2].uiSend"]), @r#"
    <SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiSendMask" class="symb_item" value="1"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiReceiveMask" class="symb_item" value="1"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[1].uiSendMask" class="symb_item" value="36"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[1].uiReceiveMask" class="symb_item" value="36"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[2].uiSendMask" class="symb_item" value="0"/>
    "#);
}

#[test]
fn handsets_beyond_the_lines_share_the_last_one() {
    let mask = |lines: &str| {
        phone_with("gigaset-c610", lines, "").sent(&["astAccounts[0].uiReceive", "astAccounts[1].uiReceive"])
    };
    assert_snapshot!(mask(TWO), @r#"
    <SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiReceiveMask" class="symb_item" value="1"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[1].uiReceiveMask" class="symb_item" value="14"/>
    "#);
    assert_snapshot!(mask(""), @r#"
    <SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiReceiveMask" class="symb_item" value="15"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[1].uiReceiveMask" class="symb_item" value="0"/>
    "#);
    assert_snapshot!(mask("lines = []"), @r#"
    <SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiReceiveMask" class="symb_item" value="0"/>
    <SYMB_ITEM ID="BS_Accounts.astAccounts[1].uiReceiveMask" class="symb_item" value="0"/>
    "#);
}

#[test]
fn a_handset_of_an_n720_has_the_line_of_its_number() {
    let handsets = format!("{TWO}handsets.1.line = 2\nhandsets.2.line = 2\n");
    assert_snapshot!(phone_with("gigaset-n720-dm", &handsets, "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: handset 1 of `gigaset-n720-dm` always uses line 1, and never line 2 [other-line]
      hint: put the lines in the order of the handsets
    ");
}

#[test]
fn what_a_base_cannot_be_told_of_a_handset_is_told() {
    let handset = "handsets.1 = { ipui = \"029e74a599\", name = \"Hall\" }\n";
    assert_snapshot!(phone_with("gigaset-n510", handset, "").findings(), @"note: sites/a/phones/001565aabbcc.toml:3: `ipui` of handsets changes nothing on `gigaset-n510`: its file has no place for it [not-supported]");
    assert_snapshot!(phone_with("gigaset-n720-dm", handset, "").findings(), @"
    note: sites/a/phones/001565aabbcc.toml:3: `ipui` of handsets changes nothing on `gigaset-n720-dm`: its file has no place for it [not-supported]
    note: sites/a/phones/001565aabbcc.toml:3: `name` of handsets changes nothing on `gigaset-n720-dm`: its file has no place for it [not-supported]
    ");
}

#[test]
fn a_server_that_old_phones_cannot_reach_is_not_written_into_them() {
    let words = ["DATA_SERVER", "CONFIGFILE"];
    assert_eq!(phone("gigaset-n510", "").sent(&words), "", "public_url is https");
    let plain = phone("gigaset-n510", "").with("fleet.toml", "schema = 1\npublic_url = \"http://10.0.0.5:8080\"\n");
    assert_snapshot!(plain.sent(&words), @r#"
    <SYMB_ITEM ID="BS_IP_Data1.aucS_DATA_SERVER[0]" class="symb_item" value='"10.0.0.5:8080"'/>
    <S_CONFIGFILE_URL class="string" value='"10.0.0.5:8080/001565AABBCC.xml"'/>
    "#);
}

#[test]
fn keys_of_a_base_or_a_desk_phone_are_told_to_be_impossible() {
    let key = "keys.1 = { function = \"dial\", number = \"202\" }\n";
    assert_snapshot!(phone("gigaset-n510", key).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.1` does not exist on `gigaset-n510`: a DECT base has handsets, and no keys [no-such-key]
      hint: it is kept, and not sent
    ");
    assert_snapshot!(phone("gigaset-de900", key).findings(), @"
    error: sites/a/lines/201.toml:1: `dial` is impossible here: no source shows the parameters of this phone's function keys [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    ");
}
