//! `init`: a small fleet to start from.

use std::path::Path;

use anyhow::{Context, Result, bail};
use include_dir::{Dir, include_dir};

use super::args::Init;

static START: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/examples/start");

/// Writes the files of a small fleet into an empty folder.
pub fn run(args: &Init) -> Result<u8> {
    let folder = &args.folder;
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty\n  hint: name a folder that does not exist yet", folder.display());
    }
    write(&START, folder)?;
    anstream::eprintln!("made a fleet of one site, two lines and one phone in `{}`", folder.display());
    anstream::eprintln!("next: offhook check {0} && offhook serve {0}", folder.display());
    Ok(0)
}

fn write(from: &Dir<'_>, to: &Path) -> Result<()> {
    for file in from.files() {
        let path = to.join(file.path());
        let folder = path.parent().unwrap_or(to);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        std::fs::write(&path, file.contents()).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    from.dirs().try_for_each(|folder| write(folder, to))
}
