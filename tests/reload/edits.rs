//! Single files, as editors and programs write them.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use crate::house::{CISCO, GIGASET, House, WHILE, YEALINK, line_text, phone_text};

const ANNA: &str = "sites/a/lines/201.toml";

#[test]
fn a_good_edit_is_served_soon() {
    let house = House::new();
    house.now(&[(YEALINK, "Anna"), (CISCO, "Bert"), (GIGASET, "Cleo")]);
    let mut times: Vec<Duration> = (0..20)
        .map(|at| {
            let name = format!("Anna{at}x");
            house.put(ANNA, &line_text(&name));
            house.until_has(YEALINK, &name)
        })
        .collect();
    times.sort();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!("edit to served: median {median:?}, most {most:?}");
    assert!(median < Duration::from_secs(2), "{times:?}");
    house.now(&[(CISCO, "Bert"), (GIGASET, "Cleo")]);
}

#[test]
fn every_kind_of_file_is_followed() {
    let house = House::new();
    house.put("fleet.toml", "schema = 1\n[settings]\nlanguage = \"fr\"\n");
    house.until_has(YEALINK, "lang.gui = French");
    house.put("sites/a/site.toml", "sip.server = \"other.example.org\"\n");
    house.until_has(GIGASET, "other.example.org");
    house.put("sites/a/phones/001565aa0001.toml", &phone_text("yealink-t46s", "203"));
    house.until_has(YEALINK, "Cleo");
}

#[test]
fn an_editor_that_writes_aside_and_renames() {
    let house = House::new();
    let old_or_new: &[(&str, &[&str])] = &[(YEALINK, &["Anna", "Dora"])];
    house.while_running(old_or_new, || house.shell("sed -i s/Anna/Dora/ sites/a/lines/201.toml"));
    house.until_has(YEALINK, "Dora");
    assert!(house.findings().is_empty(), "{}", house.findings());
}

#[test]
fn an_editor_that_renames_the_file_and_takes_its_time_for_the_new_one() {
    let house = House::new();
    let path = house.root().join(ANNA);
    house.while_running(&[(YEALINK, &["Anna", "Dora"])], || {
        // vim: a test file, the backup, the new file, and the backup away.
        let folder = path.parent().unwrap();
        fs::write(folder.join("4913"), "").unwrap();
        fs::remove_file(folder.join("4913")).unwrap();
        fs::rename(&path, folder.join("201.toml~")).unwrap();
        sleep(Duration::from_millis(30));
        let mut file = File::create(&path).unwrap();
        sleep(WHILE);
        file.write_all(line_text("Dora").as_bytes()).unwrap();
        file.sync_all().unwrap();
        sleep(WHILE);
        drop(file);
        fs::remove_file(folder.join("201.toml~")).unwrap();
    });
    house.until_has(YEALINK, "Dora");
    assert!(house.findings().is_empty(), "{}", house.findings());
}

#[test]
fn a_half_written_file_is_never_served() {
    let house = House::new();
    let path = house.root().join("sites/a/phones/001565aa0001.toml");
    // Every line of it is a valid phone's file, but not this phone's.
    house.while_running(&[(YEALINK, &["Anna", "Cleo"])], || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        for line in ["model = \"yealink-t46s\"\n", "lines = [\"203\"]\n", "[settings]\n", "language = \"de\"\n"] {
            file.write_all(line.as_bytes()).unwrap();
            sleep(Duration::from_millis(120));
        }
        file.write_all(b"timezone = \"Europe/Berlin\"\n").unwrap();
    });
    house.until_has(YEALINK, "Cleo");
    house.now(&[(YEALINK, "German")]);
}

#[test]
fn a_half_written_file_is_not_served_when_everything_is_looked_at() {
    let house = House::new();
    let path = house.root().join(ANNA);
    house.while_running(&[(YEALINK, &["Anna", "Dora"]), (CISCO, &["Bert"])], || {
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        for name in ["b", "c", "d"] {
            fs::create_dir_all(house.root().join("sites").join(name).join("lines")).unwrap();
            sleep(Duration::from_millis(120));
        }
        file.write_all(line_text("Dora").as_bytes()).unwrap();
    });
    house.until_has(YEALINK, "Dora");
}

