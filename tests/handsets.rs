//! The handsets of a DECT base: which lines they use, what is wrong with them, what templates see of them.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Fleet, MAC, phone_with, serving};
use insta::assert_snapshot;
use offhook::fleet::Entity;
use offhook::live::Loader;
use offhook::render::{Renderer, Reveal, RevisionKey, documents_of, explain};
use offhook::resolve::Phase;

/// A base of our own with three lines and four handsets, and a template that prints what it sees of them.
const BASE: &str = r#"
name = "A base"
products = ["BASE"]
keys = []
[lines]
count = 3
state = "known"
source = "this test"
[handsets]
max = 4
state = "known"
source = "this test"
"#;

const TEMPLATE: &str = "\
#!version:1.0.0.1
{% for handset in handsets %}
handset.{{ handset.n }}.name = {{ handset.name }}
handset.{{ handset.n }}.line = {{ handset.account }} {{ accounts[handset.account0].user if handset.used else '-' }}
handset.{{ handset.n }}.ipui = {{ handset.ipui }}
handset.{{ handset.n }}.flags = {{ handset.n0 }} {{ handset.account0 }} {{ handset.used }} {{ handset.stored }}
{%- endfor %}
model.handsets = {{ model.handsets }}
";

fn base(phone: &str) -> Fleet {
    phone_with("yealink-base", phone, "display_name = \"Reception\"")
        .with("overrides/models/yealink/base.toml", BASE)
        .with("overrides/templates/yealink/phone.cfg", TEMPLATE)
}

fn findings(phone: &str) -> String {
    base(phone).findings_with_overrides()
}

