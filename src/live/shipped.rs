//! The catalogue and templates built into the program, and a folder of the user's that lies over them file by file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use include_dir::{Dir, include_dir};

use crate::catalogue::Texts;
use crate::findings::Finding;
use crate::reader::read_text;

static MODELS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/models");
static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// How deep folders of an overlay are followed; a link that leads back to itself ends there.
const MAX_DEPTH: usize = 4;

/// The texts that are built in, by paths such as `models/yealink/t46s.toml`.
pub fn shipped() -> Texts {
    let mut texts = BTreeMap::new();
    for (root, folder) in [("models", &MODELS), ("templates", &TEMPLATES)] {
        collect(root, folder, &mut texts);
    }
    texts
}

fn collect(root: &str, folder: &Dir<'_>, texts: &mut Texts) {
    for file in folder.files() {
        if let Some(text) = file.contents_utf8() {
            texts.insert(format!("{root}/{}", file.path().display()), text.to_owned());
        }
    }
    for folder in folder.dirs() {
        collect(root, folder, texts);
    }
}

/// A folder with `models/` and `templates/` of the user's own.
#[derive(Debug, Clone)]
pub struct Overrides {
    /// The folder; it need not exist.
    pub folder: PathBuf,
}

impl Overrides {
    /// The texts that are built in with the folder's over them, and what is wrong with the folder.
    pub fn over_shipped(&self) -> (Texts, Vec<Finding>) {
        let mut texts = shipped();
        let mut findings = Vec::new();
        for root in ["models", "templates"] {
            self.read_folder(Path::new(root), 0, &mut texts, &mut findings);
        }
        (texts, findings)
    }

    fn read_folder(&self, relative: &Path, depth: usize, texts: &mut Texts, findings: &mut Vec<Finding>) {
        let Ok(entries) = std::fs::read_dir(self.folder.join(relative)) else { return };
        let mut names: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let Some(text) = name.to_str().filter(|name| !name.starts_with('.') && !name.ends_with('~')) else {
                continue;
            };
            let relative = relative.join(text);
            let path = self.folder.join(&relative);
            let shown = Path::new("overrides").join(&relative);
            if path.is_dir() {
                if depth < MAX_DEPTH {
                    self.read_folder(&relative, depth + 1, texts, findings);
                } else {
                    let what = "is not read: the folders are nested too deeply, or a symbolic link leads back";
                    findings.push(Finding::warning("too-deep", shown, None, what));
                }
                continue;
            }
            match read_text(&path, &shown) {
                Ok(text) => {
                    let key = relative.to_string_lossy().into_owned();
                    findings.extend(texts.get(&key).and_then(|base| changed_below(&text, base, &shown)));
                    texts.insert(key, text);
                }
                Err(finding) => findings.push(finding),
            }
        }
    }
}

/// The words behind which a file tells what it was copied from.
const BASED_ON: &str = "based-on: sha256:";

/// The mark of a shipped text, for the first lines of a file that takes its place.
pub fn mark(base: &str) -> String {
    let digest = digest::digest(&digest::SHA256, base.as_bytes());
    let hex: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{BASED_ON}{hex}")
}

/// Tells when the shipped file has changed since it was copied.
fn changed_below(text: &str, base: &str, shown: &Path) -> Option<Finding> {
    let told = text.split_once(BASED_ON)?.1;
    let told: String = told.chars().take_while(char::is_ascii_hexdigit).collect();
    if mark(base).ends_with(&told) && !told.is_empty() {
        return None;
    }
    let what = "was copied from a shipped file that has changed since";
    Some(
        Finding::warning("shipped-changed", shown, None, what)
            .hint(format!("compare the two, then write `{}` into it", mark(base))),
    )
}
