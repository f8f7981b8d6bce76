//! `docs/old-phones.md` does as it says: its HAProxy configuration, taken out of the document, brings a phone that
//! speaks only TLS 1.0 to the listener of the document, and `[trust]` keeps strangers out behind it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook::live::Live;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::{self, Answer, Asked, Limits, Listener, Proxies, Reply, StatusCode, TlsMaterial};
use tempfile::TempDir;

#[path = "common/log.rs"]
mod log;

use log::Log;

/// The phone of the document.
const MAC: &str = "1cdf0faa0002";

const DOCUMENT: &str = include_str!("../docs/old-phones.md");

struct Echo;

impl Answer for Echo {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let mut reply = Reply::empty(StatusCode::OK);
        reply.body = Bytes::from(format!("{} came to {}\n", asked.peer.ip(), asked.target));
        reply
    }
}

/// The document's listener on a free port, for as long as the test runs, with an old phone of a site that trusts a
/// network.
fn offhook(trusted: &str, log: Log) -> SocketAddr {
    let (_, before) = DOCUMENT.split_once("## Second remedy").unwrap();
    let (_, block) = before.split_once("```toml\n").unwrap();
    let listen = block.split_once("```").unwrap().0;
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("fleet.toml", format!("schema = 1\n{listen}")),
        ("sites/a/site.toml", format!("sip.server = \"sip.example.org\"\n[trust]\nnetworks = [\"{trusted}\"]\n")),
        ("sites/a/lines/201.toml", "sip.password = \"Secret201x\"\n".to_owned()),
        (&format!("sites/a/phones/{MAC}.toml"), "model = \"cisco-spa504g\"\nlines = [\"201\"]\n".to_owned()),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let live = Arc::new(Live::load(folder.path()));
    let listen = live.now().world.root().expect("the document's listener is right").listen[0].clone();
    assert_eq!(listen.address.to_string(), "127.0.0.1:8080");
    let families = vec![listen.families.clone()];
    let ledger = Ledger::in_memory();
    let phones = Phones::new(live, Cache::new(MAX_CACHE_BYTES), RevisionKey::fixed(), ledger, families);
    let proxies = Proxies { networks: listen.proxies, protocol: listen.proxy_protocol };
    run(None, proxies, Arc::new(phones), log)
}

fn run(tls: Option<Arc<TlsMaterial>>, proxies: Proxies, answer: Arc<dyn Answer>, log: Log) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::DEBUG));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let address = (Ipv4Addr::LOCALHOST, 0).into();
            let bound = server::bind([Listener { address, tls, proxies }]).await.unwrap();
            tell.send(bound.addresses().next().unwrap()).unwrap();
            server::run(bound, answer, Limits::default(), std::future::pending()).await;
        });
    });
    told.recv().unwrap()
}

/// A running HAProxy.
struct Proxy {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Proxy {
    /// Starts the document's configuration before a server. Addresses, ports and the certificate's path are replaced,
    /// nothing else.
    fn start(offhook: SocketAddr) -> Proxy {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("old-phones.pem");
        fs::write(&certificate, rsa_certificate()).unwrap();
        let address = free_address();
        let replaced = [
            ("10.0.0.2:9443", address.to_string()),
            ("/etc/haproxy/old-phones.pem", certificate.display().to_string()),
            ("127.0.0.1:8080", offhook.to_string()),
        ];
        let mut config = printed("haproxy").to_owned();
        for (from, to) in replaced {
            assert_eq!(config.matches(from).count(), 1, "`{from}` in the document's haproxy.cfg");
            config = config.replace(from, &to);
        }
        if !is_root() {
            // Nobody else can become another user; the rest is tested all the same.
            config = config.replace("    user haproxy\n", "").replace("    group haproxy\n", "");
        }
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, config).unwrap();
        check(&file);
        let child = Command::new("haproxy").arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).spawn().unwrap();
        let proxy = Proxy { child, address, _folder: folder };
        proxy.wait_until_it_listens();
        proxy
    }

    fn wait_until_it_listens(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < end, "haproxy does not listen on {}", self.address);
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first block of a language in the document.
fn printed(language: &str) -> &'static str {
    let (_, block) = DOCUMENT.split_once(&format!("```{language}\n")).expect("a block of that language");
    block.split_once("```").expect("its end").0
}

