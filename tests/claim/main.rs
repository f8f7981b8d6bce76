//! A phone out of its box: it boots, shows a code, is claimed, boots again, and has its account.

mod house;

use house::House;

/// Claims a phone by the code on its screen.
#[track_caller]
fn code_document(house: &House, model: &str, mac: &str) {
    let mut phone = house.phone(model, mac);
    let waiting = phone.boot();
    let code = waiting.code.unwrap_or_else(|| panic!("{model} shows no code: {:?}", waiting.troubles));
    assert!(waiting.accounts.is_empty() && waiting.troubles.is_empty(), "{model}: {:?}", waiting.troubles);
    let seen = house.seen(mac, |known| known["code_waits"] == true);
    assert_eq!(seen["model"], model);
    assert_eq!(seen["command"], "offhook claim CODE --site SITE --line LINE");
    assert!(!seen.to_string().contains(&code) && !seen.to_string().contains("pair-"), "{seen}");
    assert_eq!(phone.boot().code.as_ref(), Some(&code), "{model} shows the same while it waits");

    let claim = format!("claim {} --site far --line 201", code.to_lowercase());
    let (said, status) = house.offhook(&claim);
    assert_eq!(status, 0, "{said}");
    assert_eq!(
        house.file(&format!("sites/far/phones/{mac}.toml")),
        format!("model = \"{model}\"\nlines = [\"201\"]\n")
    );
    let served = phone.boot_until_served();
    assert_eq!((served.code, served.troubles), (None, Vec::new()), "{model}");
    assert_eq!(served.accounts[&1].user, "201");
    assert!(served.accounts[&1].password);
    // Whoever claimed it is in the journal.
    let (history, _) = house.offhook(&format!("history {mac}"));
    assert!(
        history.contains(&format!("sites/far/phones/{mac}.toml, by ")) && history.contains(" with claim"),
        "{history}"
    );
    let (said, status) = house.offhook(&claim);
    assert_eq!((said.as_str(), status), (format!("error: this code was used already, for `{mac}`\n").as_str(), 2));
}

#[test]
fn phones_with_a_screen_are_claimed_by_their_code() {
    let house = House::new();
    for (model, mac) in [
        ("yealink-t46s", "001565aa0101"),
        ("yealink-t19p-e2", "001565aa0102"),
        ("cisco-spa504g", "1cdf0faa0103"),
        // Its user agent has a serial number and no MAC.
        ("cisco-spa525g", "1cdf0faa0104"),
        ("cisco-8851-3pcc", "00562baa0105"),
    ] {
        code_document(&house, model, mac);
    }
}

#[test]
fn phones_that_show_no_code_are_claimed_by_their_mac() {
    let house = House::new();
    for (model, mac, told) in [
        ("gigaset-maxwell3", "7c2f80aa0201", true),
        ("gigaset-n670", "7c2f80aa0202", true),
        ("gigaset-n510", "7c2f80aa0203", true),
        // Its class is two models.
        ("gigaset-p825", "000413e20204", false),
        ("cisco-8851", "001d45aa0205", false),
        ("yealink-w60b", "001565aa0206", true),
        ("cisco-spa112", "1cdf0faa0207", true),
    ] {
        let mut phone = house.phone(model, mac);
        let waiting = phone.boot();
        assert!(waiting.code.is_none() && waiting.accounts.is_empty(), "{model}");
        let seen = house.seen(mac, |_| true);
        assert_eq!((&seen["code_waits"], seen["model"].is_string()), (&false.into(), told), "{seen}");
        let more = if told { "" } else { " --model MODEL" };
        assert_eq!(seen["command"], format!("offhook claim --mac {mac} --site SITE --line LINE{more}"));
        let more = if told { String::new() } else { format!(" --model {model}") };
        let (said, status) = house.offhook(&format!("claim --mac {mac} --site near --line 301{more}"));
        assert_eq!(status, 0, "{said}");
        assert!(said.contains("no code was given: the phone gets its files by what [trust] of `near` says"), "{said}");
        assert_eq!(phone.boot_until_served().accounts.values().next().unwrap().user, "301", "{model}");
    }
}

const YEALINK: &str = "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:03:01";

/// The code in a Yealink's file.
fn code(body: &str) -> String {
    let label = body.lines().find_map(|line| line.strip_prefix("linekey.1.label = Code "));
    label.unwrap_or_else(|| panic!("{body}")).to_owned()
}

#[test]
fn two_phones_that_wait_under_one_mac_block_each_other() {
    let house = House::new();
    let ask = |from| code(&house.curl(from, "/001565aa0301.cfg", YEALINK));
    let (own, other) = (ask("127.0.0.1"), ask("127.0.0.2"));
    assert_ne!(own, other);
    house.seen("001565aa0301", |known| known["has_rival"] == true);
    assert!(house.offhook("seen").0.contains("! another phone waits under this MAC"));
    let claim = |more: &str| house.offhook(&format!("claim {own} --site far --line 201{more}"));
    let (said, status) = claim("");
    assert_eq!(status, 2);
    assert!(said.starts_with("error: 2 phones wait as `001565aa0301`, from 127.0.0."), "{said}");
    assert!(said.contains("hint: this code was given to 127.0.0.1;"), "{said}");
    let (said, status) = claim(" --token-of 127.0.0.2");
    assert_eq!(status, 2);
    assert_eq!(said, "error: the phone that shows this code asks from 127.0.0.1, not from 127.0.0.2\n");
    assert!(!house.folder.path().join("fleet/sites/far/phones").exists());
    let (said, status) = claim(" --token-of 127.0.0.1");
    assert_eq!(status, 0, "{said}");
}

