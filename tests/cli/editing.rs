//! `offhook copy`, `offhook export` and `offhook import` on a folder.

use insta::assert_snapshot;

use super::{json, out, run};
use crate::common::{Fleet, phone};

fn fleet() -> Fleet {
    let keys = "keys.2 = { function = \"dial\", number = \"203\", label = \"Paul\" }\nkeys.20.function = \"history\"\n";
    phone("yealink-t46s", keys)
        .with("sites/a/phones/001565aabbcd.toml", "model = \"cisco-spa504g\"\nlines = [\"202\"]\n")
}

fn text(fleet: &Fleet, path: &str) -> String {
    std::fs::read_to_string(fleet.path().join(path)).unwrap()
}

#[test]
fn keys_are_copied_and_what_cannot_be_is_told() {
    let fleet = fleet();
    assert_snapshot!(run(fleet.path(), "copy a/201 --to-all a --dry-run"), @r#"
    a/202: 1 copied
      keys.20 not: `keys.20` does not exist on `cisco-spa504g`, which has 4 keys [no-such-key]
    a/203: 2 copied

    1 phone changes: 001565aabbcd
      keys.2: nothing → dial 203
      label of keys.2: nothing → Paul
      {mac}.xml
        -<Short_Name_2_ ua="na"></Short_Name_2_>
        +<Short_Name_2_ ua="na">Paul</Short_Name_2_>
        -<Extended_Function_2_ ua="na"></Extended_Function_2_>
        +<Extended_Function_2_ ua="na">fnc=sd;ext=203@$PROXY;vid=1;nme=Paul</Extended_Function_2_>

    2> 1 of 2 phones affected
    exit 1
    "#);
    assert_eq!(text(&fleet, "sites/a/lines/202.toml"), "\n");
    assert_snapshot!(run(fleet.path(), "copy a/201 --to-all a --all-or-nothing"), @"
    2> sites/a/lines/202.toml /keys/20: `keys.20` does not exist on `cisco-spa504g`, which has 4 keys [no-such-key]
    2> error: 1 mistake: nothing is written
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "copy a/201 --to-all a"), @"
    a/202: 1 copied
      keys.20 not: `keys.20` does not exist on `cisco-spa504g`, which has 4 keys [no-such-key]
    a/203: 2 copied
    2> written: sites/a/lines/202.toml
    2> written: sites/a/lines/203.toml
    exit 1
    ");
    assert_snapshot!(text(&fleet, "sites/a/lines/202.toml"), @r#"
    [keys.2]
    function = "dial"
    number = "203"
    label = "Paul"
    "#);
    assert_snapshot!(run(fleet.path(), "copy a/201 --to a/202 --keys 2-9 --no-labels --replace"), @"
    a/202: 1 unchanged
    exit 0
    ");
    let report = json(fleet.path(), "copy a/201 --to a/203 --format json");
    assert_snapshot!(report, @r#"{"report":{"complete":true,"copied":0,"removed":0,"unchanged":2,"skipped":0,"skipped_lines":0,"lines":[{"site":"a","line":"203","phones":0,"keys":[{"place":"keys.2","did":"unchanged"},{"place":"keys.20","did":"unchanged"}]}]},"files":[],"written":true,"effect":null}"#);
    assert_snapshot!(run(fleet.path(), "copy a/209 --to a/202"), @"
    2> error: there is no line `a/209`
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "copy a/201"), @"
    2> error: the following required arguments were not provided:
    2>   --to <SITE/LINE>
    2> 
    2> Usage: offhook copy --to <SITE/LINE> <SITE/LINE>
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
}

#[test]
fn a_table_goes_out_and_in() {
    let fleet = fleet();
    assert_snapshot!(out(fleet.path(), "export keys --site a"), @"
    site,line,place,function,number,url,label,line_index,via,seconds,accept,locked
    a,201,keys.2,dial,203,,Paul,,,,,
    a,201,keys.20,history,,,,,,,,
    ");
    assert_snapshot!(run(fleet.path(), "export phones --separator semicolon"), @"
    mac;site;model;lines;modules;firmware
    001565aabbcc;a;yealink-t46s;201;;
    001565aabbcd;a;cisco-spa504g;202;;
    exit 0
    ");
    let lines = "site;line;display_name;sip.password\na;202;Hall;\na;204;Théo;hunter2\n";
    let fleet = fleet.with_bytes("lines.csv", lines.as_bytes());
    assert_snapshot!(run(fleet.path(), "import lines lines.csv --dry-run"), @"
    row 2: a/202 changes
      display_name: nothing → Hall
    row 3: a/204 is added
      display_name: nothing → Théo
      sip.password: not shown
    1 added, 1 changed, 0 as they were

    1 phone changes: 001565aabbcd
      name of line 1: 202 → Hall
      {mac}.xml
        -<Station_Name>202</Station_Name>
        +<Station_Name>Hall</Station_Name>
        -<Station_Display_Name>202</Station_Display_Name>
        +<Station_Display_Name>Hall</Station_Display_Name>
        -<Display_Name_1_>202</Display_Name_1_>
        +<Display_Name_1_>Hall</Display_Name_1_>

    2> 1 of 2 phones affected
    exit 0
    ");
    assert_snapshot!(run(fleet.path(), "import lines lines.csv"), @"
    row 2: a/202 changes
      display_name: nothing → Hall
    row 3: a/204 is added
      display_name: nothing → Théo
      sip.password: not shown
    1 added, 1 changed, 0 as they were
    2> written: sites/a/lines/202.toml
    2> written: sites/a/lines/204.toml
    exit 0
    ");
    assert_snapshot!(text(&fleet, "sites/a/lines/204.toml"), @r#"
    display_name = "Théo"

    [sip]
    password = "hunter2"
    "#);
    assert_snapshot!(run(fleet.path(), "import lines lines.csv"), @"
    0 added, 0 changed, 2 as they were
    exit 0
    ");
    let fleet =
        fleet.with_bytes("keys.csv", b"site,line,place,function,number\na,202,keys.2,dial,20x\na,202,keys.9,redial,\n");
    assert_snapshot!(run(fleet.path(), "import keys keys.csv"), @"
    2> sites/a/lines/202.toml /rows/2/number: `keys.2.number`: `20x` is not a number: it holds 'x'; digits, `*`, `#` and one leading `+` were expected [bad-number]
    2> error: 1 mistake: nothing is written
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "import keys none.csv"), @"
    2> error: cannot read `none.csv`: No such file or directory (os error 2)
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "export lines --site b"), @"
    2> error: there is no site named `b`
    2>   hint: did you mean `a`?
    exit 2
    ");
}
