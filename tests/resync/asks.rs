//! One phone is asked, and the other side does as it likes.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use md5::Digest;
use offhook::catalogue::Verb;
use offhook::resync::{Answered, Asking, Transport, Way, ask};
use offhook::simulate::trust::{self, Trust};

use super::sipp::{Sipp, answers, challenges, free_port, pauses, says, takes};
use super::{LINE, fast, hop, target, wait};

const MODEL: &str = "yealink-t46s";

/// What comes of asking a peer that follows a scenario, how long that took, and what was said.
fn asked(transport: Transport, line: &str, steps: &[String], patience_ms: u64) -> Option<(String, Duration, String)> {
    let sipp = Sipp::start(transport, steps)?;
    let target = target(MODEL, line, Verb::Resync, &Way::At(hop(sipp.port, transport))).unwrap();
    let begin = Instant::now();
    let answered = wait(ask(&target, &fast(Duration::from_millis(patience_ms))));
    Some((answered.to_string(), begin.elapsed(), sipp.messages()))
}

const DIGEST: &str = "Digest realm=\"sip.example.org\", nonce=\"46a19ff2\", algorithm=MD5";

#[test]
fn a_phone_takes_the_request() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let steps = [takes(""), answers("200 OK", "")];
        let Some((answered, _, messages)) = asked(transport, LINE, &steps, 10_000) else { return };
        assert_eq!(answered, "took the request");
        for line in
            ["Event: check-sync;reboot=false", "Subscription-State: terminated", "CSeq: 1 NOTIFY", "Max-Forwards: 70"]
        {
            assert!(messages.contains(&format!("\n{line}\n")), "{line}: {messages}");
        }
        assert!(!messages.contains("Authorization"), "{messages}");
    }
}

