use proptest::prelude::*;

use super::super::Format;
use super::*;

/// Tags with their contents.
type Flat = Vec<(u8, Vec<u8>)>;

/// Reads the bytes back, on its own: tags with the tags and contents in them.
fn decoded(bytes: &[u8]) -> Vec<(u8, Flat)> {
    flat(bytes).into_iter().map(|(tag, content)| (tag, flat(&content))).collect()
}

fn flat(mut bytes: &[u8]) -> Flat {
    let mut items = Vec::new();
    while let [tag, length, rest @ ..] = bytes {
        let (content, after) = rest.split_at(usize::from(*length));
        items.push((*tag, content.to_vec()));
        bytes = after;
    }
    assert!(bytes.is_empty(), "half an item at the end: {bytes:?}");
    items
}

fn zero_terminated(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

fn refused(text: &str) -> String {
    let error = parse(text).expect_err("it is refused");
    assert_eq!(encode(text), Err(error.clone()));
    error.to_string()
}

#[test]
fn the_files_of_a_chain_that_works_are_made_byte_by_byte() {
    // What another provisioning server has in its folder for the N510, by its bytes.
    let master = "3 = \"../../sifs/sifsroot.bin\"\n5 = \"webuil/\"\n5 = \"sht/\"\n";
    let expected = b"\x03\x1a\x03\x18../../sifs/sifsroot.bin\0\x05\x0a\x03\x08webuil/\0\x05\x07\x03\x05sht/\0";
    assert_eq!(encode(master).as_deref(), Ok(&expected[..]));
    let siu = encode("0 = \"http://%DURL/%MACD.xml\"\n").expect("it is right");
    assert_eq!(siu, b"\0\x19\x03\x17http://%DURL/%MACD.xml\0");
}

#[test]
fn an_item_may_hold_a_number_and_a_text() {
    let bytes = encode("# the firmware\n\n1 = 111 \"../fw111.bin\"").expect("it is right");
    assert_eq!(bytes, b"\x01\x13\x02\x02\x00\x6f\x03\x0d../fw111.bin\0");
    let document = parse("1 = 111 \"a\"\n2 = \"b\\\"\\\\\"\n").expect("it is right");
    let read: Vec<_> = document.entries.iter().map(|entry| (&*entry.name, &*entry.value, entry.line)).collect();
    assert_eq!(read, [("1", "111 \"a\"", 1), ("2", "b\"\\", 2)]);
}

#[test]
fn what_is_too_long_is_told_with_its_place() {
    let longest = format!("3 = \"{}\"\n", "x".repeat(252));
    assert_eq!(encode(&longest).map(|bytes| (bytes.len(), bytes[1], bytes[3])), Ok((257, 255, 253)));
    let longer = format!("# one more\n3 = \"{}\"\n", "x".repeat(253));
    assert_eq!(refused(&longer), "line 2: item 3: the text has 253 characters; expected at most 252");
    let together = format!("1 = 1 \"{}\"", "x".repeat(252));
    assert_eq!(refused(&together), "line 1: item 1: all in it takes 259 bytes; expected at most 255");
    let refusal = carries(&"x".repeat(253)).expect_err("it is too long");
    assert_eq!(refusal.to_string(), "a tlv text cannot carry more than 252 characters");
}

#[test]
fn what_is_no_item_is_an_error() {
    let cases = [
        ("3", "line 1: expected a tag, ` = ` and what is in the item"),
        ("256 = \"a\"", "line 1: expected the tag to be a number from 0 to 255"),
        ("03 = \"a\"", "line 1: expected the tag to be a number from 0 to 255"),
        ("+3 = \"a\"", "line 1: expected the tag to be a number from 0 to 255"),
        ("3 = ", "line 1: item 3: expected a text in quotes or a number from 0 to 65535"),
        ("3 = 65536", "line 1: item 3: expected a text in quotes or a number from 0 to 65535"),
        ("3 = \"a", "line 1: item 3: expected `\"` behind the text"),
        ("3 = \"a\\", "line 1: item 3: expected `\\\\` or `\\\"` for a `\\`"),
        ("3 = \"a\\n\"", "line 1: item 3: expected `\\\\` or `\\\"` for a `\\`"),
        ("3 = \"é\"", "line 1: item 3: expected printable ASCII characters only"),
        ("3 = \"a\"1", "line 1: item 3: expected one blank between two values"),
        ("3 = \"a\" ", "line 1: item 3: expected a text in quotes or a number from 0 to 65535"),
        ("3 = \"a\"\n5 = \"b\"\n3 = \"c\"", "line 3: the item 3 is set twice; only 5 may be"),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text:?}");
    }
}

#[test]
fn an_edit_changes_its_item_and_no_other() {
    let edit_of = |name: &str, values: &[&str]| RawEdit {
        name: name.to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
        attributes: Vec::new(),
    };
    let text = "# chain\n3 = \"a\"\n5 = \"b\"\n5 = \"c\"";
    let edited = edit(text, &[edit_of("5", &["d", "e\""]), edit_of("2", &["f"])]);
    assert_eq!(edited.as_deref(), Ok("# chain\n3 = \"a\"\n5 = \"d\"\n5 = \"e\\\"\"\n2 = \"f\"\n"));
    let refused = |edits: &[RawEdit]| edit(text, edits).expect_err("it is refused").to_string();
    assert_eq!(refused(&[edit_of("x", &[])]), "raw `x`: expected the tag to be a number from 0 to 255");
    assert_eq!(refused(&[edit_of("3", &["é"])]), "raw `3`: a tlv text cannot carry `é`");
    let attributes = vec![("ua".to_owned(), "na".to_owned())];
    assert_eq!(refused(&[RawEdit { attributes, ..edit_of("3", &[]) }]), "raw `3`: expected no attribute `ua`");
}

/// Texts full of what the text form treats specially.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "([ -~]|\\PC){0,300}", "([\"\\\\=# \\n\\r\\x000-9é]|\" 3 = \"){0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_written_comes_out_of_the_bytes(tag in 0..=255_u8, number in any::<u16>(), text in "[ -~]{0,248}") {
        let line = format!("{tag} = {number} \"{}\"\n", quoted(&text));
        let bytes = encode(&line).expect("it is right");
        let inner = vec![(NUMBER, number.to_be_bytes().to_vec()), (TEXT, zero_terminated(&text))];
        prop_assert_eq!(decoded(&bytes), [(tag, inner)]);
    }

    #[test]
    fn no_text_makes_another_item(text in nasty()) {
        let mut written = Vec::new();
        if Format::Tlv.escape_fn()(&text, &mut written).is_ok() {
            let written = String::from_utf8(written).expect("what goes in is UTF-8");
            let file = format!("3 = \"a\"\n4 = \"{written}\"\n0 = \"b\"\n");
            let one = |tag, text: &str| (tag, vec![(TEXT, zero_terminated(text))]);
            let expected = [one(3, "a"), one(4, text.as_str()), one(0, "b")];
            prop_assert_eq!(decoded(&encode(&file).expect("it fits")), expected);
        }
    }

    #[test]
    fn whatever_is_read_can_be_encoded(text in nasty(), tag in 0..300_u16) {
        for file in [text.clone(), format!("{tag} = {text}"), format!("{tag} = \"{text}\"")] {
            let read = parse(&file).map(|document| document.entries.len());
            prop_assert_eq!(read, encode(&file).map(|bytes| decoded(&bytes).len()));
        }
    }
}
