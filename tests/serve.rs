//! `offhook serve` as a process: what it says, what it serves, and how it ends.

#[path = "common/server.rs"]
mod server;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use server::{LONG, Server, fleet, serve, shell};

#[test]
fn it_says_what_it_does_and_the_line_to_try_works() {
    let folder = fleet();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    assert!(server.said[0].ends_with("1 phone, 2 lines, 1 site"), "{:?}", server.said);
    assert!(server.line("listening on ").starts_with("listening on https://127.0.0.1:"));
    assert!(server.line("self-signed").contains("state"));
    assert!(server.line("try: ").starts_with("try: curl -k https://127.0.0.1:"));
    let body = server.tried();
    assert!(body.starts_with("#!version:1.0.0.1\n") && body.contains("account.1.user_name = 201"), "{body}");
    // A connection that is kept does not keep the server.
    let kept = std::net::TcpStream::connect(server.address()).unwrap();
    let (status, time) = server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(time < LONG, "{time:?}");
    drop(kept);
}

#[test]
fn a_second_start_has_the_same_certificate() {
    let folder = fleet();
    let read = || std::fs::read(folder.path().join("state/self-signed.pem")).unwrap();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let first = (read(), server.tried());
    assert_eq!(server.terminate().0.code(), Some(0));
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!((read(), server.tried()), first);
}

#[test]
fn one_certificate_of_ours_is_for_all_listeners() {
    let folder = fleet();
    let mut server =
        Server::start(folder.path(), &["--listen", "127.0.0.2:0", "--listen", "127.0.0.3:0", "--api", "127.0.0.4:0"]);
    let read = || std::fs::read(folder.path().join("state/self-signed.pem")).unwrap();
    let first = read();
    server.until("API at ");
    let certificate = folder.path().join("state/self-signed.pem");
    for said in server.said.iter().filter(|said| said.contains("listening on ")) {
        let url = said.rsplit(' ').next().unwrap();
        shell(&format!("curl --silent --max-time 20 --cacert {} {url}", certificate.display()));
    }
    assert_eq!(server.terminate().0.code(), Some(0));
    let server = Server::start(folder.path(), &["--listen", "127.0.0.3:0"]);
    assert_eq!(server.terminate().0.code(), Some(0));
    assert_eq!(read(), first, "it has that name already");
}

#[test]
fn an_address_that_is_taken() {
    let folder = fleet();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = serve(folder.path(), &["--listen", &address]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("error: cannot listen on `{address}`")), "{said}");
    assert!(said.contains("hint: another program, or another `offhook serve`, listens there already"), "{said}");
    let output = serve(folder.path(), &["--listen", "127.0.0.1:0", "--api", &address]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("hint: another program, or another `offhook serve`, listens there already"), "{said}");
}

#[test]
fn a_folder_that_is_no_fleet() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("fleet")).unwrap();
    let output = serve(folder.path(), &[]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("has no fleet.toml") && said.contains("hint: `offhook init fleet`"), "{said}");
}

/// A certificate for localhost of its own, in two files.
fn certificate(folder: &Path) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("key.new"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.new"), made.cert.pem()).unwrap();
    for name in ["key", "cert"] {
        std::fs::rename(folder.join(format!("{name}.new")), folder.join(format!("{name}.pem"))).unwrap();
    }
    folder.join("cert.pem")
}

