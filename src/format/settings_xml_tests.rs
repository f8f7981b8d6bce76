use proptest::prelude::*;

use super::*;
use crate::format::{Format, grammar};

const SMALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<settings>
  <phone-settings e="2">
    <language perm="RW">Fran&#231;ais &amp; co</language>
    <user_name idx="1" perm="RW">201</user_name>
    <user_name idx="2" perm="RW"/>
    <gui_fkey1 perm="">keyevent none</gui_fkey1>
  </phone-settings>
  <functionKeys e="2">
    <fkey idx="0" context="1" label="A &quot;B&quot;" lp="on" perm="RW">blf 202|*8</fkey>
    <fkey idx="1" context="active" label="" lp="on" perm="RW">line</fkey>
  </functionKeys>
  <tbook e="2">
    <item context="active" type="none" index="0"><first_name>Marie</first_name><number>201</number></item>
    <item context="active" type="none" index="1"><number>202</number></item>
  </tbook>
  <dialplan/>
</settings>
"#;

const FIRMWARE_FILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<firmware-settings>
  <firmware>https://fw.example/p850.swu?a=1&amp;b=2</firmware>
</firmware-settings>
"#;

fn raw(name: &str, values: &[&str], attributes: &[(&str, &str)]) -> RawEdit {
    RawEdit {
        name: name.to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
        attributes: attributes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

fn read(text: &str) -> Vec<(String, String, u32)> {
    let document = parse(text).unwrap_or_else(|error| panic!("{error}"));
    document.entries.into_iter().map(|entry| (entry.name.into(), entry.value.into(), entry.line)).collect()
}

#[test]
fn a_file_is_read_as_the_phone_reads_it() {
    let read: Vec<String> =
        read(SMALL).into_iter().map(|(name, value, line)| format!("{line} {name} = {value}")).collect();
    insta::assert_snapshot!(read.join("\n"), @"
    4 phone-settings/language = Français & co
    5 phone-settings/user_name[1] = 201
    6 phone-settings/user_name[2] = 
    7 phone-settings/gui_fkey1 = keyevent none
    10 functionKeys/fkey[0] = blf 202|*8
    11 functionKeys/fkey[1] = line
    14 tbook/item = 
    14 tbook/item/first_name = Marie
    14 tbook/item/number = 201
    15 tbook/item = 
    15 tbook/item/number = 202
    ");
    let document = parse(SMALL).expect("it is a settings file");
    let label = &document.entries[4].attributes[1];
    assert_eq!((label.name, &*label.value), ("label", "A \"B\""));
}

#[test]
fn the_other_files_of_the_system_are_read_too() {
    let expected = ("firmware-settings/firmware".to_owned(), "https://fw.example/p850.swu?a=1&b=2".to_owned(), 3);
    assert_eq!(read(FIRMWARE_FILE), [expected]);
    assert_eq!(read("<firmware-settings/>"), []);
    let files =
        "<!-- <settings> -->\n<setting-files><file url=\"https://a.example/1.xml\"/><file url=\"b\"/></setting-files>";
    assert_eq!(read(files).len(), 2);
}

#[test]
fn what_a_phone_is_not_known_to_read_is_an_error() {
    let settings = |inside: &str| format!("<phone-settings>{inside}</phone-settings>");
    let keys = |inside: &str| format!("<functionKeys>{inside}</functionKeys>");
    for (body, expected) in [
        ("<x/>".to_owned(), "line 2: expected no `x` in `settings`"),
        ("<phone-settings/><phone-settings/>".to_owned(), "line 2: expected `phone-settings` once"),
        (settings("a"), "line 2: expected nothing but elements in `phone-settings`"),
        (settings("<a><b/></a>"), "line 2: expected text and `</a>`; `phone-settings` holds no lists"),
        (settings("<a/><a/>"), "line 2: `phone-settings/a` is set twice; expected each once"),
        (settings("<a idx='1'/><a idx='1'/>"), "line 2: `phone-settings/a[1]` is set twice; expected each once"),
        (settings("<a idx='01'/>"), "line 2: `a`: expected `idx` to be a whole number"),
        (settings("<a idx='x'/>"), "line 2: `a`: expected `idx` to be a whole number"),
        (settings("<a perm='rw'/>"), "line 2: `phone-settings/a`: expected `perm` to be `RW`, `R`, `!` or"),
        (settings("<a label='x'/>"), "line 2: `phone-settings/a`: expected no attribute `label`"),
        (settings("<a>b\nc</a>"), "line 2: `phone-settings/a`: expected neither a line break nor a tab"),
        (settings("<a>b & c</a>"), "line 2: `phone-settings/a`: expected `&amp;` for `&`"),
        (settings("<gui_fkey1>F_HOLD</gui_fkey1>"), "line 2: `phone-settings/gui_fkey1`: expected a type of key"),
        (keys("<fkey>line</fkey>"), "line 2: expected `functionKeys` to hold `fkey` with an `idx`"),
        (keys("<a idx='1'>line</a>"), "line 2: expected `functionKeys` to hold `fkey` with an `idx`"),
        (keys("<fkey idx='0'/>"), "line 2: `functionKeys/fkey[0]`: expected a type of key"),
        (keys("<fkey idx='0'>speed 1 2</fkey>"), "line 2: `functionKeys/fkey[0]`: `speed`: expected no ' '"),
        (keys("<fkey idx='0' colour='1'>line</fkey>"), "line 2: `functionKeys/fkey[0]`: expected no attribute"),
        (
            keys("<fkey idx='0'>line</fkey><fkey idx='0'>line</fkey>"),
            "line 2: `functionKeys/fkey[0]` is set twice; expected each once",
        ),
    ] {
        let text = format!("<settings>\n{body}\n</settings>");
        let found = parse(&text).expect_err(&body).to_string();
        assert!(found.starts_with(expected), "{body:?}: {found}");
    }
    let error = |text: &str| parse(text).expect_err(text).to_string();
    assert_eq!(error("<firmware-settings><a/></firmware-settings>"), "line 1: expected no `a` in `firmware-settings`");
    assert_eq!(error("<setting-files><a/></setting-files>"), "line 1: expected no `a` in `setting-files`");
    assert_eq!(
        error("<flat-profile/>"),
        "line 1: expected one `settings` or `firmware-settings` or `setting-files` that holds all, found `flat-profile`"
    );
}

#[test]
fn an_edit_touches_nothing_but_the_elements_that_it_names() {
    let edits = [
        raw("language", &["English"], &[("perm", "!")]),
        raw("user_name[2]", &["<202>"], &[]),
        raw("user_pass", &["x"], &[("idx", "2")]),
        raw("functionKeys/fkey[1]", &["speed 203"], &[("context", "active"), ("label", "\"C\"")]),
        raw("fkey[40]", &["none"], &[]),
        raw("phone-settings/ntp_server", &[], &[]),
        raw("firmware-settings/firmware", &["elsewhere"], &[]),
    ];
    insta::assert_snapshot!(edit(SMALL, &edits).expect("all fit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <settings>
      <phone-settings e="2">
        <language perm="!">English</language>
        <user_name idx="1" perm="RW">201</user_name>
        <user_name idx="2">&lt;202&gt;</user_name>
        <gui_fkey1 perm="">keyevent none</gui_fkey1>
        <user_pass idx="2">x</user_pass>
        <ntp_server></ntp_server>
      </phone-settings>
      <functionKeys e="2">
        <fkey idx="0" context="1" label="A &quot;B&quot;" lp="on" perm="RW">blf 202|*8</fkey>
        <fkey idx="1" context="active" label="&quot;C&quot;">speed 203</fkey>
        <fkey idx="40">none</fkey>
      </functionKeys>
      <tbook e="2">
        <item context="active" type="none" index="0"><first_name>Marie</first_name><number>201</number></item>
        <item context="active" type="none" index="1"><number>202</number></item>
      </tbook>
      <dialplan/>
    </settings>
    "#);
}

#[test]
fn each_kind_of_file_has_its_own_edits() {
    let edits = [raw("language", &["English"], &[]), raw("firmware-settings/firmware", &["https://a.example/b"], &[])];
    insta::assert_snapshot!(edit(FIRMWARE_FILE, &edits).expect("the second fits"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <firmware-settings>
      <firmware>https://a.example/b</firmware>
    </firmware-settings>
    "#);
    let made = edit("<firmware-settings/>", &edits);
    let expected = "<firmware-settings><firmware>https://a.example/b</firmware></firmware-settings>";
    assert_eq!(made.as_deref(), Ok(expected));
    let made = edit("<settings/>", &[raw("a", &["b"], &[]), raw("fkey[0]", &["line"], &[])]);
    let expected = "<settings><phone-settings><a>b</a></phone-settings>\
                    <functionKeys><fkey idx=\"0\">line</fkey></functionKeys></settings>";
    assert_eq!(made.as_deref(), Ok(expected));
}

#[test]
fn an_edit_that_has_no_place_is_refused() {
    let refused = |edits: &[RawEdit]| edit(SMALL, edits).expect_err("it is refused").to_string();
    let name = "expected an element's name, with `[idx]` behind it or a section and `/` before it";
    for wrong in ["a b", "", "tbook/item", "language/x", "[1]", "a[1"] {
        assert_eq!(refused(&[raw(wrong, &["x"], &[])]), format!("raw `{wrong}`: {name}"));
    }
    assert_eq!(refused(&[raw("fkey", &["line"], &[])]), "raw `fkey`: expected a key's place: `fkey[0]` is the first");
    assert!(
        refused(&[raw("functionKeys/a[0]", &[], &[])])
            .ends_with("expected `fkey` in `functionKeys`, and everything else elsewhere")
    );
    assert!(refused(&[raw("a[x]", &[], &[])]).ends_with("expected `idx` to be a whole number"));
    assert!(
        refused(&[raw("a[1]", &[], &[("idx", "2")])]).ends_with("expected one `idx`, in the name or as an attribute")
    );
    assert!(refused(&[raw("a", &[], &[("x=", "2")])]).ends_with("expected no attribute `x=`"));
    assert!(refused(&[raw("a", &["\n"], &[])]).ends_with("a settings-xml value cannot carry a line break"));
    let twice = [raw("a[1]", &["x"], &[]), raw("phone-settings/a", &["y"], &[("idx", "1")])];
    assert!(refused(&twice).ends_with("is edited twice; expected one edit with all its values"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_key_stays_one_key(label in any::<String>(), number in any::<String>(), code in any::<String>()) {
        let grammar = grammar::Grammar::Fkey;
        let carried = |text: &'_ str| Format::SettingsXml.carries(text).is_ok() && !text.is_empty();
        let number = grammar.number(&number).ok().filter(|number| carried(number)).unwrap_or("201");
        let code = grammar.number(&code).ok().filter(|code| carried(code)).unwrap_or("*8");
        let label = soften(&label);
        let (written, text) = (xml::escaped(&label), format!("blf {number}|{code}"));
        let text_written = xml::escaped(&text);
        let file = format!(
            "<settings><functionKeys><fkey idx=\"0\" context=\"1\" label=\"{written}\" lp=\"on\" perm=\"RW\">{text_written}</fkey>\
             <fkey idx=\"1\">line</fkey></functionKeys></settings>"
        );
        let document = parse(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        prop_assert_eq!(document.entries.len(), 2);
        let key = &document.entries[0];
        prop_assert_eq!(&*key.value, &text);
        let names: Vec<&str> = key.attributes.iter().map(|attribute| attribute.name).collect();
        prop_assert_eq!(names, ["context", "label", "lp", "perm"]);
        prop_assert_eq!(&*key.attributes[1].value, &*label);
        prop_assert_eq!(parse_fkey(&key.value).map(|key| (key.argument, key.pickup)), Ok((Some(number), Some(code))));
    }

    #[test]
    fn a_firmware_file_has_its_one_address(url in any::<String>()) {
        if Format::SettingsXml.carries_url(&url).is_ok() {
            let file = format!("<firmware-settings><firmware>{}</firmware></firmware-settings>", xml::escaped(&url));
            prop_assert_eq!(read(&file), [("firmware-settings/firmware".to_owned(), url, 1)]);
        }
    }
}
