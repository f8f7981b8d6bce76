//! Whole folders: checkouts, new sites, a fleet that vanishes and comes back, links that are switched.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::house::{CISCO, GIGASET, House, WHILE, YEALINK, fleet, line_text, phone_text, put, shell};

/// The three phones' files, as they are or with other names.
const ALL: [(&str, &str); 3] = [(YEALINK, "Anna"), (CISCO, "Bert"), (GIGASET, "Cleo")];

fn git(folder: &std::path::Path, command: &str) {
    shell(folder, &format!("git -c user.name=x -c user.email=x@example.org -c init.defaultBranch=main {command}"));
}

#[test]
fn a_checkout_of_the_whole_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    fleet(&root);
    // Enough files that a checkout takes longer than one round of events.
    for line in 1000..1400 {
        put(&root, &format!("sites/a/lines/{line}.toml"), &line_text("Many"));
    }
    git(&root, "init -q");
    git(&root, "add -A");
    git(&root, "commit -qm one");
    for (line, name) in [("201", "Dora"), ("202", "Emil"), ("203", "Fred")] {
        put(&root, &format!("sites/a/lines/{line}.toml"), &line_text(name));
    }
    for line in 1000..1400 {
        put(&root, &format!("sites/a/lines/{line}.toml"), &line_text("Other"));
    }
    put(&root, "sites/b/site.toml", "sip.server = \"b.example.org\"\n");
    put(&root, "sites/b/lines/1.toml", &line_text("Gina"));
    put(&root, "sites/b/phones/001565aa0009.toml", &phone_text("yealink-t46s", "1"));
    fs::remove_file(root.join("sites/a/lines/1399.toml")).unwrap();
    git(&root, "add -A");
    git(&root, "commit -qm two");
    git(&root, "checkout -q HEAD~1");
    let house = House::open(folder, root);
    house.now(&ALL);
    let either: &[(&str, &[&str])] =
        &[(YEALINK, &["Anna", "Dora"]), (CISCO, &["Bert", "Emil"]), (GIGASET, &["Cleo", "Fred"])];
    for _ in 0..3 {
        house.while_running(either, || git(house.root(), "checkout -q main"));
        let times = [(YEALINK, "Dora"), (CISCO, "Emil"), (GIGASET, "Fred"), ("001565aa0009.cfg", "Gina")]
            .map(|(file, text)| house.until_has(file, text));
        eprintln!("end of checkout to served: {:?}", times.iter().sum::<Duration>());
        house.until("all files read", |house| house.live.now().world.counts() == (2, 403, 4));
        house.while_running(either, || git(house.root(), "checkout -q HEAD~1"));
        for (file, text) in ALL {
            house.until_has(file, text);
        }
        house.until_status("001565aa0009.cfg", 404);
        house.until("all files read", |house| house.live.now().world.counts() == (1, 403, 3));
        assert!(house.findings().is_empty(), "{}", house.findings());
    }
}

#[test]
fn a_site_that_comes_with_everything_in_it() {
    let house = House::new();
    // Made and filled faster than anybody can put a watch on it, moved in whole, and copied.
    for (round, by) in ["written", "moved", "copied", "linked"].iter().enumerate() {
        let site = house.root().join("sites").join(by);
        let place = if round == 0 { site.clone() } else { house.around().join(by) };
        let mac = format!("001565bb000{round}");
        put(&place, "site.toml", "sip.server = \"sip.example.org\"\n");
        put(&place, "lines/1.toml", &line_text(&format!("Name-{by}")));
        put(&place, &format!("phones/{mac}.toml"), &phone_text("yealink-t46s", "1"));
        match *by {
            "moved" => fs::rename(&place, &site).unwrap(),
            "copied" => shell(house.root(), "cp -r ../copied sites/"),
            "linked" => std::os::unix::fs::symlink(&place, &site).unwrap(),
            _ => {}
        }
        let time = house.until_has(&format!("{mac}.cfg"), &format!("Name-{by}"));
        eprintln!("a site {by} in: {time:?}");
        // And it is watched from then on.
        put(&site, "lines/1.toml", &line_text("Laterone"));
        house.until_has(&format!("{mac}.cfg"), "Laterone");
        put(&site, "lines/2.toml", &line_text("Numbertwo"));
        put(&site, &format!("phones/{mac}.toml"), &phone_text("yealink-t46s", "2"));
        house.until_has(&format!("{mac}.cfg"), "Numbertwo");
    }
    house.until_clean();
}

