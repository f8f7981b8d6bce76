//! Whatever a value holds, a file has exactly the entries that its template wrote.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Format, RawEdit};

/// A small file of each format, with a place for a value in the middle, and the entries that it has.
fn around(format: Format, value: &str) -> (String, Vec<(String, String)>) {
    let text = match format {
        Format::Cfg => format!("#!version:1.0.0.1\n# c\nfirst = 1\nx.y = {value}\nlast = 2\n"),
        Format::FlatProfile => {
            format!("<flat-profile>\n<first>1</first>\n<x.y ua=\"na\">{value}</x.y>\n<last>2</last>\n</flat-profile>\n")
        }
        Format::ParamXml => {
            let param = |name: &str, value: &str| format!("<param name=\"{name}\" value=\"{value}\"/>\n");
            let params = [param("first", "1"), param("x.y", value), param("last", "2")].concat();
            format!("<provisioning version=\"1.1\">\n<nvm>\n{params}</nvm>\n</provisioning>\n")
        }
        Format::TreeXml => format!("<device>\n<first>1</first>\n<x.y>{value}</x.y>\n<last>2</last>\n</device>\n"),
        Format::Tlv => format!("# c\n1 = \"1\"\n4 = \"{value}\"\n3 = \"2\"\n"),
        Format::SettingsXml => {
            let inside = format!("<first>1</first>\n<x.y perm=\"RW\">{value}</x.y>\n<last>2</last>\n");
            format!("<settings>\n<phone-settings>\n{inside}</phone-settings>\n</settings>\n")
        }
    };
    let entry = |name: &str, value: &str| (named(format, name), value.to_owned());
    (text, vec![entry("first", "1"), entry("x.y", value), entry("last", "2")])
}

/// A parameter's name in these files, which is a number in a tlv.
fn named(format: Format, name: &str) -> String {
    let tags = [("first", "1"), ("x.y", "4"), ("last", "3"), ("new", "0")];
    match format {
        Format::TreeXml => format!("device/{name}"),
        Format::SettingsXml => format!("phone-settings/{name}"),
        Format::Tlv => tags.iter().find(|(known, _)| *known == name).map_or("2", |(_, tag)| *tag).to_owned(),
        _ => name.to_owned(),
    }
}

fn escaped(format: Format, value: &str) -> std::io::Result<String> {
    let mut out = Vec::new();
    format.escape_fn()(value, &mut out)?;
    Ok(String::from_utf8(out).expect("what goes in is UTF-8"))
}

fn read(format: Format, text: &str) -> Vec<(String, String)> {
    let document = format.parse(text).unwrap_or_else(|err| panic!("{err}\n{text}"));
    document.entries.into_iter().map(|entry| (entry.name.into(), entry.value.into())).collect()
}

/// Texts full of what the formats and the grammars treat specially.
fn text() -> impl Strategy<Value = String> {
    let nasty = "([<>&\"'=;#+ \\t\\n\\r\\x00\\x0b\\x7f\\u{85}\\u{2028}\\u{fffe}\\u{ffff}\\u{feff}éa]|]]>|<!--|&#10;|\r\n){0,12}";
    prop_oneof![any::<String>(), nasty]
}

fn formats() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

/// A piece of a profile, more often right than wrong.
fn piece() -> impl Strategy<Value = String> {
    let whole = "<[AB][12]?( ua=(\"na\"|'ro'))?( b=\"&lt;\")?( ?/>|>[a&;]?(&amp;|&#65;|&#x42;| x)?</[AB][12]?>)";
    prop_oneof![4 => whole, 1 => "(<!-- a -?->|<A>|</A>|\n|<|>|&|x| |\"|=|/|\\?|!){1,3}"]
}

