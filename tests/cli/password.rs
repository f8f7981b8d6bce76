//! `offhook password`, and what a phone with a password is told.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::{out, parts, run};
use crate::common::{Fleet, MAC, lines_with, phone_with};

const PHONE: &str = "sites/a/phones/001565aabbcc.toml";

fn with_password(model: &str) -> Fleet {
    phone_with(model, "[trust]\nuser = \"desk7\"\npassword = \"Zq7-&<x>\"\n", "")
}

#[test]
fn a_password_is_minted_and_told_once() {
    let fleet = phone_with("yealink-t46s", "# Hall\n", "");
    let text = || std::fs::read_to_string(fleet.path().join(PHONE)).expect("the phone's file");
    let (first, told, code) = parts(fleet.path(), &format!("password {MAC}"));
    assert_eq!(code, 0, "{told}");
    assert_snapshot!(told, @"
    written: sites/a/phones/001565aabbcc.toml
    the user name is `001565aabbcc`, the password:
    ");
    let first = first.trim_end();
    assert!(first.len() == 26 && first.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'9')), "{first}");
    assert_snapshot!(text().replace(first, "FIRST"), @r#"
    model = "yealink-t46s"
    lines = ["201"]

    [trust]
    password = "FIRST"
    # Hall
    "#);

    let (second, told, _) = parts(fleet.path(), "password 00:15:65:AA:BB:CC");
    let second = second.trim_end();
    assert_snapshot!(told, @"
    written: sites/a/phones/001565aabbcc.toml
    the user name is `001565aabbcc`, the password:
    the former one stays good until `offhook password 001565aabbcc --end-rotation`
    ");
    assert_snapshot!(text().replace(first, "FIRST").replace(second, "SECOND"), @r#"
    model = "yealink-t46s"
    lines = ["201"]

    [trust]
    password = "SECOND"
    former_password = "FIRST"
    # Hall
    "#);
    assert_snapshot!(run(fleet.path(), &format!("password {MAC}")), @"
    2> error: `sites/a/phones/001565aabbcc.toml` is not changed: its last rotation is not over: a phone that was away may still have the former password
    2>   hint: once it has fetched its file, end the rotation with --end-rotation
    exit 2
    ");

    assert_snapshot!(run(fleet.path(), &format!("password {MAC} --end-rotation")), @"
    2> written: sites/a/phones/001565aabbcc.toml
    exit 0
    ");
    assert_snapshot!(text().replace(second, "SECOND"), @r#"
    model = "yealink-t46s"
    lines = ["201"]

    [trust]
    password = "SECOND"
    # Hall
    "#);
    assert_snapshot!(run(fleet.path(), &format!("password {MAC} --end-rotation")), @"
    2> error: `sites/a/phones/001565aabbcc.toml` is not changed: there is no rotation to end: it has no `trust.former_password`
    exit 2
    ");
    // No two are alike.
    let all: BTreeSet<String> = (0..5)
        .map(|_| {
            let minted = out(fleet.path(), &format!("password {MAC}"));
            out(fleet.path(), &format!("password {MAC} --end-rotation"));
            minted
        })
        .collect();
    assert_eq!(all.len(), 5);
}

#[test]
fn what_cannot_be_changed_is_left_alone() {
    let fleet = phone_with("yealink-t46s", "[trust]\npassword = { file = \"secrets/p\" }\n", "").with("secrets/p", "x");
    assert_snapshot!(run(fleet.path(), &format!("password {MAC}")), @"
    2> error: `sites/a/phones/001565aabbcc.toml` is not changed: the password is in the file `secrets/p`, and what is there is not ours to change
    2>   hint: put a new one there, and the former one into `trust.former_password`; or take `trust.password` out, and ask for one again
    exit 2
    ");
    // A file that would not be taken is not written.
    let text = std::fs::read_to_string(fleet.path().join(PHONE)).expect("the phone's file");
    let fleet = fleet.with(PHONE, &text.replace("[trust]\npassword = { file = \"secrets/p\" }", "modules = 99"));
    assert_snapshot!(run(fleet.path(), &format!("password {MAC}")), @"
    2> error: the phone `001565aabbcc` cannot be served: sites/a/phones/001565aabbcc.toml: `modules` must be a number of modules from 0 to 20, or a list of their models
    exit 2
    ");
    assert_snapshot!(run(fleet.path(), "password 001565aabbdd"), @"
    2> error: no phone `001565aabbdd` is stored
    exit 2
    ");
    assert!(!std::fs::read_to_string(fleet.path().join(PHONE)).expect("the phone's file").contains("trust"));
}

#[test]
fn a_phone_is_told_what_to_show_where_its_maker_says_how() {
    let told = |model: &str, more: &str| {
        let fleet = with_password(model);
        let render = format!("render {MAC}{more}");
        let lines = |text: &str| lines_with(text, &["desk7", "trust.password", "Zq7", "--uid"]);
        let (shown, revealed) = (out(fleet.path(), &render), out(fleet.path(), &format!("{render} --reveal")));
        assert!(!shown.contains("Zq7"), "{shown}");
        format!("{}\n{}", lines(&shown), lines(&revealed))
    };
    assert_snapshot!(told("yealink-t46s", " --firmware 66.86.0.15"), @"
    static.auto_provision.server.username = desk7
    static.auto_provision.server.password = ‹secret:trust.password@001565aabbcc›
    static.auto_provision.server.username = desk7
    static.auto_provision.server.password = Zq7-&<x>
    ");
    assert_snapshot!(told("yealink-t46g", " --firmware 28.73.0.50"), @"
    auto_provision.server.username = desk7
    auto_provision.server.password = ‹secret:trust.password@001565aabbcc›
    auto_provision.server.username = desk7
    auto_provision.server.password = Zq7-&<x>
    ");
    assert_snapshot!(told("cisco-spa504g", ""), @"
    <GPP_SC>desk7</GPP_SC>
    <GPP_SD>‹secret:trust.password@001565aabbcc›</GPP_SD>
    <Profile_Rule>[--uid $SC --pwd $SD] https://phones.example.org/$MA.xml</Profile_Rule>
    <GPP_SC>desk7</GPP_SC>
    <GPP_SD>Zq7-&amp;&lt;x&gt;</GPP_SD>
    <Profile_Rule>[--uid $SC --pwd $SD] https://phones.example.org/$MA.xml</Profile_Rule>
    ");
    assert_snapshot!(told("cisco-8841-3pcc", ""), @"
    <GPP_SC>desk7</GPP_SC>
    <GPP_SD>‹secret:trust.password@001565aabbcc›</GPP_SD>
    <Profile_Rule>[--uid $SC --pwd $SD] https://phones.example.org/$MA.xml</Profile_Rule>
    <GPP_SC>desk7</GPP_SC>
    <GPP_SD>Zq7-&amp;&lt;x&gt;</GPP_SD>
    <Profile_Rule>[--uid $SC --pwd $SD] https://phones.example.org/$MA.xml</Profile_Rule>
    ");
    assert_snapshot!(told("gigaset-maxwell3", ""), @r#"
    <param name="System.Security.HttpAuthUsername" value="desk7"/>
    <param name="System.Security.HttpAuthPassword" value="‹secret:trust.password@001565aabbcc›"/>
    <param name="System.Security.HttpAuthUsername" value="desk7"/>
    <param name="System.Security.HttpAuthPassword" value="Zq7-&amp;&lt;x&gt;"/>
    "#);
    assert_eq!(told("gigaset-n670", ""), "\n", "no source says how an Nx70 is told");
}

#[test]
fn what_it_is_told_is_explained_and_seen_by_templates() {
    let fleet = with_password("yealink-t46s");
    let explained = out(fleet.path(), &format!("explain {MAC}"));
    assert_snapshot!(lines_with(&explained, &["trust."]), @"
    5  static.auto_provision.server.username = desk7                 # trust.user (phone, sites/a/phones/001565aabbcc.toml)
    6  static.auto_provision.server.password = ‹secret:trust.password@001565aabbcc›  # trust.password (phone, sites/a/phones/001565aabbcc.toml)
    ");
    let context = out(fleet.path(), &format!("context {MAC}"));
    assert_snapshot!(lines_with(&context, &["access"]), @r#"
    settings.web_access = none
    access.password = "‹secret:trust.password@001565aabbcc›"
    access.user = "desk7"
    "#);
    let without = phone_with("yealink-t46s", "", "");
    assert_snapshot!(lines_with(&out(without.path(), &format!("context {MAC}")), &["access"]), @"
    settings.web_access = none
    access = none
    ");
    assert!(!out(without.path(), &format!("render {MAC}")).contains("auto_provision.server.username"));
}

#[test]
fn what_phones_cannot_send_is_refused() {
    let fleet = phone_with(
        "yealink-t46s",
        "[trust]\nuser = \"a:b\"\npassword = \"zwei Wörter\"\nformer_password = \"a$MA\"\n",
        "",
    );
    assert_snapshot!(lines_with(&run(fleet.path(), "check ."), &["trust", "phones write"]), @"
    error: sites/a/phones/001565aabbcc.toml:4: `trust.user` must be printable ASCII without blanks, colons, quotes, backslashes and dollar signs [bad-user]
    error: sites/a/phones/001565aabbcc.toml:5: `trust.password` must be printable ASCII without blanks, quotes, backslashes and dollar signs [bad-setting]
    hint: phones write other characters each in its own way; `offhook password MAC` makes a password
    error: sites/a/phones/001565aabbcc.toml:6: `trust.former_password` must be printable ASCII without blanks, quotes, backslashes and dollar signs [bad-setting]
    hint: phones write other characters each in its own way; `offhook password MAC` makes a password
    ");
}