#[test]
fn without_a_word_there_is_one_for_each_line() {
    assert_snapshot!(base("lines = [\"201\", \"202\"]").file_with_overrides(), @"
    #!version:1.0.0.1

    handset.1.name = Reception
    handset.1.line = 1 201
    handset.1.ipui = 
    handset.1.flags = 0 0 true false
    handset.2.name = 202
    handset.2.line = 2 202
    handset.2.ipui = 
    handset.2.flags = 1 1 true false
    handset.3.name = 
    handset.3.line = 0 -
    handset.3.ipui = 
    handset.3.flags = 2 0 false false
    handset.4.name = 
    handset.4.line = 0 -
    handset.4.ipui = 
    handset.4.flags = 3 0 false false
    model.handsets = 4
    ");
    assert_snapshot!(findings("lines = [\"201\", \"202\", \"203\"]"), @"");
}

#[test]
fn each_uses_the_line_that_is_said_else_its_own() {
    let phone = r#"
        lines = ["201", "202"]
        [handsets.2]
        ipui = "029E74A599"
        [handsets.4]
        line = 1
        name = "Storeroom"
        [handsets.3]
        line = 1
    "#;
    assert_snapshot!(base(phone).file_with_overrides(), @"
    #!version:1.0.0.1

    handset.1.name = 
    handset.1.line = 0 -
    handset.1.ipui = 
    handset.1.flags = 0 0 false false
    handset.2.name = 202
    handset.2.line = 2 202
    handset.2.ipui = 029e74a599
    handset.2.flags = 1 1 true true
    handset.3.name = Reception
    handset.3.line = 1 201
    handset.3.ipui = 
    handset.3.flags = 2 0 true true
    handset.4.name = Storeroom
    handset.4.line = 1 201
    handset.4.ipui = 
    handset.4.flags = 3 0 true true
    model.handsets = 4
    ");
    assert_snapshot!(findings(phone), @"");
}

#[test]
fn a_spare_base_has_none_and_may_keep_what_is_said_of_them() {
    let phone = "lines = []\n[handsets.4]\nipui = \"029e74a599\"";
    let file = base(phone).file_with_overrides();
    assert_snapshot!(common::lines_with(&file, &["handset.4"]), @"
    handset.4.name =
    handset.4.line = 0 -
    handset.4.ipui = 029e74a599
    handset.4.flags = 3 0 false true
    ");
    assert!(!file.contains(" true "), "none is used");
    assert_snapshot!(findings(phone), @"");
}

#[test]
fn what_is_wrong_with_one_is_told_and_the_file_not_taken() {
    let phone = r#"
        lines = ["201", "202"]
        [handsets.1]
        ipui = "029e74a599"
        [handsets.2]
        ipui = "029E74A599"
        line = 3
        [handsets.3]
        ipui = "29e74a599"
        name = "one\ntwo"
        [handsets.0]
        [handsets.x]
        [handsets.4]
        lin = 1
    "#;
    assert_snapshot!(findings(phone), @"
    error: sites/a/phones/001565aabbcc.toml:6: the handsets 1 and 2 have the same `ipui`, `029e74a599` [twice]
    error: sites/a/phones/001565aabbcc.toml:8: `handsets.2.line` is 3, but the phone has 2 line(s) [no-such-line]
      hint: say which `line` the handset uses
    error: sites/a/phones/001565aabbcc.toml:9: the handset 3 uses line 3, but the phone has 2 line(s) [no-such-line]
      hint: say which `line` the handset uses
    error: sites/a/phones/001565aabbcc.toml:10: `handsets.3.ipui` is `29e74a599`, but must be ten hexadecimal digits [bad-ipui]
      hint: *#06# on the handset shows it
    error: sites/a/phones/001565aabbcc.toml:11: `handsets.3.name` holds a line break or control character [bad-label]
    error: sites/a/phones/001565aabbcc.toml:12: `handsets.0`: the last part must be a number from 1 to 1000 [bad-position]
    error: sites/a/phones/001565aabbcc.toml:13: `handsets.x`: the last part must be a number from 1 to 1000 [bad-position]
    error: sites/a/phones/001565aabbcc.toml:14: the handset 4 uses line 4, but the phone has 2 line(s) [no-such-line]
      hint: say which `line` the handset uses
    error: sites/a/phones/001565aabbcc.toml:15: `handsets.4.lin` is not a known field [unknown-field]
      hint: did you mean `line`?
    ");
    assert_snapshot!(findings("handsets = 3"), @"error: sites/a/phones/001565aabbcc.toml:3: `handsets` must be a table, not a whole number [wrong-type]");
}

#[test]
fn a_slip_of_the_pen_takes_no_handset_away() {
    let fleet = base("lines = [\"201\"]\nhandsets.1.name = \"Ground floor\"");
    let mut loader = Loader::new(fleet.path());
    let before = loader.load();
    let file = format!("sites/a/phones/{MAC}.toml");
    let fleet = fleet.with(&file, "model = \"yealink-base\"\nlines = [\"201\"]\nhandsets.1.line = 2\n");
    let changed = Entity::at(Path::new(&file)).expect("it is a phone's file");
    let after = loader.reload(&before, &BTreeSet::from([changed]));
    let subject = after.world.subject(MAC.parse().expect("a MAC")).expect("it is still served");
    assert_eq!(subject.phone.handsets[0].name.as_deref(), Some("Ground floor"));
    drop(fleet);
}

#[test]
fn handsets_and_lines_have_to_fit_the_base() {
    assert_snapshot!(findings("lines = [\"201\", \"202\"]\nhandsets.5.line = 2\nhandsets.1.line = 1"), @"
    warning: sites/a/phones/001565aabbcc.toml:2: no handset uses line 2 (`202`) [no-handset]
      hint: put `line = 2` on a handset
    error: sites/a/phones/001565aabbcc.toml:3: `handsets.5` does not exist on `yealink-base`, which has 4 [no-such-handset]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_base_has_no_keys() {
    let fleet = base("").with("sites/a/lines/201.toml", "keys.1.function = \"menu\"\nsoft_keys.1.label = \"x\"\n");
    assert_snapshot!(fleet.findings_with_overrides(), @"
    error: sites/a/lines/201.toml:1: `keys.1` does not exist on `yealink-base`: a DECT base has handsets, and no keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/lines/201.toml:2: `soft_keys.1` does not exist on `yealink-base`: a DECT base has handsets, and no keys [no-such-key]
      hint: it is kept, and not sent
    ");
}

#[test]
fn explain_tells_what_each_word_of_a_handset_moves() {
    let phone = r#"
        lines = ["201", "202"]
        [registration]
        from = 2018-05-31T14:59:00+02:00
        code = "4711"
        [handsets.1]
        ipui = "029e74a599"
        name = "Storeroom"
        [handsets.2]
    "#;
    let fleet = phone_with("gigaset-n670", phone, "");
    let serving = serving(fleet.path());
    let subject = serving.world.subject(MAC.parse().expect("a MAC")).expect("it can be served");
    let (url, key) = (subject.root.url(), RevisionKey::fixed());
    let with = Renderer {
        templates: &serving.templates,
        url: &url,
        token: None,
        key: &key,
        reveal: Reveal::Nothing,
        changed_at: &|_| 0,
    };
    let files = documents_of(&subject);
    let report =
        explain(&subject, subject.band(None, None), Phase::Later, files[0].1, &with).expect("it can be explained");
    let words = ["add_hs", "DECT_AC", "UserName", "DisplayName", "RegStart", "RegDuration"];
    let told = report.lines.iter().filter(|line| words.iter().any(|word| line.text.contains(word))).map(|line| {
        let mut values: Vec<&str> = line.from.iter().map(|from| from.value.as_str()).collect();
        values.retain(|value| value.starts_with("handsets") || value.starts_with("registration"));
        format!("{} # {}", line.text.trim(), values.join(", "))
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    <oper name="add_hs" value="029e74a599"> # handsets.1.ipui, handsets.1
    <param name="hs.029e74a599.DECT_AC" value="‹secret:registration.code@001565aabbcc›"/> # handsets.1.ipui, handsets.1, registration.code
    <param name="SipAccount.029e74a599.UserName" value="201"/> # handsets.1.line, handsets.1.ipui, handsets.1
    <param name="SipAccount.029e74a599.DisplayName" value="Storeroom"/> # handsets.1.ipui, handsets.1.name, handsets.1
    <oper name="add_hs" value="00002"> # handsets.2
    <param name="hs.00002.DECT_AC" value="‹secret:registration.code@001565aabbcc›"/> # handsets.2, registration.code
    <param name="SipAccount.00002.UserName" value="202"/> # handsets.2.line, handsets.2
    <param name="SipAccount.00002.DisplayName" value="202"/> # handsets.2.line, handsets.2
    <param name="RegStart" value="1527771540"/> # registration.from
    <param name="RegDuration" value="900"/> # registration.minutes
    "#);
    assert!(report.unread.iter().all(|from| !from.value.contains("handset")), "{:?}", report.unread);
}
