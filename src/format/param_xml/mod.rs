//! The XML of Gigaset's Maxwell and Nx70: `provisioning` with `firmware`, `nvm` and `custom`.
//!
//! Facts: docs/sources.md, Gigaset 3.3 (TAN, WAZO and Gigaset's wiki, "W:"). KNOWN: UTF-8, the root, its three children,
//! `param` with `name` and `value` in `nvm`, `file` in `firmware`, `step` in `custom`, XML escaping, and the Nx70's `oper`,
//! which may have no value, hold `param` elements of its own and be repeated for each handset.
//!
//! The entries of a document are the parameters of `nvm` under their names; all else gets a path (`oper/add_hs`,
//! `oper/add_hs/hs.RegStatus`, `firmware/file`, `custom/step`). Raw edits reach all that stands in `nvm`.

mod edit;

use std::borrow::Cow;
use std::ops::Range;

use super::xml::{Container, Tag, Token, Tokens};
use super::{Attribute, Document, Entry, Names, SyntaxError};

pub(super) use edit::edit;

/// What may stand in what; nothing else holds an element.
const INSIDE: [(&str, &str); 8] = [
    ("provisioning", "firmware"),
    ("provisioning", "nvm"),
    ("provisioning", "custom"),
    ("firmware", "file"),
    ("nvm", "param"),
    ("nvm", "oper"),
    ("oper", "param"),
    ("custom", "step"),
];

pub(super) const PLACE: &str = "a param-xml value";

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(text.len() / 64);
    let mut names = Names::for_text(text);
    scan(text, |node| {
        if let Node::Item(item) = node {
            if item.place == Place::Memory && !names.insert(item.entry.name.clone()) {
                return Err(format!("`{}` is set twice; expected each parameter once", item.entry.name));
            }
            entries.push(item.entry);
        }
        Ok(())
    })?;
    Ok(Document { entries })
}

enum Node<'a> {
    Item(Item<'a>),
    /// An `oper` element, at its end.
    Oper(Oper<'a>),
    /// The `nvm` element, at its end.
    Memory(Container<'a>),
}

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a parameter right in `nvm`.
    Memory,
    /// It is a parameter of an operation.
    Oper,
    /// Anything else.
    Other,
}

/// An operation with all that stands in it.
struct Oper<'a> {
    path: Cow<'a, str>,
    span: Range<usize>,
    container: Container<'a>,
    /// The paths of its parameters.
    names: Vec<Cow<'a, str>>,
}

/// An element that says something to the phone.
struct Item<'a> {
    entry: Entry<'a>,
    place: Place,
    span: Range<usize>,
}

/// An element that holds others, and the path of the entries in it if they have one.
struct Open<'a> {
    tag: Tag<'a>,
    path: Option<Cow<'a, str>>,
    /// The paths of the parameters that were found in it, if it is an operation.
    names: Vec<Cow<'a, str>>,
}

/// Shows `nvm` and operations, at their ends, and every item to `visit`.
fn scan<'a>(text: &'a str, mut visit: impl FnMut(Node<'a>) -> Result<(), String>) -> Result<(), SyntaxError> {
    let mut tokens = Tokens::new(text, &["provisioning"])?;
    let mut open: Vec<Open<'a>> = Vec::new();
    let mut has_memory = false;
    while let Some(token) = tokens.next()? {
        let (start, visited) = match token {
            Token::Open(tag) => {
                let start = tag.span.start;
                if tag.name == "nvm" && std::mem::replace(&mut has_memory, true) {
                    return Err(tokens.error(start, "expected `nvm` once"));
                }
                let is_item = matches!(tag.name, "param" | "file" | "step");
                if is_item && !tag.empty && !tokens.value()?.is_some_and(|text| text.trim_ascii().is_empty()) {
                    return Err(tokens.error(start, format!("expected nothing in `{}`", tag.name)));
                }
                let span = start..tokens.position();
                let item = item(open.last(), &tag, span, &mut tokens.attributes);
                let item = item.map_err(|problem| tokens.error(start, problem))?;
                let path = item.as_ref().map(|item| item.entry.name.clone());
                if let (Some(parent), Some(path), "param") = (open.last_mut(), &path, tag.name)
                    && parent.tag.name == "oper"
                {
                    parent.names.push(path.clone());
                }
                let visited = item.map_or(Ok(()), |item| visit(Node::Item(item)));
                let element = Open { tag, path, names: Vec::new() };
                let ended = match element.tag.empty {
                    false if !is_item => {
                        open.push(element);
                        None
                    }
                    true => end(element, None),
                    false => None,
                };
                (start, visited.and_then(|()| ended.map_or(Ok(()), &mut visit)))
            }
            Token::Close(close) => {
                let start = close.start;
                match open.pop().and_then(|element| end(element, Some(close))) {
                    Some(node) => (start, visit(node)),
                    None => continue,
                }
            }
            Token::Text { blank: false } => {
                let (name, start) = open.last().map_or(("", 0), |element| (element.tag.name, element.tag.span.start));
                return Err(tokens.error(start, format!("expected no text in `{name}`; values are attributes")));
            }
            Token::Text { blank: true } | Token::Comment => continue,
        };
        visited.map_err(|problem| tokens.error(start, problem))?;
    }
    Ok(())
}

