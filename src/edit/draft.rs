//! What would be written: files of the fleet as they are and as they shall be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::merge::{difference, merge};
use super::shown::plain;
use super::{Editor, Mistake, Refused};
use crate::fleet::{Edit, Entity, seal_file};
use crate::live::Serving;

/// What the writer has seen of what he writes: the conditions of HTTP (RFC 9110, 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It has one of these entity tags.
    Is(Vec<String>),
    /// It is there.
    There,
    /// It is not there.
    NotThere,
}

/// Files as they shall be.
pub struct Draft<'e> {
    editor: &'e Editor,
    serving: &'e Serving,
    edits: BTreeMap<Entity, (Option<String>, Option<String>)>,
    mistakes: Vec<Mistake>,
}

impl<'e> Draft<'e> {
    pub(super) fn new(editor: &'e Editor, serving: &'e Serving) -> Draft<'e> {
        Draft { editor, serving, edits: BTreeMap::new(), mistakes: Vec::new() }
    }

    /// What is served now.
    pub fn serving(&self) -> &'e Serving {
        self.serving
    }

    /// The fleet's folder.
    pub fn folder(&self) -> PathBuf {
        self.editor.live().root()
    }

    /// The text of an entity's file as it shall be; none where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn text(&mut self, entity: &Entity) -> Result<Option<&str>, Refused> {
        if !self.edits.contains_key(entity) {
            let text = self.editor.text_of(entity)?;
            self.edits.insert(entity.clone(), (text.clone(), text));
        }
        Ok(self.edits[entity].1.as_deref())
    }

    /// Whether there is a file of an entity.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn has(&mut self, entity: &Entity) -> Result<bool, Refused> {
        Ok(self.text(entity)?.is_some())
    }

    /// What stands at a place of an entity's file, with its secrets; nothing is an empty table where the file is there.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn value(&mut self, entity: &Entity, path: &[&str]) -> Result<Option<Value>, Refused> {
        let Some(text) = self.text(entity)? else { return Ok(None) };
        let broken = || Refused::Conflict(format!("`{}` is not valid TOML", entity.path().display()), Vec::new());
        let mut value = plain(text).ok_or_else(broken)?;
        for name in path {
            value = value.get_mut(*name).map_or_else(|| Value::Object(Map::new()), Value::take);
        }
        Ok(Some(value))
    }

    /// Sees to it that a place is as the writer believes.
    ///
    /// # Errors
    /// It is not, or he does not say what he believes.
    pub fn expect(&mut self, entity: &Entity, path: &[&str], condition: Option<&Condition>) -> Result<(), Refused> {
        let now = self.value(entity, path)?.map(|value| self.editor.tag(&value));
        let name = || name(entity, path);
        let stale = |what: String| Err(Refused::Stale { what, now: now.clone() });
        match (condition, &now) {
            (None, Some(_)) => {
                let hint = "send If-Match with the ETag that you have seen; If-Match: * takes whatever is there";
                Err(Refused::Unconditional(format!("{} is there: {hint}", name())))
            }
            (None | Some(Condition::NotThere), None) => Ok(()),
            (Some(Condition::NotThere), Some(_)) => stale(format!("{} is there already", name())),
            (Some(Condition::There | Condition::Is(_)), None) => stale(format!("{} is not there", name())),
            (Some(Condition::There), Some(_)) => Ok(()),
            (Some(Condition::Is(tags)), Some(now)) if tags.contains(now) => Ok(()),
            (Some(Condition::Is(_)), Some(_)) => stale(format!("{} has changed since you looked", name())),
        }
    }

    /// Puts a JSON Merge Patch into a place of an entity's file, which is made if there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn patch(&mut self, entity: &Entity, path: &[&str], patch: Map<String, Value>) -> Result<(), Refused> {
        let outer = path.iter().rev().fold(patch, |inner, name| Map::from_iter([((*name).to_owned(), inner.into())]));
        let text = self.text(entity)?.unwrap_or_default();
        match merge(text, &outer) {
            Ok(text) => self.set(entity, Some(text)),
            Err(mistakes) => {
                let file = entity.path().display().to_string();
                self.mistakes.extend(mistakes.into_iter().map(|(at, what)| Mistake {
                    file: Some(file.clone()),
                    ..Mistake::at(at, "bad-value", what.to_string())
                }));
                Ok(())
            }
        }
    }

    /// Makes a place of an entity's file say this and nothing else.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn replace(&mut self, entity: &Entity, path: &[&str], wanted: &Map<String, Value>) -> Result<(), Refused> {
        let now = match self.value(entity, path)? {
            Some(Value::Object(now)) => now,
            _ => Map::new(),
        };
        self.patch(entity, path, difference(&now, wanted))
    }

    /// Takes a place of an entity's file away, or the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn remove(&mut self, entity: &Entity, path: &[&str]) -> Result<(), Refused> {
        match path.split_last() {
            Some((name, above)) => self.patch(entity, above, Map::from_iter([((*name).to_owned(), Value::Null)])),
            None => self.set(entity, None),
        }
    }

    /// Gives a file another text, or takes it away.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn set(&mut self, entity: &Entity, text: Option<String>) -> Result<(), Refused> {
        self.text(entity)?;
        if let Some((_, after)) = self.edits.get_mut(entity) {
            *after = text;
        }
        Ok(())
    }

    /// Adds something that is wrong with what is wanted.
    pub fn tell(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// What is to be written, and what is wrong with it so far; secrets are encrypted where there is a key for it.
    pub(super) fn finish(self) -> (Vec<Edit>, Vec<Mistake>) {
        let vocabulary = &self.serving.world.catalogue.vocabulary;
        let sealed = |text: String| match self.editor.seal_keys() {
            Some(keys) => seal_file(&text, &keys, vocabulary).map_or(text, |sealing| sealing.text),
            None => text,
        };
        let changed = self.edits.into_iter().filter(|(_, (before, after))| before != after);
        let edits = changed.map(|(entity, (before, after))| Edit { entity, before, after: after.map(sealed) });
        (edits.collect(), self.mistakes)
    }
}

/// A place as people read it.
fn name(entity: &Entity, path: &[&str]) -> String {
    let file = entity.path().display().to_string();
    if path.is_empty() { format!("`{file}`") } else { format!("`{}` of `{file}`", path.join(".")) }
}
