//! Tokens where a site says nothing of them: the default takes one, and gives one to whom it has.

use std::sync::Arc;

use offhook::phone::Mac;
use offhook::render::{Carried, Document, Renderer, Reveal, RevisionKey, documents_of, render};
use offhook::resolve::{Phase, resolve};
use offhook::server::ledger::Ledger;
use offhook::server::tokens::Tokens;

use crate::house::{House, LOCAL, OTHER, PUBLIC, STRANGER, TRUSTED, Way, fleet, phones_with, put, said, whose};

/// What the phone of a site with a network gets: the status, and the token in its file.
fn asks(house: &House, peer: &str, token: Option<&str>) -> (u16, Option<String>) {
    let folder = token.map(|token| format!("/~{token}")).unwrap_or_default();
    let way = Way { peer, local: PUBLIC, user_agent: Some(OTHER.user_agent), ..LOCAL };
    let (status, body) = said(&house.ask(&format!("{folder}/{}", OTHER.file), way));
    assert_eq!(whose(&body).len(), usize::from(status == 200), "{status} {body}");
    let token = body.split_once("/~").and_then(|(_, rest)| rest.split_once('/'));
    (status, token.map(|(token, _)| token.to_owned()))
}

#[test]
fn the_default_takes_a_token_and_gives_one_to_whom_it_has() {
    let mut house = House::new();
    let tokens = Arc::new(Tokens::in_memory());
    house.phones = phones_with(&house.live, Ledger::in_memory(), tokens.clone());
    let mac: Mac = OTHER.mac.parse().unwrap();
    let (first, steady) = (tokens.first_boot(mac).to_string(), tokens.steady(mac, 0).to_string());
    // In the office files are as they always were.
    assert_eq!(asks(&house, TRUSTED, None), (200, None));
    assert_eq!(asks(&house, TRUSTED, Some("x")), (200, None));
    assert_eq!(asks(&house, STRANGER, None), (403, None));
    assert_eq!(asks(&house, STRANGER, Some("x")), (403, None));
    // Elsewhere a phone needs a token, and must not lose it by its first file.
    assert_eq!(asks(&house, STRANGER, Some(&first)), (200, Some(steady.clone())));
    for peer in [STRANGER, TRUSTED] {
        assert_eq!(asks(&house, peer, Some(&steady)), (200, Some(steady.clone())));
    }
    assert_eq!(asks(&house, STRANGER, Some(&first)), (403, None));
    // In the office it is let in nevertheless, and has no token then.
    assert_eq!(asks(&house, TRUSTED, Some(&first)), (200, None));
}

const BASE: &str = "7c2f80aa0005";
const TOKEN: &str = "0123456789abcdefghjkmnpqrs";

/// A file that has a stamp, of a base whose site demands tokens.
fn made(house: &House, token: Option<Carried<'_>>) -> Document {
    let serving = house.live.now();
    let subject = serving.world.subject(BASE.parse().unwrap()).unwrap();
    let resolved = resolve(&subject, subject.band(None, None), Phase::Later).unwrap();
    let (_, file) = documents_of(&subject).into_iter().find(|(_, file)| file.name == "phone").unwrap();
    let with = Renderer {
        templates: &serving.templates,
        url: "http://phones.example.org",
        token,
        key: &RevisionKey::fixed(),
        reveal: Reveal::Secrets,
        changed_at: &|revision| 60 * u64::from_str_radix(&revision[..6], 16).unwrap(),
    };
    render(&resolved, file, &with).unwrap()
}

#[test]
fn a_revision_knows_no_token_and_an_etag_does() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    put(folder.path(), "sites/c/site.toml", "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"token\"]\n");
    put(folder.path(), "sites/c/lines/401.toml", "sip.password = \"Secret401x\"\n");
    put(folder.path(), &format!("sites/c/phones/{BASE}.toml"), "model = \"gigaset-n510\"\nlines = [\"401\"]\n");
    let house = House::open(folder);
    let with = |token, epoch| made(&house, Some(Carried { token, epoch }));
    let (one, other) = (with(TOKEN, 0), with("zzzzzzzzzzzzzzzzzzzzzzzzzz", 0));
    assert!(one.text().contains(&format!("phones.example.org/~{TOKEN}/7C2F80AA0005.xml")), "{}", one.text());
    assert_eq!(one.text().replace(TOKEN, ""), other.text().replace("zzzzzzzzzzzzzzzzzzzzzzzzzz", ""));
    assert_eq!(one.revision, other.revision);
    assert_ne!(one.etag, other.etag);
    // After a revocation phones have to take it for another file.
    let revoked = with(TOKEN, 7);
    assert_ne!(revoked.revision, one.revision);
    assert_ne!(revoked.text(), one.text(), "the stamp is another one");
    // Without a key there is a sign for it.
    let shown = made(&house, None);
    assert!(shown.text().contains("phones.example.org/~&#8249;token&#8250;/7C2F80AA0005.xml"), "{}", shown.text());
}