/// Whether the digest in what SIPp was sent is the one of the line's password, as RFC 7616 has it; SIPp itself looks for
/// none in `Proxy-Authorization`, and reads `nc` wrong.
fn shows_the_password(messages: &str, header: &str) -> bool {
    let (_, answer) = messages.split_once(&format!("\n{header}: Digest ")).unwrap_or_else(|| panic!("{messages}"));
    let answer = answer.lines().next().unwrap();
    let value = |name: &str| {
        let found = answer.split(", ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"').to_owned())
    };
    let md5 = |text: String| data_encoding::HEXLOWER.encode(&md5::Md5::digest(text));
    let who = md5("201:sip.example.org:Secret201x".to_owned());
    let what = md5(format!("NOTIFY:{}", value("uri").unwrap()));
    let nonce = match value("qop") {
        Some(qop) => format!("46a19ff2:{}:{}:{qop}", value("nc").unwrap(), value("cnonce").unwrap()),
        None => "46a19ff2".to_owned(),
    };
    value("response") == Some(md5(format!("{who}:{nonce}:{what}")))
}

#[test]
fn who_wants_to_know_who_asks_is_told() {
    for qop in ["", ", qop=\"auth\", opaque=\"5ccc\""] {
        for (status, challenge, header) in [
            ("401 Unauthorized", "WWW-Authenticate", "Authorization"),
            ("407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization"),
        ] {
            for transport in [Transport::Udp, Transport::Tcp] {
                let challenge = format!("{challenge}: {DIGEST}{qop}");
                let steps = [takes(""), answers(status, &challenge), takes(""), answers("200 OK", "")];
                let Some((answered, _, messages)) = asked(transport, LINE, &steps, 10_000) else { return };
                assert_eq!(answered, "took the request", "{messages}");
                assert!(shows_the_password(&messages, header), "{messages}");
                assert!(messages.contains("CSeq: 2 NOTIFY"), "{messages}");
                assert!(!messages.contains("Secret201x"), "{messages}");
            }
        }
    }
}

#[test]
fn a_proxy_and_the_phone_behind_it_may_both_ask() {
    let proxy = format!("Proxy-Authenticate: {DIGEST}, qop=\"auth\"");
    let phone = format!("WWW-Authenticate: {DIGEST}, qop=\"auth\"");
    let steps = [
        [takes(""), answers("407 Proxy Authentication Required", &proxy)],
        [takes(""), answers("401 Unauthorized", &phone)],
        [takes(""), answers("200 OK", "")],
    ];
    let Some((answered, _, messages)) = asked(Transport::Udp, LINE, &steps.concat(), 10_000) else { return };
    assert_eq!(answered, "took the request", "{messages}");
    let shown: Vec<&str> = messages.lines().filter(|line| line.starts_with("Proxy-Authorization:")).collect();
    let [first, second] = shown.as_slice() else { panic!("{messages}") };
    // Who keeps count takes no answer twice.
    assert!(first.contains("nc=00000001") && second.contains("nc=00000002"), "{messages}");
    assert!(messages.contains("\nAuthorization: Digest "), "{messages}");
}

#[test]
fn who_is_gone_after_the_request_may_have_obeyed() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let peer = std::thread::spawn(move || socket.recv(&mut [0; 4096]).unwrap());
    let of_udp = target(MODEL, LINE, Verb::Resync, &Way::At(hop(port, Transport::Udp))).unwrap();
    let answered = wait(ask(&of_udp, &fast(Duration::from_secs(5))));
    peer.join().unwrap();
    assert!(matches!(&answered, Answered::Lost(why) if why.contains("refused")), "{answered}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = std::thread::spawn(move || listener.accept().unwrap().0.read(&mut [0; 4096]).unwrap());
    let of_tcp = target(MODEL, LINE, Verb::Resync, &Way::At(hop(port, Transport::Tcp))).unwrap();
    let answered = wait(ask(&of_tcp, &fast(Duration::from_secs(5))));
    peer.join().unwrap();
    assert_eq!(answered, Answered::Lost("the connection was closed".into()));
}

#[test]
fn a_registrar_that_looks_lets_the_right_password_in() {
    for (line, wanted) in [(LINE, "took the request"), ("sip.password = \"another\"", "refused: 403 Forbidden")] {
        let steps = challenges("401 Unauthorized", &format!("WWW-Authenticate: {DIGEST}"));
        let Some((answered, ..)) = asked(Transport::Udp, line, &[steps], 10_000) else { return };
        assert_eq!(answered, wanted);
    }
}

#[test]
fn a_wrong_password_is_not_tried_again_and_again() {
    let www = format!("WWW-Authenticate: {DIGEST}");
    let refuses = || answers("401 Unauthorized", &www);
    let steps = [takes(""), refuses(), takes(""), refuses()];
    let Some((answered, _, messages)) = asked(Transport::Udp, LINE, &steps, 10_000) else { return };
    assert_eq!(answered, "refused: 401 the line's user and password are not taken");
    assert!(!messages.contains("CSeq: 3 NOTIFY"), "{messages}");
}

#[test]
fn a_nonce_that_is_too_old_is_no_wrong_password() {
    let (www, stale) = (format!("WWW-Authenticate: {DIGEST}"), format!("WWW-Authenticate: {DIGEST}, stale=true"));
    let steps =
        [takes(""), answers("401 Unauthorized", &stale), challenges("401 Unauthorized", &www.replace("46a1", "57b2"))];
    // The second 401 says that the credentials are wrong, the first did not.
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &steps, 10_000) else { return };
    assert_eq!(answered, "refused: 401 the line's user and password are not taken");
    let steps =
        [takes(""), answers("401 Unauthorized", &www), challenges("401 Unauthorized", &stale.replace("46a1", "57b2"))];
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &steps, 10_000) else { return };
    assert_eq!(answered, "took the request");
}

#[test]
fn a_password_is_never_sent_and_its_lack_is_told() {
    for (header, line, wanted) in [
        ("WWW-Authenticate: Basic realm=\"x\"", LINE, "refused: 401 it asks for no digest that is known"),
        (
            &format!("WWW-Authenticate: {DIGEST}"),
            "",
            "refused: 401 it asks for a password, and the line has no `sip.password`",
        ),
        ("X: y", LINE, "refused: 401 it asks for no digest that is known"),
    ] {
        let steps = [takes(""), answers("401 Unauthorized", header)];
        let Some((answered, ..)) = asked(Transport::Udp, line, &steps, 10_000) else { return };
        assert_eq!(answered, wanted);
    }
}

#[test]
fn a_refusal_is_told_with_its_code() {
    for (status, wanted) in [
        ("404 Not Found", "refused: 404 Not Found"),
        ("489 Bad Event", "refused: 489 Bad Event"),
        ("302 Moved Temporarily", "refused: 302 Moved Temporarily"),
        ("603 Decline", "refused: 603 Decline"),
    ] {
        let Some((answered, ..)) = asked(Transport::Udp, LINE, &[takes(""), answers(status, "")], 10_000) else {
            return;
        };
        assert_eq!(answered, wanted);
    }
}

