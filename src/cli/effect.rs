//! `effect`: what a change does to phones, before it goes live.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use owo_colors::OwoColorize;
use tempfile::TempDir;

use super::args::{Effect as Args, EffectFormat};
use super::output;
use crate::effect::{Change, Effect, Fate, Group, Reboot, all_macs, effect};
use crate::live::Loader;

/// So many groups are printed for people…
const GROUPS: usize = 20;
/// …with so many ways in which their files differ…
const FILES: usize = 4;
/// …and so many lines of each.
const LINES: usize = 20;
/// GitHub shows so many notices of one step.
const NOTICES: usize = 10;

/// Compares two states of a fleet; 0 no phone gets anything else, 1 some do.
pub fn run(args: &Args) -> Result<u8> {
    let (mut old, mut new, _copy) = match (&args.since, &args.old, &args.new) {
        (Some(revision), ..) => {
            let fleet = &args.fleet.fleet;
            let copy = at_revision(fleet, revision)?;
            (Loader::new(copy.path()).with_secrets_of(fleet), loader(fleet)?, Some(copy))
        }
        (None, Some(old), Some(new)) => (loader(old)?, loader(new)?, None),
        _ => bail!("two folders are needed\n  hint: `offhook effect OLD NEW`, or `offhook effect --since REVISION`"),
    };
    (old, new) = (old.without_key(), new.without_key());
    let before = old.load();
    let after = new.load_beside(&old, &before);
    output::closed_secrets(&old);
    output::closed_secrets(&new);
    let bar = output::progress(all_macs(&before, &after).len());
    let found = effect(&before, &after, || bar.inc(1));
    bar.finish_and_clear();
    match args.format {
        EffectFormat::Human => human(&found)?,
        EffectFormat::Json => output::json(&found)?,
        EffectFormat::Github => github(&found)?,
    }
    Ok(u8::from(found.affected > 0))
}

fn loader(fleet: &Path) -> Result<Loader> {
    if !fleet.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder, the one with fleet.toml", fleet.display());
    }
    Ok(Loader::new(fleet))
}

