//! What a change does to phones before anybody makes it: which phones' files differ between two states of everything, and
//! by what.
//!
//! Both states are resolved and rendered, phone by phone, and compared: what is resolved tells the change as people say
//! it, the rendered files tell the lines, and whether the phone gets anything else at all. Only of thousands of phones
//! with the same settings not all are rendered: see `alike.rs`. Secrets are never shown: of one that is another only that
//! is told. Files are those of the phone's own `firmware`, after its first provisioning. Whether a phone reboots when it
//! fetches them no family's data say, and so neither does this.

mod alike;
mod device;
mod files;
mod groups;
mod keys;
mod phone;

use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;
use serde::Serialize;

use crate::live::Serving;
use crate::phone::Mac;
use alike::Alike;
use groups::Groups;
use phone::Found;

/// What becomes of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It cannot be served any more.
    Breaks,
    /// It is not stored any more.
    Goes,
    /// It gets other files.
    Changes,
    /// It could not be served, and can be now.
    Mends,
    /// It is stored now.
    Comes,
}

/// One thing that is another one afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Change {
    /// What it is about: `keys.7`, `settings.language`, `the password of line 201`.
    pub about: String,
    /// What it was; none for nothing, and for a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Said>,
    /// What it will be; none for nothing, and for a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Said>,
}

/// A value as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Said {
    /// The value.
    pub value: String,
    /// The layer that says it, for settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<&'static str>,
}

impl Said {
    fn of(value: impl fmt::Display) -> Said {
        Said { value: value.to_string(), layer: None }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = self.layer.map(|layer| format!(" ({layer})")).unwrap_or_default();
        write!(f, "{}{layer}", self.value)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |said: &Option<Said>| said.as_ref().map_or_else(|| "nothing".to_owned(), Said::to_string);
        match (&self.before, &self.after) {
            (None, None) => write!(f, "{} changes", self.about),
            (before, after) => write!(f, "{}: {} → {}", self.about, shown(before), shown(after)),
        }
    }
}

/// The lines of a file that differ, and of how many phones of a group they are so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FileLines {
    /// The file, such as `{mac}.cfg`.
    pub file: String,
    /// The lines, `-` before those that go and `+` before those that come; `{mac}` stands for the phone's.
    pub lines: Vec<String>,
    /// How many further lines differ.
    pub more: usize,
}

/// Lines that differ alike on some phones.
#[derive(Debug, Clone, Serialize)]
pub struct FileGroup {
    /// What differs.
    #[serde(flatten)]
    pub differs: FileLines,
    /// On how many phones of the group.
    pub phones: usize,
}

/// Phones to which the same happens.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// What becomes of them.
    pub fate: Fate,
    /// How many they are.
    pub phones: usize,
    /// The first of them.
    pub first: Vec<Mac>,
    /// What changes; nothing where only a template or what is known of the model is another.
    pub changes: Vec<Change>,
    /// How their files differ, the most frequent first.
    pub files: Vec<FileGroup>,
    /// Files that differ in further ways.
    pub more_files: usize,
}

/// What a change does.
#[derive(Debug, Clone, Serialize)]
pub struct Effect {
    /// How many phones there are, before or afterwards.
    pub phones: usize,
    /// To how many of them anything happens.
    pub affected: usize,
    /// What, the largest group first.
    pub groups: Vec<Group>,
}

/// So many phones are compared before what was found is put together, which bounds memory. All of the first batch are
/// rendered.
const BATCH: usize = 4096;

/// Compares every phone in two states; `done` is told after each, from several threads.
pub fn effect(before: &Serving, after: &Serving, done: impl Fn() + Sync) -> Effect {
    in_batches(before, after, BATCH, done)
}

fn in_batches(before: &Serving, after: &Serving, size: usize, done: impl Fn() + Sync) -> Effect {
    let macs: Vec<Mac> = all_macs(before, after).into_iter().collect();
    let (mut groups, mut alike) = (Groups::default(), Alike::default());
    for batch in macs.chunks(size) {
        let compared = batch.par_iter().map(|mac| {
            let found = phone::compare(before, after, *mac, &alike);
            done();
            found
        });
        let compared: Vec<Found> = compared.collect();
        for (mac, found) in batch.iter().zip(compared) {
            alike.learn(&found);
            found.compared.into_iter().for_each(|compared| groups.add((*mac, compared)));
        }
    }
    groups.finish(macs.len())
}

/// The phones that are stored in either of two states.
pub fn all_macs(before: &Serving, after: &Serving) -> BTreeSet<Mac> {
    before.world.macs().chain(after.world.macs()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Entity;
    use crate::live::Loader;

    #[test]
    fn phones_that_are_taken_to_come_out_alike_do() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: String, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("fleet.toml".into(), "schema = 1\n");
        write("sites/a/site.toml".into(), "sip.server = \"sip.example.org\"\n");
        for n in 0..200 {
            // Some have a language of their own, and one says it in the finished file.
            let own = if n % 50 == 49 { "settings.language = \"de\"\n" } else { "" };
            let raw = if n == 150 { "raw.yealink.\"lang.gui\" = \"Klingon\"\n" } else { "" };
            write(
                format!("sites/a/lines/{n}.toml"),
                &format!("{own}keys.2 = {{ function = \"dial\", number = \"{n}\" }}\n"),
            );
            write(
                format!("sites/a/phones/0015650000{n:02x}.toml"),
                &format!("model = \"yealink-t46s\"\nlines = [\"{n}\"]\n{raw}"),
            );
        }
        let mut loader = Loader::new(folder.path());
        let before = loader.load_fleet(&Serving::built_in());
        let root = "schema = 1\nsettings.language = \"fr\"\n".to_owned();
        let after = loader.with_texts(&before, &[(Entity::Root, root)]);
        let told = |size| serde_json::to_string(&in_batches(&before, &after, size, || ())).unwrap();
        let every = effect(&before, &after, || ());
        assert_eq!((every.affected, every.groups[0].files.len()), (196, 2));
        assert_eq!(told(80), serde_json::to_string(&every).unwrap());
    }
}
