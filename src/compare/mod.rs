//! What would become of a phone as another model: what would be lost, degraded or moved, before anyone buys it.
//!
//! Nothing is guessed. The phone's file and its primary line's are edited in memory, the edited fleet is resolved and
//! checked like any other, and the two are compared. What is written in the end is that very edit. A layout is never
//! edited, and a line only if no other phone has its keys from it: both may be another's.

mod device;
mod edit;
mod keys;
mod plan;

use compact_str::CompactString;
use serde::Serialize;

use crate::check::{Depth, KnownNumbers, check_phone};
use crate::findings::{Finding, Level};
use crate::fleet::{Edit, Entity, Phone};
use crate::live::{Loader, Serving};
use crate::phone::{KeySetting, Mac, Place, key_at};
use crate::resolve::{Phase, resolve, stored_at};
use crate::world::{Subject, Unserved};
use edit::{Device, Moved};
use plan::Plan;

/// What a difference means to the phone's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The phone does not do it any more.
    Lost,
    /// It does, but not as asked.
    Degraded,
    /// It does so in another way.
    Changed,
    /// It is somewhere else.
    Moved,
    /// The phone does it now.
    Gained,
    /// Worth knowing.
    Note,
}

/// One difference between the phone and itself as another model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What it means.
    pub kind: Kind,
    /// What it is about: `keys.16`, `modules`, `settings.language`.
    pub about: String,
    /// What is different, and why.
    pub what: String,
    /// The file in which it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A phone, compared with itself as another model.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The phone.
    pub mac: Mac,
    /// Its model.
    pub from: CompactString,
    /// The other model.
    pub to: CompactString,
    /// What is different, the worst first.
    pub differences: Vec<Difference>,
    /// What `check` would tell of the phone that it does not tell now.
    pub findings: Vec<Finding>,
    /// What has to be written to make it so.
    #[serde(skip)]
    pub edits: Vec<Edit>,
}

