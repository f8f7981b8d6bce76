//! Phones of several makes show certificates over real connections.

use std::fs;
use std::sync::Arc;

use rcgen::DnType::CommonName;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::house::{CLIENTS, Client, FILE, House, OTHER_FILE};
use crate::makers::{Made, Maker, OldMaker, expired, surname};

const ONLY_CERTIFICATES: &str = "demand = [\"certificate\"]";

#[test]
fn a_phone_gets_its_own_file_for_its_makers_certificate() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let (maker, stranger) = (Maker::new(made.path(), "maker"), Maker::new(made.path(), "stranger"));
    let own = maker.phone("own", CommonName, "001565AA0001");
    let below = maker.below("below").phone_with_chain("below", CommonName, "00:15:65:aa:00:01");
    let another = maker.phone("another", CommonName, "001565aa0002");
    let generic = maker.phone("generic", CommonName, "SIP phone");
    let old = maker.phone_with("old", CommonName, "001565aa0001", expired);
    let strange = stranger.phone("strange", CommonName, "001565aa0001");
    house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
    for client in &CLIENTS {
        for (what, shown, file, status) in [
            ("its own", Some(&own), FILE, 200),
            ("its own, by way of an authority below", Some(&below), FILE, 200),
            ("none", None, FILE, 403),
            ("another phone's", Some(&another), FILE, 403),
            ("another phone's, for its file", Some(&another), OTHER_FILE, 200),
            ("the maker's generic one", Some(&generic), FILE, 403),
            ("one whose time is over", Some(&old), FILE, 403),
            ("one of a maker that nobody trusts", Some(&strange), FILE, 403),
        ] {
            assert_eq!(house.get(client, file, shown), status, "{client:?} shows {what}");
        }
    }
    let log = house.log.text();
    for code in
        ["no-certificate", "other-certificate", "nameless-certificate", "expired-certificate", "untrusted-certificate"]
    {
        assert!(log.contains(&format!("reason=\"{code}\"")), "{code}\n{log}");
    }
    assert!(house.phones.handshake_failures().is_empty());
}

#[test]
fn a_certificate_is_one_rung_of_several() {
    let made = tempfile::tempdir().unwrap();
    let maker = Maker::new(made.path(), "maker");
    let own = maker.phone("own", CommonName, "001565aa0001");
    let another = maker.phone("another", CommonName, "001565aa0002");
    let old = maker.phone_with("old", CommonName, "001565aa0001", expired);
    // This machine's own loopback is a network that is trusted.
    for (trust, shown, status) in [
        ("", None, 200),
        ("", Some(&own), 200),
        ("", Some(&old), 200),
        ("demand = [\"certificate\"]", None, 403),
        ("demand = [\"certificate\"]", Some(&old), 403),
        ("demand = [\"certificate\"]", Some(&own), 200),
        // Whoever it is, it is not this phone.
        ("", Some(&another), 403),
        ("accept = [\"network\"]", Some(&another), 403),
    ] {
        let house = House::new(trust);
        house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
        assert_eq!(house.get(&Client::Curl, FILE, shown), status, "{trust} {:?}", shown.map(|made| &made.pem));
    }
}

#[test]
fn a_maker_vouches_for_its_own_phones_and_for_nobody_elses() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let maker = Maker::new(made.path(), "maker");
    let forged = maker.phone("forged", CommonName, "001565aa0001");
    let cisco = maker.phone("cisco", surname(), "00562b043615");
    let posing = maker.phone("posing", surname(), "001565aa0001");
    house.trust(&[(&maker.made, "[\"cisco-mpp\"]", false)]);
    assert_eq!(house.get(&Client::Curl, FILE, Some(&forged)), 403);
    assert_eq!(house.get(&Client::Curl, FILE, Some(&posing)), 403);
    assert_eq!(house.get(&Client::Curl, "/00562b043615.xml", Some(&cisco)), 200);
    // The file that all phones of the series ask for by one name is this one's.
    assert_eq!(house.get(&Client::Curl, "/8841-3PCC.xml", Some(&cisco)), 200);
}

#[test]
fn old_signatures_count_where_the_authority_is_weak() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let maker = OldMaker::new(made.path(), "maker", 1024, "sha1");
    let phone = maker.phone("phone", "/CN=001565aa0001");
    // The handshake's own signature is with SHA-1 too, as TLS 1.2 allows; or with what openssl takes by itself.
    let sha1 = Client::Openssl(&["-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0", "-client_sigalgs", "RSA+SHA1"]);
    let any = Client::Openssl(&["-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0"]);
    for (weak, status) in [(false, 403), (true, 200)] {
        house.trust(&[(&maker.made, "[\"yealink\"]", weak)]);
        for client in [&sha1, &any] {
            assert_eq!(house.get(client, FILE, Some(&phone)), status, "{client:?}, weak: {weak}\n{}", house.log.text());
        }
    }
    assert!(house.log.text().contains("weak-certificate"));
}

