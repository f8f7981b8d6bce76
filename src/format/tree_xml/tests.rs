use proptest::prelude::*;

use super::super::xml::encoded;
use super::*;
use crate::format::{Format, RawEdit};

const PHONE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<device>
  <deviceProtocol>SIP</deviceProtocol>
  <devicePool>
    <dateTimeSetting>
      <ntps>
        <ntp><name>a.example</name></ntp>
        <ntp><name>b.example</name></ntp>
      </ntps>
    </dateTimeSetting>
    <callManagerGroup>
      <members>
        <member priority="0"><callManager><name>Caf&#233; &amp; Co</name></callManager></member>
      </members>
    </callManagerGroup>
  </devicePool>
  <sipProfile>
    <sipLines>
      <line button="1" lineIndex="1">
        <featureID>9</featureID>
        <contact/>
      </line>
      <line button='3'><featureID>2</featureID></line>
    </sipLines>
  </sipProfile>
  <addOnModules>
  </addOnModules>
</device>
"#;

const PROFILE_FILE: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<ProviderFrame xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="N510.xsd">
  <Provider>
    <MAC_ADDRESS value="7c2f804df9a9"/>
    <PROFILE_NAME class="string" value=""/>
    <SYMB_ITEM ID="BS_IP_Data1.aucS_SIP_DISPLAYNAME[0]" class="symb_item" value='"Andr&#233; &amp; Co"'/>
    <SYMB_ITEM ID="BS_CUSTOM.aucKdsPin[0]" class="symb_item" value="0x12,0x34"/>
  </Provider>
</ProviderFrame>
"#;

fn read(text: &str) -> Vec<(String, String)> {
    let document = parse(text).unwrap_or_else(|err| panic!("{err}\n{text}"));
    document.entries.into_iter().map(|entry| (entry.name.into(), entry.value.into())).collect()
}

fn error(body: &str) -> String {
    parse(&format!("<device>\n{body}\n</device>\n")).expect_err("refused").to_string()
}

