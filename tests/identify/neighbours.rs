//! Phones of other makers: `fixtures/user-agents/other-user-agents.tsv`. None is taken for one of ours, least of all a
//! Snom, whose addresses and files are those of Gigaset's P phones too.

use std::fs;
use std::path::Path;

use crate::{INDEX, claim};

/// A row: user agent, path, maker, MAC, the last three as in the table.
struct Row {
    user_agent: String,
    path: String,
    maker: String,
    mac: String,
}

fn rows() -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/user-agents/other-user-agents.tsv");
    let row = |line: &str| {
        let [user_agent, path, maker, _, mac, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        Row { user_agent: user_agent.into(), path: path.into(), maker: maker.into(), mac: mac.into() }
    };
    fs::read_to_string(file).unwrap().lines().skip(1).map(row).collect()
}

fn family(target: &str, user_agent: &str) -> Option<String> {
    claim(target, user_agent).view(&INDEX).family.map(str::to_owned)
}

#[test]
fn no_other_maker_is_one_of_ours_by_its_user_agent() {
    let rows = rows();
    assert!(rows.len() > 60, "{}", rows.len());
    for row in rows {
        assert_eq!(family("-", &row.user_agent), None, "{}", row.user_agent);
    }
}

#[test]
fn a_snom_is_no_gigaset() {
    let snoms: Vec<Row> = rows().into_iter().filter(|row| row.maker == "snom").collect();
    assert_eq!(snoms.len(), 11);
    for row in &snoms {
        // Its own address, and those of the blocks that Gigaset's phones have.
        for mac in [&row.mac, "000413e2aabb", "000413E3AABB", "000413e5aabb", "000413e7aabb", "00acdce3aabb"] {
            for target in [format!("/{mac}.xml"), format!("/desktop/{mac}.xml"), format!("/prov-{mac}.xml")] {
                assert_eq!(family(&target, &row.user_agent), None, "{target} as {}", row.user_agent);
            }
        }
        assert_eq!(family(&row.path, &row.user_agent), None, "{} as {}", row.path, row.user_agent);
    }
}

#[test]
fn a_snoms_own_files_are_not_a_gigasets() {
    for target in
        ["/snomD345-000413A11FA7.htm", "/prov/snom725-000413e2aabb.htm", "/snom/000413e2aabb.xml", "/snom725.htm"]
    {
        for user_agent in ["-", "curl/8.5.0"] {
            assert_eq!(family(target, user_agent), None, "{target}");
        }
    }
    // The fleet may know better: nobody has seen what a P phone says that it is.
    let claim = claim("/000413e2aabb.xml", "Mozilla/4.0 (compatible; snomD865-SIP 10.1.46.16 000413E2AABB SXM:0)");
    let at = INDEX.family_named("gigaset-p").unwrap();
    assert!(claim.family.is_none() && claim.file_for(at).is_some() && claim.mac.is_some());
}

#[test]
fn an_address_is_a_hint_where_nobody_says_who_it_is() {
    for mac in ["000413e2aabb", "000413E3AABB", "000413e5aabb", "000413e7aabb", "00acdce3aabb", "00acdce4aabb"] {
        assert_eq!(family(&format!("/{mac}.xml"), "-").as_deref(), Some("gigaset-p"), "{mac}");
        assert_eq!(family(&format!("/{mac}.xml"), "curl/8.5.0").as_deref(), Some("gigaset-p"), "{mac}");
    }
    for mac in ["0004132500aa", "000413a0cb21", "00041396d9b4"] {
        assert_eq!(family(&format!("/{mac}.xml"), "-"), None, "{mac}");
    }
}
