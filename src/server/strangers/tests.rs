//! Who is remembered and who goes, which token is good and how long, and what outlives a restart.

use super::*;
use crate::server::orders::{self, Heard, Orders, tell};

const NOW: u64 = 1_000_000;

fn mac(n: u32) -> Mac {
    let [a, b, c, d] = n.to_be_bytes();
    Mac::from_bytes([0, 0x15, a, b, c, d])
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn told() -> Told {
    Told { family: "yealink".into(), ..Told::default() }
}

/// A table with the macs that asked, as `(mac, source)`.
fn asked(bounds: Bounds, by: impl IntoIterator<Item = (u32, IpAddr)>) -> Table {
    let mut table = Table::new(bounds);
    for (n, source) in by {
        table.meet(mac(n), source, told(), |_| false, NOW);
    }
    table
}

fn macs(table: &Table) -> Vec<Mac> {
    table.all().into_iter().map(|known| known.mac).collect()
}

#[test]
fn an_entry_is_a_mac_at_a_source() {
    let mut table = Table::default();
    for (source, product, now) in [
        ("192.0.2.7", Some("T46S"), 100),
        ("192.0.2.7", None, 200),
        ("192.0.2.8", None, 300),
        ("2001:db8::1", None, 400),
        ("2001:db8::ffff", None, 500),
        ("2001:db8:0:1::1", None, 600),
    ] {
        let told = Told { product: product.map(Into::into), ..told() };
        table.meet(mac(1), address(source), told, |_| false, now);
    }
    let known = table.of(mac(1));
    let shown: Vec<_> = known.iter().map(|it| (it.source.to_string(), it.first, it.last, it.count)).collect();
    let shown: Vec<_> =
        shown.iter().map(|(source, first, last, count)| (source.as_str(), *first, *last, *count)).collect();
    assert_eq!(
        shown,
        [
            ("192.0.2.7", 100, 200, 2),
            ("192.0.2.8", 300, 300, 1),
            ("2001:db8::", 400, 500, 2),
            ("2001:db8:0:1::", 600, 600, 1)
        ]
    );
    assert_eq!(known[0].told.product.as_deref(), Some("T46S"), "what was told once is kept");
}

#[test]
fn a_flood_from_one_network_pushes_out_nobody_else() {
    let bounds = Bounds { all: 100, of_a_network: 20, of_a_mac: 8 };
    let honest = (0..50).map(|n| (n, address(&format!("10.0.{n}.7"))));
    let flood = (1000..3000).map(|n| (n, address(&format!("192.0.2.{}", n % 250))));
    let table = asked(bounds, honest.chain(flood));
    assert_eq!(table.len(), 70);
    let kept = macs(&table);
    assert!((0..50).all(|n| kept.contains(&mac(n))));
    assert!((2980..3000).all(|n| kept.contains(&mac(n))), "and of the flood the last ones stay");
}

#[test]
fn a_full_table_takes_from_the_network_that_has_most() {
    let bounds = Bounds { all: 60, of_a_network: 40, of_a_mac: 8 };
    let flood = (1000..1040).map(|n| (n, address("192.0.2.1")));
    let honest = (0..50).map(|n| (n, address(&format!("2001:db8:{n}::1"))));
    let table = asked(bounds, flood.chain(honest));
    assert_eq!(table.len(), 60);
    let kept = macs(&table);
    assert!((0..50).all(|n| kept.contains(&mac(n))));
    assert!((1030..1040).all(|n| kept.contains(&mac(n))), "its last ones stay");
}

#[test]
fn who_asks_again_stays() {
    let bounds = Bounds { all: 100, of_a_network: 3, of_a_mac: 8 };
    let source = address("192.0.2.1");
    assert_eq!(macs(&asked(bounds, [1, 2, 3, 1, 4].map(|n| (n, source)))), [mac(3), mac(1), mac(4)]);
}

#[test]
fn a_mac_from_everywhere_has_few_entries_and_those_that_wait_stay() {
    let bounds = Bounds { of_a_mac: 3, ..Bounds::default() };
    let mut table = Table::new(bounds);
    for n in 0..3 {
        let known = table.meet(mac(1), address(&format!("10.0.{n}.1")), told(), |_| false, NOW).unwrap();
        known.pairing = (n < 2).then_some(Pairing { nonce: Nonce([n; 16]), minted: NOW });
    }
    assert!(table.meet(mac(1), address("10.0.9.1"), told(), |_| false, NOW).is_some(), "in the place of an idle one");
    table.of(mac(1)).iter().for_each(|known| assert_ne!(known.source, address("10.0.2.1")));
    table.meet(mac(1), address("10.0.9.1"), told(), |_| false, NOW).unwrap().pairing =
        Some(Pairing { nonce: Nonce([9; 16]), minted: NOW });
    assert!(table.meet(mac(1), address("10.0.8.1"), told(), |_| false, NOW).is_none());
    assert!(table.meet(mac(1), address("10.0.8.1"), told(), |_| false, NOW + 600).is_some(), "their codes are over");
}

/// A phone asks, and shows a code.
fn shows(strangers: &Strangers, source: &str, token: Option<&str>, now: u64) -> Pairing {
    let met = strangers.meet(mac(1), address(source), told(), token, true, now);
    met.and_then(|met| met.pairing).unwrap()
}

#[test]
fn a_code_stays_while_it_lives() {
    let strangers = Strangers::in_memory();
    let first = shows(&strangers, "192.0.2.7", None, NOW);
    assert_eq!(shows(&strangers, "192.0.2.7", None, NOW + 599), first);
    let token = strangers.key().token(first.nonce);
    assert_eq!(shows(&strangers, "198.51.100.9", Some(&token), NOW + 599), first, "the same phone at another address");
    assert_ne!(shows(&strangers, "198.51.100.9", Some(&token), NOW + 600), first);
    assert_eq!(strangers.read().table.of(mac(1)).len(), 1);
}

#[test]
fn a_second_phone_under_one_mac_is_told_once() {
    let strangers = Strangers::in_memory();
    let met = |source: &str, now| strangers.meet(mac(1), address(source), told(), None, true, now).unwrap();
    assert!(!met("192.0.2.7", NOW).has_rival);
    assert!(met("198.51.100.9", NOW + 1).has_rival);
    assert!(!met("192.0.2.7", NOW + 2).has_rival);
    assert_eq!(strangers.read().table.waiting(mac(1), NOW + 2), 2);
    assert!(!met("192.0.2.7", NOW + 700).has_rival, "the other one has gone");
}

fn bless(pairing: Pairing, at: u64, until: u64) -> Ordered {
    Ordered { id: at, at, order: Order::Bless { mac: mac(1), pairing: pairing.nonce, until } }
}

#[test]
fn only_the_blessed_token_is_good_until_the_phone_shows_its_own() {
    let strangers = Strangers::in_memory();
    let (chosen, other) = (shows(&strangers, "192.0.2.7", None, NOW), shows(&strangers, "198.51.100.9", None, NOW));
    let [token, wrong] = [chosen, other].map(|pairing| strangers.key().token(pairing.nonce));
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Nothing);
    strangers.hear(&bless(chosen, NOW, u64::MAX));
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Good);
    assert_eq!(strangers.judge(mac(1), &wrong, NOW), Shown::Nothing);
    assert_eq!(strangers.judge(mac(2), &token, NOW), Shown::Nothing);
    assert_eq!(strangers.judge(mac(1), &token, NOW + BLESSED_SECS), Shown::Nothing, "no order blesses for longer");
    strangers.served(mac(1), false);
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Good);
    assert!(strangers.read().table.is_empty(), "it is no stranger any more");
    strangers.served(mac(1), true);
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Nothing);
}

