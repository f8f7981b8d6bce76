//! Overrides: templates, models, settings and codes of the user's own.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use crate::house::{CISCO, House, WHILE, YEALINK, phone_text};

fn shipped(path: &str) -> String {
    fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn a_broken_template_stays_out_until_it_is_mended() {
    let house = House::new();
    let path = "overrides/templates/yealink/phone.cfg";
    let good = shipped("templates/yealink/phone.cfg");
    house.put(path, &format!("{good}\nours = 1\n"));
    let time = house.until_has(YEALINK, "ours = 1");
    eprintln!("template to served: {time:?}");
    for bad in [format!("{good}\nours = {{% if %}}\n"), format!("{good}\nours = {{{{ phone.nmae }}}}\n")] {
        house.put(path, &bad);
        house.until_told("bad-template");
        house.always(&[(YEALINK, "ours = 1"), (CISCO, "Bert")], WHILE);
    }
    house.put(path, &format!("{good}\nours = 2\n"));
    house.until_has(YEALINK, "ours = 2");
    house.until("no finding of the template", |house| !house.findings().contains("bad-template"));
    house.remove(path);
    house.until("the shipped one", |house| !house.has(YEALINK, "ours"));
    house.now(&[(YEALINK, "Anna")]);
}

#[test]
fn a_template_that_fails_for_a_model_nobody_has_is_taken_back() {
    let house = House::new();
    let path = "overrides/templates/yealink/phone.cfg";
    let good = shipped("templates/yealink/phone.cfg");
    house.put(path, &format!("{good}\nours = 1\n"));
    house.until_has(YEALINK, "ours = 1");
    let bad = "{% if model.id == \"yealink-t28p\" %}{{ phone.nmae }}{% endif %}";
    house.put(path, &format!("{good}\nours = 2{bad}\n"));
    house.until_told("for `yealink-t28p`");
    // What is served is the last version that was proven with every model, which may be the shipped one.
    house.until("the former one", |house| !house.has(YEALINK, "ours = 2"));
    // It stays out when something else is edited, until it is mended.
    house.put("overrides/templates/cisco-spa/readme.txt", "so that the templates are read again");
    house.always(&[(YEALINK, "Anna"), (CISCO, "Bert")], WHILE);
    assert!(!house.has(YEALINK, "ours = 2"));
    house.put(path, &format!("{good}\nours = 3\n"));
    house.until_has(YEALINK, "ours = 3");
    house.until("no finding of the template", |house| !house.findings().contains("bad-template"));
}

#[test]
fn a_half_written_template_is_never_served() {
    let house = House::new();
    let good = shipped("templates/yealink/phone.cfg");
    let path = house.root().join("overrides/templates/yealink/phone.cfg");
    house.put("overrides/templates/yealink/phone.cfg", &format!("{good}\nours = 1\n"));
    house.until_has(YEALINK, "ours = 1");
    house.while_running(&[(YEALINK, &["ours = 1", "ours = 2"])], || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        sleep(Duration::from_millis(150));
        file.write_all(b"#!version:1.0.0.1\n").unwrap();
        // An edit of the fleet in between is served, with the old template.
        house.put("sites/b/site.toml", "");
        sleep(Duration::from_millis(150));
        file.write_all(good.strip_prefix("#!version:1.0.0.1\n").unwrap().as_bytes()).unwrap();
        file.write_all(b"\nours = 2\n").unwrap();
    });
    house.until_has(YEALINK, "ours = 2");
}

#[test]
fn a_model_of_the_users_own_comes_changes_and_goes() {
    let house = House::new();
    house.put("sites/a/phones/001565aa0001.toml", &phone_text("yealink-t46x", "202"));
    house.until_told("the model `yealink-t46x` does not exist");
    house.always(&[(YEALINK, "Anna")], WHILE);
    let model = shipped("models/yealink/t46s.toml").replace("\"T46S\"", "\"T46X\"");
    house.put("overrides/models/yealink/t46x.toml", &model);
    house.until_has(YEALINK, "Bert");
    // What breaks in it later stays as it was.
    house.put("overrides/models/yealink/t46x.toml", &model.replace("[lines]", "[lins]"));
    house.until_told("lins");
    house.always(&[(YEALINK, "Bert")], WHILE);
    house.remove("overrides/models/yealink/t46x.toml");
    house.until_told("was deleted while phones are of the model `yealink-t46x`");
    house.always(&[(YEALINK, "Bert")], WHILE);
    house.put("sites/a/phones/001565aa0001.toml", &phone_text("yealink-t46s", "201"));
    house.until_has(YEALINK, "Anna");
    house.put("overrides/models/readme.txt", "so that the catalogue is read again");
    house.until_clean();
}

#[test]
fn a_setting_of_the_users_own() {
    let house = House::new();
    house.put("fleet.toml", "schema = 1\n[settings]\nshoe_size = 42\n");
    house.until_told("shoe_size");
    house.now(&[(YEALINK, "Anna")]);
    let settings = shipped("models/settings.toml")
        + "\n[shoe_size]\ntype = \"integer\"\nrange = [1, 60]\nscope = \"phone\"\ngroup = \"general\"\nlevel = \"admin\"\n";
    let mapping = shipped("models/yealink/settings.toml")
        + "\n[shoe_size]\nparameter = \"shoe.size\"\nstate = \"known\"\nsource = \"a test\"\n";
    house.put("overrides/models/settings.toml", &settings);
    house.put("overrides/models/yealink/settings.toml", &mapping);
    house.until_has(YEALINK, "shoe.size = 42");
}

#[test]
fn a_table_of_codes_that_comes_after_the_site_that_names_it() {
    let house = House::with(|root| {
        crate::house::put(root, "sites/a/site.toml", "feature_codes = \"ours\"\nsip.server = \"late.example.org\"\n");
    });
    assert_eq!(house.get(YEALINK).0, 503);
    house.put("overrides/models/feature-codes/ours.toml", &shipped("models/feature-codes/ovh.toml"));
    house.until_has(YEALINK, "late.example.org");
    house.until_clean();
}
