//! The traps of chapters 1, 2 and 9 of the fact sheets, one by one.

use offhook::catalogue::Evidence;
use offhook::identify::Place;

use crate::{INDEX, claim, file, told};

fn mac(target: &str, user_agent: &str) -> Option<String> {
    claim(target, user_agent).mac.map(|mac| mac.to_string())
}

// --- Yealink ---------------------------------------------------------------------------------------------------------

#[test]
fn yealink_spellings_are_all_understood() {
    for (user_agent, expected) in [
        ("Yealink SIP-T56A  58.80.0.25 001565f429a4", "T56A | 001565f429a4 | 58.80.0.25"),
        ("Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44", "T49G | 0015659b5a44 | 51.80.0.10"),
        ("yealink SIP-T28P 2.70.0.140 00:15:65:13:AE:0B", "T28P | 00156513ae0b | 2.70.0.140"),
        ("Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", "T46G | - | 28.71.0.81"),
        ("VP530P 23.70.0.40 00:15:65:31:4b:c0", "VP530P | 001565314bc0 | 23.70.0.40"),
        ("Yealink SIP-VP59 91.283.0.30", "VP59 | - | 91.283.0.30"),
        (" Yealink SIP-T46S 66.86.0.15 ", "T46S | - | 66.86.0.15"),
        ("Yealink SIP-T46S 66.86.0.15 00:15:65", "T46S | - | 66.86.0.15"),
        ("Yealink SIP-T46S", "T46S | - | -"),
        ("Yealink", "- | - | -"),
    ] {
        let claim = claim("-", user_agent);
        let view = claim.view(&INDEX);
        assert_eq!(view.family, Some("yealink"), "{user_agent}");
        let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
        let line = [word(view.product), word(view.mac.as_deref()), word(view.firmware)].join(" | ");
        assert_eq!(line, expected, "{user_agent}");
    }
}

#[test]
fn a_second_edition_is_not_the_first() {
    let model = |user_agent| claim("-", user_agent).model;
    let (second, first) = (model("Yealink SIP-T19P_E2 53.80.0.3"), model("Yealink SIP-T19P 31.72.0.1"));
    assert!(second.is_none() || second != first);
}

#[test]
fn one_device_renamed_keeps_its_mac() {
    let (base, manager) =
        ("Yealink W80B 103.83.0.122 24:9a:d8:d1:a6:31", "Yealink W80DM 103.83.0.122 24:9a:d8:d1:a6:31");
    assert_eq!(mac("-", base), mac("-", manager));
    assert_ne!(claim("-", base).product, claim("-", manager).product);
}

#[test]
fn the_common_file_with_and_without_a_mac() {
    assert_eq!(
        told("/y000000000066.cfg", "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc").split(" | ").nth(3),
        Some("001565aabbcc")
    );
    assert_eq!(claim("/y000000000028.cfg", "-").product.as_deref(), Some("T46G"));
    assert_eq!(claim("/Y000000000146.CFG", "-").product.as_deref(), Some("W70B"));
    // A W80B and its manager ask for the same number, and only one of them has accounts.
    assert_eq!(claim("/y000000000103.cfg", "-").product, None);
    // The user agent goes before the number, and 00 is what phones without settings ask for, whatever they are.
    assert_eq!(claim("/y000000000000.cfg", "Yealink SIP-T46S 66.86.0.15").product.as_deref(), Some("T46S"));
    assert_eq!(claim("/y000000000000.cfg", "-").product, None);
    assert_eq!(claim("/y000000000044.cfg", "-").product, None);
}

#[test]
fn yealink_files_by_name() {
    for (path, name) in [
        ("/001565AABBCC.cfg", "phone"),
        ("/acme/001565aabbcc.boot", "boot"),
        ("/001565aabbcc-local.cfg", "local"),
        ("/001565aabbcc-contact.xml", "contacts"),
        ("/001565aabbcc-calllog.xml", "call-log"),
        ("/y000000000000.boot", "common-boot"),
    ] {
        assert_eq!(file(path, "-"), Some(("yealink".into(), name.into())), "{path}");
    }
}

