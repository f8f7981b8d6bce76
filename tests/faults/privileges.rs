//! A server that root starts and that does not stay root.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::is_root;
use super::server::{Server, fleet, serve, shell};

/// A user that every system has, and that owns nothing.
const NOBODY: u32 = 65534;

/// A fleet that others than its owner may read, below folders that they may enter.
fn open_fleet() -> tempfile::TempDir {
    let folder = fleet();
    shell(&format!("chmod -R a+rX {}", folder.path().display()));
    folder
}

/// A port that only root may take, and that nobody has.
fn low_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (600..1024).find(is_free).expect("one port of so many is free")
}

/// What a server says that does not even start.
fn refused(folder: &Path, more: &[&str]) -> String {
    let output = serve(folder, more).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

/// A field of what the kernel knows of a process.
fn status(server: &Server, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{field}:"))).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn root_binds_reads_the_key_and_is_root_no_more() {
    if !is_root() {
        return;
    }
    let folder = open_fleet();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = folder.path().join("key.pem");
    fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let listen = format!(
        "schema = 1\n[[listen]]\naddress = \"127.0.0.1:{}\"\ntls = {{ certificate = \"../cert.pem\", key = \"../key.pem\" }}\n",
        low_port()
    );
    fs::write(folder.path().join("fleet/fleet.toml"), listen).unwrap();
    let mut server = Server::start(folder.path(), &["--user", "nobody"]);
    assert!(server.tried().contains("account.1.user_name = 201"));
    for (field, is) in [("Uid", "65534 65534 65534 65534"), ("Gid", "65534 65534 65534 65534"), ("Groups", "65534")] {
        assert_eq!(status(&server, field), is, "{field}");
    }
    for field in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status(&server, field), "0000000000000000", "{field}");
    }
    // Nobody else reads its memory, not even others of the same user.
    let same_user = Command::new("cat").arg(format!("/proc/{}/mem", server.child.id())).uid(NOBODY).output().unwrap();
    assert!(String::from_utf8_lossy(&same_user.stderr).contains("Permission denied"));
    for entry in fs::read_dir(folder.path().join("state")).unwrap().map(|entry| entry.unwrap()) {
        assert_eq!(entry.metadata().unwrap().uid(), NOBODY, "{:?}", entry.file_name());
    }
    // A new key that only root can read is not taken, and that is said.
    fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let told = server.until("keeping the certificate");
    assert!(told.contains("key.pem`: Permission denied") && told.contains("make it readable"), "{told}");
    // What it may not read is said at the start too, and not after the next edit.
    let line = folder.path().join("fleet/sites/office/lines/202.toml");
    fs::set_permissions(&line, fs::Permissions::from_mode(0o600)).unwrap();
    let before = server.stop();
    assert!(!before.iter().any(|line| line.contains("running as root")), "{before:#?}");
    let server = Server::start(folder.path(), &["--user", "nobody", "--listen", "127.0.0.1:0"]);
    assert!(server.line("1 error").contains("`offhook check` tells them"));
}

#[test]
fn a_second_start_as_root_and_then_as_the_user() {
    if !is_root() {
        return;
    }
    let folder = open_fleet();
    // Root's own start leaves files that only root may read; they go over to the user.
    let mut first = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    first.until("running as root");
    let file = first.tried();
    first.stop();
    let second = Server::start(folder.path(), &["--listen", "127.0.0.1:0", "--user", "nobody"]);
    assert_eq!(second.tried(), file);
    assert!(!second.stop().iter().any(|line| line.contains("ERROR")));
    let mut command = serve(folder.path(), &["--listen", "127.0.0.1:0"]);
    command.uid(NOBODY).gid(NOBODY);
    let third = Server::of(command);
    assert_eq!(third.tried(), file);
    assert!(!third.stop().iter().any(|line| line.contains("ERROR")));
}

#[test]
fn users_that_are_none() {
    let folder = open_fleet();
    let told = refused(folder.path(), &["--user", "no-such-user"]);
    assert!(told.starts_with("error: there is no user `no-such-user`\n  hint: "), "{told}");
    let told = refused(folder.path(), &["--user", "root"]);
    assert!(told.starts_with("error: `root` is root\n  hint: "), "{told}");
    let mut command = serve(folder.path(), &["--user", "daemon"]);
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let told = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(told.starts_with("error: only root can become `daemon`\n  hint: "), "{told}");
}

#[test]
fn a_folder_that_is_not_the_servers_is_not_given_away() {
    if !is_root() {
        return;
    }
    let folder = open_fleet();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("passwd"), "").unwrap();
    let told = refused(folder.path(), &["--user", "nobody"]);
    assert!(told.contains("holds files that are not a server's state\n  hint: name a folder"), "{told}");
    assert_eq!(state.metadata().unwrap().uid(), 0);
    chown(&state, Some(1), Some(1)).unwrap();
    let told = refused(folder.path(), &["--user", "nobody"]);
    assert!(told.contains("belongs neither to `nobody` nor to root"), "{told}");
    // Without a folder said, root's own home would be it.
    let mut command = serve(folder.path(), &[]);
    let arguments: Vec<_> = command
        .get_args()
        .filter(|argument| !["--state", "state"].iter().any(|a| argument == a))
        .map(ToOwned::to_owned)
        .collect();
    command = Command::new(command.get_program());
    command.args(arguments).args(["--user", "nobody"]).current_dir(folder.path()).env_remove("STATE_DIRECTORY");
    let told = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(
        told.contains("--user needs a state folder that this user can reach\n  hint: --state /var/lib/offhook"),
        "{told}"
    );
}

/// Whoever owns the state folder may have laid links there, to have root write or give away what they lead to.
#[test]
fn traps_in_the_state_folder() {
    if !is_root() {
        return;
    }
    let folder = open_fleet();
    let (state, treasure) = (folder.path().join("state"), folder.path().join("treasure"));
    fs::create_dir(&state).unwrap();
    chown(&state, Some(NOBODY), Some(NOBODY)).unwrap();
    fs::write(&treasure, "gold").unwrap();
    for name in
        ["revision.key.new", "self-signed.pem.new", "self-signed.key.new", "provisioned.log.new", "writing.lock"]
    {
        symlink(&treasure, state.join(name)).unwrap();
    }
    // Root, and root that becomes the folder's owner.
    for more in [&["--listen", "127.0.0.1:0"][..], &["--listen", "127.0.0.1:0", "--user", "nobody"]] {
        let server = Server::start(folder.path(), more);
        assert!(server.tried().contains("account.1.user_name = 201"));
        server.stop();
        let found = treasure.metadata().unwrap();
        assert_eq!((fs::read_to_string(&treasure).unwrap().as_str(), found.uid()), ("gold", 0));
    }
}
