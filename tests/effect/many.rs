//! Many phones: what is told of them together, and how long it is looked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use offhook::effect::{effect, effect_of};
use offhook::fleet::Entity;
use offhook::live::{Loader, Serving};
use offhook::phone::Mac;

use crate::common::{Fleet, SITE};
use crate::house::{between, fleet};

#[test]
fn three_hundred_phones_and_one_default() {
    let many = |language: &str| {
        let root = format!("schema = 1\nsettings.language = \"{language}\"\n");
        let mut fleet = fleet().with("fleet.toml", &root);
        for n in 0..300 {
            let phone = format!("model = \"yealink-t46s\"\nlines = [\"{}\"]\n", 1000 + n);
            fleet = fleet
                .with(
                    &format!("sites/a/lines/{}.toml", 1000 + n),
                    &format!("keys.3 = {{ function = \"dial\", number = \"{n}\" }}\n"),
                )
                .with(&format!("sites/a/phones/805ec000{n:04x}.toml"), &phone);
        }
        fleet
    };
    // One has a language of its own.
    let own = |fleet: Fleet| fleet.with("sites/a/lines/1007.toml", "settings.language = \"de\"\n");
    let found = between(own(many("en")).path(), own(many("fr")).path());
    assert_eq!((found.phones, found.affected), (303, 302));
    let [group] = found.groups.as_slice() else { panic!("{:?}", found.groups) };
    assert_eq!((group.phones, group.changes.len(), group.files.len()), (302, 1, 2));
    assert_eq!(group.changes[0].to_string(), "settings.language: en (fleet) → fr (fleet)");
}

/// So many phones of one model and site, before and after an edit of the language. Their own template tells the language
/// to those only that have a key for 999, and these are the last ones of all.
fn rarely(phones: u32) -> [Serving; 2] {
    let template = "#!version:1.0.0.1\n{% for key in keys %}{% if key.value == \"999\" %}\
                    lang.gui = {{ settings.language }}\n{% endif %}{% endfor %}";
    let folder = Fleet::empty()
        .with("fleet.toml", "schema = 1\nsettings.language = \"en\"\n")
        .with("sites/a/site.toml", SITE)
        .with_bytes("overrides/templates/yealink/phone.cfg", template.as_bytes());
    let mut loader = Loader::new(folder.path());
    let number = |n: u32| if n + 2 < phones { 100 + n % 800 } else { 999 };
    let files = (0..phones).flat_map(|n| {
        let mac = format!("805ec0{n:06x}");
        let line = format!("keys.2 = {{ function = \"dial\", number = \"{}\" }}\n", number(n));
        let phone = format!("model = \"yealink-t23g\"\nlines = [\"{mac}\"]\n");
        let name = mac.as_str().into();
        [(Entity::Line("a".into(), name), line), (Entity::Phone("a".into(), mac.into()), phone)]
    });
    let loaded = loader.load();
    let before = loader.with_texts(&loaded, &files.collect::<Vec<_>>());
    let root = "schema = 1\nsettings.language = \"fr\"\n".to_owned();
    let after = loader.with_texts(&before, &[(Entity::Root, root)]);
    [before, after]
}

#[test]
fn an_edit_that_reaches_two_phones_of_thousands() {
    let [before, after] = rarely(4300);
    let found = effect(&before, &after, || ());
    assert_eq!((found.phones, found.affected), (4300, 2));
    let [group] = found.groups.as_slice() else { panic!("{:?}", found.groups) };
    assert_eq!(group.first.iter().map(Mac::to_string).collect::<Vec<_>>(), ["805ec00010ca", "805ec00010cb"]);
    assert_eq!(group.files[0].differs.lines, ["-lang.gui = en", "+lang.gui = fr"]);
}

#[test]
fn some_phones_only_and_as_long_as_somebody_waits() {
    let [before, after] = rarely(3000);
    let mac = |text: &str| text.parse::<Mac>().unwrap();
    let done = AtomicUsize::new(0);
    let goes_on = || {
        done.fetch_add(1, Ordering::Relaxed);
        Ok::<_, ()>(())
    };
    let macs = [mac("805ec0000bb7"), mac("805ec0000001"), mac("805ec0000bb7")];
    let found = effect_of(&before, &after, macs, goes_on).unwrap();
    assert_eq!((found.phones, found.affected, done.into_inner()), (2, 1, 2));
    assert_eq!(found.groups[0].first, [mac("805ec0000bb7")]);

    let done = AtomicUsize::new(0);
    let is_gone = || if done.fetch_add(1, Ordering::Relaxed) < 5 { Ok(()) } else { Err("nobody waits any more") };
    let ended = effect_of(&before, &after, before.world.macs(), is_gone);
    assert_eq!(ended.map(|found| found.phones), Err("nobody waits any more"));
    assert!(done.into_inner() < 1000);
}
