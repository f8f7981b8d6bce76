//! What is told of an edit of the fleet.

use insta::assert_snapshot;

use crate::common::SITE;
use crate::house::{T46S, edited, fleet, told};

#[test]
fn nothing_changes_where_nothing_is_changed() {
    assert_snapshot!(edited(T46S, "# with a word to the reader\n\nmodel = \"yealink-t46s\"\nlines = [\"201\"]\n"), @"");
}

#[test]
fn a_key_and_its_label() {
    let line = "layout = \"desk\"\nsip.password = \"hunter2\"\nkeys.7 = { function = \"dial\", number = \"102\", label = \"Yard\" }\n";
    assert_snapshot!(edited("sites/a/lines/201.toml", line), @"
    1 Changes: 001565aabb01
      keys.7: dial 101 → dial 102
      label of keys.7: Hall → Yard
      {mac}.cfg of 1
        -linekey.7.value = 101
        +linekey.7.value = 102
        -linekey.7.label = Hall
        +linekey.7.label = Yard
    ");
    assert_snapshot!(edited("sites/a/lines/201.toml", "layout = \"desk\"\nsip.password = \"hunter2\"\nkeys.7.label = \"Yard\"\n"), @"
    1 Changes: 001565aabb01
      label of keys.7: Hall → Yard
      {mac}.cfg of 1
        -linekey.7.label = Hall
        +linekey.7.label = Yard
    ");
}

#[test]
fn a_layout_that_many_lines_use() {
    let site =
        format!("{SITE}[layouts.desk]\nkeys.8 = {{ function = \"dial\", number = \"101\", label = \"Hall\" }}\n");
    assert_snapshot!(edited("sites/a/site.toml", &site), @"
    2 Changes: 001565aabb01 001565aabb02
      keys.7: dial 101 → nothing
      label of keys.7: Hall → nothing
      keys.8: nothing → dial 101
      label of keys.8: nothing → Hall
      {mac}.cfg of 2
        -linekey.7.type = 13
        -linekey.7.line = 1
        -linekey.7.value = 101
        +linekey.7.type = 0
        +linekey.7.line = %NULL%
        +linekey.7.value = %NULL%
        -linekey.7.label = Hall
        -linekey.8.type = 0
        -linekey.8.line = %NULL%
        -linekey.8.value = %NULL%
        +linekey.7.label = %NULL%
        +linekey.8.type = 13
        +linekey.8.line = 1
        +linekey.8.value = 101
        -linekey.8.label = %NULL%
        +linekey.8.label = Hall
    ");
}

#[test]
fn a_default_of_all_phones() {
    let root = "schema = 1\npublic_url = \"https://phones.example.org\"\nsettings.language = \"fr\"\n";
    assert_snapshot!(edited("fleet.toml", root), @"
    3 Changes: 001565aabb01 001565aabb02 001de5aabb03
      settings.language: en (fleet) → fr (fleet)
      {mac}.cfg of 2
        -lang.gui = English
        -lang.wui = English
        -static.lang.gui = English
        -static.lang.wui = English
        +lang.gui = French
        +lang.wui = French
        +static.lang.gui = French
        +static.lang.wui = French
      {mac}.xml of 1
        -<Language_Selection>English</Language_Selection>
        +<Language_Selection>French</Language_Selection>
        -<Locale>en-US</Locale>
        +<Locale>fr-FR</Locale>
    ");
}

#[test]
fn a_server_and_a_code_of_the_site() {
    let site = SITE.replace("sip.example.org", "sip.example.net")
        + "[codes]\ndo_not_disturb.toggle = \"*99\"\n[layouts.desk]\nkeys.7 = { function = \"dial\", number = \"101\", label = \"Hall\" }\n";
    assert_snapshot!(edited("sites/a/site.toml", &site), @r#"
    2 Changes: 001565aabb01 001565aabb02
      line 1 registered at: sip.example.org (site) → sip.example.net (site)
      {mac}.cfg of 2
        -account.1.sip_server.1.address = sip.example.org
        +account.1.sip_server.1.address = sip.example.net
    1 Changes: 001de5aabb03
      line 1 registered at: sip.example.org (site) → sip.example.net (site)
      keys.2 (do_not_disturb): short_name `**26#`, fnc `fnc=sd;ext=**26#@$PROXY;vid=1;nme=**26#` → short_name `*99`, fnc `fnc=sd;ext=*99@$PROXY;vid=1;nme=*99`
      {mac}.xml of 1
        -<Proxy_1_>sip.example.org</Proxy_1_>
        +<Proxy_1_>sip.example.net</Proxy_1_>
        -<Short_Name_2_ ua="na">**26#</Short_Name_2_>
        +<Short_Name_2_ ua="na">*99</Short_Name_2_>
        -<Extended_Function_2_ ua="na">fnc=sd;ext=**26#@$PROXY;vid=1;nme=**26#</Extended_Function_2_>
        +<Extended_Function_2_ ua="na">fnc=sd;ext=*99@$PROXY;vid=1;nme=*99</Extended_Function_2_>
    "#);
}

#[test]
fn a_phone_of_another_model() {
    let told = edited(T46S, "model = \"yealink-t42s\"\nlines = [\"201\"]\n");
    assert_snapshot!(told.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      model: yealink-t46s → yealink-t42s
      {mac}.cfg of 1
        -# Account 13
        -account.13.enable = 0
        -account.13.label = %NULL%
        -account.13.display_name = %NULL%
        -account.13.auth_name = %NULL%
        -account.13.user_name = %NULL%
        -account.13.password = %NULL%
        -account.13.sip_server.1.address = %NULL%
        -account.13.sip_server.1.port = %NULL%
    ");
    let other_family = edited(T46S, "model = \"cisco-spa509g\"\nlines = [\"201\"]\n");
    assert_snapshot!(other_family.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      model: yealink-t46s → cisco-spa509g
      settings.provision_interval_minutes: 1440 (product) → 60 (family)
      the file {mac}.cfg: made → nothing
      the file {mac}.xml: nothing → made
    ");
}

#[test]
fn phones_come_and_go() {
    let more = fleet().with("sites/a/phones/001565aabb09.toml", "model = \"yealink-t42s\"\nlines = [\"203\"]\n");
    assert_snapshot!(told(&fleet(), &more), @"
    1 Comes: 001565aabb09
      served: nothing → as yealink-t42s
    ");
    assert_snapshot!(told(&more, &fleet()), @"
    1 Goes: 001565aabb09
      served: as yealink-t42s → nothing
    ");
}

#[test]
fn the_lines_the_modules_and_the_site_of_a_phone() {
    let moved = fleet()
        .with("sites/b/site.toml", "sip.server = \"sip.example.com\"\n")
        .with("sites/b/lines/301.toml", "")
        .with("sites/b/lines/302.toml", "display_name = \"Yard\"\n");
    let phone = "model = \"yealink-t46s\"\nlines = [\"301\", \"302\"]\nmodules = 1\nfirmware = \"66.86.0.15\"\n";
    std::fs::remove_file(moved.path().join(T46S)).unwrap();
    let told = told(&fleet(), &moved.with(&T46S.replace("/a/", "/b/"), phone));
    assert_snapshot!(told.lines().take(10).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      site: a → b
      firmware: v84 → v86
      modules: nothing → yealink-exp40
      lines.1: 201 → 301
      lines.2: nothing → 302
      keys.2: nothing → line 2
      keys.7: dial 101 → nothing
      label of keys.7: Hall → nothing
      {mac}.cfg of 1
    ");
}

#[test]
fn a_base_with_handsets() {
    let base = |rest: &str| {
        fleet().with(
            "sites/a/phones/589ec6000001.toml",
            &format!("model = \"gigaset-n670\"\nlines = [\"201\", \"202\"]\n{rest}"),
        )
    };
    let now = base("handsets.1 = { line = 2, name = \"Porter\" }\n");
    assert_snapshot!(told(&base(""), &now).lines().take(8).collect::<Vec<_>>().join("\n"), @r#"
    1 Changes: 589ec6000001
      handsets.1: line 201 `201` → line 202 `Porter`
      handsets.2: line 202 `202` → nothing
      {mac}.xml of 1
        +    <oper name="DeleteNotProvisionedHS"/>
        -    <param name="SipAccount.00001.AuthName" value="201"/>
        -    <param name="SipAccount.00001.AuthPassword" value="‹secret:sip.password@201›"/>
        -    <param name="SipAccount.00001.UserName" value="201"/>
    "#);
}

#[test]
fn a_stamp_is_no_change_of_its_own() {
    let fleet = |name: &str| {
        fleet()
            .with("sites/a/lines/204.toml", &format!("display_name = \"{name}\"\n"))
            .with("sites/a/phones/001bd4000001.toml", "model = \"cisco-7941\"\nlines = [\"204\"]\n")
    };
    assert_snapshot!(told(&fleet("Hall"), &fleet("Yard")), @"
    1 Changes: 001bd4000001
      name of line 1: Hall → Yard
      SEP{MAC}.cnf.xml of 1
        -    <phoneLabel>Hall</phoneLabel>
        +    <phoneLabel>Yard</phoneLabel>
        -        <featureLabel>Hall</featureLabel>
        +        <featureLabel>Yard</featureLabel>
        -        <displayName>Hall</displayName>
        +        <displayName>Yard</displayName>
    ");
}