// --- Cisco -----------------------------------------------------------------------------------------------------------

#[test]
fn a_serial_number_is_never_a_mac() {
    for user_agent in [
        "Linksys/SPA-942-6.1.5(a) (88019FA42805)",
        "Linksys/SPA942-6.1.5(a) (88019FA42805)",
        "Sipura/SPA-2000-3.1.15 (88019FA42805)",
        "Cisco/SPA525G-7.4.4 (CBT141900G7)",
        "Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)",
    ] {
        assert_eq!(mac("-", user_agent), None, "{user_agent}");
    }
    // The path still tells it.
    assert_eq!(mac("/000E08AABBCC.cfg", "Linksys/SPA-942-6.1.5(a) (88019FA42805)").as_deref(), Some("000e08aabbcc"));
}

#[test]
fn one_group_is_weak_and_two_are_strong() {
    let weak = claim("-", "Cisco/SPA112-1.4.1(SR5) (88755A000001)");
    assert_eq!(weak.mac_evidence, Some(Evidence::Weak));
    assert_eq!(weak.firmware.as_deref(), Some("1.4.1(SR5)"));
    let strong = claim("-", "Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)");
    assert_eq!(strong.mac_evidence, Some(Evidence::Strong));
    // A weak one gives way without a contradiction.
    let both = claim("/88755a000009.xml", "Cisco/SPA112-1.4.1(SR5) (88755A000001)");
    assert_eq!(both.mac.unwrap().to_string(), "88755a000009");
    assert_eq!(both.mac_evidence, Some(Evidence::Strong));
    assert!(both.contradiction.is_none() && both.file.is_some());
}

#[test]
fn firmware_may_hold_parentheses_and_hyphens() {
    for (user_agent, product, firmware) in [
        ("Cisco/SPA525G2-7.6.1(ES_RC01)", "SPA525G2", "7.6.1(ES_RC01)"),
        ("Cisco/SPA122-1.3.5(004p_XU001)", "SPA122", "1.3.5(004p_XU001)"),
        ("Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)", "ATA191", "11-1-0-MSR4"),
        ("linksys/pap2t-5.1.5(LS)", "pap2t", "5.1.5(LS)"),
    ] {
        let claim = claim("-", user_agent);
        assert_eq!((claim.product.as_deref(), claim.firmware.as_deref()), (Some(product), Some(firmware)));
    }
}

#[test]
fn the_same_hardware_is_two_families() {
    let family = |user_agent| claim("-", user_agent).view(&INDEX).family.map(str::to_owned);
    assert_eq!(family("Cisco-CP-8851-3PCC/12.0.1 (001122334455)").as_deref(), Some("cisco-mpp"));
    assert_eq!(family("Cisco-CP8851/12.1.1").as_deref(), Some("cisco-enterprise"));
    assert_eq!(family("Cisco-CP-8841-3PCC/my own text").as_deref(), Some("cisco-mpp"));
    assert_eq!(family("Cisco/DP-9861/3.2.1 (001122334455)").as_deref(), Some("cisco-mpp"));
}

#[test]
fn an_enterprise_phone_tells_its_model_in_sip_only() {
    let model = |user_agent| claim("-", user_agent).view(&INDEX).model.map(str::to_owned);
    for (user_agent, id) in [
        ("Cisco-CP7941G/9.3.1", "cisco-7941"),
        ("Cisco-CP7941G-GE/8.5.4", "cisco-7941"),
        ("Cisco-CP7965G/8.5.4", "cisco-7965"),
        ("Cisco-CP9971/9.4.2", "cisco-9971"),
        ("cisco-cp8851/12.1.1", "cisco-8851"),
    ] {
        assert_eq!(model(user_agent).as_deref(), Some(id), "{user_agent}");
    }
    let fetched = claim("/SEP58971ECC97C1.cnf.xml", "-");
    assert_eq!((fetched.product, fetched.mac.map(|mac| mac.to_string())), (None, Some("58971ecc97c1".to_owned())));
}

