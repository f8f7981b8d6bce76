//! The unit of systemd: it is well formed, says what docs/deploy.md says of it, and lets the server do what it does.
//!
//! `systemd-analyze` and `strace` are asked where they are installed; what needs them is left out elsewhere, and says so.

#[path = "common/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use server::{Server, fleet, serve};

const UNIT: &str = "examples/systemd/offhook.service";

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What `systemd-analyze` says of this, if it is there.
fn analyzed(arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new("systemd-analyze").arg("--no-pager").args(arguments).output() else {
        eprintln!("skipped: `systemd-analyze` is not installed");
        return None;
    };
    let (out, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{out}{told}");
    assert_eq!(told, "");
    Some(out)
}

/// The values of a setting of the unit, those of all its lines.
fn values(unit: &str, name: &str) -> Vec<String> {
    let lines = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

#[test]
fn the_unit_is_understood_and_leaves_little_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("offhook.service");
    let addition = folder.path().join("offhook.service.d");
    std::fs::write(&unit, read(UNIT).replace("/usr/local/bin/offhook", env!("CARGO_BIN_EXE_offhook"))).unwrap();
    let unit = unit.to_str().unwrap();
    if analyzed(&["verify", unit]).is_none() {
        return;
    }
    let score = analyzed(&["security", "--offline=true", unit]).unwrap();
    let score = score.lines().last().unwrap().split_whitespace().find(|word| word.parse::<f32>().is_ok()).unwrap();
    let document = read("docs/deploy.md");
    assert!(document.contains(&format!("gives the unit {score},")), "docs/deploy.md does not say {score}");
    std::fs::create_dir(&addition).unwrap();
    std::fs::write(addition.join("low-ports.conf"), read("examples/systemd/low-ports.conf")).unwrap();
    analyzed(&["verify", unit]);
}

/// The system calls of a group of systemd's, and of the groups in it.
fn group(name: &str) -> BTreeSet<String> {
    let text = analyzed(&["syscall-filter", name]).unwrap();
    let names = text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.flat_map(|name| if name.starts_with('@') { group(name) } else { BTreeSet::from([name.to_owned()]) }).collect()
}

#[test]
fn the_server_asks_the_kernel_for_nothing_that_the_unit_forbids() {
    let installed = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !installed("strace") || !installed("systemd-analyze") {
        eprintln!("skipped: `strace` or `systemd-analyze` is not installed");
        return;
    }
    let unit = read(UNIT);
    let [listed, forbidden] = [false, true].map(|forbids| {
        let lines = unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter="));
        let lines = lines.filter(|line| line.starts_with('~') == forbids);
        lines.flat_map(|line| line.trim_start_matches('~').split_whitespace()).flat_map(group).collect::<BTreeSet<_>>()
    });
    let allowed = &listed - &forbidden;
    let folder = fleet();
    let plain = serve(folder.path(), &["--listen", "127.0.0.1:0", "--listen", "[::1]:0"]);
    let mut command = Command::new("strace");
    // Not beside the fleet: that folder is watched, and each event would be a call more.
    let calls = tempfile::NamedTempFile::new().unwrap();
    command.args(["-f", "-qq", "-o"]).arg(calls.path()).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(folder.path()).env_remove("OFFHOOK_LOG").env_remove("NOTIFY_SOCKET");
    command.stderr(Stdio::piped()).stdout(Stdio::piped());
    let mut server = Server::of(command);
    server.tried();
    std::fs::write(folder.path().join("fleet/sites/office/lines/201.toml"), "display_name = \"New\"\n").unwrap();
    server.until("reloaded");
    assert!(server.tried().contains("New"));
    server.stop();
    let calls = std::fs::read_to_string(calls.path()).unwrap();
    // The start of a line is the thread; then `name(arguments`.
    let made = calls.lines().filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
    let made: Vec<_> = made.filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).collect();
    let mut names: BTreeSet<String> = made.iter().map(|(name, _)| (*name).to_owned()).collect();
    // SQLite gives away the files that it makes beside a database of somebody else's, as root only, and the unit is not.
    names.remove("fchown");
    assert!(names.contains("accept4") && names.contains("fdatasync"), "{names:?}");
    assert_eq!(&names - &allowed, BTreeSet::new(), "not allowed by {UNIT}");
    let families = values(&unit, "RestrictAddressFamilies");
    for (name, arguments) in made {
        let writable_code =
            arguments.contains("PROT_WRITE|PROT_EXEC") || (name == "mprotect" && arguments.contains("PROT_EXEC"));
        assert!(!writable_code, "{name}({arguments}: MemoryDenyWriteExecute");
        if name == "socket" {
            assert!(families.iter().any(|family| arguments.starts_with(&format!("{family},"))), "{arguments}");
        }
    }
}
