//! Tables for spreadsheets: out, in, and out again.

use insta::assert_snapshot;

use crate::common::{Answer, Api};
use crate::fleets::{Fleet, lines_with, phone};

const LINE: &str = "\
display_name = \"=HYPERLINK(1)\"
keys.2 = { function = \"dial\", number = \"+33 9 72 10\", label = \"-\" }
keys.\"03\" = { function = \"SUP0\", number = \"202\", locked = true }
keys.4 = { function = \"url\", url = \"https://anna:s3cret@example.org/\" }
modules.1.keys.40.function = \"redial\"
[sip]
user = \"0033972101010\"
password = \"s3cret\"
auth_user = \"u\"
[settings]
ring_volume = 3
ntp_servers = [\"a.example\", \"b.example\"]
admin_password = \"s3cret\"
";

fn fleet() -> Fleet {
    phone("yealink-t46s", LINE)
        .with(
            "sites/a/phones/001565123456.toml",
            "model = \"yealink-t46s\"\nlines = [\"202\", \"203\"]\nmodules = 1\nfirmware = \"66.86\"\n",
        )
        .with("sites/b/site.toml", "sip.server = \"sip.example.org\"\n")
        .with("sites/b/lines/301.toml", "display_name = \"Théo; \\\"x\\\"\"\n")
}

fn import(api: &Api, how: &str, table: &str) -> Answer {
    api.send("POST", &format!("/import?table={how}"), &[("content-type", "text/csv"), ("if-match", "*")], table)
}

/// What an import told, or its mistakes.
fn told(answer: &Answer) -> String {
    let json = answer.json();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| "nothing".to_owned(), str::to_owned);
    let mut told = Vec::new();
    for error in json["errors"].as_array().into_iter().flatten() {
        let hint = error["hint"].as_str().map(|hint| format!(" ({hint})")).unwrap_or_default();
        told.push(format!("{}: {} [{}]{hint}", text(&error["pointer"]), text(&error["detail"]), text(&error["code"])));
    }
    if answer.status != 200 {
        return format!("{}\n{}", answer.status, told.join("\n"));
    }
    let report = &json["report"];
    told.push(format!("added {}, changed {}, unchanged {}", report["added"], report["changed"], report["unchanged"]));
    for row in report["rows"].as_array().unwrap() {
        told.push(format!("row {}: {} {}", row["row"], text(&row["what"]), text(&row["did"])));
        for field in row["fields"].as_array().unwrap() {
            told.push(format!("  {}: {} → {}", text(&field["field"]), text(&field["before"]), text(&field["after"])));
        }
    }
    told.push(format!("files {}", json["files"]));
    told.join("\n")
}

fn text(api: &Api, path: &str) -> String {
    std::fs::read_to_string(api.fleet.path().join(path)).unwrap()
}

#[test]
fn a_table_says_what_is_stored_and_no_secret() {
    let api = Api::start(fleet());
    assert_snapshot!(api.get("/export/phones.csv").body, @"
    mac,site,model,lines,modules,firmware
    '001565123456,a,yealink-t46s,'202 203,1,'66.86
    001565aabbcc,a,yealink-t46s,201,,
    ");
    assert_snapshot!(api.get("/export/lines.csv").body, @r#"
    site,line,display_name,layout,sip.user,sip.password,settings.ntp_servers,settings.ring_volume,sip.auth_user
    a,201,'=HYPERLINK(1),,'0033972101010,,a.example b.example,3,u
    a,202,,,,,,,
    a,203,,,,,,,
    b,301,"Théo; ""x""",,,,,,
    "#);
    let keys = api.get("/export/keys.csv?site=a&separator=semicolon&bom=true");
    assert_eq!(keys.header("content-type"), "text/csv; charset=utf-8");
    assert!(keys.body.starts_with('\u{feff}'));
    assert_snapshot!(keys.body.trim_start_matches('\u{feff}'), @"
    site;line;place;function;number;url;label;line_index;via;seconds;accept;locked
    a;201;keys.2;dial;'+33 9 72 10;;'-;;;;;
    a;201;keys.3;supervise;202;;;;;;;true
    a;201;keys.4;url;;;;;;;;
    a;201;modules.1.keys.40;redial;;;;;;;;
    ");
    for table in ["phones", "lines", "keys"] {
        let exported = api.get(&format!("/export/{table}.csv")).body;
        assert!(!exported.contains("s3cret"), "{exported}");
    }
    assert_eq!(api.get("/export/keys.csv?site=x").status, 404);
    assert_eq!(api.get("/export/keys.csv?sites=a").status, 400);
}

/// Both are done by the same few threads.
#[test]
fn tables_are_exported_while_files_are_read_again() {
    let (numbers, path) = (1000..1400, |number| format!("sites/a/lines/{number}.toml"));
    let api = Api::start(numbers.clone().fold(fleet(), |fleet, number| fleet.with(&path(number), "")));
    for number in numbers.take(40) {
        std::fs::write(api.fleet.path().join(path(number)), "display_name = \"Hall\"\n").unwrap();
        assert_eq!(api.get("/export/lines.csv").body.lines().count(), 405);
    }
}

#[test]
fn what_was_exported_changes_nothing() {
    let api = Api::start(fleet());
    for table in ["phones", "lines", "keys"] {
        for how in ["", "?separator=semicolon&bom=true", "?separator=tab"] {
            let exported = api.get(&format!("/export/{table}.csv{how}")).body;
            let rows = exported.lines().count() - 1;
            // As a spreadsheet writes it again.
            for exported in [exported.clone(), exported.replace('\n', "\r\n")] {
                let again = import(&api, table, &exported);
                let wanted = format!("added 0, changed 0, unchanged {rows}\nfiles []");
                assert_eq!(told(&again), wanted, "{exported}");
                assert_eq!(again.json()["number"], serde_json::Value::Null);
            }
        }
    }
}

#[test]
fn rows_add_and_change_and_take_away() {
    let api = Api::start(fleet());
    let lines = "Line;site;display_name;sip.password;settings.ring_volume\n".to_lowercase()
        + "204;a;Réception;s3cret;5\n201;a;-;;\n202;a;Hall;;\n203;a;;;\n";
    assert_snapshot!(told(&import(&api, "lines&dry_run=true", &lines)), @r#"
    added 1, changed 2, unchanged 1
    row 2: a/204 added
      display_name: nothing → Réception
      sip.password: nothing → nothing
      settings.ring_volume: nothing → 5
    row 3: a/201 changed
      display_name: =HYPERLINK(1) → nothing
    row 4: a/202 changed
      display_name: nothing → Hall
    files ["sites/a/lines/201.toml","sites/a/lines/202.toml","sites/a/lines/204.toml"]
    "#);
    assert!(!api.fleet.path().join("sites/a/lines/204.toml").exists());
    let made = import(&api, "lines", &lines);
    assert!(!made.body.contains("s3cret"), "{made}");
    assert_snapshot!(text(&api, "sites/a/lines/204.toml"), @r#"
    display_name = "Réception"

    [sip]
    password = "s3cret"

    [settings]
    ring_volume = 5
    "#);
    assert_snapshot!(lines_with(&text(&api, "sites/a/lines/201.toml"), &["display", "password", "volume"]), @r#"
    password = "s3cret"
    ring_volume = 3
    admin_password = "s3cret"
    "#);

    let phones = "mac,site,model,lines,modules\n00:15:65:AA:BB:02,b,yealink-t46s,301,yealink-exp40;yealink-exp40\n\
                  001565123456,,,203 202,-\n00156500000a,a,cisco-spa504g,,\n";
    assert_snapshot!(told(&import(&api, "phones", phones)), @r#"
    added 2, changed 1, unchanged 0
    row 2: 001565aabb02 added
      model: nothing → yealink-t46s
      lines: nothing → 301
      modules: nothing → yealink-exp40 yealink-exp40
    row 3: 001565123456 changed
      lines: 202 203 → 203 202
      modules: 1 → nothing
    row 4: 00156500000a added
      model: nothing → cisco-spa504g
    files ["sites/a/phones/00156500000a.toml","sites/a/phones/001565123456.toml","sites/b/phones/001565aabb02.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/b/phones/001565aabb02.toml"), @r#"
    model = "yealink-t46s"
    lines = ["301"]
    modules = ["yealink-exp40", "yealink-exp40"]
    "#);
    assert_snapshot!(text(&api, "sites/a/phones/001565123456.toml"), @r#"
    model = "yealink-t46s"
    lines = ["203", "202"]
    firmware = "66.86"
    "#);
    assert_snapshot!(text(&api, "sites/a/phones/00156500000a.toml"), @r#"
    model = "cisco-spa504g"
    lines = []
    "#);

    // A key's parameters go with its function.
    let keys = "site,line,place,function,number,label,line_index\n\
                a,201,2,EXT,,,1\na,201,keys.3,,203,,\na,201,modules.1.keys.40,-,,,\na,202,soft_keys.1,dial,+3310,'+1,\n";
    assert_snapshot!(told(&import(&api, "keys", keys)), @r#"
    added 1, changed 3, unchanged 0
    row 2: a/201 keys.2 changed
      function: dial → line
      line_index: nothing → 1
      number: +33 9 72 10 → nothing
    row 3: a/201 keys.3 changed
      number: 202 → 203
    row 4: a/201 modules.1.keys.40 changed
      function: redial → nothing
    row 5: a/202 soft_keys.1 added
      function: nothing → dial
      number: nothing → +3310
      label: nothing → +1
    files ["sites/a/lines/201.toml","sites/a/lines/202.toml"]
    "#);
    assert_snapshot!(lines_with(&text(&api, "sites/a/lines/201.toml"), &["keys"]), @r#"
    keys.2 = { function = "line", label = "-" , line = 1 }
    keys."03" = { function = "SUP0", number = "203", locked = true }
    keys.4 = { function = "url", url = "https://anna:s3cret@example.org/" }
    "#);
    assert_snapshot!(text(&api, "sites/a/lines/202.toml"), @r#"
    display_name = "Hall"

    [soft_keys.1]
    function = "dial"
    number = "+3310"
    label = "+1"
    "#);
}

#[test]
fn a_phone_moves_to_another_site_and_back() {
    let api = Api::start(fleet());
    let before = text(&api, "sites/a/phones/001565123456.toml");
    let moved = import(&api, "phones", "mac,site,lines\n001565123456,b,301\n");
    assert_snapshot!(told(&moved), @r#"
    added 0, changed 1, unchanged 0
    row 2: 001565123456 changed
      site: a → b
      lines: 202 203 → 301
    files ["sites/a/phones/001565123456.toml","sites/b/phones/001565123456.toml"]
    "#);
    assert_snapshot!(text(&api, "sites/b/phones/001565123456.toml"), @r#"
    model = "yealink-t46s"
    lines = ["301"]
    modules = 1
    firmware = "66.86"
    "#);
    assert!(!api.fleet.path().join("sites/a/phones/001565123456.toml").exists());
    assert!(moved.json()["number"].is_i64(), "one write: {moved}");
    assert_snapshot!(told(&import(&api, "phones", "mac,site,lines\n001565123456,a,202 203\n")), @r#"
    added 0, changed 1, unchanged 0
    row 2: 001565123456 changed
      site: b → a
      lines: 301 → 202 203
    files ["sites/a/phones/001565123456.toml","sites/b/phones/001565123456.toml"]
    "#);
    assert_eq!(text(&api, "sites/a/phones/001565123456.toml"), before);
    // What is wrong in a file that no row writes is told of that file.
    let wrong = import(&api, "phones", "mac,lines\n001565123456,201 202\n001565aabbcc,203\n001565aabbcc,203\n");
    assert_snapshot!(told(&wrong), @r"
    422
    /rows/4/mac: `001565aabbcc` stands in row 3 already [twice]
    nothing: `redial` is impossible here: no key of this kind and firmware has a redial type; the redial key of the phone does it [impossible]
    ");
}

#[test]
fn every_mistake_has_its_row_and_column() {
    let api = Api::start(fleet());
    let keys = "site,line,place,function,number,seconds,via\n\
                a,201,keys.5,dail,,,\n\
                a,201,keys.6,dial,20x,,\n\
                a,201,keys.7,supervise,999,,\n\
                a,201,keys.99,redial,,,\n\
                a,201,keys.8,hold,202,,\n\
                a,201,keys.0,hold,,,\n\
                a,205,keys.1,hold,,,\n\
                c,201,keys.1,hold,,,\n\
                a,../201,keys.1,hold,,,\n\
                a,201,keys.9,dial,202,soon,7\n\
                a,201,keys.9,dial,202,,\n\
                a,201,keys.10,dial,202,,,x\n\
                ,201,keys.10,dial,202,,\n";
    let (before, answer) = (text(&api, "sites/a/lines/201.toml"), import(&api, "keys", keys));
    assert_snapshot!(told(&answer), @r"
    422
    /rows/2/function: `dail` is not a function [bad-value] (did you mean `dial`?)
    /rows/3/number: `keys.6.number`: `20x` is not a number: it holds 'x'; digits, `*`, `#` and one leading `+` were expected [bad-number]
    /rows/6/number: `keys.8.number` means nothing to the function `hold` [useless-parameter] (it takes via)
    /rows/7/place: `keys.0` is no place of a key [bad-position] (write such as keys.3, soft_keys.1 or modules.1.keys.40)
    /rows/8/line: there is no line `a/205` [unknown-line] (import the lines first)
    /rows/9/site: there is no site `c` [unknown-site] (did you mean `a`?)
    /rows/10/line: `../201` cannot be the name of a file [bad-name]
    /rows/11/seconds: `soon` is no whole number [bad-value] (write digits only)
    /rows/12/place: `a/201 keys.9` stands in row 11 already [twice]
    /rows/13/8: `x` stands in a column without a name [unknown-column]
    /rows/14/site: `site` is empty [missing-name]
    ");
    assert_eq!(text(&api, "sites/a/lines/201.toml"), before);
    // What the phones cannot do is told where the files are good.
    let keys =
        "site,line,place,function,number\na,201,keys.7,supervise,999\na,201,keys.99,redial,\na,201,keys.8,swap,\n";
    assert_snapshot!(told(&import(&api, "keys", keys)), @r#"
    422
    /rows/2/number: `supervise` needs a line of the site, and `999` is none [unknown-number] (if it is somebody else's, say [numbers."999"] kind = "external" in site.toml)
    /rows/3/place: `keys.99` does not exist on `yealink-t46s`, which has 27 keys [no-such-key]
    /rows/4/function: `swap` is impossible here: there is no such key; the swap soft key or the key of the other line does it [impossible]
    "#);
    let phones = "mac,site,model,lines\n001565aabb02,,yealink-t46s,301\n001565aabb03,b,yealink-t46x,301\n\
                  001565aabb04,b,yealink-t46s,302\nxyz,b,yealink-t46s,\n001565aabb05,b,yealink-t46s,301\n";
    assert_snapshot!(told(&import(&api, "phones", phones)), @r"
    422
    /rows/2/site: a new phone needs a site [missing-name]
    /rows/3/model: the model `yealink-t46x` does not exist [unknown-model] (did you mean `yealink-t46g`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s))
    /rows/4/lines: the line `302` does not exist in the site `b` [unknown-line] (did you mean `301`?)
    /rows/5/mac: `xyz` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them [bad-mac]
    ");
    let lines =
        "site,line,layout,settings.ring_volume,settings.language\nb,301,desk,loud,\nb,302,,99,xx-\nb,303,,\"1\n2\",\n";
    assert_snapshot!(told(&import(&api, "lines", lines)), @r"
    422
    /rows/2/settings.ring_volume: `loud` is no whole number [bad-value] (write digits only)
    /rows/2/layout: the layout `desk` does not exist in the site `b` [unknown-layout] (add [layouts.desk] to site.toml)
    /rows/3/settings.language: `settings.language` is `xx-`, but must be a language such as fr or en-GB [bad-setting]
    /rows/3/settings.ring_volume: `settings.ring_volume` is 99, but must be from 0 to 10 [bad-setting]
    /rows/4/settings.ring_volume: `1
    2` is no whole number [bad-value] (write digits only)
    ");
}

#[test]
fn what_is_no_table() {
    let api = Api::start(fleet());
    assert_snapshot!(told(&import(&api, "lines", "site,display_nam,line,line\na,x,201,201\n")), @"
    422
    /rows/1/display_nam: `display_nam` is no column of this table [unknown-column] (did you mean `display_name`?)
    /rows/1/line: the column `line` is there twice [twice]
    ");
    assert_snapshot!(told(&import(&api, "keys", "line\n201\n")), @"
    422
    /rows/1/site: the column `site` is missing [missing-column]
    /rows/1/place: the column `place` is missing [missing-column]
    ");
    assert_snapshot!(told(&import(&api, "phones", "mac,settings.timezon,x\n")), @"
    422
    /rows/1/settings.timezon: `settings.timezon` is no column of this table [unknown-column] (did you mean `settings.timezone`?)
    /rows/1/x: `x` is no column of this table [unknown-column] (known are mac, site, model, lines, modules, firmware)
    ");
    assert_snapshot!(told(&import(&api, "phones", "mac,,model\n001565aabbcc,x,\n")), @"
    422
    /rows/2/2: `x` stands in a column without a name [unknown-column]
    ");
    assert_snapshot!(told(&import(&api, "lines", "")), @"
    422
    : the table is empty [bad-table] (its first row names the columns)
    ");
    assert_eq!(import(&api, "sites", "x\n").status, 400);
}

#[test]
fn what_was_previewed_is_imported_or_nothing() {
    let api = Api::start(fleet());
    let table = "site,line,display_name\na,201,Hall\n";
    let import = |how: &str, headers: &[(&str, &str)]| {
        let headers = [&[("content-type", "text/csv")], headers].concat();
        let answer = api.send("POST", &format!("/import?table=lines{how}"), &headers, table);
        (answer.status, answer.header("etag").to_owned())
    };
    assert_eq!(import("", &[]).0, 428);
    let (status, seen) = import("&dry_run=true", &[]);
    assert_eq!(status, 200);
    let other = r#"{ "display_name": "Porch" }"#;
    assert_eq!(api.send("PATCH", "/sites/a/lines/201", &[("if-match", "*")], other).status, 200);
    let (status, now) = import("", &[("if-match", &seen)]);
    assert_eq!((status, now != seen), (412, true));
    assert_eq!(import("", &[("if-match", &now)]).0, 200);
}

#[test]
fn tables_are_of_what_one_sees_and_may_write() {
    let api = Api::start(fleet());
    let as_token = |role: &str, method: &str, path: &str, body: &str| {
        let bearer = format!("Bearer {}", api.token(role));
        let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv"), ("if-match", "*")];
        let send = || api.send(method, path, &headers, body);
        // The server learns of a new token a moment later.
        std::iter::repeat_with(send).find(|answer| answer.status != 401).unwrap()
    };
    let first = |answer: Answer| {
        answer
            .body
            .lines()
            .map(|row| row.split(',').take(2).collect::<Vec<_>>().join(","))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(first(as_token("o1 --role operator --site b", "GET", "/export/lines.csv", "")), "site,line b,301");
    assert_eq!(
        first(as_token("u1 --role user --line a/202", "GET", "/export/phones.csv", "")),
        "mac,site '001565123456,a"
    );
    assert_eq!(as_token("o2 --role operator --site b", "GET", "/export/lines.csv?site=a", "").status, 404);
    let lines = "site,line,display_name\nb,301,Hall\na,201,Hall\n";
    assert_snapshot!(told(&as_token("o3 --role operator --site b", "POST", "/import?table=lines", lines)), @"
    422
    /rows/3/site: there is no site `a` [unknown-site] (did you mean `b`?)
    ");
    let keys = "site,line,place,function,label\na,202,keys.3,hold,Wait\n";
    let user = "u2 --role user --line a/202";
    assert_eq!(as_token(user, "POST", "/import?table=keys", keys).status, 200);
    let lines = "site,line,display_name\na,202,Mine\n";
    assert_snapshot!(as_token(user, "POST", "/import?table=lines", lines).json()["detail"], @r#""a user's token imports the keys of its lines only""#);
    // What is no line of theirs is told as if it were not there.
    let others = "site,line,place,function\na,201,keys.3,redial\na,205,keys.3,redial\n";
    assert_snapshot!(told(&as_token("u3 --role user --line a/202", "POST", "/import?table=keys", others)), @"
    422
    /rows/2/line: there is no line `a/201` [unknown-line] (import the lines first)
    /rows/3/line: there is no line `a/205` [unknown-line] (import the lines first)
    ");
    let phones = "mac,model\n001565aabbcc,cisco-spa504g\n";
    assert_snapshot!(told(&as_token("o4 --role operator --site b", "POST", "/import?table=phones", phones)), @"
    422
    /rows/2/mac: the phone `001565aabbcc` is none that you see [not-found]
    ");
    assert_eq!(
        as_token("r1 --role reader", "POST", "/import?table=keys", keys).status,
        403,
        "also where it says what is so"
    );
}
