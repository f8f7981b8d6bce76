//! What a change does to phones, told before anybody makes it.

#[path = "common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Fleet, SITE};
use insta::assert_snapshot;
use offhook::effect::{Change, Effect, effect, effect_of};
use offhook::fleet::Entity;
use offhook::live::{Loader, Serving};
use offhook::phone::Mac;
use utoipa::OpenApi;

const T46S: &str = "sites/a/phones/001565aabb01.toml";

/// Three phones of a site: two Yealinks that share a layout, and a Cisco.
fn fleet() -> Fleet {
    let line = "layout = \"desk\"\nsip.password = \"hunter2\"\n";
    Fleet::empty()
        .with("fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\nsettings.language = \"en\"\n")
        .with(
            "sites/a/site.toml",
            &format!("{SITE}[layouts.desk]\nkeys.7 = {{ function = \"dial\", number = \"101\", label = \"Hall\" }}\n"),
        )
        .with("sites/a/lines/201.toml", line)
        .with("sites/a/lines/202.toml", line)
        .with("sites/a/lines/203.toml", "keys.2.function = \"do_not_disturb\"\n")
        .with(T46S, "model = \"yealink-t46s\"\nlines = [\"201\"]\n")
        .with("sites/a/phones/001565aabb02.toml", "model = \"yealink-t46s\"\nlines = [\"202\"]\n")
        .with("sites/a/phones/001de5aabb03.toml", "model = \"cisco-spa509g\"\nlines = [\"203\"]\n")
}

/// What becomes of phones between two folders.
fn between(old: &Path, new: &Path) -> Effect {
    let mut loader = Loader::new(old);
    let before = loader.load();
    let after = Loader::new(new).load_beside(&loader, &before);
    effect(&before, &after, || ())
}

/// The same as text.
fn told(old: &Fleet, new: &Fleet) -> String {
    let mut text = String::new();
    for group in between(old.path(), new.path()).groups {
        let first: Vec<String> = group.first.iter().map(ToString::to_string).collect();
        text += &format!("{} {:?}: {}\n", group.phones, group.fate, first.join(" "));
        for change in group.changes.iter().map(Change::to_string) {
            text += &format!("  {change}\n");
        }
        for file in group.files {
            text += &format!("  {} of {}\n", file.differs.file, file.phones);
            for line in &file.differs.lines {
                text += &format!("    {line}\n");
            }
        }
    }
    text
}

/// What the edit of one file does.
fn edited(path: &str, text: &str) -> String {
    told(&fleet(), &fleet().with(path, text))
}

#[test]
fn nothing_changes_where_nothing_is_changed() {
    assert_snapshot!(edited(T46S, "# with a word to the reader\n\nmodel = \"yealink-t46s\"\nlines = [\"201\"]\n"), @"");
}

