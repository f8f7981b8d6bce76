//! Keys: what is stored, how layers merge, what a key may name, and what the phone then gets.

mod common;

use common::{MAC, SITE, phone, phone_with};
use insta::assert_snapshot;

#[test]
fn a_key_without_a_function_is_the_models_own() {
    // A line on as many first keys as the phone has lines, and nothing on the others.
    let fleet = phone_with("yealink-t46s", "lines = [\"201\", \"202\"]", "");
    assert_snapshot!(fleet.sent(&["linekey.1.type", "linekey.1.line", "linekey.2.type", "linekey.2.line", "linekey.3.type", "linekey.27.type"]), @"
    linekey.1.type = 15
    linekey.1.line = 1
    linekey.2.type = 15
    linekey.2.line = 2
    linekey.3.type = 0
    linekey.27.type = 0
    ");
}

#[test]
fn memory_keys_are_counted_behind_the_line_keys() {
    let fleet = phone("yealink-t28p", "keys.7 = { function = \"hold\" }\nkeys.16 = { function = \"transfer\" }\n");
    assert_snapshot!(fleet.sent(&["memorykey.1.type", "memorykey.2.type", "memorykey.10.type"]), @"
    memorykey.1.type = 4
    memorykey.2.type = 0
    memorykey.10.type = 3
    ");
}

#[test]
fn none_is_not_the_same_as_nothing() {
    let fleet = phone("yealink-t46s", "keys.1.function = \"none\"\nsoft_keys.1.function = \"none\"\n");
    assert_snapshot!(fleet.sent(&["linekey.1.", "programablekey.1.type", "programablekey.2.type"]), @"
    linekey.1.type = 0
    linekey.1.line = %NULL%
    linekey.1.value = %NULL%
    linekey.1.extension = %NULL%
    linekey.1.pickup_value = %NULL%
    linekey.1.shortlabel = %NULL%
    linekey.1.label = %NULL%
    programablekey.1.type = 0
    programablekey.2.type = %NULL%
    ");
    assert_snapshot!(fleet.findings(), @r#"
    warning: sites/a/lines/201.toml:1: `keys.1` normally carries line 1 of the phone; as `none` it does not [line-key]
      hint: put `function = "line", line = 1` on another key, or accept = ["line-key"]
    "#);
}

#[test]
fn every_key_that_nobody_sets_is_written_as_empty() {
    let fleet = phone_with("yealink-t46s", "modules = 2", "");
    let text = fleet.file();
    assert_eq!(text.lines().filter(|line| line.starts_with("linekey.") && line.contains(".type = ")).count(), 27);
    let module_keys = text.lines().filter(|line| line.starts_with("expansion_module.") && line.ends_with("type = 0"));
    assert_eq!(module_keys.count(), 6 * 40, "modules that are not there may have been there once");
    let fleet = phone("gigaset-maxwell3", "");
    assert_snapshot!(fleet.sent(&["FunctionKeys.7."]), @r#"
    <param name="PhoneUI.Keys.FunctionKeys.7.Type" value="-1"/>
    <param name="PhoneUI.Keys.FunctionKeys.7.Connection" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.DisplayName" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.PhoneNumber" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.CallPickupCode" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.URL" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.EnableCode" value=""/>
    <param name="PhoneUI.Keys.FunctionKeys.7.DisableCode" value=""/>
    "#);
    let fleet = phone("cisco-spa504g", "");
    assert_snapshot!(fleet.sent(&["Extension_4_", "Short_Name_4_", "Extended_Function_4_", "Unit_2_Enable", "Unit_2_Key_32"]), @r#"
    <Extension_4_ ua="na">Disabled</Extension_4_>
    <Short_Name_4_ ua="na"></Short_Name_4_>
    <Extended_Function_4_ ua="na"></Extended_Function_4_>
    <Unit_2_Enable>No</Unit_2_Enable>
    <Unit_2_Key_32 ua="na"></Unit_2_Key_32>
    "#);
}

#[test]
fn the_lines_own_keys_lie_over_its_layout_in_two_units() {
    let layout = format!(
        "{SITE}
        [layouts.desk]
        keys.2 = {{ function = \"dial\", number = \"202\", label = \"layout\" }}
        keys.3 = {{ function = \"forward_no_answer\", number = \"202\", seconds = 20, label = \"layout\" }}
        keys.4 = {{ function = \"dial\", number = \"202\", label = \"layout\" }}
        keys.5 = {{ label = \"label only\" }}
        "
    );
    let line = "layout = \"desk\"
        keys.2.label = \"own\"
        keys.3 = { function = \"dial\", number = \"203\" }
        keys.5.function = \"redial\"
        keys.6.label = \"a label\"
        ";
    let fleet = phone("yealink-t46s", line).with("sites/a/site.toml", &layout);
    let own = |n: u8| {
        fleet.sent(
            &["type", "value", "label"].map(|field| format!("linekey.{n}.{field}")).each_ref().map(String::as_str),
        )
    };
    assert_snapshot!(own(2), @"
    linekey.2.type = 13
    linekey.2.value = 202
    linekey.2.label = own
    ");
    assert_snapshot!(own(3), @"
    linekey.3.type = 13
    linekey.3.value = 203
    linekey.3.label = layout
    ");
    assert_snapshot!(own(4), @"
    linekey.4.type = 13
    linekey.4.value = 202
    linekey.4.label = layout
    ");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:4: `redial` is impossible here: no key of this kind and firmware has a redial type; the redial key of the phone does it [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    ");
}

#[test]
fn a_label_alone_names_the_line_that_is_there_by_default() {
    let fleet = phone("yealink-t46s", "keys.1.label = \"Front desk\"\n");
    assert_snapshot!(fleet.sent(&["linekey.1."]), @"
    linekey.1.type = 15
    linekey.1.line = 1
    linekey.1.value = %NULL%
    linekey.1.extension = %NULL%
    linekey.1.pickup_value = %NULL%
    linekey.1.shortlabel = %NULL%
    linekey.1.label = Front desk
    ");
    assert_snapshot!(fleet.findings(), @"");
}

#[test]
fn a_function_over_a_line_key_is_warned_of() {
    let line = "keys.1 = { function = \"dial\", number = \"202\" }\nkeys.2 = { function = \"line\", line = 1 }\n";
    assert_snapshot!(phone_with("yealink-t46s", "lines = [\"201\", \"202\"]", line).findings(), @r#"
    warning: sites/a/lines/201.toml:1: `keys.1` normally carries line 1 of the phone; as `dial` it does not [line-key]
      hint: put `function = "line", line = 1` on another key, or accept = ["line-key"]
    "#);
    assert_snapshot!(phone("cisco-spa504g", "keys.1 = { function = \"dial\", number = \"202\" }\n").findings(), @r#"
    warning: sites/a/lines/201.toml:1: `keys.1` normally carries line 1 of the phone; as `dial` it does not [line-key]
      hint: put `function = "line", line = 1` on another key, or accept = ["line-key"]
    warning: sites/a/phones/001565aabbcc.toml:2: line 1 (`201`) has no line key, and `cisco-spa504g` cannot use it without one [no-line-key]
      hint: put `function = "line", line = 1` on a key
    "#);
}

#[test]
fn what_its_owner_has_seen_is_accepted() {
    let line = "keys.1 = { function = \"none\", accept = [\"line-key\"] }
        keys.2 = { function = \"supervise_beep\", number = \"202\", accept = \"degraded\" }
        keys.3 = { function = \"swap\", accept = [\"degraded\"] }
        ";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @r#"
    (accepted) warning: sites/a/lines/201.toml:1: `keys.1` normally carries line 1 of the phone; as `none` it does not [line-key]
      hint: put `function = "line", line = 1` on another key, or accept = ["line-key"]
    (accepted) warning: sites/a/lines/201.toml:2: `supervise_beep` works, but not as asked: the phone alerts for all watched lines alike, or for none [degraded]
    error: sites/a/lines/201.toml:3: `swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    "#);
}

#[test]
fn a_layout_accepts_for_its_own_keys() {
    let site = format!(
        "{SITE}[layouts.desk.keys.2]\nfunction = \"supervise_beep\"\nnumber = \"202\"\naccept = [\"degraded\"]\n"
    );
    let fleet = phone("yealink-t46s", "layout = \"desk\"\n").with("sites/a/site.toml", &site);
    assert_snapshot!(fleet.findings(), @"(accepted) warning: sites/a/site.toml:10: `supervise_beep` works, but not as asked: the phone alerts for all watched lines alike, or for none [degraded]");
}

#[test]
fn phones_are_not_told_that_a_key_is_locked() {
    let site = |more: &str| format!("{SITE}[layouts.desk.keys.3]\nfunction = \"hold\"\n{more}");
    let line = |more: &str| format!("layout = \"desk\"\n[keys.2]\nlabel = \"Ann\"\n{more}");
    let open = phone("yealink-t46s", &line("")).with("sites/a/site.toml", &site(""));
    let locked = phone("yealink-t46s", &line("locked = true\n")).with("sites/a/site.toml", &site("locked = true\n"));
    assert_eq!(locked.findings(), "");
    assert_eq!(locked.file(), open.file());
    assert_snapshot!(phone("yealink-t46s", "keys.2.locked = \"yes\"\n").findings(), @"
    error: sites/a/lines/201.toml:1: `keys.2.locked` must be true or false, not a text [wrong-type]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn keys_call_out_by_the_line_that_they_name() {
    let keys =
        "keys.3 = { function = \"dial\", number = \"202\", via = 2 }\nkeys.4 = { function = \"line\", line = 2 }\n";
    let lines = "lines = [\"201\", \"202\"]";
    let sent = |model, words: &[&str]| phone_with(model, lines, keys).sent(words);
    assert_snapshot!(sent("yealink-t46s", &["linekey.3.line", "linekey.4.line"]), @"
    linekey.3.line = 2
    linekey.4.line = 2
    ");
    assert_snapshot!(sent("cisco-spa504g", &["Extended_Function_3_", "Extension_4_"]), @r#"
    <Extended_Function_3_ ua="na">fnc=sd;ext=202@$PROXY;vid=2;nme=202</Extended_Function_3_>
    <Extension_4_ ua="na">2</Extension_4_>
    "#);
    assert_snapshot!(sent("gigaset-maxwell3", &["FunctionKeys.2.Type", "FunctionKeys.3.Connection"]), @r#"
    <param name="PhoneUI.Keys.FunctionKeys.2.Type" value="3"/>
    <param name="PhoneUI.Keys.FunctionKeys.3.Connection" value="1"/>
    "#);
    assert_snapshot!(phone_with("gigaset-maxwell3", lines, keys).findings(), @"warning: sites/a/lines/201.toml:1: `dial` works, but not as asked: the key cannot say by which line it calls out; the phone takes its own [degraded]");
}

#[test]
fn a_line_that_the_phone_has_not() {
    let keys = "keys.2 = { function = \"line\", line = 2 }\nkeys.3 = { function = \"hold\", via = 3 }\n";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `line` is 2, but the phone `001565aabbcc` has 1 line(s) [no-such-line]
    error: sites/a/lines/201.toml:2: `via` is 3, but the phone `001565aabbcc` has 1 line(s) [no-such-line]
    ");
    assert_snapshot!(phone("yealink-t46s", "keys.4 = { function = \"line\", line = 0 }\n").findings(), @"
    error: sites/a/lines/201.toml:1: `keys.4.line` is 0, but must be from 1 to 250 [out-of-range]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    assert_snapshot!(phone_with("yealink-t46s", "lines = []", "").sent(&["account.1.enable", "linekey.1."]), @"
    account.1.enable = 0
    linekey.1.type = 0
    linekey.1.line = %NULL%
    linekey.1.value = %NULL%
    linekey.1.extension = %NULL%
    linekey.1.pickup_value = %NULL%
    linekey.1.shortlabel = %NULL%
    linekey.1.label = %NULL%
    ");
}

#[test]
fn what_a_function_needs_is_asked_for() {
    let keys = "keys.2.function = \"dial\"
        keys.3.function = \"supervise\"
        keys.4.function = \"forward_all_to_fax\"
        keys.5.function = \"hunt_join\"
        keys.6.function = \"queue_join\"
        keys.7.function = \"url\"
        keys.8.function = \"ivr\"
        keys.9 = { function = \"redial\", number = \"202\" }
        keys.10 = { function = \"none\", url = \"https://example.org\" }
        keys.11 = { function = \"dial\", number = \"202\", seconds = 5, line = 1 }
        keys.12.number = \"202\"
        ";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.2.number` is missing: `dial` needs a number [missing-parameter]
    error: sites/a/lines/201.toml:2: `keys.3.number` is missing: `supervise` needs the number of a line of the site [missing-parameter]
    error: sites/a/lines/201.toml:3: `keys.4.number` is missing: `forward_all_to_fax` needs the number of a line, voicemail or fax [missing-parameter]
    error: sites/a/lines/201.toml:4: `keys.5.number` is missing: `hunt_join` needs the number of a hunting group [missing-parameter]
    error: sites/a/lines/201.toml:5: `keys.6.number` is missing: `queue_join` needs the number of a call queue [missing-parameter]
    error: sites/a/lines/201.toml:6: `keys.7.url` is missing: `url` needs a web address [missing-parameter]
    error: sites/a/lines/201.toml:7: `keys.8.number` is missing: `ivr` needs the number that reaches the voice menu, or its `url` [missing-parameter]
    error: sites/a/lines/201.toml:8: `keys.9.number` means nothing to the function `redial` [useless-parameter]
      hint: it takes via
    error: sites/a/lines/201.toml:9: `keys.10.url` means nothing to the function `none` [useless-parameter]
      hint: it takes no parameter
    error: sites/a/lines/201.toml:10: `keys.11.line` means nothing to the function `dial` [useless-parameter]
      hint: it takes number, via
    error: sites/a/lines/201.toml:10: `keys.11.seconds` means nothing to the function `dial` [useless-parameter]
      hint: it takes number, via
    error: sites/a/lines/201.toml:11: `keys.12.number` is given without a function [no-function]
      hint: say which `function` it is for
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn what_a_key_names_has_to_be_there() {
    let keys = "keys.2 = { function = \"supervise\", number = \"0033972109000\" }
        keys.3 = { function = \"supervise\", number = \"204\" }
        keys.4 = { function = \"forward_all_to_voicemail\", number = \"0033972109004\" }
        keys.5 = { function = \"hunt_join\", number = \"0033972109000\" }
        keys.6 = { function = \"queue_join\", number = \"0033972109001\" }
        keys.7 = { function = \"queue_leave\", number = \"99\" }
        keys.8 = { function = \"dial\", number = \"0033123456789\" }
        ";
    assert_snapshot!(common::lines_with(&phone("yealink-t46s", keys).findings(), &["unknown-number", "did you", "say "]), @r#"
    error: sites/a/lines/201.toml:1: `supervise` needs a line of the site, and `0033972109000` is none [unknown-number]
    hint: if it is somebody else's, say [numbers."0033972109000"] kind = "external" in site.toml
    error: sites/a/lines/201.toml:2: `supervise` needs a line of the site, and `204` is none [unknown-number]
    hint: did you mean `201`?
    error: sites/a/lines/201.toml:3: `forward_all_to_voicemail` needs a line, voicemail or fax of the site, and `0033972109004` is none [unknown-number]
    hint: did you mean `0033972109000`?
    error: sites/a/lines/201.toml:4: `hunt_join` needs a hunting group of the site, and `0033972109000` is none [unknown-number]
    hint: say [numbers."0033972109000"] kind = "hunt" in site.toml
    error: sites/a/lines/201.toml:5: `queue_join` needs a call queue of the site, and `0033972109001` is none [unknown-number]
    hint: say [numbers."0033972109001"] kind = "queue" in site.toml
    error: sites/a/lines/201.toml:6: `queue_leave` needs a call queue of the site, and `99` is none [unknown-number]
    hint: say [numbers."99"] kind = "queue" in site.toml
    "#);
}

#[test]
fn what_a_key_may_name() {
    let keys = "keys.2 = { function = \"supervise\", number = \"202\" }
        keys.3 = { function = \"supervise\", number = \"0033199000000\" }
        keys.4 = { function = \"forward_all_to_voicemail\", number = \"201\" }
        keys.5 = { function = \"forward_all_to_voicemail\", number = \"0033972109003\" }
        keys.6 = { function = \"forward_all_to_fax\", number = \"0033972109002\" }
        ";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"");
}

#[test]
fn operators_names_are_taken_for_functions() {
    let keys = "keys.2 = { function = \"SUP0\", number = \"202\" }\nkeys.3 = { function = \"CFU\" }\nkeys.4.function = \"EXT\"\n";
    let fleet = phone("yealink-t46s", keys);
    assert_snapshot!(fleet.findings(), @"");
    assert_snapshot!(fleet.sent(&["linekey.2.type", "linekey.3.value", "linekey.4.type"]), @r#"
    linekey.2.type = 16
    linekey.3.value = "**21#"
    linekey.4.type = 15
    "#);
}

#[test]
fn stars_and_https_are_no_limit() {
    let keys = "keys.2 = { function = \"dial\", number = \"*31#+33 9 72 10 10 11\" }
        keys.3 = { function = \"dial\", number = \"*31#0033972101011\" }
        keys.4 = { function = \"url\", url = \"https://crm.example.org/pop?a=1&b=%20\" }
        keys.5 = { function = \"url\", url = \"crm.example.org\" }
        keys.6 = { function = \"dial\", number = \"+33 (0)9.72-10\" }
        keys.7 = { function = \"url\", url = \"https:anna:s3cret@example.org\" }
        keys.8 = { function = \"url\", url = \"https://anna:s3cret@example.org:http\" }
        ";
    let fleet = phone("yealink-t46s", keys);
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:1: `keys.2.number`: `*31#+33 9 72 10 10 11` is not a number: it holds '+'; digits, `*`, `#` and one leading `+` were expected [bad-number]
    error: sites/a/lines/201.toml:4: `keys.5.url` is `crm.example.org`, which is not a web address: relative URL without a base [bad-url]
    error: sites/a/lines/201.toml:6: `keys.7.url` begins with `https:`, but must begin with `https://` [bad-url]
    error: sites/a/lines/201.toml:7: `keys.8.url` is `https://anna:‹hidden›@example.org:http`, which is not a web address: invalid port number [bad-url]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    let good = "keys.3 = { function = \"dial\", number = \"*31#0033972101011\" }
        keys.4 = { function = \"url\", url = \"https://crm.example.org/pop?a=1&b=%20\" }
        keys.6 = { function = \"dial\", number = \"+33 (0)9.72-10\" }
        ";
    assert_snapshot!(phone("yealink-t46s", good).sent(&["linekey.3.value", "linekey.4.value", "linekey.6.value"]), @r#"
    linekey.3.value = "*31#0033972101011"
    linekey.4.value = https://crm.example.org/pop?a=1&b=%20
    linekey.6.value = +3397210
    "#);
    assert_snapshot!(phone("cisco-spa504g", good).sent(&["Extended_Function_3_", "Extended_Function_4_"]), @r#"
    <Extended_Function_3_ ua="na">fnc=sd;ext=*31#0033972101011@$PROXY;vid=1;nme=*31#0033972101011</Extended_Function_3_>
    <Extended_Function_4_ ua="na">fnc=xml;url=https://crm.example.org/pop?a=1&amp;b=%20;nme=</Extended_Function_4_>
    "#);
    assert_snapshot!(phone("cisco-spa509g", good).findings(), @"
    error: sites/a/lines/201.toml:3: `dial` is impossible here: a number in a fnc string cannot carry `+`; write an international number with `00` [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    ");
}

#[test]
fn the_site_says_who_does_services() {
    let keys = "keys.2.function = \"do_not_disturb\"\nkeys.3 = { function = \"forward_all_to\", number = \"202\" }\n";
    let sent = |services: &str| {
        let fleet = phone("yealink-t46s", keys).with("sites/a/site.toml", &format!("{services}\n{SITE}"));
        fleet.sent(&["linekey.2.type", "linekey.2.value", "linekey.3.type", "linekey.3.value"])
    };
    assert_snapshot!(sent(""), @r#"
    linekey.2.type = 13
    linekey.2.value = "**26#"
    linekey.3.type = 13
    linekey.3.value = "*21*202#"
    "#);
    assert_snapshot!(sent("services = \"phone\""), @"
    linekey.2.type = 5
    linekey.2.value = %NULL%
    linekey.3.type = 2
    linekey.3.value = 202
    ");
    assert_snapshot!(sent("native = [\"do_not_disturb\"]"), @r#"
    linekey.2.type = 5
    linekey.2.value = %NULL%
    linekey.3.type = 13
    linekey.3.value = "*21*202#"
    "#);
}

#[test]
fn a_sites_own_codes_lie_over_the_operators() {
    let keys = "keys.2.function = \"forward_all\"\nkeys.3 = { function = \"queue_join\", number = \"0033972109000\" }
        keys.4 = { function = \"forward_no_answer\", number = \"202\" }
        keys.5 = { function = \"forward_no_answer\", number = \"202\", seconds = 20 }\n";
    let codes = "codes.forward_all = { toggle = \"*99\" }\ncodes.queue_join = { dial = \"*45*{number}#\" }\n";
    let fleet = phone("yealink-t46s", keys).with("sites/a/site.toml", &format!("{codes}{SITE}"));
    assert_snapshot!(fleet.sent(&["linekey.2.value", "linekey.3.value", "linekey.4.value", "linekey.5.value"]), @r#"
    linekey.2.value = *99
    linekey.3.value = "*45*0033972109000#"
    linekey.4.value = "*61*202#"
    linekey.5.value = "*61*202*20#"
    "#);
}

#[test]
fn a_number_is_shown_by_its_name_where_the_key_has_none() {
    let keys = "keys.2 = { function = \"dial\", number = \"0033199000000\" }\n";
    assert_snapshot!(phone("gigaset-maxwell3", keys).sent(&["FunctionKeys.1.DisplayName"]), @r#"<param name="PhoneUI.Keys.FunctionKeys.1.DisplayName" value="Elsewhere"/>"#);
    assert_snapshot!(phone("cisco-spa504g", keys).sent(&["Short_Name_2_", "Extended_Function_2_"]), @r#"
    <Short_Name_2_ ua="na">Elsewhere</Short_Name_2_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=0033199000000@$PROXY;vid=1;nme=Elsewhere</Extended_Function_2_>
    "#);
}

#[test]
fn only_the_primary_lines_keys_are_looked_at() {
    // What is wrong with a second line's keys on this phone is no finding: they are not sent.
    let lines = "model = \"yealink-t46s\"\nlines = [\"202\", \"201\"]\n";
    let fleet = phone("yealink-t46s", "keys.99.function = \"swap\"\n");
    assert_snapshot!(fleet.with(&format!("sites/a/phones/{MAC}.toml"), lines).findings(), @"");
}
