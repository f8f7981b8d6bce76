//! Edits of a fleet's folder by a command: judged and written as the API's are, and told to the journal.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use super::args::Format;
use super::{changes, effect, output};
use crate::edit::{Done, Draft, Editor, Look, Mistake, Order, Refused};
use crate::fleet::{Edit, Entity, Keeping, finish};
use crate::journal::{Change, harmless, now_ms};
use crate::live::{Live, Loader};
use crate::render::RevisionKey;

/// An editor of a fleet's folder.
pub(super) fn editor(fleet: &Path) -> Result<Editor> {
    if !fleet.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
    }
    let root = std::path::absolute(fleet)?;
    finish(&root)?;
    let live = Live::of(Loader::new(&root).without_key());
    Ok(Editor::new(Arc::new(live), RevisionKey::fixed())?)
}

/// Tells on a terminal how far a look is.
struct Bar(ProgressBar);

impl Look for Bar {
    fn begins(&self, phones: usize) {
        self.0.set_length(phones as u64);
    }

    fn compared(&self) {
        self.0.inc(1);
    }

    fn is_awaited(&self) -> bool {
        true
    }
}

/// Makes a write, or looks what it would do.
pub(super) fn commit(
    editor: &Editor,
    what: &str,
    dry_run: bool,
    draft: impl FnOnce(&mut Draft<'_>) -> Result<(), Refused> + Send,
) -> Result<Done, Refused> {
    let made = Mutex::new(Vec::new());
    let who = changes::who();
    let bar = Bar(ProgressBar::new(0));
    let order = Order {
        who: &who,
        what,
        may: &|edits, _, _| {
            *made.lock().unwrap_or_else(PoisonError::into_inner) = edits.to_vec();
            Ok(())
        },
        look: if dry_run { Some(&bar) } else { None },
        undoes: None,
    };
    let done = editor.commit(&order, draft);
    bar.0.finish_and_clear();
    let mut done = done?;
    if let Some(effect) = &mut done.effect {
        // Who has the folder sees all phones, and not only those that are reached.
        effect.phones = effect.phones.max(done.serving.world.counts().2);
    }
    if !dry_run {
        let keeping = done.serving.world.root().map_or_else(Keeping::default, |root| root.journal);
        let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        let told: Vec<Change> = made.iter().map(|edit| told(&who, what, edit)).collect();
        changes::record(None, editor.live().root(), keeping, &told);
    }
    Ok(done)
}

fn told(who: &str, what: &str, edit: &Edit) -> Change {
    Change {
        at: now_ms(),
        who: who.to_owned(),
        what: what.to_owned(),
        entity: edit.entity.path().display().to_string(),
        mac: match &edit.entity {
            Entity::Phone(_, stem) => stem.parse().ok(),
            _ => None,
        },
        before: edit.before.as_deref().and_then(harmless),
        after: edit.after.as_deref().and_then(harmless),
        ..Change::default()
    }
}

/// Why nothing was written.
pub(super) fn refused(refused: Refused) -> anyhow::Error {
    let mistakes = match &refused {
        Refused::Mistakes(mistakes) | Refused::Conflict(_, mistakes) => mistakes.as_slice(),
        _ => &[],
    };
    mistakes.iter().for_each(|mistake| anstream::eprintln!("{}", shown(mistake)));
    match refused {
        Refused::Mistakes(mistakes) => {
            anyhow::anyhow!("{}: nothing is written", output::counted(mistakes.len(), "mistake"))
        }
        refused => refused.into(),
    }
}

/// `sites/a/lines/201.toml /keys/3: what is wrong [code]`
fn shown(Mistake { pointer, file, code, detail, hint }: &Mistake) -> String {
    let place: Vec<&str> =
        [file, pointer].into_iter().flatten().map(String::as_str).filter(|at| !at.is_empty()).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(" ")) };
    let hint = hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    format!("{place}{detail} [{code}]{hint}")
}

/// Prints what was done, or would be.
pub(super) fn told_done<R: Serialize>(format: Format, report: &R, lines: &[String], done: &Done) -> Result<()> {
    if format == Format::Json {
        let files: Vec<_> = done.entities.iter().map(Entity::path).collect();
        let written = done.effect.is_none();
        return output::json(&json!({ "report": report, "files": files, "written": written, "effect": done.effect }));
    }
    lines.iter().try_for_each(|line| output::line(line))?;
    if let Some(effect) = &done.effect {
        output::line("")?;
        return effect::human(effect);
    }
    done.entities.iter().for_each(|entity| anstream::eprintln!("written: {}", entity.path().display()));
    done.doubts.iter().for_each(|doubt| anstream::eprintln!("{doubt}"));
    Ok(())
}
