//! Raw edits of a `param-xml` file: parameters of `nvm` under their names, operations as `oper/NAME` and what stands in
//! them as `oper/NAME/PARAMETER`.
//!
//! An operation that is edited is written anew with all that is said of it; without a value it has none, and with an
//! empty list it is taken away. What the file has not goes to the end of `nvm`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::xml::{self, Container};
use super::super::{FormatError, RawEdit, checked_edits};
use super::{Node, PLACE, Place, scan};

/// The operation that has to stand before all else (Gigaset's wiki, page 762774172).
const FIRST: &str = "oper/DeleteNotProvisionedHS";

pub(in super::super) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    let by_name = checked_edits(edits, |value| xml::carries(PLACE, value))?;
    let mut plan = Plan::default();
    for (&name, edit) in &by_name {
        xml::carries("a param-xml name", name)
            .map_err(|refusal| FormatError::Value { name: name.to_owned(), refusal })?;
        plan.elements.insert(name, elements(edit, &by_name)?);
    }
    scan(text, |node| {
        plan.visit(text, node);
        Ok(())
    })?;
    for edit in edits {
        if plan.done.contains(edit.name.as_str()) || plan.elements[edit.name.as_str()].is_empty() {
            continue;
        }
        if let Some((oper, _)) = inner(&edit.name) {
            if !by_name.contains_key(oper) {
                return Err(FormatError::edit(&edit.name, format!("expected `{oper}` in the file, or an edit of it")));
            }
            continue;
        }
        let Some(memory) = &plan.memory else {
            return Err(FormatError::edit(&edit.name, "expected `nvm` in the file to put it into"));
        };
        let new = plan.elements.remove(edit.name.as_str()).unwrap_or_default();
        plan.splices.push(if edit.name == FIRST { memory.prepend(text, &new) } else { memory.append(text, &new) });
    }
    Ok(xml::spliced(text, merged(plan.splices)))
}

/// What is done to the file.
#[derive(Default)]
struct Plan<'e, 't> {
    /// The elements that each edit writes.
    elements: HashMap<&'e str, Vec<String>>,
    /// Edits that have found their place.
    done: HashSet<&'e str>,
    splices: Vec<(Range<usize>, String)>,
    memory: Option<Container<'t>>,
}

impl<'t> Plan<'_, 't> {
    fn visit(&mut self, text: &str, node: Node<'t>) {
        match node {
            Node::Memory(container) => self.memory = Some(container),
            Node::Oper(oper) => {
                if let Some(new) = self.replacement(&oper.path) {
                    // The operation is written anew, whatever was to be done inside it.
                    self.splices.retain(|(span, _)| span.start < oper.span.start);
                    self.splices.push((oper.span, new));
                    return;
                }
                let prefix = format!("{}/", oper.path);
                let new: Vec<(&str, String)> = self
                    .elements
                    .iter()
                    .filter(|(name, _)| name.starts_with(&prefix) && !oper.names.iter().any(|own| own == **name))
                    .map(|(name, new)| (*name, new.concat()))
                    .collect();
                let mut new = new;
                new.sort();
                if !new.is_empty() {
                    self.done.extend(new.iter().map(|(name, _)| *name));
                    let new: Vec<String> = new.into_iter().map(|(_, element)| element).collect();
                    self.splices.push(oper.container.append(text, &new));
                }
            }
            Node::Item(item) if item.place == Place::Memory => {
                if let Some(new) = self.replacement(&item.entry.name) {
                    self.splices.push((item.span, new));
                }
            }
            Node::Item(item) if item.place == Place::Oper => {
                if let Some((&name, new)) = self.elements.get_key_value(&*item.entry.name) {
                    self.splices.push((item.span, new.concat()));
                    self.done.insert(name);
                }
            }
            Node::Item(_) => {}
        }
    }

    /// What takes an element's place: all that the edit writes at the first, nothing at others of its name.
    fn replacement(&mut self, name: &str) -> Option<String> {
        let (&name, new) = self.elements.get_key_value(name)?;
        Some(if self.done.insert(name) { new.concat() } else { String::new() })
    }
}

