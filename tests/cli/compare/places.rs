//! Where keys go, and where they stay.

use insta::assert_snapshot;

use super::{LINE, compared, written};
use crate::common::{MAC, SITE, phone, phone_with};

#[test]
fn modules_roll_over() {
    // EXP39: 2 pages of 20 keys, the first of which turns the page. SPA500S and EXP40 differ in size and number.
    let line = "\
[keys.27]
function = \"dial\"
number = \"1\"
[modules.1.keys.1]
function = \"dial\"
number = \"2\"
[modules.1.keys.40]
function = \"dial\"
number = \"3\"
[modules.4.keys.5]
function = \"dial\"
number = \"4\"
";
    let fleet = phone_with("yealink-t46s", "modules = 4", line);
    assert_snapshot!(compared(&fleet, "yealink-t54w"), @"
    001565aabbcc: yealink-t46s -> yealink-t54w

    lost:
      modules: `yealink-t54w` takes 3 expansion modules, and the phone has 4  (sites/a/phones/001565aabbcc.toml:3)

    changed:
      modules.1: the module `yealink-exp40` does not fit; a `yealink-exp50` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.2: the module `yealink-exp40` does not fit; a `yealink-exp50` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.3: the module `yealink-exp40` does not fit; a `yealink-exp50` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)

    moved:
      modules.4.keys.5: `dial 4` goes to modules.1.keys.2, from page 1 of module 4 to page 1 of module 1  (sites/a/lines/201.toml:10)
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "yealink-t54w", &[LINE, &format!("sites/a/phones/{MAC}.toml")]), @r#"
    --- sites/a/lines/201.toml
    [keys.27]
    function = "dial"
    number = "1"
    [modules.1.keys.1]
    function = "dial"
    number = "2"
    [modules.1.keys.40]
    function = "dial"
    number = "3"
    [modules.1.keys.2]
    function = "dial"
    number = "4"
    --- sites/a/phones/001565aabbcc.toml
    model = "yealink-t54w"
    lines = ["201"]
    modules = 3
    "#);
    let fleet = phone_with("yealink-t46s", "modules = 4", line);
    assert_snapshot!(compared(&fleet, "yealink-t38g"), @"
    001565aabbcc: yealink-t46s -> yealink-t38g

    changed:
      modules.1: the module `yealink-exp40` does not fit; a `yealink-exp39` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.2: the module `yealink-exp40` does not fit; a `yealink-exp39` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.3: the module `yealink-exp40` does not fit; a `yealink-exp39` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)
      modules.4: the module `yealink-exp40` does not fit; a `yealink-exp39` is taken to be in its place  (sites/a/phones/001565aabbcc.toml:3)

    moved:
      keys.27: `dial 1` goes to keys.2, from page 3 to page 1  (sites/a/lines/201.toml:1)
      modules.1.keys.1: `dial 2` goes to modules.1.keys.2  (sites/a/lines/201.toml:4)

    note:
      keys: 27 line keys, 9 a page -> 6 line keys and 10 memory keys  (sites/a/phones/001565aabbcc.toml:1)
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "yealink-t38g", &[LINE]), @r#"
    --- sites/a/lines/201.toml
    [keys.2]
    function = "dial"
    number = "1"
    [modules.1.keys.2]
    function = "dial"
    number = "2"
    [modules.1.keys.40]
    function = "dial"
    number = "3"
    [modules.4.keys.5]
    function = "dial"
    number = "4"
    "#);
}

#[test]
fn a_layout_is_never_rewritten() {
    let site = format!(
        "{SITE}[layouts.desk.keys.16]\nfunction = \"dial\"\nnumber = \"202\"\nlabel = \"Desk\"\naccept = [\"line-key\"]\nlocked = true\n[layouts.desk.keys.17]\nfunction = \"hold\"\n"
    );
    let line = "layout = \"desk\"\n\n[keys.17] # own\nlabel = \"Wait\"\n";
    let fleet = phone("yealink-t46s", line).with("sites/a/site.toml", &site);
    assert_snapshot!(compared(&fleet, "yealink-t42s"), @"
    001565aabbcc: yealink-t46s -> yealink-t42s

    moved:
      keys.16: `dial 202` `Desk` goes to keys.2, from page 2 to page 1, written on the line; the layout keeps its own  (sites/a/site.toml:10)
      keys.17: `hold` `Wait` goes to keys.3, from page 2 to page 1, written on the line; the layout keeps its own  (sites/a/site.toml:16)

    note:
      keys: 27 line keys, 9 a page -> 15 line keys, 5 a page  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      error: sites/a/site.toml:10: `keys.16` does not exist on `yealink-t42s`, which has 15 keys [no-such-key]
        hint: it is kept, and not sent
      error: sites/a/site.toml:16: `keys.17` does not exist on `yealink-t42s`, which has 15 keys [no-such-key]
        hint: it is kept, and not sent
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "yealink-t42s", &[LINE]), @r#"
    --- sites/a/lines/201.toml
    layout = "desk"

    [keys.2]
    function = "dial"
    number = "202"
    label = "Desk"
    accept = ["line-key"]
    locked = true

    [keys.3] # own
    label = "Wait"
    function = "hold"
    "#);
}

#[test]
fn a_line_that_gives_another_phone_its_keys_is_left_alone() {
    let line =
        "keys.2 = { function = \"dial\", number = \"202\" }\nkeys.16 = { function = \"dial\", number = \"203\" }\n";
    let other = |lines: &str| {
        phone("yealink-t46s", line)
            .with("sites/a/phones/001565aabb01.toml", &format!("model = \"yealink-t46s\"\nlines = {lines}\n"))
    };
    let fleet = other("[\"201\"]");
    assert_snapshot!(compared(&fleet, "yealink-t42s"), @"
    001565aabbcc: yealink-t46s -> yealink-t42s

    lost:
      keys.16: `dial 203` has no place: `keys.16` does not exist on `yealink-t42s`, which has 15 keys; its line is the primary one of `001565aabb01` too, so that nothing of it is moved  (sites/a/lines/201.toml:2)

    note:
      keys: 27 line keys, 9 a page -> 15 line keys, 5 a page  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      error: sites/a/lines/201.toml:2: `keys.16` does not exist on `yealink-t42s`, which has 15 keys [no-such-key]
        hint: it is kept, and not sent
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    ");
    assert_snapshot!(written(&fleet, "yealink-t42s", &[LINE, "sites/a/phones/001565aabb01.toml"]), @r#"
    --- sites/a/lines/201.toml
    keys.2 = { function = "dial", number = "202" }
    keys.16 = { function = "dial", number = "203" }
    --- sites/a/phones/001565aabb01.toml
    model = "yealink-t46s"
    lines = ["201"]
    "#);
    // As a second line it gives nothing but its account.
    assert_snapshot!(compared(&other("[\"202\", \"201\"]"), "yealink-t42s"), @"
    001565aabbcc: yealink-t46s -> yealink-t42s

    moved:
      keys.16: `dial 203` goes to keys.3, from page 2 to page 1  (sites/a/lines/201.toml:2)

    note:
      keys: 27 line keys, 9 a page -> 15 line keys, 5 a page  (sites/a/phones/001565aabbcc.toml:1)
    2> --write changes sites/a/phones/001565aabbcc.toml
    2> --write changes sites/a/lines/201.toml
    exit 0
    ");
}
