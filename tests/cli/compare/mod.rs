//! `offhook compare-model`: the same phone as another model, on paper and written.

mod families;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use insta::assert_snapshot;

use crate::common::{Fleet, MAC, findings_of, phone, serving};
use crate::{json, parts, run};

pub(super) const LINE: &str = "sites/a/lines/201.toml";

/// What the comparison prints, without the way to write it.
pub(super) fn compared(fleet: &Fleet, model: &str) -> String {
    run(fleet.path(), &format!("compare-model {MAC} {model}"))
}

/// The files of a fleet by their names.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => files
                .extend(self::files(&entry.path()).into_iter().map(|(file, text)| (format!("{name}/{file}"), text))),
            false => drop(files.insert(name, std::fs::read_to_string(entry.path()).unwrap())),
        }
    }
    files
}

/// Writes it, and checks that the dry run said all of it: the same differences, the very errors that there are then, no
/// other file touched, and no key lost. Gives what the files say then.
pub(super) fn written(fleet: &Fleet, model: &str, shown: &[&str]) -> String {
    let before = (files(fleet.path()), findings_of(&serving(fleet.path())), keys_of(fleet));
    let dry = json(fleet.path(), &format!("compare-model {MAC} {model} --format json"));
    assert_eq!(files(fleet.path()), before.0, "a dry run writes nothing");
    let (out, err, code) = parts(fleet.path(), &format!("compare-model {MAC} {model} --format json --write"));
    let wet: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
    assert_eq!((&dry["differences"], &dry["findings"]), (&wet["differences"], &wet["findings"]));
    assert_eq!(dry["edits"]["files"], wet["edits"]["files"]);
    let worse = |kind: &str| wet["differences"].as_array().unwrap().iter().any(|difference| difference["kind"] == kind);
    let warns = wet["findings"].as_array().unwrap().iter().any(|finding| finding["level"] != "note");
    assert_eq!(code == 1, warns || ["lost", "degraded", "changed"].into_iter().any(worse), "{err}");
    let after = files(fleet.path());
    let changed: Vec<&String> = after.keys().filter(|file| before.0.get(*file) != after.get(*file)).collect();
    assert_eq!(
        serde_json::json!(changed),
        wet["edits"]["files"],
        "nothing else is touched, and nothing is left behind"
    );
    let told: Vec<&str> =
        wet["findings"].as_array().unwrap().iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for finding in findings_of(&serving(fleet.path())).lines().filter(|line| !line.starts_with("  ")) {
        let (_, what) = finding.split_once(": ").unwrap();
        let (_, what) = what.split_once(": ").unwrap();
        let announced = told.iter().any(|told| what.starts_with(told)) || before.1.contains(what);
        assert!(announced, "not announced: {finding}");
    }
    assert_eq!(keys_of(fleet), before.2, "no key is lost");
    let again = json(fleet.path(), &format!("compare-model {MAC} {model} --format json"));
    assert_eq!(again["differences"], serde_json::json!([]), "it is that model now");
    shown.iter().map(|file| format!("--- {file}\n{}", after[*file])).collect()
}

/// What the keys of the line and its layout do, wherever they are.
fn keys_of(fleet: &Fleet) -> BTreeSet<String> {
    let serving = serving(fleet.path());
    let line = serving.world.line("a", "201").unwrap();
    let site = serving.world.site(&line.site).unwrap();
    let layout = line.layout.as_ref().and_then(|(name, _)| site.layouts.get(name));
    let keys = line.keys.iter().chain(layout.into_iter().flat_map(|keys| keys.iter()));
    keys.filter_map(|key| Some(format!("{:?}", key.what.as_ref()?))).collect()
}

#[test]
fn labels_that_get_shorter_or_are_not_shown() {
    let line = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Laboratoire\" }\nkeys.2 = { function = \"dial\", number = \"203\", label = \"Paul\" }\n";
    assert_snapshot!(compared(&phone("yealink-t46s", line), "cisco-spa504g"), @r#"
    001565aabbcc: yealink-t46s -> cisco-spa504g

    changed:
      soft_keys.1: the label `Laboratoire` is sent as `Laboratoir`  (sites/a/lines/201.toml:1)

    note:
      keys: 27 line keys, 9 a page -> 4 line keys  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      warning: sites/a/lines/201.toml:1: the label `Laboratoire` is sent as `Laboratoir`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
        hint: write a shorter one, or accept = ["label-too-wide"]
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    "#);
    assert_snapshot!(compared(&phone("cisco-spa504g", "keys.2 = { function = \"dial\", number = \"203\", label = \"Paul\" }\n"), "cisco-spa501g"), @"
    001565aabbcc: cisco-spa504g -> cisco-spa501g

    changed:
      keys.2: the label `Paul` is not shown there  (sites/a/lines/201.toml:1)

    note:
      keys: 4 line keys -> 8 line keys  (sites/a/phones/001565aabbcc.toml:1)

    `offhook check` then tells besides what it tells now:
      note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `cisco-spa501g` shows none on this line key [label-not-shown]
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 1
    ");
}

#[test]
fn a_model_that_changes_nothing() {
    let line = "keys.2 = { function = \"dial\", number = \"202\" }\n";
    assert_snapshot!(compared(&phone("yealink-t46s", line), "yealink-t46u"), @"
    001565aabbcc: yealink-t46s -> yealink-t46u

    nothing differs
    2> --write changes sites/a/phones/001565aabbcc.toml
    exit 0
    ");
    assert_snapshot!(compared(&phone("yealink-t46s", line), "yealink-t46s"), @"
    001565aabbcc: yealink-t46s -> yealink-t46s

    nothing differs
    exit 0
    ");
}

#[test]
fn what_cannot_be_compared() {
    let fleet = phone("yealink-t46s", "");
    assert_snapshot!(compared(&fleet, "yealink-t46x"), @"
    2> error: the model `yealink-t46x` does not exist
    2>   hint: did you mean `yealink-t46g`?
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "compare-model 001565aabbcd yealink-t42s"), @"
    2> error: no phone `001565aabbcd` is stored
    exit 2
    ");
    let fleet = fleet.with(LINE, "display_name = 1\n");
    assert_snapshot!(compared(&fleet, "yealink-t42s"), @"
    2> error: the phone `001565aabbcc` cannot be served: sites/a/phones/001565aabbcc.toml: the line `201` has no good version: see `sites/a/lines/201.toml`
    exit 2
    ");
}
