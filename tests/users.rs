//! Which phones an entity has a say in: the way back, compared with the phones whose files are others after an edit.

mod common;

use common::Fleet;
use offhook::fleet::Entity;
use offhook::live::{Loader, Serving};

const NAMING: &str = "keys.1 = { function = \"dial\", number = \"0100\", label = \"${name:NUMBER}\" }\n";

fn naming(number: &str) -> String {
    NAMING.replace("NUMBER", number)
}

fn phone(lines: &str) -> String {
    format!("model = \"yealink-t46s\"\nlines = [{lines}]\n")
}

/// Two sites that have the same names in them, a line that several phones have, and labels that name lines directly, through a
/// layout, on a secondary line, and where there is no such line.
fn fleet() -> Fleet {
    let site = format!("[layouts.front]\n{}", naming("204"));
    Fleet::empty()
        .with("fleet.toml", "schema = 1\n")
        .with("sites/a/site.toml", &site)
        .with("sites/b/site.toml", "")
        .with("sites/a/lines/201.toml", "")
        .with("sites/a/lines/202.toml", &naming("201"))
        .with("sites/a/lines/203.toml", "layout = \"front\"\n")
        .with("sites/a/lines/204.toml", &naming("20.9"))
        .with("sites/b/lines/201.toml", &naming("202"))
        .with("sites/a/phones/001565000001.toml", &phone("\"201\", \"202\""))
        .with("sites/a/phones/001565000002.toml", &phone("\"202\""))
        .with("sites/a/phones/001565000003.toml", &phone("\"203\", \"201\""))
        .with("sites/a/phones/001565000004.toml", &phone("\"204\""))
        .with("sites/b/phones/001565000005.toml", &phone("\"201\""))
}

fn using(serving: &Serving, path: &str) -> String {
    let entity = Entity::at(path.as_ref()).unwrap();
    let phones = serving.world.phones_using(&entity);
    phones.iter().map(|mac| mac.to_string()[11..].to_owned()).collect::<Vec<_>>().join(" ")
}

/// The phones that an edit of an entity gives other generations.
fn reached(before: &Serving, loader: &Loader, path: &str, text: &str) -> String {
    let after = loader.with_texts(before, &[(Entity::at(path.as_ref()).unwrap(), text.to_owned())]);
    let generations = |serving: &Serving, mac| serving.world.phone(mac).map(|phone| serving.generations(phone));
    let is_reached = |mac: &_| generations(before, *mac) != generations(&after, *mac);
    let macs = after.world.macs().filter(is_reached);
    macs.map(|mac| mac.to_string()[11..].to_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_edit_reaches_the_phones_that_use_what_is_edited() {
    let fleet = fleet();
    let (loader, serving) = (Loader::new(fleet.path()), common::serving(fleet.path()));
    for (path, phones) in [
        ("fleet.toml", "1 2 3 4 5"),
        ("sites/a/site.toml", "1 2 3 4"),
        ("sites/b/site.toml", "5"),
        // An account of two phones, and named by the labels of the third; its namesake of the other site is another one.
        ("sites/a/lines/201.toml", "1 2 3"),
        // The labels of a line that is not primary are not sent.
        ("sites/a/lines/202.toml", "1 2"),
        ("sites/a/lines/203.toml", "3"),
        // Named by the layout.
        ("sites/a/lines/204.toml", "3 4"),
        // Not there, and named: as it is written, and without the dot.
        ("sites/a/lines/20.9.toml", "4"),
        ("sites/a/lines/209.toml", "4"),
        ("sites/b/lines/201.toml", "5"),
        ("sites/b/lines/202.toml", "5"),
        ("sites/b/lines/203.toml", ""),
        ("sites/a/phones/001565000003.toml", "3"),
    ] {
        assert_eq!(using(&serving, path), phones, "{path}");
        let text = std::fs::read_to_string(fleet.path().join(path)).unwrap_or_default();
        assert_eq!(reached(&serving, &loader, path, &text), phones, "{path}");
    }
}

#[test]
fn what_is_used_follows_each_edit() {
    let fleet = fleet();
    let loader = Loader::new(fleet.path());
    let mut serving = common::serving(fleet.path());
    let mut edit = |path: &str, text: &str| {
        serving = loader.with_texts(&serving, &[(Entity::at(path.as_ref()).unwrap(), text.to_owned())]);
        ["201", "202", "204"].map(|line| using(&serving, &format!("sites/a/lines/{line}.toml")))
    };
    assert_eq!(edit("sites/a/phones/001565000003.toml", &phone("\"202\"")), ["1 2 3", "1 2 3", "4"]);
    assert_eq!(edit("sites/a/lines/202.toml", &naming("204")), ["1", "1 2 3", "2 3 4"]);
    assert_eq!(edit("sites/a/site.toml", &format!("[layouts.front]\n{}", naming("201"))), ["1", "1 2 3", "2 3 4"]);
    assert_eq!(edit("sites/a/lines/202.toml", "layout = \"front\"\n"), ["1 2 3", "1 2 3", "4"]);
    // A file with an error leaves its last good version served.
    assert_eq!(edit("sites/a/lines/202.toml", "layout = 1\n"), ["1 2 3", "1 2 3", "4"]);
    // A phone that names what is not there waits for it, and is served as it was.
    assert_eq!(edit("sites/a/phones/001565000001.toml", &phone("\"209\"")), ["1 2 3", "1 2 3", "4"]);
    assert_eq!(using(&serving, "sites/a/lines/209.toml"), "1 4");
}

#[test]
fn a_phone_that_is_gone_uses_nothing() {
    let fleet = fleet();
    let mut loader = Loader::new(fleet.path());
    let before = loader.load();
    let path = "sites/a/phones/001565000002.toml";
    std::fs::remove_file(fleet.path().join(path)).unwrap();
    let after = loader.reload(&before, &[Entity::at(path.as_ref()).unwrap()].into());
    assert_eq!(using(&before, "sites/a/lines/202.toml"), "1 2");
    assert_eq!(using(&after, "sites/a/lines/202.toml"), "1");
    assert_eq!(using(&after, path), "");
}

#[test]
fn the_phones_of_a_family() {
    let fleet = fleet()
        .with("sites/b/phones/1cdf0f000006.toml", "model = \"cisco-spa504g\"\nlines = [\"201\"]\n")
        .with("sites/b/phones/1cdf0f000007.toml", "model = \"cisco-spa5xx\"\nlines = [\"201\"]\n");
    let serving = common::serving(fleet.path());
    let phones = |family: &str| -> Vec<String> {
        let macs = serving.world.phones_of_families(&[family.into()].into());
        macs.iter().map(|mac| mac.to_string()[11..].to_owned()).collect()
    };
    // One whose model is unknown may become any.
    assert_eq!(phones("cisco-spa"), ["6", "7"]);
    assert_eq!(phones("yealink"), ["1", "2", "3", "4", "5", "7"]);
    assert_eq!(phones("gigaset-p"), ["7"]);
}
