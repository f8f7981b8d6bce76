//! Traps of Yealink's DECT bases.

use insta::assert_snapshot;

use crate::common::{phone, phone_with};

const BASES: [&str; 6] =
    ["yealink-w52p", "yealink-w60b", "yealink-w70b", "yealink-w75dm", "yealink-w80dm", "yealink-w90dm"];

#[test]
fn a_base_has_no_key_of_any_kind() {
    for model in BASES {
        let fleet = phone(model, "keys.1.function = \"menu\"\n");
        let told = fleet.findings();
        assert!(told.contains("a DECT base has handsets, and no keys"), "{model}: {told}");
        assert_eq!(fleet.sent(&["linekey.", "memorykey.", "programablekey.", "expansion_module."]), "", "{model}");
    }
}

#[test]
fn a_handset_rings_for_its_line_and_calls_out_on_it() {
    let text = "lines = [\"201\", \"202\"]\nhandsets.1.line = 2\nhandsets.3 = { line = 2, name = \"Storeroom\" }\n";
    let sent = |model: &str| {
        phone_with(model, text, "").sent(&["handset.1.", "handset.2.name", "handset.2.inc", "handset.3."])
    };
    assert_snapshot!(sent("yealink-w52p"), @"
    handset.1.name = 202
    handset.1.incoming_lines = 2
    handset.1.dial_out_lines = 2
    handset.1.dial_out_default_line = 2
    handset.2.name = %NULL%
    handset.2.incoming_lines = %NULL%
    handset.3.name = Storeroom
    handset.3.incoming_lines = 2
    handset.3.dial_out_lines = 2
    handset.3.dial_out_default_line = 2
    ");
    for model in ["yealink-w56p", "yealink-w60b", "yealink-w70b"] {
        assert_eq!(sent(model), sent("yealink-w52p"), "{model}");
    }
    assert_snapshot!(phone_with("yealink-w60b", text, "").findings(), @"
    warning: sites/a/phones/001565aabbcc.toml:2: no handset uses line 1 (`201`) [no-handset]
      hint: put `line = 1` on a handset
    ");
}

#[test]
fn without_a_word_there_is_a_handset_for_each_line() {
    let fleet = phone_with("yealink-w52p", "lines = [\"201\", \"202\"]", "");
    assert_snapshot!(fleet.sent(&["handset.1.name", ".incoming_lines"]), @"
    handset.1.name = 201
    handset.1.incoming_lines = 1
    handset.2.incoming_lines = 2
    handset.3.incoming_lines = %NULL%
    handset.4.incoming_lines = %NULL%
    handset.5.incoming_lines = %NULL%
    ");
    assert_eq!(fleet.findings(), "");
}

#[test]
fn what_no_source_shows_is_not_sent() {
    let fleet = phone_with("yealink-w80dm", "handsets.1.line = 1", "");
    assert_eq!(fleet.sent(&["handset.1.", "incoming_lines", "dial_out"]), "");
    assert_snapshot!(fleet.findings(), @"
    warning: sites/a/phones/001565aabbcc.toml:3: `handsets` changes nothing on `yealink-w80dm`: no source shows how its file assigns lines [not-supported]
      hint: assign them in the base's own web page
    ");
}

#[test]
fn handsets_speak_by_number() {
    let language = |language: &str| {
        phone("yealink-w60b", &format!("settings.language = \"{language}\"\n")).sent(&["custom.handset", "lang.wui"])
    };
    assert_snapshot!(language("it"), @"
    lang.wui = Italian
    static.lang.wui = Italian
    custom.handset.language = 3
    ");
    assert_snapshot!(language("fr-CH"), @"
    lang.wui = French
    static.lang.wui = French
    custom.handset.language = 1
    ");
    assert_snapshot!(language("pl"), @"
    lang.wui = Polish
    static.lang.wui = Polish
    custom.handset.language = 4
    ");
    assert_snapshot!(language("nl"), @"
    lang.wui = Dutch
    static.lang.wui = Dutch
    custom.handset.language = %NULL%
    ");
}

#[test]
fn the_log_has_a_mode_on_bases() {
    let log = |model: &str, firmware: &str| {
        let text = format!("firmware = \"{firmware}\"\nsettings.syslog_server = \"log.example.org\"\n");
        phone_with(model, &text, "").sent(&["syslog"])
    };
    assert_snapshot!(log("yealink-w52p", "25.80.0.15"), @"
    syslog.mode = 1
    syslog.server = log.example.org
    ");
    assert_snapshot!(log("yealink-w70b", "146.87.0.15"), @"
    static.syslog.enable = 1
    static.syslog.server = log.example.org
    static.syslog.mode = 1
    ");
}

#[test]
fn the_larger_bases_name_a_template_of_servers_from_firmware_83_on() {
    let templates = |model: &str, firmware: &str| {
        phone_with(
            model,
            &format!("lines = [\"201\", \"202\"]\nfirmware = \"{firmware}\"\n"),
            "sip.transport = \"tls\"",
        )
        .sent(&["template.1", "template.2.sip_server.1", "account.1.sip_server.t", "account.2.sip_server.t"])
    };
    assert_snapshot!(templates("yealink-w90dm", "130.85.0.15"), @"
    template.1.name = sip.example.org
    template.1.sip_server.1.address = sip.example.org
    template.1.sip_server.1.port = 5061
    template.1.sip_server.1.transport_type = 2
    template.1.sip_server.2.address = %NULL%
    template.1.sip_server.2.port = 5061
    template.1.sip_server.2.transport_type = 2
    template.2.sip_server.1.address = sip.example.org
    template.2.sip_server.1.port = %NULL%
    template.2.sip_server.1.transport_type = 0
    account.1.sip_server.template = 1
    account.2.sip_server.template = 2
    ");
    for (model, firmware) in
        [("yealink-w80dm", "103.83.0.1"), ("yealink-w75dm", "175.85.0.5"), ("yealink-w70b", "146.87.0.15")]
    {
        assert_eq!(templates(model, firmware), templates("yealink-w90dm", "130.85.0.15"), "{model}");
    }
    assert_eq!(templates("yealink-w80dm", "103.81.0.1"), "");
    assert_eq!(templates("yealink-w60b", "77.85.0.25"), "");
}

#[test]
fn older_bases_are_told_the_transport_by_its_old_name_too() {
    let told = |model: &str| {
        phone_with(model, "", "sip.transport = \"tls\"").sent(&["account.1.transport", "account.1.sip_server.1.t"])
    };
    assert_snapshot!(told("yealink-w52p"), @"
    account.1.transport = 2
    account.1.sip_server.1.transport_type = 2
    ");
    for model in ["yealink-w56p", "yealink-w60b"] {
        assert_eq!(told(model), told("yealink-w52p"), "{model}");
    }
    assert_snapshot!(told("yealink-w70b"), @"account.1.sip_server.1.transport_type = 2");
}

#[test]
fn a_notify_makes_a_base_fetch_and_not_restart() {
    for model in BASES {
        assert_eq!(phone(model, "").sent(&["sip.notify_reboot"]), "sip.notify_reboot_enable = 0", "{model}");
    }
}

#[test]
fn a_base_under_a_manager_has_no_accounts() {
    for model in ["yealink-w75b", "yealink-w80b", "yealink-w90b"] {
        let fleet = phone_with(model, "lines = []", "");
        assert_eq!(fleet.sent(&["account."]), "", "{model}");
        assert_eq!(fleet.findings(), "", "{model}");
        let told = phone(model, "").findings();
        assert!(told.contains("[too-many-lines]"), "{model}: {told}");
    }
}