#[test]
fn a_certificate_that_is_renewed_and_an_edit_are_served_without_a_restart() {
    let folder = fleet();
    let tls = folder.path().join("tls");
    std::fs::create_dir(&tls).unwrap();
    let trusted = certificate(&tls);
    let at = "address = \"127.0.0.1:0\"\ntls = { certificate = \"../tls/cert.pem\", key = \"../tls/key.pem\" }\n";
    std::fs::write(folder.path().join("fleet/fleet.toml"), format!("schema = 1\n[[listen]]\n{at}[api]\n{at}")).unwrap();
    let mut server = Server::start(folder.path(), &[]);
    let url = server.line("try: ").rsplit(' ').next().unwrap().to_owned();
    let api = server.until("API at ").rsplit(' ').next().unwrap().to_owned();
    let get_at = |url: &str, cacert: &Path| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--max-time", "20", "--cacert"]).arg(cacert).arg(url);
        let output = curl.output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    let get = |cacert: &Path| get_at(&url, cacert);
    assert!(get(&trusted).unwrap().contains("account.1.user_name = 201"));
    let old = folder.path().join("old.pem");
    std::fs::copy(&trusted, &old).unwrap();
    certificate(&tls);
    for _ in ["of phones", "of the API"] {
        server.until("was renewed");
    }
    for url in [&url, &api] {
        assert!(get_at(url, &trusted).is_some(), "{url}");
        assert!(get_at(url, &old).is_none(), "the old certificate is still served at {url}");
    }
    // A certificate that is not one leaves the good one in place.
    std::fs::write(&trusted, "not a certificate\n").unwrap();
    server.until("keeping the certificate");
    shell(&format!("curl --silent --fail --insecure --max-time 20 {url}"));
    std::fs::write(folder.path().join("fleet/sites/office/lines/201.toml"), "display_name = \"Renewed\"\n").unwrap();
    server.until("reloaded");
    let body =
        String::from_utf8(shell(&format!("curl --silent --fail --insecure --max-time 20 {url}")).stdout).unwrap();
    assert!(body.contains("Renewed"), "{body}");
}