#[test]
fn an_answer_may_be_late_or_come_twice() {
    let late = [takes(""), answers("100 Trying", ""), pauses(1500), answers("200 OK", "")];
    let Some((answered, took, messages)) = asked(Transport::Udp, LINE, &late, 10_000) else { return };
    assert_eq!(answered, "took the request");
    assert!(took >= Duration::from_millis(1400), "{took:?}");
    let sent = messages.matches("\nNOTIFY sip:").count();
    assert!(sent >= 3, "it is sent again until there is an answer: {messages}");

    let twice = [takes(""), answers("100 Trying", ""), answers("200 OK", ""), answers("200 OK", "")];
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &twice, 10_000) else { return };
    assert_eq!(answered, "took the request");
}

#[test]
fn who_never_answers_keeps_nobody() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let Some((answered, took, _)) = asked(transport, LINE, &[takes(""), pauses(8_000)], 1_000) else { return };
        assert_eq!(answered, "did not answer");
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let target = target(MODEL, LINE, Verb::Resync, &Way::At(hop(free_port(), transport))).unwrap();
        let answered = wait(ask(&target, &fast(Duration::from_secs(5))));
        assert!(matches!(&answered, Answered::Unreachable(why) if why.contains("refused")), "{answered}");
    }
}

#[test]
fn nonsense_is_told_and_a_good_answer_after_it_counts() {
    let nonsense = says("HTTP/1.1 200 OK\nServer: none");
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &[takes(""), nonsense.clone(), pauses(3_000)], 1_000) else {
        return;
    };
    assert_eq!(answered, "answered nonsense: it begins with `HTTP/1.1 200 OK`");
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &[takes(""), nonsense, answers("200 OK", "")], 10_000)
    else {
        return;
    };
    assert_eq!(answered, "took the request");
}

#[test]
fn an_answer_to_somebody_else_is_none() {
    let foreign = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKother\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n";
    let Some((answered, ..)) = asked(Transport::Udp, LINE, &[takes(""), says(foreign), pauses(3_000)], 1_000) else {
        return;
    };
    assert_eq!(answered, "did not answer");
}

/// HAProxy with a certificate of its own in front of SIPp, which has no TLS on Debian.
#[test]
fn a_phone_is_asked_under_tls_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    offhook::server::TlsMaterial::self_signed(folder.path(), &["127.0.0.1"]).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let pem = read("self-signed.pem");
    std::fs::write(folder.path().join("both.pem"), pem + &read("self-signed.key")).unwrap();
    for (trust, wanted) in
        [(Trust::Anybody, "took the request"), (Trust::System, "invalid peer certificate: UnknownIssuer")]
    {
        let Some(sipp) = Sipp::start(Transport::Tcp, &[takes(""), answers("200 OK", "")]) else { return };
        let port = free_port();
        let config = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n timeout server 20s\nlisten sip\n \
             bind 127.0.0.1:{port} ssl crt both.pem\n server sipp 127.0.0.1:{}\n",
            sipp.port
        );
        std::fs::write(folder.path().join("haproxy.cfg"), config).unwrap();
        let mut haproxy = Command::new("haproxy");
        haproxy.args(["-db", "-q", "-f", "haproxy.cfg"]).current_dir(folder.path()).stderr(Stdio::null());
        let Ok(mut haproxy) = haproxy.spawn() else {
            eprintln!("skipped: `haproxy` is not installed\nhint: scripts/test installs it");
            return;
        };
        let begin = Instant::now();
        while TcpListener::bind(("127.0.0.1", port)).is_ok() {
            assert!(begin.elapsed() < Duration::from_secs(20), "haproxy does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let target = target(MODEL, LINE, Verb::Resync, &Way::At(hop(port, Transport::Tls))).unwrap();
        let asking = Asking { tls: trust::config(trust).unwrap(), ..fast(Duration::from_secs(10)) };
        let answered = wait(ask(&target, &asking)).to_string();
        haproxy.kill().unwrap();
        haproxy.wait().unwrap();
        assert!(answered.contains(wanted), "{answered}");
        if wanted == "took the request" {
            let messages = sipp.messages();
            assert!(messages.contains("\nVia: SIP/2.0/TLS 127.0.0.1:"), "{messages}");
        }
    }
}
