//! `compare-model`: what would become of a phone as another model, before anyone buys it.

use anyhow::{Result, bail};
use owo_colors::OwoColorize;
use serde_json::json;

use super::args::{CompareModel, Format};
use super::{changes, output};
use crate::compare::{Comparison, Difference, Kind, compare};
use crate::findings::Finding;
use crate::fleet::{Edit, Keeping, finish, write};
use crate::journal::{Change, harmless, now_ms};
use crate::live::Loader;
use crate::phone::Mac;

/// Compares, and writes where asked to; 0 if nothing would be missed, 1 if something would.
pub fn run(args: &CompareModel) -> Result<u8> {
    let root = &args.fleet.fleet;
    finish(root)?;
    if !root.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", root.display());
    }
    let mac: Mac = args.mac.parse()?;
    let mut loader = Loader::new(root).without_key();
    let serving = loader.load();
    output::closed_secrets(&loader);
    let comparison = compare(&loader, &serving, mac, &args.model)?;
    if args.write {
        write(root, &comparison.edits)?;
        let keeping = serving.world.root().map_or_else(Keeping::default, |root| root.journal);
        changes::record(args.state.as_deref(), root, keeping, &told(&comparison));
    }
    match args.format {
        Format::Human => human(&comparison)?,
        Format::Json => as_json(&comparison, args.write)?,
    }
    for edit in &comparison.edits {
        let path = edit.entity.path();
        match args.write {
            true => anstream::eprintln!("written: {}", path.display()),
            false => anstream::eprintln!("--write changes {}", path.display()),
        }
    }
    Ok(u8::from(comparison.is_worse()))
}

/// What the journal is told of the edits.
fn told(comparison: &Comparison) -> Vec<Change> {
    let told = |edit: &Edit| Change {
        at: now_ms(),
        who: changes::who(),
        what: "compare-model".to_owned(),
        entity: edit.entity.path().display().to_string(),
        mac: Some(comparison.mac),
        before: edit.before.as_deref().and_then(harmless),
        after: edit.after.as_deref().and_then(harmless),
        ..Change::default()
    };
    comparison.edits.iter().map(told).collect()
}

fn human(comparison: &Comparison) -> Result<()> {
    let Comparison { mac, from, to, differences, findings, .. } = comparison;
    output::line(&format!("{mac}: {} -> {}", from.bold(), to.bold()))?;
    for kind in [Kind::Lost, Kind::Degraded, Kind::Changed, Kind::Moved, Kind::Gained, Kind::Note] {
        let of_kind: Vec<&Difference> = differences.iter().filter(|difference| difference.kind == kind).collect();
        if !of_kind.is_empty() {
            output::line(&format!("\n{}:", heading(kind)))?;
        }
        of_kind.into_iter().try_for_each(|difference| output::line(&shown(difference)))?;
    }
    if differences.is_empty() {
        output::line("\nnothing differs")?;
    }
    if !findings.is_empty() {
        output::line("\n`offhook check` then tells besides what it tells now:")?;
    }
    findings.iter().try_for_each(|finding: &Finding| match finding.accepted {
        true => output::line(&format!("  (accepted) {}", indented(finding))),
        false => output::line(&format!("  {}", indented(finding))),
    })
}

fn heading(kind: Kind) -> String {
    match kind {
        Kind::Lost => "lost".red().to_string(),
        Kind::Degraded => "degraded".yellow().to_string(),
        Kind::Changed => "changed".yellow().to_string(),
        Kind::Moved => "moved".cyan().to_string(),
        Kind::Gained => "gained".green().to_string(),
        Kind::Note => "note".to_string(),
    }
}

fn shown(difference: &Difference) -> String {
    let Difference { about, what, file, line, .. } = difference;
    let at = line.filter(|line| *line > 0).map(|line| format!(":{line}")).unwrap_or_default();
    let place = file.as_ref().map(|file| format!("  ({file}{at})")).unwrap_or_default();
    format!("  {about}: {what}{place}")
}

fn indented(finding: &Finding) -> String {
    finding.to_string().replace('\n', "\n  ")
}

fn as_json(comparison: &Comparison, written: bool) -> Result<()> {
    let mut data = serde_json::to_value(comparison)?;
    let mut files: Vec<_> = comparison.edits.iter().map(|edit| edit.entity.path()).collect();
    files.sort();
    data["edits"] = json!({ "files": files, "written": written });
    output::json(&data)
}
