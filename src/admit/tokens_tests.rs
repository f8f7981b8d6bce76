use super::*;

const MAC: &str = "001565aabbcc";
const HOME: &str = "198.51.100.7";
const AWAY: &str = "203.0.113.9";

/// What somebody does with a phone's tokens, and what comes of it.
struct Story {
    key: TokenKey,
    mac: Mac,
    standing: Standing,
    now: u64,
}

impl Story {
    fn new() -> Story {
        Story { key: TokenKey::new(&[7; 32]), mac: MAC.parse().unwrap(), standing: Standing::default(), now: 1000 }
    }

    fn token(&self, stage: Stage) -> String {
        self.key.token(self.mac, self.standing.epoch, stage).to_string()
    }

    fn shows(&self, asked: Option<&str>, peer: &str) -> Judged {
        self.standing.judge(&self.key, self.mac, asked, peer.parse().unwrap(), self.now)
    }

    /// A request that gets its file if it may.
    fn asks(&mut self, asked: Option<&str>, peer: &str) -> &'static str {
        let judged = self.shows(asked, peer);
        judged.facts.iter().for_each(|fact| self.standing.know(*fact));
        match judged.shown {
            Shown::Good => "good",
            Shown::Nothing => "nothing",
            Shown::Wrong(refusal) => refusal.code(),
        }
    }

    fn first(&mut self) -> &'static str {
        let token = self.token(Stage::FirstBoot);
        self.asks(Some(&token), HOME)
    }

    fn steady(&mut self) -> &'static str {
        let token = self.token(Stage::Steady);
        self.asks(Some(&token), HOME)
    }

    fn rearm(&mut self, id: u64, secs: u64, from: Option<&str>) {
        let from = from.map(|from| from.parse().unwrap());
        self.standing.window = Some(Window { id, from, opened: self.now, until: self.now + secs });
    }
}

#[test]
fn a_token_can_be_typed_and_goes_into_a_path_as_it_is() {
    let story = Story::new();
    let mut all = std::collections::BTreeSet::new();
    for epoch in [0, 1, u64::MAX] {
        for stage in [Stage::FirstBoot, Stage::Steady] {
            for mac in [MAC, "001565aabbcd"] {
                let token = story.key.token(mac.parse().unwrap(), epoch, stage);
                assert_eq!(token.len(), 26);
                assert!(token.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()), "{}", *token);
                assert!(!token.contains(['i', 'l', 'o', 'u']) && is_token(&token), "{}", *token);
                all.insert(token.to_string());
            }
        }
    }
    assert_eq!(all.len(), 12);
    // Another key makes other tokens.
    assert!(!all.contains(&*TokenKey::new(&[8; 32]).token(story.mac, 0, Stage::Steady)));
}

#[test]
fn what_people_mistake_when_they_type_counts() {
    let story = Story::new();
    let token = story.token(Stage::FirstBoot);
    let typed = token.to_uppercase().replace('0', "O").replace('1', "l");
    assert_ne!(typed, token);
    assert_eq!(story.shows(Some(&typed), HOME).shown, Shown::Good);
}

#[test]
fn whatever_is_not_the_phones_token_is_wrong() {
    let mut story = Story::new();
    let other = "001565aabbcd".parse().unwrap();
    let token = story.token(Stage::Steady);
    for asked in [
        "",
        "x",
        "ñ",
        MAC,
        &token[..25],
        &format!("{token}0"),
        &format!(" {token}"),
        &story.key.token(other, 0, Stage::Steady),
        &story.key.token(story.mac, 1, Stage::Steady),
        &TokenKey::new(&[8; 32]).token(story.mac, 0, Stage::FirstBoot),
    ] {
        assert_eq!(story.asks(Some(asked), HOME), "wrong-token", "{asked}");
    }
    // Each of 26 digits counts, the two bits at the end that no byte has included.
    for at in 0..26 {
        for digit in "0123456789abcdefghjkmnpqrstvwxyz".chars().filter(|digit| !token[at..].starts_with(*digit)) {
            let asked = format!("{}{digit}{}", &token[..at], &token[at + 1..]);
            assert_eq!(story.asks(Some(&asked), HOME), "wrong-token", "{asked}");
        }
    }
    assert_eq!(story.asks(None, HOME), "nothing");
}

