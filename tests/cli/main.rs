//! The command line as a shell sees it: what is printed where, and the exit code.

#[path = "../common/mod.rs"]
mod common;

mod check;
mod compare;
mod editing;
mod inspect;
mod password;
mod secret;
mod token;

use std::path::Path;
use std::process::Command;

use common::{Fleet, lines_with, phone_with};
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
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or_else(|| panic!("{}", output.status)))
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
    yealink-t46s             yealink             16    27         13  6 x yealink-exp40
    ");
    assert_snapshot!(out(folder.path(), "models yealink-t46s"), @"
    Yealink T46S (yealink-t46s), family yealink
    calls itself T46S
    lines       16                                 known: Yealink templates and administrator guides (TPL, AG-80 to AG-86)
    keys        27 line keys, 9 a page             known: Yealink parameter templates (TPL)
    soft keys   1, 2, 3, 4                         known: Yealink templates (TPL): valid programmable keys
    soft keys   5, 6, 7, 8, 9, 10, 12, 13, 14      known: Yealink templates (TPL): valid programmable keys
    labels      line keys of unknown width, programmable keys of unknown width
    modules     6 x yealink-exp40                  known: Yealink parameter templates (TPL)
                                                   but: tancredi has 3 modules of 60 for all T46 and T48
    yealink-exp40 40 keys on 2 page(s)               known: Yealink parameter templates (TPL)
    ");
    assert_snapshot!(json(folder.path(), "models yealink-t46s --format json")[0]["lines"], @r#"{"count":16,"without_modules":null,"at_least":false,"source":{"state":"known","source":"Yealink templates and administrator guides (TPL, AG-80 to AG-86)"}}"#);
    assert!(out(folder.path(), "models --format markdown -C .").starts_with("# Phones\n"));
    assert_snapshot!(run(folder.path(), "models yealink-t46s --format markdown"), @"
    2> error: the page is of all phones: leave `yealink-t46s` or `--format markdown` out
    exit 2
    ");
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
    2> 1 phone, 2 lines, 1 site: 0 errors, 0 warnings, 0 notes, 0 accepted
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
