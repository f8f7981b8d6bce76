//! The state folder's own faults.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::server::{Server, fleet, serve, shell};
use super::{is_root, read};

const HERE: [&str; 2] = ["--listen", "127.0.0.1:0"];
const PROVISIONED: &str = "state/provisioned.log";

/// A server that is told that a disk is full, and not killed for it, as soon as a file of its own is longer than this.
fn limited(folder: &Path, blocks: &str) -> Command {
    let plain = serve(folder, &HERE);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -Sf {blocks}; exec \"$@\""), "sh"]).arg(plain.get_program());
    command.args(plain.get_args()).current_dir(folder).env_remove("OFFHOOK_LOG");
    command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command
}

fn is_full(server: &Server, full: bool) {
    let limit = if full { "0" } else { "unlimited" };
    shell(&format!("prlimit --pid {} --fsize={limit}:unlimited", server.child.id()));
}

/// A second phone, so that there is something new to write down.
fn another_phone(folder: &Path) {
    std::fs::write(
        folder.join("fleet/sites/office/phones/001565aabb02.toml"),
        "model = \"yealink-t46s\"\nlines = []\n",
    )
    .unwrap();
}

/// What the other phone gets.
fn other(server: &Server) -> String {
    let line = server.line("try: ").trim_start_matches("try: ").replace("aabb01", "aabb02");
    String::from_utf8(shell(&format!("{line} --fail -sS --max-time 20")).stdout).unwrap()
}

fn counted(said: &[String], text: &str) -> usize {
    said.iter().filter(|line| line.contains(text)).count()
}

/// Waits for what another thread writes.
fn until(what: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !what() {
        assert!(begin.elapsed() < super::server::LONG, "it never came to be");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_disk_that_is_full_from_the_start() {
    let folder = fleet();
    let server = Server::of(limited(folder.path(), "0"));
    for _ in 0..20 {
        assert!(server.tried().contains("account.1.user_name = 201"));
    }
    let said = server.stop();
    for file in
        ["revision.key` cannot be used", "self-signed.pem` cannot be written", "provisioned.log` cannot be written"]
    {
        assert_eq!(counted(&said, file), 1, "{file}: {said:#?}");
    }
    let left = shell(&format!("find {}/state -type f -size +0", folder.path().display())).stdout;
    assert!(left.is_empty(), "nothing half written is left");
    // And the next start, with room, is like a first one.
    let server = Server::start(folder.path(), &HERE);
    server.tried();
    assert_eq!(counted(&server.stop(), "ERROR"), 0);
    assert_eq!(read(folder.path(), PROVISIONED).lines().count(), 1);
}

#[test]
fn a_disk_that_fills_up_and_has_room_again() {
    let folder = fleet();
    another_phone(folder.path());
    let mut server = Server::of(limited(folder.path(), "unlimited"));
    server.tried();
    until(|| read(folder.path(), PROVISIONED).lines().count() == 1);
    is_full(&server, true);
    other(&server);
    server.until("provisioned.log` cannot be written");
    // What is new meanwhile is served as well, and nothing is said of it again.
    for name in ["One", "Two", "Three"] {
        std::fs::write(folder.path().join("fleet/sites/office/lines/201.toml"), format!("display_name = \"{name}\"\n"))
            .unwrap();
        server.until("reloaded");
        assert!(server.tried().contains(name));
    }
    assert_eq!(read(folder.path(), PROVISIONED).lines().count(), 1);
    is_full(&server, false);
    server.until("provisioned.log` can be written again");
    let written = read(folder.path(), PROVISIONED);
    assert_eq!((written.lines().count(), written.matches("001565aabb02 ").count()), (5, 1), "{written}");
    assert!(written.ends_with('\n'));
    let said = server.stop();
    assert_eq!(counted(&said, "provisioned.log` cannot be written"), 1, "{said:#?}");
}

#[test]
fn a_state_folder_that_vanishes() {
    let folder = fleet();
    another_phone(folder.path());
    let mut server = Server::start(folder.path(), &HERE);
    let first = server.tried();
    until(|| read(folder.path(), PROVISIONED).lines().count() == 1);
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    assert_eq!(server.tried(), first);
    other(&server);
    // The record comes back with all that was in it.
    until(|| folder.path().join(PROVISIONED).exists());
    let written = read(folder.path(), PROVISIONED);
    assert!(written.starts_with("001565aabb01 ") && written.contains("\n001565aabb02 "), "{written}");
    // One that cannot come back is waited for.
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    std::fs::write(folder.path().join("state"), "").unwrap();
    std::fs::write(folder.path().join("fleet/sites/office/lines/201.toml"), "display_name = \"New\"\n").unwrap();
    server.until("reloaded");
    assert!(server.tried().contains("New"));
    server.heard("provisioned.log` cannot be written");
    std::fs::remove_file(folder.path().join("state")).unwrap();
    server.until("provisioned.log` can be written again");
    assert_eq!(read(folder.path(), PROVISIONED).lines().count(), 3);
    drop(server);
    let server = Server::start(folder.path(), &HERE);
    assert!(server.tried().contains("New"));
}

/// A folder below which nothing can be written; for root it takes a file system of its own.
struct ReadOnly<'f>(&'f Path);

impl ReadOnly<'_> {
    /// None where this machine does not let us.
    fn of(folder: &Path, writable: impl FnOnce()) -> Option<ReadOnly<'_>> {
        std::fs::create_dir_all(folder).unwrap();
        let shown = folder.display();
        if !nix::unistd::geteuid().is_root() {
            writable();
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o555)).unwrap();
            return Some(ReadOnly(folder));
        }
        if !Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(folder).status().unwrap().success()
        {
            eprintln!("skipped: nothing can be mounted here");
            return None;
        }
        let mounted = ReadOnly(folder);
        writable();
        shell(&format!("mount -o remount,ro {shown}"));
        Some(mounted)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        if nix::unistd::geteuid().is_root() {
            let _ = Command::new("umount").args(["-l"]).arg(self.0).status();
        } else {
            let _ = std::fs::set_permissions(self.0, std::fs::Permissions::from_mode(0o755));
        }
    }
}

