//! `offhook check` in its formats, and golden files.

use insta::assert_snapshot;

use crate::common::{MAC, lines_with, phone};
use crate::{flawed, out, parts, run, sound};

#[test]
fn check_ends_with_0_where_nothing_is_open() {
    assert_snapshot!(run(sound().path(), "check ."), @"
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    exit 0
    ");
}

#[test]
fn check_ends_with_1_where_something_is() {
    assert_snapshot!(run(flawed().path(), "check ."), @"
    error: sites/a/lines/201.toml:1: `swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    note: sites/a/lines/201.toml:3: `idle_display` changes nothing on `yealink-t46s`: what the idle screen shows cannot be chosen [not-supported]
    2> 1 phone, 3 lines, 1 site: 1 error, 0 warnings, 1 note, 1 accepted
    exit 1
    ");
}

#[test]
fn check_ends_with_2_where_it_cannot_run() {
    assert_snapshot!(run(sound().path(), "check nowhere"), @"
    2> error: `nowhere` is not a folder
    2>   hint: name the fleet's folder, the one with fleet.toml
    exit 2
    ");
    assert_snapshot!(run(sound().path(), "check . --bless"), @"
    2> error: the following required arguments were not provided:
    2>   --golden <DIR>
    2> 
    2> Usage: offhook check --golden <DIR> --bless <FLEET>
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
}

#[test]
fn check_for_programs() {
    assert_snapshot!(run(flawed().path(), "check . --format json"), @r#"
    {
      "findings": [
        {
          "file": "sites/a/lines/201.toml",
          "line": 1,
          "level": "error",
          "code": "impossible",
          "what": "`swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it",
          "hint": "the key is sent as an empty one; `offhook functions` lists what it can do",
          "accepted": false
        },
        {
          "file": "sites/a/lines/201.toml",
          "line": 2,
          "level": "warning",
          "code": "degraded",
          "what": "`supervise_beep` works, but not as asked: the phone alerts for all watched lines alike, or for none",
          "hint": null,
          "accepted": true
        },
        {
          "file": "sites/a/lines/201.toml",
          "line": 3,
          "level": "note",
          "code": "not-supported",
          "what": "`idle_display` changes nothing on `yealink-t46s`: what the idle screen shows cannot be chosen",
          "hint": null,
          "accepted": false
        }
      ],
      "golden": {
        "files": 0,
        "differences": []
      }
    }
    exit 1
    "#);
}

