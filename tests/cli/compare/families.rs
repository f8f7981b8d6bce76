//! From one family to another, and within one.

use insta::assert_snapshot;

use super::{LINE, compared, written};
use crate::common::{MAC, lines_with, phone, phone_with};

#[test]
fn a_smaller_phone_of_the_same_family() {
    let line = "\
# Reception
display_name = \"Hall\"

[keys.2]
function = \"supervise\"
number = \"202\"

# the boss
[keys.16] # second page
function = \"dial\"
number = \"203\"
label = \"Paul\"

[keys.27]
function = \"hold\"
accept = [\"degraded\"]

[modules.1.keys.1]
function = \"dial\"
number = \"202\"
";
    let fleet = phone_with("yealink-t46s", "modules = 1 # on the left", line);
    assert_snapshot!(compared(&fleet, "yealink-t42s"), @"
    001565aabbcc: yealink-t46s -> yealink-t42s

    lost:
      modules: `yealink-t42s` takes no expansion module, and the phone has 1  (sites/a/phones/001565aabbcc.toml:3)

    moved:
      keys.16: `dial 203` `Paul` goes to keys.3, from page 2 to page 1  (sites/a/lines/201.toml:9)
      keys.27: `hold` goes to keys.4, from page 3 to page 1  (sites/a/lines/201.toml:14)
      modules.1.keys.1: `dial 202` goes to keys.5, from page 1 of module 1 to page 1  (sites/a/lines/201.toml:18)

    note:
      keys: 27 line keys, 9 a page -> 15 line keys, 5 a page  (sites/a/phones/001565aabbcc.toml:1)
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "yealink-t42s", &[LINE, &format!("sites/a/phones/{MAC}.toml")]), @r#"
    --- sites/a/lines/201.toml
    # Reception
    display_name = "Hall"

    [keys.2]
    function = "supervise"
    number = "202"

    # the boss
    [keys.3] # second page
    function = "dial"
    number = "203"
    label = "Paul"

    [keys.4]
    function = "hold"
    accept = ["degraded"]

    [keys.5]
    function = "dial"
    number = "202"
    --- sites/a/phones/001565aabbcc.toml
    model = "yealink-t42s"
    lines = ["201"]
    modules = 0 # on the left
    "#);
}

#[test]
fn a_larger_phone_has_place_for_what_was_kept() {
    let line = "keys.16 = { function = \"dial\", number = \"202\" }\nkeys.17.label = \"label only\"\nmodules.1.keys.1 = { function = \"dial\", number = \"203\" }\n";
    let fleet = phone("yealink-t42s", line);
    assert_snapshot!(compared(&fleet, "yealink-t46s"), @"
    001565aabbcc: yealink-t42s -> yealink-t46s

    gained:
      keys.16: `dial 202` has a place now  (sites/a/lines/201.toml:1)

    note:
      keys: 15 line keys, 5 a page -> 27 line keys, 9 a page  (sites/a/phones/001565aabbcc.toml:1)
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 0
    ");
    assert_snapshot!(written(&fleet, "yealink-t46s", &[&format!("sites/a/phones/{MAC}.toml")]), @r#"
    --- sites/a/phones/001565aabbcc.toml
    model = "yealink-t46s"
    lines = ["201"]
    "#);
}

#[test]
fn from_a_cisco_to_a_yealink() {
    let line = "\
settings.ldap_port = 636
settings.web_access = \"off\"
[keys.2]
function = \"supervise_beep\"
number = \"202\"
[keys.12]
function = \"dial\"
number = \"203\"
label = \"a;b\"
[soft_keys.1]
function = \"redial\"
[soft_keys.2]
function = \"dial\"
number = \"202\"
label = \"Laboratoire\"
[soft_keys.6]
function = \"cancel\"
[modules.1.keys.32]
function = \"dial\"
number = \"203\"
";
    let phone = "modules = [\"cisco-spa500s\", \"cisco-spa500s\"]\nfirmware = \"7.6.2\"\n[raw.cisco-spa]\n\"Text_Logo\" = \"A\"\n[raw.yealink]\n\"a.b\" = \"1\"\n";
    let fleet = phone_with("cisco-spa509g", phone, line);
    assert_snapshot!(compared(&fleet, "yealink-t46s"), @r#"
    001565aabbcc: cisco-spa509g -> yealink-t46s

    lost:
      soft_keys.1: `redial` is impossible: no key of this kind and firmware has a redial type; the redial key of the phone does it  (sites/a/lines/201.toml:10)
      soft_keys.6: `cancel` is impossible: programmable keys work only while the phone is idle; the phone's own cancel key does it  (sites/a/lines/201.toml:16)
      raw.cisco-spa."Text_Logo": changes nothing on a phone of the family `yealink`  (sites/a/phones/001565aabbcc.toml:6)

    changed:
      modules.1: the module `cisco-spa500s` does not fit; a `yealink-exp40` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.2: the module `cisco-spa500s` does not fit; a `yealink-exp40` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)

    gained:
      soft_keys.2: the label `Laboratoir` is sent as `Laboratoire`  (sites/a/lines/201.toml:12)
      settings.ldap_port: holds on `yealink-t46s`  (sites/a/lines/201.toml:1)
      raw.yealink."a.b": holds on a phone of the family `yealink`  (sites/a/phones/001565aabbcc.toml:8)

    note:
      keys: 12 line keys -> 27 line keys, 9 a page  (sites/a/phones/001565aabbcc.toml:1)
      firmware: `7.6.2` is a firmware of the family `cisco-spa`, and is taken out  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      warning: sites/a/lines/201.toml:3: `supervise_beep` works, but not as asked: the phone alerts for all watched lines alike, or for none [degraded]
      error: sites/a/lines/201.toml:10: `redial` is impossible here: no key of this kind and firmware has a redial type; the redial key of the phone does it [impossible]
        hint: the key is sent as an empty one; `offhook functions` lists what it can do
      error: sites/a/lines/201.toml:16: `cancel` is impossible here: programmable keys work only while the phone is idle; the phone's own cancel key does it [impossible]
        hint: the key is sent as an empty one; `offhook functions` lists what it can do
      warning: sites/a/phones/001565aabbcc.toml:5: [raw.cisco-spa] changes nothing: the phone is of the family `yealink` [raw-of-other-family]
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    "#);
    assert_snapshot!(written(&fleet, "yealink-t46s", &[&format!("sites/a/phones/{MAC}.toml")]), @r#"
    --- sites/a/phones/001565aabbcc.toml
    model = "yealink-t46s"
    lines = ["201"]
    modules = ["yealink-exp40", "yealink-exp40"]
    [raw.cisco-spa]
    "Text_Logo" = "A"
    [raw.yealink]
    "a.b" = "1"
    "#);
}

#[test]
fn a_key_that_works_less_well() {
    let fleet = phone("yealink-t46s", "keys.2 = { function = \"supervise\", number = \"202\" }\n");
    assert_snapshot!(lines_with(&compared(&fleet, "cisco-8861"), &["degraded:", "keys.2"]), @"
    degraded:
    keys.2: `supervise 202` works, but not as asked: the key shows the state of the line; its pick-up calls x-cisco-serviceuri-blfpickup, which only a server that answers like Cisco's knows  (sites/a/lines/201.toml:1)
    ");
}

#[test]
fn from_a_yealink_to_a_gigaset() {
    let line = "\
keys.2 = { function = \"supervise\", number = \"202\" }
keys.9 = { function = \"dial\", number = \"203\" }
keys.10 = { function = \"hold\" }
keys.11 = { function = \"line\", line = 2 }
soft_keys.1 = { function = \"history\", label = \"Calls\" }
soft_keys.2 = { function = \"dial\", number = \"203\", label = \"Paul\" }
soft_keys.4 = { function = \"directory\" }
";
    let fleet = phone_with("yealink-t46s", "lines = [\"201\", \"202\", \"203\", \"201\", \"202\"]", line);
    assert_snapshot!(compared(&fleet, "gigaset-maxwell3"), @"
    001565aabbcc: yealink-t46s -> gigaset-maxwell3

    lost:
      keys.10: `hold` has no place: `keys.10` does not exist on `gigaset-maxwell3`, which has 8 keys, and no free key does it: calls are put on hold by a display key during the call, no key can be given this  (sites/a/lines/201.toml:3)
      soft_keys.1: `history` `Calls` is impossible: no type of key for the call lists is known  (sites/a/lines/201.toml:5)
      soft_keys.4: `directory` has no place: `soft_keys.4` does not exist on `gigaset-maxwell3`, which has the soft keys 1, 2, and no soft key is free  (sites/a/lines/201.toml:7)
      lines.5: the line `202` has no account: `gigaset-maxwell3` has 4 lines  (sites/a/phones/001565aabbcc.toml:2)

    changed:
      soft_keys.2: the label `Paul` is not shown there  (sites/a/lines/201.toml:6)
      keys.1: `yealink-t46s` makes it the key of line 1, and `gigaset-maxwell3` does not
      keys.3: `yealink-t46s` makes it the key of line 3, and `gigaset-maxwell3` does not
      keys.4: `yealink-t46s` makes it the key of line 4, and `gigaset-maxwell3` does not
      keys.5: `yealink-t46s` makes it the key of line 5, and `gigaset-maxwell3` does not

    moved:
      keys.9: `dial 203` goes to keys.1  (sites/a/lines/201.toml:2)
      keys.11: `line 2` goes to keys.3, from page 2 to page 1  (sites/a/lines/201.toml:4)

    note:
      keys: 27 line keys, 9 a page -> 8 line keys  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      error: sites/a/lines/201.toml:2: `keys.10` does not exist on `gigaset-maxwell3`, which has 8 keys [no-such-key]
        hint: it is kept, and not sent
      error: sites/a/lines/201.toml:5: `history` is impossible here: no type of key for the call lists is known [impossible]
        hint: the key is sent as an empty one; `offhook functions` lists what it can do
      note: sites/a/lines/201.toml:6: the label `Paul` is not shown: `gigaset-maxwell3` takes none for `dial` on programmable keys [label-not-shown]
      error: sites/a/lines/201.toml:7: `soft_keys.4` does not exist on `gigaset-maxwell3`, which has the soft keys 1, 2 [no-such-key]
        hint: it is kept, and not sent
      error: sites/a/phones/001565aabbcc.toml:2: the phone has 5 lines, but `gigaset-maxwell3` has 4; the others are not sent [too-many-lines]
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "gigaset-maxwell3", &[LINE]), @r#"
    --- sites/a/lines/201.toml
    keys.2 = { function = "supervise", number = "202" }
    keys.10 = { function = "hold" }
    keys.1 = { function = "dial", number = "203" }
    keys.3 = { function = "line", line = 2 }
    soft_keys.1 = { function = "history", label = "Calls" }
    soft_keys.2 = { function = "dial", number = "203", label = "Paul" }
    soft_keys.4 = { function = "directory" }
    "#);
}

#[test]
fn between_a_desk_phone_and_a_base() {
    let line = "keys.2 = { function = \"dial\", number = \"202\" }\nsoft_keys.1.function = \"history\"\n";
    let fleet = phone_with("yealink-t46s", "lines = [\"201\", \"202\"]", line);
    assert_snapshot!(compared(&fleet, "gigaset-n670"), @"
    001565aabbcc: yealink-t46s -> gigaset-n670

    lost:
      keys.2: `dial 202` has no place: `keys.2` does not exist on `gigaset-n670`: a DECT base has handsets, and no keys  (sites/a/lines/201.toml:1)
      soft_keys.1: `history` has no place: `soft_keys.1` does not exist on `gigaset-n670`: a DECT base has handsets, and no keys  (sites/a/lines/201.toml:2)

    note:
      keys: 27 line keys, 9 a page -> no keys  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      error: sites/a/lines/201.toml:1: `keys.2` does not exist on `gigaset-n670`: a DECT base has handsets, and no keys [no-such-key]
        hint: it is kept, and not sent
      error: sites/a/lines/201.toml:2: `soft_keys.1` does not exist on `gigaset-n670`: a DECT base has handsets, and no keys [no-such-key]
        hint: it is kept, and not sent
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "gigaset-n670", &[LINE]), @r#"
    --- sites/a/lines/201.toml
    keys.2 = { function = "dial", number = "202" }
    soft_keys.1.function = "history"
    "#);
    let handsets =
        "lines = [\"201\", \"202\"]\n[handsets.1]\nline = 1\nipui = \"0123456789\"\n[handsets.2]\nline = 2\n";
    let fleet = phone_with("gigaset-n670", handsets, line);
    assert_snapshot!(compared(&fleet, "yealink-t46s"), @r#"
    001565aabbcc: gigaset-n670 -> yealink-t46s

    lost:
      handsets.1: `yealink-t46s` has no handsets  (sites/a/phones/001565aabbcc.toml:3)
      handsets.2: `yealink-t46s` has no handsets  (sites/a/phones/001565aabbcc.toml:6)

    gained:
      keys.2: `dial 202` has a place now  (sites/a/lines/201.toml:1)
      soft_keys.1: `history` has a place now  (sites/a/lines/201.toml:2)

    note:
      keys: no keys -> 27 line keys, 9 a page  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      warning: sites/a/lines/201.toml:1: `keys.2` normally carries line 2 of the phone; as `dial` it does not [line-key]
        hint: put `function = "line", line = 2` on another key, or accept = ["line-key"]
      error: sites/a/phones/001565aabbcc.toml:3: `yealink-t46s` has no handsets [no-handsets]
        hint: handsets belong to DECT bases
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    "#);
    assert_snapshot!(written(&fleet, "yealink-t46s", &[&format!("sites/a/phones/{MAC}.toml")]), @r#"
    --- sites/a/phones/001565aabbcc.toml
    model = "yealink-t46s"
    lines = ["201", "202"]
    [handsets.1]
    line = 1
    ipui = "0123456789"
    [handsets.2]
    line = 2
    "#);
}
