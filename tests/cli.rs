//! The command line as a shell sees it: what is printed where, and the exit code.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Fleet, MAC, lines_with, phone_with};
use insta::assert_snapshot;

/// A phone with a key that cannot be, and a note.
fn flawed() -> Fleet {
    phone_with(
        "yealink-t46s",
        "",
        "keys.2.function = \"swap\"\nkeys.3 = { function = \"supervise_beep\", number = \"202\", accept = [\"degraded\"] }\n\
                             settings.idle_display = \"calendar\"\nsip.password = \"hunter2\"\n",
    )
}

fn sound() -> Fleet {
    phone_with(
        "yealink-t46s",
        "",
        "keys.2 = { function = \"dial\", number = \"202\", label = \"Workshop\" }\nsip.password = \"hunter2\"\n",
    )
}

/// What a command prints and how it ends, run in a folder.
fn run(folder: &Path, arguments: &str) -> String {
    let (out, err, code) = parts(folder, arguments);
    let err: String = err.lines().map(|line| format!("2> {line}\n")).collect();
    format!("{out}{err}exit {code}")
}

fn parts(folder: &Path, arguments: &str) -> (String, String, i32) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("offhook"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("an exit code"))
}

fn out(folder: &Path, arguments: &str) -> String {
    let (out, err, code) = parts(folder, arguments);
    assert_eq!(code, 0, "{arguments}: {err}");
    out
}

fn json(folder: &Path, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&parts(folder, arguments).0).expect("output is JSON")
}

