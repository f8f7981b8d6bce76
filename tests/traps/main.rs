//! What has bitten others: one test for each trap of the fact sheets (chapter 9 of each) that a file can avoid.
//! Traps of user agents and paths are in `identify/traps.rs`; those of TLS are for the README.

#[path = "../common/mod.rs"]
mod common;

mod cisco_enterprise;
mod cisco_mpp;
mod cisco_spa;
mod gigaset_classic;
mod gigaset_maxwell;
mod gigaset_nx70;
mod gigaset_p;
mod yealink;
mod yealink_bands;
mod yealink_dect;
mod zones;

use common::phone;
use insta::assert_snapshot;

#[test]
fn the_same_fleet_gives_the_same_bytes() {
    for model in [
        "yealink-t46s",
        "cisco-spa525g2",
        "cisco-8861",
        "cisco-8865-3pcc",
        "gigaset-maxwell3",
        "gigaset-n510",
        "gigaset-n670",
        "gigaset-p850",
    ] {
        let fleet = phone(model, "keys.2 = { function = \"supervise\", number = \"202\" }\n");
        assert_eq!(fleet.file(), fleet.file(), "{model}");
    }
}

#[test]
fn what_a_user_edits_does_not_hide_the_keys() {
    let sent = |model: &str, may: bool| {
        phone(model, &format!("settings.user_may_edit_keys = {may}\n")).sent(&[
            "custom.protect",
            "Extended_Function_2_",
            "UnlockAll",
            "idx=\"1\" context",
        ])
    };
    assert_snapshot!(sent("yealink-t46s", false), @"static.auto_provision.custom.protect = 0");
    assert_snapshot!(sent("yealink-t46s", true), @"static.auto_provision.custom.protect = 1");
    assert_snapshot!(sent("cisco-spa504g", false), @r#"<Extended_Function_2_ ua="na"></Extended_Function_2_>"#);
    assert_snapshot!(sent("cisco-spa504g", true), @r#"<Extended_Function_2_ ua="rw"></Extended_Function_2_>"#);
    assert_snapshot!(sent("gigaset-maxwell3", false), @r#"<step type="UnlockAllFunctionKeys"/>"#);
    assert_snapshot!(sent("gigaset-maxwell3", true), @"");
    assert_snapshot!(sent("gigaset-p850", false), @r#"<fkey idx="1" context="active" label="" lp="on" perm="RW">line</fkey>"#);
    assert_snapshot!(sent("gigaset-p850", true), @r#"<fkey idx="1" context="active" label="" lp="on" perm="!">line</fkey>"#);
}