#[test]
fn check_for_github() {
    assert_snapshot!(run(flawed().path(), "check . --format github"), @"
    ::error file=./sites/a/lines/201.toml,line=1,title=impossible::`swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it%0Ahint: the key is sent as an empty one; `offhook functions` lists what it can do
    ::notice file=./sites/a/lines/201.toml,line=3,title=not-supported::`idle_display` changes nothing on `yealink-t46s`: what the idle screen shows cannot be chosen
    exit 1
    ");
}

#[test]
fn check_for_ci_servers() {
    assert_snapshot!(run(flawed().path(), "check . --format junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
    <testsuite name="offhook check" tests="1" failures="1">
    <testcase classname="findings" name="sites/a/lines/201.toml:1: impossible"><failure type="error" message="`swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it">hint: the key is sent as an empty one; `offhook functions` lists what it can do</failure></testcase>
    </testsuite>
    </testsuites>
    exit 1
    "#);
    assert_snapshot!(run(sound().path(), "check . --format junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
    <testsuite name="offhook check" tests="1" failures="0">
    <testcase classname="fleet" name="no findings"/>
    </testsuite>
    </testsuites>
    exit 0
    "#);
}

#[test]
fn golden_files_are_written_and_compared() {
    let fleet = sound();
    assert_snapshot!(run(fleet.path(), "check . --golden golden --bless"), @"
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 1 golden file written to `golden`
    exit 0
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> as in `golden`: 1 file
    exit 0
    ");
    let fleet = fleet.with(
        "sites/a/lines/201.toml",
        "keys.2 = { function = \"dial\", number = \"203\" }\nsip.password = \"other\"\n",
    );
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    --- golden/a/001565aabbcc.cfg
    +++ now/a/001565aabbcc.cfg
    @@ -518,11 +518,11 @@
     linekey.1.label = %NULL%
     linekey.2.type = 13
     linekey.2.line = 1
    -linekey.2.value = 202
    +linekey.2.value = 203
     linekey.2.extension = %NULL%
     linekey.2.pickup_value = %NULL%
     linekey.2.shortlabel = %NULL%
    -linekey.2.label = Workshop
    +linekey.2.label = %NULL%
     linekey.3.type = 0
     linekey.3.line = %NULL%
     linekey.3.value = %NULL%
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> not as in `golden`: 1 file; --bless writes it anew
    exit 1
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden --format github"), @"
    ::error file=golden/a/001565aabbcc.cfg,title=golden::--- golden/a/001565aabbcc.cfg%0A+++ now/a/001565aabbcc.cfg%0A@@ -518,11 +518,11 @@%0A linekey.1.label = %25NULL%25%0A linekey.2.type = 13%0A linekey.2.line = 1%0A-linekey.2.value = 202%0A+linekey.2.value = 203%0A linekey.2.extension = %25NULL%25%0A linekey.2.pickup_value = %25NULL%25%0A linekey.2.shortlabel = %25NULL%25%0A-linekey.2.label = Workshop%0A+linekey.2.label = %25NULL%25%0A linekey.3.type = 0%0A linekey.3.line = %25NULL%25%0A linekey.3.value = %25NULL%25%0A
    exit 1
    ");
    let (junit, _, code) = parts(fleet.path(), "check . --golden golden --format junit");
    assert_snapshot!(lines_with(&junit, &["<testsuite ", "<testcase"]), @r#"
    <testsuite name="offhook check" tests="1" failures="1">
    <testcase classname="golden" name="a/001565aabbcc.cfg"><failure message="differs from the golden file">--- golden/a/001565aabbcc.cfg
    "#);
    assert_eq!(code, 1);
    // A phone that is gone leaves a golden file too many.
    std::fs::remove_file(fleet.path().join(format!("sites/a/phones/{MAC}.toml"))).unwrap();
    assert_snapshot!(lines_with(&run(fleet.path(), "check . --golden golden"), &["---", "+++", "2>", "exit"]), @"
    --- golden/a/001565aabbcc.cfg
    +++ now/a/001565aabbcc.cfg
    2> 0 phones, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> not as in `golden`: 1 file; --bless writes it anew
    exit 1
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden --bless"), @"
    2> 0 phones, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 0 golden files written to `golden`
    exit 0
    ");
    assert!(!fleet.path().join(format!("golden/a/{MAC}.cfg")).exists());
}

#[test]
fn golden_files_of_binary_files_are_compared_byte_by_byte() {
    let fleet = phone("gigaset-n510", "");
    out(fleet.path(), "check . --golden golden --bless");
    let master = fleet.path().join("golden/a/42/2/master.bin");
    let mut bytes = std::fs::read(&master).unwrap();
    assert_eq!(bytes, b"\x03\x1a\x03\x18../../sifs/sifsroot.bin\0");
    bytes[7] = b'x';
    std::fs::write(&master, &bytes).unwrap();
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    --- golden/a/42/2/master.bin
    +++ now/a/42/2/master.bin
    @@ -1,2 +1,2 @@
    -0000  03 1a 03 18 2e 2e 2f 78 2e 2f 73 69 66 73 2f 73  ....../x./sifs/s
    +0000  03 1a 03 18 2e 2e 2f 2e 2e 2f 73 69 66 73 2f 73  ....../../sifs/s
     0010  69 66 73 72 6f 6f 74 2e 62 69 6e 00              ifsroot.bin.
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> not as in `golden`: 1 file; --bless writes it anew
    exit 1
    ");
    out(fleet.path(), "check . --golden golden --bless");
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    2> 1 phone, 3 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> as in `golden`: 6 files
    exit 0
    ");
}
