//! A phone, what it sends, and what is made of it.

use std::cell::Cell;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use http_auth::{PasswordClient, PasswordParams};

use super::*;
use crate::catalogue::Catalogue;
use crate::fleet::{Layer, Modules};
use crate::live::shipped;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(&shipped(), None).0);

const MAC: Mac = Mac::from_bytes([0, 0x15, 0x65, 0xaa, 0xbb, 1]);
const OLD: &str = "of-yesterday";
const NEW: &str = "of-today";

fn phone(user: Option<&str>, password: Option<&str>, former: Option<&str>) -> Phone {
    let secret = |text: Option<&str>| text.map(|text| Secret::new(text.into()));
    let access = Access {
        user: user.map(Into::into),
        password: secret(password),
        former_password: secret(former),
        file_key: None,
    };
    Phone {
        mac: MAC,
        site: "a".into(),
        stem: MAC.to_string().into(),
        model: ("yealink-t46s".into(), 1),
        lines: Box::default(),
        modules: (Modules::Count(0), 1),
        firmware: None,
        layer: Layer::default(),
        seed: Box::default(),
        raw: Box::default(),
        handsets: Box::default(),
        registration: None,
        access: Some(Box::new(access)),
    }
}

struct Gate {
    passwords: Passwords,
    phone: Phone,
    family: &'static str,
    now: Duration,
    asked: Cell<u8>,
}

impl Gate {
    fn of(phone: Phone) -> Gate {
        let (passwords, now) = (passwords(b"a key"), Duration::from_secs(1000));
        Gate { passwords, phone, family: "yealink", now, asked: Cell::new(0) }
    }

    fn family(&self) -> &'static Family {
        &CATALOGUE.families[self.family].family
    }

    fn challenges(&self, tls: bool, refusal: Refusal) -> Vec<String> {
        self.asked.set(self.asked.get() + 1);
        self.passwords.challenges(&self.phone, self.family(), tls, refusal, self.now, [self.asked.get(); 8])
    }

    /// What is made of a header.
    fn shown(&self, header: &str, target: &str, tls: bool) -> Shown {
        let request = Request { authorization: Some(header), method: "GET", target, tls };
        self.passwords.judge(&self.phone, self.family(), &request, self.now)
    }

    /// What is made of a client's answer to a new challenge.
    fn answered(&self, user: &str, password: &str) -> Shown {
        self.shown(&answer(&self.challenges(false, Refusal::Untrusted)[0], user, password, "/x"), "/x", false)
    }
}

fn passwords(key: &[u8]) -> Passwords {
    Passwords::new(hmac::Key::new(hmac::HMAC_SHA256, key))
}

/// What a client answers.
fn answer(challenge: &str, username: &str, password: &str, uri: &str) -> String {
    let mut client = PasswordClient::builder().challenges(challenge).build().unwrap();
    client.respond(&PasswordParams { username, password, uri, method: "GET", body: Some(&[]) }).unwrap()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes()))
}

#[test]
fn the_user_name_is_the_phones_own_or_its_mac_in_any_notation() {
    let (by_mac, by_name) = (Gate::of(phone(None, Some(NEW), None)), Gate::of(phone(Some("desk7"), Some(NEW), None)));
    for (user, as_mac, as_name) in [
        ("001565aabb01", true, false),
        ("001565AABB01", true, false),
        ("00:15:65:aa:bb:01", true, false),
        ("00-15-65-AA-BB-01", true, false),
        ("001565aabb02", false, false),
        ("desk7", false, true),
        ("Desk7", false, false),
        ("", false, false),
    ] {
        for (gate, good) in [(&by_mac, as_mac), (&by_name, as_name)] {
            let wanted = if good { Shown::Good } else { Shown::Wrong(Refusal::WrongPassword) };
            assert_eq!(gate.answered(user, NEW), wanted, "Digest of {user}");
            // In Basic a colon ends the user name.
            if !user.contains(':') {
                assert_eq!(gate.shown(&basic(user, NEW), "/x", true), wanted, "Basic of {user}");
            }
        }
    }
}