/// What is shown at the end of an element.
fn end<'a>(element: Open<'a>, close: Option<Range<usize>>) -> Option<Node<'a>> {
    let Open { tag, path, names } = element;
    let span = tag.span.start..close.as_ref().map_or(tag.span.end, |close| close.end);
    let container = Container::new(tag.name, tag.span, close);
    match (tag.name, path) {
        ("nvm", _) => Some(Node::Memory(container)),
        ("oper", Some(path)) => Some(Node::Oper(Oper { path, span, container, names })),
        _ => None,
    }
}

/// What an element says to the phone, if it says anything itself.
fn item<'a>(
    parent: Option<&Open<'a>>,
    tag: &Tag<'a>,
    span: Range<usize>,
    attributes: &mut Vec<Attribute<'a>>,
) -> Result<Option<Item<'a>>, String> {
    let Some(Open { tag: Tag { name: parent, .. }, path, .. }) = parent else { return Ok(None) };
    if !INSIDE.contains(&(parent, tag.name)) {
        return Err(format!("expected no `{}` in `{parent}`", tag.name));
    }
    let line = tag.line;
    let entry = match tag.name {
        "param" | "oper" => {
            let (name, value, attributes) = name_and_value(tag.name, attributes)?;
            let name = match (tag.name, path) {
                ("oper", _) => Cow::Owned(format!("oper/{name}")),
                (_, Some(path)) => Cow::Owned(format!("{path}/{name}")),
                (_, None) => name,
            };
            Entry { name, value, attributes, line }
        }
        "file" => {
            Entry { name: "firmware/file".into(), value: "".into(), attributes: std::mem::take(attributes), line }
        }
        "step" => Entry { name: "custom/step".into(), value: "".into(), attributes: std::mem::take(attributes), line },
        _ => return Ok(None),
    };
    let place = match (tag.name, *parent) {
        ("param", "nvm") => Place::Memory,
        ("param", _) => Place::Oper,
        _ => Place::Other,
    };
    Ok(Some(Item { entry, place, span }))
}

type NameAndValue<'a> = (Cow<'a, str>, Cow<'a, str>, Vec<Attribute<'a>>);

