//! `offhook serve` as a process: its figures, and what outlives it.

use std::path::Path;
use std::time::Instant;

use super::server::{LONG, Server, fleet, shell};

const LINE: &str = "fleet/sites/office/lines/201.toml";

/// Waits until the figures have one phone, in this state.
fn until(address: &str, state: &str) {
    let begin = Instant::now();
    loop {
        let output = shell(&format!("curl -sS --max-time 20 http://{address}/metrics"));
        let figures = String::from_utf8(output.stdout).unwrap();
        let there: Vec<&str> =
            figures.lines().filter(|line| line.starts_with("offhook_phones{") && !line.ends_with(" 0")).collect();
        if there == [format!("offhook_phones{{state=\"{state}\"}} 1")] {
            return;
        }
        assert!(begin.elapsed() < LONG, "not {state}: {there:?}");
    }
}

fn start(folder: &Path) -> Server {
    Server::start(folder, &["--listen", "127.0.0.1:0"])
}

#[test]
fn the_figures_have_the_states_of_phones() {
    let folder = fleet();
    let root = folder.path().join("fleet/fleet.toml");
    let text = std::fs::read_to_string(&root).unwrap();
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    std::fs::write(&root, format!("{text}\n[metrics]\naddress = \"{address}\"\n")).unwrap();
    let server = start(folder.path());
    until(&address, "never-seen");
    server.tried();
    until(&address, "in-sync");
    std::fs::write(folder.path().join(LINE), "display_name = \"Anna\"\n").unwrap();
    until(&address, "behind");
    server.stop();
    let server = start(folder.path());
    until(&address, "behind");
    server.tried();
    until(&address, "in-sync");
    server.stop();
}
