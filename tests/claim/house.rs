//! A server as a process, phones that are played, and somebody with a terminal.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook::catalogue::Catalogue;
use offhook::live::shipped;
use offhook::simulate::address::Address;
use offhook::simulate::boot::{Start, manners};
use offhook::simulate::client::{Client, Network};
use offhook::simulate::device::Device;
use offhook::simulate::memory::Memory;
use offhook::simulate::power_on;
use offhook::simulate::trust::{self, Trust};
use offhook::simulate::understand::understood;
use offhook::simulate::understood::Understood;
use serde_json::Value;
use tempfile::TempDir;

/// A fleet with two sites: `far` takes tokens only, `near` trusts this machine.
pub struct House {
    pub folder: TempDir,
    url: String,
    server: Option<Child>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

impl House {
    /// A running server on a port of its own.
    pub fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{port}");
        let root = format!("schema = 1\npublic_url = \"{url}\"\n[[listen]]\naddress = \"{port}\"\nplain = true\n");
        for (path, text) in [
            ("fleet.toml", root.as_str()),
            ("sites/far/site.toml", "sip.server = \"sip.example.org\"\n[trust]\naccept = [\"token\"]\n"),
            ("sites/near/site.toml", "sip.server = \"sip.example.org\"\n"),
            ("sites/far/lines/201.toml", "sip.password = \"of 201\"\n"),
            ("sites/far/lines/202.toml", "sip.password = \"of 202\"\n"),
            ("sites/near/lines/301.toml", "sip.password = \"of 301\"\n"),
        ] {
            let path = folder.path().join("fleet").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut house = House { folder, url, server: None };
        house.start();
        house
    }

    pub fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.args(["serve", "fleet", "--state", "state"]).current_dir(self.folder.path()).env_remove("OFFHOOK_LOG");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with("listening on ")), "the server did not start");
        std::thread::spawn(move || lines.for_each(drop));
        self.server = Some(child);
    }

    /// Stops it as a system does, so that it writes down what it knows.
    pub fn stop(&mut self) {
        let Some(mut child) = self.server.take() else { return };
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let _ = child.wait();
    }

    /// What a command says, and how it ends.
    pub fn offhook(&self, arguments: &str) -> (String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.args(arguments.split_whitespace()).args(["-C", "fleet", "--state", "state"]);
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (text, output.status.code().unwrap())
    }

    /// What `offhook seen` says of a MAC, once it says anything that is as `wanted`.
    pub fn seen(&self, mac: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(|| {
            let (text, _) = self.offhook("seen --format json");
            let seen: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            seen.into_iter().find(|known| known["mac"] == mac && wanted(known))
        })
    }

    /// Asks as curl does, from an address of this machine.
    pub fn curl(&self, from: &str, target: &str, user_agent: &str) -> String {
        let url = format!("{}{target}", self.url);
        let curl =
            Command::new("curl").args(["-s", "--max-time", "20", "--interface", from, "-A", user_agent, &url]).output();
        String::from_utf8(curl.unwrap().stdout).unwrap()
    }

    pub fn phone(&self, model: &str, mac: &str) -> Phone {
        let catalogue = Catalogue::load(&shipped(), None).0;
        Phone {
            device: Device::new(&catalogue, &catalogue.models[model], mac.parse().unwrap(), None),
            given: Address::parse(&format!("{}/", self.url)).unwrap(),
            memory: Memory::default(),
            booted: false,
        }
    }

    pub fn file(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("fleet").join(path)).unwrap()
    }

    pub fn put(&self, path: &str, text: &str) {
        let path: &Path = &self.folder.path().join("fleet").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A phone that is played, with what it keeps.
pub struct Phone {
    device: Device,
    given: Address,
    memory: Memory,
    booted: bool,
}

impl Phone {
    /// Switches it on, the first time with nothing but the server's address.
    pub fn boot(&mut self) -> Understood {
        let network = Network {
            trust: trust::config(Trust::Anybody).unwrap(),
            routes: Vec::new(),
            only_routes: false,
            credentials: None,
        };
        let mut client = Client::new(Arc::new(network), manners(&self.device));
        let start = match self.booted {
            false => Start::Given(self.given.clone()),
            true => Start::Restart(self.given.clone()),
        };
        self.booted = true;
        self.memory.troubles.clear();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(power_on(&mut client, &self.device, &start, &mut self.memory)).unwrap();
        understood(&self.device, &self.memory)
    }

    /// Boots until it has an account: the server needs a moment to hear of a claim.
    pub fn boot_until_served(&mut self) -> Understood {
        until(|| Some(self.boot()).filter(|understood| !understood.accounts.is_empty()))
    }
}

pub fn until<T>(mut wanted: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(30) {
        if let Some(found) = wanted() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never came");
}
