//! Settings: the order of the layers, whose count for what, values and secrets.

mod common;

use common::{Fleet, SITE, phone, phone_with};
use insta::assert_snapshot;

/// A setting in every layer that a phone has, lowest first; the last of some of them wins.
fn layered(layers: usize) -> Fleet {
    let said = |at: usize, text: &str| if at < layers { format!("{text}\n") } else { String::new() };
    let fleet = [
        said(1, "settings.backlight_timeout = 30"),
        said(2, "family.yealink.settings.backlight_timeout = 60"),
        said(3, "model.yealink-t46s.settings.backlight_timeout = 120"),
        "family.cisco-spa.settings.backlight_timeout = 600\nmodel.yealink-t54w.settings.backlight_timeout = 600\n"
            .into(),
    ];
    let site = [
        said(4, "settings.backlight_timeout = 300"),
        said(5, "family.yealink.settings.backlight_timeout = 600"),
        said(6, "model.yealink-t46s.settings.backlight_timeout = 1800"),
    ];
    let phone_text = [
        said(8, "settings.backlight_timeout = 60"),
        said(9, "raw.yealink = { \"phone_setting.backlight_time\" = \"7\" }"),
    ];
    phone_with("yealink-t46s", &phone_text.concat(), &said(7, "settings.backlight_timeout = 30"))
        .with("fleet.toml", &format!("schema = 1\n{}", fleet.concat()))
        .with("sites/a/site.toml", &site.concat())
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let sent: Vec<String> = (1..=10).map(|layers| layered(layers).sent(&["phone_setting.backlight_time"])).collect();
    assert_snapshot!(sent.join("\n"), @"
    phone_setting.backlight_time = %NULL%
    phone_setting.backlight_time = 30
    phone_setting.backlight_time = 60
    phone_setting.backlight_time = 120
    phone_setting.backlight_time = 300
    phone_setting.backlight_time = 600
    phone_setting.backlight_time = 1800
    phone_setting.backlight_time = 30
    phone_setting.backlight_time = 60
    phone_setting.backlight_time = 7
    ");
}

#[test]
fn unset_takes_an_inherited_value_away() {
    let fleet = |line: &str| {
        let text = "schema = 1\nsettings.ntp_servers = [\"ntp.example.org\"]\nsettings.phonebook_url = \"https://example.org/b.xml\"\n";
        phone("yealink-t46s", line).with("fleet.toml", text)
    };
    let words = ["local_time.ntp_server", "remote_phonebook.data.1.url"];
    assert_snapshot!(fleet("").sent(&words), @"
    remote_phonebook.data.1.url = https://example.org/b.xml
    local_time.ntp_server1 = ntp.example.org
    local_time.ntp_server2 = %NULL%
    ");
    // What the product has a default for gets it, what it has none for is reset on the phone.
    assert_snapshot!(fleet("unset = [\"settings.ntp_servers\", \"settings.phonebook_url\"]\n").sent(&words), @"
    remote_phonebook.data.1.url = %NULL%
    local_time.ntp_server1 = pool.ntp.org
    local_time.ntp_server2 = %NULL%
    ");
}

#[test]
fn unset_names_what_exists_and_is_not_set_beside_it() {
    let line = "unset = [\"settings.ntp_server\", \"sip.proxy\", \"settings.timezone\"]\nsettings.timezone = \"Europe/Paris\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @"
    error: sites/a/lines/201.toml:1: `settings.timezone` is both set and unset here [set-and-unset]
    error: sites/a/lines/201.toml:1: `unset` names `settings.ntp_server`, which is not a setting [unknown-setting]
      hint: did you mean `ntp_servers`?
    error: sites/a/lines/201.toml:1: `unset` names `sip.proxy`, which is not a setting [unknown-setting]
      hint: did you mean `sip.port`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn settings_of_the_phone_come_through_its_primary_line_only() {
    let fleet = phone_with(
        "yealink-t46s",
        "lines = [\"201\", \"202\"]",
        "settings.language = \"fr\"\nsettings.dtmf = \"info\"\n",
    )
    .with("sites/a/lines/202.toml", "settings.language = \"de\"\nsettings.dtmf = \"inband\"\n");
    assert_snapshot!(fleet.sent(&["lang.gui", "account.1.dtmf.type", "account.2.dtmf.type"]), @"
    lang.gui = French
    static.lang.gui = French
    account.1.dtmf.type = 2
    account.2.dtmf.type = 0
    ");
}

#[test]
fn settings_of_the_phones_file_hold_for_all_its_accounts() {
    let fleet = phone_with(
        "yealink-t46s",
        "lines = [\"201\", \"202\"]\nsettings.srtp = \"required\"\nsip.transport = \"tls\"\n",
        "",
    );
    assert_snapshot!(fleet.sent(&["1.srtp_encryption", "2.srtp_encryption", "account.2.sip_server.1.transport_type"]), @"
    account.1.srtp_encryption = 2
    account.2.sip_server.1.transport_type = 2
    account.2.srtp_encryption = 2
    ");
}

#[test]
fn lists_replace_and_are_not_mixed() {
    let fleet = phone("yealink-t46s", "settings.ntp_servers = [\"ntp3.example.org\"]\nsettings.codecs = [\"g722\"]\n")
        .with("fleet.toml", "schema = 1\nsettings.ntp_servers = [\"ntp1.example.org\", \"ntp2.example.org\"]\n");
    assert_snapshot!(fleet.sent(&["ntp_server", "1.codec.g722.", "1.codec.pcma."]), @"
    local_time.ntp_server1 = ntp3.example.org
    local_time.ntp_server2 = %NULL%
    account.1.codec.pcma.enable = 0
    account.1.codec.pcma.priority = 0
    account.1.codec.g722.enable = 1
    account.1.codec.g722.priority = 1
    ");
}

#[test]
fn one_value_is_a_list_of_one_and_more_than_fit_are_told() {
    assert_snapshot!(phone("yealink-t46s", "settings.ntp_servers = \"ntp.example.org\"\n").sent(&["ntp_server"]), @"
    local_time.ntp_server1 = ntp.example.org
    local_time.ntp_server2 = %NULL%
    ");
    let three = "settings.ntp_servers = [\"ntp1.example.org\", \"ntp2.example.org\", \"ntp3.example.org\"]\n";
    assert_snapshot!(phone("yealink-t46s", three).findings(), @"note: sites/a/lines/201.toml:1: `ntp_servers` has 3 values, and phones of the family `yealink` take 2; the first are sent [values-dropped]");
    let fleet = phone("gigaset-maxwell3", three);
    assert_snapshot!(fleet.findings(), @"note: sites/a/lines/201.toml:1: `ntp_servers` has 3 values, and phones of the family `gigaset-maxwell` take 1; the first are sent [values-dropped]");
    assert_snapshot!(fleet.sent(&["TimeServer"]), @r#"<param name="System.DateAndTime.TimeServer" value="ntp1.example.org"/>"#);
}

#[test]
fn the_seed_is_sent_at_the_first_provisioning_only() {
    let fleet =
        phone_with("yealink-t46s", "seed.ring_volume = 8\nseed.language = \"fr\"\nsettings.language = \"de\"\n", "");
    let words = ["lang.gui", "ring_vol", "volume"];
    assert_snapshot!(common::lines_with(&fleet.first_file(), &words), @"
    lang.gui = French
    static.lang.gui = French
    voice.ring_vol = 12
    ");
    assert_snapshot!(fleet.sent(&words), @"
    lang.gui = German
    static.lang.gui = German
    ");
}

#[test]
fn what_is_the_users_own_is_not_reset() {
    assert_snapshot!(phone("yealink-t46s", "").sent(&["volume", "ring_type = ", "forward.always.enable"]), @"features.blf.ring_type = Splash.wav");
    assert_snapshot!(phone("yealink-t46s", "settings.forward_all_enabled = true\nsettings.forward_all_to = \"202\"\n").sent(&["forward.always.enable", "forward.always.target"]), @"
    forward.always.enable = 1
    forward.always.target = 202
    ");
}

#[test]
fn volumes_are_of_ten() {
    let sent = |volume: u8| phone("yealink-t46s", &format!("settings.ring_volume = {volume}\n")).sent(&["vol"]);
    assert_snapshot!([0, 5, 10].map(sent).join("\n"), @"
    voice.ring_vol = 0
    voice.ring_vol = 8
    voice.ring_vol = 15
    ");
}

#[test]
fn values_of_the_wrong_kind() {
    let line = "[settings]
        language = \"French\"
        timezone = \"Europe/Pariss\"
        time_format = \"24\"
        ntp_servers = [\"ntp.example.org\", 5]
        vlan_voice_id = 5000
        call_waiting = \"yes\"
        codecs = [\"g711\"]
        phonebook_url = \"ftp://example.org\"
        local_ip = \"192.0.2.300\"
        forward_all_to = 202
        admin_user = \"a\\nb\"
        web_access = 1.5
        [sip]
        server = \"sip.example.org:5060\"
        port = 70000
        transport = \"UDP\"
        ";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @r#"
    error: sites/a/lines/201.toml:2: `settings.language` is `French`, but must be a language such as fr or en-GB [bad-setting]
    error: sites/a/lines/201.toml:3: `settings.timezone` cannot be used: `Europe/Pariss` is no time zone, did you mean `Europe/Paris`?; expected an IANA name such as `Europe/Paris` [bad-setting]
    error: sites/a/lines/201.toml:4: `settings.time_format` is `24`, but must be one of 12h, 24h; did you mean `24h`? [bad-setting]
    error: sites/a/lines/201.toml:5: `settings.ntp_servers` must be a host name or an address, not a whole number [bad-setting]
    error: sites/a/lines/201.toml:6: `settings.vlan_voice_id` is 5000, but must be from 1 to 4094 [bad-setting]
    error: sites/a/lines/201.toml:7: `settings.call_waiting` must be true or false, not a text [bad-setting]
    error: sites/a/lines/201.toml:8: `settings.codecs` is `g711`, but must be codecs out of pcma, pcmu, g722, g729, opus, g726_32, ilbc; did you mean `g722`? [bad-setting]
    error: sites/a/lines/201.toml:9: `settings.phonebook_url` begins with `ftp:`, but must begin with http: or https: [bad-setting]
    error: sites/a/lines/201.toml:10: `settings.local_ip` is `192.0.2.300`, but must be an IPv4 address [bad-setting]
    error: sites/a/lines/201.toml:11: `settings.forward_all_to` must be a text: write "202" in quotes [bad-setting]
    error: sites/a/lines/201.toml:12: `settings.admin_user` holds '\n'; a line break or control character cannot be sent to a phone [bad-setting]
    error: sites/a/lines/201.toml:13: `settings.web_access` must be one of off, http, https, both, not a fraction or a date [bad-setting]
    error: sites/a/lines/201.toml:15: `sip.server` is `sip.example.org:5060`, but must be a host name or an address alone: its port is another setting [bad-setting]
    error: sites/a/lines/201.toml:16: `sip.port` is 70000, but must be from 1 to 65535 [bad-setting]
    error: sites/a/lines/201.toml:17: `sip.transport` is `UDP`, but must be one of udp, tcp, tls, dns; did you mean `udp`? [bad-setting]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    "#);
}

#[test]
fn values_that_a_family_has_not() {
    let line =
        "settings.tone_country = \"ae\"\nsettings.screensaver_timeout = 600\nsettings.idle_display = \"calendar\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @"
    warning: sites/a/lines/201.toml:1: `tone_country` is `ae`, which phones of the family `yealink` do not know [unmapped-value]
      hint: they know au, at, be, br, cl, cn, cz, dk, fi, fr, de, gb, gr, hu, in, it, jp, lt, mx, nl, nz, no, pt, ru, es, se, ch, us
    note: sites/a/lines/201.toml:3: `idle_display` changes nothing on `yealink-t46s`: what the idle screen shows cannot be chosen [not-supported]
    ");
    // What is said for a whole fleet cannot fit every phone of it, and is no finding.
    let fleet = phone("gigaset-maxwell3", "").with("fleet.toml", "schema = 1\nsettings.ring_volume = 5\n");
    assert_snapshot!(fleet.findings(), @"");
    assert_snapshot!(phone("gigaset-maxwell3", "settings.ring_volume = 5\n").findings(), @"note: sites/a/lines/201.toml:1: `ring_volume` changes nothing on `gigaset-maxwell3`: PhoneUI.Settings.Volume is known by its name only, not what it is the volume of, nor its range [not-supported]");
}

#[test]
fn a_server_name_is_what_the_account_registers_at() {
    let line =
        "sip.server = \"pbx.example.org\"\nsip.user = \"u\"\nsip.auth_user = \"a\"\nsip.display_name = \"Shown\"\n";
    assert_snapshot!(phone("yealink-t46s", line).sent(&["account.1.sip_server.1.address", "account.1.user_name", "account.1.auth_name", "account.1.display_name", "account.1.label"]), @"
    account.1.label = Shown
    account.1.display_name = Shown
    account.1.auth_name = a
    account.1.user_name = u
    account.1.sip_server.1.address = pbx.example.org
    ");
    assert_snapshot!(phone("yealink-t46s", "display_name = \"Front\"\n").sent(&["account.1.sip_server.1.address", "account.1.user_name", "account.1.auth_name", "account.1.display_name", "account.1.label"]), @"
    account.1.label = Front
    account.1.display_name = Front
    account.1.auth_name = 201
    account.1.user_name = 201
    account.1.sip_server.1.address = sip.example.org
    ");
}

// Secrets

#[test]
fn secrets_come_from_files_and_the_environment() {
    let fleet = phone("yealink-t46s", "sip.password = { file = \"secrets/201\" }\n")
        .with_bytes("secrets/201", b"from a file\n");
    assert_snapshot!(common::lines_with(&fleet.revealed(), &["account.1.password"]), @"account.1.password = from a file");
    // A variable that every test run has.
    let fleet = phone("yealink-t46s", "sip.password = { env = \"CARGO_PKG_NAME\" }\n");
    assert_snapshot!(common::lines_with(&fleet.revealed(), &["account.1.password"]), @"account.1.password = offhook");
}

#[test]
fn secrets_that_are_not_there() {
    let secret = |text: &str| phone("yealink-t46s", &format!("sip.password = {text}\n")).findings();
    let told = secret("{ file = \"/nonexistent/secret\" }");
    assert_snapshot!(told, @"
    error: sites/a/lines/201.toml:1: `sip.password` is in the file `/nonexistent/secret`, which cannot be read: no such file or directory [bad-setting]
      hint: make the file readable for the user that runs offhook
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    assert_snapshot!(secret("{ env = \"OFFHOOK_NO_SUCH_VARIABLE\" }"), @"
    error: sites/a/lines/201.toml:1: `sip.password` is in the environment variable `OFFHOOK_NO_SUCH_VARIABLE`, which is not set [bad-setting]
      hint: set it where offhook is started
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    assert_snapshot!(secret("{ vault = \"abc\" }"), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` has `vault`, which is not a source of secrets [bad-setting]
      hint: write "…", { file = "/path" }, { env = "NAME" } or { encrypted = "…" }
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    "#);
    assert_snapshot!(secret("7"), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` must be a text or a table that says where it is, not a whole number [bad-setting]
      hint: write "…", { file = "/path" }, { env = "NAME" } or { encrypted = "…" }
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    "#);
    assert_snapshot!(secret("{ file = \"a\", env = \"B\" }"), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` must have one source [bad-setting]
      hint: write "…", { file = "/path" }, { env = "NAME" } or { encrypted = "…" }
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    "#);
}

#[test]
fn a_secret_is_shown_by_its_name_only() {
    let line = "sip.password = \"hunter2\"\n";
    let phone_text = "settings.admin_password = \"hunter2\"\nraw.yealink = { \"account.1.password\" = \"hunter2\", \"static.security.user_password\" = [\"admin:hunter2\", \"user:hunter2\"] }\n";
    for (fleet, shown) in [(phone("yealink-t46s", line), 1), (phone_with("yealink-t46s", phone_text, line), 3)] {
        let text = fleet.file();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(text.matches("‹secret:").count(), shown);
        assert_eq!(fleet.revealed().matches("hunter2").count(), shown);
        assert!(!fleet.findings().contains("hunter2"));
    }
    assert_snapshot!(phone_with("yealink-t46s", phone_text, line).sent(&["‹secret:"]), @"
    static.security.user_password = ‹secret:static.security.user_password›
    static.security.user_password = ‹secret:static.security.user_password›
    account.1.password = ‹secret:account.1.password›
    ");
}

#[test]
fn a_secret_that_the_file_cannot_carry_is_refused_and_not_shown() {
    let password = "sip.password = \"quo\\\"te\"\n";
    assert_snapshot!(phone("yealink-t46s", password).findings(), @r#"
    error: sites/a/lines/201.toml:1: `sip.password` cannot be sent to this phone: a cfg value cannot carry `"` [cannot-carry]
      hint: choose a password of letters and digits
    "#);
    assert_snapshot!(phone("cisco-spa504g", password).findings(), @"");
    let admin = phone_with("yealink-t46s", "settings.admin_password = \"a:b\"\n", "");
    assert_snapshot!(admin.findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: `admin_password` cannot be sent to this phone: this family's files cannot carry ':' in it [cannot-carry]
      hint: choose a password of letters and digits
    ");
    assert_snapshot!(phone("yealink-t46s", &format!("sip.password = \"{}\"\n", "x".repeat(129))).findings(), @"
    error: sites/a/lines/201.toml:1: `sip.password` has 129 characters; 128 are the most [bad-setting]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_password_with_every_printable_character_arrives_in_xml() {
    let password: String = (' '..='~').filter(|c| !matches!(c, '\\' | '\'')).collect();
    let fleet = phone("gigaset-maxwell3", &format!("sip.password = '{password}'\n"));
    assert_snapshot!(common::lines_with(&fleet.revealed(), &["Account.0.AuthPassword"]), @r#"<param name="SIP.Account.0.AuthPassword" value=" !&quot;#$%&amp;()*+,-./0123456789:;&lt;=&gt;?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"/>"#);
    assert_snapshot!(fleet.with("sites/a/site.toml", SITE).findings(), @"");
}

#[test]
fn settings_of_a_spare_phone_come_from_the_site() {
    let fleet = phone_with("yealink-t46s", "lines = []", "settings.language = \"de\"\n")
        .with("sites/a/site.toml", "settings.language = \"fr\"\n");
    assert_snapshot!(fleet.sent(&["lang.gui"]), @"
    lang.gui = French
    static.lang.gui = French
    ");
}
