//! Whatever is wrong in a file is told with its file, its line, what was expected, and a remedy where one is known.

mod common;

use common::{Fleet, SITE, phone, phone_with};
use insta::assert_snapshot;

#[test]
fn a_misspelt_field() {
    let fleet = phone("yealink-t46s", "dispaly_name = \"Reception\"\n[keys.2]\nfuntion = \"dial\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:1: `dispaly_name` is not a known field [unknown-field]
      hint: did you mean `display_name`?
    error: sites/a/lines/201.toml:3: `keys.2.funtion` is not a known field [unknown-field]
      hint: did you mean `function`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_field_unlike_any_other() {
    assert_snapshot!(phone("yealink-t46s", "[keys.2]\nflashing = true\n").findings(), @"
    error: sites/a/lines/201.toml:2: `keys.2.flashing` is not a known field [unknown-field]
      hint: known here: function, number, url, line, via, seconds, label, accept, locked
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_misspelt_function() {
    assert_snapshot!(phone("yealink-t46s", "[keys.2]\nfunction = \"supervize\"\nnumber = \"202\"\n").findings(), @"
    error: sites/a/lines/201.toml:2: `supervize` is not a function [unknown-function]
      hint: did you mean `supervise`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_misspelt_setting() {
    assert_snapshot!(phone("yealink-t46s", "[settings]\ntimezon = \"Europe/Paris\"\n").findings(), @"
    error: sites/a/lines/201.toml:2: `settings.timezon` is not a setting [unknown-setting]
      hint: did you mean `timezone`?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn two_mistakes_in_one_file() {
    let line =
        "display_name = 7\n\n[keys.2]\nfunction = \"dial\"\nnumber = \"call me\"\n\n[keys.1001]\nlabel = \"?\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @"
    error: sites/a/lines/201.toml:1: `display_name` must be a text, not a whole number [wrong-type]
    error: sites/a/lines/201.toml:5: `keys.2.number`: `call me` is not a number: it holds 'c'; digits, `*`, `#` and one leading `+` were expected [bad-number]
    error: sites/a/lines/201.toml:7: `keys.1001`: the last part must be a number from 1 to 1000 [bad-position]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn two_broken_lines_of_toml() {
    assert_snapshot!(phone("yealink-t46s", "display_name = \n[keys.2\nlabel = \"x\"\n").findings(), @"
    error: sites/a/lines/201.toml:1: not valid TOML: string values must be quoted, expected literal string [syntax]
    error: sites/a/lines/201.toml:2: not valid TOML: unclosed table, expected `]` [syntax]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn the_same_mac_in_two_sites() {
    let fleet = phone("yealink-t46s", "")
        .with("sites/b/site.toml", "")
        .with("sites/b/phones/00-15-65-AA-BB-CC.toml", "model = \"yealink-t46s\"\nlines = []\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/phones/001565aabbcc.toml: the same MAC is stored in sites/b/phones/00-15-65-AA-BB-CC.toml [duplicate-mac]
      hint: a phone belongs to one site: remove one of the files
    error: sites/b/phones/00-15-65-AA-BB-CC.toml: the same MAC is stored in sites/a/phones/001565aabbcc.toml [duplicate-mac]
      hint: a phone belongs to one site: remove one of the files
    ");
}

#[test]
fn a_file_that_is_named_like_no_phone() {
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/phones/reception.toml", "").findings(), @"
    error: sites/a/phones/reception.toml: the file's name must be the phone's MAC: `reception` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them [bad-mac]
      hint: name it like 001565aabbcc.toml
    ");
}

#[test]
fn a_model_that_does_not_exist() {
    assert_snapshot!(phone("yealink-t46x", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: the model `yealink-t46x` does not exist [unknown-model]
      hint: did you mean `yealink-t46g`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s)
    ");
    assert_snapshot!(phone("rotary-dial", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: the model `rotary-dial` does not exist [unknown-model]
      hint: `offhook models` lists them
    ");
}

#[test]
fn a_model_that_nobody_knows_is_served_as_its_familys_smallest() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"Marie\" }\nkeys.20.label = \"x\"\n";
    let fleet = phone("cisco-spa599g", keys);
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:2: `keys.20` does not exist on `cisco-spa599g`, which has 3 keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/phones/001565aabbcc.toml:1: the model `cisco-spa599g` does not exist [unknown-model]
      hint: did you mean `cisco-spa509g`? Until it is known, a phone that was never served gets 3 account(s) and 3 key(s)
    ");
    assert_snapshot!(fleet.sent(&["<User_ID_", "<Extended_Function_", "<Extension_"]), @r#"
    <User_ID_1_>201</User_ID_1_>
    <User_ID_2_></User_ID_2_>
    <User_ID_3_></User_ID_3_>
    <Extension_1_ ua="na">1</Extension_1_>
    <Extended_Function_1_ ua="na"></Extended_Function_1_>
    <Extension_2_ ua="na">Disabled</Extension_2_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=Marie</Extended_Function_2_>
    <Extension_3_ ua="na">Disabled</Extension_3_>
    <Extended_Function_3_ ua="na"></Extended_Function_3_>
    "#);
}

#[test]
fn a_line_that_does_not_exist() {
    assert_snapshot!(phone_with("yealink-t46s", "lines = [\"201\", \"2O2\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:2: the line `2O2` does not exist in the site `a` [unknown-line]
      hint: did you mean `202`?
    ");
}

#[test]
fn a_line_that_is_broken_is_told_once_where_it_is_and_where_it_is_named() {
    assert_snapshot!(phone("yealink-t46s", "layout = 1\n").findings(), @"
    error: sites/a/lines/201.toml:1: `layout` must be a text, not a whole number [wrong-type]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_line_that_is_broken_is_still_a_line_that_keys_may_watch() {
    let keys = "keys.2 = { function = \"supervise\", number = \"202\" }
        keys.3 = { function = \"forward_all_to_voicemail\", number = \"202\" }\n";
    assert_snapshot!(phone("yealink-t46s", keys).with("sites/a/lines/202.toml", "layout = 1\n").findings(), @"error: sites/a/lines/202.toml:1: `layout` must be a text, not a whole number [wrong-type]");
}

#[test]
fn more_lines_than_the_model_has() {
    let lines = "lines = [\"201\", \"202\", \"203\"]";
    assert_snapshot!(phone_with("yealink-t21p-e2", lines, "").findings(), @"error: sites/a/phones/001565aabbcc.toml:2: the phone has 3 lines, but `yealink-t21p-e2` has 2; the others are not sent [too-many-lines]");
}

#[test]
fn a_line_that_is_named_twice() {
    assert_snapshot!(phone_with("yealink-t46s", "lines = [\"201\", \"201\"]", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:2: the line `201` is named twice [twice]");
}

#[test]
fn a_key_beyond_the_model() {
    let keys = "keys.28.label = \"a\"\nsoft_keys.11.label = \"b\"\nmodules.1.keys.1.label = \"c\"\n";
    assert_snapshot!(phone("yealink-t46s", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `keys.28` does not exist on `yealink-t46s`, which has 27 keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/lines/201.toml:2: `soft_keys.11` does not exist on `yealink-t46s`, which has the soft keys 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14 [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/lines/201.toml:3: `modules.1.keys.1` does not exist: the phone `001565aabbcc` has 0 module(s) [no-such-module]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_key_beyond_the_module() {
    let keys = "modules.1.keys.41.function = \"redial\"\n";
    assert_snapshot!(phone_with("yealink-t46s", "modules = 1", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `modules.1.keys.41` does not exist on `yealink-exp40`, which has 40 keys [no-such-key]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_key_that_is_reserved() {
    let keys = "modules.1.keys.1.function = \"redial\"\n";
    assert_snapshot!(phone_with("yealink-t38g", "modules = [\"yealink-exp39\"]", keys).findings(), @"
    error: sites/a/lines/201.toml:1: `modules.1.keys.1` cannot be set on `yealink-exp39`: page switch [reserved-key]
      hint: it is kept, and not sent
    ");
}

#[test]
fn a_module_that_does_not_fit() {
    assert_snapshot!(phone_with("yealink-t46s", "modules = [\"yealink-exp50\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: the module `yealink-exp50` does not fit `yealink-t46s` [wrong-module]
      hint: it takes yealink-exp40
    ");
    assert_snapshot!(phone_with("yealink-t46s", "modules = [\"yealink-exp04\"]", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: the module `yealink-exp04` does not exist [unknown-module]
      hint: did you mean `yealink-exp40`?
    ");
    assert_snapshot!(phone_with("yealink-t46s", "modules = 7", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:3: `yealink-t46s` takes 6 modules at the most, not 7 [too-many-modules]");
    assert_snapshot!(phone_with("yealink-t41s", "modules = 1", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:3: `yealink-t41s` takes no expansion module, and the phone says it has 1 [no-modules]");
}

#[test]
fn a_label_that_is_too_long() {
    let line = format!("[keys.2]\nfunction = \"redial\"\nlabel = \"{}\"\n", "x".repeat(100));
    assert_snapshot!(phone("yealink-t46s", &line).findings(), @"
    error: sites/a/lines/201.toml:3: `keys.2.label` has 100 characters; 99 are the most [label-too-long]
      hint: phones show 10 to 20
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
    let line = "soft_keys.1 = { function = \"dial\", number = \"202\", label = \"Laboratoire\" }\n";
    assert_snapshot!(phone("cisco-spa504g", line).findings(), @r#"
    warning: sites/a/lines/201.toml:1: the label `Laboratoire` is sent as `Laboratoir`: 10 characters fit on a programmable key of `cisco-spa504g` [label-too-wide]
      hint: write a shorter one, or accept = ["label-too-wide"]
    "#);
}

#[test]
fn a_line_break_in_a_label() {
    let line =
        "display_name = \"two\\nlines\"\nkeys.2.label = \"a\\nfeatures.x = 1\"\nkeys.3.label = \"bell \\u0007\"\n";
    assert_snapshot!(phone("yealink-t46s", line).findings(), @r"
    error: sites/a/lines/201.toml:1: `display_name` holds a line break or control character [bad-label]
    error: sites/a/lines/201.toml:2: `keys.2.label` holds a line break; a label is one line [bad-label]
    error: sites/a/lines/201.toml:3: `keys.3.label` holds the control character '\u{7}' [bad-label]
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn semicolon_equals_and_plus_in_a_cisco_label() {
    let line = "keys.2 = { function = \"dial\", number = \"202\", label = \"a;fnc=dnd+x\" }\n";
    let fleet = phone("cisco-spa504g", line);
    assert_snapshot!(fleet.findings(), @"warning: sites/a/lines/201.toml:1: the label `a;fnc=dnd+x` is sent as `a,fnc-dnd x`, since the phone's file cannot carry it as it is [label-changed]");
    assert_snapshot!(fleet.sent(&["Extended_Function_2_"]), @r#"<Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=a,fnc-dnd x</Extended_Function_2_>"#);
}

#[test]
fn a_quote_in_a_yealink_label() {
    let fleet = phone("yealink-t46s", "keys.2 = { function = \"dial\", number = \"202\", label = 'the \"lab\"' }\n");
    assert_snapshot!(fleet.findings(), @r#"warning: sites/a/lines/201.toml:1: the label `the "lab"` is sent as `the 'lab'`, since the phone's file cannot carry it as it is [label-changed]"#);
    assert_snapshot!(fleet.sent(&["linekey.2.label"]), @"linekey.2.label = the 'lab'");
}

#[test]
fn text_that_is_not_utf8() {
    let fleet =
        phone("yealink-t46s", "").with_bytes("sites/a/lines/201.toml", b"# a\ndisplay_name = \"R\xe9ception\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:2: is not valid UTF-8 [not-utf8]
      hint: save the file as UTF-8
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_file_of_50_megabytes() {
    let fleet = phone("yealink-t46s", "");
    let file = std::fs::File::create(fleet.path().join("sites/a/lines/201.toml")).unwrap();
    file.set_len(50_000_000).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml: is 50000000 bytes long; 4194304 bytes are read at most [too-large]
      hint: a file of the fleet or catalogue is a few kB; is this another file?
    error: sites/a/phones/001565aabbcc.toml:2: the line `201` has no good version: see `sites/a/lines/201.toml` [broken-line]
    ");
}

#[test]
fn a_link_that_leads_back_to_itself() {
    let fleet = phone("yealink-t46s", "");
    let link = fleet.path().join("sites/a/lines/202.toml");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("202.toml", &link).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/202.toml: cannot be read: too many levels of symbolic links [unreadable]
      hint: the symbolic link leads back to itself; remove it
    ");
}

#[test]
fn a_link_that_leads_nowhere() {
    let fleet = phone("yealink-t46s", "");
    std::os::unix::fs::symlink("gone.toml", fleet.path().join("sites/a/lines/204.toml")).unwrap();
    assert_snapshot!(fleet.findings(), @"error: sites/a/lines/204.toml: cannot be read: no such file or directory [unreadable]");
}

#[test]
fn a_file_that_cannot_be_read() {
    // A folder cannot be read as a file, by root neither.
    let fleet = phone("yealink-t46s", "").with("sites/a/lines/204.toml/x", "");
    assert_snapshot!(fleet.findings(), @"error: sites/a/lines/204.toml: cannot be read: is a directory [unreadable]");
}

#[test]
fn a_folder_that_cannot_be_listed() {
    let fleet = phone("yealink-t46s", "").with("sites/b/lines", "").with("sites/b/site.toml", "");
    assert_snapshot!(fleet.findings(), @"error: sites/b/lines: cannot be listed: not a directory [unreadable]");
}

#[test]
fn files_that_are_missing() {
    let fleet = phone("yealink-t46s", "");
    std::fs::remove_file(fleet.path().join("fleet.toml")).unwrap();
    std::fs::remove_file(fleet.path().join("sites/a/site.toml")).unwrap();
    assert_snapshot!(fleet.findings(), @"
    error: fleet.toml: is missing [missing-file]
      hint: write `schema = 1` into it
    error: sites/a/phones/001565aabbcc.toml: its site has no `sites/a/site.toml` [unknown-site]
      hint: an empty site.toml is enough
    ");
    assert_snapshot!(Fleet::empty().findings(), @"
    error: fleet.toml: is missing [missing-file]
      hint: write `schema = 1` into it
    ");
}

#[test]
fn a_fleet_of_another_schema() {
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", "schema = 2\n").findings(), @"
    error: fleet.toml:1: `schema` is 2, but this version reads schema 1 [wrong-schema]
      hint: use an offhook that knows it
    ");
}

#[test]
fn a_phone_without_its_fields() {
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/phones/001565aabbcc.toml", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:1: `lines` is missing [missing-field]
      hint: write `lines = []` for a spare phone
    error: sites/a/phones/001565aabbcc.toml:1: `model` is missing [missing-field]
    ");
}

#[test]
fn words_that_are_none_of_the_known_ones() {
    let site = format!(
        "services = \"operator\"\nnative = [\"dnd\"]\ntrust.networks = [\"home\"]\n{SITE}0199 = {{ kind = \"que\" }}\n"
    );
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/site.toml", &site).findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: `services` is `operator`, but must be network or phone [unknown-word]
    error: sites/a/site.toml:2: `native` names `dnd`, which is not a function [unknown-function]
      hint: `docs/fleet.md` lists the 39
    error: sites/a/site.toml:3: `home` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address were expected [bad-network]
    error: sites/a/site.toml:13: `kind` is `que`, but must be queue, hunt, fax, voicemail or external [unknown-word]
    ");
}

#[test]
fn a_table_of_codes_that_does_not_exist() {
    let fleet = phone("yealink-t46s", "").with("sites/a/site.toml", "feature_codes = \"asterix\"\n");
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: the table of feature codes `asterix` does not exist [unknown-feature-codes]
      hint: did you mean `asterisk`?
    ");
}

#[test]
fn a_code_that_cannot_be_dialled() {
    let site = "codes.forward_all = { on = \"*72 now\" }\ncodes.queue_join = { dial = \"*45*{queue}#\" }\n";
    assert_snapshot!(phone("yealink-t46s", "").with("sites/a/site.toml", site).findings(), @"
    error: sites/a/phones/001565aabbcc.toml: its site has no good version: see `sites/a/site.toml` [broken-site]
    error: sites/a/site.toml:1: `*72 now` is not a code: digits, `*`, `#` were expected [bad-code]
    error: sites/a/site.toml:2: `*45*{queue}#` is not a code: digits, `*`, `#`, `{number}` and `{seconds}` were expected [bad-code]
    ");
}

#[test]
fn a_layout_that_does_not_exist() {
    assert_snapshot!(phone("yealink-t46s", "layout = \"front\"\n").findings(), @"
    error: sites/a/lines/201.toml:1: the layout `front` does not exist in the site `a` [unknown-layout]
      hint: add [layouts.front] to site.toml
    ");
}

#[test]
fn listeners_that_cannot_be() {
    let fleet = "schema = 1\n[[listen]]\naddress = \"localhost\"\n[[listen]]\naddress = \"0.0.0.0:8443\"\nplain = true\n\
                 tls = { certificate = \"a\", key = \"b\" }\nfamilies = [\"yealnk\"]\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", fleet).findings(), @"
    error: fleet.toml:3: `address` is `localhost`, but must be an address with a port, such as 0.0.0.0:8443 [bad-address]
    error: fleet.toml:4: a listener is either `plain` or has `tls`, not both [plain-and-tls]
    ");
    let behind = "schema = 1\n[[listen]]\naddress = \"127.0.0.1:8443\"\nproxy_protocol = true\n[[listen]]\n\
                  address = \"127.0.0.1:8444\"\nproxies = [\"10.0.0.5\", \"haproxy\"]\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", behind).findings(), @r#"
    error: fleet.toml:2: with `proxy_protocol` nobody but `proxies` may connect, and none are named [no-proxies]
      hint: write `proxies = ["10.0.0.5"]`
    error: fleet.toml:7: `haproxy` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address were expected [bad-network]
    "#);
    let open = "schema = 1\n[[listen]]\naddress = \"0.0.0.0:8443\"\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", open).findings(), @"
    error: fleet.toml: `public_url` is missing: phones would be told `https://0.0.0.0:8443`, which is no address [no-public-url]
      hint: write what phones call this server
    warning: fleet.toml:2: `0.0.0.0:8443` is open to other machines, but no site says in [trust] who may fetch [no-trust]
      hint: until one does, it refuses every phone
    ");
    let named = "schema = 1\npublic_url = \"https://phones.example.org\"\n[[listen]]\naddress = \"0.0.0.0:8443\"\n";
    let site = format!("{SITE}[trust]\ndemand = [\"token\"]\n");
    let demanding = phone("yealink-t46s", "").with("fleet.toml", named).with("sites/a/site.toml", &site);
    assert_snapshot!(demanding.findings(), @"");
}

#[test]
fn authorities_that_cannot_be() {
    let made = |change: fn(&mut rcgen::CertificateParams), key: &rcgen::KeyPair| {
        let mut params = rcgen::CertificateParams::default();
        change(&mut params);
        params.self_signed(key).unwrap().pem()
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = |params: &mut rcgen::CertificateParams| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    let no_authority = |params: &mut rcgen::CertificateParams| params.is_ca = rcgen::IsCa::ExplicitNoCa;
    let two = made(authority, &key) + &made(no_authority, &key);
    let with = |entry: &str| {
        let text = format!("schema = 1\n[[client_authorities]]\n{entry}\n");
        let fleet = phone("yealink-t46s", "").with("fleet.toml", &text).with("ca/none.pem", "nothing\n");
        let fleet = fleet.with("ca/cut.pem", "-----BEGIN CERTIFICATE-----\n").with("ca/two.pem", &two);
        let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fleet.with("ca/odd.pem", odd).with("ca/good.pem", &made(authority, &key)).findings()
    };
    let all: Vec<String> = [
        "file = \"ca/good.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/good.pem\"",
        "families = [\"yealink\"]\nweek = true",
        "file = \"ca/missing.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/none.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/cut.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/odd.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/two.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/good.pem\"\nfamilies = [\"yealnk\", \"gigaset-nx70\"]",
    ]
    .map(|entry| with(entry).trim().to_owned())
    .into();
    assert_snapshot!(all.join("\n--\n"), @r#"
    --
    error: fleet.toml:2: `client_authorities[1].families` says for no family of phones [missing-field]
      hint: a maker vouches for its own phones only: families = ["yealink"]
    --
    error: fleet.toml:2: `client_authorities[1].file` is missing [missing-field]
    error: fleet.toml:4: `client_authorities[1].week` is not a known field [unknown-field]
      hint: did you mean `weak`?
    --
    error: fleet.toml:3: `ca/missing.pem` cannot be read: no such file or directory [bad-authority]
      hint: paths begin at the fleet's folder; PEM is expected
    --
    error: fleet.toml:3: `ca/none.pem` holds no certificate [bad-authority]
      hint: expected PEM, with a line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts DER
    --
    error: fleet.toml:3: `ca/cut.pem` is not PEM: a block in it is cut off or damaged [bad-authority]
      hint: get it from the maker again
    --
    error: fleet.toml:3: certificate 1 of `ca/odd.pem` cannot be read [bad-authority]
      hint: only certificates that sign others belong here, never a phone's or a server's own
    --
    error: fleet.toml:3: certificate 2 of `ca/two.pem` is not that of an authority: `CN=rcgen self signed cert` [bad-authority]
      hint: only certificates that sign others belong here, never a phone's or a server's own
    --
    error: fleet.toml:2: the family `yealnk` does not exist [unknown-family]
      hint: did you mean `yealink`?
    warning: fleet.toml:2: nobody knows where certificates of the family `gigaset-nx70` have the MAC [no-certificate-name]
      hint: none of its phones is admitted by one; see [[certificate]] in docs/add-a-family.md
    "#);
}

#[test]
fn certificates_that_nobody_asks_for() {
    let fleet = phone("yealink-t46s", "");
    let site = "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"certificate\"]\n";
    let plain = "schema = 1\n[[listen]]\naddress = \"127.0.0.1:1\"\nplain = true\nclient_certificates = \"ask\"\n";
    assert_snapshot!(fleet.with("sites/a/site.toml", site).findings(), @r#"
    warning: sites/a/site.toml: the site demands a certificate, and no phone can show a good one [no-trust]
      hint: a listener in fleet.toml has to ask: client_certificates = "ask"
    "#);
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", plain).findings(), @"
    error: fleet.toml:2: a `plain` listener cannot ask for certificates [plain-and-tls]
      hint: phones show theirs to a listener with TLS only
    ");
}

#[test]
fn a_family_or_model_of_settings_that_does_not_exist() {
    let fleet = "schema = 1\nfamily.yealnk.settings.language = \"fr\"\nmodel.yealink-t46z.settings.language = \"fr\"\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", fleet).findings(), @r#"
    error: fleet.toml:2: [family.yealnk] names a family that does not exist [unknown-family]
      hint: did you mean `yealink`?
    error: fleet.toml:3: [model."yealink-t46z"] names a model that does not exist [unknown-model]
      hint: did you mean `yealink-t46g`?
    "#);
}

#[test]
fn raw_edits_that_cannot_be_made() {
    let phone = |raw: &str| phone_with("yealink-t46s", raw, "").findings();
    assert_snapshot!(phone("raw.yealink = { \"a b\" = \"1\" }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `a b`: expected a name of letters, digits, `_`, `.` and `-` [bad-raw]");
    assert_snapshot!(phone("raw.yealink = { x = { value = \"1\", attributes = { ua = \"na\" } } }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `x`: expected no attributes, found `ua`; a cfg parameter has none [bad-raw]");
    assert_snapshot!(phone("raw.yealink = { x = 1.5 }"), @"error: sites/a/phones/001565aabbcc.toml:3: `raw.yealink.x` must be a text, a list of texts, or { value, attributes } [wrong-type]");
    assert_snapshot!(phone("raw.yealink = { x = \"1\\ny = 2\" }"), @"error: sites/a/phones/001565aabbcc.toml:3: an edit of [raw] cannot be made: raw `x`: a cfg value cannot carry a line break [bad-raw]");
    assert_snapshot!(phone("raw.cisco-spa = { Text_Logo = \"A\" }"), @"warning: sites/a/phones/001565aabbcc.toml:3: [raw.cisco-spa] changes nothing: the phone is of the family `yealink` [raw-of-other-family]");
}

#[test]
fn handsets_belong_to_bases() {
    assert_snapshot!(phone_with("yealink-t46s", "handsets.1.line = 1", "").findings(), @"
    error: sites/a/phones/001565aabbcc.toml:3: `yealink-t46s` has no handsets [no-handsets]
      hint: handsets belong to DECT bases
    ");
}
