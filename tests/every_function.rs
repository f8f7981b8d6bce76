//! The sample fleets: each family with every function on every class of key, phones with two lines, and the example.
//!
//! What they give is stored beside them, in `findings.txt` and in `fixtures/golden/`. After a change that is meant,
//! `OFFHOOK_BLESS=1 cargo test --test every_function` writes it anew; read the diff before you commit it.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{documents, findings_of, repository, serving};
use offhook::check::golden;
use offhook::live::Serving;
use offhook::phone::FUNCTIONS;
use offhook::render::Reveal;
use offhook::resolve::{Phase, resolve};

#[test]
fn yealink_keys() {
    holds("functions-yealink");
    every_class_has_every_function("functions-yealink", &["line", "memory", "module", "programmable"]);
}

#[test]
fn cisco_spa_keys() {
    holds("functions-cisco-spa");
    every_class_has_every_function("functions-cisco-spa", &["line", "module", "programmable"]);
}

#[test]
fn cisco_mpp_keys() {
    holds("functions-cisco-mpp");
    every_class_has_every_function("functions-cisco-mpp", &["line", "module", "programmable"]);
}

#[test]
fn cisco_enterprise_keys() {
    holds("functions-cisco-enterprise");
    every_class_has_every_function("functions-cisco-enterprise", &["line", "module"]);
}

#[test]
fn gigaset_maxwell_keys() {
    holds("functions-gigaset-maxwell");
    every_class_has_every_function("functions-gigaset-maxwell", &["line", "programmable"]);
}

#[test]
fn gigaset_p_keys() {
    holds("functions-gigaset-p");
    every_class_has_every_function("functions-gigaset-p", &["line", "module", "programmable"]);
}

#[test]
fn dect_bases() {
    holds("dect");
}

#[test]
fn yealink_bands() {
    holds("yealink-bands");
}

#[test]
fn gigaset_classic() {
    holds("gigaset-classic");
}

#[test]
fn two_lines() {
    holds("two-lines");
}

#[test]
fn the_example_has_no_open_finding() {
    let example = serving(&repository("examples/acme"));
    assert!(example.world.macs().count() >= 8);
    insta::assert_snapshot!(findings_of(&example), @"(accepted) warning: sites/paris/lines/0033972101010.toml:59: `supervise_ring` works, but not as asked: the phone alerts for all watched lines alike, or for none [degraded]");
    is_golden(&example, "acme");
}

#[test]
fn a_second_line_gives_its_account_and_nothing_else() {
    let root = repository("fixtures/fleets/two-lines");
    let copy = common::Fleet::empty();
    for file in files_below(&root) {
        let text = std::fs::read_to_string(root.join(&file)).unwrap();
        let text = if text.contains("LEAK") { without_keys(&text) } else { text };
        assert!(!text.contains("LEAK"), "{file}");
        std::fs::create_dir_all(copy.path().join(&file).parent().unwrap()).unwrap();
        std::fs::write(copy.path().join(&file), text).unwrap();
    }
    let (with, without) = (serving(&root), serving(copy.path()));
    assert!(with.world.macs().count() >= 5);
    for mac in with.world.macs() {
        let file =
            |serving: &Serving| documents(serving, mac, Reveal::Secrets, Phase::First).remove(0).1.unwrap().bytes;
        let text = String::from_utf8(file(&with).to_vec()).unwrap();
        assert!(!text.contains("LEAK"), "{mac}");
        assert_eq!(text.as_bytes(), file(&without), "the second line's keys change the file of {mac}");
        let subject = with.world.subject(mac).unwrap();
        for line in &subject.lines {
            assert!(text.contains(line.name.as_str()), "{mac} has an account for each line");
        }
    }
}

