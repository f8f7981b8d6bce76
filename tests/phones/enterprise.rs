//! The boot of a Cisco enterprise phone: it names itself in the names of files, and nowhere else.

use std::net::SocketAddr;
use std::time::Duration;

use offhook::format::Format;
use offhook::server::{self, Limits, Listener, Proxies};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{House, LOCAL, TRUSTED, Way, fleet, put, said};

const MAC: &str = "58971ECC97C1";

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    put(folder.path(), "sites/a/lines/204.toml", "sip.password = \"Secret204x\"\n");
    put(folder.path(), "sites/a/phones/58971ecc97c1.toml", "model = \"cisco-8851\"\nlines = [\"204\"]\n");
    House::open(folder)
}

/// What a phone asks for, in its order, and whether there is such a file.
const BOOT: [(&str, u16); 8] = [
    ("/CTLSEP58971ECC97C1.tlv", 404),
    ("/ITLSEP58971ECC97C1.tlv", 404),
    ("/ITLFile.tlv", 404),
    ("/SEP58971ECC97C1.cnf.xml", 200),
    ("/English_United_States/be-sip.jar", 404),
    ("/DialTemplate.xml", 200),
    ("/Ringlist-wb.xml", 404),
    ("/Desktops/800x480x24/List.xml", 404),
];

#[test]
fn it_boots_without_a_trust_list() {
    let house = house();
    for (target, status) in BOOT {
        let reply = house.ask(target, LOCAL);
        assert_eq!(reply.status.as_u16(), status, "{target}");
        // Neither a page nor a way to elsewhere: a phone would take it for a broken list.
        assert_eq!(reply.body.is_empty(), status != 200, "{target}");
    }
    let (_, body) = house.get("/SEP58971ECC97C1.cnf.xml");
    assert!(body.contains("Secret204x") && body.contains("<dialTemplate>DialTemplate.xml</dialTemplate>"), "{body}");
}

#[test]
fn its_file_has_the_name_in_any_case_and_one_for_signed_files() {
    let house = house();
    let (_, own) = house.get("/SEP58971ECC97C1.cnf.xml");
    for target in ["/sep58971ecc97c1.CNF.XML", "/a/SEP58971ecc97c1.cnf.xml", "/SEP58971ECC97C1.cnf.xml.sgn"] {
        let (status, body) = house.get(target);
        assert_eq!(status, 200, "{target}");
        // The stamp is the file's content, so that the same file has the same one.
        assert_eq!(body, own, "{target}");
    }
    assert_eq!(house.get("/SEP58971ECC97C1.cnf.xml.enc.sgn"), (404, String::new()));
    assert_eq!(house.get("/SEP58971ECC97C2.cnf.xml"), (404, String::new()));
    assert_eq!(house.get("/XMLDefault.cnf.xml"), (404, String::new()));
    assert_eq!(house.get(&format!("/services?locale=English_United_States&name=SEP{MAC}")), (404, String::new()));
}

#[test]
fn a_7940_is_recognised_and_gets_no_file() {
    let house = house();
    for target in ["/OS79XX.TXT", "/SIPDefault.cnf", "/SIP58971ECC97C1.cnf", "/dialplan.xml", "/syncinfo.xml"] {
        assert_eq!(house.get(target), (404, String::new()), "{target}");
    }
}

#[test]
fn the_dial_plan_lets_star_codes_pass_and_has_no_secret() {
    let house = house();
    let stranger = Way { peer: TRUSTED, ..LOCAL };
    let (status, body) = said(&house.ask("/DialTemplate.xml", stranger));
    assert_eq!(status, 200);
    let document = Format::TreeXml.parse(&body).expect("it is in the phone's syntax");
    assert_eq!(document.entries[0].name, "DIALTEMPLATE/TEMPLATE[@match=\"*\"]");
    assert!(!body.contains("Secret"));
}

#[tokio::test]
async fn it_boots_over_plain_http_and_says_nothing_of_itself() {
    let house = house();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let bound = server::bind([Listener { address: any, tls: None, proxies: Proxies::default() }]).await.unwrap();
    let address = bound.addresses().next().unwrap();
    tokio::spawn(server::run(bound, house.phones.clone(), Limits::default(), std::future::pending()));
    for (target, status) in BOOT {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: 10.0.0.2:6970\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {head}");
        assert!(!head.contains("\r\nLocation") && !body.contains("<html"), "{target}: {answer}");
        if status == 200 {
            assert!(head.contains("\r\nContent-Type: text/xml; charset=utf-8"), "{target}: {head}");
            assert!(Format::TreeXml.parse(body).is_ok(), "{target}: {body}");
        }
    }
}