#[test]
fn the_first_token_dies_when_the_steady_one_is_used() {
    let mut story = Story::new();
    assert_eq!([story.first(), story.first()], ["good"; 2]);
    assert_eq!(
        [story.steady(), story.first(), story.steady(), story.first()],
        ["good", "spent-token", "good", "spent-token"]
    );
    // It is written down once.
    let token = story.token(Stage::Steady);
    assert!(story.shows(Some(&token), HOME).facts.is_empty());
}

#[test]
fn a_window_lets_a_phone_begin_anew_and_closes_by_itself() {
    let mut story = Story::new();
    story.steady();
    story.rearm(5, 900, None);
    assert_eq!(story.asks(None, HOME), "nothing");
    // The phone that has not been reset yet may go on.
    assert_eq!([story.steady(), story.first(), story.first()], ["good"; 3]);
    assert_eq!([story.steady(), story.first()], ["good", "spent-token"]);
    // The next window is another one.
    story.rearm(6, 900, None);
    assert_eq!(story.first(), "good");
}

#[test]
fn a_window_ends_with_its_time() {
    for (secs, after, verdict) in [
        (900, 0, "good"),
        (900, 899, "good"),
        (900, 900, "spent-token"),
        (u64::MAX - 1000, LONGEST_WINDOW_SECS - 1, "good"),
        (u64::MAX - 1000, LONGEST_WINDOW_SECS, "spent-token"),
    ] {
        let mut story = Story::new();
        story.steady();
        story.rearm(5, secs, None);
        story.now += after;
        assert_eq!(story.first(), verdict, "{secs} {after}");
    }
    let mut story = Story::new();
    story.steady();
    story.rearm(5, 900, None);
    story.now -= 1;
    assert_eq!(story.first(), "spent-token");
}

#[test]
fn from_the_network_of_a_window_no_token_is_needed() {
    let mut story = Story::new();
    story.steady();
    let first = story.token(Stage::FirstBoot);
    let revoked = story.token(Stage::Steady);
    story.standing.revoke(9);
    story.rearm(5, 900, Some("198.51.100.0/24"));
    for (asked, peer, verdict) in [
        (None, HOME, "good"),
        (None, AWAY, "nothing"),
        (Some(first.as_str()), HOME, "good"),
        (Some(revoked.as_str()), HOME, "good"),
        (Some(revoked.as_str()), AWAY, "wrong-token"),
    ] {
        assert_eq!(story.asks(asked, peer), verdict, "{asked:?} {peer}");
    }
    assert_eq!([story.steady(), story.asks(None, HOME)], ["good", "nothing"]);
}

#[test]
fn revoking_kills_tokens_and_windows_at_once() {
    let mut story = Story::new();
    let former = [Stage::FirstBoot, Stage::Steady].map(|stage| story.token(stage));
    story.rearm(5, 900, Some("198.51.100.0/24"));
    assert_eq!(story.asks(None, HOME), "good");
    story.standing.revoke(9);
    assert_eq!(former.map(|token| story.asks(Some(&token), HOME)), ["wrong-token"; 2]);
    assert_eq!(story.asks(None, HOME), "nothing");
    // The new ones begin where every phone begins.
    assert_eq!([story.first(), story.steady(), story.first()], ["good", "good", "spent-token"]);
}

#[test]
fn facts_may_be_told_again_and_in_any_order() {
    let mut story = Story::new();
    story.rearm(5, 900, None);
    story.first();
    story.steady();
    let window = story.standing.window;
    let mut again = Standing { window, ..Standing::default() };
    let facts: Vec<Fact> = story.standing.facts().collect();
    assert_eq!(facts, [Fact::Settled(0), Fact::Entered(5), Fact::Closed(5)]);
    facts.iter().rev().chain(&facts).for_each(|fact| again.know(*fact));
    assert_eq!(again, story.standing);
}

#[test]
fn a_key_is_not_shown() {
    assert_eq!(format!("{:?}", TokenKey::new(&[7; 32])), "TokenKey");
}
