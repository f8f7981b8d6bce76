//! `check`: what a CI job runs before a change goes live.

use anyhow::{Result, anyhow, bail};
use owo_colors::OwoColorize;
use serde_json::json;

use super::args::{Check, ReportFormat};
use super::output;
use crate::check::{Golden, check, golden};
use crate::findings::{Finding, Level};
use crate::live::Loader;

/// Checks a fleet; 0 well, 1 findings that nobody has accepted, or golden files that differ.
pub fn run(args: &Check) -> Result<u8> {
    if !args.fleet.is_dir() {
        bail!("`{}` is not a folder\n  hint: name the fleet's folder, the one with fleet.toml", args.fleet.display());
    }
    let mut loader = Loader::new(&args.fleet).without_key();
    let serving = loader.load();
    output::closed_secrets(&loader);
    let findings = check(&serving);
    let compared = match &args.golden {
        Some(folder) => golden(&serving, folder, args.bless).map_err(|what| anyhow!(what))?,
        None => Golden::default(),
    };
    let summary = output::fleet(serving.world.counts());
    match args.format {
        ReportFormat::Human => human(&findings, &compared, args, &summary)?,
        ReportFormat::Json => as_json(&findings, &compared)?,
        ReportFormat::Github => github(&findings, &compared, args)?,
        ReportFormat::Junit => junit(&findings, &compared)?,
    }
    let open = findings.iter().any(counts) || !compared.differences.is_empty();
    Ok(u8::from(open))
}

/// Errors and warnings count until they are accepted; notes never do.
fn counts(finding: &Finding) -> bool {
    finding.level != Level::Note && !finding.accepted
}

fn human(findings: &[Finding], compared: &Golden, args: &Check, summary: &str) -> Result<()> {
    for finding in findings.iter().filter(|finding| !finding.accepted) {
        let level = match finding.level {
            Level::Error => "error".red().to_string(),
            Level::Warning => "warning".yellow().to_string(),
            Level::Note => "note".cyan().to_string(),
        };
        let at = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        let file = finding.file.display();
        output::line(&format!("{level}: {}{at}: {} [{}]", file.bold(), finding.what, finding.code))?;
        if let Some(hint) = &finding.hint {
            output::line(&format!("  hint: {hint}"))?;
        }
    }
    for difference in &compared.differences {
        output::raw(&difference.diff)?;
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level && !finding.accepted).count();
    let accepted = findings.iter().filter(|finding| finding.accepted).count();
    let errors = output::counted(count(Level::Error), "error");
    let warnings = output::counted(count(Level::Warning), "warning");
    let notes = output::counted(count(Level::Note), "note");
    anstream::eprintln!("{summary}: {errors}, {warnings}, {notes}, {accepted} accepted");
    if let Some(folder) = &args.golden {
        let (files, folder) = (compared.files, folder.display());
        match (args.bless, compared.differences.len()) {
            (true, _) => anstream::eprintln!("{} written to `{folder}`", output::counted(files, "golden file")),
            (false, 0) => anstream::eprintln!("as in `{folder}`: {}", output::counted(files, "file")),
            (false, differ) => {
                anstream::eprintln!(
                    "not as in `{folder}`: {}; --bless writes it anew",
                    output::counted(differ, "file")
                );
            }
        }
    }
    Ok(())
}

fn as_json(findings: &[Finding], compared: &Golden) -> Result<()> {
    let differences: Vec<_> = compared
        .differences
        .iter()
        .map(|difference| json!({ "file": difference.file, "diff": difference.diff }))
        .collect();
    output::json(&json!({ "findings": findings, "golden": { "files": compared.files, "differences": differences } }))
}

/// GitHub's workflow commands.
fn github(findings: &[Finding], compared: &Golden, args: &Check) -> Result<()> {
    for finding in findings.iter().filter(|finding| !finding.accepted) {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let file = output::github_property(&args.fleet.join(&finding.file).display().to_string());
        let line = finding.line.map(|line| format!(",line={line}")).unwrap_or_default();
        let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let what = output::github_data(&format!("{}{hint}", finding.what));
        output::line(&format!(
            "::{command} file={file}{line},title={}::{what}",
            output::github_property(finding.code)
        ))?;
    }
    for difference in &compared.differences {
        let folder = args.golden.clone().unwrap_or_default();
        let file = output::github_property(&folder.join(&difference.file).display().to_string());
        output::line(&format!("::error file={file},title=golden::{}", output::github_data(&difference.diff)))?;
    }
    Ok(())
}

fn junit(findings: &[Finding], compared: &Golden) -> Result<()> {
    let escape = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        quick_xml::escape::escape(&text).into_owned()
    };
    let failing: Vec<&Finding> = findings.iter().filter(|finding| counts(finding)).collect();
    let total = (failing.len() + compared.files).max(1);
    let failures = failing.len() + compared.differences.len();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"offhook check\" tests=\"{total}\" failures=\"{failures}\">\n"
    );
    if total == 1 && failing.is_empty() && compared.files == 0 {
        xml.push_str("<testcase classname=\"fleet\" name=\"no findings\"/>\n");
    }
    for finding in failing {
        let name = format!("{}:{}: {}", finding.file.display(), finding.line.unwrap_or(1), finding.code);
        let hint = finding.hint.as_ref().map(|hint| format!("hint: {hint}")).unwrap_or_default();
        xml.push_str(&format!(
            "<testcase classname=\"findings\" name=\"{}\"><failure type=\"{}\" message=\"{}\">{}</failure></testcase>\n",
            escape(&name),
            finding.level,
            escape(&finding.what),
            escape(&hint)
        ));
    }
    for difference in &compared.differences {
        let name = escape(&difference.file.display().to_string());
        let diff = escape(&difference.diff);
        xml.push_str(&format!("<testcase classname=\"golden\" name=\"{name}\"><failure message=\"differs from the golden file\">{diff}</failure></testcase>\n"));
    }
    let same = compared.files.saturating_sub(compared.differences.len());
    if compared.files > 0 {
        xml.push_str(
            &(0..same)
                .map(|at| format!("<testcase classname=\"golden\" name=\"as golden {}\"/>\n", at + 1))
                .collect::<String>(),
        );
    }
    xml.push_str("</testsuite>\n</testsuites>\n");
    output::raw(&xml)
}
