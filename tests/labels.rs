//! Labels: what fits, what is shown, and names that stand in for numbers.

mod common;

use common::{Fleet, MAC, SITE, phone, phone_with};
use insta::assert_snapshot;

#[test]
fn a_label_that_does_not_fit_is_shortened_and_told() {
    let keys = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Workshop & yard\" }
        soft_keys.2 = { function = \"dial\", number = \"202\", label = \"Laboratoire\", accept = [\"label-too-wide\"] }
        soft_keys.3 = { function = \"dial\", number = \"0033199000000\" }
        soft_keys.4 = { function = \"dial\", number = \"0033972101011\" }
        keys.2 = { function = \"dial\", number = \"202\", label = \"A label beside a line key, whose width nobody knows\" }
        ";
    let fleet = phone("cisco-spa504g", keys);
    assert_snapshot!(fleet.findings(), @r#"
    warning: sites/a/lines/201.toml:1: the label `Workshop & yard` is sent as `Workshop`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    (accepted) warning: sites/a/lines/201.toml:2: the label `Laboratoire` is sent as `Laboratoir`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    warning: sites/a/lines/201.toml:4: there is no label, and `0033972101011` is sent as `3972101011`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    "#);
    assert_snapshot!(fleet.sent(&["<PSK_", "Short_Name_2_"]), @r#"
    <Short_Name_2_ ua="na">A label beside a line key, whose width nobody knows</Short_Name_2_>
    <PSK_1 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Workshop</PSK_1>
    <PSK_2 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Laboratoir</PSK_2>
    <PSK_3 ua="na">fnc=sd;ext=0033199000000@$PROXY;vid=1;nme=Elsewhere</PSK_3>
    <PSK_4 ua="na">fnc=sd;ext=0033972101011@$PROXY;vid=1;nme=3972101011</PSK_4>
    <PSK_5 ua="na"></PSK_5>
    <PSK_6 ua="na"></PSK_6>
    "#);
}

#[test]
fn a_module_has_a_width_of_its_own() {
    let module = "name = \"Yealink EXP40\"
        class = \"module\"
        pages = 2
        keys_per_page = 20
        label_width = 6
        state = \"known\"
        source = \"a test\"
        ";
    let keys = "modules.1.keys.3 = { function = \"dial\", number = \"202\", label = \"Été à la mer\" }\n";
    let fleet = phone_with("yealink-t46s", "modules = 1", keys);
    let fleet = fleet.with("overrides/models/yealink/modules/exp40.toml", module);
    assert!(fleet.findings_with_overrides().contains(
        "the label `Été à la mer` is sent as `Été à`: 6 characters fit on a module key of `yealink-exp40` [label-too-wide]"
    ));
    assert!(fleet.file_with_overrides().contains("expansion_module.1.key.3.label = Été à\n"));
}

#[test]
fn a_family_whose_files_take_less_says_so() {
    let family = include_str!("../models/yealink/family.toml");
    let limits = "
        [labels]
        key = { characters = 8, state = \"known\", source = \"a test\" }
        account = { characters = 12, state = \"known\", source = \"a test\" }
        phone = { characters = 5, state = \"known\", source = \"a test\" }
        ";
    let line = "display_name = \"Reception desk\"\nkeys.2 = { function = \"dial\", number = \"202\", label = \"🇫🇷🇩🇪🇮🇹🇪🇸🇬🇧\" }\n";
    let fleet = phone("yealink-t46s", line).with("overrides/models/yealink/family.toml", &format!("{family}{limits}"));
    assert_snapshot!(common::lines_with(&fleet.findings_with_overrides(), &["lines/201.toml"]), @"
    note: sites/a/lines/201.toml: the account's label `Reception desk` is sent as `Reception`: the phone's file takes 12 [name-too-long]
    note: sites/a/lines/201.toml: the display name `Reception desk` is sent as `Reception`: the phone's file takes 12 [name-too-long]
    note: sites/a/lines/201.toml: the phone's name `Reception desk` is sent as `Recep`: the phone's file takes 5 [name-too-long]
    warning: sites/a/lines/201.toml:2: the label `🇫🇷🇩🇪🇮🇹🇪🇸🇬🇧` is sent as `🇫🇷🇩🇪🇮🇹🇪🇸`: the phone's file takes 8 characters [label-too-wide]
    ");
    assert_snapshot!(common::lines_with(&fleet.file_with_overrides(), &["account.1.display_name", "account.1.label"]), @"
    account.1.label = Reception
    account.1.display_name = Reception
    ");
}

#[test]
fn an_accent_is_part_of_its_letter_however_it_was_typed() {
    let line = "display_name = \"Re\u{301}ception\"\nkeys.2 = { function = \"dial\", number = \"202\", label = \"E\u{301}te\u{301}\" }\n";
    let fleet = phone("yealink-t46s", line);
    assert_snapshot!(fleet.findings(), @"");
    assert_snapshot!(fleet.sent(&["linekey.2.label", "account.1.label"]), @"
    account.1.label = Réception
    linekey.2.label = Été
    ");
}

#[test]
fn a_label_where_none_is_shown_is_told() {
    // Paper beside the keys, a memory key without a screen, words of the phone's own, and types of key without a name.
    let dial = |place: &str| format!("{place} = {{ function = \"dial\", number = \"202\", label = \"Paul\" }}\n");
    let redial = "soft_keys.1 = { function = \"redial\", label = \"Again\" }\n";
    assert_snapshot!(phone("cisco-spa501g", &dial("keys.2")).findings(), @"note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `cisco-spa501g` shows none on this line key [label-not-shown]");
    assert_snapshot!(phone("yealink-t28p", &dial("keys.7")).findings(), @"note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `yealink-t28p` shows none on this memory key [label-not-shown]");
    assert_snapshot!(phone("yealink-t46s", &dial("soft_keys.7")).findings(), @"note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `yealink-t46s` shows none on this programmable key [label-not-shown]");
    let exp38 = phone_with("yealink-t28p", "modules = [\"yealink-exp38\"]", &dial("modules.1.keys.2"));
    assert_snapshot!(exp38.findings(), @"note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `yealink-exp38` shows none on this module key [label-not-shown]");
    assert_snapshot!(phone("cisco-spa504g", redial).findings(), @"note: sites/a/lines/201.toml:1: the label `Again` is not shown: `cisco-spa504g` takes none for `redial` on programmable keys [label-not-shown]");
    assert_snapshot!(phone("gigaset-maxwell3", redial).findings(), @"note: sites/a/lines/201.toml:1: the label `Again` is not shown: `gigaset-maxwell3` takes none for `redial` on programmable keys [label-not-shown]");
    assert_snapshot!(phone("gigaset-maxwell3", &dial("soft_keys.2")).findings(), @"note: sites/a/lines/201.toml:1: the label `Paul` is not shown: `gigaset-maxwell3` takes none for `dial` on programmable keys [label-not-shown]");
    assert_snapshot!(phone("gigaset-maxwell3", &dial("keys.2")).findings(), @"");
    assert_snapshot!(phone("yealink-t46s", &dial("soft_keys.1")).findings(), @"");
}

/// A phone whose keys show names.
fn named(model: &str, keys: &str) -> Fleet {
    phone(model, keys)
        .with("sites/a/lines/202.toml", "display_name = \"Anna; the boss\"\n")
        .with("sites/a/lines/203.toml", "sip.user = \"u203\"\n")
}

#[test]
fn a_label_shows_the_name_of_a_line() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"${name:202}\" }
        keys.3 = { function = \"dial\", number = \"203\", label = \"to ${name:20.3}\" }
        keys.4 = { function = \"dial\", number = \"204\", label = \"${name:0033199000000}, $${name:202}\" }
        ";
    assert_snapshot!(named("yealink-t46s", keys).sent(&["linekey.2.label", "linekey.3.label", "linekey.4.label"]), @r#"
    linekey.2.label = "Anna; the boss"
    linekey.3.label = to u203
    linekey.4.label = Elsewhere, ${name:202}
    "#);
    // A name is guarded and made to fit as any label is.
    let fleet =
        named("cisco-spa504g", "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"${name:202}\" }\n");
    assert_snapshot!(fleet.sent(&["<PSK_1"]), @r#"<PSK_1 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Anna, the</PSK_1>"#);
    assert_snapshot!(fleet.findings(), @r#"
    warning: sites/a/lines/201.toml:1: the label `Anna; the` is sent as `Anna, the`, since the phone's file cannot carry it as it is [label-changed]
    warning: sites/a/lines/201.toml:1: the label `Anna; the boss` is sent as `Anna; the`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    "#);
}

#[test]
fn names_stand_in_layouts_too() {
    let site =
        format!("{SITE}[layouts.desk.keys.2]\nfunction = \"dial\"\nnumber = \"202\"\nlabel = \"${{name:202}}\"\n");
    let fleet = named("gigaset-maxwell3", "layout = \"desk\"\n").with("sites/a/site.toml", &site);
    assert_snapshot!(fleet.sent(&["FunctionKeys.1.DisplayName"]), @r#"<param name="PhoneUI.Keys.FunctionKeys.1.DisplayName" value="Anna; the boss"/>"#);
    assert_snapshot!(fleet.findings(), @"");
}

#[test]
fn a_name_that_nobody_has_is_told_and_the_number_shown() {
    let keys = "keys.2 = { function = \"dial\", number = \"1\", label = \"${name:204}\" }
        keys.3 = { function = \"dial\", number = \"1\", label = \"${name:reception}\", accept = [\"unknown-name\"] }
        keys.4 = { function = \"dial\", number = \"1\", label = \"${name:0033972109000}\" }
        ";
    let fleet = phone("yealink-t46s", keys);
    assert_snapshot!(fleet.findings(), @r#"
    warning: sites/a/lines/201.toml:1: the label shows the name of `204`, which the site has not: the number is shown [unknown-name]
      hint: did you mean `201` or `202` or `203`?
    (accepted) warning: sites/a/lines/201.toml:2: the label shows the name of `reception`, which the site has not: the number is shown [unknown-name]
      hint: add its line, or [numbers."reception"] with a label to site.toml
    "#);
    assert_snapshot!(fleet.sent(&["linekey.2.label", "linekey.3.label", "linekey.4.label"]), @r#"
    linekey.2.label = 204
    linekey.3.label = reception
    linekey.4.label = 0033972109000
    "#);
}

#[test]
fn a_name_that_is_not_written_out_is_an_error() {
    let keys = "keys.2.label = \"${name:202\"\nkeys.3.label = \"Hi ${user}\"\n";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.2.label`: `${name:202` is no `${name:NUMBER}` [bad-label]
      hint: a `${` that is text is written `$${`
    error: sites/a/lines/201.toml:2: `keys.3.label`: `${user}` is no `${name:NUMBER}` [bad-label]
      hint: a `${` that is text is written `$${`
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

/// The lines of the phone's file that have a word in them, with what moves them.
fn explained(fleet: &Fleet, word: &str) -> String {
    use offhook::render::{Renderer, Reveal, RevisionKey, documents_of, explain};
    let serving = common::serving(fleet.path());
    let subject = serving.world.subject(MAC.parse().unwrap()).unwrap();
    let key = RevisionKey::fixed();
    let with = Renderer {
        templates: &serving.templates,
        url: "https://x",
        token: None,
        key: &key,
        reveal: Reveal::Nothing,
        changed_at: &|_| 0,
    };
    let files = documents_of(&subject);
    let report =
        explain(&subject, subject.band(None, None), offhook::resolve::Phase::Later, files[0].1, &with).unwrap();
    let unread: Vec<String> = report.unread.iter().map(ToString::to_string).collect();
    assert!(!unread.iter().any(|unread| unread.contains("label")), "{unread:?}");
    let lines = report.lines.iter().filter(|line| line.text.contains(word)).map(|line| {
        let from: Vec<String> = line.from.iter().map(|from| format!("\n  {from}")).collect();
        format!("{}{}", line.text, from.concat())
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn explain_tells_where_a_label_comes_from() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"${name:202}\" }\n";
    assert_snapshot!(explained(&named("yealink-t46s", keys), "linekey.2.label"), @r#"
    linekey.2.label = "Anna; the boss"
      display_name (202) (line, sites/a/lines/202.toml)
      keys.2 (line, sites/a/lines/201.toml:1)
      keys.2.label (line, sites/a/lines/201.toml:1)
    "#);
    // What there is no room for moves nothing; what is left of the label does.
    let keys = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Laboratoire\" }\n";
    assert_snapshot!(explained(&phone("cisco-spa504g", keys), "Laboratoir"), @r#"
    <PSK_1 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Laboratoir</PSK_1>
      settings.user_may_edit_keys (product, models/settings.toml)
      soft_keys.1 (line, sites/a/lines/201.toml:1)
      soft_keys.1.label (line, sites/a/lines/201.toml:1)
    "#);
}
