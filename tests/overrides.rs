//! Models and templates of the user's own: what is wrong in them is told, and nothing else suffers.

mod common;

use std::collections::BTreeSet;

use common::{MAC, documents, lines_with, phone};
use insta::assert_snapshot;
use offhook::catalogue::Catalogue;
use offhook::live::{Loader, shipped};
use offhook::render::Reveal;
use offhook::resolve::Phase;

#[test]
fn a_folder_that_leads_back_to_itself_in_the_overrides() {
    let fleet = phone("yealink-t46s", "").with("overrides/models/readme.txt", "");
    std::os::unix::fs::symlink(".", fleet.path().join("overrides/models/loop")).unwrap();
    assert_snapshot!(fleet.findings_with_overrides(), @"warning: overrides/models/loop/loop/loop/loop/loop: is not read: the folders are nested too deeply, or a symbolic link leads back [too-deep]");
}

#[test]
fn a_template_with_an_undefined_variable() {
    let template = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<provisioning version=\"1.1\">\n<nvm>\n\
                    <param name=\"A\" value=\"{{ phone.nmae }}\"/>\n</nvm>\n</provisioning>\n";
    let fleet = phone("gigaset-maxwell3", "").with("overrides/templates/gigaset-maxwell/phone.xml", template);
    assert_snapshot!(fleet.findings_with_overrides(), @r#"
    error: overrides/templates/gigaset-maxwell/phone.xml: for `gigaset-maxwell-basic` in band v2: error: Field `nmae` is not defined. Available fields: band, file_key, handsets, mac, mac_colons, mac_upper, model, name, site
     --> phone.xml:4:33
      |
    4 | <param name="A" value="{{ phone.nmae }}"/>
      |                                 ^^^^ [bad-template]
    error: sites/a/phones/001565aabbcc.toml:1: the template `templates/gigaset-maxwell/phone.xml` is not in place [cannot-render]
    "#);
}

#[test]
fn a_template_that_is_broken() {
    let fleet = phone("yealink-t46s", "").with("overrides/templates/yealink/phone.cfg", "{% if %}\n");
    assert_snapshot!(fleet.findings_with_overrides(), @"
    error: overrides/templates/yealink/phone.cfg: error: Found `%}` but expected one of: integer, float, string, bool, ident, `-`, `not`, `<`, `{`, `[` or `(`
     --> phone.cfg:1:7
      |
    1 | {% if %}
      |       ^^ [bad-template]
    error: sites/a/phones/001565aabbcc.toml:1: the template `templates/yealink/phone.cfg` is not in place [cannot-render]
    ");
}

#[test]
fn a_template_whose_output_the_phone_would_not_read() {
    let fleet = phone("yealink-t46s", "").with("overrides/templates/yealink/phone.cfg", "account.1.enable = 1\n");
    assert_snapshot!(fleet.findings_with_overrides(), @"
    error: overrides/templates/yealink/phone.cfg: for `yealink-ax83h` in band v86: what the template `templates/yealink/phone.cfg` makes is not valid: line 1: expected `#!version:1.0.0.1` as the very first line [bad-template]
    error: sites/a/phones/001565aabbcc.toml:1: the template `templates/yealink/phone.cfg` is not in place [cannot-render]
    ");
}

#[test]
fn a_model_without_a_required_figure() {
    let model =
        "products = [\"T99\"]\nkeys = []\n[[soft_keys]]\nclass = \"programmable\"\nslots = [1]\nstate = \"sure\"\n";
    let fleet = phone("yealink-t99", "").with("overrides/models/yealink/t99.toml", model);
    assert_snapshot!(fleet.findings_with_overrides(), @"
    error: overrides/models/yealink/t99.toml:1: `lines` is missing [missing-field]
    error: overrides/models/yealink/t99.toml:1: `name` is missing [missing-field]
    error: overrides/models/yealink/t99.toml:3: `soft_keys[1].source` is missing [missing-field]
    error: overrides/models/yealink/t99.toml:6: `state` is `sure`, but must be known, peer or inferred [unknown-word]
    error: sites/a/phones/001565aabbcc.toml:1: the model `yealink-t99` does not exist [unknown-model]
      hint: did you mean `yealink-t19p`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s)
    ");
}

#[test]
fn a_model_whose_lists_hold_something_else() {
    let model = "name = \"T99\"\nproducts = [\"T99\"]\nlines = { count = 1, state = \"known\", source = \"x\" }\n\
        [[keys]]\nclass = \"programmable\"\ncount = 2\nstate = \"known\"\nsource = \"x\"\nsides = [-1, 70000]\n\
        [[keys]]\nclass = \"programmable\"\ncount = 2\nstate = \"known\"\nsource = \"x\"\nsides = [1]\n\
        [[soft_keys]]\nclass = \"programmable\"\nslots = [\"x\", 70000, 1]\nstate = \"known\"\nsource = \"x\"\n";
    let fleet = phone("yealink-t46s", "").with("overrides/models/yealink/t99.toml", model);
    assert_snapshot!(fleet.findings_with_overrides(), @r"
    error: overrides/models/yealink/t99.toml:9: `keys[1].sides` must be a list of whole numbers from 0 to 200 [wrong-type]
    error: overrides/models/yealink/t99.toml:15: `sides` must be two numbers: how many keys stand on the left and the right [wrong-type]
    error: overrides/models/yealink/t99.toml:18: `soft_keys[1].slots` must be a list of whole numbers from 1 to 200 [wrong-type]
    ");
}

#[test]
fn an_override_of_a_file_that_has_changed_since() {
    let text = "# based-on: sha256:00000000000000000000000000000000\nname = \"FreeSWITCH\"\n";
    let fleet = phone("yealink-t46s", "").with("overrides/models/feature-codes/fusionpbx.toml", text);
    assert_snapshot!(common::lines_with(&fleet.findings_with_overrides(), &["overrides"]), @"warning: overrides/models/feature-codes/fusionpbx.toml: was copied from a shipped file that has changed since [shipped-changed]");
}

#[test]
fn a_broken_family_takes_down_no_other() {
    let fleet = phone("yealink-t46s", "")
        .with("overrides/templates/yealink/phone.cfg", "{% if %}\n")
        .with("sites/a/lines/202.toml", "sip.password = \"p\"\n")
        .with("sites/a/phones/1cdf0faabbcc.toml", "model = \"cisco-spa504g\"\nlines = [\"202\"]\n");
    assert_snapshot!(common::lines_with(&fleet.findings_with_overrides(), &["error:", "warning:"]), @"
    error: overrides/templates/yealink/phone.cfg: error: Found `%}` but expected one of: integer, float, string, bool, ident, `-`, `not`, `<`, `{`, `[` or `(`
    error: sites/a/phones/001565aabbcc.toml:1: the template `templates/yealink/phone.cfg` is not in place [cannot-render]
    ");
}

#[test]
fn a_template_of_ones_own_is_used() {
    let fleet = phone("yealink-t46s", "")
        .with("overrides/templates/yealink/phone.cfg", "#!version:1.0.0.1\nfeatures.mine = {{ phone.mac }}\n");
    assert_snapshot!(fleet.findings_with_overrides(), @"");
    assert_snapshot!(fleet.file_with_overrides(), @"
    #!version:1.0.0.1
    features.mine = 001565aabbcc
    ");
}

#[test]
fn a_model_of_ones_own_is_known() {
    let model = "name = \"Door\"\nproducts = [\"D1\"]\nkeys = []\n\
                 lines = { count = 1, state = \"inferred\", source = \"its label\" }\n";
    let fleet = phone("yealink-door", "").with("overrides/models/yealink/door.toml", model);
    assert_snapshot!(fleet.findings_with_overrides(), @"");
    assert_snapshot!(common::lines_with(&fleet.file_with_overrides(), &["account.1.enable", "account.2.", "linekey"]), @"account.1.enable = 1");
}

#[test]
fn a_binary_template_that_is_too_long_is_told_by_its_line() {
    let fleet = phone("gigaset-n510", "").with(
        "overrides/templates/gigaset-classic/siu.tlv",
        &format!("# ours\n0 = \"http://%DURL/{}/%MACD.xml\"\n", "x".repeat(240)),
    );
    assert_snapshot!(lines_with(&fleet.findings_with_overrides(), &["siu.tlv"]), @"
    error: overrides/templates/gigaset-classic/siu.tlv: for a phone without a MAC: what the template `templates/gigaset-classic/siu.tlv` makes is not valid: line 2: item 0: the text has 263 characters; expected at most 252 [bad-template]
    error: sites/a/phones/001565aabbcc.toml:1: the template `templates/gigaset-classic/siu.tlv` is not in place [cannot-render]
    ");
}

#[test]
fn a_binary_template_of_ones_own_goes_out_as_bytes() {
    let fleet = phone("gigaset-n510", "")
        .with("overrides/templates/gigaset-classic/siu.tlv", "0 = \"https://%DURL/%MACD.xml\"\n");
    let serving = Loader::new(fleet.path()).load();
    let files = documents(&serving, MAC.parse().unwrap(), Reveal::Nothing, Phase::Later);
    let (_, siu) = files.into_iter().find(|(name, _)| name.ends_with("siu_444.bin")).unwrap();
    assert_eq!(siu.unwrap().bytes, b"\0\x1a\x03\x18https://%DURL/%MACD.xml\0"[..]);
}

#[test]
fn a_file_of_a_format_that_nobody_knows_is_told() {
    let mut texts = shipped();
    let family = texts.get_mut("models/gigaset-classic/family.toml").unwrap();
    *family = family.replacen("format = \"tlv\"", "format = \"tvl\"", 1);
    let findings: Vec<String> = Catalogue::load(&texts, None).1.iter().map(ToString::to_string).collect();
    let told = lines_with(&findings.join("\n"), &["tvl"]);
    let (what, known) = told.split_once("one of ").unwrap_or_default();
    assert_snapshot!(what, @"error: models/gigaset-classic/family.toml:46: `format` is `tvl`, but must be ");
    assert!(known.split(", ").any(|format| format.starts_with("tlv")), "{told}");
}

#[test]
fn parameters_that_restart_phones_have_to_be_named() {
    let mut texts = shipped();
    let family = texts.get_mut("models/cisco-mpp/family.toml").unwrap();
    family.push_str("\n[[reboots]]\nparameter = \"Enable_CDP\"\nstate = \"sure\"\nsource = \"a guide\"\n");
    let findings: Vec<String> = Catalogue::load(&texts, None).1.iter().map(ToString::to_string).collect();
    assert_snapshot!(lines_with(&findings.join("\n"), &["cisco-mpp/family.toml", "parameters"]), @"
    error: models/cisco-mpp/family.toml:213: `reboots[1].parameters` is missing [missing-field]
    error: models/cisco-mpp/family.toml:215: `state` is `sure`, but must be known, peer or inferred [unknown-word]
    error: models/cisco-mpp/family.toml:214: `reboots[1].parameter` is not a known field [unknown-field]
    hint: did you mean `parameters`?
    ");
}

#[test]
fn a_group_is_a_list_of_models_that_are_there() {
    let told = |from: &str, to: &str| {
        let mut texts = shipped();
        let family = texts.get_mut("models/cisco-mpp/family.toml").unwrap();
        *family = family.replace(from, to);
        let findings: Vec<String> = Catalogue::load(&texts, None).1.iter().map(ToString::to_string).collect();
        let of_family: BTreeSet<&str> =
            findings.iter().map(String::as_str).filter(|what| what.contains("cisco-mpp")).collect();
        Vec::from_iter(of_family).join("\n")
    };
    assert_snapshot!(told("desk9800 = [", "desk9800 = 1 # ["), @"error: models/cisco-mpp/family.toml:31: the group `desk9800` must be a list of models' ids [wrong-type]");
    assert_snapshot!(told("cisco-ata191", "cisco-ata193"), @"error: models/cisco-mpp/settings.toml: the model `cisco-ata193` does not exist [unknown-model]");
}
