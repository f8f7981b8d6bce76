//! What a change does to phones before anybody makes it: which phones' files differ between two states of everything, and
//! by what.
//!
//! Both states are resolved and rendered, phone by phone, and compared: what is resolved tells the change as people say
//! it, the rendered files tell the lines, and whether the phone gets anything else at all. Secrets are never shown: of one
//! that is another only that is told. Files are those of the phone's own `firmware`, after its first provisioning. That a
//! phone reboots when it takes them is told where its family's data say so; of all others nobody knows.

mod device;
mod files;
mod groups;
mod keys;
mod phone;
mod reboots;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::{Source, State};
use crate::live::Serving;
use crate::phone::{Mac, without_passwords};
use groups::Groups;

/// What becomes of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = EffectChange)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Said {
    /// The value.
    pub value: String,
    /// The layer that says it, for settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<&'static str>,
}

impl Said {
    fn of(value: impl fmt::Display) -> Said {
        Said { value: without_passwords(&value.to_string()).into_owned(), layer: None }
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct FileLines {
    /// The file, such as `{mac}.cfg`.
    pub file: String,
    /// The lines, `-` before those that go and `+` before those that come; `{mac}` stands for the phone's.
    pub lines: Vec<String>,
    /// How many further lines differ.
    pub more: usize,
}

impl FileLines {
    /// Whether a text may stand in a line that differs.
    fn may_say(&self, text: &str) -> bool {
        self.more > 0 || self.lines.iter().any(|line| line.contains(text))
    }
}

/// Lines that differ alike on some phones.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileGroup {
    /// What differs.
    #[serde(flatten)]
    pub differs: FileLines,
    /// On how many phones of the group.
    pub phones: usize,
}

/// Phones that restart by themselves when they take their files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reboot {
    /// How many phones of the group.
    pub phones: usize,
    /// The parameters for which they do: those that change on any of them.
    pub parameters: BTreeSet<String>,
    /// Who says that phones restart for these, and how sure that is.
    #[serde(flatten)]
    pub source: Source,
}

impl fmt::Display for Reboot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reboot { phones, parameters, source } = self;
        let verb = match (source.state, phones) {
            (State::Known, 1) => "phone reboots",
            (State::Known, _) => "phones reboot",
            (_, 1) => "phone may reboot",
            (_, _) => "phones may reboot",
        };
        let parameters = parameters.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let state = format!("{:?}", source.state).to_lowercase();
        write!(f, "{phones} {verb} for {parameters} ({state}: {})", source.source)
    }
}

/// Phones to which the same happens.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Group {
    /// What becomes of them.
    pub fate: Fate,
    /// How many they are.
    pub phones: usize,
    /// The first of them.
    pub first: Vec<Mac>,
    /// What changes; nothing where only a template or what is known of the model is another.
    pub changes: Vec<Change>,
    /// Which of them restart when they take their files, as far as a source says so; of others nobody knows.
    pub reboots: Vec<Reboot>,
    /// How their files differ, the most frequent first.
    pub files: Vec<FileGroup>,
    /// Files that differ in further ways.
    pub more_files: usize,
}

/// What a change does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Effect {
    /// How many phones were looked at, before and afterwards: all of them, or those that a write may reach.
    pub phones: usize,
    /// To how many of them anything happens.
    pub affected: usize,
    /// What, the largest group first.
    pub groups: Vec<Group>,
}

/// So many phones are compared before what was found is put together, which bounds memory.
const BATCH: usize = 1024;

/// Compares every phone in two states; `done` is called after each, from several threads.
pub fn effect(before: &Serving, after: &Serving, done: impl Fn() + Sync) -> Effect {
    let goes_on = || {
        done();
        Ok::<(), Infallible>(())
    };
    let Ok(effect) = effect_of(before, after, all_macs(before, after), goes_on);
    effect
}

/// Compares some phones in two states; `done` is called after each, from several threads, and may end it.
///
/// # Errors
/// What `done` says, such as that nobody waits any more.
pub fn effect_of<E: Send>(
    before: &Serving,
    after: &Serving,
    macs: impl IntoIterator<Item = Mac>,
    done: impl Fn() -> Result<(), E> + Sync,
) -> Result<Effect, E> {
    let macs: BTreeSet<Mac> = macs.into_iter().collect();
    let macs: Vec<Mac> = macs.into_iter().collect();
    let mut groups = Groups::default();
    for batch in macs.chunks(BATCH) {
        let compared = batch.par_iter().map(|mac| {
            let compared = phone::compare(before, after, *mac);
            done().map(|()| compared)
        });
        let compared: Vec<_> = compared.collect::<Result<_, E>>()?;
        let affected = batch.iter().zip(compared).filter_map(|(mac, compared)| Some((*mac, compared?)));
        affected.for_each(|compared| groups.add(compared));
    }
    Ok(groups.finish(macs.len()))
}

/// The phones that are stored in either of two states.
pub fn all_macs(before: &Serving, after: &Serving) -> BTreeSet<Mac> {
    before.world.macs().chain(after.world.macs()).collect()
}
