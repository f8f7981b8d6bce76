//! `override`: a shipped file copied into the fleet's `overrides`, to be changed there.

use anyhow::{Context, Result, anyhow, bail};

use super::args::Override;
use super::output;
use crate::findings::nearest;
use crate::live::{mark, shipped};
use crate::writer::Aside;

/// Copies a shipped file with the mark of what it was copied from, or lists all that can be.
pub fn run(args: &Override) -> Result<u8> {
    let texts = shipped();
    let Some(path) = &args.path else {
        texts.keys().try_for_each(|path| output::line(path))?;
        return Ok(0);
    };
    let text = texts.get(path).ok_or_else(|| {
        let near =
            nearest(path, texts.keys().map(String::as_str)).map(|near| format!("\n  hint: did you mean `{near}`?"));
        anyhow!(
            "no file `{path}` is shipped{}",
            near.unwrap_or_else(|| "\n  hint: `offhook override` lists them".into())
        )
    })?;
    let target = args.fleet.fleet.join("overrides").join(path);
    if target.exists() {
        bail!(
            "`{}` exists already\n  hint: compare it with the shipped one: offhook override {path} --print",
            target.display()
        );
    }
    // The comment leaves no line behind, since some files need their first line to be the first.
    let head =
        if path.ends_with(".toml") { format!("# {}\n", mark(text)) } else { format!("{{#- {} -#}}\n", mark(text)) };
    let text = format!("{head}{text}");
    if args.print {
        output::raw(&text)?;
        return Ok(0);
    }
    let folder = target.parent().unwrap_or(&target);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    // A server that runs must not read half of it.
    Aside::write(&target, text.as_bytes(), 0o644)
        .and_then(Aside::put)
        .with_context(|| format!("cannot write `{}`", target.display()))?;
    anstream::eprintln!("copied to `{}`; `offhook check` tells when the shipped file changes", target.display());
    Ok(0)
}
