//! Keys and modules that the phone does not have, and labels that it cannot show.

use insta::assert_snapshot;

use crate::common::{phone, phone_with};

#[test]
fn a_key_beyond_the_model() {
    let keys = "keys.28.label = \"a\"\nsoft_keys.11.label = \"b\"\nmodules.1.keys.1.label = \"c\"\n";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.28` does not exist on `yealink-t46s`, which has 27 keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/lines/201.toml:2: `soft_keys.11` does not exist on `yealink-t46s`, which has the soft keys 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14 [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/lines/201.toml:3: `modules.1.keys.1` does not exist: the phone `001565aabbcc` has 0 module(s) [no-such-module]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_key_beyond_the_module() {
    let keys = "modules.1.keys.41.function = \"redial\"\n";
    assert_snapshot!(phone_with("yealink-t46s", "modules = 1", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `modules.1.keys.41` does not exist on `yealink-exp40`, which has 40 keys [no-such-key]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_key_that_is_reserved() {
    let keys = "modules.1.keys.1.function = \"redial\"\n";
    assert_snapshot!(phone_with("yealink-t38g", "modules = [\"yealink-exp39\"]", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `modules.1.keys.1` cannot be set on `yealink-exp39`: page switch [reserved-key]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_that_does_not_fit() {
    assert_snapshot!(phone_with("yealink-t46s", "modules = [\"yealink-exp50\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: the module `yealink-exp50` does not fit `yealink-t46s` [wrong-module]
      hint: it takes yealink-exp40
    ");
    assert_snapshot!(phone_with("yealink-t46s", "modules = [\"yealink-exp04\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: the module `yealink-exp04` does not exist [unknown-module]
      hint: did you mean `yealink-exp40`?
    ");
    assert_snapshot!(phone_with("yealink-t46s", "modules = 7", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:3: `yealink-t46s` takes 6 modules at the most, not 7 [too-many-modules]");
    assert_snapshot!(phone_with("yealink-t41s", "modules = 1", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:3: `yealink-t41s` takes no expansion module, and the phone says it has 1 [no-modules]");
}

#[test]
fn a_label_that_is_too_long() {
    let line = format!("[keys.2]\nfunction = \"redial\"\nlabel = \"{}\"\n", "x".repeat(100));
    assert_snapshot!(phone("yealink-t46s", &line).findings(), @"
    error: sites/a/lines/201.toml:3: `keys.2.label` has 100 characters; 99 are the most [label-too-long]
      hint: phones show 10 to 20
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    let line = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Laboratoire\" }\n";
    assert_snapshot!(phone("cisco-spa504g", line).findings(), @r#"
    warning: sites/a/lines/201.toml:1: the label `Laboratoire` is sent as `Laboratoir`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    "#);
}

#[test]
fn a_line_break_in_a_label() {
    let line =
        "display_name = \"two\\nlines\"\nkeys.2.label = \"a\\nfeatures.x = 1\"\nkeys.3.label = \"bell \\u0007\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @r"
    error: sites/a/lines/201.toml:1: `display_name` holds a line break or control character [bad-label]
    error: sites/a/lines/201.toml:2: `keys.2.label` holds a line break; a label is one line [bad-label]
    error: sites/a/lines/201.toml:3: `keys.3.label` holds the control character '\u{7}' [bad-label]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn semicolon_equals_and_plus_in_a_cisco_label() {
    let line = "keys.2 = { function = \"dial\", number = \"202\", label = \"a;fnc=dnd+x\" }\n";
    let fleet = phone("cisco-spa504g", line);
    assert_snapshot!(fleet.findings(), @"warning: sites/a/lines/201.toml:1: the label `a;fnc=dnd+x` is sent as `a,fnc-dnd x`, since the phone's file cannot carry it as it is [label-changed]");
    assert_snapshot!(fleet.sent(&["Extended_Function_2_"]), @r#"<Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=a,fnc-dnd x</Extended_Function_2_>"#);
}

#[test]
fn a_quote_in_a_yealink_label() {
    let fleet = phone("yealink-t46s", "keys.2 = { function = \"dial\", number = \"202\", label = 'the \"lab\"' }\n");
    assert_snapshot!(fleet.findings(), @r#"warning: sites/a/lines/201.toml:1: the label `the "lab"` is sent as `the 'lab'`, since the phone's file cannot carry it as it is [label-changed]"#);
    assert_snapshot!(fleet.sent(&["linekey.2.label"]), @"linekey.2.label = the 'lab'");
}