/// An authority and a phone of its, in `ca.pem`, `phone.pem` and `phone.key`.
fn makers_certificate(folder: &Path, mac: &str) {
    let (its_key, key) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(folder.join("ca.pem"), params.self_signed(&its_key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::new(params, its_key);
    let mut phone = rcgen::CertificateParams::default();
    phone.distinguished_name.push(rcgen::DnType::CommonName, mac);
    std::fs::write(folder.join("phone.pem"), phone.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("phone.key"), key.serialize_pem()).unwrap();
}

#[test]
fn a_listener_asks_for_certificates_and_follows_the_authorities() {
    let folder = fleet();
    let fleet = folder.path().join("fleet");
    makers_certificate(&fleet, "001565AABB01");
    let root = "schema = 1\n[[listen]]\naddress = \"127.0.0.1:0\"\nclient_certificates = \"ask\"\n";
    std::fs::write(fleet.join("fleet.toml"), root).unwrap();
    let site = "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"certificate\"]\n";
    std::fs::write(fleet.join("sites/office/site.toml"), site).unwrap();
    let mut server = Server::start(folder.path(), &[]);
    let url = server.line("try: ").rsplit(' ').next().unwrap().to_owned();
    let status = |with: &str| {
        let line = format!("curl -sk -o /dev/null -w '%{{http_code}}' --max-time 20 {with} {url}");
        let output = Command::new("sh").arg("-c").arg(line).current_dir(&fleet).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = "--cert phone.pem --key phone.key";
    assert_eq!((status(""), status(shown)), ("403".into(), "403".into()));
    let root = format!("{root}[[client_authorities]]\nfile = \"ca.pem\"\nfamilies = [\"yealink\"]\n");
    std::fs::write(fleet.join("fleet.toml"), root).unwrap();
    server.until("reloaded");
    assert_eq!((status(""), status(shown)), ("403".into(), "200".into()));
    // Others come into the file, and the former certificate is of nobody's any more.
    let other = tempfile::tempdir().unwrap();
    makers_certificate(other.path(), "001565AABB01");
    std::fs::copy(other.path().join("ca.pem"), fleet.join("ca.pem")).unwrap();
    server.until("reloaded");
    assert_eq!(status(shown), "403");
}

#[test]
fn a_new_name_of_a_line_reaches_the_phone_that_shows_it() {
    let folder = fleet();
    let file = |name: &str| folder.path().join("fleet/sites/office/lines").join(name);
    let reception = std::fs::read_to_string(file("201.toml")).unwrap();
    std::fs::write(file("201.toml"), reception.replace("label = \"Workshop\"", "label = \"${name:202}\"")).unwrap();
    let mut server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let url = server.line("try: ").rsplit(' ').next().unwrap().to_owned();
    let ask = |etag: &str| {
        let output = shell(&format!("curl -sSik --max-time 20 -H 'If-None-Match: {etag}' {url}"));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = ask("");
    let etag = first
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("etag: ").map(str::to_owned))
        .unwrap()
        .trim()
        .to_owned();
    assert!(first.contains("linekey.2.label = Workshop\n"), "{first}");
    assert!(ask(&etag).starts_with("HTTP/1.1 304"));
    let workshop = std::fs::read_to_string(file("202.toml")).unwrap();
    std::fs::write(file("202.toml"), workshop.replace("\"Workshop\"", "\"Yard\"")).unwrap();
    server.until("reloaded");
    let again = ask(&etag);
    assert!(again.starts_with("HTTP/1.1 200") && again.contains("linekey.2.label = Yard\n"), "{again}");
}

#[test]
fn a_seed_is_not_sent_again_after_a_restart() {
    let folder = fleet();
    let phone = folder.path().join("fleet/sites/office/phones/001565aabb01.toml");
    let text = std::fs::read_to_string(&phone).unwrap() + "[seed]\nring_volume = 8\n";
    std::fs::write(&phone, text).unwrap();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    assert!(server.tried().contains("voice.ring_vol = "));
    server.terminate();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    assert!(!server.tried().contains("voice.ring_vol = "));
}

#[test]
fn a_rotation_of_a_password_happens_by_itself() {
    let folder = fleet();
    let site = folder.path().join("fleet/sites/office/site.toml");
    let text = std::fs::read_to_string(&site).unwrap().replace("[trust]", "[trust]\ndemand = [\"password\"]");
    std::fs::write(&site, text).unwrap();
    let offhook = |more: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.args(["password", "001565aabb01", "-C", "fleet"]).args(more.split_whitespace());
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let first = offhook("");
    let mut server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let url = server.line("try: ").rsplit(' ').next().unwrap().to_owned();
    let get = |password: &str| {
        let user = format!("001565aabb01:{password}");
        let mut curl = Command::new("curl");
        curl.args(["-sSk", "--max-time", "20", "--digest", "-w", "%{http_code}", "-u", &user, &url]);
        let body = String::from_utf8(curl.output().unwrap().stdout).unwrap();
        let told = body.lines().find_map(|line| line.strip_prefix("static.auto_provision.server.password = "));
        (body[body.len() - 3..].to_owned(), told.map(str::to_owned))
    };
    let (yes, no) = (|told: &str| ("200".to_owned(), Some(told.to_owned())), ("401".to_owned(), None));
    assert_eq!((get(&first), get("guessed")), (yes(&first), no.clone()));
    // The phone comes with the former one, and is told the new one.
    let second = offhook("");
    server.until("reloaded");
    assert_eq!((get(&first), get(&second)), (yes(&second), yes(&second)));
    assert_ne!(first, second);
    offhook("--end-rotation");
    server.until("reloaded");
    assert_eq!((get(&first), get(&second)), (no, yes(&second)));
}

#[test]
fn told_to_reload_it_looks_and_goes_on() {
    let folder = fleet();
    let mut server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    shell(&format!("kill -HUP {}", server.child.id()));
    server.until("looked at every file");
    assert!(server.tried().contains("account.1.user_name = 201"));
    assert_eq!(server.terminate().0.code(), Some(0));
}

#[test]
fn systemd_hears_that_it_serves_and_that_it_stops() {
    let folder = fleet();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut command = serve(folder.path(), &["--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path);
    let server = Server::of(command);
    let heard = || {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    assert_eq!(heard(), "READY=1");
    server.tried();
    server.terminate();
    assert_eq!(heard(), "STOPPING=1");
}