/// Lets HAProxy read the configuration; a warning is as bad as an error.
fn check(file: &Path) {
    let checked = Command::new("haproxy").args(["-c", "-q", "-dW", "-f"]).arg(file).output().unwrap_or_else(|err| {
        panic!("cannot run haproxy: {err}\nhint: `scripts/test` installs it, or `apt-get install haproxy`")
    });
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "haproxy rejects docs/old-phones.md:\n{told}");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn rsa_certificate() -> String {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.self_signed(&key).unwrap().pem() + &key.serialize_pem()
}

/// Asks like a phone of 2008: TLS 1.0, RSA key exchange, HTTP/1.0.
fn ask_like_an_old_phone(proxy: &Proxy, from: &str) -> (String, String) {
    let asked = ask(proxy.address, &["-bind", &format!("{from}:0"), "-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&asked.stdout), text(&asked.stderr))
}

fn ask(address: SocketAddr, arguments: &[&str]) -> Output {
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-ign_eof", "-connect"])
        .arg(address.to_string())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    // A server that hangs up at once leaves nobody to write to.
    let _ = openssl.stdin.take().unwrap().write_all(format!("GET /{MAC}.xml HTTP/1.0\r\n\r\n").as_bytes());
    openssl.wait_with_output().unwrap()
}

#[test]
fn a_phone_with_tls_1_0_gets_its_file_through_haproxy_from_its_network_only() {
    let log = Log::default();
    let proxy = Proxy::start(offhook("127.0.0.9", log.clone()));
    let (text, told) = ask_like_an_old_phone(&proxy, "127.0.0.9");
    assert!(text.contains("Protocol  : TLSv1\n"), "{text}{told}");
    assert!(text.contains("Cipher    : AES128-SHA\n"), "{text}{told}");
    assert!(text.contains("HTTP/1.0 200 OK") && text.contains("Secret201x"), "{text}{told}");
    // All of this happens on one machine, and still nobody is taken for the machine itself.
    let (text, told) = ask_like_an_old_phone(&proxy, "127.0.0.1");
    assert!(text.contains("HTTP/1.0 403 Forbidden") && !text.contains("Secret201x"), "{text}{told}");
    assert!(log.text().contains("refused a request of `127.0.0.1`"), "{}", log.text());
}

#[test]
fn nobody_gets_past_haproxy() {
    let address = offhook("127.0.0.0/8", Log::default());
    let mut stream = TcpStream::connect(address).unwrap();
    let _ = stream.write_all(format!("GET /{MAC}.xml HTTP/1.0\r\n\r\n").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn the_documents_curl_line_works() {
    let proxy = Proxy::start(offhook("127.0.0.0/8", Log::default()));
    let line = printed("sh");
    assert!(line.contains("10.0.0.2:9443"), "{line}");
    let line = line.replace("10.0.0.2:9443", &proxy.address.to_string());
    let answer = Command::new("sh").arg("-c").arg(line).output().unwrap();
    let told = String::from_utf8_lossy(&answer.stderr);
    assert!(String::from_utf8_lossy(&answer.stdout).contains("Secret201x"), "{told}");
}

/// So many reasons, once they have all been logged.
fn reasons(log: &Log, count: usize) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let text = log.text();
        let reasons = text.lines().filter_map(|line| line.split_once(" reason="));
        let reasons: Vec<String> = reasons.map(|(_, reason)| reason.to_owned()).collect();
        if reasons.len() >= count {
            return reasons;
        }
        assert!(Instant::now() < end, "expected {count} reasons:\n{text}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_haproxy_the_log_gives_the_reason_in_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let material = TlsMaterial::self_signed(folder.path(), &[]).unwrap();
    let log = Log::default();
    let address = run(Some(Arc::new(material)), Proxies::default(), Arc::new(Echo), log.clone());
    let old = ["-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"];
    let old_ciphers = ["-tls1_2", "-cipher", "AES128-SHA256:AES128-GCM-SHA256"];
    let distrustful = ["-verify", "1", "-verify_return_error", "-no-CAfile"];
    let distrustful_1_2 = [&distrustful[..], &["-tls1_2"]].concat();
    for arguments in [&old[..], &old_ciphers, &distrustful, &distrustful_1_2] {
        let text = ask(address, arguments).stdout;
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("came to"), "{text}");
    }
    let reasons = reasons(&log, 4);
    for reason in reasons {
        assert!(DOCUMENT.contains(&format!("`{reason}`")), "`{reason}` is not in docs/old-phones.md");
    }
}
