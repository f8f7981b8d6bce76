//! What is said, family by family, and which way it goes.

use std::net::UdpSocket;
use std::time::Duration;

use insta::assert_snapshot;
use offhook::catalogue::Verb;
use offhook::resync::{Transport, Way, ask};

use super::{LINE, common, fast, hop, target, wait};

/// The first packet that a phone of a model gets, without what is random.
fn said(model: &str, verb: Verb) -> String {
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = phone.local_addr().unwrap().port();
    let target = target(model, LINE, verb, &Way::At(hop(port, Transport::Udp))).unwrap();
    wait(ask(&target, &fast(Duration::from_millis(100))));
    let mut packet = [0; 4096];
    let (length, from) = phone.recv_from(&mut packet).unwrap();
    let text = std::str::from_utf8(&packet[..length]).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let text = text.replace('\r', "").replace(&from.to_string(), "HERE").replace(&format!(":{port}"), ":PHONE");
    let random = regex::Regex::new("(bK|tag=|Call-ID: )[0-9a-f]{16}").unwrap();
    random.replace_all(&text, "${1}RANDOM").trim_end().to_owned()
}

#[test]
fn a_phone_is_asked_by_the_event_of_its_family() {
    assert_snapshot!(said("yealink-t46s", Verb::Resync), @"
    NOTIFY sip:201@127.0.0.1:PHONE SIP/2.0
    Via: SIP/2.0/UDP HERE;branch=z9hG4bKRANDOM;rport
    Max-Forwards: 70
    From: <sip:201@sip.example.org>;tag=RANDOM
    To: <sip:201@sip.example.org>
    Call-ID: RANDOM
    CSeq: 1 NOTIFY
    Contact: <sip:201@HERE;transport=udp>
    Event: check-sync;reboot=false
    Subscription-State: terminated
    User-Agent: offhook/0.1.0
    Content-Length: 0
    ");
}

#[test]
fn the_enterprise_phones_of_cisco_read_what_to_do_in_the_body() {
    assert_snapshot!(said("cisco-8841", Verb::Reboot), @"
    NOTIFY sip:201@127.0.0.1:PHONE SIP/2.0
    Via: SIP/2.0/UDP HERE;branch=z9hG4bKRANDOM;rport
    Max-Forwards: 70
    From: <sip:201@sip.example.org>;tag=RANDOM
    To: <sip:201@sip.example.org>
    Call-ID: RANDOM
    CSeq: 1 NOTIFY
    Contact: <sip:201@HERE;transport=udp>
    Event: service-control
    Subscription-State: active
    User-Agent: offhook/0.1.0
    Content-Type: text/plain
    Content-Length: 280

    action=reset
    RegisterCallId={}
    ConfigVersionStamp={00000000-0000-0000-0000-000000000000}
    DialplanVersionStamp={00000000-0000-0000-0000-000000000000}
    SoftkeyVersionStamp={00000000-0000-0000-0000-000000000000}
    FeatureControlVersionStamp={00000000-0000-0000-0000-000000000000}
    ");
}

#[test]
fn each_family_has_its_words() {
    let event = |model: &str, verb| match target(model, LINE, verb, &Way::Registrar) {
        Ok(target) => {
            let first = target.notice.body.and_then(|(_, body)| body.lines().next().map(str::to_owned));
            format!("{} {}", target.notice.event, first.unwrap_or_default()).trim_end().to_owned()
        }
        Err(why) => why.to_string(),
    };
    let models = [
        "yealink-t46s",
        "cisco-spa504g",
        "cisco-8841-3pcc",
        "cisco-8841",
        "gigaset-n510",
        "gigaset-n670",
        "gigaset-maxwell-3",
        "gigaset-p810",
    ];
    let lines = models.map(|model| format!("{model}: {} | {}", event(model, Verb::Resync), event(model, Verb::Reboot)));
    assert_snapshot!(lines.join("\n"), @"
    yealink-t46s: check-sync;reboot=false | check-sync;reboot=true
    cisco-spa504g: resync | reboot_now
    cisco-8841-3pcc: resync | reboot_now
    cisco-8841: service-control action=restart | service-control action=reset
    gigaset-n510: check-sync | no SIP event is known that restarts phones of the family `gigaset-classic`; without --reboot they are asked to fetch
    gigaset-n670: check-sync;reboot=false | check-sync;reboot=true
    gigaset-maxwell-3: check-sync;reboot=false | check-sync;reboot=true
    gigaset-p810: check-sync;reboot=false | check-sync;reboot=true
    ");
}

#[test]
fn a_phone_is_reached_through_its_registrar_its_proxy_or_directly() {
    let way = |line: &str, way: &Way| match target("yealink-t46s", line, Verb::Resync, way) {
        Ok(target) => format!("{} as {}@{} ({:?})", target.hop, target.user, target.domain.0, target.role),
        Err(why) => why.to_string(),
    };
    let at = Way::At(hop(5062, Transport::Tcp));
    let told = [
        way("", &Way::Registrar),
        way("sip.user = \"3210\"\nsip.port = 5080\nsip.transport = \"tcp\"", &Way::Registrar),
        way("sip.transport = \"tls\"", &Way::Registrar),
        way("sip.transport = \"dns\"", &Way::Registrar),
        way("sip.outbound_proxy = \"edge.example.org\"\nsip.outbound_proxy_port = 5090", &Way::Registrar),
        way("sip.transport = \"tls\"", &Way::Direct),
        way("", &at),
    ];
    assert_snapshot!(told.join("\n"), @"
    udp:sip.example.org:5060 as 201@sip.example.org (Registrar)
    tcp:sip.example.org:5080 as 3210@sip.example.org (Registrar)
    tls:sip.example.org:5061 as 201@sip.example.org (Registrar)
    udp:sip.example.org:5060 as 201@sip.example.org (Registrar)
    udp:edge.example.org:5090 as 201@sip.example.org (Proxy)
    tls:192.0.2.7:5061 as 201@sip.example.org (Phone)
    tcp:127.0.0.1:5062 as 201@sip.example.org (Phone)
    ");
}

#[test]
fn an_event_is_one_line_of_a_header() {
    let shipped = std::fs::read_to_string(common::repository("models/yealink/family.toml")).unwrap();
    let broken =
        shipped.replace("event = \"check-sync;reboot=false\"", "event = \"check-sync\\r\\nRoute: <sip:elsewhere>\"");
    assert_ne!(shipped, broken);
    let fleet = common::phone("yealink-t46s", LINE).with("overrides/models/yealink/family.toml", &broken);
    let told = fleet.findings_with_overrides();
    assert!(
        told.contains("`event` is `check-sync\\r\\nRoute: <sip:elsewhere>`, but must be one line of printable ASCII"),
        "{told}"
    );
}