/// The operation and the parameter of `oper/NAME/PARAMETER`.
fn inner(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("oper/")?;
    let slash = rest.find('/')?;
    Some((&name[..slash + "oper/".len()], &rest[slash + 1..]))
}

/// The elements that an edit writes: one for each value.
fn elements(edit: &RawEdit, all: &HashMap<&str, &RawEdit>) -> Result<Vec<String>, FormatError> {
    let attributes = xml::written_attributes(edit, &["name", "value"])?;
    if let Some((_, parameter)) = inner(&edit.name) {
        return Ok(params(non_empty(edit, parameter)?, &edit.values, &attributes));
    }
    let Some(oper) = edit.name.strip_prefix("oper/") else {
        return Ok(params(non_empty(edit, &edit.name)?, &edit.values, &attributes));
    };
    let name = xml::escaped(non_empty(edit, oper)?);
    let mut within: Vec<&RawEdit> = all.values().copied().filter(|other| belongs(&other.name, &edit.name)).collect();
    within.sort_by(|a, b| a.name.cmp(&b.name));
    let mut body = String::new();
    for other in within {
        body.push_str(&elements(other, all)?.concat());
    }
    let written = |value: &String| {
        let value = if value.is_empty() { String::new() } else { format!(r#" value="{}""#, xml::escaped(value)) };
        match body.is_empty() {
            true => format!(r#"<oper name="{name}"{value}{attributes}/>"#),
            false => format!(r#"<oper name="{name}"{value}{attributes}>{body}</oper>"#),
        }
    };
    Ok(edit.values.iter().map(written).collect())
}

fn belongs(name: &str, oper: &str) -> bool {
    inner(name).is_some_and(|(own, _)| own == oper)
}

fn non_empty<'e>(edit: &RawEdit, name: &'e str) -> Result<&'e str, FormatError> {
    if name.is_empty() { Err(FormatError::edit(&edit.name, "expected a name")) } else { Ok(name) }
}

fn params(name: &str, values: &[String], attributes: &str) -> Vec<String> {
    let name = xml::escaped(name);
    let values: &[String] = if values.is_empty() { &[String::new()] } else { values };
    let param = |value: &String| format!(r#"<param name="{name}" value="{}"{attributes}/>"#, xml::escaped(value));
    values.iter().map(param).collect()
}

/// Splices at one place, one after the other, as one.
fn merged(splices: Vec<(Range<usize>, String)>) -> Vec<(Range<usize>, String)> {
    let mut merged: Vec<(Range<usize>, String)> = Vec::with_capacity(splices.len());
    for (span, new) in splices {
        match merged.iter_mut().find(|(known, _)| *known == span && span.is_empty()) {
            Some((_, text)) => text.push_str(&new),
            None => merged.push((span, new)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    const BASE: &str = r#"<provisioning version="1.1" productID="e2">
  <nvm>
    <oper name="DeleteNotProvisionedHS"/>
    <param name="a" value="1"/>
    <oper name="add_hs" value="00001">
      <param name="hs.RegStatus" value="ToReg"/>
    </oper>
    <oper name="add_hs" value="00002"/>
  </nvm>
</provisioning>
"#;

    fn raw(name: &str, values: &[&str]) -> RawEdit {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        RawEdit { name: name.to_owned(), values, attributes: Vec::new() }
    }

    #[test]
    fn an_operation_is_written_anew_or_added() {
        let edits = [
            raw("oper/add_hs", &["029e74a599", "029e74a59a"]),
            raw("oper/update_dm", &["local"]),
            raw("oper/update_dm/RegStart", &["1527771540"]),
            raw("oper/update_dm/RegDuration", &["300"]),
            raw("b", &["2"]),
        ];
        insta::assert_snapshot!(edit(BASE, &edits).expect("all fit"), @r#"
        <provisioning version="1.1" productID="e2">
          <nvm>
            <oper name="DeleteNotProvisionedHS"/>
            <param name="a" value="1"/>
            <oper name="add_hs" value="029e74a599"/><oper name="add_hs" value="029e74a59a"/>
            
            <oper name="update_dm" value="local"><param name="RegDuration" value="300"/><param name="RegStart" value="1527771540"/></oper>
            <param name="b" value="2"/>
          </nvm>
        </provisioning>
        "#);
    }

    #[test]
    fn an_operation_can_be_taken_away_and_has_no_value_without_one() {
        let edits = [raw("oper/DeleteNotProvisionedHS", &[]), raw("oper/add_hs", &[]), raw("oper/reboot", &[""])];
        insta::assert_snapshot!(edit(BASE, &edits).expect("all fit"), @r#"
        <provisioning version="1.1" productID="e2">
          <nvm>
            
            <param name="a" value="1"/>
            
            
            <oper name="reboot"/>
          </nvm>
        </provisioning>
        "#);
    }

    #[test]
    fn what_has_to_stand_first_is_put_there() {
        let edits = [raw("oper/update_dm", &["local"]), raw("oper/DeleteNotProvisionedHS", &[""])];
        let edited = edit("<provisioning>\n <nvm>\n  <param name='a' value='1'/>\n </nvm>\n</provisioning>\n", &edits);
        insta::assert_snapshot!(edited.expect("all fit"), @r#"
        <provisioning>
         <nvm>
           <oper name="DeleteNotProvisionedHS"/>
          <param name='a' value='1'/>
           <oper name="update_dm" value="local"/>
         </nvm>
        </provisioning>
        "#);
    }

    #[test]
    fn what_stands_in_an_operation_is_edited_in_each_of_its_name() {
        let edits = [raw("oper/add_hs/hs.RegStatus", &["ToDeReg"]), raw("oper/add_hs/x", &["<&>"])];
        insta::assert_snapshot!(edit(BASE, &edits).expect("all fit"), @r#"
        <provisioning version="1.1" productID="e2">
          <nvm>
            <oper name="DeleteNotProvisionedHS"/>
            <param name="a" value="1"/>
            <oper name="add_hs" value="00001">
              <param name="hs.RegStatus" value="ToDeReg"/>
              <param name="x" value="&lt;&amp;&gt;"/>
            </oper>
            <oper name="add_hs" value="00002"><param name="hs.RegStatus" value="ToDeReg"/><param name="x" value="&lt;&amp;&gt;"/></oper>
          </nvm>
        </provisioning>
        "#);
    }

    #[test]
    fn an_operation_that_is_nowhere_is_refused() {
        let refused = |text: &str, name: &str| edit(text, &[raw(name, &["x"])]).expect_err("refused").to_string();
        let cases = [
            (BASE, "oper/update_dm/RegStart", "raw `oper/update_dm/RegStart`: expected `oper/update_dm` in the file"),
            (BASE, "oper/", "raw `oper/`: expected a name"),
            (BASE, "oper/add_hs/", "raw `oper/add_hs/`: expected a name"),
            ("<provisioning/>", "oper/add_hs", "raw `oper/add_hs`: expected `nvm` in the file"),
        ];
        for (text, name, expected) in cases {
            let found = refused(text, name);
            assert!(found.starts_with(expected), "{name}: {found}");
        }
    }

    proptest! {
        #[test]
        fn what_is_edited_arrives_as_it_is_and_adds_nothing_else(
            value in "\\PC{0,12}",
            within in "\\PC{0,12}",
            parameter in "[<>&\"'= a-z]{1,8}",
        ) {
            let edits = [
                raw("oper/add_hs", &[&value]),
                raw(&format!("oper/add_hs/{parameter}"), &[&within]),
                raw(&format!("new {parameter}"), &[&value]),
            ];
            let Ok(edited) = edit(BASE, &edits) else { return Ok(()) };
            let document = parse(&edited).expect("an edited file is in the phone's syntax");
            let entry = |name: String, value: &str| (name, value.to_owned());
            let expected = vec![
                entry("oper/DeleteNotProvisionedHS".into(), ""),
                entry("a".into(), "1"),
                entry("oper/add_hs".into(), &value),
                entry(format!("oper/add_hs/{parameter}"), &within),
                entry(format!("new {parameter}"), &value),
            ];
            let found: Vec<_> =
                document.entries.iter().map(|entry| (entry.name.to_string(), entry.value.to_string())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
