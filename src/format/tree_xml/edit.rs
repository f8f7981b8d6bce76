//! Raw edits of a tree: values by path, in elements that are there or are made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::path::{self, Step, Which};
use super::{PLACE, PROFILE, Place, scan};
use crate::format::xml::{self, Container};
use crate::format::{Attribute, FormatError, RawEdit, checked_edits};

/// Edits of another root than the file's are another file's.
pub(in crate::format) fn edit(text: &str, edits: &[RawEdit]) -> Result<String, FormatError> {
    checked_edits(edits, |value| xml::carries(PLACE, value))?;
    let mut wanted = Vec::with_capacity(edits.len());
    let mut paths = HashSet::with_capacity(edits.len());
    for edit in edits {
        let wish = Wish::of(edit)?;
        if !paths.insert(wish.path.clone()) {
            return Err(FormatError::edit(&edit.name, "is edited twice; expected one edit of each element"));
        }
        wanted.push(wish);
    }
    apply(text, &wanted.iter().collect::<Vec<_>>())
}

/// An edit and where it goes.
struct Wish<'e> {
    edit: &'e RawEdit,
    steps: Vec<Step<'e>>,
    path: String,
}

impl<'e> Wish<'e> {
    fn of(edit: &'e RawEdit) -> Result<Wish<'e>, FormatError> {
        let refused = |problem: String| FormatError::edit(&edit.name, problem);
        let steps = path::steps(&edit.name).map_err(refused)?;
        if edit.values.len() > 1 {
            return Err(refused(format!("expected one value, found {}", edit.values.len())));
        }
        xml::written_attributes(edit, &reserved(&steps))?;
        for (_, value) in steps.iter().filter_map(Step::named) {
            xml::carries(PLACE, value).map_err(|refusal| FormatError::Value { name: edit.name.clone(), refusal })?;
        }
        let path = path::written(&steps);
        Ok(Wish { edit, steps, path })
    }

    fn value(&self) -> &str {
        self.edit.values.first().map_or("", String::as_str)
    }

    fn root(&self) -> &str {
        self.steps.first().map_or("", |root| root.name)
    }

    /// The element, with the attributes of the one that it takes the place of.
    fn element(&self, kept: &[(String, String)]) -> Result<String, FormatError> {
        let Some(step) = self.steps.last() else { return Ok(String::new()) };
        let mut attributes = String::new();
        let class = (step.name == "SYMB_ITEM").then_some(("class", "symb_item"));
        let made = step.named().into_iter().chain(class);
        let had = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut written = HashSet::new();
        for (name, value) in had.chain(made) {
            let is_new = self.edit.attributes.iter().any(|(given, _)| given == name);
            if !is_new && written.insert(name) {
                attributes.push_str(&format!(" {name}=\"{}\"", xml::escaped(value)));
            }
        }
        attributes.push_str(&xml::written_attributes(self.edit, &reserved(&self.steps))?);
        let name = step.name;
        let value = xml::escaped(self.value());
        Ok(match (self.root() == PROFILE, value.is_empty()) {
            // The phone's own C strings have double quotes, which is why they stand in single ones.
            (true, _) => format!("<{name}{attributes} value='{}'/>", value.replace("&quot;", "\"")),
            (false, true) => format!("<{name}{attributes}/>"),
            (false, false) => format!("<{name}{attributes}>{value}</{name}>"),
        })
    }
}

impl<'p> Step<'p> {
    fn named(&self) -> Option<(&'static str, &'p str)> {
        match self.which {
            Which::Named(attribute, value) => Some((attribute, value)),
            Which::Only | Which::Nth(_) => None,
        }
    }
}

/// The attributes of an element that its path or its value has already said.
fn reserved(steps: &[Step<'_>]) -> Vec<&'static str> {
    let named = steps.last().and_then(Step::named).map(|(attribute, _)| attribute);
    let is_profile = steps.first().is_some_and(|root| root.name == PROFILE);
    named.into_iter().chain(is_profile.then_some("value")).collect()
}

fn apply(text: &str, wanted: &[&Wish<'_>]) -> Result<String, FormatError> {
    let map = Map::of(text, wanted)?;
    let mut splices = Vec::new();
    let mut appended: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut waiting = Vec::new();
    let mut has_made = false;
    for &wish in wanted.iter().filter(|wish| wish.root() == map.root) {
        if let Some(leaf) = map.leaves.get(&wish.path) {
            splices.push((leaf.span.clone(), wish.element(&leaf.attributes)?));
            continue;
        }
        let (place, missing) = map.place(wish)?;
        if has_made && (missing.len() > 1 || !map.follows(place, missing)) {
            // It may need an element that has just been made: the next round sees.
            waiting.push(wish);
            continue;
        }
        if !map.follows(place, missing) || missing.iter().skip(1).any(|step| matches!(step.which, Which::Nth(2..))) {
            return Err(FormatError::edit(&wish.edit.name, "expected those with a lower number to be there before"));
        }
        has_made = true;
        let made = missing.iter().rev().skip(1).fold(wish.element(&[])?, |inner, step| {
            let attribute = step.named().map(|(name, value)| format!(" {name}=\"{}\"", xml::escaped(value)));
            let attribute = attribute.unwrap_or_default();
            format!("<{name}{attribute}>{inner}</{name}>", name = step.name)
        });
        let (path, _) = map.containers.get_key_value(&path::written(place)).ok_or_else(|| no_room(wish, "the file"))?;
        appended.entry(path.as_str()).or_default().push(made);
    }
    splices.extend(appended.iter().filter_map(|(path, new)| Some(map.containers.get(*path)?.append(text, new))));
    let edited = xml::spliced(text, splices);
    if waiting.is_empty() { Ok(edited) } else { apply(&edited, &waiting) }
}

/// What a file has of the elements that edits name, and of those that these lie in.
struct Map<'a> {
    root: String,
    containers: HashMap<String, Container<'a>>,
    leaves: HashMap<String, Leaf>,
}

/// An element with a value.
struct Leaf {
    span: Range<usize>,
    attributes: Vec<(String, String)>,
    is_empty: bool,
}

impl<'a> Map<'a> {
    fn of(text: &'a str, wanted: &[&Wish<'_>]) -> Result<Map<'a>, FormatError> {
        let mut map = Map { root: String::new(), containers: HashMap::new(), leaves: HashMap::new() };
        scan(text, |node| {
            if map.root.is_empty() {
                map.root = node.path.to_owned();
            }
            let is_in_the_way = |wish: &&Wish<'_>| begins_path(node.path, &wish.path) || precedes(node.path, wish);
            if !wanted.iter().any(is_in_the_way) {
                return;
            }
            match node.place {
                Place::Leaf(span) => {
                    let is_empty = node.value.is_empty();
                    if is_empty && map.root != PROFILE {
                        map.containers.insert(node.path.to_owned(), emptied(text, span.clone()));
                    }
                    let attributes = node.attributes.iter().map(owned).collect();
                    map.leaves.insert(node.path.to_owned(), Leaf { span, attributes, is_empty });
                }
                Place::End(container) => drop(map.containers.insert(node.path.to_owned(), container)),
                Place::Start => {}
            }
        })?;
        Ok(map)
    }

    /// The steps to the innermost element that the file has, and those that are missing.
    fn place<'w>(&self, wish: &'w Wish<'_>) -> Result<(&'w [Step<'w>], &'w [Step<'w>]), FormatError> {
        if self.containers.contains_key(&wish.path) {
            return Err(FormatError::edit(&wish.edit.name, "expected an element with a value; it holds others"));
        }
        for length in (1..wish.steps.len()).rev() {
            let (place, missing) = wish.steps.split_at(length);
            let path = path::written(place);
            match self.leaves.get(&path) {
                Some(leaf) if !leaf.is_empty || self.root == PROFILE => return Err(no_room(wish, &path)),
                _ if self.containers.contains_key(&path) => return Ok((place, missing)),
                _ => {}
            }
        }
        Err(no_room(wish, &self.root))
    }

    /// Whether the first of the missing steps is the next of its siblings.
    fn follows(&self, place: &[Step<'_>], missing: &[Step<'_>]) -> bool {
        let Some(first) = missing.first() else { return true };
        let Which::Nth(number @ 2..) = first.which else { return true };
        let before = Step { which: Which::Nth(number - 1), ..*first };
        let path = path::written(&[place, &[before]].concat());
        self.containers.contains_key(&path) || self.leaves.contains_key(&path)
    }
}

fn owned(attribute: &Attribute<'_>) -> (String, String) {
    (attribute.name.to_owned(), attribute.value.to_string())
}

fn no_room(wish: &Wish<'_>, place: &str) -> FormatError {
    FormatError::edit(&wish.edit.name, format!("expected elements in `{place}`; it has a value"))
}

/// An element without a value as one that others can be put into.
fn emptied(text: &str, span: Range<usize>) -> Container<'_> {
    let name = &text[span.start + 1..span.end];
    let name = &name[..name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(0)];
    match text[span.clone()].rfind("</") {
        None => Container::new(name, span, None),
        Some(at) => Container::new(name, span.start..span.start + at, Some(span.start + at..span.end)),
    }
}

/// Whether `start` is `path` or one of those that it lies in.
fn begins_path(start: &str, path: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the element is a sibling that comes before one on the way.
fn precedes(path: &str, wish: &Wish<'_>) -> bool {
    wish.steps.iter().enumerate().any(|(at, step)| match step.which {
        Which::Nth(number @ 2..) => {
            let before = Step { which: Which::Nth(number - 1), ..*step };
            path == path::written(&[&wish.steps[..at], &[before]].concat())
        }
        _ => false,
    })
}