/// What a server writes there as it runs.
const WRITTEN: [&str; 6] =
    ["provisioned.log", "firmware.log", "orders.log", "tokens.log", "strangers.log", "journal.sqlite"];

#[test]
fn a_state_folder_that_can_only_be_read() {
    let folder = fleet();
    let phone = folder.path().join("fleet/sites/office/phones/001565aabb01.toml");
    let text = std::fs::read_to_string(&phone).unwrap() + "[seed]\nring_volume = 8\n";
    std::fs::write(&phone, text).unwrap();
    let etag = |server: &Server| {
        let line = server.line("try: ").trim_start_matches("try: ").to_owned();
        String::from_utf8(shell(&format!("{line} -sSI --max-time 20")).stdout).unwrap()
    };
    let etag = |server: &Server| {
        etag(server).to_lowercase().lines().find(|line| line.starts_with("etag: ")).unwrap().to_owned()
    };
    let state = folder.path().join("state");
    let mut before = None;
    let Some(_read_only) = ReadOnly::of(&state, || {
        let server = Server::start(folder.path(), &HERE);
        assert!(server.tried().contains("voice.ring_vol"));
        before = Some((etag(&server), std::fs::read(state.join("self-signed.pem")).unwrap()));
        server.stop();
    }) else {
        return;
    };
    let server = Server::start(folder.path(), &HERE);
    // All that is remembered counts: the phone is no new one, its file no other, nor the certificate.
    assert!(!server.tried().contains("voice.ring_vol"));
    assert_eq!(Some((etag(&server), std::fs::read(state.join("self-signed.pem")).unwrap())), before);
    let said = server.stop();
    assert_eq!(counted(&said, "ERROR"), WRITTEN.len(), "{said:#?}");
    for file in WRITTEN {
        assert_eq!(counted(&said, &format!("{file}` cannot be written")), 1, "{file}: {said:#?}");
    }
}

#[test]
fn a_state_folder_that_is_empty_and_can_only_be_read() {
    let folder = fleet();
    let state = folder.path().join("state");
    let Some(_read_only) = ReadOnly::of(&state, || ()) else { return };
    let server = Server::start(folder.path(), &HERE);
    assert!(server.tried().contains("account.1.user_name = 201"));
    let said = server.stop();
    // Keys and the certificate are for this run then, and so are the records that belong to keys.
    assert_eq!(counted(&said, "ERROR"), 8, "{said:#?}");
}

#[test]
fn a_file_system_without_room() {
    if !is_root() {
        return;
    }
    let folder = fleet();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    if !Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&state).status().unwrap().success() {
        eprintln!("skipped: nothing can be mounted here");
        return;
    }
    let _mounted = ReadOnly(&state);
    another_phone(folder.path());
    let mut server = Server::start(folder.path(), &HERE);
    server.tried();
    until(|| read(folder.path(), PROVISIONED).lines().count() == 1);
    // The last page of the record is full as well, so that the next line finds no place.
    shell(&format!("head -c 1M /dev/zero > {0}/filler 2>/dev/null || true", state.display()));
    let mut provisioned = std::fs::OpenOptions::new().append(true).open(folder.path().join(PROVISIONED)).unwrap();
    while std::io::Write::write_all(&mut provisioned, b"\n").is_ok() {}
    other(&server);
    server.until("provisioned.log` cannot be written: No space left on device");
    std::fs::remove_file(state.join("filler")).unwrap();
    server.until("provisioned.log` can be written again");
    assert!(read(folder.path(), PROVISIONED).lines().any(|line| line.starts_with("001565aabb02 ")));
    server.stop();
}

#[test]
fn what_a_broken_disk_has_made_of_the_state() {
    let folder = fleet();
    let server = Server::start(folder.path(), &HERE);
    let first = server.tried();
    server.stop();
    let good = std::fs::read(folder.path().join(PROVISIONED)).unwrap();
    for (file, bytes) in [
        (PROVISIONED, [&b"\xff\xfe\0\0\n"[..], &good, b"001565aabb02 phone"].concat()),
        ("state/firmware.log", b"\0\0\0\xff\n".to_vec()),
    ] {
        std::fs::write(folder.path().join(file), bytes).unwrap();
    }
    let server = Server::start(folder.path(), &HERE);
    assert_eq!(server.tried(), first);
    server.stop();
    assert_eq!(std::fs::read(folder.path().join(PROVISIONED)).unwrap(), good);
    // A key that is none is told, and is not written over: it may be a mistake of whoever brought back a copy.
    std::fs::write(folder.path().join("state/revision.key"), "short").unwrap();
    let server = Server::start(folder.path(), &HERE);
    assert!(server.tried().contains("account.1.user_name = 201"));
    assert_eq!(counted(&server.stop(), "it is not a key of 32 bytes"), 1);
    assert_eq!(read(folder.path(), "state/revision.key"), "short");
}
