//! A server that asks phones for their certificates, and clients of several makes.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use offhook::live::{Changed, Live};
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::{self, HandshakeFailure, Limits, Listener, TlsMaterial};
use tempfile::TempDir;

use crate::log::Log;
use crate::makers::Made;

pub const FILE: &str = "/001565aa0001.cfg";
pub const OTHER_FILE: &str = "/001565aa0002.cfg";
/// In each of their files, and nowhere else.
pub const PASSWORD: &str = "Secret201x";

pub struct House {
    pub folder: TempDir,
    pub live: Arc<Live>,
    pub phones: Arc<Phones>,
    pub address: SocketAddr,
    pub log: Log,
}

impl House {
    /// With two Yealinks and a Cisco; `trust` is that of their site.
    pub fn new(trust: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n");
        let site = format!("sip.server = \"sip.example.org\"\n[trust]\n{trust}\n");
        put(folder.path(), "sites/a/site.toml", &site);
        put(folder.path(), "sites/a/lines/201.toml", &format!("sip.password = \"{PASSWORD}\"\n"));
        for (mac, model) in
            [("001565aa0001", "yealink-t46s"), ("001565aa0002", "yealink-t46s"), ("00562b043615", "cisco-8841-3pcc")]
        {
            let text = format!("model = \"{model}\"\nlines = [\"201\"]\n");
            put(folder.path(), &format!("sites/a/phones/{mac}.toml"), &text);
        }
        let live = Arc::new(Live::load(folder.path()));
        let cache = Cache::new(MAX_CACHE_BYTES);
        let ledger = Ledger::in_memory();
        let phones = Arc::new(Phones::new(live.clone(), cache, RevisionKey::fixed(), ledger, Vec::new()));
        let asked = live.clone();
        let material = TlsMaterial::self_signed(&folder.path().join("state"), &[]).unwrap();
        let material = material.asking(move || asked.now().world.root().unwrap().client_authorities.clone()).unwrap();
        let log = Log::default();
        let address = serve(material, phones.clone(), log.clone());
        House { folder, live, phones, address, log }
    }

    /// Trusts the certificates in some files, as `fleet.toml` would name them.
    pub fn trust(&self, authorities: &[(&Made, &str, bool)]) {
        let mut text = "schema = 1\npublic_url = \"https://phones.example.org\"\n".to_owned();
        for (made, families, weak) in authorities {
            let file = made.pem.display();
            text += &format!("[[client_authorities]]\nfile = \"{file}\"\nfamilies = {families}\nweak = {weak}\n");
        }
        put(self.folder.path(), "fleet.toml", &text);
        self.follow();
    }

    pub fn follow(&self) {
        // What was written within a moment is not trusted to be whole.
        thread::sleep(Duration::from_millis(15));
        self.live.follow(&Changed { everything: true, ..Changed::default() });
    }

    /// The handshakes that failed, once there are so many: a client knows of it before the server has written it down.
    pub fn failures(&self, count: usize) -> Vec<HandshakeFailure> {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let failures = self.phones.handshake_failures();
            if failures.len() >= count {
                return failures;
            }
            assert!(Instant::now() < end, "expected {count} failures, found {failures:#?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The status that a client gets, or 0 where there is no TLS.
    pub fn get(&self, client: &Client, target: &str, made: Option<&Made>) -> u16 {
        let answer = client.get(self, target, made);
        let status = answer.lines().find_map(|line| line.strip_prefix("HTTP/1.")).and_then(|line| line.get(2..5));
        let status = status.map_or(0, |status| status.parse().unwrap());
        assert_eq!(status == 200, answer.contains(PASSWORD), "{answer}");
        status
    }
}

pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn serve(material: TlsMaterial, phones: Arc<Phones>, log: Log) -> SocketAddr {
    let (tell, told) = channel();
    thread::spawn(move || {
        let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::WARN));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = Listener {
                address: (Ipv4Addr::LOCALHOST, 0).into(),
                tls: Some(Arc::new(material)),
                proxies: Default::default(),
            };
            let bound = server::bind([listener]).await.unwrap();
            tell.send(bound.addresses().next().unwrap()).unwrap();
            server::run(bound, phones, Limits::default(), std::future::pending()).await;
        });
    });
    told.recv().unwrap()
}

/// A client of TLS that is not ours.
#[derive(Debug)]
pub enum Client {
    /// `openssl s_client` with these arguments.
    Openssl(&'static [&'static str]),
    Curl,
    Python,
}

/// Today's clients.
pub const CLIENTS: [Client; 4] =
    [Client::Openssl(&["-quiet", "-tls1_2"]), Client::Openssl(&["-quiet", "-tls1_3"]), Client::Curl, Client::Python];

const PYTHON: &str = "
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
if len(sys.argv) > 3:
    context.load_cert_chain(sys.argv[3], sys.argv[4])
host, port = sys.argv[1].split(':')
with context.wrap_socket(socket.create_connection((host, int(port)))) as tls:
    tls.sendall(b'GET ' + sys.argv[2].encode() + b' HTTP/1.0\\r\\n\\r\\n')
    while data := tls.recv(65536):
        sys.stdout.buffer.write(data)
";

impl Client {
    /// All that it got.
    pub fn get(&self, house: &House, target: &str, made: Option<&Made>) -> String {
        let address = house.address.to_string();
        let shown = made.map(|made| [made.pem.display().to_string(), made.key.display().to_string()]);
        let mut command = match self {
            Client::Openssl(arguments) => {
                let mut openssl = Command::new("openssl");
                openssl.args(["s_client", "-ign_eof", "-connect", &address]).args(*arguments);
                if let Some([pem, key]) = &shown {
                    openssl.args(["-cert", pem, "-key", key]);
                    // What else is in the file goes with it.
                    openssl.args(["-cert_chain", pem]);
                }
                openssl
            }
            Client::Curl => {
                let mut curl = Command::new("curl");
                curl.args(["--silent", "--include", "--insecure", &format!("https://{address}{target}")]);
                if let Some([pem, key]) = &shown {
                    curl.args(["--cert", pem, "--key", key]);
                }
                curl
            }
            Client::Python => {
                let mut python = Command::new("python3");
                python.args(["-c", PYTHON, &address, target]).args(shown.iter().flatten());
                python
            }
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A server that hangs up at once leaves nobody to write to.
        let _ = write!(child.stdin.take().unwrap(), "GET {target} HTTP/1.0\r\n\r\n");
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
