//! Whether what would come of edits is right: the files themselves, what they name, and the keys of every phone that they
//! reach.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use rayon::prelude::*;

use super::Mistake;
use super::mistake::Lines;
use crate::check::{Depth, KnownNumbers, check_phone, unknown_layouts};
use crate::findings::{Finding, Level};
use crate::fleet::{Edit, Entity};
use crate::live::Serving;
use crate::phone::Mac;

/// Of so many phones the finished files are made and read again too; of more, keys are placed and looked at.
const WHOLE: usize = 200;

/// What is wrong with edits, and what is doubtful about them that was not before.
pub(super) struct Judgement {
    pub mistakes: Vec<Mistake>,
    pub doubts: Vec<Finding>,
}

/// Judges edits by what is served before and after them, and the phones that they reach; none where it shall not go on.
pub(super) fn judge(
    before: &Serving,
    after: &Serving,
    edits: &[Edit],
    macs: &[Mac],
    goes_on: impl Fn() -> bool + Sync,
) -> Option<Judgement> {
    let entities: BTreeSet<Entity> = edits.iter().map(|edit| edit.entity.clone()).collect();
    let texts: HashMap<PathBuf, Option<&str>> =
        edits.iter().map(|edit| (edit.entity.path(), edit.after.as_deref())).collect();
    let mut known = of_files(before, &entities);
    known.sort();
    // An edited file is not taken with an old mistake either.
    let is_edited = |finding: &Finding| texts.contains_key(&finding.file);
    let new = |finding: &Finding| {
        is_edited(finding) && finding.level == Level::Error || known.binary_search(finding).is_err()
    };
    let mut found: Vec<Finding> = of_files(after, &entities).into_iter().filter(new).collect();
    // Where a file itself is not taken, its phones get what they had.
    if !found.iter().any(Finding::is_open_error) {
        found.extend(of_phones(before, after, macs, goes_on)?);
    }
    found.sort();
    found.dedup();
    let lines = edits.iter().filter_map(|edit| Some((edit.entity.path(), Lines::of(edit.after.as_deref()?))));
    let lines: HashMap<PathBuf, Lines<'_>> = if found.is_empty() { HashMap::new() } else { lines.collect() };
    let (errors, doubts): (Vec<_>, Vec<_>) = found.into_iter().partition(Finding::is_open_error);
    let mistakes = errors.iter().map(|finding| Mistake::of(finding, lines.get(&finding.file))).collect();
    Some(Judgement { mistakes, doubts: doubts.into_iter().filter(|finding| !finding.accepted).collect() })
}

/// What is wrong with files and with what they name; with a site's, also what its lines name in it.
fn of_files(serving: &Serving, entities: &BTreeSet<Entity>) -> Vec<Finding> {
    let world = &serving.world;
    let lines = entities.iter().flat_map(|entity| match entity {
        Entity::Line(site, name) => world.line(site, name).into_iter().collect(),
        Entity::Site(site) => world.lines_of(site).collect::<Vec<_>>(),
        Entity::Root | Entity::Phone(..) => Vec::new(),
    });
    let mut findings = world.findings_of(entities);
    findings.extend(unknown_layouts(world, lines));
    findings
}

/// What is found of phones that was not before.
fn of_phones(
    before: &Serving,
    after: &Serving,
    macs: &[Mac],
    goes_on: impl Fn() -> bool + Sync,
) -> Option<Vec<Finding>> {
    let depth = if macs.len() > WHOLE { Depth::Keys } else { Depth::Files };
    let of = |serving: &Serving, macs: &[Mac]| -> Option<Vec<Vec<Finding>>> {
        let known = KnownNumbers::of(&serving.world);
        macs.par_iter().map(|mac| goes_on().then(|| check_phone(serving, &known, *mac, depth))).collect()
    };
    let now = of(after, macs)?;
    // Most are well, and need no second look.
    let (ill, found): (Vec<Mac>, Vec<Vec<Finding>>) =
        macs.iter().zip(now).filter(|(_, found)| !found.is_empty()).unzip();
    let was = of(before, &ill)?;
    // Lines move within a file, so the same finding may stand on another one.
    let same =
        |one: &Finding, other: &Finding| (one.code, &one.file, &one.what) == (other.code, &other.file, &other.what);
    let new = found.into_iter().zip(was).flat_map(|(found, was)| {
        found.into_iter().filter(move |finding| !was.iter().any(|known| same(finding, known)))
    });
    Some(new.collect())
}