#[test]
fn a_phone_of_the_fleet_is_blessed_and_its_file_left_alone() {
    let house = House::new();
    let text = "# of the lobby\nmodel = \"yealink-t46s\"\nlines = [\"202\"]\n";
    house.put("sites/far/phones/001565aa0401.toml", text);
    let mut phone = house.phone("yealink-t46s", "001565aa0401");
    let code = house::until(|| phone.boot().code.filter(|_| house.offhook("seen").0.contains("is in the fleet")));
    let seen = house.seen("001565aa0401", |known| known["code_waits"] == true);
    assert_eq!(seen["command"], "offhook claim CODE");
    let (said, status) = house.offhook(&format!("claim {code} --site far --line 201"));
    assert_eq!(status, 2);
    assert!(said.contains("sites/far/phones/001565aa0401.toml stays as it is"), "{said}");
    let (said, status) = house.offhook(&format!("claim {code}"));
    assert_eq!(status, 0, "{said}");
    assert_eq!(phone.boot_until_served().accounts[&1].user, "202");
    assert_eq!(house.file("sites/far/phones/001565aa0401.toml"), text);
    let (said, _) = house.offhook("claim --mac 001565aa0401 --site far");
    assert_eq!(said, "error: `001565aa0401` is in the fleet already: sites/far/phones/001565aa0401.toml\n");
}

#[test]
fn a_claim_holds_over_a_restart() {
    let mut house = House::new();
    let mut phone = house.phone("yealink-t46s", "001565aa0501");
    let code = phone.boot().code.unwrap();
    house.stop();
    let (said, status) = house.offhook(&format!("claim {code} --site far --line 201"));
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("no server runs: the phone gets its files when one does"), "{said}");
    house.start();
    assert_eq!(phone.boot().accounts[&1].user, "201");
}

#[test]
fn what_is_wrong_with_a_claim_is_told() {
    let house = House::new();
    let code = code(&house.curl("127.0.0.1", "/001565aa0301.cfg", "Yealink SIP-T99Z 66.86.0.15 00:15:65:aa:03:01"));
    house.seen("001565aa0301", |known| known["code_waits"] == true && known["product"] == "T99Z");
    for (arguments, wrong) in [
        (code.clone(), "`001565aa0301` is new to the fleet: name its site with --site\n  hint: there is far, near"),
        (format!("{code} --site farr"), "there is no site named `farr`\n  hint: did you mean `far`?"),
        (
            format!("{code} --site far --line 2011"),
            "there is no line of the site `far` named `2011`\n  hint: did you mean `201`?",
        ),
        (
            format!("{code} --site far --line 201"),
            "`001565aa0301` did not tell its model: name it with --model\n  hint: one of yealink-",
        ),
        (
            format!("{code} --site far --model yealink-t46z"),
            "the model `yealink-t46z` does not exist\n  hint: did you mean `yealink-t4",
        ),
        (
            format!("{code} --site far --model cisco-spa504g"),
            "`cisco-spa504g` is of the family `cisco-spa`, and the phone asks as one of `yealink`",
        ),
        (
            format!("{code} --site far --line 201 --line 202 --line 201 --model yealink-t19p-e2"),
            "`yealink-t19p-e2` has 1 line, and 3 are named",
        ),
        ("K7W-4P0 --site far".into(), "`0` is in no code: they are made of 34679ACEFHJKPRTWXY"),
        ("K7W-4 --site far".into(), "a code has 6 signs, such as K7W-4PX, and this has 4"),
        ("--mac 001565aa0999 --site far".into(), "`001565aa0999` was never seen: name its model with --model"),
        ("--mac 00 --site far".into(), "`00` is not a MAC address"),
    ] {
        let (said, status) = house.offhook(&format!("claim {arguments}"));
        assert_eq!(status, 2, "{arguments}: {said}");
        assert!(said.starts_with(&format!("error: {wrong}")), "{arguments}: {said}");
    }
    let (said, status) = house.offhook(&format!("claim {code} --site far --line 201 --model yealink-t46s"));
    assert_eq!(status, 0, "{said}");
}

#[test]
fn who_guesses_codes_has_to_wait() {
    let house = House::new();
    for _ in 0..10 {
        let (said, _) = house.offhook("claim K7W-4PX --site far");
        assert!(said.starts_with("error: no phone shows this code\n"), "{said}");
    }
    let code = code(&house.curl("127.0.0.1", "/001565aa0301.cfg", YEALINK));
    house.seen("001565aa0301", |known| known["code_waits"] == true);
    let (said, status) = house.offhook(&format!("claim {code} --site far --line 201"));
    assert_eq!(status, 2);
    assert!(said.starts_with("error: too many wrong codes were given: the next is looked at in "), "{said}");
}

#[test]
fn a_folder_of_no_server_is_told() {
    let mut house = House::new();
    house.stop();
    std::fs::remove_dir_all(house.folder.path().join("state")).unwrap();
    for command in ["seen", "claim K7W-4PX --site far"] {
        let (said, status) = house.offhook(command);
        assert_eq!(status, 2);
        assert!(said.starts_with("error: no server keeps its state in `state`\n  hint: "), "{said}");
    }
}

#[test]
fn a_code_that_two_phones_show_claims_neither() {
    let mut house = House::new();
    let code = code(&house.curl("127.0.0.1", "/001565aa0301.cfg", YEALINK));
    house.stop();
    let path = house.folder.path().join("state/strangers.log");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{}", text.replace("001565aa0301", "001565aa0302"))).unwrap();
    let (said, status) = house.offhook(&format!("claim {code} --site far --line 201"));
    assert_eq!(status, 2);
    assert_eq!(said, "error: several phones show this code: wait until yours shows another\n");
}
