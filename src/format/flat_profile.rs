//! Cisco's `flat-profile` for SPA and MPP phones: below the root one element for each parameter.
//!
//! Facts: docs/sources.md, Cisco 3.1 and 3.3 (Cisco's SPA provisioning guide, "SPA-PG"; MPP administration guides, "MPP-AG";
//! WAZO). KNOWN: the root, that white space at the ends of a value is trimmed and a line break inside it becomes a blank,
//! the escapes, and the attribute `ua` with `na`, `ro` or `rw`. PEER: `router-configuration`, alone in holding elements.
//! The last of two elements of one name wins (KNOWN), so a second one is a mistake and refused. UTF-8 is where the
//! sources disagree least; the SPA9xx read ASCII with references for all else (Linksys provisioning guide), which a file
//! that says ISO-8859-1 gets.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::xml::{self, Container, Tag, Token, Tokens};
use super::{Attribute, Document, Entry, FormatError, Names, RawEdit, Refusal, SyntaxError, checked_edits, has_any};

const ROOT: &str = "flat-profile";
/// The one element below the root that holds others.
const ROUTER: &str = "router-configuration";
const PLACE: &str = "a flat-profile value";

pub(super) fn carries(value: &str) -> Result<(), Refusal> {
    xml::carries_trimmed(PLACE, value)
}

pub(super) fn soften(label: &str) -> Cow<'_, str> {
    xml::soften_trimmed(label)
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(text.len() / 48);
    let mut names = Names::for_text(text);
    scan(text, |node| {
        let Node::Leaf(leaf) = node else { return Ok(()) };
        let Leaf { name, written, attributes, line, .. } = leaf;
        if !names.insert(name.clone()) {
            return Err(format!("`{name}` is set twice; expected each parameter once"));
        }
        let written = written.trim_ascii();
        if has_any(written, *b"\n\r\t>") {
            return Err(format!("`{name}`: expected neither a line break nor a tab nor a bare `>` in a value"));
        }
        let value = xml::decoded(written).map_err(|problem| format!("`{name}`: {problem}"))?;
        let user_access = attributes.iter().find(|attribute| attribute.name == "ua");
        if user_access.is_some_and(|ua| !matches!(&*ua.value, "na" | "ro" | "rw")) {
            return Err(format!("`{name}`: expected `ua` to be `na`, `ro` or `rw`"));
        }
        entries.push(Entry { name, value, attributes, line });
        Ok(())
    })?;
    Ok(Document { entries })
}

pub(super) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    // A blank at an end is let through, unlike in `carries`: peers send a single one to empty a parameter.
    checked_edits(edits, |value| xml::carries(PLACE, value))?;
    let edits: Vec<&RawEdit> = edits.iter().collect();
    for edit in &edits {
        let mut steps = edit.name.split('/');
        let is_nested = steps.clone().nth(1).is_some();
        if !steps.all(xml::is_name) || is_nested != (edit.name.split('/').next() == Some(ROUTER)) {
            let problem = format!("expected an element's name, or a path that begins with `{ROUTER}/`");
            return Err(FormatError::edit(&edit.name, problem));
        }
    }
    apply(text, &edits)
}

fn apply(text: &str, edits: &[&RawEdit]) -> Result<String, FormatError> {
    let map = Map::of(text, edits)?;
    let mut splices = Vec::new();
    let mut appended: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut waiting = Vec::new();
    let mut has_made = false;
    for &edit in edits {
        let new = elements(edit)?;
        if let Some(spans) = map.leaves.get(edit.name.as_str()) {
            let news = std::iter::once(new.concat()).chain(std::iter::repeat(String::new()));
            splices.extend(spans.iter().cloned().zip(news));
            continue;
        }
        map.check_room(edit)?;
        let parent = parent_of(&edit.name);
        if map.containers.contains_key(parent) {
            appended.entry(parent).or_default().extend(new);
        } else if has_made {
            // It may need an element that has just been made: the next round sees.
            waiting.push(edit);
        } else {
            has_made = true;
            let (place, element) = map.with_parents(parent, new.concat());
            appended.entry(place).or_default().push(element);
        }
    }
    splices.extend(appended.iter().filter_map(|(path, new)| Some(map.containers.get(*path)?.append(text, new))));
    let edited = xml::spliced(text, splices);
    if waiting.is_empty() { Ok(edited) } else { apply(&edited, &waiting) }
}

/// What a file has of the elements that edits name, and of those that these lie in.
struct Map<'a> {
    /// By path; the root's is empty.
    containers: HashMap<Cow<'a, str>, Container<'a>>,
    leaves: HashMap<Cow<'a, str>, Vec<Range<usize>>>,
}

