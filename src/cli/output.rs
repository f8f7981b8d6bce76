//! Printing.

use std::io::Write;

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::findings::nearest;
use crate::live::Loader;

/// Prints data as JSON.
pub fn json(data: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(data).context("cannot write JSON")?;
    line(&text)
}

/// Prints a line to stdout; a closed pipe is not an error of ours.
pub fn line(text: &str) -> Result<()> {
    raw(&format!("{text}\n"))
}

/// Prints text as it is to stdout.
pub fn raw(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

/// Prints rows in columns; the last column is as wide as it likes.
pub fn table<const N: usize>(rows: &[[String; N]]) -> Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    rows.iter().try_for_each(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(cells.collect::<Vec<_>>().join("  ").trim_end())
    })
}

/// A number of things.
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// How many phones, lines and sites a fleet has.
pub fn fleet((sites, lines, phones): (usize, usize, usize)) -> String {
    [counted(phones, "phone"), counted(lines, "line"), counted(sites, "site")].join(", ")
}

/// What is named is not there; the nearest of what is there is told.
pub fn no_such(what: &str, name: &str, among: &[&str]) -> anyhow::Error {
    match nearest(name, among.iter().copied()) {
        Some(near) => anyhow!("there is no {what} named `{name}`\n  hint: did you mean `{near}`?"),
        None => anyhow!("there is no {what} named `{name}`"),
    }
}

/// Says that encrypted secrets are stood in for.
pub fn closed_secrets(loader: &Loader) {
    if let closed @ 1.. = loader.closed_secrets() {
        let count = counted(closed, "encrypted secret");
        anstream::eprintln!("note: {count} cannot be opened without the key file, and 0000 stands for each");
    }
}

/// The data of a workflow command of GitHub's.
pub fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value of one: `:` and `,` are encoded too.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A bar on stderr, where that is a terminal.
pub fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} phones, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