#[test]
fn a_key_and_its_label() {
    let line = "layout = \"desk\"\nsip.password = \"hunter2\"\nkeys.7 = { function = \"dial\", number = \"102\", label = \"Yard\" }\n";
    assert_snapshot!(edited("sites/a/lines/201.toml", line), @"
    1 Changes: 001565aabb01
      keys.7: dial 101 → dial 102
      label of keys.7: Hall → Yard
      {mac}.cfg of 1
        -linekey.7.value = 101
        +linekey.7.value = 102
        -linekey.7.label = Hall
        +linekey.7.label = Yard
    ");
    assert_snapshot!(edited("sites/a/lines/201.toml", "layout = \"desk\"\nsip.password = \"hunter2\"\nkeys.7.label = \"Yard\"\n"), @"
    1 Changes: 001565aabb01
      label of keys.7: Hall → Yard
      {mac}.cfg of 1
        -linekey.7.label = Hall
        +linekey.7.label = Yard
    ");
}

#[test]
fn a_layout_that_many_lines_use() {
    let site =
        format!("{SITE}[layouts.desk]\nkeys.8 = {{ function = \"dial\", number = \"101\", label = \"Hall\" }}\n");
    assert_snapshot!(edited("sites/a/site.toml", &site), @"
    2 Changes: 001565aabb01 001565aabb02
      keys.7: dial 101 → nothing
      label of keys.7: Hall → nothing
      keys.8: nothing → dial 101
      label of keys.8: nothing → Hall
      {mac}.cfg of 2
        -linekey.7.type = 13
        -linekey.7.line = 1
        -linekey.7.value = 101
        +linekey.7.type = 0
        +linekey.7.line = %NULL%
        +linekey.7.value = %NULL%
        -linekey.7.label = Hall
        -linekey.8.type = 0
        -linekey.8.line = %NULL%
        -linekey.8.value = %NULL%
        +linekey.7.label = %NULL%
        +linekey.8.type = 13
        +linekey.8.line = 1
        +linekey.8.value = 101
        -linekey.8.label = %NULL%
        +linekey.8.label = Hall
    ");
}

#[test]
fn a_default_of_all_phones() {
    let root = "schema = 1\npublic_url = \"https://phones.example.org\"\nsettings.language = \"fr\"\n";
    assert_snapshot!(edited("fleet.toml", root), @"
    3 Changes: 001565aabb01 001565aabb02 001de5aabb03
      settings.language: en (fleet) → fr (fleet)
      {mac}.cfg of 2
        -lang.gui = English
        -lang.wui = English
        -static.lang.gui = English
        -static.lang.wui = English
        +lang.gui = French
        +lang.wui = French
        +static.lang.gui = French
        +static.lang.wui = French
      {mac}.xml of 1
        -<Language_Selection>English</Language_Selection>
        +<Language_Selection>French</Language_Selection>
        -<Locale>en-US</Locale>
        +<Locale>fr-FR</Locale>
    ");
}

#[test]
fn a_server_and_a_code_of_the_site() {
    let site = SITE.replace("sip.example.org", "sip.example.net")
        + "[codes]\ndo_not_disturb.toggle = \"*99\"\n[layouts.desk]\nkeys.7 = { function = \"dial\", number = \"101\", label = \"Hall\" }\n";
    assert_snapshot!(edited("sites/a/site.toml", &site), @r#"
    2 Changes: 001565aabb01 001565aabb02
      line 1 registered at: sip.example.org (site) → sip.example.net (site)
      {mac}.cfg of 2
        -account.1.sip_server.1.address = sip.example.org
        +account.1.sip_server.1.address = sip.example.net
    1 Changes: 001de5aabb03
      line 1 registered at: sip.example.org (site) → sip.example.net (site)
      keys.2 (do_not_disturb): short_name `**26#`, fnc `fnc=sd;ext=**26#@$PROXY;vid=1;nme=**26#` → short_name `*99`, fnc `fnc=sd;ext=*99@$PROXY;vid=1;nme=*99`
      {mac}.xml of 1
        -<Proxy_1_>sip.example.org</Proxy_1_>
        +<Proxy_1_>sip.example.net</Proxy_1_>
        -<Short_Name_2_ ua="na">**26#</Short_Name_2_>
        +<Short_Name_2_ ua="na">*99</Short_Name_2_>
        -<Extended_Function_2_ ua="na">fnc=sd;ext=**26#@$PROXY;vid=1;nme=**26#</Extended_Function_2_>
        +<Extended_Function_2_ ua="na">fnc=sd;ext=*99@$PROXY;vid=1;nme=*99</Extended_Function_2_>
    "#);
}

#[test]
fn a_secret_is_told_and_never_shown() {
    let told = edited("sites/a/lines/201.toml", "layout = \"desk\"\nsip.password = \"correct horse\"\n");
    assert!(!told.contains("hunter2") && !told.contains("correct"), "{told}");
    assert_snapshot!(told, @"
    1 Changes: 001565aabb01
      the password of line 201 changes
    ");
}

#[test]
fn a_phone_of_another_model() {
    let told = edited(T46S, "model = \"yealink-t42s\"\nlines = [\"201\"]\n");
    assert_snapshot!(told.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      model: yealink-t46s → yealink-t42s
      {mac}.cfg of 1
        -# Account 13
        -account.13.enable = 0
        -account.13.label = %NULL%
        -account.13.display_name = %NULL%
        -account.13.auth_name = %NULL%
        -account.13.user_name = %NULL%
        -account.13.password = %NULL%
        -account.13.sip_server.1.address = %NULL%
        -account.13.sip_server.1.port = %NULL%
    ");
    let other_family = edited(T46S, "model = \"cisco-spa509g\"\nlines = [\"201\"]\n");
    assert_snapshot!(other_family.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      model: yealink-t46s → cisco-spa509g
      settings.provision_interval_minutes: 1440 (product) → 60 (family)
      the file {mac}.cfg: made → nothing
      the file {mac}.xml: nothing → made
    ");
}

#[test]
fn phones_come_and_go() {
    let more = fleet().with("sites/a/phones/001565aabb09.toml", "model = \"yealink-t42s\"\nlines = [\"203\"]\n");
    assert_snapshot!(told(&fleet(), &more), @"
    1 Comes: 001565aabb09
      served: nothing → as yealink-t42s
    ");
    assert_snapshot!(told(&more, &fleet()), @"
    1 Goes: 001565aabb09
      served: as yealink-t42s → nothing
    ");
}

#[test]
fn a_broken_file_breaks_its_phones_and_no_others() {
    assert_snapshot!(edited("sites/a/site.toml", "sip.server = "), @"
    2 Breaks: 001565aabb01 001565aabb02
      served: as yealink-t46s → not, since its site has no good version: see `sites/a/site.toml`
    1 Breaks: 001de5aabb03
      served: as cisco-spa509g → not, since its site has no good version: see `sites/a/site.toml`
    ");
    let broken = fleet().with("sites/a/lines/201.toml", "layout = ");
    assert_snapshot!(told(&fleet(), &broken), @"
    1 Breaks: 001565aabb01
      served: as yealink-t46s → not, since the line `201` has no good version: see `sites/a/lines/201.toml`
    ");
    assert_snapshot!(told(&broken, &fleet()), @"
    1 Mends: 001565aabb01
      served: not, since the line `201` has no good version: see `sites/a/lines/201.toml` → as yealink-t46s
    ");
}

#[test]
fn a_template_and_a_model_of_ones_own() {
    let shipped = std::fs::read_to_string(common::repository("templates/yealink/phone.cfg")).unwrap();
    let template =
        fleet().with_bytes("overrides/templates/yealink/phone.cfg", format!("{shipped}\nfeatures.x = 1\n").as_bytes());
    assert_snapshot!(told(&fleet(), &template), @"
    2 Changes: 001565aabb01 001565aabb02
      {mac}.cfg of 2
        +
        +features.x = 1
    ");
    let shipped = std::fs::read_to_string(common::repository("models/yealink/t46s.toml")).unwrap();
    let model = fleet().with_bytes(
        "overrides/models/yealink/t46s.toml",
        format!("{shipped}\n[settings]\nprovision_interval_minutes = 60\n").as_bytes(),
    );
    assert_snapshot!(told(&fleet(), &model), @"
    2 Changes: 001565aabb01 001565aabb02
      settings.provision_interval_minutes: 1440 (product) → 60 (model)
      {mac}.cfg of 2
        -static.auto_provision.repeat.minutes = 1440
        +static.auto_provision.repeat.minutes = 60
    ");
}

#[test]
fn three_hundred_phones_and_one_default() {
    let many = |language: &str| {
        let root = format!("schema = 1\nsettings.language = \"{language}\"\n");
        let mut fleet = fleet().with("fleet.toml", &root);
        for n in 0..300 {
            let phone = format!("model = \"yealink-t46s\"\nlines = [\"{}\"]\n", 1000 + n);
            fleet = fleet
                .with(
                    &format!("sites/a/lines/{}.toml", 1000 + n),
                    &format!("keys.3 = {{ function = \"dial\", number = \"{n}\" }}\n"),
                )
                .with(&format!("sites/a/phones/805ec000{n:04x}.toml"), &phone);
        }
        fleet
    };
    // One has a language of its own.
    let own = |fleet: Fleet| fleet.with("sites/a/lines/1007.toml", "settings.language = \"de\"\n");
    let found = between(own(many("en")).path(), own(many("fr")).path());
    assert_eq!((found.phones, found.affected), (303, 302));
    let [group] = found.groups.as_slice() else { panic!("{:?}", found.groups) };
    assert_eq!((group.phones, group.changes.len(), group.files.len()), (302, 1, 2));
    assert_eq!(group.changes[0].to_string(), "settings.language: en (fleet) → fr (fleet)");
}

/// So many phones of one model and site, before and after an edit of the language. Their own template tells the language
/// to those only that have a key for 999, and these are the last ones of all.
fn rarely(phones: u32) -> [Serving; 2] {
    let template = "#!version:1.0.0.1\n{% for key in keys %}{% if key.value == \"999\" %}\
                    lang.gui = {{ settings.language }}\n{% endif %}{% endfor %}";
    let folder = Fleet::empty()
        .with("fleet.toml", "schema = 1\nsettings.language = \"en\"\n")
        .with("sites/a/site.toml", SITE)
        .with_bytes("overrides/templates/yealink/phone.cfg", template.as_bytes());
    let mut loader = Loader::new(folder.path());
    let number = |n: u32| if n + 2 < phones { 100 + n % 800 } else { 999 };
    let files = (0..phones).flat_map(|n| {
        let mac = format!("805ec0{n:06x}");
        let line = format!("keys.2 = {{ function = \"dial\", number = \"{}\" }}\n", number(n));
        let phone = format!("model = \"yealink-t23g\"\nlines = [\"{mac}\"]\n");
        let name = mac.as_str().into();
        [(Entity::Line("a".into(), name), line), (Entity::Phone("a".into(), mac.into()), phone)]
    });
    let loaded = loader.load();
    let before = loader.with_texts(&loaded, &files.collect::<Vec<_>>());
    let root = "schema = 1\nsettings.language = \"fr\"\n".to_owned();
    let after = loader.with_texts(&before, &[(Entity::Root, root)]);
    [before, after]
}

#[test]
fn an_edit_that_reaches_two_phones_of_thousands() {
    let [before, after] = rarely(4300);
    let found = effect(&before, &after, || ());
    assert_eq!((found.phones, found.affected), (4300, 2));
    let [group] = found.groups.as_slice() else { panic!("{:?}", found.groups) };
    assert_eq!(group.first.iter().map(Mac::to_string).collect::<Vec<_>>(), ["805ec00010ca", "805ec00010cb"]);
    assert_eq!(group.files[0].differs.lines, ["-lang.gui = en", "+lang.gui = fr"]);
}

#[test]
fn some_phones_only_and_as_long_as_somebody_waits() {
    let [before, after] = rarely(3000);
    let mac = |text: &str| text.parse::<Mac>().unwrap();
    let done = AtomicUsize::new(0);
    let goes_on = || {
        done.fetch_add(1, Ordering::Relaxed);
        Ok::<_, ()>(())
    };
    let macs = [mac("805ec0000bb7"), mac("805ec0000001"), mac("805ec0000bb7")];
    let found = effect_of(&before, &after, macs, goes_on).unwrap();
    assert_eq!((found.phones, found.affected, done.into_inner()), (2, 1, 2));
    assert_eq!(found.groups[0].first, [mac("805ec0000bb7")]);

    let done = AtomicUsize::new(0);
    let is_gone = || if done.fetch_add(1, Ordering::Relaxed) < 5 { Ok(()) } else { Err("nobody waits any more") };
    let ended = effect_of(&before, &after, before.world.macs(), is_gone);
    assert_eq!(ended.map(|found| found.phones), Err("nobody waits any more"));
    assert!(done.into_inner() < 1000);
}

#[test]
fn what_is_shown_stands_described_in_an_open_api_document() {
    #[derive(OpenApi)]
    #[openapi(components(schemas(Effect)))]
    struct Document;
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut names: Vec<_> = schemas.keys().map(String::as_str).collect();
    names.sort();
    assert_eq!(names, ["Effect", "EffectChange", "Fate", "FileGroup", "FileLines", "Group", "Mac", "Said"]);
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name}: {schema}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            // That of a field which may be missing stands beside what it refers to.
            let inner = schema.pointer("/oneOf/0").unwrap_or(schema);
            assert!(inner["description"].is_string(), "{name}.{field}: {schema}");
        }
    }
    assert_eq!(schemas["Mac"]["type"], "string");
}

/// Runs the program or git, and gives what it prints and how it ends.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).env("HOME", folder).env_remove("OFFHOOK_KEY_FILE");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "test").env(format!("GIT_{who}_EMAIL"), "test@example.org");
    }
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let err: String = text(&output.stderr).lines().map(|line| format!("2> {line}\n")).collect();
    format!("{}{err}exit {}", text(&output.stdout), output.status.code().unwrap())
}

fn offhook(folder: &Path, arguments: &[&str]) -> String {
    run(folder, env!("CARGO_BIN_EXE_offhook"), arguments)
}

/// A git repository with the fleet in a folder, and an edit of a label that is not committed.
fn repository() -> Fleet {
    let folder = Fleet::empty();
    let fleet = fleet();
    for file in ["fleet.toml", "sites/a/site.toml", "sites/a/lines/201.toml", T46S] {
        let text = std::fs::read_to_string(fleet.path().join(file)).unwrap();
        std::fs::create_dir_all(folder.path().join("my/fleet").join(file).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join("my/fleet").join(file), text).unwrap();
    }
    let line = "layout = \"desk\"\nsip.password.file = \"password\"\n";
    let folder = folder.with("my/fleet/sites/a/lines/201.toml", line).with_bytes("my/fleet/password", b"hunter2");
    for arguments in
        [&["init", "-q"][..], &["add", "my/fleet/fleet.toml", "my/fleet/sites"], &["commit", "-qm", "a fleet"]]
    {
        assert_eq!(run(folder.path(), "git", arguments), "exit 0");
    }
    folder.with("my/fleet/sites/a/lines/201.toml", &format!("{line}keys.7.label = \"Yard\"\n"))
}

#[test]
fn since_a_revision_of_git() {
    let folder = repository();
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet"]), @"
    1 phone changes: 001565aabb01
      label of keys.7: Hall → Yard
      {mac}.cfg
        -linekey.7.label = Hall
        +linekey.7.label = Yard

    2> 1 of 1 phone affected
    exit 1
    ");
    assert_snapshot!(offhook(&folder.path().join("my/fleet"), &["effect", "--since", "HEAD", "--format", "github"]), @"
    ::notice title=1 phone changes%3A 001565aabb01::label of keys.7: Hall → Yard%0A{mac}.cfg%0A-linekey.7.label = Hall%0A+linekey.7.label = Yard
    ::notice title=effect::1 of 1 phone affected
    exit 1
    ");
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet", "--format", "json"]), @r#"
    {
      "phones": 1,
      "affected": 1,
      "groups": [
        {
          "fate": "changes",
          "phones": 1,
          "first": [
            "001565aabb01"
          ],
          "changes": [
            {
              "about": "label of keys.7",
              "before": {
                "value": "Hall"
              },
              "after": {
                "value": "Yard"
              }
            }
          ],
          "files": [
            {
              "file": "{mac}.cfg",
              "lines": [
                "-linekey.7.label = Hall",
                "+linekey.7.label = Yard"
              ],
              "more": 0,
              "phones": 1
            }
          ],
          "more_files": 0
        }
      ]
    }
    exit 1
    "#);
    assert_eq!(
        run(folder.path(), "git", &["status", "--porcelain"]),
        " M my/fleet/sites/a/lines/201.toml\n?? my/fleet/password\nexit 0"
    );
    assert_eq!(run(folder.path(), "git", &["commit", "-qam", "a label"]), "exit 0");
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet"]), @"
    2> no effect on any of 1 phone
    exit 0
    ");
}

#[test]
fn what_cannot_be_compared() {
    let folder = repository();
    let since =
        |arguments: &[&str]| offhook(folder.path(), arguments).replace(&folder.path().display().to_string(), "DIR");
    assert_snapshot!(since(&["effect", "--since", "v1.0", "-C", "my/fleet"]), @"
    2> error: git knows no revision `v1.0` in `my/fleet`
    2>   hint: a CI job may have fetched the last commit only: let it fetch all (`fetch-depth: 0`)
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since", "--output=x", "-C", "my/fleet"]), @"
    2> error: unexpected argument '--output' found
    2> 
    2>   tip: to pass '--output' as a value, use '-- --output'
    2> 
    2> Usage: offhook effect [OPTIONS] [OLD] [NEW]
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since=--all", "-C", "my/fleet"]), @"
    2> error: git knows no revision `--all` in `my/fleet`
    2>   hint: a CI job may have fetched the last commit only: let it fetch all (`fetch-depth: 0`)
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since", "HEAD"]), @"
    2> error: at `HEAD` `.` had no fleet.toml
    2>   hint: name a later revision, or the fleet's folder with -C
    exit 2
    ");
    assert_snapshot!(since(&["effect", "my/fleet", "nowhere"]), @"
    2> error: `nowhere` has no fleet.toml
    2>   hint: name the fleet's folder, the one with fleet.toml
    exit 2
    ");
    assert_snapshot!(since(&["effect", "my/fleet"]), @"
    2> error: the following required arguments were not provided:
    2>   <NEW>
    2> 
    2> Usage: offhook effect <OLD> <NEW>
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
    let alone = fleet();
    assert_snapshot!(offhook(alone.path(), &["effect", "--since", "HEAD"]), @"
    2> error: `.` is in no git repository
    2>   hint: compare two folders: `offhook effect OLD NEW`
    exit 2
    ");
    assert_snapshot!(offhook(alone.path(), &["effect", ".", "."]), @"
    2> no effect on any of 3 phones
    exit 0
    ");
}

#[test]
fn secrets_of_the_site_of_the_phone_and_of_raw_edits() {
    let site = |password: &str| format!("{SITE}[settings]\nadmin_password = \"{password}\"\n");
    let phone = |secret: &str| {
        format!(
            "model = \"yealink-t46s\"\nlines = [\"201\"]\ntrust.password = \"a{secret}\"\n[raw.yealink]\n\
             \"security.user_password\" = \"b{secret}\"\n\"features.x\" = \"1\"\n"
        )
    };
    let with = |secret: &str| fleet().with("sites/a/site.toml", &site(secret)).with(T46S, &phone(secret));
    let told = told(&with("tulip4711"), &with("rose2342"));
    assert!(!told.contains("tulip") && !told.contains("rose"), "{told}");
    assert_snapshot!(told, @"
    2 Changes: 001565aabb02 001de5aabb03
      the admin_password changes
    1 Changes: 001565aabb01
      the admin_password changes
      the password of the phone changes
      [raw] changes
    ");
}

#[test]
fn passwords_in_addresses_and_values_of_raw_edits() {
    let with = |secret: &str, name: &str| {
        let address = |path: &str| format!("https://anna:{secret}@example.org/{path}");
        let keys = |from: u8| {
            let key = |at: u8| format!("keys.{at} = {{ function = \"url\", url = \"{}\" }}\n", address("x"));
            key(from) + &key(from + 1)
        };
        let line = format!("sip.password = \"{secret}\"\n{}", keys(2));
        fleet()
            .with("sites/a/site.toml", &format!("{SITE}[settings]\nphonebook_url = \"{}\"\n", address(name)))
            .with("sites/a/lines/201.toml", &line)
            .with("sites/a/lines/203.toml", &line)
            .with(T46S, &format!("model = \"yealink-t46s\"\nlines = [\"201\"]\nraw.yealink.x = \"{secret}\"\n"))
            .with("sites/a/lines/202.toml", "")
    };
    let found = told(&with("tulip", "a"), &with("r'o<se", "a"));
    assert_snapshot!(found, @"
    1 Changes: 001565aabb01
      settings.phonebook_url changes
      the password of line 201 changes
      keys.2 changes
      keys.3 changes
      [raw] changes
      {mac}.cfg of 1
    1 Changes: 001565aabb02
      settings.phonebook_url changes
      {mac}.cfg of 1
    1 Changes: 001de5aabb03
      settings.phonebook_url changes
      the password of line 203 changes
      keys.2 changes
      keys.3 changes
      {mac}.xml of 1
    ");
    let others = told(&with("tulip", "a"), &with("r'o<se", "b"));
    let gone = told(&with("tulip", "a"), &fleet());
    let other_model =
        told(&with("tulip", "a"), &with("tulip", "a").with(T46S, "model = \"cisco-spa509g\"\nlines = [\"201\"]\n"));
    for told in [found, others.clone(), gone, other_model] {
        assert!(["tulip", "r'o", "r&apos;", "r&#"].iter().all(|secret| !told.contains(secret)), "{told}");
    }
    assert_snapshot!(others, @"
    1 Changes: 001565aabb01
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      the password of line 201 changes
      keys.2 changes
      keys.3 changes
      [raw] changes
      {mac}.cfg of 1
        -remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/a
        +remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/b
    1 Changes: 001565aabb02
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      {mac}.cfg of 1
        -remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/a
        +remote_phonebook.data.1.url = https://anna:‹hidden›@example.org/b
    1 Changes: 001de5aabb03
      settings.phonebook_url: https://anna:‹hidden›@example.org/a (site) → https://anna:‹hidden›@example.org/b (site)
      the password of line 203 changes
      keys.2 changes
      keys.3 changes
      {mac}.xml of 1
        -<XML_Directory_Service_URL>https://anna:‹hidden›@example.org/a</XML_Directory_Service_URL>
        +<XML_Directory_Service_URL>https://anna:‹hidden›@example.org/b</XML_Directory_Service_URL>
    ");
}

#[test]
fn a_file_that_cannot_be_made_any_more() {
    let told = edited(T46S, "model = \"yealink-t46s\"\nlines = [\"201\"]\nraw.yealink.\"a b\" = \"1\"\n");
    assert_snapshot!(told, @"
    1 Changes: 001565aabb01
      [raw] changes
      the file {mac}.cfg: made → cannot be made: an edit of `[raw]` cannot be made: raw `a b`: expected a name of letters, digits, `_`, `.` and `-`
    ");
}

#[test]
fn a_file_that_its_phone_could_not_read_any_more() {
    let template =
        "#!version:1.0.0.1\n{% for key in keys %}{% if key.value == \"999\" %}no name\n{% endif %}{% endfor %}";
    let with = |number: &str| {
        let line = format!("keys.7 = {{ function = \"dial\", number = \"{number}\" }}\n");
        fleet()
            .with_bytes("overrides/templates/yealink/phone.cfg", template.as_bytes())
            .with("sites/a/lines/201.toml", &line)
    };
    assert_snapshot!(told(&with("102"), &with("103")), @"");
    assert_snapshot!(told(&with("102"), &with("999")), @"
    1 Changes: 001565aabb01
      keys.7: dial 102 → dial 999
      the file {mac}.cfg: made → cannot be made: what the template `templates/yealink/phone.cfg` makes is not valid: line 2: expected `name = value` from the start of the line, a comment or a blank line
    ");
}

#[test]
fn a_stamp_is_no_change_of_its_own() {
    let fleet = |name: &str| {
        fleet()
            .with("sites/a/lines/204.toml", &format!("display_name = \"{name}\"\n"))
            .with("sites/a/phones/001bd4000001.toml", "model = \"cisco-7941\"\nlines = [\"204\"]\n")
    };
    assert_snapshot!(told(&fleet("Hall"), &fleet("Yard")), @"
    1 Changes: 001bd4000001
      name of line 1: Hall → Yard
      SEP{MAC}.cnf.xml of 1
        -    <phoneLabel>Hall</phoneLabel>
        +    <phoneLabel>Yard</phoneLabel>
        -        <featureLabel>Hall</featureLabel>
        +        <featureLabel>Yard</featureLabel>
        -        <displayName>Hall</displayName>
        +        <displayName>Yard</displayName>
    ");
}

#[test]
fn a_base_with_handsets() {
    let base = |rest: &str| {
        fleet().with(
            "sites/a/phones/589ec6000001.toml",
            &format!("model = \"gigaset-n670\"\nlines = [\"201\", \"202\"]\n{rest}"),
        )
    };
    let now = base("handsets.1 = { line = 2, name = \"Porter\" }\n");
    assert_snapshot!(told(&base(""), &now).lines().take(8).collect::<Vec<_>>().join("\n"), @r#"
    1 Changes: 589ec6000001
      handsets.1: line 201 `201` → line 202 `Porter`
      handsets.2: line 202 `202` → nothing
      {mac}.xml of 1
        +    <oper name="DeleteNotProvisionedHS"/>
        -    <param name="SipAccount.00001.AuthName" value="201"/>
        -    <param name="SipAccount.00001.AuthPassword" value="‹secret:sip.password@201›"/>
        -    <param name="SipAccount.00001.UserName" value="201"/>
    "#);
}

#[test]
fn the_lines_the_modules_and_the_site_of_a_phone() {
    let moved = fleet()
        .with("sites/b/site.toml", "sip.server = \"sip.example.com\"\n")
        .with("sites/b/lines/301.toml", "")
        .with("sites/b/lines/302.toml", "display_name = \"Yard\"\n");
    let phone = "model = \"yealink-t46s\"\nlines = [\"301\", \"302\"]\nmodules = 1\nfirmware = \"66.86.0.15\"\n";
    std::fs::remove_file(moved.path().join(T46S)).unwrap();
    let told = told(&fleet(), &moved.with(&T46S.replace("/a/", "/b/"), phone));
    assert_snapshot!(told.lines().take(10).collect::<Vec<_>>().join("\n"), @"
    1 Changes: 001565aabb01
      site: a → b
      firmware: v84 → v86
      modules: nothing → yealink-exp40
      lines.1: 201 → 301
      lines.2: nothing → 302
      keys.2: nothing → line 2
      keys.7: dial 101 → nothing
      label of keys.7: Hall → nothing
      {mac}.cfg of 1
    ");
}
