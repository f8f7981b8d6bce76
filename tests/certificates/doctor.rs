//! What the log tells of a phone with which there is no TLS.

use std::io::{Read, Write};
use std::net::TcpStream;

use insta::assert_snapshot;
use offhook::server::Fault;

use crate::house::{Client, FILE, House};

/// What the log says of the last handshake, once it does.
fn told(house: &House, handshake: impl FnOnce()) -> String {
    let before = house.phones.handshake_failures().len();
    handshake();
    let failure = &house.failures(before + 1)[before];
    format!("[{}] {failure}", failure.fault.code()).replace("; ", "\n  ")
}

/// With these arguments, and nothing left to what one version of openssl has for a default.
fn openssl(arguments: &[&'static str]) -> String {
    let mut all = arguments.to_vec();
    for (name, default) in [
        ("-groups", "X25519:P-256"),
        ("-sigalgs", "ECDSA+SHA256:RSA+SHA256:RSA-PSS+SHA256"),
        ("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0"),
        ("-ciphersuites", "TLS_AES_128_GCM_SHA256"),
    ] {
        if !all.contains(&name) {
            all.extend([name, default]);
        }
    }
    let house = House::new("");
    told(&house, || drop(Client::Openssl(all.leak()).get(&house, FILE, None)))
}

/// Sends these bytes, and waits for the end.
fn bytes(sent: &[u8]) -> String {
    let house = House::new("");
    told(&house, || {
        let mut stream = TcpStream::connect(house.address).unwrap();
        stream.write_all(sent).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

#[test]
fn a_phone_that_is_too_old_is_told_with_what_it_offers() {
    assert_snapshot!(openssl(&["-tls1", "-cipher", "AES128-SHA:RC4-SHA:@SECLEVEL=0"]), @r#"
    [old-version] no TLS with `127.0.0.1`: it speaks nothing newer than TLS 1.1 (peer is incompatible: SignatureAlgorithmsExtensionRequired)
      it offers TLS 1.0 at the most
      ciphers TLS_RSA_WITH_AES_128_CBC_SHA
      no groups
      no signature algorithms
      no server name
      likely Cisco 79xx with enterprise firmware, or Sipura and Linksys SPA and PAP2 with firmware 2.0.6 and of its time, or Gigaset C610, N300, N510, N720, DX800A and DE310 to DE900, or Yealink T2xP, T3x and VP530 with firmware 70 to 73, or any Yealink with static.security.default_ssl_method 0
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_1"]), @r#"
    [old-version] no TLS with `127.0.0.1`: it speaks nothing newer than TLS 1.1 (peer is incompatible: SignatureAlgorithmsExtensionRequired)
      it offers TLS 1.1 at the most
      ciphers TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA
      groups EcdhX25519, Secp256r1
      no signature algorithms
      no server name
      likely any Yealink with static.security.default_ssl_method 4
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
}

#[test]
fn a_phone_without_modern_ciphers_is_told() {
    assert_snapshot!(openssl(&["-tls1_2", "-cipher", "AES128-SHA256:AES128-GCM-SHA256", "-noservername"]), @r#"
    [no-ecdhe] no TLS with `127.0.0.1`: it does not agree keys by ECDHE (peer is incompatible: NoKxGroupsInCommon)
      it offers TLS 1.2 at the most
      ciphers TLS_RSA_WITH_AES_128_CBC_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256
      no groups
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      no server name
      likely Yealink T19, T21, T23, T27, T40G, T4xS and T58 with firmware 84 to 86 and a security.tls_cipher_list without ECDH
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA", "-servername", "prov.example.org"]), @r#"
    [old-ciphers] no TLS with `127.0.0.1`: it knows neither AES-GCM nor ChaCha20-Poly1305 with ECDHE (peer is incompatible: NoCipherSuitesInCommon)
      it offers TLS 1.2 at the most
      ciphers TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
      groups EcdhX25519, Secp256r1
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      the server name `prov.example.org`
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]), @r#"
    [other-key] no TLS with `127.0.0.1`: it takes no certificate with a key such as the server's: ECDSA, if it is the self-signed one (peer is incompatible: NoCipherSuitesInCommon)
      it offers TLS 1.2 at the most
      ciphers TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
      groups EcdhX25519, Secp256r1
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      no server name
      what helps: a certificate with an RSA key (docs/old-phones.md, "Phones that cannot use the HTTPS listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_2", "-groups", "brainpoolP256r1"]), @r#"
    [odd-groups] no TLS with `127.0.0.1`: it agrees keys on curves that the server does not know (peer is incompatible: NoKxGroupsInCommon)
      it offers TLS 1.2 at the most
      ciphers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA
      groups BrainpoolP256r1
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      no server name
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_2", "-sigalgs", "ECDSA+SHA1:RSA+SHA1"]), @r#"
    [old-signatures] no TLS with `127.0.0.1`: it knows no signature newer than SHA-1 (peer is incompatible: NoSignatureSchemesInCommon)
      it offers TLS 1.2 at the most
      ciphers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA
      groups EcdhX25519, Secp256r1
      signature algorithms ecdsa_sha1, rsa_pkcs1_sha1
      no server name
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(openssl(&["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"]), @r#"
    [other-key] no TLS with `127.0.0.1`: it takes no certificate with a key such as the server's: ECDSA, if it is the self-signed one (peer is incompatible: NoSignatureSchemesInCommon)
      it offers TLS 1.3 at the most
      ciphers TLS_AES_128_GCM_SHA256
      groups EcdhX25519, Secp256r1
      signature algorithms rsa_pss_rsae_sha256
      no server name
      what helps: a certificate with an RSA key (docs/old-phones.md, "Phones that cannot use the HTTPS listener")
    "#);
}

#[test]
fn a_phone_that_does_not_trust_the_server_is_told() {
    assert_snapshot!(openssl(&["-tls1_2", "-verify", "1", "-verify_return_error", "-no-CAfile"]), @r#"
    [distrust] no TLS with `127.0.0.1`: it does not trust the server's certificate, or not under this name (received fatal alert: UnknownCA)
      it offers TLS 1.2 at the most
      ciphers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA
      groups EcdhX25519, Secp256r1
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      no server name
      what helps: a certificate that it trusts, with the name of the phone's URL in it (docs/old-phones.md, "Which phones")
    "#);
    assert_snapshot!(openssl(&["-tls1_3", "-verify", "1", "-verify_return_error", "-no-CAfile"]), @r#"
    [distrust] no TLS with `127.0.0.1`: it does not trust the server's certificate, or not under this name (received fatal alert: UnknownCA)
      it offers TLS 1.3 at the most
      ciphers TLS_AES_128_GCM_SHA256
      groups EcdhX25519, Secp256r1
      signature algorithms ecdsa_secp256r1_sha256, rsa_pkcs1_sha256, rsa_pss_rsae_sha256
      no server name
      what helps: a certificate that it trusts, with the name of the phone's URL in it (docs/old-phones.md, "Which phones")
    "#);
}

#[test]
fn what_is_no_tls_is_told() {
    assert_snapshot!(bytes(b"GET /001565aa0001.cfg HTTP/1.0\r\n\r\n"), @r#"
    [plain-http] no TLS with `127.0.0.1`: it speaks HTTP on a listener with TLS (received corrupt message of type InvalidContentType)
      what helps: an address with https in the phone, or a plain listener (docs/old-phones.md, "First remedy: a plain listener")
    "#);
    assert_snapshot!(bytes(b"\x00\xff\x00\xff\x00\xff"), @r#"
    [not-tls] no TLS with `127.0.0.1`: what it sent is not TLS (received corrupt message of type InvalidContentType)
      what helps: nothing, if it is no phone (docs/old-phones.md, "Phones that cannot use the HTTPS listener")
    "#);
    // Half of a greeting.
    assert_snapshot!(bytes(b"\x16\x03\x01\x00\xff\x01\x00"), @r#"
    [hung-up] no TLS with `127.0.0.1`: it hung up in the middle of the handshake (tls handshake eof)
      what helps: often a certificate that it does not trust: see its own log (docs/old-phones.md, "Which phones")
    "#);
    // What OpenSSL 0.9.8 sends first: the greeting of SSL 2.0 with ciphers of TLS 1.0.
    let ciphers = b"\x00\x00\x39\x00\x00\x35\x00\x00\x2f\x01\x00\x80\x00\x00\x05\x00\x00\x04";
    let greeting = [b"\x80\x3b\x01\x03\x01\x00\x12\x00\x00\x00\x20", &ciphers[..], &[7; 32]].concat();
    assert_snapshot!(bytes(&greeting), @r#"
    [old-version] no TLS with `127.0.0.1`: it speaks nothing newer than TLS 1.1 (received corrupt message of type InvalidContentType)
      it offers TLS 1.0 at the most
      ciphers TLS_DHE_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_RC4_128_SHA and 1 more
      no groups
      no signature algorithms
      no server name
      likely Cisco 79xx with enterprise firmware, or Sipura and Linksys SPA and PAP2 with firmware 2.0.6 and of its time, or Gigaset C610, N300, N510, N720, DX800A and DE310 to DE900, or Yealink T2xP, T3x and VP530 with firmware 70 to 73, or any Yealink with static.security.default_ssl_method 0
      what helps: a plain listener in a network of its own, or HAProxy in front (docs/old-phones.md, "First remedy: a plain listener")
    "#);
}

#[test]
fn a_fault_is_logged_once_and_each_is_remembered() {
    let house = House::new("");
    for _ in 0..3 {
        told(&house, || drop(Client::Openssl(&["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"]).get(&house, FILE, None)));
    }
    // Who only looks whether the port is open is no failure.
    drop(TcpStream::connect(house.address).unwrap());
    told(&house, || drop(Client::Openssl(&["-tls1_2", "-cipher", "AES128-SHA256"]).get(&house, FILE, None)));
    let log = house.log.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("no TLS with")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains(" WARN ") && lines[0].contains("fault=\"old-version\""), "{log}");
    let kept = serde_json::to_value(house.phones.handshake_failures()).unwrap();
    let faults: Vec<&str> = kept.as_array().unwrap().iter().map(|one| one["fault"].as_str().unwrap()).collect();
    assert_eq!(faults, ["old-version", "old-version", "old-version", "no-ecdhe"]);
    assert_eq!(kept[0]["offer"]["newest"], "1.0");
    assert_eq!(kept[3]["offer"]["suites"], serde_json::json!(["TLS_RSA_WITH_AES_128_CBC_SHA256"]));
}

#[test]
fn the_document_has_every_fault_and_the_sections_that_the_log_names() {
    let document = include_str!("../../docs/old-phones.md");
    for fault in Fault::ALL {
        let code = serde_json::to_value(fault).unwrap();
        assert_eq!(code, fault.code());
        let rows =
            document.lines().filter(|line| line.starts_with("| `") && line.contains(&format!("`{}`", fault.code())));
        assert_eq!(rows.count(), 1, "{}", fault.code());
        let heading = format!("# {}", fault.section());
        assert!(document.lines().any(|line| line.ends_with(&heading)), "{heading}");
    }
}