#[test]
fn line_keys_point_at_any_line() {
    let two = serving(&repository("fixtures/fleets/two-lines"));
    let keys = |mac: &str| {
        let file = documents(&two, mac.parse().unwrap(), Reveal::Nothing, Phase::Later).remove(0).1.unwrap().bytes;
        let words = ["linekey.1.line", "linekey.2.line", "linekey.2.type", "<Extension_1_", "<Extension_2_"];
        let more =
            ["Keys.0.Connection", "Keys.1.Type", "Keys.1.Connection", "<fkey idx=\"0\"", "<fkey idx=\"1\"", "\"53\""];
        common::lines_with(std::str::from_utf8(&file).unwrap(), &[&words[..], &more[..]].concat())
    };
    insta::assert_snapshot!(keys("001565f10001"), @"
    linekey.1.line = 1
    linekey.2.type = 15
    linekey.2.line = 2
    ");
    insta::assert_snapshot!(keys("1cdf0ff10002"), @r#"
    <Extension_1_ ua="na">1</Extension_1_>
    <Extension_2_ ua="na">2</Extension_2_>
    "#);
    insta::assert_snapshot!(keys("7c2f80f10003"), @r#"
    <param name="PhoneUI.Keys.FunctionKeys.0.Connection" value="0"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.Type" value="0"/>
    <param name="PhoneUI.Keys.FunctionKeys.1.Connection" value="1"/>
    <param name="PhoneUI.Keys.SoftKeys.1.Type" value="-1"/>
    "#);
    insta::assert_snapshot!(keys("000413e2f104"), @r#"
    <fkey idx="0" context="1" label="" lp="on" perm="RW">line</fkey>
    <fkey idx="1" context="2" label="" lp="on" perm="RW">line</fkey>
    <fkey idx="53" context="2" label="Second line" lp="on" perm="RW">line</fkey>
    "#);
}

/// A fleet gives the findings and the files that are stored for it.
fn holds(name: &str) {
    let root = repository("fixtures/fleets").join(name);
    let serving = serving(&root);
    let (stored, found) = (root.join("findings.txt"), format!("{}\n", findings_of(&serving)));
    let found = if found == "\n" { String::new() } else { found };
    if bless() {
        std::fs::write(&stored, &found).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&stored).unwrap_or_default(), found, "{}", stored.display());
    is_golden(&serving, name);
}

fn is_golden(serving: &Serving, name: &str) {
    let outcome = golden(serving, &repository("fixtures/golden").join(name), bless()).unwrap();
    let diffs: Vec<String> = outcome.differences.into_iter().map(|difference| difference.diff).collect();
    assert!(diffs.is_empty(), "not as the golden files:\n{}", diffs.concat());
    assert!(outcome.files >= serving.world.macs().count(), "a file for each phone");
}

fn bless() -> bool {
    std::env::var_os("OFFHOOK_BLESS").is_some()
}

fn every_class_has_every_function(name: &str, classes: &[&str]) {
    let serving = serving(&repository("fixtures/fleets").join(name));
    let mut seen = BTreeSet::new();
    for mac in serving.world.macs() {
        let subject = serving.world.subject(mac).unwrap();
        let band = subject.band(None, None);
        let resolved = resolve(&subject, band, Phase::Later).unwrap();
        let modules = resolved.modules.iter().flat_map(|module| &module.keys);
        for key in resolved.keys.iter().chain(&resolved.soft_keys).chain(modules) {
            seen.extend(key.asked.map(|(what, _)| (key.class.name(), what.function.name())));
        }
    }
    for class in classes {
        for info in &FUNCTIONS {
            assert!(seen.contains(&(*class, info.name)), "{name} has no {class} key with `{}`", info.name);
        }
    }
    assert_eq!(seen.iter().map(|(class, _)| class).collect::<BTreeSet<_>>().len(), classes.len());
}

fn files_below(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    files.retain(|file| file.ends_with(".toml"));
    files
}

/// A file without its layouts and keys, and without the comments that speak of them.
fn without_keys(text: &str) -> String {
    let key = |table: &str| ["[keys", "[soft_keys", "[modules", "[layouts"].iter().any(|area| table.starts_with(area));
    let mut kept = String::new();
    let mut in_key = false;
    for line in text.lines() {
        in_key = if line.starts_with('[') { key(line) } else { in_key };
        if !in_key && !line.starts_with('#') && !line.starts_with("layout =") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
