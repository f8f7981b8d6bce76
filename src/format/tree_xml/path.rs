//! Paths of elements, as entries and raw edits write them.

use std::fmt::Write as _;

use super::{ROOTS, Siblings, siblings};
use crate::format::xml;

/// One element of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step<'p> {
    pub name: &'p str,
    pub which: Which<'p>,
}

/// Which of the siblings of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which<'p> {
    /// The only one.
    Only,
    /// The one whose attribute has this value.
    Named(&'static str, &'p str),
    /// The n-th, from 1.
    Nth(u32),
}

/// The steps of a path that a person wrote.
///
/// # Errors
/// What was expected of it.
pub(super) fn steps(path: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        let (step, after) = step(rest)?;
        steps.push(step);
        match after.strip_prefix('/') {
            Some(after) => rest = after,
            None if after.is_empty() => break,
            None => return Err(unexpected(step.name)),
        }
    }
    match steps.as_slice() {
        [root, _, ..] if ROOTS.contains(&root.name) => Ok(steps),
        _ => {
            let roots = ROOTS.map(|root| format!("`{root}/`")).join(" or ");
            Err(format!("expected a path that begins with {roots}, such as `device/vendorConfig/webAccess`"))
        }
    }
}

fn step(text: &str) -> Result<(Step<'_>, &str), String> {
    let end = text.find(['/', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !xml::is_name(name) {
        return Err("expected a path of elements' names with `/` between them".to_owned());
    }
    match (siblings(name), rest.strip_prefix('[')) {
        (Siblings::One, None) => Ok((Step { name, which: Which::Only }, rest)),
        (Siblings::Ordered, None) => Ok((Step { name, which: Which::Nth(1) }, rest)),
        (Siblings::Ordered, Some(inside)) => {
            let (number, rest) = inside.split_once(']').ok_or_else(|| unexpected(name))?;
            match number.parse() {
                Ok(number) if number > 0 => Ok((Step { name, which: Which::Nth(number) }, rest)),
                _ => Err(unexpected(name)),
            }
        }
        (Siblings::Named(attribute), Some(inside)) => {
            let value = inside.strip_prefix('@').and_then(|inside| inside.strip_prefix(attribute));
            let value = value.and_then(|inside| inside.strip_prefix("=\""));
            match value.and_then(|inside| inside.split_once("\"]")) {
                Some((value, rest)) if !value.is_empty() && !value.contains('"') => {
                    Ok((Step { name, which: Which::Named(attribute, value) }, rest))
                }
                _ => Err(unexpected(name)),
            }
        }
        (Siblings::One | Siblings::Named(_), _) => Err(unexpected(name)),
    }
}

/// How a step with this name has to be written.
fn unexpected(name: &str) -> String {
    match siblings(name) {
        Siblings::One => format!("expected `{name}` alone, since there is one only"),
        Siblings::Named(attribute) => format!("expected `{name}[@{attribute}=\"…\"]`, to tell which one"),
        Siblings::Ordered => format!("expected `{name}` or `{name}[2]`, to tell which one"),
    }
}

/// The path as entries have it.
pub(super) fn written(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(step.name);
        match step.which {
            Which::Only => {}
            Which::Named(attribute, value) => push_named(&mut path, attribute, value),
            Which::Nth(number) => push_ordered(&mut path, number),
        }
    }
    path
}

pub(super) fn push_named(path: &mut String, attribute: &str, value: &str) {
    for part in ["[@", attribute, "=\"", value, "\"]"] {
        path.push_str(part);
    }
}

/// The first has no number, so that most paths are free of them.
pub(super) fn push_ordered(path: &mut String, number: u32) {
    if number > 1 {
        // Writing to a string never fails.
        let _ = write!(path, "[{number}]");
    }
}
