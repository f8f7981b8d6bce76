//! The one place where these tests know the library: a fleet goes in as text, findings and files come out as text.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use offhook::catalogue::Answer;
use offhook::check::check;
use offhook::live::{Loader, Serving};
use offhook::phone::Mac;
use offhook::render::{Document, Renderer, Reveal, RevisionKey, documents_of, render};
use offhook::resolve::{Phase, resolve};
use tempfile::TempDir;

/// The phone of the fleets that [`phone`] makes.
pub const MAC: &str = "001565aabbcc";

/// A site that knows its operator, with a queue, a hunting group, a fax and somebody else's number.
pub const SITE: &str = r#"
feature_codes = "ovh"
sip.server = "sip.example.org"
[numbers]
0033972109000 = { kind = "queue" }
0033972109001 = { kind = "hunt" }
0033972109002 = { kind = "fax" }
0033972109003 = { kind = "voicemail" }
0033199000000 = { kind = "external", label = "Elsewhere" }
"#;

/// A fleet in a folder that goes away with it.
pub struct Fleet {
    folder: TempDir,
}

/// A fleet with one phone of a model; `line` is the text of its primary line `201`, beside which there are `202` and
/// `203` in the same site.
pub fn phone(model: &str, line: &str) -> Fleet {
    Fleet::empty()
        .with("fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n")
        .with("sites/a/site.toml", SITE)
        .with("sites/a/lines/201.toml", line)
        .with("sites/a/lines/202.toml", "")
        .with("sites/a/lines/203.toml", "")
        .with(&format!("sites/a/phones/{MAC}.toml"), &format!("model = \"{model}\"\nlines = [\"201\"]\n"))
}

/// The same with a text for the phone's own file behind its model.
pub fn phone_with(model: &str, phone_text: &str, line: &str) -> Fleet {
    let lines = if phone_text.contains("lines =") { "" } else { "lines = [\"201\"]\n" };
    let text = format!("model = \"{model}\"\n{lines}{}", unindented(phone_text));
    phone(model, line).with(&format!("sites/a/phones/{MAC}.toml"), &text)
}

impl Fleet {
    /// A folder without a file.
    pub fn empty() -> Fleet {
        Fleet { folder: TempDir::new().expect("a folder for the test") }
    }

    /// The same fleet with a file more, or with another text in it.
    pub fn with(self, path: &str, text: &str) -> Fleet {
        self.with_bytes(path, unindented(text).as_bytes())
    }

    /// The same fleet with a file that need not be text.
    pub fn with_bytes(self, path: &str, bytes: &[u8]) -> Fleet {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder for the file");
        std::fs::write(path, bytes).expect("a file of the test");
        self
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// All findings as `check` prints them; those that are accepted are marked.
    pub fn findings(&self) -> String {
        findings_of(&serving(self.path()))
    }

    /// All findings where the catalogue itself is in question: with the overrides, and every template proven.
    pub fn findings_with_overrides(&self) -> String {
        findings_of(&Loader::new(self.path()).load())
    }

    /// The phone's file.
    pub fn file(&self) -> String {
        first_document(&serving(self.path()), Reveal::Nothing, Phase::Later)
    }

    /// The phone's file by the models and templates of the fleet's own.
    pub fn file_with_overrides(&self) -> String {
        first_document(&Loader::new(self.path()).load(), Reveal::Nothing, Phase::Later)
    }

    /// The phone's file with its secrets.
    pub fn revealed(&self) -> String {
        first_document(&serving(self.path()), Reveal::Secrets, Phase::Later)
    }

    /// The phone's file at the first provisioning.
    pub fn first_file(&self) -> String {
        first_document(&serving(self.path()), Reveal::Nothing, Phase::First)
    }

    /// The lines of the phone's file that hold one of some words, without what indents them.
    pub fn sent(&self, words: &[&str]) -> String {
        lines_with(&self.file(), words)
    }
}

/// The first file of the phone that [`phone`] makes.
fn first_document(serving: &Serving, reveal: Reveal, phase: Phase) -> String {
    let mac = MAC.parse().expect("a MAC");
    let subject = serving.world.subject(mac).expect("the phone can be served");
    // What leads a phone to its file may stand before it.
    let files = documents_of(&subject);
    let first = files.iter().position(|(_, file)| file.answer == Answer::Document).expect("a document");
    let (_, document) = documents(serving, mac, reveal, phase).remove(first);
    String::from_utf8(document.expect("a file that can be made").bytes.to_vec()).expect("files are UTF-8")
}

/// The lines of a text that hold one of some words, without what indents them.
pub fn lines_with(text: &str, words: &[&str]) -> String {
    let found = text.lines().map(str::trim).filter(|line| words.iter().any(|word| line.contains(word)));
    found.collect::<Vec<_>>().join("\n")
}

/// A folder of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A fleet's folder with the shipped catalogue, which `tests/catalogue.rs` proves once for all.
pub fn serving(root: &Path) -> Serving {
    Loader::new(root).load_fleet(catalogue())
}

fn catalogue() -> &'static Serving {
    static CATALOGUE: OnceLock<Serving> = OnceLock::new();
    CATALOGUE.get_or_init(Serving::built_in)
}

/// All findings of a fleet as `check` prints them.
pub fn findings_of(serving: &Serving) -> String {
    let told = check(serving).into_iter().map(|finding| match finding.accepted {
        true => format!("(accepted) {finding}"),
        false => finding.to_string(),
    });
    told.collect::<Vec<_>>().join("\n")
}

/// A phone's documents by their names, or why they cannot be made.
pub fn documents(serving: &Serving, mac: Mac, reveal: Reveal, phase: Phase) -> Vec<(String, Result<Document, String>)> {
    let subject = serving.world.subject(mac).expect("the phone can be served");
    let band = subject.band(None, None);
    let resolved = resolve(&subject, band, phase).expect("the family has tables");
    let (url, key) = (subject.root.url(), RevisionKey::fixed());
    let with =
        Renderer { templates: &serving.templates, url: &url, token: None, key: &key, reveal, changed_at: &|_| 0 };
    let make = |(name, file)| (name, render(&resolved, file, &with).map_err(|error| error.to_string()));
    documents_of(&subject).into_iter().map(make).collect()
}

/// A text without the blanks that indent it in the test.
fn unindented(text: &str) -> String {
    text.lines().map(|line| line.trim_start_matches("        ")).collect::<Vec<_>>().join("\n") + "\n"
}
