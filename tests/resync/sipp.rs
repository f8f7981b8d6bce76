//! SIPp, which plays the other side by a scenario.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use offhook::resync::Transport;
use tempfile::TempDir;

/// SIPp at work; it ends with this.
pub struct Sipp {
    child: Child,
    folder: TempDir,
    pub port: u16,
}

/// Where a scenario's answers are copied from.
const ECHO: &str = "[last_Via:]\n[last_From:]\n[last_To:];tag=there\n[last_Call-ID:]\n[last_CSeq:]";

/// A step that waits for a NOTIFY, and does something with it.
pub fn takes(action: &str) -> String {
    format!("<recv request=\"NOTIFY\"><action>{action}</action></recv>\n")
}

/// A step that answers, with headers of one's own.
pub fn answers(status: &str, headers: &str) -> String {
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\n") };
    says(&format!("SIP/2.0 {status}\n{ECHO}\n{headers}Content-Length: 0\n\n"))
}

/// A step that says anything.
pub fn says(text: &str) -> String {
    format!("<send><![CDATA[\n\n{text}\n]]></send>\n")
}

/// A step that lets time pass.
pub fn pauses(ms: u32) -> String {
    format!("<pause milliseconds=\"{ms}\"/>\n")
}

/// The steps of a registrar that wants to know who asks, and says 200 to who knows the line's password.
pub fn challenges(status: &str, header: &str) -> String {
    [
        takes(""),
        answers(status, header),
        takes("<verifyauth assign_to=\"good\" username=\"201\" password=\"Secret201x\"/>"),
        "<nop next=\"1\" test=\"good\"/>\n".to_owned(),
        answers("403 Forbidden", ""),
        "<nop next=\"2\"/>\n<label id=\"1\"/>\n".to_owned(),
        answers("200 OK", ""),
        "<label id=\"2\"/>\n".to_owned(),
    ]
    .concat()
}

impl Sipp {
    /// Starts it with a scenario; none where it is not installed, which is told.
    pub fn start(transport: Transport, steps: &[String]) -> Option<Sipp> {
        Sipp::start_for(1, transport, steps)
    }

    /// The same for so many who ask.
    pub fn start_for(calls: usize, transport: Transport, steps: &[String]) -> Option<Sipp> {
        let mut sipp = Sipp::spawn(transport, steps, &["-m", &calls.to_string()])?;
        sipp.until_it_listens(transport);
        Some(sipp)
    }

    /// Has it send once to a port of this machine, by a scenario, and tells whether that went as the scenario says.
    pub fn sends(to: u16, steps: &[String]) -> Option<bool> {
        let mut sipp = Sipp::spawn(Transport::Udp, steps, &["-m", "1", &format!("127.0.0.1:{to}")])?;
        Some(sipp.child.wait().unwrap().success())
    }

    fn spawn(transport: Transport, steps: &[String], more: &[&str]) -> Option<Sipp> {
        if Command::new("sipp").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            eprintln!(
                "skipped: `sipp` is not installed\nhint: scripts/test installs it, or `apt-get install sip-tester`"
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let steps = steps.concat();
        let used = if steps.contains("good") { "<Reference variables=\"good\"/>\n" } else { "" };
        let scenario = format!("<?xml version=\"1.0\"?>\n<scenario name=\"peer\">\n{steps}{used}</scenario>\n");
        std::fs::write(folder.path().join("peer.xml"), scenario).unwrap();
        let port = free_port();
        let mode = if transport == Transport::Udp { "u1" } else { "t1" };
        let arguments =
            ["-sf", "peer.xml", "-i", "127.0.0.1", "-t", mode, "-nostdin", "-trace_msg", "-message_file", "messages"];
        let child = Command::new("sipp")
            .args(arguments)
            .args(["-p", &port.to_string()])
            .args(more)
            .current_dir(folder.path())
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("errors")).unwrap())
            .spawn()
            .unwrap();
        Some(Sipp { child, folder, port })
    }

    fn until_it_listens(&mut self, transport: Transport) {
        let errors = self.folder.path().join("errors");
        until_it_listens(&mut self.child, self.port, transport, &errors);
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// All that it was sent, and has sent. It ends.
    pub fn messages(mut self) -> String {
        // What it was sent is in its file once it has ended.
        let begin = Instant::now();
        while self.child.try_wait().unwrap().is_none() && begin.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.read("messages").replace('\r', "")
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a program listens at a port; what it complains of is in a file.
pub fn until_it_listens(child: &mut Child, port: u16, transport: Transport, errors: &Path) {
    let (begin, here) = (Instant::now(), ("127.0.0.1", port));
    let is_free = || match transport {
        Transport::Udp => UdpSocket::bind(here).is_ok(),
        _ => TcpListener::bind(here).is_ok(),
    };
    while is_free() {
        let ended = child.try_wait().unwrap();
        let late = begin.elapsed() > Duration::from_secs(20);
        let complaint = || std::fs::read_to_string(errors).unwrap_or_default();
        assert!(ended.is_none() && !late, "it does not listen: {}", complaint());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody has at the moment, for packets and streams.
pub fn free_port() -> u16 {
    (0..100)
        .find_map(|_| {
            let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
            UdpSocket::bind(("127.0.0.1", port)).ok().map(|_| port)
        })
        .expect("a free port")
}
