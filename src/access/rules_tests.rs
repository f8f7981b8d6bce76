//! Every role, every action, every kind of thing.

use compact_str::CompactString;

use super::*;
use crate::fleet::Entity;

const ACTIONS: [(char, Action); 6] = [
    ('s', Action::See),
    ('i', Action::Inspect),
    ('w', Action::Write),
    ('k', Action::WriteKeys),
    ('r', Action::Resync),
    ('c', Action::Claim),
];

/// Site `a` has the lines 1 and 2, and so on. The phone `a: 1 2` has 1 as its primary line.
fn targets() -> Vec<(&'static str, Target<'static>)> {
    let line = |site, line| Target::Line { site, line };
    let phone = |site, lines: &[&'static str]| Target::Phone { site, lines: lines.to_vec() };
    vec![
        ("catalogue", Target::Catalogue),
        ("fleet", Target::Fleet),
        ("server", Target::Server),
        ("tokens", Target::Tokens),
        ("strangers", Target::Strangers),
        ("site a", Target::Site("a")),
        ("site b", Target::Site("b")),
        ("line a/1", line("a", "1")),
        ("line a/2", line("a", "2")),
        ("line b/1", line("b", "1")),
        ("phone a: 1 2", phone("a", &["1", "2"])),
        ("phone a: 2 1", phone("a", &["2", "1"])),
        ("phone a: 2", phone("a", &["2"])),
        ("phone a:", phone("a", &[])),
        ("phone b: 1", phone("b", &["1"])),
    ]
}

fn principal(role: Role) -> Principal {
    Principal { id: "id".into(), name: "name".into(), role }
}

fn sites(names: &[&str]) -> std::collections::BTreeSet<CompactString> {
    names.iter().map(|name| (*name).into()).collect()
}

fn user() -> Principal {
    principal(Role::User { lines: ["a/1".parse().unwrap()].into() })
}

/// A letter for what is allowed, `-` for what is forbidden; nothing at all where it is not seen.
fn table(role: Role) -> String {
    let principal = principal(role);
    let row = |(name, target): (&str, Target<'_>)| {
        let may = ACTIONS.map(|(letter, action)| match principal.allow(action, &target) {
            Ok(()) => letter,
            Err(Denied::Forbidden { .. }) => '-',
            Err(Denied::Hidden) => ' ',
        });
        format!("{name:<14}{}", may.iter().collect::<String>()).trim_end().to_owned() + "\n"
    };
    targets().into_iter().map(row).collect()
}

#[test]
fn an_administrator_may_do_everything() {
    insta::assert_snapshot!(table(Role::Admin {}), @"
    catalogue     siwkrc
    fleet         siwkrc
    server        siwkrc
    tokens        siwkrc
    strangers     siwkrc
    site a        siwkrc
    site b        siwkrc
    line a/1      siwkrc
    line a/2      siwkrc
    line b/1      siwkrc
    phone a: 1 2  siwkrc
    phone a: 2 1  siwkrc
    phone a: 2    siwkrc
    phone a:      siwkrc
    phone b: 1    siwkrc
    ");
}

#[test]
fn an_operator_has_its_sites_and_nothing_that_reaches_beyond() {
    insta::assert_snapshot!(table(Role::Operator { sites: sites(&["a"]) }), @"
    catalogue     si----
    fleet         ------
    server        ------
    tokens        ------
    strangers     ------
    site a        siwkrc
    site b
    line a/1      siwkrc
    line a/2      siwkrc
    line b/1
    phone a: 1 2  siwkrc
    phone a: 2 1  siwkrc
    phone a: 2    siwkrc
    phone a:      siwkrc
    phone b: 1
    ");
}

#[test]
fn a_reader_changes_nothing() {
    insta::assert_snapshot!(table(Role::Reader { sites: None }), @"
    catalogue     si----
    fleet         si----
    server        si----
    tokens        ------
    strangers     si----
    site a        si----
    site b        si----
    line a/1      si----
    line a/2      si----
    line b/1      si----
    phone a: 1 2  si----
    phone a: 2 1  si----
    phone a: 2    si----
    phone a:      si----
    phone b: 1    si----
    ");
    insta::assert_snapshot!(table(Role::Reader { sites: Some(sites(&["a"])) }), @"
    catalogue     si----
    fleet         ------
    server        ------
    tokens        ------
    strangers     ------
    site a        si----
    site b
    line a/1      si----
    line a/2      si----
    line b/1
    phone a: 1 2  si----
    phone a: 2 1  si----
    phone a: 2    si----
    phone a:      si----
    phone b: 1
    ");
}

#[test]
fn a_user_has_the_keys_of_its_lines() {
    insta::assert_snapshot!(table(Role::User { lines: ["a/1".parse().unwrap()].into() }), @"
    catalogue     si----
    fleet         ------
    server        ------
    tokens        ------
    strangers     ------
    site a        ------
    site b
    line a/1      s--k--
    line a/2
    line b/1
    phone a: 1 2  s---r-
    phone a: 2 1  s-----
    phone a: 2
    phone a:
    phone b: 1
    ");
}

#[test]
fn a_site_that_is_not_there_yet_is_made_by_whom_it_is_given() {
    let operator = principal(Role::Operator { sites: sites(&["a", "new"]) });
    assert_eq!(operator.allow(Action::Write, &Target::file(&Entity::Site("new".into()))), Ok(()));
    assert_eq!(operator.allow(Action::Write, &Target::file(&Entity::Site("newer".into()))), Err(Denied::Hidden));
}

#[test]
fn files_are_targets() {
    let (site, line): (CompactString, CompactString) = ("a".into(), "1".into());
    for (entity, admin, operator, user_of_line) in [
        (Entity::Root, "ok", "forbidden", "forbidden"),
        (Entity::Site(site.clone()), "ok", "ok", "forbidden"),
        (Entity::Line(site.clone(), line.clone()), "ok", "ok", "forbidden"),
        (Entity::Line("b".into(), line), "ok", "hidden", "hidden"),
        (Entity::Phone(site, "001565aabbcc".into()), "ok", "ok", "hidden"),
    ] {
        let said = |principal: Principal| match principal.allow(Action::Write, &Target::file(&entity)) {
            Ok(()) => "ok",
            Err(Denied::Hidden) => "hidden",
            Err(Denied::Forbidden { .. }) => "forbidden",
        };
        assert_eq!(said(principal(Role::Admin {})), admin, "{entity:?}");
        assert_eq!(said(principal(Role::Operator { sites: sites(&["a"]) })), operator, "{entity:?}");
        assert_eq!(said(principal(Role::Reader { sites: None })), "forbidden", "{entity:?}");
        assert_eq!(said(user()), user_of_line, "{entity:?}");
    }
}

#[test]
fn what_is_forbidden_says_why() {
    let said = |action, target: &Target<'_>| user().allow(action, target).unwrap_err().to_string();
    let phone = Target::Phone { site: "a", lines: vec!["2", "1"] };
    assert_eq!(said(Action::Resync, &phone), "only the user of the phone's primary line may do this");
    assert_eq!(said(Action::Write, &phone), "a user's token changes the keys of its lines, and nothing else");
    assert_eq!(said(Action::See, &Target::Site("b")), "there is no such thing");
}
