//! Traps of Yealink phones.

use insta::assert_snapshot;

use crate::common::{lines_with, phone, phone_with};

#[test]
fn without_its_first_line_a_yealink_ignores_the_file() {
    assert_eq!(phone("yealink-t46s", "").file().lines().next(), Some("#!version:1.0.0.1"));
}

#[test]
fn blank_keeps_the_old_value_so_nothing_is_blank() {
    for firmware in ["28.70.0.1", "28.73.0.1", "28.80.0.1", "66.81.0.1", "66.83.0.1", "66.84.0.1", "66.86.0.15"] {
        let text = phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").file();
        let blank: Vec<_> = text.lines().filter(|line| line.trim_end().ends_with('=')).collect();
        assert!(blank.is_empty(), "{blank:?}");
    }
}

#[test]
fn accounts_that_are_not_used_are_cleared() {
    let cleared = phone("yealink-t46s", "").sent(&["account.16.", "voice_mail.number.16"]);
    assert_snapshot!(cleared, @"
    account.16.enable = 0
    account.16.label = %NULL%
    account.16.display_name = %NULL%
    account.16.auth_name = %NULL%
    account.16.user_name = %NULL%
    account.16.password = %NULL%
    account.16.sip_server.1.address = %NULL%
    account.16.sip_server.1.port = %NULL%
    account.16.sip_server.2.address = %NULL%
    account.16.sip_server.2.port = %NULL%
    account.16.sip_server.1.transport_type = %NULL%
    account.16.sip_server.2.transport_type = %NULL%
    account.16.outbound_proxy_enable = 0
    account.16.outbound_proxy.1.address = %NULL%
    account.16.auto_answer = 0
    account.16.subscribe_mwi = %NULL%
    voice_mail.number.16 = %NULL%
    ");
}

#[test]
fn phone_books_that_are_not_used_are_cleared() {
    assert_snapshot!(phone("yealink-t46s", "").sent(&["remote_phonebook.data.1.", "remote_phonebook.data.5."]), @"
    remote_phonebook.data.1.url = %NULL%
    remote_phonebook.data.1.name = %NULL%
    remote_phonebook.data.5.url = %NULL%
    remote_phonebook.data.5.name = %NULL%
    remote_phonebook.data.1.username = %NULL%
    remote_phonebook.data.1.password = %NULL%
    remote_phonebook.data.5.username = %NULL%
    remote_phonebook.data.5.password = %NULL%
    ");
}

#[test]
fn the_number_of_the_voicemail_has_no_account_in_its_name() {
    let fleet = phone_with("yealink-t46s", "lines = [\"201\", \"202\"]", "")
        .with("sites/a/lines/202.toml", "settings.voicemail_number = \"888\"\n");
    assert_snapshot!(fleet.sent(&["voice_mail.number.1 ", "voice_mail.number.2 ", "voice_mail.number.3 "]), @"
    voice_mail.number.1 = 123
    voice_mail.number.2 = 888
    voice_mail.number.3 = %NULL%
    ");
}

#[test]
fn intercom_does_not_open_the_microphone_for_every_call() {
    let fleet = phone("yealink-t46s", "settings.intercom = true\n");
    assert_snapshot!(fleet.sent(&["account.1.auto_answer", "features.intercom.allow"]), @"
    features.intercom.allow = 1
    account.1.auto_answer = 0
    ");
}

#[test]
fn the_password_is_repeated_for_each_user() {
    let fleet = phone("yealink-t46s", "settings.admin_password = \"a\"\nsettings.user_password = \"b\"\n");
    assert_snapshot!(lines_with(&fleet.revealed(), &["user_password"]), @"
    static.security.user_password = admin:a
    static.security.user_password = user:b
    ");
}

#[test]
fn programablekey_has_one_m() {
    let text = phone("yealink-t46s", "soft_keys.1 = { function = \"history\", label = \"Calls\" }\n").file();
    assert!(text.contains("programablekey.1.type = 28") && !text.contains("programmablekey"));
}

#[test]
fn android_phones_have_four_soft_keys_with_labels() {
    let line = "soft_keys.4 = { function = \"history\", label = \"Calls\" }\n";
    for model in ["yealink-t58a", "yealink-t56a", "yealink-vp59", "yealink-t58w"] {
        let sent = phone(model, line).sent(&["programablekey.4.type", "programablekey.4.label"]);
        assert_eq!(sent, "programablekey.4.type = 28\nprogramablekey.4.label = Calls", "{model}");
    }
}

#[test]
fn wifi_handsets_have_two_or_three_soft_keys() {
    let line = "soft_keys.1.function = \"history\"\nsoft_keys.3.function = \"menu\"\n";
    let types = [1, 2, 3, 4].map(|slot| format!("programablekey.{slot}.type"));
    assert_snapshot!(phone("yealink-ax86r", line).sent(&types.each_ref().map(String::as_str)), @"
    programablekey.1.type = 28
    programablekey.2.type = %NULL%
    programablekey.3.type = 30
    ");
    assert!(phone("yealink-ax83h", line).findings().contains("`soft_keys.3` does not exist on `yealink-ax83h`"));
}

#[test]
fn a_reboot_fetches_the_file() {
    assert_snapshot!(phone("yealink-t46s", "").sent(&["auto_provision.power_on", "auto_provision.repeat"]), @"
    static.auto_provision.power_on = 1
    static.auto_provision.repeat.enable = 1
    static.auto_provision.repeat.minutes = 1440
    ");
    let old = |text: &str| {
        phone_with("yealink-t28p", &format!("firmware = \"2.70.0.130\"\n{text}"), "").sent(&["auto_provision.mode"])
    };
    assert_snapshot!(old(""), @"auto_provision.mode = 6");
    assert_snapshot!(old("settings.provision_interval_minutes = 0"), @"auto_provision.mode = 1");
    assert_snapshot!(old("settings.provision_on_boot = false"), @"auto_provision.mode = 4");
    assert_snapshot!(old("settings.provision_on_boot = false\nsettings.provision_interval_minutes = 0"), @"auto_provision.mode = 0");
}

#[test]
fn srtp_offers_no_aes_256() {
    assert_snapshot!(phone("yealink-t46s", "settings.srtp = \"optional\"\n").sent(&["account.1.srtp"]), @"
    account.1.srtp.cipher_list = AES_CM_128_HMAC_SHA1_80,AES_CM_128_HMAC_SHA1_32
    account.1.srtp_encryption = 1
    ");
}

#[test]
fn video_is_off_where_it_spoils_calls() {
    assert_snapshot!(phone("yealink-t58w", "").sent(&["account.1.video"]), @"
    account.1.video.h264.enable = 0
    account.1.video.h264hp.enable = 0
    account.1.video.vp8.enable = 0
    ");
}

#[test]
fn long_labels_showed_a_fault_of_the_screen() {
    assert_snapshot!(phone("yealink-t46s", "").sent(&["config_dsskey_length"]), @"features.config_dsskey_length = 0");
}

#[test]
fn quotes_round_an_ldap_user_would_be_sent_to_the_server() {
    let line = "settings.ldap_server = \"ldap.example.org\"\nsettings.ldap_username = \"cn=phone,dc=example,dc=org\"\nsettings.ldap_base = \"ou=staff & guests,dc=example\"\n";
    assert_snapshot!(phone("yealink-t46s", line).sent(&["ldap.user", "ldap.base"]), @"
    ldap.base = ou=staff & guests,dc=example
    ldap.user = cn=phone,dc=example,dc=org
    ");
}

#[test]
fn ldap_is_inside_tls_on_its_port() {
    let sent = |text: &str| {
        phone("yealink-t46s", &format!("settings.ldap_server = \"ldap.example.org\"\n{text}"))
            .sent(&["ldap.tls", "ldap.port"])
    };
    assert_snapshot!(sent("settings.ldap_port = 636"), @"
    ldap.tls_mode = 2
    ldap.port = 636
    ");
    assert_snapshot!(sent(""), @"
    ldap.tls_mode = %NULL%
    ldap.port = 389
    ");
}

#[test]
fn an_account_has_nothing_of_the_one_before() {
    let words = ["sip_server_type", "shared_line", "conf_type", "account.1.direct_pickup", "group_pickup", "blf_list"];
    let sent = |firmware: &str| phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").sent(&words);
    assert_snapshot!(sent("66.86.0.15"), @"
    account.1.sip_server_type = %NULL%
    account.1.shared_line = %NULL%
    account.1.conf_type = %NULL%
    account.1.direct_pickup_code = %NULL%
    account.1.group_pickup_code = %NULL%
    account.1.blf.blf_list_uri = %NULL%
    ");
    assert!(!sent("28.73.0.1").contains("blf_list"));
}

#[test]
fn a_value_with_a_hash_or_semicolon_is_quoted() {
    let line = "keys.2 = { function = \"dial\", number = \"*21#\", label = \"a # b; c\" }\n";
    assert_snapshot!(phone("yealink-t46s", line).sent(&["linekey.2.value", "linekey.2.label"]), @r#"
    linekey.2.value = "*21#"
    linekey.2.label = "a # b; c"
    "#);
}

#[test]
fn watched_lines_count_their_account_from_zero_on_some_old_phones() {
    let keys =
        "keys.2 = { function = \"supervise\", number = \"202\" }\nkeys.3 = { function = \"dial\", number = \"202\" }\n";
    let sent = |model: &str, firmware: &str| {
        phone_with(model, &format!("firmware = \"{firmware}\""), keys).sent(&["linekey.2.line", "linekey.3.line"])
    };
    assert_snapshot!(sent("yealink-t38g", "38.70.0.125"), @"
    linekey.2.line = 0
    linekey.3.line = 1
    ");
    assert_snapshot!(sent("yealink-t46s", "66.86.0.15"), @"
    linekey.2.line = 1
    linekey.3.line = 1
    ");
}

#[test]
fn the_line_of_a_key_is_always_written() {
    let keys = "keys.9 = { function = \"supervise\", number = \"202\" }\nkeys.10.function = \"hold\"\n";
    assert_snapshot!(phone("yealink-t46s", keys).sent(&["linekey.9.line", "linekey.10.line", "linekey.11.line"]), @"
    linekey.9.line = 1
    linekey.10.line = 1
    linekey.11.line = %NULL%
    ");
}

#[test]
fn the_pickup_code_has_two_names() {
    let keys = "keys.2 = { function = \"supervise\", number = \"202\" }\n";
    assert_snapshot!(phone("yealink-t46s", keys).sent(&["linekey.2.", "features.blf_pickup_only_send_code", "direct_pickup"]), @"
    features.pickup.direct_pickup_enable = 1
    features.pickup.direct_pickup_code = *11*
    features.blf_pickup_only_send_code = 0
    account.1.direct_pickup_code = %NULL%
    linekey.2.type = 16
    linekey.2.line = 1
    linekey.2.value = 202
    linekey.2.extension = *11*
    linekey.2.pickup_value = *11*
    linekey.2.shortlabel = %NULL%
    linekey.2.label = %NULL%
    ");
    // Without a code of the operator the phone picks up nothing by itself.
    let fleet = phone("yealink-t46s", keys).with("sites/a/site.toml", "");
    assert_snapshot!(fleet.sent(&["linekey.2.extension", "linekey.2.pickup", "direct_pickup"]), @"
    features.pickup.direct_pickup_enable = 0
    features.pickup.direct_pickup_code = %NULL%
    account.1.direct_pickup_code = %NULL%
    linekey.2.extension = %NULL%
    linekey.2.pickup_value = %NULL%
    ");
}

#[test]
fn android_phones_have_no_xml_browser() {
    let keys = "soft_keys.1 = { function = \"url\", url = \"https://example.org/\" }\n";
    let told = |model| lines_with(&phone(model, keys).findings(), &["`url`"]);
    assert_snapshot!(told("yealink-t88w"), @"error: sites/a/lines/201.toml:1: `url` is impossible here: a programmable key of this phone can neither fetch an address nor show one [impossible]");
    assert_snapshot!(told("yealink-t46s"), @"warning: sites/a/lines/201.toml:1: `url` works, but not as asked: a programmable key opens the address in the phone's XML browser instead of fetching it unseen [degraded]");
}

#[test]
fn keep_alive_by_notify() {
    assert_snapshot!(phone("yealink-t46s", "settings.keep_alive = \"notify\"\nsettings.keep_alive_seconds = 30\n").sent(&["account.1.nat.udp"]), @"
    account.1.nat.udp_update_enable = 3
    account.1.nat.udp_update_time = 30
    ");
}

#[test]
fn the_way_on_which_the_phone_came_is_left_as_it_is() {
    // A list of ciphers without ECDH, as others send against "unknown message digest", would shut the phone out of our
    // own listener. The one for SIP is taken back, since it could keep the phone from registering.
    for firmware in ["28.73.0.1", "28.80.0.95", "66.81.0.15"] {
        let sent = phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").sent(&[
            "tls_cipher",
            "trust_cert",
            "ca_cert",
            "ssl_method",
        ]);
        assert_eq!(sent, "", "{firmware}");
    }
    for firmware in ["66.83.0.15", "66.84.0.15", "66.86.0.15"] {
        let sent = phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").sent(&[
            "tls_cipher",
            "trust_cert",
            "ca_cert",
            "ssl_method",
        ]);
        assert_eq!(sent, "sip.tls_cipher_list = %NULL%", "{firmware}");
    }
}

#[test]
fn nobody_presses_keys_over_the_network_and_nobody_is_asked() {
    assert_snapshot!(phone("yealink-t54w", "").sent(&["action_uri"]), @"
    features.action_uri_limit_ip = %NULL%
    features.show_action_uri_option = 0
    ");
}

#[test]
fn firmware_is_asked_for_only_where_there_is_some() {
    assert_snapshot!(phone("yealink-t46s", "").sent(&["firmware.url"]), @"
    firmware.url = %NULL%
    static.firmware.url = %NULL%
    ");
    let with = phone_with("yealink-t46s", "settings.firmware_url = \"https://example.org/T46S(66.86).rom\"", "");
    assert_snapshot!(with.sent(&["firmware.url"]), @"
    firmware.url = https://example.org/T46S(66.86).rom
    static.firmware.url = https://example.org/T46S(66.86).rom
    ");
}

#[test]
fn the_directory_and_the_calls_stay_in_the_phone() {
    let sent = |firmware: &str| {
        phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").sent(&["backup.enable", "custom.sync"])
    };
    assert_snapshot!(sent("66.86.0.15"), @"
    static.auto_provision.custom.sync = 0
    static.auto_provision.local_contact.backup.enable = 0
    static.auto_provision.local_calllog.backup.enable = 0
    ");
    assert!(sent("28.80.0.95").lines().all(|line| line.starts_with("auto_provision.") && line.ends_with(" = 0")));
}

#[test]
fn nothing_is_reset_that_is_not_in_the_file() {
    assert_eq!(phone("yealink-t46s", "").sent(&["overwrite_mode", "include:"]), "");
}

#[test]
fn the_form_of_the_date_does_not_follow_the_language() {
    let sent = |language: &str| {
        phone("yealink-t46s", "")
            .with(
                "fleet.toml",
                &format!("schema = 1\nsettings.language = \"{language}\"\nsettings.date_format = \"year-month-day\"\n"),
            )
            .sent(&["date_format", "lang.gui"])
    };
    assert_snapshot!(sent("it"), @"
    lang.gui = Italian
    static.lang.gui = Italian
    local_time.date_format = 2
    ");
    assert!(sent("fr").ends_with("local_time.date_format = 2"));
}

#[test]
fn a_soft_key_picks_nothing_up() {
    let line = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Desk\" }\n";
    assert_snapshot!(phone("yealink-t46s", line).sent(&["programablekey.1."]), @"
    programablekey.1.type = 13
    programablekey.1.line = 1
    programablekey.1.value = 202
    programablekey.1.history_type = %NULL%
    programablekey.1.label = Desk
    ");
}

#[test]
fn a_soft_key_works_while_the_phone_is_idle_and_hangs_nothing_up() {
    for function in ["hold", "transfer", "conference", "reject", "cancel"] {
        let fleet = phone("yealink-t46s", &format!("soft_keys.1.function = \"{function}\"\n"));
        assert_eq!(fleet.sent(&["programablekey.1.type"]), "programablekey.1.type = 0", "{function}");
        assert!(fleet.findings().contains("programmable keys work only while the phone is idle"), "{function}");
    }
}

#[test]
fn a_name_for_a_server_is_asked_of_dns_only_without_a_port() {
    let sent = |text: &str| {
        phone_with("yealink-t46s", text, "").sent(&["account.1.sip_server.1.port", "account.1.sip_server.1.transport"])
    };
    assert_snapshot!(sent("sip.transport = \"dns\""), @"
    account.1.sip_server.1.port = 0
    account.1.sip_server.1.transport_type = 3
    ");
    assert_snapshot!(sent("sip.transport = \"dns\"\nsip.port = 5070"), @"
    account.1.sip_server.1.port = 5070
    account.1.sip_server.1.transport_type = 3
    ");
}
