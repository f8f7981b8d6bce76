//! Fields and words that nobody knows, or that are missing.

use insta::assert_snapshot;

use crate::common::{SITE, phone};

#[test]
fn a_misspelt_field() {
    let fleet = phone("yealink-t46s", "dispaly_name = \"Reception\"\n[keys.2]\nfuntion = \"dial\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:1: `dispaly_name` is not a known field [unknown-field]
      hint: did you mean `display_name`?
    error: sites/a/lines/201.toml:3: `keys.2.funtion` is not a known field [unknown-field]
      hint: did you mean `function`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_field_unlike_any_other() {
    assert_snapshot!(phone("yealink-t46s", "[keys.2]\nflashing = true\n").findings(), @"
    error: sites/a/lines/201.toml:2: `keys.2.flashing` is not a known field [unknown-field]
      hint: known here: function, number, url, line, via, seconds, label, accept, locked
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_misspelt_function() {
    assert_snapshot!(phone("yealink-t46s", "[keys.2]\nfunction = \"supervize\"\nnumber = \"202\"\n").findings(), @"
    error: sites/a/lines/201.toml:2: `supervize` is not a function [unknown-function]
      hint: did you mean `supervise`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_misspelt_setting() {
    assert_snapshot!(phone("yealink-t46s", "[settings]\ntimezon = \"Europe/Paris\"\n").findings(), @"
    error: sites/a/lines/201.toml:2: `settings.timezon` is not a setting [unknown-setting]
      hint: did you mean `timezone`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn two_mistakes_in_one_file() {
    let line =
        "display_name = 7\n\n[keys.2]\nfunction = \"dial\"\nnumber = \"call me\"\n\n[keys.1001]\nlabel = \"?\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @"
    error: sites/a/lines/201.toml:1: `display_name` must be a text, not a whole number [wrong-type]
    error: sites/a/lines/201.toml:5: `keys.2.number`: `call me` is not a number: it holds 'c'; digits, `*`, `#` and one leading `+` were expected [bad-number]
    error: sites/a/lines/201.toml:7: `keys.1001`: the last part must be a number from 1 to 1000 [bad-position]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn two_broken_lines_of_toml() {
    assert_snapshot!(phone("yealink-t46s", "display_name = \n[keys.2\nlabel = \"x\"\n").findings(), @"
    error: sites/a/lines/201.toml:1: not valid TOML: string values must be quoted, expected literal string [syntax]
    error: sites/a/lines/201.toml:2: not valid TOML: unclosed table, expected `]` [syntax]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_fleet_of_another_schema() {
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", "schema = 2\n").findings(), @"
    error: fleet.toml:1: `schema` is 2, but this version reads schema 1 [wrong-schema]
      hint: use an offhook that knows it
    ");
}

#[test]
fn a_phone_without_its_fields() {
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/phones/001565aabbcc.toml", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: `lines` is missing [missing-field]
      hint: write `lines = []` for a spare phone
    error: sites/a/phones/001565aabbcc.toml:1: `model` is missing [missing-field]
    ");
}

#[test]
fn words_that_are_none_of_the_known_ones() {
    let site = format!(
        "services = \"operator\"\nnative = [\"dnd\"]\ntrust.networks = [\"home\"]\n{SITE}0199 = {{ kind = \"que\" }}\n"
    );
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/site.toml", &site).findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: `services` is `operator`, but must be network or phone [unknown-word]
    error: sites/a/site.toml:2: `native` names `dnd`, which is not a function [unknown-function]
      hint: `docs/fleet.md` lists the 39
    error: sites/a/site.toml:3: `home` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address were expected [bad-network]
    error: sites/a/site.toml:13: `kind` is `que`, but must be queue, hunt, fax, voicemail or external [unknown-word]
    ");
}
