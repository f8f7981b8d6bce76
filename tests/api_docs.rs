//! The commands of `docs/api.md` are run as they are printed, one after the other, against a real server; what they print is
//! what stands below them, where `…` stands for anything.

#[path = "common/server.rs"]
mod server;

use std::path::Path;
use std::process::{Command, Stdio};

use regex::Regex;
use server::{Server, shell};

/// The blocks of a document in order: their language, and their text.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let mut parts = document.split("```");
    parts.next();
    let blocks: Vec<&str> = parts.step_by(2).collect();
    blocks.into_iter().filter_map(|block| block.split_once('\n')).collect()
}

/// Whether a text is as printed.
fn is_as_printed(printed: &str, text: &str) -> bool {
    let pattern = regex::escape(printed.trim()).replace('…', "(?s:.*)");
    Regex::new(&format!("^{pattern}$")).unwrap().is_match(text.trim())
}

#[test]
fn the_walk_through_the_api_works_as_printed() {
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_offhook")).parent().unwrap().display().to_string();
    shell(&format!("cd {} && PATH={program}:$PATH offhook init my-fleet", folder.path().display()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(["serve", "my-fleet", "--state", "my-state", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
    command.current_dir(folder.path()).env_remove("OFFHOOK_LOG").stderr(Stdio::piped()).stdout(Stdio::null());
    let mut server = Server::of(command);
    server.heard("API at ");
    let api = server.line("API at ").trim_start_matches("API at ").trim_end_matches("/api/v1").to_owned();
    let phones = server.address().to_owned();
    let here = |text: &str| text.replace("http://127.0.0.1:8444", &api).replace("127.0.0.1:8443", &phones);
    let mut script = format!("set -e\nexport PATH={program}:$PATH\n");
    let mut printed = Vec::new();
    for (language, text) in blocks(&document) {
        match language {
            "sh" if text.starts_with("offhook init") || text.starts_with("offhook serve") => {}
            "sh" => {
                printed.push(String::new());
                script += &format!("echo '=== {}'\n{}", printed.len(), here(text));
            }
            "json" => printed.last_mut().unwrap().push_str(text),
            _ => {}
        }
    }
    let ran = Command::new("bash").arg("-c").arg(&script).current_dir(folder.path()).output().unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{out}\n{}", String::from_utf8_lossy(&ran.stderr));
    let parts: Vec<&str> = out.split("=== ").skip(1).map(|part| part.split_once('\n').unwrap().1).collect();
    assert_eq!(parts.len(), printed.len(), "{out}");
    for (printed, text) in printed.iter().zip(parts).filter(|(printed, _)| !printed.is_empty()) {
        assert!(is_as_printed(printed, text), "printed:\n{printed}\nand it was:\n{text}");
    }
    assert!(printed.iter().filter(|printed| !printed.is_empty()).count() > 10);
}
