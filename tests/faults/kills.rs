//! Processes that are killed at each of their changes on disk: what is there afterwards is whole, and the next start serves.
//!
//! `strace` kills them as they enter a system call: every sync, rename and the like, one after the other. Beside that, a
//! limit on the length of files kills them in the middle of a write, after every few bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::server::{Server, fleet, program, serve, shell};
use super::{has, read};

const HERE: [&str; 2] = ["--listen", "127.0.0.1:0"];
/// What changes anything on a disk, but the writing itself: that is stopped by a limit.
const WRITES: &str = "fsync,fdatasync,rename,renameat,renameat2,linkat,unlink,unlinkat,mkdir,fchmod,fchown,ftruncate";

fn offhook(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(arguments.split(' ')).env_remove("OFFHOOK_LOG").stderr(Stdio::null()).stdout(Stdio::null());
    command
}

/// The command, killed when one of its threads enters its n-th such call.
fn killed_at(command: &Command, n: usize) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={WRITES}")]);
    strace.args(["-e", &format!("inject={WRITES}:signal=SIGKILL:when={n}")]);
    wrapped(strace, command)
}

/// The command, killed when it writes beyond so many bytes of a file.
fn killed_beyond(command: &Command, bytes: usize) -> Command {
    let mut prlimit = Command::new("prlimit");
    prlimit.args([&format!("--fsize={bytes}"), "--core=0"]);
    wrapped(prlimit, command)
}

fn wrapped(mut by: Command, command: &Command) -> Command {
    by.arg(command.get_program()).args(command.get_args()).env_remove("OFFHOOK_LOG");
    by.current_dir(command.get_current_dir().unwrap_or(Path::new("."))).stderr(Stdio::null()).stdout(Stdio::null());
    by
}

/// All files below a folder, but those that are written aside.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let found = shell(&format!("cd {} && find . -type f -not -name '.offhook-*'", folder.display())).stdout;
    String::from_utf8(found).unwrap().lines().map(|path| (path.to_owned(), read(folder, path))).collect()
}

/// Runs a command with each way to kill it, each time from the same files, until it ends by itself; `judge` looks at the
/// files before and after.
fn killed_everywhere(from: &Path, arguments: &str, judge: impl Fn(&BTreeMap<String, String>, &Path)) {
    if !has("strace") || !has("prlimit") {
        return;
    }
    let before = files(from);
    let run = |kill: &dyn Fn(&Command) -> Command| {
        let copy = tempfile::tempdir().unwrap();
        shell(&format!("cp -r {}/. {}", from.display(), copy.path().display()));
        let mut command = offhook(arguments);
        command.current_dir(copy.path());
        let ended = kill(&command).status().unwrap().code().is_some();
        judge(&before, copy.path());
        ended
    };
    let ended = (1..200).find(|n| run(&|command| killed_at(command, *n)));
    assert!(ended.is_some_and(|n| n > 2), "killed {ended:?} times");
    let longest = before.values().map(String::len).max().unwrap_or(0) + 400;
    for bytes in (0..longest).step_by(181) {
        run(&|command| killed_beyond(command, bytes));
    }
}

