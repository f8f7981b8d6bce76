//! Tokens where a site says nothing of them: the default takes one, and gives one to whom it has.

use std::sync::Arc;

use offhook::admit::Stage;
use offhook::phone::Mac;
use offhook::server::ledger::Ledger;
use offhook::server::tokens::Tokens;

use crate::house::{House, LOCAL, OTHER, PUBLIC, STRANGER, TRUSTED, Way, phones_with, said, whose};

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
    let [first, steady] = [Stage::FirstBoot, Stage::Steady].map(|stage| tokens.token(mac, 0, stage).to_string());
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
