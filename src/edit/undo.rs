//! Taking a write back.
//!
//! A file that is still as the write has left it becomes what it was, word for word. Where it was written again, only
//! what this write has changed is changed back, and only if all of that still stands.

use serde_json::{Map, Value};

use super::merge::difference;
use super::mistake::pointer_to;
use super::shown::plain;
use super::{Draft, Editor, Mistake, Refused};
use crate::fleet::Entity;

/// A file before and after a write, as the journal has it.
#[derive(Debug, Clone)]
pub struct Written {
    /// Which file.
    pub entity: Entity,
    /// Sealed; none: it was not there.
    pub before: Option<String>,
    /// Sealed; none: it was not there.
    pub after: Option<String>,
}

impl Draft<'_> {
    /// Takes a write back.
    ///
    /// # Errors
    /// It cannot be read any more, or what it has changed was changed again.
    pub fn undo(&mut self, editor: &Editor, written: &[Written]) -> Result<(), Refused> {
        let mut in_the_way = Vec::new();
        for Written { entity, before, after } in written {
            let unsealed = |text: &Option<String>| match text {
                None => Ok(None),
                Some(text) => editor.vault().and_then(|vault| vault.unseal(text)).map(Some).ok_or_else(|| {
                    Refused::NotThere("what was changed was encrypted by a key that is gone".to_owned())
                }),
            };
            let (before, after) = (unsealed(before)?, unsealed(after)?);
            let now = self.text(entity)?.map(str::to_owned);
            if now == after {
                self.set(entity, before)?;
                continue;
            }
            match (before.as_deref().and_then(table), after.as_deref().and_then(table), now.as_deref().and_then(table))
            {
                (Some(before), Some(after), Some(now)) => {
                    let back = difference(&after, &before);
                    let mut others = Vec::new();
                    changed_again(&back, &after, &now, "", &mut others);
                    if others.is_empty() {
                        self.patch(entity, &[], back)?;
                    }
                    in_the_way.extend(others.into_iter().map(|at| of(entity, at, "was changed again since")));
                }
                (_, None, _) => in_the_way.push(of(entity, String::new(), "was made again since")),
                _ => in_the_way.push(of(entity, String::new(), "is gone since, or was not there before")),
            }
        }
        if in_the_way.is_empty() {
            return Ok(());
        }
        let what = "it cannot be taken back: other changes were made on top of it; take those back first";
        Err(Refused::Conflict(what.to_owned(), in_the_way))
    }
}

fn table(text: &str) -> Option<Map<String, Value>> {
    match plain(text)? {
        Value::Object(table) => Some(table),
        _ => None,
    }
}

fn of(entity: &Entity, pointer: String, what: &str) -> Mistake {
    let file = entity.path().display().to_string();
    let detail = if pointer.is_empty() { format!("`{file}` {what}") } else { format!("`{pointer}` {what}") };
    Mistake { file: Some(file), ..Mistake::at(pointer, "changed-since", detail) }
}

/// The places that are to be changed back, and are not as the write has left them.
fn changed_again(
    back: &Map<String, Value>,
    after: &Map<String, Value>,
    now: &Map<String, Value>,
    at: &str,
    others: &mut Vec<String>,
) {
    for (name, value) in back {
        let at = pointer_to(at, name);
        match (value, after.get(name), now.get(name)) {
            (Value::Object(back), Some(Value::Object(after)), Some(Value::Object(now))) => {
                changed_again(back, after, now, &at, others);
            }
            (_, after, now) if after != now => others.push(at),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_as_a_pointer() {
        let table = |value: &str| table(&format!("[raw.yealink]\n\"a/b~c\" = \"{value}\"\n")).unwrap();
        let mut others = Vec::new();
        changed_again(&table("before"), &table("after"), &table("now"), "", &mut others);
        assert_eq!(others, ["/raw/yealink/a~1b~0c"]);
    }
}