#[test]
fn spa_files_in_any_letter_case() {
    for (path, name, product) in [
        ("/spa504G.cfg", "model", Some("spa504G")),
        ("/SPA504g.cfg", "model", Some("SPA504g")),
        ("/SPA504G.xml", "model-xml", Some("SPA504G")),
        ("/504G.xml", "series", Some("SPA504G")),
        ("/spa942.cfg", "model", Some("spa942")),
        ("/spa8800.cfg", "model", Some("spa8800")),
        ("/2102.xml", "series", Some("SPA2102")),
        ("/init.cfg", "init", Some("PAP2T")),
        ("/spa000E08AABBCC.xml", "phone-spa", None),
        ("/spa000e08aabbcc.cfg", "phone-spa-cfg", None),
        ("/000e08aabbcc.xml", "phone", None),
        ("/000e08aabbcc.cfg", "phone-cfg", None),
        ("/cfg/init_000e08aabbcc.xml", "client", None),
    ] {
        assert_eq!(file(path, "-"), Some(("cisco-spa".into(), name.into())), "{path}");
        assert_eq!(claim(path, "-").product.as_deref(), product, "{path}");
    }
}

#[test]
fn the_mac_may_be_in_the_query() {
    assert_eq!(mac("/cisco/menu.xml?locale=germany&name=SEP002155D64F77", "-").as_deref(), Some("002155d64f77"));
    assert_eq!(mac("/spa504G.cfg?mac=000e08aabbcc", "-").as_deref(), Some("000e08aabbcc"));
    assert_eq!(mac("/42/2/cgi/ap?MAC=00%3A01%3Ae3%3A12%3A34%3A56", "-").as_deref(), Some("0001e3123456"));
    assert_eq!(mac("/42/2/cgi/ap?imac=00:01:E3:12:34:56", "-"), None);
}

// --- Gigaset ---------------------------------------------------------------------------------------------------------

#[test]
fn gigaset_spellings_are_all_understood() {
    for (user_agent, expected) in [
        (
            r#""Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80E0D605;Handset=50""#,
            "nx70 | N870 IP PRO | 7c2f80e0d605",
        ),
        ("Gigaset N870 IP PRO/83.V2.43.0-build.5f0a106", "nx70 | N870 IP PRO | -"),
        ("Gigaset N870 VI PRO/83.V2.26.0+build.e6c1b5b;7C2F80XXXXXX;Handset=0", "nx70 | N870 VI PRO | -"),
        ("N720-DM-PRO/70.040.00.000.000", "classic | N720-DM-PRO | -"),
        ("S675IP021400000000", "classic | S675IP | -"),
        ("S675IP  021400000000", "classic | S675IP | -"),
        ("Maxwell 3 PRO/82.2.18.4-release", "maxwell | Maxwell 3 PRO | -"),
        ("Gigaset Maxwell 3 2.41.0 7C:2F:80:AA:BB:D8", "maxwell | Maxwell 3 | 7c2f80aabbd8"),
        ("Mozilla/4.0 (compatible; GigasetP825-SIP 10.1.46.16 2010.12 000413E2AABB SXM:0)", "p | P825 | 000413e2aabb"),
        ("Gigaset-P850", "p | P850 | -"),
    ] {
        let claim = claim("-", user_agent);
        let view = claim.view(&INDEX);
        let family = view.family.unwrap_or("-").trim_start_matches("gigaset-");
        let line = [family, view.product.unwrap_or("-"), view.mac.as_deref().unwrap_or("-")].join(" | ");
        assert_eq!(line, expected, "{user_agent}");
    }
}