#[test]
fn what_is_revoked_and_what_is_over_stays_so() {
    let strangers = Strangers::in_memory();
    let pairing = shows(&strangers, "192.0.2.7", None, NOW);
    let token = strangers.key().token(pairing.nonce);
    strangers.hear(&bless(pairing, NOW, NOW + 100));
    strangers.hear(&Ordered { id: 1, at: NOW, order: Order::RevokeTokens { mac: mac(1) } });
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Nothing);
    strangers.hear(&bless(pairing, NOW, NOW + 100));
    assert_eq!(strangers.judge(mac(1), &token, NOW), Shown::Nothing);
}

#[test]
fn a_restart_forgets_neither_strangers_nor_codes_nor_blessings() {
    let folder = tempfile::tempdir().unwrap();
    let strangers = Strangers::open(folder.path()).unwrap();
    let pairing = shows(&strangers, "192.0.2.7", None, NOW);
    let token = strangers.key().token(pairing.nonce);
    strangers.meet(mac(2), address("2001:db8::1"), told(), None, false, NOW + 1);
    drop(strangers);
    let (seen, key) = look(folder.path()).unwrap();
    assert_eq!(seen.iter().map(|known| known.mac).collect::<Vec<_>>(), [mac(2), mac(1)], "the last one first");
    assert!(key.is_token(seen[1].pairing.unwrap().nonce, &token));
    let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
    assert!(!text.contains(&*token) && !text.contains(&key.code(pairing.nonce).to_string()), "{text}");

    let strangers = Strangers::open(folder.path()).unwrap();
    assert_eq!(shows(&strangers, "192.0.2.7", None, NOW + 10), pairing);
    let order = Order::Bless { mac: mac(1), pairing: pairing.nonce, until: NOW + 100 };
    assert_eq!(tell(folder.path(), order.clone(), NOW).unwrap(), Heard::AtTheNextStart);
    drop(strangers);

    let start = |now| {
        let strangers = Strangers::open(folder.path()).unwrap();
        Orders::open(folder.path(), now).unwrap().1.iter().for_each(|told| strangers.hear(told));
        strangers
    };
    let strangers = start(NOW + 20);
    assert_eq!(strangers.judge(mac(1), &token, NOW + 20), Shown::Good);
    strangers.served(mac(1), true);
    drop(strangers);
    assert_eq!(orders::look(folder.path(), NOW + 30).unwrap().len(), 1);
    assert_eq!(start(NOW + 30).judge(mac(1), &token, NOW + 30), Shown::Nothing, "its own was shown before");
}

