//! `cargo +nightly fuzz run formats`: the first line names a format, the second is an edit of it, such as
//! `linekey.2.type = 15`; what follows is a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook::format::grammar::{Grammar, parse_fkey, parse_fnc};
use offhook::format::{Format, RawEdit};

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, '\n');
    let (Some(name), Some(edit), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Some(format) = Format::parse_name(name) else { return };
    let read = format.parse(text);
    assert_eq!(read.is_ok(), format.check(text).is_ok());
    if let Ok(read) = &read {
        let lines = text.lines().count() as u32 + 1;
        assert!(read.entries.iter().all(|entry| (1..=lines).contains(&entry.line)));
        let _ = format.encode(text.to_owned());
    }
    edited(format, edit, text);
    value(format, edit);
});

/// An edit that was made changes nothing when it is made again, but line ends that were of two kinds.
fn edited(format: Format, edit: &str, text: &str) {
    let (name, values) = match edit.split_once(" = ") {
        Some((name, value)) => (name, vec![value.to_owned()]),
        None => (edit, Vec::new()),
    };
    let edit = RawEdit { name: name.to_owned(), values, attributes: Vec::new() };
    let Ok(after) = format.edit(text, std::slice::from_ref(&edit)) else { return };
    let again = format.edit(&after, &[edit]).expect("an edit that was made can be made again");
    assert_eq!(again.replace('\r', ""), after.replace('\r', ""));
}

/// The guards of a single value: a label always fits in the end, and what fits can be written.
fn value(format: Format, text: &str) {
    let soft = format.soften(text);
    assert!(format.carries(&soft).is_ok(), "{soft:?}");
    let mut written = Vec::new();
    assert!(format.escape_fn()(&soft, &mut written).is_ok(), "{soft:?}");
    for grammar in Grammar::ALL {
        let label = grammar.label(text);
        assert_eq!(grammar.label(&label), label);
        let _ = (grammar.number(text), grammar.url(text));
    }
    let _ = (parse_fnc(text), parse_fkey(text));
}
