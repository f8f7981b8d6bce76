//! A server under siege: whether a phone gets its file meanwhile, how long that takes at the worst, and what memory it costs.
//!
//! `scripts/siege` runs it. The server is the program itself, as `offhook serve` starts it; the besiegers are processes of
//! their own, which open a connection again whenever it is closed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

/// So many connections of one besieger, which are so many open files.
const OF_ONE: usize = 5000;
/// How long a siege lasts at least, after the besiegers have come.
const SIEGE: Duration = Duration::from_secs(12);
/// It goes on until the phone has been served, up to this time.
const LONGEST: Duration = Duration::from_secs(90);
/// A phone that has waited so long tries again.
const PATIENCE: Duration = Duration::from_secs(15);
const MAC: &str = "001565aabbcc";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, how, address, number, count] = &arguments[..]
        && word == "besiege"
    {
        let how = HOW.iter().find(|one| one.name == how).expect("a way that exists");
        besiege(how, address.parse().unwrap(), number.parse().unwrap(), count.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let wanted: usize = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2_000);
    let server = Server::start();
    let runtime = Runtime::new().expect("threads can be started");
    println!("{:<42} {:>6} {:>7} {:>9} {:>9}", "siege", "served", "missed", "slowest", "resident");
    let peace = runtime.block_on(phone_under(&server, "nobody"));
    let mut held = peace.served > 0;
    for how in HOW {
        let count = if how.busy { wanted.min(16) } else { wanted };
        let besiegers: Vec<Besieger> = (0..count.div_ceil(OF_ONE))
            .map(|number| Besieger::start(how, &server, number, OF_ONE.min(count - number * OF_ONE)))
            .collect();
        held &= runtime.block_on(phone_under(&server, &format!("{count} {}", how.name))).served > 0;
        drop(besiegers);
        std::thread::sleep(Duration::from_secs(1));
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a besieger sends on each connection.
struct How {
    name: &'static str,
    first: &'static [u8],
    /// What follows, again and again, with a pause before it.
    then: &'static [u8],
    pause: Duration,
    /// It costs processor time, of which a few callers take all that there is.
    busy: bool,
    /// To the listener without TLS.
    plain: bool,
}

const HOW: &[How] = &[
    How { name: "that say nothing", first: b"", then: b"", pause: Duration::ZERO, busy: false, plain: false },
    How { name: "handshakes half done", first: HELLO, then: b"", pause: Duration::ZERO, busy: false, plain: false },
    How {
        name: "handshakes that trickle in",
        first: HELLO,
        then: b"\0",
        pause: Duration::from_secs(1),
        busy: false,
        plain: false,
    },
    How {
        name: "that send garbage",
        first: b"",
        then: &[0x5a; 65_536],
        pause: Duration::ZERO,
        busy: true,
        plain: false,
    },
    How { name: "plain, that say nothing", first: b"", then: b"", pause: Duration::ZERO, busy: false, plain: true },
    How {
        name: "plain, slow headers",
        first: b"GET /a.cfg HTTP/1.1\r\nX: ",
        then: b"x",
        pause: Duration::from_secs(1),
        busy: false,
        plain: true,
    },
    How {
        name: "plain, kept after an answer",
        first: b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        then: b"",
        pause: Duration::ZERO,
        busy: false,
        plain: true,
    },
    How {
        name: "plain, pipelined garbage",
        first: b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        then: b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n\0\0\r\nGET",
        pause: Duration::ZERO,
        busy: true,
        plain: true,
    },
    How {
        name: "plain, bodies of 1 GB",
        first: b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
        then: &[0x5a; 65_536],
        pause: Duration::ZERO,
        busy: true,
        plain: true,
    },
    How {
        name: "plain, chunks without an end",
        first: b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        then: b"10\r\n0123456789abcdef\r\n",
        pause: Duration::ZERO,
        busy: true,
        plain: true,
    },
];
/// The first bytes of a ClientHello of 508.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/// A process that holds connections. It ends with this value, and its children with their standard input.
struct Besieger(Child);

impl Besieger {
    fn start(how: &How, server: &Server, number: usize, count: usize) -> Besieger {
        let address = if how.plain { server.plain } else { server.tls };
        let program = std::env::current_exe().expect("this program has a name");
        let mut child = Command::new(program)
            .args(["besiege", how.name, &address.to_string(), &number.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started again");
        let mut told = String::new();
        let _ = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut told);
        assert_eq!(told, "there\n", "a besieger did not come");
        Besieger(child)
    }
}

impl Drop for Besieger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Holds connections from an address of its own until the standard input ends.
fn besiege(how: &'static How, address: SocketAddr, number: u8, count: usize) {
    let runtime = Runtime::new().expect("threads can be started");
    for _ in 0..count {
        runtime.spawn(async move {
            loop {
                let _ = hold(how, address, number).await;
                sleep(Duration::from_millis(100)).await;
            }
        });
    }
    // Most of them have come by then; those that have not are on their way.
    std::thread::sleep(Duration::from_secs(3));
    println!("there");
    let _ = std::io::stdin().read(&mut [0]);
}

/// One connection, until it is closed.
async fn hold(how: &How, address: SocketAddr, number: u8) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 1, number + 1], 0)))?;
    let (mut reading, mut writing) = socket.connect(address).await?.into_split();
    writing.write_all(how.first).await?;
    let read = async {
        let mut scrap = vec![0; 1024];
        while reading.read(&mut scrap).await? > 0 {}
        Ok(())
    };
    let write = async {
        if how.then.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            sleep(how.pause).await;
            writing.write_all(how.then).await?;
        }
    };
    tokio::select! { end = read => end, end = write => end }
}

