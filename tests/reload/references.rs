//! What names another file: lines, sites, and two files for one phone.

use std::fs;

use crate::house::{CISCO, GIGASET, House, WHILE, YEALINK, fleet, line_text, phone_text, put};

const ANNA: &str = "sites/a/lines/201.toml";
const PHONE: &str = "sites/a/phones/001565aa0001.toml";

#[test]
fn a_deleted_line_stays_served_while_a_phone_names_it() {
    let house = House::new();
    house.remove(ANNA);
    house.until_told("the file of the line `201` was deleted; its last good version stays served");
    house.always(&[(YEALINK, "Anna")], WHILE);
    house.put(PHONE, &phone_text("yealink-t46s", "202"));
    house.until_has(YEALINK, "Bert");
    house.until_clean();
}

#[test]
fn a_deleted_site_file_stays_served_while_the_site_has_phones() {
    let house = House::new();
    house.remove("sites/a/site.toml");
    house.until_told("sites/a/site.toml: was deleted while the site has phones");
    house.always(&[(YEALINK, "sip.example.org")], WHILE);
    house.put("sites/a/site.toml", "sip.server = \"back.example.org\"\n");
    house.until_has(YEALINK, "back.example.org");
    house.until_clean();
}

#[test]
fn a_phone_that_names_a_line_before_it_exists() {
    let house = House::new();
    house.put(PHONE, &phone_text("yealink-t46s", "204"));
    house.until_told("the line `204` does not exist in the site `a`");
    house.always(&[(YEALINK, "Anna")], WHILE);
    // A line with a mistake does not help.
    house.put("sites/a/lines/204.toml", "nonsense = 1\n");
    house.until_told("the line `204` has no good version");
    house.now(&[(YEALINK, "Anna")]);
    house.put("sites/a/lines/204.toml", &line_text("Dora"));
    house.until_has(YEALINK, "Dora");
    house.until_clean();
}

#[test]
fn a_new_phone_whose_line_comes_later() {
    let house = House::new();
    let file = "001565aa0004.cfg";
    house.put("sites/a/phones/001565aa0004.toml", &phone_text("yealink-t46s", "204"));
    house.until_status(file, 503);
    house.put("sites/a/lines/204.toml", &line_text("Dora"));
    house.until_has(file, "Dora");
}

#[test]
fn of_two_files_for_one_phone_the_earlier_stays() {
    let house = House::new();
    house.put("sites/b/site.toml", "");
    house.put("sites/b/lines/1.toml", &line_text("Other"));
    house.put("sites/b/phones/00-15-65-AA-00-01.toml", &phone_text("yealink-t46s", "1"));
    house.until_told("the same MAC is stored in");
    house.always(&[(YEALINK, "Anna")], WHILE);
    house.remove("sites/b/phones/00-15-65-AA-00-01.toml");
    house.until_clean();
    house.now(&[(YEALINK, "Anna")]);
    // And if the earlier one is taken away, the other holds.
    house.put("sites/b/phones/001565aa0001.toml", &phone_text("yealink-t46s", "1"));
    house.until_told("the same MAC is stored in");
    house.remove(PHONE);
    house.until_has(YEALINK, "Other");
    house.until_clean();
}

#[test]
fn a_phone_that_moves_to_another_site_is_never_unknown() {
    let house = House::new();
    house.put("sites/0/site.toml", "");
    house.put("sites/0/lines/201.toml", &line_text("Moved"));
    house.until("the site is there", |house| house.live.now().world.line("0", "201").is_some());
    house.while_running(&[(YEALINK, &["Anna", "Moved"])], || {
        house.shell("mkdir sites/0/phones; mv sites/a/phones/001565aa0001.toml sites/0/phones/");
        std::thread::sleep(WHILE);
    });
    house.until_has(YEALINK, "Moved");
    house.while_running(&[(YEALINK, &["Anna", "Moved"])], || {
        house.shell("mv sites/0/phones/001565aa0001.toml sites/a/phones/");
        std::thread::sleep(WHILE);
    });
    house.until_has(YEALINK, "Anna");
    house.until_clean();
}