#[test]
fn a_cut_line_loses_one_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let strangers = Strangers::open(folder.path()).unwrap();
    for n in 0..3 {
        strangers.meet(mac(n), address("192.0.2.7"), told(), None, false, NOW);
    }
    drop(strangers);
    let path = folder.path().join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 9]).unwrap();
    assert_eq!(look(folder.path()).unwrap().0.len(), 2);
}

#[test]
fn what_a_phone_says_of_itself_can_be_shown() {
    let strangers = Strangers::in_memory();
    let said = |product: &str| {
        let told = Told { product: Some(product.into()), ..told() };
        strangers.meet(mac(1), address("192.0.2.7"), told, None, false, NOW);
        let state = strangers.read();
        state.table.of(mac(1))[0].told.product.clone()
    };
    assert_eq!(said("\u{1b}[2J"), None);
    assert_eq!(said(&"x".repeat(65)), None);
    assert_eq!(said("Maxwell 3").as_deref(), Some("Maxwell 3"));
}

#[test]
fn ten_wrong_codes_are_counted_over_commands() {
    let folder = tempfile::tempdir().unwrap();
    for left in (1..=10).rev() {
        assert_eq!(tries(folder.path(), NOW).unwrap(), Ok(left));
        note_wrong_code(folder.path(), NOW).unwrap();
    }
    assert_eq!(tries(folder.path(), NOW + 1).unwrap(), Err(599));
    assert_eq!(tries(folder.path(), NOW + 600).unwrap(), Ok(10));
}
