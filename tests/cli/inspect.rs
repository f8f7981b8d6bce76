//! Looking at one phone: `render`, `explain`, `context`, `functions` and `url`.

use insta::assert_snapshot;

use crate::common::{MAC, lines_with, phone, phone_with};
use crate::{json, out, run, sound};

#[test]
fn render_by_handle_by_name_and_all() {
    let fleet = sound();
    let file = out(fleet.path(), &format!("render {MAC}"));
    assert_eq!(file, out(fleet.path(), "render 00:15:65:AA:BB:CC phone"));
    assert_eq!(file, out(fleet.path(), &format!("render {MAC} {MAC}.CFG")));
    assert_snapshot!(lines_with(&file, &["#!version", "linekey.2.label", "account.1.password"]), @"
    #!version:1.0.0.1
    account.1.password = ‹secret:sip.password@201›
    linekey.2.label = Workshop
    ");
    let revealed = out(fleet.path(), &format!("render {MAC} --reveal"));
    assert_snapshot!(lines_with(&revealed, &["account.1.password"]), @"account.1.password = hunter2");
    let old = out(fleet.path(), &format!("render {MAC} --firmware 66.70.0.1"));
    assert_snapshot!(lines_with(&old, &["auto_provision.mode"]), @"auto_provision.mode = 6");
    let list = json(fleet.path(), &format!("render {MAC} --format json"));
    assert_eq!(list[0]["name"], format!("{MAC}.cfg"));
    assert_eq!(list[0]["content_type"], "text/plain; charset=utf-8");
    assert_eq!(list[0]["text"], file);
}

#[test]
fn render_for_the_firmware_that_a_server_has_last_seen() {
    let fleet = sound();
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("firmware.log"), format!("{MAC} 66.70.0.1 .\n")).unwrap();
    let state = state.path().display();
    let seen = run(fleet.path(), &format!("render {MAC} --state {state}"));
    assert_snapshot!(lines_with(&seen, &["last seen", "auto_provision.mode"]), @"
    auto_provision.mode = 6
    2> last seen with firmware 66.70.0.1, so in the band v70
    ");
    let told = run(fleet.path(), &format!("render {MAC} --state {state} --firmware 66.86.0.15"));
    assert_snapshot!(lines_with(&told, &["last seen", "auto_provision.power_on"]), @"static.auto_provision.power_on = 1");
}

#[test]
fn render_of_what_is_not_there() {
    let fleet = sound();
    assert_snapshot!(run(fleet.path(), &format!("render {MAC} y000000000066.boot")), @"
    2> error: the phone has no file `y000000000066.boot`; it has 001565aabbcc.cfg
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "render 001565aabbcd"), @"
    2> error: no phone `001565aabbcd` is stored
    2>   hint: did you mean `001565aabbcc`?
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "render reception"), @"
    2> error: `reception` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), &format!("render {MAC} --fleet sites")), @"
    2> error: `sites` has no fleet.toml
    2>   hint: name the fleet's folder with --fleet DIR
    exit 2
    ");
    let broken = sound().with("sites/a/lines/201.toml", "x = 1\n");
    assert_snapshot!(run(broken.path(), &format!("render {MAC}")), @"
    2> error: the phone `001565aabbcc` cannot be served: sites/a/phones/001565aabbcc.toml: the line `201` has no good version: see `sites/a/lines/201.toml`
    exit 2
    ");
}