/// `offhook serve` with one phone, a listener with TLS and a plain one.
struct Server {
    child: Child,
    tls: SocketAddr,
    plain: SocketAddr,
    client: Arc<ClientConfig>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().expect("the system's folder for temporary files can be written");
        fleet(folder.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .args(["serve", "fleet", "--state", "state"])
            .current_dir(folder.path())
            .env("OFFHOOK_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let mut listens = || {
            let line = lines.find(|line| line.starts_with("listening on ")).expect("it tells where it listens");
            line.rsplit_once('/').expect("an address").1.parse().expect("an address")
        };
        let (tls, plain) = (listens(), listens());
        std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
        let client = client(&folder.path().join("state/self-signed.pem"));
        Server { child, tls, plain, client, _folder: folder }
    }

    fn resident_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fleet(folder: &Path) {
    let listen = "[[listen]]\naddress = \"127.0.0.1:0\"\n";
    for (path, text) in [
        ("fleet.toml", format!("schema = 1\n{listen}{listen}plain = true\n")),
        ("sites/a/site.toml", "sip.server = \"sip.example.org\"\n".into()),
        ("sites/a/lines/201.toml", "sip.password = \"Secret201x\"\n".into()),
        (&format!("sites/a/phones/{MAC}.toml"), "model = \"yealink-t46s\"\nlines = [\"201\"]\n".into()),
    ] {
        let path = folder.join("fleet").join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be made");
        fs::write(path, text).expect("it can be written");
    }
}

fn client(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for trusted in CertificateDer::pem_file_iter(certificate).expect("the server has made one") {
        roots.add(trusted.expect("PEM")).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// How a phone fared.
#[derive(Default)]
struct Fared {
    served: usize,
    missed: usize,
    slowest: Duration,
}

/// A phone that asks over a new connection each time, and what the server needs meanwhile; printed as a row.
async fn phone_under(server: &Server, who: &str) -> Fared {
    let mut fared = Fared::default();
    let mut resident = 0;
    let begin = Instant::now();
    while begin.elapsed() < SIEGE || fared.served == 0 && begin.elapsed() < LONGEST {
        let asked = Instant::now();
        match timeout(PATIENCE, ask(server)).await {
            Ok(Ok(())) => fared.served += 1,
            _ => fared.missed += 1,
        }
        fared.slowest = fared.slowest.max(asked.elapsed());
        resident = resident.max(server.resident_mib());
        sleep(Duration::from_millis(100)).await;
    }
    let slowest = fared.slowest.as_secs_f64();
    println!("{who:<42} {:>6} {:>7} {slowest:>7.2} s {resident:>5} MiB", fared.served, fared.missed);
    fared
}

async fn ask(server: &Server) -> std::io::Result<()> {
    let tcp = TcpStream::connect(server.tls).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut tls = TlsConnector::from(server.client.clone()).connect(name, tcp).await?;
    tls.write_all(format!("GET /{MAC}.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await?;
    let whole = answer.starts_with("HTTP/1.1 200 ") && answer.contains("account.1.password = Secret201x");
    whole.then_some(()).ok_or_else(|| std::io::Error::other("not its file"))
}
