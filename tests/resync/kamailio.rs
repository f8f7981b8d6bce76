//! Kamailio as the registrar: it wants to know who asks, and passes the NOTIFY on to where the phone has registered.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use offhook::catalogue::Verb;
use offhook::resync::{Target, Transport, Way, ask};
use tempfile::TempDir;

use super::sipp::{Sipp, answers, free_port, says, takes, until_it_listens};
use super::{common, fast, wait};

/// Kamailio at work; it ends with this.
struct Kamailio {
    child: Child,
    _folder: TempDir,
    port: u16,
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // It ends its own processes when it is asked to.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Who registers is believed; who sends a NOTIFY has to know the password of the line from which it comes.
const CONFIG: &str = r#"#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
request_route {
    if (is_method("REGISTER")) {
        save("location");
        exit;
    }
    if (!pv_proxy_authenticate("$fd", "Secret201x", "0")) {
        proxy_challenge("$fd", "1");
        exit;
    }
    consume_credentials();
    if (!lookup("location")) {
        sl_send_reply("404", "Not Found");
        exit;
    }
    t_relay();
}
"#;

impl Kamailio {
    /// None where it is not installed, which is told.
    fn start() -> Option<Kamailio> {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let (config, errors) = (folder.path().join("kamailio.cfg"), folder.path().join("errors"));
        std::fs::write(&config, format!("{CONFIG}listen=udp:127.0.0.1:{port}\n")).unwrap();
        let mut command = Command::new("kamailio");
        command.args(["-DD", "-E", "-m", "32", "-M", "8", "-f", "kamailio.cfg", "-Y"]).arg(folder.path());
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let Ok(mut child) = command.stderr(File::create(&errors).unwrap()).spawn() else {
            eprintln!("skipped: `kamailio` is not installed\nhint: scripts/test installs it");
            return None;
        };
        until_it_listens(&mut child, port, Transport::Udp, &errors);
        Some(Kamailio { child, _folder: folder, port })
    }

    /// What comes of asking the phone of the line `201`.
    fn asked(&self, line: &str) -> String {
        let site = format!("sip.server = \"127.0.0.1\"\nsip.port = {}\n", self.port);
        let fleet = common::phone("yealink-t46s", line).with("sites/a/site.toml", &site);
        let subject = common::serving(fleet.path()).world.subject(common::MAC.parse().unwrap()).unwrap();
        let target = Target::new(&subject, None, Verb::Resync, &Way::Registrar, None).unwrap();
        wait(ask(&target, &fast(Duration::from_secs(10)))).to_string()
    }
}

/// A phone registers the line `201`, and is reached at a port.
fn registers(with: u16, at: u16) -> Option<bool> {
    let register = format!(
        "REGISTER sip:127.0.0.1:{with} SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]\n\
         Max-Forwards: 70\nFrom: <sip:201@127.0.0.1:{with}>;tag=here\nTo: <sip:201@127.0.0.1:{with}>\n\
         Call-ID: [call_id]\nCSeq: 1 REGISTER\nContact: <sip:201@127.0.0.1:{at}>\nExpires: 300\nContent-Length: 0\n"
    );
    Sipp::sends(with, &[says(&register), "<recv response=\"200\"/>\n".to_owned()])
}

#[test]
fn a_registrar_passes_the_request_on_to_where_the_phone_is() {
    let Some(kamailio) = Kamailio::start() else { return };
    let good = "sip.password = \"Secret201x\"";
    assert_eq!(kamailio.asked(good), "refused: 404 Not Found", "nobody has registered yet");
    let steps = [takes(""), answers("200 OK", "")];
    let Some(phone) = Sipp::start(Transport::Udp, &steps) else { return };
    assert_eq!(registers(kamailio.port, phone.port), Some(true));
    for (line, wanted) in [
        ("sip.password = \"another\"", "refused: 407 the line's user and password are not taken"),
        ("", "refused: 407 it asks for a password, and the line has no `sip.password`"),
        (good, "took the request"),
    ] {
        assert_eq!(kamailio.asked(line), wanted);
    }
    let at = phone.port;
    let messages = phone.messages();
    for line in [&format!("NOTIFY sip:201@127.0.0.1:{at} SIP/2.0"), "Event: check-sync;reboot=false"] {
        assert!(messages.contains(&format!("\n{line}\n")), "{line}: {messages}");
    }
    assert!(!messages.contains("Authorization"), "{messages}");
}