impl<'a> Map<'a> {
    fn of(text: &'a str, edits: &[&RawEdit]) -> Result<Map<'a>, FormatError> {
        let mut map = Map { containers: HashMap::new(), leaves: HashMap::new() };
        scan(text, |node| {
            match node {
                Node::Container(path, container) => drop(map.containers.insert(path, container)),
                Node::Leaf(leaf) if edits.iter().any(|edit| begins_path(&leaf.name, &edit.name)) => {
                    map.leaves.entry(leaf.name).or_default().push(leaf.span);
                }
                Node::Leaf(_) => {}
            }
            Ok(())
        })?;
        Ok(map)
    }

    fn check_room(&self, edit: &RawEdit) -> Result<(), FormatError> {
        if self.containers.contains_key(edit.name.as_str()) {
            return Err(FormatError::edit(&edit.name, "expected a parameter; the element holds others"));
        }
        match self.leaves.keys().find(|leaf| **leaf != edit.name && begins_path(leaf, &edit.name)) {
            Some(leaf) => Err(FormatError::edit(&edit.name, format!("expected elements in `{leaf}`; it has a value"))),
            None => Ok(()),
        }
    }

    /// The element within all parents that the file lacks, and the container that the outermost of them goes into.
    fn with_parents<'p>(&self, mut path: &'p str, mut element: String) -> (&'p str, String) {
        while !path.is_empty() && !self.containers.contains_key(path) {
            let name = path.rsplit('/').next().unwrap_or(path);
            element = format!("<{name}>{element}</{name}>");
            path = parent_of(path);
        }
        (path, element)
    }
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether `start` is `path` or one of those that it lies in.
fn begins_path(start: &str, path: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The elements that an edit writes: one for each value.
fn elements(edit: &RawEdit) -> Result<Vec<String>, FormatError> {
    let name = edit.name.rsplit('/').next().unwrap_or(&edit.name);
    let attributes = xml::written_attributes(edit, &[])?;
    if edit.values.is_empty() {
        return Ok(vec![format!("<{name}{attributes}/>")]);
    }
    let element = |value: &String| format!("<{name}{attributes}>{}</{name}>", xml::escaped(value));
    Ok(edit.values.iter().map(element).collect())
}

enum Node<'a> {
    Leaf(Leaf<'a>),
    /// An element that holds others, with its path.
    Container(Cow<'a, str>, Container<'a>),
}

/// An element that is a parameter.
struct Leaf<'a> {
    name: Cow<'a, str>,
    written: &'a str,
    attributes: Vec<Attribute<'a>>,
    line: u32,
    span: Range<usize>,
}

/// Shows every element to `visit`, at its end if it holds others.
fn scan<'a>(text: &'a str, mut visit: impl FnMut(Node<'a>) -> Result<(), String>) -> Result<(), SyntaxError> {
    let mut tokens = Tokens::maybe_latin(text, &[ROOT])?;
    let mut open: Vec<Tag<'a>> = Vec::new();
    while let Some(token) = tokens.next()? {
        let (start, node) = match token {
            Token::Open(tag) => {
                let start = tag.span.start;
                let must_hold_elements = open.is_empty() || (open.len() == 1 && tag.name == ROUTER);
                let written = match (must_hold_elements, tag.empty) {
                    (true, _) => None,
                    (false, true) => Some(""),
                    (false, false) => tokens.value()?,
                };
                match written {
                    Some(written) => {
                        let name = path(&open, tag.name);
                        let attributes = std::mem::take(&mut tokens.attributes);
                        let span = start..tokens.position();
                        (start, Node::Leaf(Leaf { name, written, attributes, line: tag.line, span }))
                    }
                    None if open.len() == 1 && !must_hold_elements => {
                        let problem = format!("expected text and `</{}>`; only `{ROUTER}` holds elements", tag.name);
                        return Err(tokens.error(start, problem));
                    }
                    None if tag.empty => {
                        (start, Node::Container(path(&open, tag.name), Container::new(tag.name, tag.span, None)))
                    }
                    None => {
                        open.push(tag);
                        continue;
                    }
                }
            }
            Token::Close(close) => {
                let Some(tag) = open.pop() else { continue };
                let container = Container::new(tag.name, tag.span, Some(close.clone()));
                (close.start, Node::Container(path(&open, tag.name), container))
            }
            Token::Text { blank: false } => {
                let (name, start) = open.last().map_or((ROOT, 0), |tag| (tag.name, tag.span.start));
                return Err(tokens.error(start, format!("expected nothing but elements in `{name}`")));
            }
            Token::Text { blank: true } | Token::Comment => continue,
        };
        visit(node).map_err(|problem| tokens.error(start, problem))?;
    }
    Ok(())
}

/// The path of an element in these containers, of which the first is the root.
fn path<'a>(containers: &[Tag<'a>], name: &'a str) -> Cow<'a, str> {
    match containers {
        [] => Cow::Borrowed(""),
        [_] => Cow::Borrowed(name),
        [_, inner @ ..] => {
            let names: Vec<&str> = inner.iter().map(|tag| tag.name).chain([name]).collect();
            Cow::Owned(names.join("/"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(body: &str) -> String {
        parse(&format!("<flat-profile>\n{body}\n</flat-profile>\n")).expect_err("refused").to_string()
    }

    fn raw(name: &str, values: &[&str], attributes: &[(&str, &str)]) -> RawEdit {
        RawEdit {
            name: name.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
            attributes: attributes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    const SMALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- what the phone was sold with -->
<flat-profile>
  <Station_Name ua="na">Caf&#233; &amp; Co</Station_Name>
  <Text_Logo ua='rw'/>
  <router-configuration>
    <WAN_VLAN_Setting>
      <WAN_VLAN_ID> 12 </WAN_VLAN_ID>
    </WAN_VLAN_Setting>
  </router-configuration>
</flat-profile>
"#;

    #[test]
    fn a_profile_is_read_as_the_phone_reads_it() {
        let document = parse(SMALL).expect("it is a profile");
        let read: Vec<_> = document.entries.iter().map(|entry| (&*entry.name, &*entry.value, entry.line)).collect();
        let vlan = "router-configuration/WAN_VLAN_Setting/WAN_VLAN_ID";
        assert_eq!(read, [("Station_Name", "Café & Co", 4), ("Text_Logo", "", 5), (vlan, "12", 8)]);
        assert_eq!(document.entries[1].attributes[0].value, "rw");
    }

    #[test]
    fn what_a_phone_is_not_known_to_read_is_an_error() {
        let cases = [
            ("<A>1</A><A>2</A>", "line 2: `A` is set twice; expected each parameter once"),
            ("<A>1</B>", "line 2: expected `</A>`"),
            ("<A>1</A", "line 2: expected `</A>`"),
            ("<A><B>1</B></A>", "line 2: expected text and `</A>`; only `router-configuration` holds elements"),
            ("<A>a & b</A>", "line 2: "),
            ("<A>&nbsp;</A>", "line 2: `A`: expected `&amp;` for `&`, or a reference that XML defines"),
            ("<A>&#10;</A>", "line 2: `A`: expected no reference to a control character"),
            ("<A>a\nb</A>", "line 2: `A`: expected neither a line break nor a tab nor a bare `>` in a value"),
            ("<A>\u{1}</A>", "line 2: expected no control character"),
            ("\n<A>\u{ffff}</A>", "line 3: expected no control character"),
            ("<A>a<!-- b -->c</A>", "line 2: expected text and `</A>`; only `router-configuration` holds elements"),
            ("<A><![CDATA[a]]></A>", "line 2: expected text and `</A>`; only `router-configuration` holds elements"),
            ("<![CDATA[a]]>", "line 2: expected elements, text and comments only"),
            ("<A>]]></A>", "line 2: `A`: expected neither a line break nor a tab nor a bare `>` in a value"),
            ("<?php 1 ?>", "line 2: expected a name right after `<`"),
            ("<!-- a -- b -->", "line 2: expected `-->` after the comment, and no `--` in it"),
            ("text", "line 1: expected nothing but elements in `flat-profile`"),
            ("<A ua=\"x\"/>", "line 2: `A`: expected `ua` to be `na`, `ro` or `rw`"),
            ("<A ua=\"na\" ua=\"na\"/>", "line 2: `A`: expected attribute `ua` once"),
            ("<A ua=na/>", "line 2: `A`: expected attribute `ua` to have a value in quotes"),
            ("<A b=\"1\"c=\"2\"/>", "line 2: `A`: expected `>` or a blank and an attribute's name"),
            ("<A b=\"<\"/>", "line 2: `A`: expected neither `<` nor a line break nor a tab in attribute `b`"),
            ("<1/>", "line 2: expected a name right after `<`"),
            ("< A/>", "line 2: expected a name right after `<`"),
            ("</flat-profile><flat-profile>", "line 2: expected one `flat-profile` that holds all"),
            ("</flat-profile>&amp;<flat-profile>", "line 2: expected nothing outside `flat-profile`"),
            ("<router-configuration>1</router-configuration>", "line 2: expected nothing but elements in"),
        ];
        for (body, expected) in cases {
            let found = error(body);
            assert!(found.starts_with(expected), "{body:?}: {found}");
        }
        for text in ["", "<flat-profile>", "<flat-profile>\n", "\u{feff}<flat-profile/>", "<Flat-Profile/>"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let other = r#"<?xml version="1.0" encoding="UTF-16"?><flat-profile/>"#;
        assert!(parse(other).expect_err("it is neither").to_string().contains("expected `<?xml"));
    }

    #[test]
    fn a_file_in_latin_has_references() {
        let latin = r#"<?xml version="1.0" encoding="ISO-8859-1"?><flat-profile><A>é</A></flat-profile>"#;
        assert!(parse(latin).expect_err("it is not what it says").to_string().contains("expected a reference"));
        let encoded = xml::encoded(latin.to_owned());
        assert!(encoded.contains("<A>&#233;</A>"), "{encoded}");
        assert_eq!(parse(&encoded).expect("it is read").entries[0].value, "é");
    }

    #[test]
    fn a_value_with_a_blank_at_an_end_is_not_carried() {
        assert_eq!(carries("a b"), Ok(()));
        let refusal = carries("secret ").expect_err("the phone trims it");
        let expected = "a flat-profile value cannot begin or end with a blank, which the phone would trim";
        assert_eq!(refusal.to_string(), expected);
        assert_eq!(soften("\tMarie\r\nDupont "), "Marie Dupont");
    }

    #[test]
    fn an_edit_touches_nothing_else() {
        let edits = [
            raw("Text_Logo", &["A & B"], &[("ua", "na")]),
            raw("Primary_NTP_Server", &["ntp.example"], &[]),
            raw("router-configuration/WAN_VLAN_Setting/WAN_VLAN_ID", &["13"], &[]),
            raw("router-configuration/WAN_VLAN_Setting/WAN_VLAN_Enable", &["1"], &[]),
            raw("router-configuration/Time_Setup/Time_Zone", &["+01 2 2"], &[]),
            raw("router-configuration/Time_Setup/Time_Server", &["ntp.example"], &[]),
            raw("Voice_Mail_Number", &[], &[("ua", "rw")]),
        ];
        insta::assert_snapshot!(edit(SMALL, &edits).expect("all fit"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- what the phone was sold with -->
        <flat-profile>
          <Station_Name ua="na">Caf&#233; &amp; Co</Station_Name>
          <Text_Logo ua="na">A &amp; B</Text_Logo>
          <router-configuration>
            <WAN_VLAN_Setting>
              <WAN_VLAN_ID>13</WAN_VLAN_ID>
              <WAN_VLAN_Enable>1</WAN_VLAN_Enable>
            </WAN_VLAN_Setting>
            <Time_Setup><Time_Zone>+01 2 2</Time_Zone><Time_Server>ntp.example</Time_Server></Time_Setup>
          </router-configuration>
          <Primary_NTP_Server>ntp.example</Primary_NTP_Server>
          <Voice_Mail_Number ua="rw"/>
        </flat-profile>
        "#);
    }

    #[test]
    fn an_edit_makes_the_elements_that_it_lies_in() {
        let edits = [raw("router-configuration/A/B", &["1"], &[]), raw("router-configuration/C/D", &["2"], &[])];
        let expected = "<router-configuration><A><B>1</B></A><C><D>2</D></C></router-configuration>";
        for empty in ["<flat-profile/>", "<flat-profile></flat-profile>"] {
            assert_eq!(edit(empty, &edits), Ok(format!("<flat-profile>{expected}</flat-profile>")));
        }
        let text = "<flat-profile><router-configuration /></flat-profile>";
        let expected = expected.replacen('>', " >", 1);
        assert_eq!(edit(text, &edits), Ok(format!("<flat-profile>{expected}</flat-profile>")));
    }

    #[test]
    fn an_edit_that_has_no_place_is_refused() {
        let refused = |edit_: RawEdit| edit(SMALL, &[edit_]).expect_err("it is refused").to_string();
        let expected = "raw `a b`: expected an element's name, or a path that begins with `router-configuration/`";
        assert_eq!(refused(raw("a b", &[], &[])), expected);
        assert!(refused(raw("Text_Logo/x", &[], &[])).contains("expected an element's name"));
        assert!(refused(raw("router-configuration", &["x"], &[])).contains("expected an element's name"));
        let inside = refused(raw("router-configuration/WAN_VLAN_Setting/WAN_VLAN_ID/x", &[], &[]));
        assert!(
            inside
                .ends_with("expected elements in `router-configuration/WAN_VLAN_Setting/WAN_VLAN_ID`; it has a value")
        );
        let whole = refused(raw("router-configuration/WAN_VLAN_Setting", &[], &[]));
        assert!(whole.ends_with("expected a parameter; the element holds others"));
        assert!(refused(raw("A", &["\n"], &[])).ends_with("a flat-profile value cannot carry a line break"));
        assert!(refused(raw("A", &[], &[("x=", "1")])).ends_with("expected no attribute `x=`"));
    }
}