#[test]
fn the_way_of_an_old_gigaset_tells_its_number() {
    for (path, product, name) in [
        ("/device/42/2/../../sifs/siu_123.bin", Some("N510 IP PRO"), "siu"),
        ("/42/2/../../sifs/sifsroot.bin", Some("N510 IP PRO"), "sifsroot"),
        ("/acme/70/222/../../sifs/sih_4xx.bin", Some("N720 DM PRO"), "sih"),
        ("/sifs/sit_44x.bin", None, "sit"),
        ("/42/1/master.bin", None, "master"),
        ("/41/master.bin", Some("DX800A"), "master"),
    ] {
        assert_eq!(claim(path, "-").product.as_deref(), product, "{path}");
        assert_eq!(file(path, "-"), Some(("gigaset-classic".into(), name.into())), "{path}");
    }
}

#[test]
fn a_masked_or_empty_mac_is_none() {
    for target in
        ["/7C2F80XXXXXX.xml", "/000000000000.cfg", "/FFFFFFFFFFFF.xml", "/x?mac=FFFFFFFFFF", "/x?mac=ffffffffffff"]
    {
        assert_eq!(mac(target, "-"), None, "{target}");
    }
}

#[test]
fn an_address_of_snom_is_not_a_gigaset() {
    assert_eq!(claim("/000413aabbcc.xml", "-").family, None);
    assert_eq!(claim("/000413e2bbcc.xml", "-").view(&INDEX).family, Some("gigaset-p"));
}

// --- families and files ----------------------------------------------------------------------------------------------

#[test]
fn an_open_family_is_left_to_the_fleet() {
    let claim = claim("/7c2f80aabbcc.xml", "-");
    assert_eq!((claim.family, claim.file, claim.model.as_deref()), (None, None, None));
    assert_eq!(claim.asked.as_deref(), Some("7c2f80aabbcc.xml"));
    for (family, file) in [("gigaset-maxwell", Some("phone")), ("cisco-spa", Some("phone")), ("yealink", None)] {
        let at = INDEX.family_named(family).unwrap();
        let name = claim.file_for(at).map(|file| INDEX.family(at).files[file].name.as_str());
        assert_eq!(name, file, "{family}");
    }
}

#[test]
fn a_hint_never_shuts_the_other_families_out() {
    let claim = claim("/desktop/000e08aabbcc.xml", "-");
    assert_eq!(claim.view(&INDEX).family, Some("cisco-spa"));
    assert!(claim.file_for(INDEX.family_named("gigaset-maxwell").unwrap()).is_some());
}

#[test]
fn the_user_agent_decides_the_family_and_its_files() {
    let yealink = "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc";
    assert_eq!(file("/spa504G.cfg", yealink), None);
    assert!(claim("/spa504G.cfg", yealink).candidates.is_empty());
    assert_eq!(file("/001565aabbcc.cfg", yealink), Some(("yealink".into(), "phone".into())));
    // The MAC's prefix is Yealink's, but a Cisco asks.
    let cisco = "Cisco/SPA504G-7.4.9c (001565000000)(CCQ162306EA)";
    assert_eq!(file("/001565000000.cfg", cisco), Some(("cisco-spa".into(), "phone-cfg".into())));
    assert_eq!(claim("/001565000000.cfg", cisco).candidates.len(), 1);
}

#[test]
fn strong_macs_that_differ_serve_nothing() {
    let claim = claim("/acme/001565aabbcc.cfg", "Yealink SIP-T46S 66.86.0.15 00:15:65:11:22:33");
    assert_eq!((claim.mac, claim.file, claim.candidates.len()), (None, None, 0));
    let contradiction = claim.contradiction.unwrap();
    assert_eq!((contradiction.one.0, contradiction.other.0), (Place::Path, Place::UserAgent));
    assert!(crate::claim("/001565aabbcc.cfg?name=SEP001565112233", "-").contradiction.is_some());
    assert!(crate::claim("/x?mac=001565aabbcc&mac=001565112233", "-").contradiction.is_some());
    assert!(crate::claim("/001565aabbcc.cfg?mac=001565AABBCC", "-").contradiction.is_none());
}

