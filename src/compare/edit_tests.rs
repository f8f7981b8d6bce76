//! Texts before and after.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::phone::Accept;
use crate::phone::Function;

fn moved(from: &str, to: &str) -> Moved {
    let place = |text| Place::parse(text).unwrap();
    let what = Use { number: "202".parse().ok(), via: 2, ..Use::of(Function::Dial) };
    let to = KeySetting {
        place: place(to),
        what: Some(what),
        label: Some("Paul".into()),
        accept: Accept::from_iter(["degraded".into()]),
        locked: false,
        at: 0,
    };
    Moved { from: place(from), to }
}

fn edited(text: &str, moves: &[(&str, &str)]) -> String {
    let moves: Vec<_> = moves.iter().map(|(from, to)| moved(from, to)).collect();
    line(text, &moves).unwrap()
}

#[test]
fn a_key_takes_its_comments_along() {
    let text = "\
# Reception
display_name = \"Hall\" # the big one

# Paul sits here
[keys.16] # since May
function = \"redial\"   # twice
label = \"x\"
accept = []

[keys.2]
label = \"y\"
";
    insta::assert_snapshot!(edited(text, &[("keys.16", "modules.1.keys.3")]), @r#"
    # Reception
    display_name = "Hall" # the big one

    # Paul sits here
    [modules.1.keys.3] # since May
    function = "redial"   # twice
    label = "x"
    accept = []

    [keys.2]
    label = "y"
    "#);
}

#[test]
fn keys_on_one_line_stay_on_one() {
    let text = "\
keys.2.label = \"y\"
# Paul
keys.16 = { function = \"redial\", label = \"x\", accept = [] } # here
# twice
keys.17.function = \"redial\" # or more
keys.17.label = \"z\"
keys.17.accept = []
[settings]
language = \"fr\"
";
    insta::assert_snapshot!(edited(text, &[("keys.16", "keys.3"), ("keys.17", "modules.2.keys.1")]), @r#"
    keys.2.label = "y"
    # Paul
    keys.3 = { function = "redial", label = "x", accept = [] } # here
    # twice
    modules.2.keys.1.function = "redial" # or more
    modules.2.keys.1.label = "z"
    modules.2.keys.1.accept = []
    [settings]
    language = "fr"
    "#);
    let text = "keys = { 2 = { label = \"y\" }, 16 = { function = \"redial\", label = \"x\", accept = [] } }\n";
    insta::assert_snapshot!(edited(text, &[("keys.16", "keys.4")]), @r#"keys = { 2 = { label = "y" }, 4 = { function = "redial", label = "x", accept = [] } }"#);
    let text = "[keys]\n2 = { label = \"y\" }\n# Paul\n16 = { function = \"redial\", label = \"x\", accept = [] }\n[modules.1.keys.40]\nlabel = \"z\"\n";
    insta::assert_snapshot!(edited(text, &[("keys.16", "modules.1.keys.4")]), @r#"
    [keys]
    2 = { label = "y" }

    [modules.1.keys]
    # Paul
    4 = { function = "redial", label = "x", accept = [] }
    [modules.1.keys.40]
    label = "z"
    "#);
}

#[test]
fn what_the_layout_says_of_a_key_comes_along() {
    insta::assert_snapshot!(edited("[keys.16]\nlabel = \"own\"\n", &[("keys.16", "keys.3"), ("keys.17", "keys.16")]), @r#"
    [keys.3]
    label = "own"
    function = "dial"
    number = "202"
    via = 2
    accept = ["degraded"]

    [keys.16]
    function = "dial"
    number = "202"
    via = 2
    label = "Paul"
    accept = ["degraded"]
    "#);
}

#[test]
fn keys_may_change_places() {
    let text = "[keys.1]\nlabel = \"one\"\n[keys.2]\nlabel = \"two\"\n";
    insta::assert_snapshot!(edited(text, &[("keys.1", "keys.2"), ("keys.2", "keys.1")]), @r#"
    [keys.2]
    label = "one"
    function = "dial"
    number = "202"
    via = 2
    accept = ["degraded"]
    [keys.1]
    label = "two"
    function = "dial"
    number = "202"
    via = 2
    accept = ["degraded"]
    "#);
}

#[test]
fn a_phone_gets_another_model_and_other_modules() {
    let text = "# desk 4\nmodel = \"yealink-t46s\" # grey\nlines = [\"201\"]\nmodules = 2 # both left\nfirmware = \"66.86.0.15\"\n# the rest\n[settings]\nlanguage = \"fr\"\n";
    let device = |model: &str, modules| {
        let forget_firmware = model.starts_with("gigaset");
        phone(text, &Device { model, modules, forget_firmware }).unwrap()
    };
    insta::assert_snapshot!(device("yealink-t42s", Some(Modules::Count(0))), @r#"
    # desk 4
    model = "yealink-t42s" # grey
    lines = ["201"]
    modules = 0 # both left
    firmware = "66.86.0.15"
    # the rest
    [settings]
    language = "fr"
    "#);
    let modules = Modules::Models(Box::new(["yealink-exp50".into()]));
    insta::assert_snapshot!(device("gigaset-maxwell3", Some(modules)), @r#"
    # desk 4
    model = "gigaset-maxwell3" # grey
    lines = ["201"]
    modules = ["yealink-exp50"] # both left
    # the rest
    [settings]
    language = "fr"
    "#);
    insta::assert_snapshot!(device("yealink-t46u", None), @r#"
    # desk 4
    model = "yealink-t46u" # grey
    lines = ["201"]
    modules = 2 # both left
    firmware = "66.86.0.15"
    # the rest
    [settings]
    language = "fr"
    "#);
}

/// A key as a person may write it, with its place as its label.
fn written(place: Place, style: u8) -> (String, String) {
    let label = format!("at {place}");
    match style {
        0 => (String::new(), format!("# {label}\n[{place}] # head\nlabel = \"{label}\"\n\n")),
        1 => (format!("# {label}\n{place} = {{ label = \"{label}\" }} # one line\n"), String::new()),
        _ => (format!("{place}.label = \"{label}\" # dots\n"), String::new()),
    }
}

/// The labels of a file by the places of their keys.
fn labels(text: &str) -> BTreeMap<String, String> {
    let document: DocumentMut = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut labels = BTreeMap::new();
    let mut area = |item: Option<&Item>, before: &str| {
        let keys = item.and_then(Item::as_table_like).into_iter().flat_map(|keys| keys.iter());
        for (position, key) in keys {
            labels.insert(format!("{before}.{position}"), key["label"].as_str().unwrap().to_owned());
        }
    };
    area(document.get("keys"), "keys");
    let modules = document.get("modules").and_then(Item::as_table_like);
    for (module, item) in modules.into_iter().flat_map(|modules| modules.iter()) {
        area(item.get("keys"), &format!("modules.{module}.keys"));
    }
    labels
}

fn place() -> impl Strategy<Value = Place> {
    let area = prop_oneof![Just(Area::Keys), (1u8..4).prop_map(Area::Module)];
    (area, 1u16..6).prop_map(|(area, position)| Place { area, position })
}

proptest! {
    #[test]
    fn no_key_is_lost_however_it_is_written(
        stored in proptest::collection::btree_map(place(), 0u8..3, 1..8),
        targets in proptest::collection::btree_set(place(), 1..8),
    ) {
        let texts: Vec<_> = stored.iter().map(|(place, style)| written(*place, *style)).collect();
        let before: String = texts.iter().map(|(line, _)| line.as_str()).chain(texts.iter().map(|(_, head)| head.as_str())).collect();
        // Every target that is free takes one of the keys.
        let free = targets.iter().filter(|place| !stored.contains_key(place));
        let moves: Vec<Moved> = stored.keys().zip(free).map(|(from, to)| {
            let to = KeySetting { place: *to, what: None, label: None, accept: Accept::default(), locked: false, at: 0 };
            Moved { from: *from, to }
        }).collect();
        let Ok(_) = before.parse::<DocumentMut>() else { return Ok(()) };
        let after = line(&before, &moves).unwrap();
        let mut wanted = labels(&before);
        for Moved { from, to } in &moves {
            let label = wanted.remove(&from.to_string()).unwrap();
            wanted.insert(to.place.to_string(), label);
        }
        prop_assert_eq!(labels(&after), wanted, "{}\n--- becomes\n{}", before, after);
        let comments = |text: &str| text.matches('#').count();
        prop_assert_eq!(comments(&after), comments(&before), "{}\n--- becomes\n{}", before, after);
    }
}
