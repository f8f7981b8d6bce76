//! A fleet that demands tokens: each phone is given its own, and finds the way to the steady one as its family does.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::{common, simulate};

const MODELS: [&str; 9] = [
    "yealink-t46s",
    "yealink-w60b",
    "cisco-spa525g",
    "cisco-8845-3pcc",
    "cisco-8861",
    "gigaset-maxwell3",
    "gigaset-n670",
    "gigaset-n510",
    "gigaset-p850",
];

#[test]
fn phones_find_the_way_from_the_first_token_to_the_steady_one() {
    let mut fleet = common::Fleet::empty()
        .with("fleet.toml", "schema = 1\npublic_url = \"http://phones.example.org\"\n")
        .with("sites/a/site.toml", "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"token\"]\n")
        .with("sites/a/lines/201.toml", "sip.password = \"x\"\n");
    for (at, model) in MODELS.iter().enumerate() {
        let text = format!("model = \"{model}\"\nlines = [\"201\"]\n");
        fleet = fleet.with(&format!("sites/a/phones/0015650000{at:02}.toml"), &text);
    }
    let folder = fleet.path().to_str().expect("a path of the test");
    let (told, code) = simulate(&["--fleet", folder, "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!((code, &told["differences"]), (0, &0.into()), "{told:#}");
    let mut ways = String::new();
    for phone in told["phones"].as_array().expect("phones") {
        let requests = phone["requests"].as_array().expect("requests").iter();
        ways += &format!("{}\n", phone["model"].as_str().expect("a model"));
        ways += &way(requests.filter(|request| request["status"] == 200).filter_map(|request| request["url"].as_str()));
    }
    assert_snapshot!(ways, @"
    yealink-t46s
      token 1 001565000000.cfg
      token 2 001565000000.cfg
    yealink-w60b
      token 1 001565000001.cfg
      token 2 001565000001.cfg
    cisco-spa525g
      token 1 spa525G.cfg
      token 1 001565000002.xml
      token 2 001565000002.xml
    cisco-8845-3pcc
      token 1 8845-3PCC.xml
      token 2 001565000003.xml
    cisco-8861
      token 1 SEP001565000004.cnf.xml
      token 1 DialTemplate.xml
      token 1 SEP001565000004.cnf.xml
      token 1 DialTemplate.xml
    gigaset-maxwell3
      token 1 provisioning.xml
      token 2 001565000005.xml
    gigaset-n670
      token 1 001565000006.xml
      token 2 001565000006.xml
    gigaset-n510
      token 1 42/2/master.bin
      token 1 42/2/../../sifs/sifsroot.bin
      token 1 42/2/../../sifs/sih_4xx.bin
      token 1 42/2/../../sifs/sit_44x.bin
      token 1 42/2/../../sifs/siu_444.bin
      token 1 001565000007.xml
      token 1 42/2/master.bin
      token 1 42/2/../../sifs/sifsroot.bin
      token 1 42/2/../../sifs/sih_4xx.bin
      token 1 42/2/../../sifs/sit_44x.bin
      token 1 42/2/../../sifs/siu_444.bin
      token 1 001565000007.xml
    gigaset-p850
      token 1 GigasetP85x-001565000008.htm
      token 2 001565000008.xml
    ");
}

/// The files that a phone got, with its tokens by the order in which it used them.
fn way<'a>(urls: impl Iterator<Item = &'a str>) -> String {
    let mut tokens: BTreeMap<&str, usize> = BTreeMap::new();
    urls.map(|url| {
        let (token, file) = url.split_once("/~").and_then(|(_, rest)| rest.split_once('/')).expect("a token");
        let known = tokens.len() + 1;
        format!("  token {} {file}\n", tokens.entry(token).or_insert(known))
    })
    .collect()
}