#[test]
fn a_stolen_certificate_is_worth_nothing_without_its_key() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let maker = Maker::new(made.path(), "maker");
    let own = maker.phone("own", CommonName, "001565aa0001");
    let thief = maker.phone("thief", CommonName, "001565aa0002");
    house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert!(get_with(&house, version, &own, &own).unwrap().starts_with("HTTP/1.1 200"));
        assert!(get_with(&house, version, &own, &thief).is_err());
    }
    let failures = house.failures(2);
    let codes: Vec<&str> = failures.iter().map(|failure| failure.fault.code()).collect();
    assert_eq!(codes, ["unproven", "unproven"]);
    assert_eq!(failures[0].offer.as_ref().map(|offer| offer.certificate), Some(true));
}

/// Shows the certificate of one, and signs with the key of the other.
fn get_with(
    house: &House,
    version: &'static rustls::SupportedProtocolVersion,
    shown: &Made,
    signs: &Made,
) -> std::io::Result<String> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = PrivateKeyDer::from_pem_file(&signs.key).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certified = Arc::new(CertifiedKey::new(shown.chain(), key));
    let server = fs::read(house.folder.path().join("state/self-signed.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(&server).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tls = StreamOwned::new(client, std::net::TcpStream::connect(house.address)?);
    std::io::Write::write_all(&mut tls, format!("GET {FILE} HTTP/1.1\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut tls, &mut answer)?;
    Ok(answer)
}

#[test]
fn a_session_that_is_resumed_keeps_the_certificate() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let maker = Maker::new(made.path(), "maker");
    let own = maker.phone("own", CommonName, "001565aa0001");
    house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
    for version in ["-tls1_2", "-tls1_3"] {
        for ticket in [&[][..], &["-no_ticket"]] {
            let session = made.path().join("session");
            let file = session.display().to_string();
            let with = |more: &[&str]| -> &'static [&'static str] {
                let all: Vec<String> = [&[version], ticket, more].concat().iter().map(|it| (*it).to_owned()).collect();
                all.leak().iter().map(String::as_str).collect::<Vec<_>>().leak()
            };
            let first = Client::Openssl(with(&["-sess_out", &file])).get(&house, FILE, Some(&own));
            assert!(first.contains("HTTP/1.0 200"), "{first}");
            // It shows nothing again, and needs not.
            let again = Client::Openssl(with(&["-sess_in", &file])).get(&house, FILE, None);
            assert!(again.contains("Reused, ") && again.contains("HTTP/1.0 200"), "{version} {ticket:?}\n{again}");
            // Who is no longer trusted is not trusted for having been so.
            house.trust(&[]);
            let later = Client::Openssl(with(&["-sess_in", &file])).get(&house, FILE, None);
            assert!(later.contains("Reused, ") && later.contains("HTTP/1.0 403"), "{version} {ticket:?}\n{later}");
            house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
            fs::remove_file(session).unwrap();
        }
    }
}

#[test]
fn authorities_are_exchanged_while_phones_are_served() {
    let house = House::new(ONLY_CERTIFICATES);
    let made = tempfile::tempdir().unwrap();
    let (maker, next) = (Maker::new(made.path(), "maker"), Maker::new(made.path(), "next"));
    let own = maker.phone("own", CommonName, "001565aa0001");
    let newer = next.phone("newer", CommonName, "001565aa0001");
    let status = |shown| house.get(&Client::Curl, FILE, Some(shown));
    assert_eq!((status(&own), status(&newer)), (403, 403));
    house.trust(&[(&maker.made, "[\"yealink\"]", false)]);
    assert_eq!((status(&own), status(&newer)), (200, 403));
    // The names that phones are told of as welcome follow.
    let hints = || Client::Openssl(&["-tls1_2"]).get(&house, FILE, None);
    assert!(hints().contains("Acceptable client certificate CA names\nCN = maker\n"), "{}", hints());

    // The file alone changes: then both are in it, then nothing that can be read.
    let both = [&maker.made.pem, &next.made.pem].map(|pem| fs::read_to_string(pem).unwrap()).concat();
    fs::write(&maker.made.pem, both).unwrap();
    house.follow();
    assert_eq!((status(&own), status(&newer)), (200, 200));
    assert!(hints().contains("CN = next"), "{}", hints());
    fs::write(&maker.made.pem, "-----BEGIN CERTIFICATE-----\n").unwrap();
    house.follow();
    assert_eq!((status(&own), status(&newer)), (200, 200), "what was good stays");
    house.trust(&[(&next.made, "[\"yealink\"]", false)]);
    assert_eq!((status(&own), status(&newer)), (403, 200));
}