#[test]
fn explain_tells_where_each_line_comes_from() {
    let text = out(sound().path(), &format!("explain {MAC}"));
    assert!(!text.contains("hunter2"), "{text}");
    let words = [
        "account.1.password",
        "linekey.2.value",
        "linekey.2.label",
        "time_zone ",
        "linekey.3.type",
        "config_dsskey",
        "keys.3 ",
        "soft_keys.1 ",
        "modules.1.keys.1 ",
    ];
    assert_snapshot!(lines_with(&text, &words), @"
    39  local_time.time_zone = +1                                     # settings.timezone (product, models/settings.toml)
    157  account.1.password = ‹secret:sip.password@201›                # sip.password (account 1) (line, sites/a/lines/201.toml:2)
    510  features.config_dsskey_length = 0                             # template
    521  linekey.2.value = 202                                         # keys.2 (line, sites/a/lines/201.toml:1)
    525  linekey.2.label = Workshop                                    # keys.2 (line, sites/a/lines/201.toml:1); keys.2.label (line, sites/a/lines/201.toml:1)
    526  linekey.3.type = 0                                            # template
    keys.3               nothing is stored for it on the primary line
    soft_keys.1          nothing is stored for it on the primary line
    soft_keys.3          nothing is stored for it on the primary line
    ");
    let report = json(sound().path(), &format!("explain {MAC} --format json"));
    assert_eq!(report[0]["name"], format!("{MAC}.cfg"));
}

#[test]
fn context_is_what_templates_see() {
    let text = out(sound().path(), &format!("context {MAC}"));
    assert!(!text.contains("hunter2"), "{text}");
    let words = ["contract", "phone.", "model.id", "accounts[0].user", "accounts[0].password", "keys[1]."];
    let own = text.lines().filter(|line| words.iter().any(|word| line.starts_with(word)));
    assert_snapshot!(own.collect::<Vec<_>>().join("\n"), @r#"
    contract = 1
    phone.band = "v84"
    phone.file_key = ""
    phone.handsets = 0
    phone.mac = "001565aabbcc"
    phone.mac_colons = "00:15:65:aa:bb:cc"
    phone.mac_upper = "001565AABBCC"
    phone.model = "yealink-t46s"
    phone.name = "201"
    phone.site = "a"
    model.id = "yealink-t46s"
    accounts[0].password = "‹secret:sip.password@201›"
    accounts[0].user = "201"
    keys[1].class = "line"
    keys[1].extension = "%NULL%"
    keys[1].function = "dial"
    keys[1].group_n = 2
    keys[1].history_type = "%NULL%"
    keys[1].label = "Workshop"
    keys[1].line = "1"
    keys[1].n = 2
    keys[1].outcome = "native"
    keys[1].page = 1
    keys[1].pickup_value = "%NULL%"
    keys[1].reserved = none
    keys[1].type = "13"
    keys[1].unset = false
    keys[1].value = "202"
    keys[1].written = true
    "#);
    let context = json(sound().path(), &format!("context {MAC} --format json"));
    assert_eq!(context["keys"][1]["label"], "Workshop");
}

#[test]
fn functions_tells_what_keys_can_do() {
    let fleet = sound();
    let all = out(fleet.path(), &format!("functions {MAC}"));
    assert_eq!(
        all.lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>(),
        ["keys.1 (line key):", "soft_keys.1 (programmable key):"]
    );
    assert_eq!(all.lines().count(), 2 * 40);
    let one = out(fleet.path(), &format!("functions {MAC} 2"));
    assert_snapshot!(lines_with(&one, &["keys.2", "dial    ", "swap    ", "forward_all    ", "retrieve    "]), @"
    keys.2 (line key, labelled `Workshop`):
    dial                      native
    redial                    impossible  no key of this kind and firmware has a redial type; the redial key of the phone does it
    retrieve                  degraded    one key holds and retrieves: in a call that is not held it holds
    swap                      impossible  there is no such key; the swap soft key or the key of the other line does it
    forward_all               dialled     dials **21#
    ");
    let rows = json(fleet.path(), &format!("functions {MAC} soft_keys.1 --format json"));
    assert_eq!(rows.as_array().map(Vec::len), Some(39));
    assert_snapshot!(rows[17], @r#"{"key":"soft_keys.1","class":"programmable","function":"forward_all","ovh":"CFU","outcome":"dialled","why":"dials **21#","dials":"**21#"}"#);
    assert_snapshot!(run(fleet.path(), &format!("functions {MAC} keys.28")), @"
    2> error: the key keys.28 does not exist on `yealink-t46s`, or cannot be set
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), &format!("functions {MAC} lamp")), @"
    2> error: `lamp` is not a key: 3, keys.3, soft_keys.1 or modules.1.keys.40 were expected
    exit 2
    ");
}

#[test]
fn url_is_what_to_type_into_the_phone() {
    assert_snapshot!(run(sound().path(), &format!("url {MAC}")), @"
    https://phones.example.org/
    2> type it at: Settings > Auto Provision > Server URL
    2> the phone then asks for https://phones.example.org/001565aabbcc.cfg
    exit 0
    ");
    assert_snapshot!(out(sound().path(), &format!("url {MAC} --format json")), @r#"
    {
      "url": "https://phones.example.org/",
      "where": "Settings > Auto Provision > Server URL",
      "files": [
        "https://phones.example.org/001565aabbcc.cfg"
      ]
    }
    "#);
    assert_snapshot!(run(phone_with("gigaset-maxwell3", "", "").path(), &format!("url {MAC}")), @"
    https://phones.example.org/%MACD.xml
    2> the phone then asks for https://phones.example.org/001565aabbcc.xml
    exit 0
    ");
}

#[test]
fn a_binary_file_is_shown_as_its_template_writes_it() {
    let fleet = phone("gigaset-n510", "");
    assert_snapshot!(run(fleet.path(), &format!("render {MAC} siu")), @r#"
    0 = "http://%DURL/%MACD.xml"
    exit 0
    "#);
    let file = json(fleet.path(), &format!("render {MAC} siu --format json"));
    assert_snapshot!(file[0]["bytes"].as_str().unwrap_or_default(), @"00190317687474703a2f2f254455524c2f254d4143442e786d6c00");
    assert_snapshot!(run(fleet.path(), &format!("url {MAC}")), @"
    https://phones.example.org/
    2> type it at: Settings > Management > Firmware update > Data server
    2> the phone then asks for https://phones.example.org/42/2/master.bin
    2> the phone then asks for https://phones.example.org/42/2/../../sifs/sifsroot.bin
    2> the phone then asks for https://phones.example.org/42/2/../../sifs/sih_4xx.bin
    2> the phone then asks for https://phones.example.org/42/2/../../sifs/sit_44x.bin
    2> the phone then asks for https://phones.example.org/42/2/../../sifs/siu_444.bin
    2> the phone then asks for https://phones.example.org/001565AABBCC.xml
    exit 0
    ");
    let explained = out(fleet.path(), &format!("explain {MAC}"));
    assert!(!explained.contains("siu_444") && explained.contains("001565AABBCC.xml:"), "{explained}");
}

#[test]
fn functions_of_a_base_say_what_its_users_do_instead() {
    let base = phone_with("gigaset-n670", "lines = [\"201\"]", "");
    let text = out(base.path(), &format!("functions {MAC}"));
    assert_eq!(text.lines().count(), 39, "all but the empty key");
    assert_snapshot!(lines_with(&text, &["` has", " mailbox", "R key or hang", "forward_all  ", "supervise  "]), @"
    `gigaset-n670` has no keys
    voicemail                 a base has no keys; a long press of 1 on the handset calls the mailbox
    transfer                  a base has no keys; the handset's R key or hanging up does it
    forward_all               a base has no keys; the user dials the operator's code on the handset
    supervise                 a base has no keys, and a handset watches no line
    ");
    let other = phone_with("yealink-w60b", "lines = [\"201\"]", "");
    assert_snapshot!(lines_with(&out(other.path(), &format!("functions {MAC}")), &["no keys"]), @"`yealink-w60b` has no keys");
}