#[test]
fn check_ends_with_0_where_nothing_is_open() {
    assert_snapshot!(run(sound().path(), "check ."), @"
    2> 1 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    exit 0
    ");
}

#[test]
fn check_ends_with_1_where_something_is() {
    assert_snapshot!(run(flawed().path(), "check ."), @"
    error: sites/a/lines/201.toml:1: `swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it [impossible]
      hint: the key is sent as an empty one; `offhook functions` lists what it can do
    note: sites/a/lines/201.toml:3: `idle_display` changes nothing on `yealink-t46s`: what the idle screen shows cannot be chosen [not-supported]
    2> 1 phones, 3 lines, 1 sites: 1 errors, 0 warnings, 1 notes, 1 accepted
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
    2> 1 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 1 golden files written to `golden`
    exit 0
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    2> 1 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 1 files are as the golden ones in `golden`
    exit 0
    ");
    let fleet = fleet.with(
        "sites/a/lines/201.toml",
        "keys.2 = { function = \"dial\", number = \"203\" }\nsip.password = \"other\"\n",
    );
    assert_snapshot!(run(fleet.path(), "check . --golden golden"), @"
    --- golden/a/001565aabbcc.cfg
    +++ now/a/001565aabbcc.cfg
    @@ -475,10 +475,10 @@
     linekey.1.label = %NULL%
     linekey.2.type = 13
     linekey.2.line = 1
    -linekey.2.value = 202
    +linekey.2.value = 203
     linekey.2.extension = %NULL%
     linekey.2.pickup_value = %NULL%
    -linekey.2.label = Workshop
    +linekey.2.label = %NULL%
     linekey.3.type = 0
     linekey.3.line = %NULL%
     linekey.3.value = %NULL%
    2> 1 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 1 files differ from `golden`; --bless writes them
    exit 1
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden --format github"), @"
    ::error file=golden/a/001565aabbcc.cfg,title=golden::--- golden/a/001565aabbcc.cfg%0A+++ now/a/001565aabbcc.cfg%0A@@ -475,10 +475,10 @@%0A linekey.1.label = %25NULL%25%0A linekey.2.type = 13%0A linekey.2.line = 1%0A-linekey.2.value = 202%0A+linekey.2.value = 203%0A linekey.2.extension = %25NULL%25%0A linekey.2.pickup_value = %25NULL%25%0A-linekey.2.label = Workshop%0A+linekey.2.label = %25NULL%25%0A linekey.3.type = 0%0A linekey.3.line = %25NULL%25%0A linekey.3.value = %25NULL%25%0A
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
    2> 0 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 1 files differ from `golden`; --bless writes them
    exit 1
    ");
    assert_snapshot!(run(fleet.path(), "check . --golden golden --bless"), @"
    2> 0 phones, 3 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    2> 0 golden files written to `golden`
    exit 0
    ");
    assert!(!fleet.path().join(format!("golden/a/{MAC}.cfg")).exists());
}

#[test]
fn render_by_handle_by_name_and_all() {
    let fleet = sound();
    let file = out(fleet.path(), &format!("render {MAC}"));
    assert_eq!(file, out(fleet.path(), &format!("render 00:15:65:AA:BB:CC phone")));
    assert_eq!(file, out(fleet.path(), &format!("render {MAC} {MAC}.CFG")));
    assert_snapshot!(lines_with(&file, &["#!version", "linekey.2.label", "account.1.password"]), @"
    #!version:1.0.0.1
    account.1.password = ‹secret:sip.password@201›
    linekey.2.label = Workshop
    ");
    let revealed = out(fleet.path(), &format!("render {MAC} --reveal"));
    assert_snapshot!(lines_with(&revealed, &["account.1.password"]), @"account.1.password = hunter2");
    let old = out(fleet.path(), &format!("render {MAC} --firmware 66.70.0.1"));
    assert_snapshot!(lines_with(&old, &["auto_provision.server.url"]), @"auto_provision.server.url = https://phones.example.org/");
    let list = json(fleet.path(), &format!("render {MAC} --format json"));
    assert_eq!(list[0]["name"], format!("{MAC}.cfg"));
    assert_eq!(list[0]["content_type"], "text/plain; charset=utf-8");
    assert_eq!(list[0]["text"], file);
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
    33  local_time.time_zone = +1                                     # settings.timezone (product, models/settings.toml)
    130  account.1.password = ‹secret:sip.password@201›                # template
    468  features.config_dsskey_length = 0                             # template
    478  linekey.2.value = 202                                         # keys.2 (line, sites/a/lines/201.toml:1)
    481  linekey.2.label = Workshop                                    # keys.2.label (line, sites/a/lines/201.toml:1)
    482  linekey.3.type = 0                                            # template
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
    assert_snapshot!(own.collect::<Vec<_>>().join("\n"), @"");
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
    assert_snapshot!(lines_with(&one, &["keys.2", "  dial  ", "  swap  ", "  forward_all  ", "  retrieve  "]), @"
    keys.2 (line key):
    swap                      impossible  there is no such key; the swap soft key or the key of the other line does it
    ivr                       impossible  the phone cannot play a voice menu; dial the number that the menu answers, or give the site a code for it
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
fn identify_tells_who_is_asking() {
    let folder = sound();
    let asked = |user_agent: &str, path: &str| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("offhook"));
        let command = command.args(["identify", "--format", "json", "--user-agent", user_agent, "--path", path]);
        String::from_utf8(command.current_dir(folder.path()).output().unwrap().stdout).unwrap()
    };
    assert_snapshot!(asked("Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc", "/001565aabbcc.cfg"), @r#"
    {
      "family": "yealink",
      "model": "yealink-t46s",
      "product": "T46S",
      "mac": "001565aabbcc",
      "firmware": "66.86.0.15",
      "file": "001565aabbcc.cfg"
    }
    "#);
    assert_snapshot!(asked("curl/8.5.0", "/favicon.ico"), @r#"
    {
      "family": null,
      "model": null,
      "product": null,
      "mac": null,
      "firmware": null,
      "file": null
    }
    "#);
    assert_snapshot!(run(folder.path(), "identify --path /spa504G.cfg"), @"
    family    cisco-spa
    model     cisco-spa504g
    product   spa504G
    mac       unknown
    firmware  unknown
    file      spa504G.cfg
      because family is cisco-spa: no other has such a file
      because path matches cisco-spa files[7] `model`
      because product `spa504G` from the path is model `cisco-spa504g`
    exit 0
    ");
    assert_snapshot!(run(folder.path(), "identify"), @"
    2> error: give --user-agent, --path or both
    exit 2
    ");
}

#[test]
fn models_and_where_their_figures_are_from() {
    let folder = sound();
    let list = out(folder.path(), "models");
    assert_snapshot!(lines_with(&list, &["model ", "yealink-t46s ", "cisco-spa112 ", "gigaset-maxwell3 "]), @"
    model                    family           lines  keys  soft keys  modules
    cisco-spa112             cisco-spa            2     0          0
    gigaset-maxwell3         gigaset-maxwell      4     8          2
    yealink-t46s             yealink             16    27          4  6 x yealink-exp40
    ");
    assert_snapshot!(out(folder.path(), "models yealink-t46s"), @"
    Yealink T46S (yealink-t46s), family yealink
    calls itself T46S
    lines       16                                 known: Yealink templates and administrator guides (TPL, AG-80 to AG-86)
    keys        27 line keys, 9 a page             known: Yealink parameter templates (TPL)
    soft keys   1, 2, 3, 4                         known: Yealink templates (TPL): valid programmable keys
    modules     6 x yealink-exp40                  known: Yealink parameter templates (TPL)
                                                   but: tancredi has 3 modules of 60 for all T46 and T48
    yealink-exp40 40 keys on 2 page(s)               known: Yealink parameter templates (TPL)
    ");
    assert_snapshot!(json(folder.path(), "models yealink-t46s --format json")[0]["lines"], @r#"{"count":16,"source":{"state":"known","source":"Yealink templates and administrator guides (TPL, AG-80 to AG-86)"}}"#);
    assert_snapshot!(run(folder.path(), "models yealink-t46x"), @"
    2> error: the model `yealink-t46x` does not exist
    2>   hint: did you mean `yealink-t46g`?
    exit 2
    ");
}

#[test]
fn init_makes_a_fleet_that_is_clean() {
    let fleet = Fleet::empty();
    assert_snapshot!(run(fleet.path(), "init office"), @"
    2> made a fleet of one site, two lines and one phone in `office`
    2> next: offhook check office && offhook serve office
    exit 0
    ");
    assert_snapshot!(run(fleet.path(), "check office"), @"
    2> 1 phones, 2 lines, 1 sites: 0 errors, 0 warnings, 0 notes, 0 accepted
    exit 0
    ");
    assert_snapshot!(run(fleet.path(), "init office"), @"
    2> error: `office` is not empty
    2>   hint: name a folder that does not exist yet
    exit 2
    ");
    assert_eq!(parts(fleet.path(), "render 001565aabb01 --fleet office").2, 0);
}

#[test]
fn schema_for_editors() {
    let all = json(Fleet::empty().path(), "schema");
    let kinds: Vec<&String> = all["$defs"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["fleet", "site", "line", "phone"]);
    let line = json(Fleet::empty().path(), "schema line");
    assert_eq!(line["additionalProperties"], false);
    assert_eq!(line["properties"]["display_name"], all["$defs"]["line"]["properties"]["display_name"]);
}

#[test]
fn a_command_that_does_not_exist() {
    let (_, err, code) = parts(sound().path(), "provision");
    assert_eq!(code, 2);
    assert_snapshot!(lines_with(&err, &["error"]), @"error: unrecognized subcommand 'provision'");
}
