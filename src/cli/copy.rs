//! `copy`: the keys of a line on others.

use anyhow::Result;

use super::args::Copy;
use super::editing::{commit, editor, refused, told_done};
use crate::edit::copy::{CopyReport, Copying, Did, Hand, Mode, Skip, To, copy};
use crate::edit::places::What;

/// Copies; 0 everything, 1 something was left out.
pub fn run(args: &Copy) -> Result<u8> {
    let editor = editor(&args.fleet.fleet)?;
    let copying = copying(args);
    let mut report = CopyReport::default();
    let done = commit(&editor, "copy", args.dry_run, |draft| {
        report = copy(draft, &args.from, &copying, &Hand { may: &|_| Ok(()), heeds_locks: false })?;
        Ok(())
    });
    let done = done.map_err(refused)?;
    told_done(args.format, &report, &lines(&report), &done)?;
    Ok(u8::from(!report.complete))
}

fn copying(args: &Copy) -> Copying {
    let one = args.to.iter().map(|line| To { site: line.site.clone(), line: Some(line.line.clone()), layout: None });
    let layout = args.layout.as_deref().map(Into::into);
    let all = args.to_all.iter().map(|site| To { site: site.as_str().into(), line: None, layout: layout.clone() });
    Copying {
        to: one.chain(all).collect(),
        what: What::All,
        only: args.keys.clone(),
        labels: !args.no_labels,
        mode: if args.replace { Mode::Replace } else { Mode::Merge },
        partial: !args.all_or_nothing,
    }
}

/// What has come of each line, and what was left out.
fn lines(report: &CopyReport) -> Vec<String> {
    let because = |Skip { code, why }: &Skip| format!("{why} [{code}]");
    let of_line = |line: &crate::edit::copy::CopiedLine| {
        let count = |did: Did| line.keys.iter().filter(|key| key.did == did).count();
        let counts = [("copied", Did::Copied), ("removed", Did::Removed), ("unchanged", Did::Unchanged)];
        let counts = counts.map(|(word, did)| (word, count(did))).into_iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(word, count)| format!("{count} {word}")).collect();
        let said = line.skip.as_ref().map(because).unwrap_or_else(|| counts.join(", "));
        let skipped = line.keys.iter().filter_map(|key| Some((key.place, key.skip.as_ref()?)));
        let skipped = skipped.map(|(place, skip)| format!("  {place} not: {}", because(skip)));
        [format!("{}: {said}", line.line)].into_iter().chain(skipped).collect::<Vec<_>>()
    };
    report.lines.iter().flat_map(of_line).collect()
}
