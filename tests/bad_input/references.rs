//! What names something that is not there, is broken, or does not fit.

use insta::assert_snapshot;

use crate::common::{phone, phone_with};

#[test]
fn a_model_that_does_not_exist() {
    assert_snapshot!(phone("yealink-t46x", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: the model `yealink-t46x` does not exist [unknown-model]
      hint: did you mean `yealink-t46g`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s)
    ");
    assert_snapshot!(phone("rotary-dial", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: the model `rotary-dial` does not exist [unknown-model]
      hint: `offhook models` lists them
    ");
}

#[test]
fn a_model_that_nobody_knows_is_served_as_its_familys_smallest() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"Marie\" }\nkeys.20.label = \"x\"\n";
    let fleet = phone("cisco-spa599g", keys);
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:2: `keys.20` does not exist on `cisco-spa599g`, which has 3 keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/phones/001565aabbcc.toml:1: the model `cisco-spa599g` does not exist [unknown-model]
      hint: did you mean `cisco-spa509g`? Until it is known, a phone that was never served gets 3 account(s) and 3 key(s)
    ");
    assert_snapshot!(fleet.sent(&["<User_ID_", "<Extended_Function_", "<Extension_"]), @r#"
    <User_ID_1_>201</User_ID_1_>
    <User_ID_2_></User_ID_2_>
    <User_ID_3_></User_ID_3_>
    <Extension_1_ ua="na">1</Extension_1_>
    <Extended_Function_1_ ua="na"></Extended_Function_1_>
    <Extension_2_ ua="na">Disabled</Extension_2_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Marie</Extended_Function_2_>
    <Extension_3_ ua="na">Disabled</Extension_3_>
    <Extended_Function_3_ ua="na"></Extended_Function_3_>
    "#);
}

#[test]
fn a_line_that_does_not_exist() {
    assert_snapshot!(phone_with("yealink-t46s", "lines = [\"201\", \"2O2\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:2: the line `2O2` does not exist in the site `a` [unknown-line]
      hint: did you mean `202`?
    ");
}

#[test]
fn a_line_that_is_broken_is_told_once_where_it_is_and_where_it_is_named() {
    assert_snapshot!(phone("yealink-t46s", "layout = 1\n").findings(), @"
    error: sites/a/lines/201.toml:1: `layout` must be a text, not a whole number [wrong-type]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_line_that_is_broken_is_still_a_line_that_keys_may_watch() {
    let keys = "keys.2 = { function = \"supervise\", number = \"202\" }
        keys.3 = { function = \"forward_all_to_voicemail\", number = \"202\" }\n";
    assert_snapshot!(phone("yealink-t46s", keys).with("sites/a/lines/202.toml", "layout = 1\n").findings(), @"error: sites/a/lines/202.toml:1: `layout` must be a text, not a whole number [wrong-type]");
}

#[test]
fn more_lines_than_the_model_has() {
    let lines = "lines = [\"201\", \"202\", \"203\"]";
    assert_snapshot!(phone_with("yealink-t21p-e2", lines, "").findings(), @"error: sites/a/phones/001565aabbcc.toml:2: the phone has 3 lines, but `yealink-t21p-e2` has 2; the others are not sent [too-many-lines]");
}

#[test]
fn a_line_that_is_named_twice() {
    assert_snapshot!(phone_with("yealink-t46s", "lines = [\"201\", \"201\"]", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:2: the line `201` is named twice [twice]");
}

#[test]
fn a_layout_that_does_not_exist() {
    assert_snapshot!(phone("yealink-t46s", "layout = \"front\"\n").findings(), @"
    error: sites/a/lines/201.toml:1: the layout `front` does not exist in the site `a` [unknown-layout]
      hint: add [layouts.front] to site.toml
    ");
}

#[test]
fn a_table_of_codes_that_does_not_exist() {
    let fleet = phone("yealink-t46s", "").with("sites/a/site.toml", "feature_codes = \"asterix\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: the table of feature codes `asterix` does not exist [unknown-feature-codes]
      hint: did you mean `asterisk`?
    ");
}

#[test]
fn a_code_that_cannot_be_dialled() {
    let site = "codes.forward_all = { on = \"*72 now\" }\ncodes.queue_join = { dial = \"*45*{queue}#\" }\n";
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/site.toml", site).findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: `*72 now` is not a code: digits, `*`, `#` were expected [bad-code]
    error: sites/a/site.toml:2: `*45*{queue}#` is not a code: digits, `*`, `#`, `{number}` and `{seconds}` were expected [bad-code]
    ");
}

#[test]
fn a_family_or_model_of_settings_that_does_not_exist() {
    let fleet = "schema = 1\nfamily.yealnk.settings.language = \"fr\"\nmodel.yealink-t46z.settings.language = \"fr\"\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", fleet).findings(), @r#"
    error: fleet.toml:2: [family.yealnk] names a family that does not exist [unknown-family]
      hint: did you mean `yealink`?
    error: fleet.toml:3: [model."yealink-t46z"] names a model that does not exist [unknown-model]
      hint: did you mean `yealink-t46g`?
    "#);
}

#[test]
fn raw_edits_that_cannot_be_made() {
    let phone = |raw: &str| phone_with("yealink-t46s", raw, "").findings();
    assert_snapshot!(phone("raw.yealink = { \"a b\" = \"1\" }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `a b`: expected a name of letters, digits, `_`, `.` and `-` [bad-raw]");
    assert_snapshot!(phone("raw.yealink = { x = { value = \"1\", attributes = { ua = \"na\" } } }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `x`: expected no attributes, found `ua`; a cfg parameter has none [bad-raw]");
    assert_snapshot!(phone("raw.yealink = { x = 1.5 }"), @"error: sites/a/phones/001565aabbcc.toml:3: `raw.yealink.x` must be a text, a list of texts, or { value, attributes } [wrong-type]");
    assert_snapshot!(phone("raw.yealink = { x = \"1\\ny = 2\" }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `x`: a cfg value cannot carry a line break [bad-raw]");
    assert_snapshot!(phone("raw.cisco-spa = { Text_Logo = \"A\" }"), @"warning: sites/a/phones/001565aabbcc.toml:3: [raw.cisco-spa] changes nothing: the phone is of the family `yealink` [raw-of-other-family]");
}

#[test]
fn handsets_belong_to_bases() {
    assert_snapshot!(phone_with("yealink-t46s", "handsets.1.line = 1", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: `yealink-t46s` has no handsets [no-handsets]
      hint: handsets belong to DECT bases
    ");
}
