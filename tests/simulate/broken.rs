//! A simulator that cannot fail is worth nothing: here files are wrong on purpose, and it has to say so.

use insta::assert_snapshot;
use offhook::live::shipped;

use crate::common::{Fleet, phone_with};
use crate::simulate_fleet;

/// A phone with two lines; the second one's keys must not be sent.
fn fleet(model: &str) -> Fleet {
    let primary = r#"
        display_name = "Reception"
        sip.password = "x"
        keys.3 = { function = "supervise", number = "202", label = "Marie" }
        keys.4 = { function = "dial", number = "0033199000000", label = "Taxi" }
    "#;
    phone_with(model, "lines = [\"201\", \"202\"]", primary).with(
        "sites/a/lines/202.toml",
        "sip.password = \"x\"\nkeys.5 = { function = \"dial\", number = \"0033666666666\", label = \"LEAK\" }\n",
    )
}

/// The fleet with a shipped file in which one text is another.
fn with(fleet: Fleet, path: &str, from: &str, to: &str) -> Fleet {
    let texts = shipped();
    let text = texts.get(path).expect("it is shipped");
    assert!(text.contains(from), "{path} has no `{from}`");
    fleet.with_bytes(&format!("overrides/{path}"), text.replace(from, to).as_bytes())
}

fn yealink(from: &str, to: &str) -> String {
    differences(&with(fleet("yealink-t46s"), "templates/yealink/phone.cfg", from, to))
}

/// What is told behind the table, without the phone's name.
fn differences(fleet: &Fleet) -> String {
    let (told, code) = simulate_fleet(fleet.path());
    let lines = told.lines().filter_map(|line| line.split_once(": ").map(|(_, what)| what));
    let told: Vec<&str> = lines.collect();
    assert_eq!(code, i32::from(!told.is_empty()), "{told:?}");
    told.join("\n")
}

#[test]
fn nothing_is_wrong_with_the_shipped_templates() {
    for model in ["yealink-t46s", "cisco-spa504g", "gigaset-maxwell3"] {
        assert_eq!(differences(&fleet(model)), "", "{model}");
    }
}

#[test]
fn a_leaked_key_is_told() {
    let keys = "{%- for key in keys %}\n{%- if key.class == \"memory\" %}";
    let leak = "{%- for key in keys %}\n{%- if key.n == 5 %}\nlinekey.5.type = 13\nlinekey.5.line = 1\nlinekey.5.value = 0033666666666\nlinekey.5.label = LEAK\n{%- elif key.class == \"memory\" %}";
    assert_snapshot!(yealink(keys, leak), @"keys.5: `nothing` is stored, and the phone understood: dial 0033666666666 by account 1");
    let kind = "linekey.{{ key.group_n }}.type = {{ key.type }}";
    let leak = "linekey.{{ key.group_n }}.type = {% if key.group_n == 5 %}13{% else %}{{ key.type }}{% endif %}";
    assert_snapshot!(yealink(kind, leak), @"keys.5: `nothing` is stored, and the phone understood: nothing: type 13 without a value");
}

#[test]
fn swapped_keys_are_told() {
    let swapped =
        "linekey.{% if key.group_n == 3 %}4{% elif key.group_n == 4 %}3{% else %}{{ key.group_n }}{% endif %}.";
    assert_snapshot!(yealink("linekey.{{ key.group_n }}.", swapped), @"
    keys.3: `supervise 202` is stored, and the phone understood: dial 0033199000000 by account 1
    keys.4: `dial 0033199000000` is stored, and the phone understood: watch 202 by account 1, picked up with *11*
    ");
}

#[test]
fn a_lost_label_is_told() {
    assert_snapshot!(yealink("linekey.{{ key.group_n }}.label = {{ key.label }}", "linekey.{{ key.group_n }}.label = %NULL%"), @"
    keys.3: the label is `Marie`, and the phone shows none
    keys.4: the label is `Taxi`, and the phone shows none
    ");
}

#[test]
fn a_wrong_account_is_told() {
    let user = "account.{{ account.n }}.user_name = {{ account.user";
    assert_snapshot!(yealink(user, "account.{{ account.n }}.user_name = {{ accounts[0].user"), @"account 2: the user is `202`, and the phone understood `201`");
    let line = "linekey.{{ key.group_n }}.line = {{ key.line }}";
    assert_snapshot!(yealink(line, "linekey.{{ key.group_n }}.line = 2"), @"
    keys.1: `line 1` is stored, and the phone understood: stand for account 2
    keys.3: `supervise 202` is stored, and the phone understood: watch 202 by account 2, picked up with *11*
    keys.4: `dial 0033199000000` is stored, and the phone understood: dial 0033199000000 by account 2
    ");
}

#[test]
fn what_a_former_owner_left_is_told() {
    let kind = "linekey.{{ key.group_n }}.type = {{ key.type }}\n";
    let set_only = "{%- if key.function != \"none\" or key.group_n > 5 %}\nlinekey.{{ key.group_n }}.type = {{ key.type }}\n{%- endif %}\n";
    assert_snapshot!(yealink(kind, set_only), @"keys.5: `nothing` is stored, and the phone understood: what was there before, since no file speaks of it");
    assert_snapshot!(yealink("account.{{ account.n }}.password = %NULL%\n", "").lines().next().unwrap_or_default(), @"`account.3.password` of a former owner stays in the phone");
}

#[test]
fn a_hole_in_the_chain_is_told() {
    let family = "models/yealink/family.toml";
    let gone = with(
        fleet("yealink-t46s"),
        family,
        "path = '(?<mac>[0-9a-f]{12})\\.cfg'",
        "path = '(?<mac>[0-9a-f]{12})\\.conf'",
    );
    let told = differences(&gone);
    assert!(
        told.starts_with(
            "`https://phones.example.org/001565aabbcc.cfg` is not there: status 404\nthe phone got no file"
        ),
        "{told}"
    );
}

#[test]
fn an_address_that_leads_away_is_told() {
    let server = "name=\"System.Provision.ProvisioningServer\" value=\"{{ url }}/";
    let away = server.replace("{{ url }}", "https://elsewhere.example.org");
    let fleet = with(fleet("gigaset-maxwell3"), "templates/gigaset-maxwell/phone.xml", server, &away);
    assert_snapshot!(differences(&fleet), @"the phone takes nothing from `https://elsewhere.example.org/001565aabbcc.xml`: status 0");
}

#[test]
fn a_word_that_no_phone_knows_is_told() {
    let fleet = fleet("cisco-spa504g")
        .with("sites/a/lines/201.toml", "sip.password = \"x\"\nsoft_keys.2.function = \"redial\"\n");
    let fleet = with(fleet, "templates/cisco-spa/phone.xml", "key.softkey ~ \"|\"", "\"last\" ~ key.softkey ~ \"|\"");
    assert_snapshot!(differences(&fleet), @"
    the phone ignores the whole Idle_Key_List: it knows no soft key `lastredial`
    soft_keys.2: `redial` is stored, and the phone understood: nothing but in calls reject, cancel
    ");
}