fn raw(name: &str, value: &str) -> RawEdit {
    RawEdit { name: name.to_owned(), values: vec![value.to_owned()], attributes: Vec::new() }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn an_element_is_named_by_its_path() {
    let line = |button: u8| format!("device/sipProfile/sipLines/line[@button=\"{button}\"]");
    let member = "device/devicePool/callManagerGroup/members/member[@priority=\"0\"]";
    let expected = [
        pair("device/deviceProtocol", "SIP"),
        pair("device/devicePool/dateTimeSetting/ntps/ntp/name", "a.example"),
        pair("device/devicePool/dateTimeSetting/ntps/ntp[2]/name", "b.example"),
        pair(member, ""),
        pair(&format!("{member}/callManager/name"), "Café & Co"),
        pair(&line(1), ""),
        pair(&format!("{}/featureID", line(1)), "9"),
        pair(&format!("{}/contact", line(1)), ""),
        pair(&line(3), ""),
        pair(&format!("{}/featureID", line(3)), "2"),
        pair("device/addOnModules", ""),
    ];
    assert_eq!(read(PHONE), expected);
    let document = parse(PHONE).expect("it is a phone's file");
    let attributes: Vec<_> = document.entries[5].attributes.iter().map(|at| (at.name, &*at.value)).collect();
    assert_eq!(attributes, [("button", "1"), ("lineIndex", "1")]);
    assert_eq!(document.entries[6].line, 20);
}

#[test]
fn a_profile_has_its_values_in_attributes() {
    let provider = "ProviderFrame/Provider";
    let expected = [
        pair("ProviderFrame", ""),
        pair(&format!("{provider}/MAC_ADDRESS"), "7c2f804df9a9"),
        pair(&format!("{provider}/PROFILE_NAME"), ""),
        pair(&format!("{provider}/SYMB_ITEM[@ID=\"BS_IP_Data1.aucS_SIP_DISPLAYNAME[0]\"]"), "\"André & Co\""),
        pair(&format!("{provider}/SYMB_ITEM[@ID=\"BS_CUSTOM.aucKdsPin[0]\"]"), "0x12,0x34"),
    ];
    assert_eq!(read(PROFILE_FILE), expected);
}

#[test]
fn what_a_phone_is_not_known_to_read_is_an_error() {
    let cases = [
        ("<a>1</a><a>2</a>", "line 2: `device/a` is set twice; expected each element once"),
        ("<a><b>1</b></a><a/>", "line 2: `device/a` is set twice; expected each element once"),
        ("<line/>", "line 2: expected `line` to have a `button`, without `\"` in it"),
        ("<line button=\"1\"/>\n<line button=\"1\"/>", "line 3: `device/line[@button=\"1\"]` is set twice"),
        ("<member priority=''/>", "line 2: expected `member` to have a `priority`"),
        ("<a>1<b/></a>", "line 2: expected nothing but elements in `device/a`"),
        ("<a><b/>1</a>", "line 2: expected nothing but elements in `device/a`"),
        ("text", "line 1: expected nothing but elements in `device`"),
        ("<a>x\ny</a>", "line 2: `device/a`: expected neither a line break nor a tab nor a bare `>` in a value"),
        ("<a>a & b</a>", "line 2: "),
        ("<a>&nbsp;</a>", "line 2: `device/a`: expected `&amp;` for `&`, or a reference that XML defines"),
        ("<a>&#10;</a>", "line 2: `device/a`: expected no reference to a control character"),
        ("<a>\u{1}</a>", "line 2: expected no control character"),
        ("<![CDATA[a]]>", "line 2: expected elements, text and comments only"),
        ("<a><![CDATA[a]]></a>", "line 2: expected elements, text and comments only"),
        ("<!ENTITY a \"b\">", "line 2: expected elements, text and comments only"),
        ("<?php 1 ?>", "line 2: expected a name right after `<`"),
        ("<a b=1/>", "line 2: `a`: expected attribute `b` to have a value in quotes"),
        ("<a b='1' b='2'/>", "line 2: `a`: expected attribute `b` once"),
        ("<a>1</b>", "line 2: expected `</a>`"),
        ("</device><device>", "line 2: expected one `device` or `DIALTEMPLATE` or `ProviderFrame` that holds all"),
        ("</device>1<device>", "line 2: expected nothing outside `device` or `DIALTEMPLATE` or `ProviderFrame`"),
    ];
    for (body, expected) in cases {
        let found = error(body);
        assert!(found.starts_with(expected), "{body:?}: {found}");
    }
    let doctype = parse("<!DOCTYPE device [<!ENTITY a \"b\">]><device/>").expect_err("refused");
    assert_eq!(doctype.to_string(), "line 1: expected elements, text and comments only");
    for text in ["", "<device>", "<html/>", "\u{feff}<device/>", "<Device/>"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    let cut = parse("<?xml version=\"1.0\"?>\n").expect_err("nothing is there");
    assert_eq!(cut.to_string(), "line 2: expected `device` or `DIALTEMPLATE` or `ProviderFrame` before the end");
}

#[test]
fn a_profile_that_the_phone_would_not_take_is_an_error() {
    let cases = [
        ("<SYMB_ITEM class='symb_item' value='1'/>", "expected `SYMB_ITEM` to have a `ID`"),
        ("<SYMB_ITEM ID='a' value='1'/>", "`ProviderFrame/SYMB_ITEM[@ID=\"a\"]`: expected `class` to be `symb_item`"),
        ("<SYMB_ITEM ID='a' class='symb_item'/>", "expected a `value`"),
        ("<MAC_ADDRESS value='1'>2</MAC_ADDRESS>", "expected no text; values are attributes"),
        ("<SYMB_ITEM ID='a' class='symb_item' value='\"a'/>", "expected a C string to end with `\"`"),
        ("<SYMB_ITEM ID='a' class='symb_item' value='\"a\"b\"'/>", "and neither `\"` nor `\\` in it"),
        ("<SYMB_ITEM ID='a' class='symb_item' value='\"a\\nb\"'/>", "and neither `\"` nor `\\` in it"),
    ];
    for (body, expected) in cases {
        let found = parse(&format!("<ProviderFrame>{body}</ProviderFrame>")).expect_err("refused").to_string();
        assert!(found.contains(expected), "{body:?}: {found}");
    }
}

#[test]
fn a_file_in_latin_has_references() {
    let latin = "<?xml version='1.0' encoding='iso-8859-1'?><ProviderFrame><A value='André €'/></ProviderFrame>";
    let refused = parse(latin).expect_err("it is not what it says").to_string();
    assert_eq!(refused, "line 1: expected a reference such as `&#233;`, since the file says `ISO-8859-1`");
    let encoded = Format::TreeXml.encoded(latin.to_owned());
    assert!(encoded.contains("value='Andr&#233; &#8364;'"), "{encoded}");
    assert_eq!(read(&encoded), [pair("ProviderFrame/A", "André €")]);
    let unicode = "<?xml version='1.0' encoding='UTF-8'?><device><a>é</a></device>";
    assert_eq!(Format::TreeXml.encoded(unicode.to_owned()), unicode);
    let other = parse("<?xml version='1.0' encoding='UTF-16'?><device/>").expect_err("refused").to_string();
    assert!(other.ends_with("`<?xml version=\"1.0\" encoding=\"UTF-8\"?>`, or the same with `ISO-8859-1`"), "{other}");
}

#[test]
fn an_edit_touches_nothing_else_and_makes_what_is_missing() {
    let line = "device/sipProfile/sipLines/line";
    let with_attribute =
        RawEdit { attributes: vec![("x".to_owned(), "<1>".to_owned())], ..raw("device/deviceProtocol", "SIP") };
    let edits = [
        with_attribute,
        raw("device/vendorConfig/webAccess", "0"),
        raw("device/vendorConfig/sshAccess", "1"),
        raw("device/devicePool/dateTimeSetting/ntps/ntp[2]/name", "c & d"),
        raw("device/devicePool/dateTimeSetting/ntps/ntp[3]/name", "e.example"),
        raw("device/devicePool/dateTimeSetting/ntps/ntp[3]/ntpMode", "unicast"),
        raw("device/devicePool/callManagerGroup/members/member[@priority=\"1\"]/callManager/name", "second"),
        raw(&format!("{line}[@button=\"1\"]/contact"), "201"),
        raw(&format!("{line}[@button=\"3\"]/featureLabel"), "Marie"),
        raw("device/addOnModules/addOnModule[@idx=\"1\"]/deviceLine", "36"),
        RawEdit { values: Vec::new(), ..raw("device/idleURL", "") },
        raw("DIALTEMPLATE/TEMPLATE[@match=\"*\"]", ""),
    ];
    insta::assert_snapshot!(edit(PHONE, &edits).expect("all fit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <device>
      <deviceProtocol x="&lt;1&gt;">SIP</deviceProtocol>
      <devicePool>
        <dateTimeSetting>
          <ntps>
            <ntp><name>a.example</name></ntp>
            <ntp><name>c &amp; d</name></ntp>
            <ntp><name>e.example</name><ntpMode>unicast</ntpMode></ntp>
          </ntps>
        </dateTimeSetting>
        <callManagerGroup>
          <members>
            <member priority="0"><callManager><name>Caf&#233; &amp; Co</name></callManager></member>
            <member priority="1"><callManager><name>second</name></callManager></member>
          </members>
        </callManagerGroup>
      </devicePool>
      <sipProfile>
        <sipLines>
          <line button="1" lineIndex="1">
            <featureID>9</featureID>
            <contact>201</contact>
          </line>
          <line button='3'><featureID>2</featureID><featureLabel>Marie</featureLabel></line>
        </sipLines>
      </sipProfile>
      <addOnModules>
        <addOnModule idx="1"><deviceLine>36</deviceLine></addOnModule>
      </addOnModules>
      <vendorConfig><webAccess>0</webAccess><sshAccess>1</sshAccess></vendorConfig>
      <idleURL/>
    </device>
    "#);
}

#[test]
fn an_edit_of_a_profile_keeps_what_it_does_not_name() {
    let provider = "ProviderFrame/Provider";
    let item = |id: &str, value: &str| raw(&format!("{provider}/SYMB_ITEM[@ID=\"{id}\"]"), value);
    let edits = [
        item("BS_IP_Data1.aucS_SIP_DISPLAYNAME[0]", "\"It's <me>\""),
        item("BS_AE_Subscriber.stMtDat[0].aucTlnName", "\"René\""),
        raw(&format!("{provider}/PROFILE_NAME"), "office"),
        raw("device/vendorConfig/webAccess", "0"),
    ];
    let edited = edit(PROFILE_FILE, &edits).expect("all fit");
    insta::assert_snapshot!(edited, @r#"
    <?xml version="1.0" encoding="ISO-8859-1"?>
    <ProviderFrame xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="N510.xsd">
      <Provider>
        <MAC_ADDRESS value="7c2f804df9a9"/>
        <PROFILE_NAME class="string" value='office'/>
        <SYMB_ITEM ID="BS_IP_Data1.aucS_SIP_DISPLAYNAME[0]" class="symb_item" value='"It&apos;s &lt;me&gt;"'/>
        <SYMB_ITEM ID="BS_CUSTOM.aucKdsPin[0]" class="symb_item" value="0x12,0x34"/>
        <SYMB_ITEM ID="BS_AE_Subscriber.stMtDat[0].aucTlnName" class="symb_item" value='"René"'/>
      </Provider>
    </ProviderFrame>
    "#);
    assert_eq!(read(&encoded(edited))[3].1, "\"It's <me>\"");
}

#[test]
fn an_edit_that_has_no_place_is_refused() {
    let refused = |edits: &[RawEdit]| edit(PHONE, edits).expect_err("it is refused").to_string();
    let cases = [
        ("webAccess", "expected a path that begins with `device/` or `DIALTEMPLATE/` or `ProviderFrame/`, such as"),
        ("device", "expected a path that begins with `device/`"),
        ("vendorConfig/webAccess", "expected a path that begins with `device/`"),
        ("device/a b", "expected a path of elements' names with `/` between them"),
        ("device//a", "expected a path of elements' names with `/` between them"),
        ("device/a/", "expected a path of elements' names with `/` between them"),
        ("device/line/featureID", "expected `line[@button=\"…\"]`, to tell which one"),
        ("device/line[2]/featureID", "expected `line[@button=\"…\"]`, to tell which one"),
        ("device/line[@button=\"1\"x]", "expected `line[@button=\"…\"]`, to tell which one"),
        ("device/line[@button=\"1\"]x", "expected `line[@button=\"…\"]`, to tell which one"),
        ("device/ntp[0]", "expected `ntp` or `ntp[2]`, to tell which one"),
        ("device/a[2]", "expected `a` alone, since there is one only"),
        ("device/devicePool", "expected an element with a value; it holds others"),
        ("device/deviceProtocol/a", "expected elements in `device/deviceProtocol`; it has a value"),
        ("device/devicePool/dateTimeSetting/ntps/ntp[4]/name", "expected those with a lower number to be there"),
        ("device/new/ntp[2]/name", "expected those with a lower number to be there before"),
    ];
    for (path, expected) in cases {
        let found = refused(&[raw(path, "x")]);
        assert!(found.starts_with(&format!("raw `{path}`: {expected}")), "{path}: {found}");
    }
    let twice = refused(&[raw("device/ntp/name", "x"), raw("device/ntp[1]/name", "y")]);
    assert!(twice.ends_with("is edited twice; expected one edit of each element"), "{twice}");
    let two = RawEdit { values: vec!["a".into(), "b".into()], ..raw("device/a", "") };
    assert_eq!(refused(&[two]), "raw `device/a`: expected one value, found 2");
    assert!(refused(&[raw("device/a", "x\ny")]).ends_with("a tree-xml value cannot carry a line break"));
    let button = RawEdit { attributes: vec![("button".into(), "9".into())], ..raw("device/line[@button=\"9\"]", "") };
    assert!(refused(&[button]).ends_with("expected no attribute `button`"));
    let bad = raw("device/line[@button=\"\n\"]/a", "");
    assert!(refused(&[bad]).ends_with("a tree-xml value cannot carry a line break"));
}

#[test]
fn an_edit_goes_into_an_empty_element() {
    for empty in ["<device><a/></device>", "<device><a></a></device>", "<device/>", "<device></device>"] {
        let edited = edit(empty, &[raw("device/a/b", "1"), raw("device/a/c", "2")]);
        assert_eq!(edited.as_deref(), Ok("<device><a><b>1</b><c>2</c></a></device>"), "{empty}");
    }
}

/// Texts full of what the format treats specially.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = "([<>&\"'=\\[\\]@/ \\t\\n\\x00\\u{85}\\u{ffff}éa]|]]>|<!--|&#10;){0,12}";
    prop_oneof![any::<String>(), pieces]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_attribute_of_a_line_never_becomes_an_entry(text in nasty()) {
        let mut written = Vec::new();
        if Format::TreeXml.escape_fn()(&text, &mut written).is_ok() {
            let written = String::from_utf8(written).expect("what goes in is UTF-8");
            let file = format!("<device><line button=\"1\" a=\"{written}\"><b>1</b></line></device>");
            let line = "device/line[@button=\"1\"]";
            prop_assert_eq!(read(&file), [pair(line, ""), pair(&format!("{line}/b"), "1")]);
            let document = parse(&file).expect("it was read before");
            prop_assert_eq!(&*document.entries[0].attributes[1].value, &*text);
        }
    }

    #[test]
    fn a_c_string_of_a_profile_stays_whole(text in nasty()) {
        if Format::TreeXml.carries(&text).is_ok() {
            let file = format!(
                "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ProviderFrame><SYMB_ITEM ID=\"a\" class=\"symb_item\" value='\"{}\"'/></ProviderFrame>",
                xml::escaped(&text)
            );
            let file = encoded(file);
            prop_assert_eq!(parse(&file).is_ok(), !text.contains(['"', '\\']));
            if let Ok(document) = parse(&file) {
                prop_assert_eq!(&*document.entries[0].value, format!("\"{text}\""));
            }
        }
    }

    #[test]
    fn any_path_is_refused_or_found_again(id in nasty(), value in nasty(), path in "(device|/|line|ntp|\\[@button=\"1\"\\]|\\[2\\]|a){1,9}") {
        for name in [path, format!("device/a/line[@button=\"{id}\"]/b"), format!("ProviderFrame/a/SYMB_ITEM[@ID=\"{id}\"]")] {
            let root = name.split('/').next().unwrap_or_default().to_owned();
            let file = format!("<{root}><c>1</c></{root}>").replace("<ProviderFrame><c>1</c>", "<ProviderFrame><c value='1'/>");
            let Ok(edited) = edit(&file, &[raw(&name, &value)]) else { continue };
            let end = format!("</{root}>");
            prop_assert!(edited.ends_with(&end), "{}", edited);
            if let Ok(steps) = path::steps(&name) {
                let path = path::written(&steps);
                let Ok(document) = parse(&edited) else {
                    prop_assert!(root == PROFILE && value.starts_with('"'), "{}", edited);
                    continue;
                };
                let found = document.entries.iter().find(|entry| entry.name == path);
                prop_assert_eq!(found.map(|entry| &*entry.value), Some(&*value), "{}", edited);
                let leaves = document.entries.iter().filter(|entry| entry.attributes.is_empty() || entry.name == path).count();
                prop_assert_eq!(leaves, 2, "{}", edited);
            }
        }
    }

    #[test]
    fn nothing_panics(text in nasty(), name in nasty(), piece in "(<device>|<line button=\"1\">|</line>|</device>|<a>|</a>|x|\n|<ntp/>){0,12}") {
        for file in [&text, &piece, &format!("<device>{piece}</device>")] {
            let _ = parse(file);
            let _ = edit(file, &[raw(&name, &text), raw("device/a/b", "1"), raw("device/ntp[2]/x", "1")]);
            let _ = encoded(file.clone());
        }
    }
}
