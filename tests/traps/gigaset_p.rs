//! Traps of Gigaset's P phones.

use insta::assert_snapshot;

use crate::common::{phone, phone_with};

#[test]
fn the_mac_in_the_address_is_left_to_the_phone() {
    assert_snapshot!(phone("gigaset-p710", "").sent(&["setting_server"]), @r#"<setting_server perm="RW">https://phones.example.org/{mac}.xml</setting_server>"#);
}

#[test]
fn keys_count_from_zero_and_accounts_from_one() {
    let keys = "keys.1 = { function = \"line\" }\nkeys.36 = { function = \"dial\", number = \"202\" }\n";
    assert_snapshot!(phone("gigaset-p850", keys).sent(&["idx=\"0\"", "idx=\"35\"", "user_active idx=\"1\"", "user_active idx=\"12\""]), @r#"
    <user_active idx="1" perm="RW">on</user_active>
    <user_active idx="12" perm="RW">off</user_active>
    <fkey idx="0" context="1" label="" lp="on" perm="RW">line</fkey>
    <fkey idx="35" context="1" label="202" lp="on" perm="RW">speed 202</fkey>
    "#);
}

#[test]
fn the_keys_of_modules_go_on_where_the_phones_end() {
    let keys = "modules.1.keys.1 = { function = \"dial\", number = \"301\" }\n\
                modules.2.keys.1 = { function = \"dial\", number = \"302\" }\n";
    let placed = |model: &str, modules: &str| {
        phone_with(model, &format!("modules = {modules}\n"), keys).sent(&[">speed 301<", ">speed 302<"])
    };
    assert_snapshot!(placed("gigaset-p710", "2"), @r#"
    <fkey idx="4" context="1" label="301" lp="on" perm="RW">speed 301</fkey>
    <fkey idx="22" context="1" label="302" lp="on" perm="RW">speed 302</fkey>
    "#);
    assert_snapshot!(placed("gigaset-p820", "2"), @r#"
    <fkey idx="28" context="1" label="301" lp="on" perm="RW">speed 301</fkey>
    <fkey idx="46" context="1" label="302" lp="on" perm="RW">speed 302</fkey>
    "#);
    let counted = "[\"gigaset-p-module60\", \"gigaset-p-module60\"]";
    assert_snapshot!(placed("gigaset-p820", counted), @r#"
    <fkey idx="28" context="1" label="301" lp="on" perm="RW">speed 301</fkey>
    <fkey idx="88" context="1" label="302" lp="on" perm="RW">speed 302</fkey>
    "#);
}

#[test]
fn passwords_have_other_names_on_a_p710() {
    let settings = "settings = { admin_user = \"admin\", admin_password = \"pw1\", user_password = \"pw2\" }\n";
    let sent = |model: &str| phone(model, settings).sent(&["http_", "webserver", "admin_mode"]);
    assert_snapshot!(sent("gigaset-p710"), @r#"
    <http_user perm="RW">admin</http_user>
    <http_pass perm="RW">‹secret:admin_password@001565aabbcc›</http_pass>
    <admin_mode_password perm="RW">‹secret:admin_password@001565aabbcc›</admin_mode_password>
    <admin_mode_password_confirm perm="RW">‹secret:admin_password@001565aabbcc›</admin_mode_password_confirm>
    "#);
    assert_snapshot!(sent("gigaset-p810"), @r#"
    <webserver_admin_name perm="RW">admin</webserver_admin_name>
    <webserver_admin_password perm="RW">‹secret:admin_password@001565aabbcc›</webserver_admin_password>
    <admin_mode_password perm="RW">‹secret:admin_password@001565aabbcc›</admin_mode_password>
    <admin_mode_password_confirm perm="RW">‹secret:admin_password@001565aabbcc›</admin_mode_password_confirm>
    <webserver_user_password perm="RW">‹secret:user_password@001565aabbcc›</webserver_user_password>
    "#);
    // An empty password would open the phone.
    assert_snapshot!(phone("gigaset-p810", "").sent(&["http_", "webserver", "admin_mode"]), @"");
}

#[test]
fn the_outbound_proxy_says_port_and_transport() {
    let sent = |sip: &str| phone("gigaset-p850", sip).sent(&["user_host idx=\"1\"", "user_outbound idx=\"1\""]);
    assert_snapshot!(sent(""), @r#"
    <user_host idx="1" perm="RW">sip.example.org</user_host>
    <user_outbound idx="1" perm="RW">sip.example.org:5060;transport=udp</user_outbound>
    "#);
    assert_snapshot!(sent("sip = { transport = \"tls\", port = 5071 }\n"), @r#"
    <user_host idx="1" perm="RW">sip.example.org</user_host>
    <user_outbound idx="1" perm="RW">sip.example.org:5071;transport=tls</user_outbound>
    "#);
    assert_snapshot!(sent("sip = { transport = \"tcp\", outbound_proxy = \"sbc.example.org\", port = 5071 }\n"), @r#"
    <user_host idx="1" perm="RW">sip.example.org:5071</user_host>
    <user_outbound idx="1" perm="RW">sbc.example.org:5060;transport=tcp</user_outbound>
    "#);
    assert_snapshot!(sent("sip = { transport = \"dns\" }\n"), @r#"
    <user_host idx="1" perm="RW">sip.example.org</user_host>
    <user_outbound idx="1" perm="RW"></user_outbound>
    "#);
}

#[test]
fn zones_and_words_that_no_source_shows_are_not_sent() {
    let settings =
        |zone: &str| format!("settings = {{ timezone = \"{zone}\", language = \"el\", tone_country = \"be\" }}\n");
    let sent =
        |zone: &str| phone("gigaset-p850", &settings(zone)).sent(&["timezone", "language", "locale", "tone_scheme"]);
    assert_snapshot!(sent("Europe/Vienna"), @r#"<timezone perm="RW">GER+1</timezone>"#);
    assert_snapshot!(sent("Indian/Reunion"), @"");
    let italian = "settings = { timezone = \"Europe/Rome\", language = \"it\", tone_country = \"it\" }\n";
    let sent = |model: &str| phone(model, italian).sent(&["timezone", "language", "locale", "tone_scheme"]);
    assert_snapshot!(sent("gigaset-p850"), @r#"
    <language perm="RW">Italiano</language>
    <web_language perm="RW">Italiano</web_language>
    <timezone perm="RW">ITA+1</timezone>
    <tone_scheme perm="RW">ITA</tone_scheme>
    <locale perm="RW">it_IT</locale>
    "#);
    assert_snapshot!(sent("gigaset-p710"), @r#"
    <language perm="RW">Italiano</language>
    <web_language perm="RW">Italiano</web_language>
    <timezone perm="RW">ITA+1</timezone>
    <tone_scheme perm="RW">ITA</tone_scheme>
    "#);
    let norwegian = phone("gigaset-p850", "settings.language = \"no\"\n");
    assert_snapshot!(norwegian.sent(&["locale"]), @r#"<locale perm="RW">nb_NO</locale>"#);
}

#[test]
fn do_not_disturb_keeps_in_step_with_the_network() {
    let sent = |site: &str, line: &str| {
        phone("gigaset-p850", line)
            .with("sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n{site}"))
            .sent(&["dnd_on_code idx=\"1\"", "dnd_off_code idx=\"1\"", "fkey idx=\"1\" "])
    };
    let key = "keys.2.function = \"do_not_disturb\"\n";
    assert_snapshot!(sent("feature_codes = \"ovh\"\n", key), @r#"
    <dnd_on_code idx="1" perm="RW">*26#</dnd_on_code>
    <dnd_off_code idx="1" perm="RW">#26#</dnd_off_code>
    <fkey idx="1" context="active" label="" lp="on" perm="RW">keyevent F_DND</fkey>
    "#);
    // Its own: then no code may be dialled besides.
    assert_snapshot!(sent("feature_codes = \"ovh\"\nnative = [\"do_not_disturb\"]\n", key), @r#"
    <dnd_on_code idx="1" perm="RW"></dnd_on_code>
    <dnd_off_code idx="1" perm="RW"></dnd_off_code>
    <fkey idx="1" context="active" label="" lp="on" perm="RW">keyevent F_DND</fkey>
    "#);
    assert_snapshot!(sent("feature_codes = \"ovh\"\nservices = \"phone\"\n", key), @r#"
    <dnd_on_code idx="1" perm="RW"></dnd_on_code>
    <dnd_off_code idx="1" perm="RW"></dnd_off_code>
    <fkey idx="1" context="active" label="" lp="on" perm="RW">keyevent F_DND</fkey>
    "#);
    // One code alone cannot be undone by the phone's key.
    assert_snapshot!(sent("[codes]\ndo_not_disturb = { dial = \"*76\" }\n", key), @r#"
    <dnd_on_code idx="1" perm="RW"></dnd_on_code>
    <dnd_off_code idx="1" perm="RW"></dnd_off_code>
    <fkey idx="1" context="1" label="*76" lp="on" perm="RW">speed *76</fkey>
    "#);
}

#[test]
fn every_line_has_its_account() {
    let two = phone_with("gigaset-p850", "lines = [\"201\", \"202\"]\n", "");
    assert_snapshot!(two.sent(&["user_active idx=\"2\"", "user_name idx=\"2\"", "user_name idx=\"3\""]), @r#"
    <user_active idx="2" perm="RW">on</user_active>
    <user_name idx="2" perm="RW">202</user_name>
    <user_name idx="3" perm="RW"></user_name>
    "#);
}

#[test]
fn a_display_key_takes_a_number_or_an_event_only() {
    let keys = "soft_keys.1 = { function = \"dial\", number = \"202\", via = 1 }\nsoft_keys.2.function = \"hold\"\n\
                soft_keys.3 = { function = \"url\", url = \"http://example.org/\" }\n";
    let fleet = phone("gigaset-p850", keys);
    assert_snapshot!(fleet.sent(&["gui_fkey"]), @r#"
    <gui_fkey1 perm="RW">speed 202</gui_fkey1>
    <gui_fkey2 perm="RW">keyevent F_HOLD</gui_fkey2>
    <gui_fkey3 perm="RW">keyevent none</gui_fkey3>
    <gui_fkey4 perm="RW">keyevent none</gui_fkey4>
    "#);
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:3: `url` is impossible here: a display key takes a key event or a number, no web address [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    ");
}

#[test]
fn a_label_and_a_code_stay_what_they_are() {
    let line = "keys.2 = { function = \"supervise\", number = \"202\", label = \"A|B <br> \\\"C\\\" & D\" }\n";
    assert_snapshot!(phone("gigaset-p850", line).sent(&["fkey idx=\"1\" "]), @r#"<fkey idx="1" context="1" label="A|B &lt;br&gt; &quot;C&quot; &amp; D" lp="on" perm="RW">blf 202|*11*</fkey>"#);
}

#[test]
fn a_list_of_codecs_ends_with_the_key_presses() {
    let sent = |line: &str| phone("gigaset-p850", line).sent(&["codec_priority_list"]);
    assert_snapshot!(sent("settings.codecs = [\"g722\", \"opus\", \"g726_32\"]\n"), @r#"<codec_priority_list idx="1" perm="RW">g722,g726-32,telephone-event</codec_priority_list>"#);
    assert_snapshot!(sent(""), @r#"<codec_priority_list idx="1" perm="RW">pcma,pcmu,g722,telephone-event</codec_priority_list>"#);
}

#[test]
fn a_light_that_stays_on_is_the_largest_number() {
    let sent = |seconds: u16| {
        let settings = format!("settings = {{ backlight_timeout = {seconds}, display_brightness = 5 }}\n");
        phone("gigaset-p850", &settings).sent(&["dim_timer", "<backlight"])
    };
    assert_snapshot!(sent(60), @r#"
    <backlight perm="RW">9</backlight>
    <dim_timer perm="RW">60</dim_timer>
    "#);
    assert_snapshot!(sent(0), @r#"
    <backlight perm="RW">9</backlight>
    <dim_timer perm="RW">2147483647</dim_timer>
    "#);
}