#[test]
fn both_passwords_are_good_during_a_rotation() {
    let wrong = Shown::Wrong(Refusal::WrongPassword);
    for (now, former, good) in [(NEW, Some(OLD), [true, true]), (NEW, None, [false, true]), (OLD, None, [true, false])]
    {
        let gate = Gate::of(phone(Some("u"), Some(now), former));
        for (password, good) in [OLD, NEW].into_iter().zip(good) {
            let wanted = if good { Shown::Good } else { wrong };
            assert_eq!(gate.answered("u", password), wanted, "Digest with {password}");
            assert_eq!(gate.shown(&basic("u", password), "/x", true), wanted, "Basic with {password}");
        }
        assert_eq!(gate.answered("u", ""), wrong);
    }
}

#[test]
fn without_a_password_nothing_is_asked_and_nothing_judged() {
    let nobody = Gate::of(Phone { access: None, ..phone(None, None, None) });
    for gate in [nobody, Gate::of(phone(Some("u"), None, None))] {
        assert_eq!(gate.shown(&basic("u", ""), "/x", true), Shown::Nothing);
        assert!(gate.challenges(true, Refusal::NoPassword).is_empty());
    }
}

#[test]
fn what_is_asked_of_whom() {
    let asked = |family, tls, refusal| {
        let challenges = Gate { family, ..Gate::of(phone(None, Some(NEW), None)) }.challenges(tls, refusal);
        challenges.iter().map(|line| format!("{line}\n")).collect::<String>()
    };
    insta::assert_snapshot!(asked("yealink", true, Refusal::NoPassword), @r#"
    Digest realm="offhook", nonce="AAAAADuaygABAQEBAQEBAbq2wYiLSXUOc7Ev49OWDdw", algorithm=MD5, qop="auth"
    Basic realm="offhook"
    "#);
    insta::assert_snapshot!(asked("yealink", false, Refusal::NoPassword), @r#"Digest realm="offhook", nonce="AAAAADuaygABAQEBAQEBAbq2wYiLSXUOc7Ev49OWDdw", algorithm=MD5, qop="auth""#);
    insta::assert_snapshot!(asked("yealink", false, Refusal::StaleNonce), @r#"Digest realm="offhook", nonce="AAAAADuaygABAQEBAQEBAbq2wYiLSXUOc7Ev49OWDdw", algorithm=MD5, qop="auth", stale=true"#);
    // It knows MD5 and `auth` only (Gigaset's Provisioning Guide).
    insta::assert_snapshot!(asked("gigaset-classic", true, Refusal::NoPassword), @r#"Digest realm="offhook", nonce="AAAAADuaygABAQEBAQEBAbq2wYiLSXUOc7Ev49OWDdw", algorithm=MD5, qop="auth""#);
}

#[test]
fn basic_is_not_taken_in_clear() {
    let gate = Gate::of(phone(Some("u"), Some(NEW), None));
    assert_eq!(gate.shown(&basic("u", NEW), "/x", false), Shown::Wrong(Refusal::BasicInClear));
    assert_eq!(gate.shown(&basic("u", NEW), "/x", true), Shown::Good);
    assert_eq!(gate.shown("Bearer x", "/x", true), Shown::Wrong(Refusal::BadAuthorization));
}

#[test]
fn an_answer_is_good_for_what_it_names_and_once() {
    let gate = Gate::of(phone(Some("u"), Some(NEW), None));
    let ask = || gate.challenges(false, Refusal::Untrusted).remove(0);
    for (uri, target, verdict) in [
        ("/x.cfg?a=1", "/x.cfg?a=1", Shown::Good),
        ("http://phones.example.org:8080/x.cfg", "/x.cfg", Shown::Good),
        ("HTTPS://phones.example.org", "/", Shown::Good),
        ("/a/../b%20c", "/a/%2e%2e/b%20c", Shown::Good),
        ("/y.cfg", "/x.cfg", Shown::Wrong(Refusal::OtherUri)),
        ("/x.cfg", "/x.cfg?a=1", Shown::Wrong(Refusal::OtherUri)),
    ] {
        assert_eq!(gate.shown(&answer(&ask(), "u", NEW, uri), target, false), verdict, "{uri} for {target}");
    }
    let first = answer(&ask(), "u", NEW, "/x");
    assert_eq!(gate.shown(&first, "/x", false), Shown::Good);
    assert_eq!(gate.shown(&first, "/x", false), Shown::Wrong(Refusal::ReplayedNonce));
    // Only who knows the password is told so much.
    let wrong = answer(&ask(), "u", "guessed", "/x");
    assert_eq!(gate.shown(&wrong, "/x", false), Shown::Wrong(Refusal::WrongPassword));
}

#[test]
fn a_client_that_counts_goes_on_with_its_nonce_until_it_expires() {
    let mut gate = Gate::of(phone(Some("u"), Some(NEW), None));
    let challenge = gate.challenges(false, Refusal::Untrusted).remove(0);
    let mut client = PasswordClient::builder().challenges(&challenge).build().unwrap();
    let mut next = |uri: &str| {
        client.respond(&PasswordParams { username: "u", password: NEW, uri, method: "GET", body: Some(&[]) }).unwrap()
    };
    for (uri, secs, verdict) in
        [("/a", 0, Shown::Good), ("/b", 299, Shown::Good), ("/c", 2, Shown::Wrong(Refusal::StaleNonce))]
    {
        gate.now += Duration::from_secs(secs);
        assert_eq!(gate.shown(&next(uri), uri, false), verdict, "{uri}");
    }
    assert!(gate.challenges(false, Refusal::StaleNonce)[0].ends_with(", stale=true"));
    // A server that has started again takes no nonce of before, and says so in the same way.
    let other = Gate { passwords: passwords(b"another key"), ..Gate::of(phone(Some("u"), Some(NEW), None)) };
    assert_eq!(other.shown(&answer(&challenge, "u", NEW, "/x"), "/x", false), Shown::Wrong(Refusal::StaleNonce));
}

#[test]
fn the_old_form_without_a_count_is_good_once() {
    let gate = Gate::of(phone(Some("u"), Some(NEW), None));
    let challenge = gate.challenges(false, Refusal::Untrusted).remove(0).replace(", qop=\"auth\"", "");
    let header = answer(&challenge, "u", NEW, "/x");
    assert!(!header.contains("nc="), "{header}");
    assert_eq!(gate.shown(&header, "/x", false), Shown::Good);
    assert_eq!(gate.shown(&header, "/x", false), Shown::Wrong(Refusal::ReplayedNonce));
}

#[test]
fn a_phones_own_secret_comes_first_and_is_no_attack() {
    let (own, wrong) = (Shown::Wrong(Refusal::OwnSecret), Shown::Wrong(Refusal::WrongPassword));
    for (family, user, told) in [
        ("gigaset-maxwell", None, [own, Shown::Good, own, wrong, wrong, Shown::Good, own]),
        ("gigaset-nx70", Some("office"), [own, Shown::Good, own, wrong, wrong, Shown::Good, own]),
        ("yealink", None, [wrong, Shown::Good, wrong, wrong, wrong, Shown::Good, wrong]),
    ] {
        let gate = Gate { family, ..Gate::of(phone(user, Some(NEW), None)) };
        let tries = ["made", "right", "made", "typed wrongly", "typed wrongly", "right", "made"];
        for (what, told) in tries.into_iter().zip(told) {
            let shown = match what {
                "right" => gate.answered(user.unwrap_or("001565AABB01"), NEW),
                _ => gate.answered("001565AABB01", what),
            };
            assert_eq!(shown, told, "{family}: {what}");
        }
    }
    let gate = Gate { family: "gigaset-maxwell", ..Gate::of(phone(Some("office"), Some(NEW), None)) };
    assert_eq!(gate.answered("office", "guessed"), wrong, "a phone's own user name is its MAC");
}