#[test]
fn a_site_that_is_filled_slowly() {
    let house = House::new();
    let site = house.root().join("sites/slow");
    fs::create_dir(&site).unwrap();
    for (at, path) in ["site.toml", "lines/1.toml", "phones/001565bb0009.toml"].iter().enumerate() {
        sleep(Duration::from_millis(at as u64 * 40));
        let text = ["", "display_name = \"Slow\"\n", "model = \"yealink-t46s\"\nlines = [\"1\"]\n"][at];
        put(&site, path, text);
    }
    house.until_has("001565bb0009.cfg", "Slow");
}

#[test]
fn a_site_that_goes_takes_its_phones_along() {
    let house = House::new();
    put(house.root(), "sites/b/site.toml", "");
    put(house.root(), "sites/b/lines/1.toml", &line_text("Gina"));
    put(house.root(), "sites/b/phones/001565aa0009.toml", &phone_text("yealink-t46s", "1"));
    house.until_has("001565aa0009.cfg", "Gina");
    house.shell("rm -r sites/b");
    house.until_status("001565aa0009.cfg", 404);
    house.now(&ALL);
    assert!(house.findings().is_empty(), "{}", house.findings());
}

#[test]
fn a_site_that_is_renamed() {
    let house = House::new();
    house.while_running(&ALL.map(|(file, text)| (file, Box::leak(Box::new([text])) as &[&str])), || {
        house.shell("mv sites/a sites/b");
        sleep(WHILE);
    });
    house.until("one site", |house| {
        house.live.now().world.site("b").is_some() && house.live.now().world.counts().0 == 1
    });
    house.now(&ALL);
    house.put("sites/b/lines/201.toml", &line_text("Dora"));
    house.until_has(YEALINK, "Dora");
    house.until_clean();
}

#[test]
fn a_fleet_that_is_renamed_away_and_back() {
    let house = House::new();
    let away = house.around().join("away");
    for round in 0..3 {
        fs::rename(house.root(), &away).unwrap();
        house.always(&ALL, Duration::from_millis(round * 200));
        if round == 1 {
            put(&away, "sites/a/lines/203.toml", &line_text("Cleo Two"));
        }
        fs::rename(&away, house.root()).unwrap();
        let name = format!("Bert {round}x");
        house.put("sites/a/lines/202.toml", &line_text(&name));
        house.until_has(CISCO, &name);
    }
    house.until_has(GIGASET, "Cleo Two");
}

#[test]
fn a_fleet_that_is_deleted_and_made_again() {
    let house = House::new();
    fs::remove_dir_all(house.root()).unwrap();
    house.always(&ALL, WHILE);
    // Made again piece by piece.
    let steps: &[(&str, &[&str])] = &[(YEALINK, &["Anna"]), (CISCO, &["Bert", "Emil"]), (GIGASET, &["Cleo"])];
    house.while_running(steps, || {
        fs::create_dir(house.root()).unwrap();
        sleep(Duration::from_millis(150));
        house.put("sites/a/site.toml", "sip.server = \"sip.example.org\"\n");
        sleep(Duration::from_millis(150));
        house.put("sites/a/lines/202.toml", &line_text("Emil"));
        house.put("fleet.toml", "schema = 1\n");
        sleep(Duration::from_millis(150));
        fleet(house.root());
        house.put("sites/a/lines/202.toml", &line_text("Emil"));
    });
    house.until_has(CISCO, "Emil");
    // What did not come back is gone in the end.
    fs::remove_dir_all(house.root()).unwrap();
    house.always(&ALL[..1], WHILE);
    fleet(house.root());
    house.remove("sites/a/phones/7c2f80aa0003.toml");
    house.until_status(GIGASET, 404);
    house.until_has(CISCO, "Bert");
    house.until_clean();
}

