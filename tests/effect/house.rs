//! The one fleet that is changed, and what is told of that as text.

use std::path::Path;

use offhook::effect::{Change, Effect, effect};
use offhook::live::Loader;

use crate::common::{Fleet, SITE};

pub const T46S: &str = "sites/a/phones/001565aabb01.toml";

/// Three phones of a site: two Yealinks that share a layout, and a Cisco.
pub fn fleet() -> Fleet {
    let line = "layout = \"desk\"\nsip.password = \"hunter2\"\n";
    Fleet::empty()
        .with("fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\nsettings.language = \"en\"\n")
        .with(
            "sites/a/site.toml",
            &format!("{SITE}[layouts.desk]\nkeys.7 = {{ function = \"dial\", number = \"101\", label = \"Hall\" }}\n"),
        )
        .with("sites/a/lines/201.toml", line)
        .with("sites/a/lines/202.toml", line)
        .with("sites/a/lines/203.toml", "keys.2.function = \"do_not_disturb\"\n")
        .with(T46S, "model = \"yealink-t46s\"\nlines = [\"201\"]\n")
        .with("sites/a/phones/001565aabb02.toml", "model = \"yealink-t46s\"\nlines = [\"202\"]\n")
        .with("sites/a/phones/001de5aabb03.toml", "model = \"cisco-spa509g\"\nlines = [\"203\"]\n")
}

/// What becomes of phones between two folders.
pub fn between(old: &Path, new: &Path) -> Effect {
    let mut loader = Loader::new(old);
    let before = loader.load();
    let after = Loader::new(new).load_beside(&loader, &before);
    effect(&before, &after, || ())
}

/// The same as text.
pub fn told(old: &Fleet, new: &Fleet) -> String {
    let mut text = String::new();
    for group in between(old.path(), new.path()).groups {
        let first: Vec<String> = group.first.iter().map(ToString::to_string).collect();
        text += &format!("{} {:?}: {}\n", group.phones, group.fate, first.join(" "));
        for change in group.changes.iter().map(Change::to_string) {
            text += &format!("  {change}\n");
        }
        for reboot in group.reboots {
            text += &format!("  {reboot}\n");
        }
        for file in group.files {
            text += &format!("  {} of {}\n", file.differs.file, file.phones);
            for line in &file.differs.lines {
                text += &format!("    {line}\n");
            }
        }
    }
    text
}

/// What the edit of one file does.
pub fn edited(path: &str, text: &str) -> String {
    told(&fleet(), &fleet().with(path, text))
}
