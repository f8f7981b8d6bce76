//! A real server as a process, and what it says.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub const LONG: Duration = Duration::from_secs(30);

/// A running server with what it writes to stderr.
pub struct Server {
    pub child: Child,
    lines: Receiver<String>,
    pub said: Vec<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of the fleet to start from, with a state folder beside it.
pub fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/start");
    shell(&format!("cp -r {} {}", from.display(), folder.path().join("fleet").display()));
    folder
}

pub fn shell(command: &str) -> Output {
    let output = Command::new("sh").arg("-c").arg(command).output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

pub fn serve(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.arg("serve").arg("fleet").args(["--state", "state"]).args(more).current_dir(folder);
    command.env_remove("OFFHOOK_LOG").stderr(Stdio::piped()).stdout(Stdio::piped()).stdin(Stdio::null());
    command
}

impl Server {
    pub fn start(folder: &Path, more: &[&str]) -> Server {
        Server::of(serve(folder, more))
    }

    /// A server by a command of one's own, once it serves.
    pub fn of(command: Command) -> Server {
        Server::saying(command, "try: ")
    }

    /// A server by a command of one's own, once it says this.
    pub fn saying(mut command: Command, text: &str) -> Server {
        let mut child = command.spawn().unwrap();
        let (send, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut server = Server { child, lines, said: Vec::new() };
        server.until(text);
        server
    }

    /// Waits for a line that has a text in it.
    pub fn until(&mut self, text: &str) -> String {
        let begin = Instant::now();
        loop {
            let left = LONG.saturating_sub(begin.elapsed());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("never said `{text}`: {:#?}", self.said) };
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The same for a line that it may have said already.
    pub fn heard(&mut self, text: &str) {
        if !self.said.iter().any(|line| line.contains(text)) {
            self.until(text);
        }
    }

    pub fn line(&self, text: &str) -> &str {
        self.said.iter().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no `{text}`: {:#?}", self.said))
    }

    pub fn address(&self) -> &str {
        self.line("listening on ").rsplit('/').next().unwrap()
    }

    /// Runs the line that it tells to try, and gives what came.
    pub fn tried(&self) -> String {
        let line = self.line("try: ").trim_start_matches("try: ").to_owned();
        String::from_utf8(shell(&format!("{line} --fail --silent --show-error --max-time 20")).stdout).unwrap()
    }

    /// Ends it; gives all that it has said.
    pub fn stop(mut self) -> Vec<String> {
        shell(&format!("kill -TERM {}", program(&self.child)));
        self.until("stopped");
        self.child.wait().unwrap();
        std::mem::take(&mut self.said)
    }

    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        shell(&format!("kill -TERM {}", self.child.id()));
        self.until("stopped");
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(out, "", "data is for stdout, and serve has none");
        (self.child.wait().unwrap(), begin.elapsed())
    }
}

/// The process of the program itself, which may have been started by one that looks after it.
pub fn program(child: &Child) -> String {
    let own = child.id();
    let below = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
    below.split_whitespace().next().map_or(own.to_string(), str::to_owned)
}