#[test]
fn a_fleet_that_is_switched_by_a_link() {
    let folder = tempfile::tempdir().unwrap();
    for (version, name) in [("v1", "Anna"), ("v2", "Dora"), ("v3", "Emma")] {
        fleet(&folder.path().join(version));
        put(&folder.path().join(version), "sites/a/lines/201.toml", &line_text(name));
    }
    shell(folder.path(), "ln -s v1 fleet");
    let root = folder.path().join("fleet");
    let house = House::open(folder, root);
    house.now(&ALL);
    for (version, name) in [("v2", "Dora"), ("v3", "Emma"), ("v1", "Anna")] {
        let any: &[(&str, &[&str])] = &[(YEALINK, &["Anna", "Dora", "Emma"]), (CISCO, &["Bert"])];
        house.while_running(any, || shell(house.around(), &format!("ln -sfn {version} fleet")));
        let time = house.until_has(YEALINK, name);
        eprintln!("switch of a link to served: {time:?}");
    }
    // What is behind the link now is watched, and what was there is not.
    shell(house.around(), "rm -r v2 v3");
    house.put("sites/a/lines/201.toml", &line_text("Nora"));
    house.until_has(YEALINK, "Nora");
    house.until_clean();
}

#[test]
fn a_link_further_up_that_is_switched() {
    let folder = tempfile::tempdir().unwrap();
    fleet(&folder.path().join("one/fleet"));
    fleet(&folder.path().join("two/fleet"));
    put(&folder.path().join("two"), "fleet/sites/a/lines/201.toml", &line_text("Dora"));
    shell(folder.path(), "ln -s one current");
    let root = folder.path().join("current/fleet");
    let house = House::open(folder, root);
    shell(house.around(), "ln -sfn two current");
    house.until_has(YEALINK, "Dora");
    house.put("sites/a/lines/202.toml", &line_text("Emil"));
    house.until_has(CISCO, "Emil");
}

#[test]
fn links_as_container_platforms_make_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    fleet(&root.join("..one"));
    fleet(&root.join("..two"));
    put(&root, "..two/sites/a/lines/201.toml", &line_text("Dora"));
    shell(&root, "ln -s ..one ..data; ln -s ..data/fleet.toml fleet.toml; ln -s ..data/sites sites");
    let house = House::open(folder, root);
    house.now(&ALL);
    house.shell("ln -s ..two ..tmp; mv -T ..tmp ..data; rm -r ..one");
    house.until_has(YEALINK, "Dora");
    house.now(&ALL[1..]);
}

#[test]
fn changes_between_loading_and_watching_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    fleet(&root);
    put(&root, "sites/b/site.toml", "");
    let mut house = House::unwatched(folder, root);
    house.put("sites/a/lines/201.toml", &line_text("Dora"));
    house.put("sites/b/lines/1.toml", &line_text("Gina"));
    house.put("sites/b/phones/001565aa0009.toml", &phone_text("yealink-t46s", "1"));
    house.remove("sites/a/phones/7c2f80aa0003.toml");
    let template = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/yealink/phone.cfg")).unwrap();
    house.put("overrides/templates/yealink/phone.cfg", &(template + "\nours = 1\n"));
    house.now(&ALL);
    house.watch();
    house.until_has(YEALINK, "Dora");
    house.until_has("001565aa0009.cfg", "Gina");
    house.until_has(YEALINK, "ours = 1");
    house.until_status(GIGASET, 404);
}

#[test]
fn a_fleet_in_the_folder_where_the_program_runs() {
    // The only test of this program that changes where it is; nextest runs each in a process of its own.
    let house = House::new();
    let around = house.around().to_owned();
    if std::env::var_os("NEXTEST").is_none() {
        return;
    }
    std::env::set_current_dir(&around).unwrap();
    drop(house);
    let folder = tempfile::tempdir().unwrap();
    fleet(&folder.path().join("fleet"));
    put(folder.path(), "fleet/secrets/pw", "Pw-first");
    put(
        folder.path(),
        "fleet/sites/a/lines/201.toml",
        "display_name = \"Anna\"\nsip.password = { file = \"secrets/pw\" }\n",
    );
    std::env::set_current_dir(folder.path()).unwrap();
    let house = House::open(folder, "fleet".into());
    house.now(&[(YEALINK, "Pw-first")]);
    put(house.around(), "fleet/secrets/pw", "Pw-second");
    house.until_has(YEALINK, "Pw-second");
    put(house.around(), "fleet/sites/a/lines/202.toml", &line_text("Emil"));
    house.until_has(CISCO, "Emil");
}