/// The attributes `name` and `value`, and the others.
fn name_and_value<'a>(element: &str, attributes: &mut Vec<Attribute<'a>>) -> Result<NameAndValue<'a>, String> {
    let mut name = None;
    let mut value = None;
    let mut others = Vec::new();
    // Drained, so that the buffer serves the next element and most need no memory of their own.
    for attribute in attributes.drain(..) {
        match attribute.name {
            "name" => name = Some(attribute.value),
            "value" => value = Some(attribute.value),
            _ => others.push(attribute),
        }
    }
    match (name, value) {
        (Some(name), Some(value)) if !name.is_empty() => Ok((name, value, others)),
        // Gigaset's DeleteNotProvisionedHS has no value.
        (Some(name), None) if element == "oper" && !name.is_empty() => Ok((name, "".into(), others)),
        _ => Err(format!("expected `{element}` to have a `name` and a `value`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RawEdit;
    use super::*;

    const SMALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<provisioning version="1.1" productID="e2">
  <firmware>
    <file version="2.61" url="https://fw.example/n670.bin"/>
  </firmware>
  <nvm>
    <oper name="add_hs" value="00001">
      <param name="hs.RegStatus" value="ToReg"/>
    </oper>
    <oper name="add_hs" value="00002"/>
    <param name="SipProvider.0.Name" value="A &amp; &quot;B&quot;"/>
    <param name="WebUI.Language" value='en-us'></param>
  </nvm>
  <custom><step type="UnlockAllFunctionKeys"/></custom>
</provisioning>
"#;

    fn raw(name: &str, values: &[&str]) -> RawEdit {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        RawEdit { name: name.to_owned(), values, attributes: Vec::new() }
    }

    #[test]
    fn a_file_is_read_as_the_phone_reads_it() {
        let document = parse(SMALL).expect("it is a provisioning file");
        let read: Vec<_> = document.entries.iter().map(|entry| (&*entry.name, &*entry.value, entry.line)).collect();
        let expected = [
            ("firmware/file", "", 4),
            ("oper/add_hs", "00001", 7),
            ("oper/add_hs/hs.RegStatus", "ToReg", 8),
            ("oper/add_hs", "00002", 10),
            ("SipProvider.0.Name", "A & \"B\"", 11),
            ("WebUI.Language", "en-us", 12),
            ("custom/step", "", 14),
        ];
        assert_eq!(read, expected);
        assert_eq!(document.entries[0].attributes[1].value, "https://fw.example/n670.bin");
    }

    #[test]
    fn what_a_phone_is_not_known_to_read_is_an_error() {
        let cases = [
            ("<nvm/><nvm/>", "line 2: expected `nvm` once"),
            ("<nvm><x/></nvm>", "line 2: expected no `x` in `nvm`"),
            ("<param name='a' value='b'/>", "line 2: expected no `param` in `provisioning`"),
            ("<nvm><param name='a'/></nvm>", "line 2: expected `param` to have a `name` and a `value`"),
            ("<nvm><param name='' value=''/></nvm>", "line 2: expected `param` to have a `name` and a `value`"),
            ("<nvm><param name='a' value='b'>c</param></nvm>", "line 2: expected nothing in `param`"),
            ("<nvm>\n<param name='a' value='b'/>\n<param name='a' value='c'/></nvm>", "line 4: `a` is set twice"),
            ("<nvm><param name='a' value='b&c'/></nvm>", "line 2: `param`: attribute `value`: expected `&amp;`"),
            ("<nvm><param name='a' value='b\nc'/></nvm>", "line 2: `param`: expected neither `<` nor a line break"),
        ];
        for (body, expected) in cases {
            let text = format!("<provisioning version=\"1.1\">\n{body}\n</provisioning>");
            let found = parse(&text).expect_err("refused").to_string();
            assert!(found.starts_with(expected), "{body:?}: {found}");
        }
    }

    #[test]
    fn an_edit_touches_only_what_it_names() {
        let edits =
            [raw("WebUI.Language", &["fr-fr"]), raw("hs.RegStatus", &["<none>"]), raw("Telephony.0.ToneScheme", &[])];
        insta::assert_snapshot!(edit(SMALL, &edits).expect("all fit"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <provisioning version="1.1" productID="e2">
          <firmware>
            <file version="2.61" url="https://fw.example/n670.bin"/>
          </firmware>
          <nvm>
            <oper name="add_hs" value="00001">
              <param name="hs.RegStatus" value="ToReg"/>
            </oper>
            <oper name="add_hs" value="00002"/>
            <param name="SipProvider.0.Name" value="A &amp; &quot;B&quot;"/>
            <param name="WebUI.Language" value="fr-fr"/>
            <param name="hs.RegStatus" value="&lt;none&gt;"/>
            <param name="Telephony.0.ToneScheme" value=""/>
          </nvm>
          <custom><step type="UnlockAllFunctionKeys"/></custom>
        </provisioning>
        "#);
        let edited = edit("<provisioning><nvm/></provisioning>", &[raw("a\"b", &["c"])]);
        let expected = r#"<provisioning><nvm><param name="a&quot;b" value="c"/></nvm></provisioning>"#;
        assert_eq!(edited.as_deref(), Ok(expected));
    }

    #[test]
    fn an_edit_that_has_no_place_is_refused() {
        let refused = |text: &str, edits: &[RawEdit]| edit(text, edits).expect_err("it is refused").to_string();
        assert_eq!(
            refused("<provisioning/>", &[raw("a", &["b"])]),
            "raw `a`: expected `nvm` in the file to put it into"
        );
        assert_eq!(refused(SMALL, &[raw("", &[])]), "raw ``: expected a name");
        assert!(refused(SMALL, &[raw("a\nb", &[])]).contains("a param-xml name cannot carry a line break"));
        let attributes = vec![("value".to_owned(), "x".to_owned())];
        let with_value = RawEdit { attributes, ..raw("a", &[]) };
        assert_eq!(refused(SMALL, &[with_value]), "raw `a`: expected no attribute `value`");
    }
}
