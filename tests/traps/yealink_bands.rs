//! What differs between firmwares of Yealink phones, one difference after the other.

use insta::assert_snapshot;

use crate::common::{Fleet, lines_with, phone, phone_with};

/// A phone with a firmware and the text of its primary line.
fn with(model: &str, firmware: &str, line: &str) -> Fleet {
    phone_with(model, &format!("firmware = \"{firmware}\""), line)
}

/// The lines with some words for each of several firmwares.
fn by_firmware(model: &str, firmwares: &[&str], line: &str, words: &[&str]) -> String {
    let sent = |firmware: &&str| format!("{firmware}:\n{}", with(model, firmware, line).sent(words));
    firmwares.iter().map(sent).collect::<Vec<_>>().join("\n")
}

#[test]
fn firmware_60_reads_another_format_and_gets_no_file() {
    let fleet = with("yealink-t28p", "2.61.0.80", "");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: for firmware of the band v60 no file is written: it reads sections of another kind; firmware 70 or later reads Offhook's files [no-files]
      hint: its phones are recognised, and answered with 404
    ");
    assert_snapshot!(with("yealink-t28p", "2.70.0.130", "").findings(), @"");
}

#[test]
fn a_model_without_a_firmware_is_taken_for_its_own() {
    let sent =
        |model| phone(model, "").sent(&["network.web_server_type", "memorykey.1.sub_type", "auto_provision.mode"]);
    // Firmware 72 and 73.
    for model in ["yealink-t19p", "yealink-t21p", "yealink-t20p", "yealink-t28p"] {
        assert_eq!(sent(model), "auto_provision.mode = 6\nnetwork.web_server_type = %NULL%", "{model}");
    }
    assert_snapshot!(sent("yealink-t38g"), @"
    auto_provision.mode = 6
    network.web_server_type = %NULL%
    memorykey.1.sub_type = %NULL%
    ");
    assert_snapshot!(sent("yealink-t49g"), @"auto_provision.mode = 1");
    assert_snapshot!(sent("yealink-t46s"), @"");
    // One that fits no band, as that of the VP59, is no firmware.
    let vp59 = with("yealink-vp59", "91.283.0.30", "").file();
    assert_eq!(vp59, phone("yealink-vp59", "").file());
    assert!(!vp59.contains("call_waiting.mode"), "the VP59 is one of firmware 83");
}

#[test]
fn redial_is_a_memory_key_up_to_70_and_a_soft_key_up_to_73() {
    let line = "keys.7.function = \"redial\"\nsoft_keys.1.function = \"redial\"\n";
    let words = ["memorykey.1.type", "programablekey.1.type"];
    assert_snapshot!(by_firmware("yealink-t28p", &["2.70.0.140", "2.73.0.50"], line, &words), @"
    2.70.0.140:
    memorykey.1.type = 6
    programablekey.1.type = 6
    2.73.0.50:
    memorykey.1.type = 0
    programablekey.1.type = 6
    ");
    let line = "soft_keys.1.function = \"redial\"\n";
    assert_snapshot!(by_firmware("yealink-t46g", &["28.73.0.1", "28.80.0.130"], line, &words), @"
    28.73.0.1:
    programablekey.1.type = 6
    28.80.0.130:
    programablekey.1.type = 0
    ");
}

#[test]
fn the_directory_is_29_up_to_73_and_61_from_80_on() {
    let line = "keys.2.function = \"directory\"\nsoft_keys.1.function = \"directory\"\n";
    let words = ["linekey.2.type", "programablekey.1.type"];
    assert_snapshot!(by_firmware("yealink-t46g", &["28.73.0.1", "28.80.0.130", "28.83.0.120"], line, &words), @"
    28.73.0.1:
    linekey.2.type = 0
    programablekey.1.type = 29
    28.80.0.130:
    linekey.2.type = 61
    programablekey.1.type = 61
    28.83.0.120:
    linekey.2.type = 61
    programablekey.1.type = 61
    ");
}

#[test]
fn macros_came_with_81_83_or_84() {
    let line = "keys.2 = { function = \"cancel\", label = \"Stop\" }\n";
    let words = ["linekey.2.type", "linekey.2.value", "enhanced_dss_keys"];
    assert_snapshot!(by_firmware("yealink-t46s", &["66.80.0.1", "66.81.0.1"], line, &words), @"
    66.80.0.1:
    features.enhanced_dss_keys.enable = 0
    linekey.2.type = 0
    linekey.2.value = %NULL%
    66.81.0.1:
    features.enhanced_dss_keys.enable = 1
    linekey.2.type = 73
    linekey.2.value = $Chu$
    ");
    let told = |model: &str, firmware: &str| lines_with(&with(model, firmware, line).findings(), &["`cancel`"]);
    assert_snapshot!(told("yealink-t58a", "58.80.0.25"), @"error: sites/a/lines/201.toml:1: `cancel` is impossible here: only firmware 83 and later of this phone has macros; the phone's own cancel key does it [impossible]");
    assert_snapshot!(told("yealink-t54w", "96.83.0.25"), @"error: sites/a/lines/201.toml:1: `cancel` is impossible here: only firmware 84 and later of this phone has macros; the phone's own cancel key does it [impossible]");
    for (model, firmware) in
        [("yealink-t58a", "58.83.0.25"), ("yealink-t54w", "96.84.0.25"), ("yealink-t46u", "108.86.0.1")]
    {
        assert_eq!(with(model, firmware, line).sent(&["linekey.2.type"]), "linekey.2.type = 73", "{model}");
    }
}

#[test]
fn the_sync_of_feature_keys_has_had_three_names() {
    let words = ["feature_key_sync"];
    let firmwares = ["28.73.0.1", "28.80.0.1", "66.83.0.1", "66.86.0.1"];
    assert_snapshot!(by_firmware("yealink-t46s", &firmwares, "", &words), @"
    28.73.0.1:
    bw.feature_key_sync = 0
    28.80.0.1:
    features.feature_key_sync.enable = 0
    bw.feature_key_sync = 0
    66.83.0.1:
    features.feature_key_sync.enable = 0
    bw.feature_key_sync = 0
    66.86.0.1:
    features.feature_key_sync.enable = 0
    account.1.feature_key_sync.enable = 0
    ");
}

#[test]
fn what_somebody_else_left_in_84_is_cleared() {
    let words = ["call_waiting.mode", "pickup.blf_audio.list", "pickup.blf_visual.list"];
    assert_snapshot!(by_firmware("yealink-t46s", &["66.83.0.1", "66.84.0.1"], "", &words), @"
    66.83.0.1:

    66.84.0.1:
    call_waiting.mode = %NULL%
    features.pickup.blf_audio.list = %NULL%
    features.pickup.blf_visual.list = %NULL%
    ");
}

#[test]
fn the_short_label_came_with_81() {
    let line = "keys.2 = { function = \"dial\", number = \"202\", label = \"Workshop\" }\n";
    assert_snapshot!(by_firmware("yealink-t46g", &["28.80.0.1", "28.81.0.1"], line, &["linekey.2."]), @"
    28.80.0.1:
    linekey.2.type = 13
    linekey.2.line = 1
    linekey.2.value = 202
    linekey.2.extension = %NULL%
    linekey.2.pickup_value = %NULL%
    linekey.2.label = Workshop
    28.81.0.1:
    linekey.2.type = 13
    linekey.2.line = 1
    linekey.2.value = 202
    linekey.2.extension = %NULL%
    linekey.2.pickup_value = %NULL%
    linekey.2.shortlabel = %NULL%
    linekey.2.label = Workshop
    ");
}

#[test]
fn a_memory_key_of_70_says_what_kind_of_line_it_watches() {
    let line =
        "keys.7 = { function = \"supervise\", number = \"202\" }\nkeys.8 = { function = \"dial\", number = \"202\" }\n";
    let words = ["memorykey.1.sub_type", "memorykey.2.sub_type", "memorykey.1.pickup_value", "memorykey.1.label"];
    assert_snapshot!(by_firmware("yealink-t28p", &["2.70.0.140", "2.72.0.1"], line, &words), @"
    2.70.0.140:
    memorykey.1.pickup_value = *11*
    memorykey.1.sub_type = blf
    memorykey.2.sub_type = %NULL%
    2.72.0.1:
    memorykey.1.pickup_value = *11*
    ");
}

#[test]
fn a_ring_tone_of_the_phone_says_so_up_to_80() {
    let sent = |firmware: &str, tone: &str| {
        let text = format!("firmware = \"{firmware}\"\nsettings.ring_tone = \"{tone}\"");
        phone_with("yealink-t46g", &text, "").sent(&["ring_type = ", "blf.ring"])
    };
    assert_snapshot!(sent("28.80.0.1", "Ring2.wav"), @"
    phone_setting.ring_type = Resource:Ring2.wav
    features.blf.ring_type = Splash.wav
    ");
    assert!(sent("28.80.0.1", "Config:bell.wav").starts_with("phone_setting.ring_type = Config:bell.wav\n"));
    assert!(sent("28.83.0.1", "Ring2.wav").contains("phone_setting.ring_type = Ring2.wav\n"));
    assert_eq!(with("yealink-t46g", "28.80.0.1", "").sent(&["phone_setting.ring_type"]), "", "it is the user's own");
}

#[test]
fn android_phones_had_static_names_in_80() {
    let words = ["network.vlan.internet_port_enable", "power_on", "auto_provision.mode", "syslog.mode"];
    let sent = |model: &str, firmware: &str| with(model, firmware, "").sent(&words);
    assert_snapshot!(sent("yealink-cp960", "73.80.0.35"), @"
    static.auto_provision.power_on = 1
    static.network.vlan.internet_port_enable = 0
    static.syslog.mode = %NULL%
    ");
    assert_snapshot!(sent("yealink-cp860", "37.80.0.35"), @"
    auto_provision.mode = 1
    auto_provision.power_on = 1
    network.vlan.internet_port_enable = 0
    syslog.mode = %NULL%
    ");
}

#[test]
fn a_conference_phone_is_told_nothing_of_keys() {
    for model in ["cp860", "cp920", "cp925", "cp960", "cp965"] {
        let fleet = phone(&format!("yealink-{model}"), "");
        let told = fleet.sent(&["key.", "dsskey", "headset", "handset.spk", "blf_led", "blf_audio"]);
        assert_eq!(told, "", "{model}");
    }
    let keys = "keys.1.function = \"line\"\nsettings.headset_volume = 5\n";
    assert_snapshot!(phone("yealink-cp925", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.1` does not exist on `yealink-cp925`, which has 0 keys [no-such-key]
      hint: it is kept, and not sent
    note: sites/a/lines/201.toml:2: `headset_volume` changes nothing on `yealink-cp925`: a conference phone has no headset [not-supported]
    ");
}

#[test]
fn the_light_of_the_screen_knows_a_few_times_only() {
    let sent = |model: &str, firmware: &str| {
        [0, 10, 45, 200, 3600].map(|seconds| {
            let text = format!("firmware = \"{firmware}\"\nsettings.backlight_timeout = {seconds}");
            let sent = phone_with(model, &text, "").sent(&["backlight_time"]);
            sent.trim_start_matches("phone_setting.backlight_time = ").to_owned()
        })
    };
    assert_eq!(sent("yealink-t28p", "2.73.0.50"), ["1", "60", "60", "300", "1800"]);
    assert_eq!(sent("yealink-t46g", "28.73.0.50"), ["0", "15", "60", "120", "120"]);
    assert_eq!(sent("yealink-t46g", "28.80.0.130"), ["0", "15", "60", "120", "120"]);
    assert_eq!(sent("yealink-t58a", "58.80.0.25"), ["0", "15", "60", "300", "1800"]);
    assert_eq!(sent("yealink-t46g", "28.83.0.120"), ["0", "15", "60", "300", "1800"]);
    let saver =
        with("yealink-t28p", "2.73.0.50", "").with("fleet.toml", "schema = 1\nsettings.screensaver_timeout = 90\n");
    assert_eq!(saver.sent(&["screen_saver_time"]), "phone_setting.screen_saver_time = 120");
}

#[test]
fn the_port_of_all_accounts_came_with_83() {
    let sent = |firmware: &str| {
        phone_with("yealink-t46s", &format!("firmware = \"{firmware}\"\nsettings.local_sip_port = 5070"), "")
            .sent(&["listen_port"])
    };
    assert_snapshot!(sent("66.82.0.20"), @"account.1.sip_listen_port = 5070");
    assert_snapshot!(sent("66.84.0.15"), @"
    sip.listen_port = 5070
    account.1.sip_listen_port = 5070
    ");
}

#[test]
fn ilbc_has_two_spellings() {
    let line = "settings.codecs = [\"ilbc\", \"pcma\"]\n";
    assert_snapshot!(with("yealink-t58a", "58.83.0.15", line).sent(&["codec.ilbc", "codec.pcma"]), @"
    account.1.codec.pcma.enable = 1
    account.1.codec.pcma.priority = 2
    account.1.codec.ilbc.enable = 1
    account.1.codec.ilbc.priority = 1
    account.1.codec.ilbc_13_33kbps.enable = 1
    account.1.codec.ilbc_13_33kbps.priority = 1
    account.1.codec.ilbc_15_2kbps.enable = 1
    account.1.codec.ilbc_15_2kbps.priority = 1
    ");
}

#[test]
fn the_transport_moved_at_firmware_80() {
    let sent = |firmware: &str| {
        let text = format!("firmware = \"{firmware}\"\nsip.transport = \"tls\"");
        phone_with("yealink-t46s", &text, "").sent(&["account.1.transport", "account.1.sip_server.1.transport_type"])
    };
    assert_snapshot!(sent("28.73.0.50"), @"account.1.transport = 2");
    assert_snapshot!(sent("28.80.0.50"), @"account.1.sip_server.1.transport_type = 2");
    assert_snapshot!(sent("66.86.0.15"), @"account.1.sip_server.1.transport_type = 2");
}

#[test]
fn static_stands_before_some_names_from_firmware_81_on() {
    let sent = |firmware: &str| {
        phone_with("yealink-t46s", &format!("firmware = \"{firmware}\""), "").sent(&[
            "security.user_name.admin",
            "network.vlan.internet_port_enable",
            "auto_provision.server.url",
            "firmware.url",
        ])
    };
    assert_snapshot!(sent("28.80.0.95"), @"
    auto_provision.server.url = https://phones.example.org/
    firmware.url = %NULL%
    security.user_name.admin = admin
    network.vlan.internet_port_enable = 0
    ");
    assert_snapshot!(sent("66.81.0.15"), @"
    static.auto_provision.server.url = https://phones.example.org/
    firmware.url = %NULL%
    static.firmware.url = %NULL%
    static.security.user_name.admin = admin
    static.network.vlan.internet_port_enable = 0
    ");
}

#[test]
fn trust_moved_from_the_account_at_firmware_80() {
    let sent = |firmware: &str| {
        phone_with(
            "yealink-t46s",
            &format!("firmware = \"{firmware}\"\nsettings.resync_from_sip_server_only = true"),
            "",
        )
        .sent(&["sip.trust_ctrl", "account.1.sip_trust_ctrl"])
    };
    assert_snapshot!(sent("28.73.0.50"), @"
    sip.trust_ctrl = 1
    account.1.sip_trust_ctrl = 1
    ");
    assert_snapshot!(sent("66.86.0.15"), @"sip.trust_ctrl = 1");
}

#[test]
fn packs_of_languages_that_came_with_83_are_not_asked_for_before() {
    let told = |firmware: &str| {
        let sent = |language: &str| {
            with("yealink-t46s", firmware, &format!("settings.language = \"{language}\"\n")).sent(&["lang.gui"])
        };
        ["fr-CA", "es-419", "pt-BR"].map(sent).join("\n")
    };
    assert_snapshot!(told("66.81.0.1"), @"
    lang.gui = French
    static.lang.gui = French
    lang.gui = Spanish
    static.lang.gui = Spanish
    lang.gui = Portuguese
    static.lang.gui = Portuguese
    ");
    assert_snapshot!(told("66.83.0.1"), @"
    lang.gui = French_CA
    static.lang.gui = French_CA
    lang.gui = Spanish_LA
    static.lang.gui = Spanish_LA
    lang.gui = Portuguese_LA
    static.lang.gui = Portuguese_LA
    ");
}