/// The values of the elements in the root, as quick-xml's reader has them.
fn read_by_quick_xml(text: &str) -> Vec<(String, String)> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut depth = 0;
    let mut value = String::new();
    loop {
        match reader.read_event().expect("what we read, it reads") {
            Event::Start(_) => {
                depth += 1;
                value.clear();
            }
            Event::Empty(tag) if depth > 0 => entries.push((tag.name().as_ref().to_owned(), String::new())),
            Event::Text(text) => value.push_str(&text.into_inner()),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", name.into_inner());
                value.push_str(&quick_xml::escape::unescape(&reference).expect("a known one"));
            }
            Event::End(tag) => {
                depth -= 1;
                if depth > 0 {
                    entries.push((tag.name().as_ref().to_owned(), value.clone()));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    entries.into_iter().map(|(name, value)| (name, value.trim_ascii().to_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_softened_label_stays_in_its_place(format in formats(), label in text()) {
        let softened = format.soften(&label);
        prop_assert_eq!(format.carries(&softened), Ok(()));
        prop_assert_eq!(matches!(softened, Cow::Borrowed(_)), *softened == label);
        let written = escaped(format, &softened).expect("a softened label fits");
        let (file, mut expected) = around(format, &written);
        expected[1].1 = softened.clone().into_owned();
        prop_assert_eq!(read(format, &file), expected);
        let again = format.soften(&softened).into_owned();
        prop_assert_eq!(again, softened);
    }

    #[test]
    fn what_is_carried_arrives_unharmed(format in formats(), value in text()) {
        if format.carries(&value).is_ok() {
            let written = escaped(format, &value).expect("it is carried");
            let (file, mut expected) = around(format, &written);
            expected[1].1 = value.clone();
            prop_assert_eq!(read(format, &file), expected);
            prop_assert!(matches!(format.soften(&value), Cow::Borrowed(same) if same == value));
        }
    }

    #[test]
    fn a_url_arrives_as_it_is(format in formats(), url in text()) {
        if format.carries_url(&url).is_ok() {
            let written = escaped(format, &url).expect("it is carried");
            if format == Format::Cfg {
                prop_assert_eq!(&written, &url);
            }
            let (file, mut expected) = around(format, &written);
            expected[1].1 = url;
            prop_assert_eq!(read(format, &file), expected);
        }
    }

    #[test]
    fn nothing_that_is_escaped_makes_an_entry(format in formats(), value in text()) {
        // Even a value that nobody has checked: it is refused, or it stays where it is.
        if let Ok(written) = escaped(format, &value) {
            let (file, _) = around(format, &written);
            let names: Vec<_> = read(format, &file).into_iter().map(|(name, _)| name).collect();
            prop_assert_eq!(names, ["first", "x.y", "last"].map(|name| named(format, name)));
        }
    }

    #[test]
    fn a_file_that_is_read_is_read_by_quick_xml_as_well(pieces in prop::collection::vec(piece(), 0..12)) {
        let text = format!("<flat-profile>{}</flat-profile>", pieces.concat());
        if let Ok(document) = Format::FlatProfile.parse(&text) {
            let ours: Vec<_> = document.entries.iter().map(|entry| (entry.name.to_string(), entry.value.to_string())).collect();
            prop_assert_eq!(read_by_quick_xml(&text), ours);
        }
    }

    #[test]
    fn the_parser_never_panics(format in formats(), value in text(), cut in 0..200_usize) {
        let _ = format.parse(&value);
        let (file, _) = around(format, &value);
        let _ = format.parse(&file);
        let _ = format.parse(&file.chars().take(cut).collect::<String>());
    }

    #[test]
    fn an_edit_keeps_all_other_entries(
        format in formats(),
        name in "first|x[.]y|last|new|a-b",
        values in prop::collection::vec(text(), 0..2),
    ) {
        let values: Vec<_> = values.iter().map(|value| format.soften(value).into_owned()).collect();
        let path = named(format, &name);
        let edit = RawEdit { name: path.clone(), values: values.clone(), attributes: Vec::new() };
        let (file, mut expected) = around(format, "v");
        let edited = format.edit(&file, &[edit]).expect("the edit fits");
        let new = (path.clone(), values.first().cloned().unwrap_or_default());
        match expected.iter().position(|(other, _)| *other == path) {
            Some(place) => expected[place] = new,
            None => expected.push(new),
        }
        prop_assert_eq!(read(format, &edited), expected);
        let is_other = |line: &&str| !line.contains(&name) && !line.starts_with(&format!("{path} ="));
        prop_assert!(file.lines().filter(is_other).all(|line| edited.contains(line)));
    }

    #[test]
    fn an_edit_never_panics(format in formats(), file in text(), name in text(), value in text()) {
        let (whole, _) = around(format, "v");
        let edits = [RawEdit { name, values: vec![value.clone()], attributes: vec![(value.clone(), value)] }];
        let _ = format.edit(&file, &edits);
        if let Ok(edited) = format.edit(&whole, &edits) {
            let names: Vec<_> = read(format, &edited).into_iter().map(|(name, _)| name).collect();
            prop_assert!(names.len() <= 4, "{:?}", names);
        }
    }
}