#[test]
fn odd_paths_name_the_same_file() {
    for path in [
        "/001565aabbcc.cfg",
        "//acme//001565AABBCC.CFG",
        "/acme/./x/../001565aabbcc%2ecfg",
        "/~TOKEN/001565aabbcc.cfg",
        "/~TOKEN/../001565aabbcc.cfg",
        "/prefix/~TOKEN/001565aabbcc.cfg",
        "http://phones.example:8443/acme/001565aabbcc.cfg",
        "/acme/001565aabbcc.cfg?x=1",
    ] {
        assert_eq!(file(path, "-"), Some(("yealink".into(), "phone".into())), "{path}");
    }
    for path in [
        "/001565aabbcc.cfg%00",
        "/001565aabbcc.cfg/",
        "/x001565aabbcc.cfg",
        "/001565aabbcc.cfg/..",
        "/%0a001565aabbcc.cfg",
    ] {
        assert_eq!(file(path, "-"), None, "{path}");
    }
}

#[test]
fn a_token_is_in_nothing_that_is_shown() {
    let claim = claim("/~SECRET/001565aabbcc.cfg", "Yealink SIP-T46S 66.86.0.15");
    assert_eq!(claim.token.as_ref().map(|token| token.expose()), Some("SECRET"));
    assert_eq!(claim.site, None);
    assert!(!format!("{claim:?} {:?}", claim.explain(&INDEX)).contains("SECRET"));
}

#[test]
fn the_band_is_of_the_family() {
    let band = |target: &str, user_agent: &str| {
        let claim = claim(target, user_agent);
        let family = INDEX.family(claim.family.unwrap());
        family.bands.name(claim.band.unwrap()).to_owned()
    };
    assert_eq!(band("-", "Yealink SIP-T28P 2.70.0.140"), "v70");
    assert_eq!(band("-", "Yealink SIP-T31G 124.85.257.55"), "v84");
    assert_eq!(band("-", "Cisco/SPA303-7.4.7"), "v74");
    assert_eq!(band("-", "Maxwell 3 PRO/82.2.18.4-release"), "v2");
    assert_eq!(band("/001565aabbcc.cfg", "-"), "v84");
}

#[test]
fn the_view_is_json_with_nulls() {
    let claim = claim("/001565AABBCC.cfg", "-");
    insta::assert_snapshot!(serde_json::to_string(&claim.view(&INDEX)).unwrap(), @r#"{"family":"yealink","model":null,"product":null,"mac":"001565aabbcc","firmware":null,"file":"001565AABBCC.cfg"}"#);
}

#[test]
fn conclusions_are_told_with_their_rules() {
    let claim = claim("/acme/000e08aabbcc.xml", "Cisco/SPA112-1.4.1(SR5) (88755A000001)");
    insta::assert_snapshot!(claim.explain(&INDEX).join("\n"), @"
    user agent matches cisco-spa recognise[3]: firmware `1.4.1(SR5)`
    path matches cisco-spa files[1] `phone`
    product `SPA112` from the user agent is model `cisco-spa112`
    MAC 000e08aabbcc from the path
    MAC 88755a000001 from the user agent, where it may be something else
    ");
    let claim = crate::claim("/7c2f80aabbcc.xml", "curl/8.14.1");
    insta::assert_snapshot!(claim.explain(&INDEX).join("\n"), @"
    user agent matches no family
    several families have such a file: the fleet's phone with this MAC decides
    path matches cisco-mpp files[1] `phone`
    path matches cisco-spa files[1] `phone`
    path matches gigaset-classic files[7] `phone`
    path matches gigaset-maxwell files[1] `phone`
    path matches gigaset-nx70 files[1] `phone`
    path matches gigaset-p files[4] `phone`
    MAC 7c2f80aabbcc from the path
    ");
}