#[test]
fn a_restart_with_broken_files_serves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("fleet");
    fleet(&root);
    put(&root, ANNA, "display_name = \"An");
    fs::write(root.join("sites/a/phones/7c2f80aa0003.toml"), b"\xff").unwrap();
    let house = House::open(folder, root);
    assert_eq!(house.get(YEALINK).0, 503);
    assert_eq!(house.get(GIGASET).0, 503);
    house.now(&[(CISCO, "Bert")]);
    house.put(ANNA, &line_text("Anna"));
    house.until_has(YEALINK, "Anna");
    house.put("sites/a/phones/7c2f80aa0003.toml", &phone_text("gigaset-maxwell3", "203"));
    house.until_has(GIGASET, "Cleo");
    house.until_clean();
}

#[test]
fn a_restart_with_a_phone_in_two_sites_serves_it_when_one_is_gone() {
    let house = House::with(|root| {
        put(root, "sites/b/site.toml", "");
        put(root, "sites/b/lines/1.toml", &line_text("Other"));
        put(root, "sites/b/phones/001565aa0001.toml", &phone_text("yealink-t46s", "1"));
    });
    assert_eq!(house.get(YEALINK).0, 503);
    house.now(&[(CISCO, "Bert")]);
    house.remove("sites/b/phones/001565aa0001.toml");
    house.until_has(YEALINK, "Anna");
}

#[test]
fn a_label_follows_the_name_of_another_line() {
    const BERT: &str = "sites/a/lines/202.toml";
    let key = |label: &str| format!("[keys.2]\nfunction = \"dial\"\nnumber = \"202\"\nlabel = \"{label}\"\n");
    let house = House::with(|root| put(root, ANNA, &(line_text("Anna") + &key("to ${name:202}"))));
    let label = |name: &str| format!("linekey.2.label = to {name}\n");
    house.now(&[(YEALINK, &label("Bert"))]);
    house.put(BERT, &line_text("Berta"));
    house.until_has(YEALINK, &label("Berta"));
    // A mistake in its file changes no name.
    house.put(BERT, "display_name = 1\n");
    house.until_told("`display_name` must be a text");
    house.always(&[(YEALINK, &label("Berta"))], WHILE);
    house.remove(BERT);
    house.until_told("the file of the line `202` was deleted");
    house.now(&[(YEALINK, &label("202")), (CISCO, "Berta")]);
    house.put(BERT, &line_text("Berta"));
    house.until_has(YEALINK, &label("Berta"));
    // A line that comes later gives its number a name.
    house.put(ANNA, &(line_text("Anna") + &key("to ${name:204}")));
    house.until_has(YEALINK, &label("204"));
    house.put("sites/a/lines/204.toml", &line_text("Dora"));
    house.until_has(YEALINK, &label("Dora"));
    // And so does the site, and a layout's label follows as well.
    house.put(ANNA, "layout = \"desk\"\n");
    let site = |name: &str| {
        let numbers = format!("[numbers.205]\nkind = \"external\"\nlabel = \"{name}\"\n");
        format!(
            "sip.server = \"sip.example.org\"\n{numbers}[layouts.desk.keys.2]\nfunction = \"redial\"\n\
                 [layouts.desk.keys.3]\nfunction = \"dial\"\nnumber = \"1\"\nlabel = \"${{name:205}} ${{name:204}}\"\n"
        )
    };
    house.put("sites/a/site.toml", &site("Egon"));
    house.until_has(YEALINK, "linekey.3.label = Egon Dora\n");
    house.put("sites/a/site.toml", &site("Emil"));
    house.until_has(YEALINK, "linekey.3.label = Emil Dora\n");
    house.put("sites/a/lines/204.toml", &line_text("Dina"));
    house.until_has(YEALINK, "linekey.3.label = Emil Dina\n");
}