/// The phone's file with its secrets.
fn revealed(folder: &Path) -> String {
    let output = offhook("render 001565aabb01 --reveal").current_dir(folder).stdout(Stdio::piped()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn secrets_are_encrypted_or_as_they_were() {
    let folder = fleet();
    let from = folder.path().join("fleet");
    assert!(offhook("secret new-key").current_dir(&from).status().unwrap().success());
    let whole = revealed(&from);
    assert!(whole.contains("account.1.password"));
    killed_everywhere(&from, "secret encrypt --in-place", |before, after| {
        assert_eq!(revealed(after), whole);
        for (path, text) in files(after) {
            assert!(text == before[&path] || text.contains("encrypted = "), "{path}: {text}");
        }
        // What the first left, a second does.
        assert!(offhook("secret encrypt --in-place").current_dir(after).status().unwrap().success());
        assert!(files(after).values().all(|text| !text.contains("password = \"")));
        assert_eq!(revealed(after), whole);
    });
}

#[test]
fn keys_are_never_lost() {
    let folder = fleet();
    let from = folder.path().join("fleet");
    assert!(offhook("secret new-key").current_dir(&from).status().unwrap().success());
    killed_everywhere(&from, "secret new-key", |before, after| {
        let (old, new) = (&before["./secret.key"], read(after, "secret.key"));
        assert!(new == *old || (new.len() == 2 * old.len() && new.ends_with(old)), "{new}");
    });
}

#[test]
fn another_model_is_written_whole() {
    let folder = fleet();
    let from = folder.path().join("fleet");
    let done = tempfile::tempdir().unwrap();
    shell(&format!("cp -r {}/. {}", from.display(), done.path().display()));
    let arguments = "compare-model 001565aabb01 cisco-spa504g --write";
    offhook(arguments).current_dir(done.path()).status().unwrap();
    let done = files(done.path());
    killed_everywhere(&from, arguments, |before, after| {
        for (path, text) in files(after) {
            assert!(text == before[&path] || text == done[&path], "{path}: {text}");
        }
    });
}

#[test]
fn an_override_is_there_whole_or_not_at_all() {
    let folder = fleet();
    let from = folder.path().join("fleet");
    let done = tempfile::tempdir().unwrap();
    let arguments = "override models/yealink/t46s.toml";
    assert!(offhook(arguments).current_dir(done.path()).status().unwrap().success());
    let done = files(done.path());
    killed_everywhere(&from, arguments, |before, after| {
        for (path, text) in files(after) {
            assert!(before.get(&path) == Some(&text) || done.get(&path) == Some(&text), "{path}: {text}");
        }
    });
}

/// The next start serves, and is content with what it finds.
fn serves(folder: &Path) {
    let server = Server::start(folder, &HERE);
    assert!(server.tried().contains("account.1.user_name = 201"));
    let said = server.stop();
    assert!(!said.iter().any(|line| line.contains("ERROR")), "{said:#?}");
    let left = shell(&format!("find {}/state -name '*.new'", folder.display())).stdout;
    assert!(left.is_empty(), "{}", String::from_utf8_lossy(&left));
}

/// Waits until a server serves, or is no more; asks it for a file, stops it.
fn lived(mut command: Command, folder: &Path, port: u16) -> bool {
    let mut child = command.current_dir(folder).spawn().unwrap();
    let ask = || {
        let url = format!("https://127.0.0.1:{port}/001565aabb01.cfg");
        Command::new("curl").args(["-kfs", "--max-time", "5", "-o", "/dev/null", &url]).status().unwrap().success()
    };
    while child.try_wait().unwrap().is_none() && !ask() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = Command::new("kill").args(["-TERM", &program(&child)]).stderr(Stdio::null()).status();
    child.wait().unwrap().success()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_first_start_that_is_killed_at_each_step() {
    if !has("strace") {
        return;
    }
    let ended = (1..60).find(|n| {
        let folder = fleet();
        let port = free_port();
        let command = serve(folder.path(), &["--listen", &format!("127.0.0.1:{port}")]);
        let lived = lived(killed_at(&command, *n), folder.path(), port);
        serves(folder.path());
        lived
    });
    assert!(ended.is_some_and(|n| n > 3), "killed {ended:?} times");
}

#[test]
fn a_first_start_that_is_killed_within_its_writes() {
    if !has("prlimit") {
        return;
    }
    for bytes in [0, 1, 31, 32, 40, 100, 240, 500] {
        let folder = fleet();
        let port = free_port();
        let command = serve(folder.path(), &["--listen", &format!("127.0.0.1:{port}")]);
        lived(killed_beyond(&command, bytes), folder.path(), port);
        serves(folder.path());
    }
}

#[test]
fn a_server_that_is_killed_while_phones_are_new() {
    let folder = fleet();
    let phones = folder.path().join("fleet/sites/office/phones");
    for n in 0..40 {
        fs::write(phones.join(format!("001565cc{n:04x}.toml")), "model = \"yealink-t46s\"\nlines = []\n").unwrap();
    }
    for round in 0..6 {
        let mut server = Server::start(folder.path(), &HERE);
        let url = server.line("try: ").rsplit(' ').next().unwrap().replace("001565aabb01", "001565cc00[00-39]");
        let mut curl = Command::new("curl")
            .args(["-ksg", "-o", "/dev/null", "--max-time", "20"])
            .arg(url.replace("[00-39]", "{00,01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10,11,12,13,14,15,16,17,18}"))
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(3 + 11 * round));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        curl.wait().unwrap();
        let text = read(folder.path(), "state/provisioned.log");
        let whole = |line: &&str| line.split(' ').count() == 4 && line.split(' ').nth(2).unwrap().len() == 32;
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().rev().skip(1).all(whole), "{text}");
    }
    serves(folder.path());
}