impl Comparison {
    /// Whether there is anything that the phone's user would miss, or `check` would warn of.
    pub fn is_worse(&self) -> bool {
        let misses = |difference: &Difference| difference.kind <= Kind::Changed;
        let warns = |finding: &Finding| finding.level != Level::Note && !finding.accepted;
        self.differences.iter().any(misses) || self.findings.iter().any(warns)
    }
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The phone is not served.
    #[error(transparent)]
    Unserved(#[from] Unserved),
    /// There is no such model.
    #[error("the model `{model}` does not exist\n  hint: {hint}")]
    UnknownModel {
        /// What was asked for.
        model: String,
        /// What to do.
        hint: String,
    },
    /// No file can be written for phones of that model.
    #[error("files of the family `{family}` cannot be written yet, so `{model}` would get none")]
    NoFiles {
        /// The model.
        model: CompactString,
        /// Its family.
        family: CompactString,
    },
    /// A file cannot be read, or not as it is served.
    #[error("{0}")]
    File(Box<Finding>),
    /// A file is written in a way that cannot be edited.
    #[error("`{path}` cannot be edited: {why}\n  hint: write its keys as `[keys.1]`, one below the other")]
    CannotEdit {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
}

/// Compares a phone with itself as another model.
///
/// # Errors
/// Why that cannot be done: no such phone or model, or files that cannot be edited.
pub fn compare(loader: &Loader, serving: &Serving, mac: Mac, model: &str) -> Result<Comparison, CompareError> {
    let old = serving.world.subject(mac)?;
    let model = serving.world.catalogue.models.get(model).ok_or_else(|| {
        let near = serving.world.catalogue.nearest_model(model);
        let hint = near.map_or("`offhook models` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        CompareError::UnknownModel { model: model.to_owned(), hint }
    })?;
    let file = Entity::Phone(old.phone.site.clone(), old.phone.stem.clone());
    let forget_firmware = old.model.family != model.family;
    let device = Device { model: &model.id, modules: plan::modules(&old, model), forget_firmware };
    let mut edits = vec![edited(loader, file, |text| edit::phone(text, &device))?];
    let unmoved = loader.with_edits(serving, &edits);
    let unmoved = unmoved.world.subject(mac)?;
    proves_phone(&old, &unmoved, &model.id)?;
    let none = || CompareError::NoFiles { model: model.id.clone(), family: model.family.clone() };
    resolve(&unmoved, unmoved.band(None, None), Phase::First).ok_or_else(none)?;
    let plan = Plan::of(&serving.world, &old, &unmoved);
    if let Some(line) = old.primary().filter(|_| !plan.moves.is_empty()) {
        let moves: Vec<Moved> =
            plan.moves.iter().map(|(from, to)| Moved { from: *from, to: merged(&old, *from, *to) }).collect();
        let file = Entity::Line(line.site.clone(), line.name.clone());
        edits.push(edited(loader, file, |text| edit::line(text, &moves))?);
        let after = loader.with_edits(serving, &edits).world.subject(mac)?;
        proves(&old, &after, &moves)?;
    }
    edits.retain(|edit| edit.before != edit.after);
    let after = loader.with_edits(serving, &edits);
    let new = after.world.subject(mac)?;
    let mut differences = keys::differences(&old, &new, &plan);
    differences.extend(device::differences(&old, &new));
    differences.sort_by_key(|difference| difference.kind);
    let (from, to) = (old.model.id.clone(), new.model.id.clone());
    let findings = new_findings(serving, &after, mac);
    Ok(Comparison { mac, from, to, differences, findings, edits })
}

fn edited(
    loader: &Loader,
    entity: Entity,
    edit: impl FnOnce(&str) -> Result<String, toml_edit::TomlError>,
) -> Result<Edit, CompareError> {
    let before = loader.text_of(&entity).map_err(|finding| CompareError::File(Box::new(finding)))?;
    let path = entity.path().display().to_string();
    let after = edit(&before).map_err(|error| CompareError::CannotEdit { path, why: error.message().to_owned() })?;
    Ok(Edit { entity, before: Some(before), after: Some(after) })
}

/// What holds at a place, for a line that has to say it without its layout.
fn merged(subject: &Subject, from: Place, to: Place) -> KeySetting {
    let (what, label) = stored_at(subject, from);
    let stored = || plan::layers(subject).filter_map(|keys| key_at(keys, from));
    KeySetting {
        place: to,
        what: what.map(|(what, _)| what.clone()),
        label: label.map(|(label, _)| label.clone()),
        accept: stored().flat_map(|key| key.accept.iter().cloned()).collect(),
        locked: stored().any(|key| key.locked),
        at: 0,
    }
}

/// The edited phone is of the other model, and else says what it said.
fn proves_phone(old: &Subject, new: &Subject, model: &str) -> Result<(), CompareError> {
    let phone = &new.phone;
    // A line that is taken out moves those behind it, so that only what stands there can be compared.
    let said = |phone: &Phone| {
        let lines: Vec<_> = phone.lines.iter().map(|(name, _)| name.clone()).collect();
        let settings = phone.layer.settings.iter().chain(&phone.seed).map(|stored| (stored.id, stored.value.clone()));
        let raw = phone.raw.iter().map(|raw| (raw.family.clone(), raw.name.clone(), raw.values.clone()));
        let handsets = phone.handsets.iter().map(|handset| (handset.number, handset.line, handset.ipui.clone()));
        (lines, settings.collect::<Vec<_>>(), raw.collect::<Vec<_>>(), handsets.collect::<Vec<_>>())
    };
    if phone.model.0 == model && said(phone) == said(&old.phone) {
        return Ok(());
    }
    Err(CompareError::CannotEdit { path: old.phone.path(), why: "it would say something else besides".to_owned() })
}

/// The edited line says what it should: each moved key is at its new place, and no other key is another one.
fn proves(old: &Subject, new: &Subject, moves: &[Moved]) -> Result<(), CompareError> {
    let (Some(before), Some(after)) = (old.primary(), new.primary()) else { return Ok(()) };
    let said = |key: &KeySetting| (key.place, key.what.clone(), key.label.clone());
    let stays = before.keys.iter().filter(|key| !moves.iter().any(|moved| moved.from == key.place));
    let mut wanted: Vec<_> = stays.map(said).chain(moves.iter().map(|moved| said(&moved.to))).collect();
    wanted.sort_by_key(|(place, ..)| *place);
    let has: Vec<_> = after.keys.iter().map(said).collect();
    let same = has == wanted && before.layer.settings.len() == after.layer.settings.len();
    let why = || "its keys would not be what they should".to_owned();
    same.then_some(()).ok_or_else(|| CompareError::CannotEdit { path: before.path(), why: why() })
}

/// What `check` tells of the phone afterwards and does not tell now; lines in files may have moved.
fn new_findings(before: &Serving, after: &Serving, mac: Mac) -> Vec<Finding> {
    let told = |serving: &Serving| {
        let mut findings = check_phone(serving, &KnownNumbers::of(&serving.world), mac, Depth::Files);
        findings.sort();
        findings.dedup();
        findings
    };
    let before = told(before);
    let is_new = |finding: &Finding| {
        let same = |other: &Finding| {
            (&other.file, other.code, &other.what, other.accepted)
                == (&finding.file, finding.code, &finding.what, finding.accepted)
        };
        !before.iter().any(same)
    };
    told(after).into_iter().filter(is_new).collect()
}