/// A copy of the fleet's folder as it was at a revision; the working folder and git's index stay as they are.
fn at_revision(fleet: &Path, revision: &str) -> Result<TempDir> {
    let shown = fleet.display();
    if !git(fleet, &["rev-parse", "--is-inside-work-tree"])?.status.success() {
        bail!("`{shown}` is in no git repository\n  hint: compare two folders: `offhook effect OLD NEW`");
    }
    let wanted = format!("{revision}^{{commit}}");
    let commit = git(fleet, &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
    if !commit.status.success() {
        let hint = "a CI job may have fetched the last commit only: let it fetch all (`fetch-depth: 0`)";
        bail!("git knows no revision `{revision}` in `{shown}`\n  hint: {hint}");
    }
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let copy = TempDir::with_prefix("offhook-effect-").context("cannot make a folder for the old files")?;
    let mut archive = Command::new("git");
    archive.arg("-C").arg(fleet).args(["archive", "--format=tar", &commit]);
    let mut archive = archive.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot run `git`")?;
    let files = archive.stdout.take().context("`git` has no output")?;
    let unpacked = Command::new("tar").arg("-xf").arg("-").arg("-C").arg(copy.path()).stdin(files).output();
    let unpacked = unpacked.context("cannot run `tar`")?;
    let archived = archive.wait_with_output().context("cannot run `git`")?;
    for (program, output) in [("git archive", &archived), ("tar", &unpacked)] {
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("`{program}` cannot give `{shown}` as it was at `{revision}`: {}", why.trim());
        }
    }
    if !copy.path().join("fleet.toml").is_file() {
        bail!(
            "at `{revision}` `{shown}` had no fleet.toml\n  hint: name a later revision, or the fleet's folder with -C"
        );
    }
    Ok(copy)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output> {
    Command::new("git").arg("-C").arg(folder).args(arguments).output().context("cannot run `git`")
}

/// Tells an effect to people.
pub(super) fn human(found: &Effect) -> Result<()> {
    for group in found.groups.iter().take(GROUPS) {
        output::line(&format!("{}", heading(group).bold()))?;
        group.changes.iter().try_for_each(|change| output::line(&format!("  {change}")))?;
        group.reboots.iter().try_for_each(|reboot| output::line(&format!("  {reboot}")))?;
        files(group)?;
        output::line("")?;
    }
    if let more @ 1.. = found.groups.len().saturating_sub(GROUPS) {
        output::line(&format!("{} in other ways; --format json tells all\n", output::counted(more, "smaller group")))?;
    }
    anstream::eprintln!("{}", summary(found));
    Ok(())
}

fn summary(found: &Effect) -> String {
    let Effect { phones, affected, .. } = found;
    match affected {
        0 => format!("no effect on any of {}", output::counted(*phones, "phone")),
        _ => format!("{affected} of {} affected", output::counted(*phones, "phone")),
    }
}

/// `3 phones change: 001565aabb01, 001565aabb02, 001565aabb03`
fn heading(group: &Group) -> String {
    let one = group.phones == 1;
    let verb = match group.fate {
        Fate::Breaks => "cannot be served any more",
        Fate::Mends => "can be served again",
        Fate::Changes if one => "changes",
        Fate::Changes => "change",
        Fate::Goes if one => "goes",
        Fate::Goes => "go",
        Fate::Comes if one => "comes",
        Fate::Comes => "come",
    };
    let first: Vec<String> = group.first.iter().map(ToString::to_string).collect();
    let more = if group.phones > first.len() { ", …" } else { "" };
    format!("{} {verb}: {}{more}", output::counted(group.phones, "phone"), first.join(", "))
}

fn files(group: &Group) -> Result<()> {
    for file in group.files.iter().take(FILES) {
        let differs = &file.differs;
        let phones = if file.phones == group.phones {
            String::new()
        } else {
            format!(" of {}", output::counted(file.phones, "phone"))
        };
        output::line(&format!("  {}{phones}", differs.file))?;
        for line in differs.lines.iter().take(LINES) {
            match line.starts_with('+') {
                true => output::line(&format!("    {}", line.green()))?,
                false => output::line(&format!("    {}", line.red()))?,
            }
        }
        if let more @ 1.. = differs.lines.len().saturating_sub(LINES) + differs.more {
            output::line(&format!("    … {}", output::counted(more, "further line")))?;
        }
    }
    let shown: usize = group.files.iter().take(FILES).map(|file| file.phones).sum();
    let all: usize = group.files.iter().map(|file| file.phones).sum::<usize>() + group.more_files;
    match all - shown {
        0 => Ok(()),
        more => output::line(&format!("  … {} in other lines", output::counted(more, "further file"))),
    }
}

/// A notice for each of the largest groups, and one that sums up.
fn github(found: &Effect) -> Result<()> {
    let notice = |title: &str, text: &str| {
        let (title, text) = (output::github_property(title), output::github_data(text));
        output::line(&format!("::notice title={title}::{text}"))
    };
    for group in found.groups.iter().take(NOTICES - 1) {
        let changes = group.changes.iter().map(Change::to_string);
        let files = group.files.iter().take(FILES).flat_map(|file| {
            let lines = file.differs.lines.iter().take(LINES).cloned();
            std::iter::once(file.differs.file.clone()).chain(lines)
        });
        let reboots = group.reboots.iter().map(Reboot::to_string);
        notice(&heading(group), &changes.chain(reboots).chain(files).collect::<Vec<_>>().join("\n"))?;
    }
    let more = match found.groups.len().saturating_sub(NOTICES - 1) {
        0 => String::new(),
        more => format!("; {} not shown here", output::counted(more, "smaller group")),
    };
    notice("effect", &format!("{}{more}", summary(found)))
}
