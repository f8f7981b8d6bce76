//! A fleet that is watched, and phones that ask.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook::live::{Live, Watching, watch};
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::{Answer, Asked, Method};
use tempfile::TempDir;

/// A Yealink T46S with the line 201.
pub const YEALINK: &str = "001565aa0001.cfg";
/// A Cisco SPA504G with the line 202.
pub const CISCO: &str = "1cdf0faa0002.xml";
/// A Gigaset Maxwell 3 with the line 203.
pub const GIGASET: &str = "7c2f80aa0003.xml";

/// Longer than any reload takes on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// A fleet's folder, followed.
pub struct House {
    folder: TempDir,
    root: PathBuf,
    pub live: Arc<Live>,
    phones: Phones,
    watching: Option<Watching>,
}

/// The texts of a small fleet of three families.
pub fn fleet(root: &Path) {
    put(root, "fleet.toml", "schema = 1\n");
    put(root, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n");
    for (line, name) in [("201", "Anna"), ("202", "Bert"), ("203", "Cleo")] {
        put(root, &format!("sites/a/lines/{line}.toml"), &line_text(name));
    }
    for (mac, model, line) in [
        ("001565aa0001", "yealink-t46s", "201"),
        ("1cdf0faa0002", "cisco-spa504g", "202"),
        ("7c2f80aa0003", "gigaset-maxwell3", "203"),
    ] {
        put(root, &format!("sites/a/phones/{mac}.toml"), &phone_text(model, line));
    }
}

pub fn line_text(name: &str) -> String {
    format!("display_name = \"{name}\"\n[sip]\npassword = \"pw-{name}\"\n")
}

pub fn phone_text(model: &str, line: &str) -> String {
    format!("model = \"{model}\"\nlines = [\"{line}\"]\n")
}

/// Writes a file with its folders.
pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Runs a command in a folder, as a person would in a shell.
pub fn shell(folder: &Path, command: &str) {
    let run = Command::new("sh").arg("-ec").arg(command).current_dir(folder).output().unwrap();
    assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
}

impl House {
    /// The small fleet, in the folder `fleet` of a folder of its own.
    pub fn new() -> House {
        House::with(|_| {})
    }

    /// The small fleet with something more done to it before it is loaded.
    pub fn with(prepare: impl FnOnce(&Path)) -> House {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("fleet");
        fleet(&root);
        prepare(&root);
        House::open(folder, root)
    }

    /// Any folder.
    pub fn open(folder: TempDir, root: PathBuf) -> House {
        let mut house = House::unwatched(folder, root);
        house.watch();
        house
    }

    /// Loaded, and not followed yet.
    pub fn unwatched(folder: TempDir, root: PathBuf) -> House {
        let live = Arc::new(Live::load(&root));
        let (cache, key) = (Cache::new(MAX_CACHE_BYTES), RevisionKey::fixed());
        let phones = Phones::new(live.clone(), cache, key, Ledger::in_memory(), Vec::new());
        House { folder, root, live, phones, watching: None }
    }

    pub fn watch(&mut self) {
        self.watching = Some(watch(self.live.clone(), &self.root, Vec::new()).unwrap());
    }

    /// The folder around the fleet's.
    pub fn around(&self) -> &Path {
        self.folder.path()
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn put(&self, path: &str, text: &str) {
        put(&self.root, path, text);
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.root.join(path)).unwrap();
    }

    pub fn shell(&self, command: &str) {
        shell(&self.root, command);
    }

    /// The status and the file that a phone gets now.
    pub fn get(&self, file: &str) -> (u16, String) {
        let target = format!("/{file}");
        let (peer, local) = ("127.0.0.1:4000".parse().unwrap(), "127.0.0.1:8443".parse().unwrap());
        let reply = self.phones.answer(&Asked {
            method: &Method::GET,
            target: &target,
            user_agent: None,
            authorization: None,
            if_none_match: None,
            peer,
            local,
            listener: 0,
            tls: true,
            forwarded: false,
            certificates: &[],
        });
        let status = reply.status.as_u16();
        assert_eq!(status == 503, reply.retry_after_secs.is_some());
        assert!(status == 200 || reply.body.is_empty());
        (status, String::from_utf8(reply.body.to_vec()).unwrap())
    }

    /// Whether a phone's file has a text in it.
    pub fn has(&self, file: &str, text: &str) -> bool {
        self.get(file).1.contains(text)
    }

    /// Waits until something is so, and says how long that took.
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&House) -> bool) -> Duration {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < LONG, "never: {what}\n{}", self.findings());
            std::thread::sleep(Duration::from_millis(1));
        }
        begin.elapsed()
    }

    /// Waits until a phone's file has a text in it.
    pub fn until_has(&self, file: &str, text: &str) -> Duration {
        self.until(&format!("`{file}` has `{text}`"), |house| house.has(file, text))
    }

    pub fn until_status(&self, file: &str, status: u16) -> Duration {
        self.until(&format!("`{file}` is answered {status}"), |house| house.get(file).0 == status)
    }

    /// Waits until a finding is told.
    pub fn until_told(&self, text: &str) {
        self.until(&format!("told: {text}"), |house| house.findings().contains(text));
    }

    pub fn until_clean(&self) {
        self.until("no finding", |house| !house.findings().contains("error"));
    }

    /// Watches phones' files for a while: each always has its text.
    pub fn always(&self, files: &[(&str, &str)], time: Duration) {
        let begin = Instant::now();
        while begin.elapsed() < time {
            self.now(files);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Each phone's file has its text at this moment.
    pub fn now(&self, files: &[(&str, &str)]) {
        for (file, text) in files {
            let (status, body) = self.get(file);
            assert!(body.contains(text), "`{file}`, answered {status}, has no `{text}`\n{body}\n{}", self.findings());
        }
    }

    /// Runs something on another thread, while each phone's file always has one of its texts.
    pub fn while_running(&self, files: &[(&str, &[&str])], run: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            let running = scope.spawn(run);
            while !running.is_finished() {
                for (file, texts) in files {
                    let (status, body) = self.get(file);
                    let one = texts.iter().any(|text| body.contains(text));
                    assert!(one, "`{file}`, answered {status}, has none of {texts:?}\n{body}");
                }
            }
            running.join().unwrap();
        });
    }

    pub fn findings(&self) -> String {
        let findings = self.live.now().findings();
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

/// A while in which a reload that should not be would be seen.
pub const WHILE: Duration = Duration::from_millis(300);