#[test]
fn a_writer_who_never_stops_does_not_keep_others_from_being_served() {
    let house = House::new();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stopped = stopped;
            while stopped.try_recv().is_err() {
                house.put("sites/a/lines/202.toml", &line_text("Bert"));
                house.put("notes.txt", "busy");
                sleep(Duration::from_millis(2));
            }
        });
        house.put(ANNA, &line_text("Dora"));
        let time = house.until_has(YEALINK, "Dora");
        eprintln!("edit to served beside a busy writer: {time:?}");
        stop.send(()).unwrap();
    });
}

#[test]
fn a_bad_edit_keeps_the_last_good_version_until_it_is_mended() {
    let house = House::new();
    for (bad, told) in [
        ("display_name = \"Bad\n", "not valid TOML"),
        ("display_nmae = \"Bad\"\n", "display_nmae"),
        ("display_name = 7\n", "display_name"),
    ] {
        house.put(ANNA, bad);
        house.until_told(told);
        house.always(&[(YEALINK, "Anna")], WHILE);
    }
    fs::write(house.root().join(ANNA), b"display_name = \"\xff\"\n").unwrap();
    house.until_told("is not valid UTF-8");
    house.now(&[(YEALINK, "Anna")]);
    house.put(ANNA, &line_text("Dora"));
    house.until_has(YEALINK, "Dora");
    house.until_clean();
}

#[test]
fn a_deleted_phone_is_unknown() {
    let house = House::new();
    house.remove("sites/a/phones/001565aa0001.toml");
    let time = house.until_status(YEALINK, 404);
    eprintln!("deletion to 404: {time:?}");
    house.now(&[(CISCO, "Bert"), (GIGASET, "Cleo")]);
    house.put("sites/a/phones/001565aa0001.toml", &phone_text("yealink-t46s", "201"));
    house.until_has(YEALINK, "Anna");
}

#[test]
fn a_file_that_cannot_be_read_for_a_while() {
    let house = House::new();
    house.remove(ANNA);
    std::os::unix::fs::symlink("201.toml", house.root().join(ANNA)).unwrap();
    house.until_told("the symbolic link leads back to itself");
    house.now(&[(YEALINK, "Anna")]);
    house.remove(ANNA);
    house.put(ANNA, &line_text("Dora"));
    house.until_has(YEALINK, "Dora");
    house.until_clean();
}

#[test]
fn a_pipe_is_not_waited_for() {
    let house = House::new();
    house.shell("rm sites/a/lines/201.toml; mkfifo sites/a/lines/201.toml; ln -sf /dev/zero sites/a/lines/204.toml");
    house.until_told("a pipe, a socket or a device");
    house.now(&[(YEALINK, "Anna")]);
    house.shell("rm sites/a/lines/201.toml sites/a/lines/204.toml");
    house.put(ANNA, &line_text("Dora"));
    house.until_has(YEALINK, "Dora");
}

#[test]
fn a_file_that_is_deleted_while_others_are_read() {
    let house = House::new();
    for round in 0..20 {
        let name = format!("sites/a/lines/9{round}.toml");
        house.put(&name, &line_text("Gone"));
        house.put(ANNA, &line_text(&format!("Anna{round}x")));
        house.remove(&name);
    }
    house.until_has(YEALINK, "Anna19x");
    house.until("no line too many", |house| house.live.now().world.counts() == (1, 3, 3));
    house.until_clean();
}

#[test]
fn a_hard_link_and_a_copy_with_its_old_times() {
    let house = House::new();
    house.put("aside.toml", &line_text("Dora"));
    house.shell("touch -d 2001-01-01 aside.toml; cp -p aside.toml sites/a/lines/201.toml");
    house.until_has(YEALINK, "Dora");
    house.put("aside2.toml", &line_text("Emil"));
    house.shell("rm sites/a/lines/201.toml; ln aside2.toml sites/a/lines/201.toml");
    house.until_has(YEALINK, "Emil");
}
