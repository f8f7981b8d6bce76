//! What would be written: files of the fleet as they are and as they shall be.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use compact_str::CompactString;
use serde_json::{Map, Value, json};

use super::drafted::Drafted;
use super::merge::difference;
use super::mistake;
use super::places::spelt_there;
use super::{Editor, Mistake, Refused};
use crate::fleet::{Edit, Entity, list_sites};
use crate::live::Serving;
use crate::phone::Mac;

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
    files: BTreeMap<Entity, Drafted>,
    /// Those of phones.
    phones: HashMap<Mac, Vec<Entity>>,
    mistakes: Vec<Mistake>,
    sent: Vec<Sent>,
}

/// A place of a file that says what somebody has sent.
struct Sent {
    entity: Entity,
    path: Vec<String>,
    /// The pointer to what was sent for it.
    from: String,
    /// What was sent.
    what: Value,
    /// Whether it is all that the place shall say.
    whole: bool,
}

impl<'e> Draft<'e> {
    pub(super) fn new(editor: &'e Editor, serving: &'e Serving) -> Draft<'e> {
        Draft {
            editor,
            serving,
            files: BTreeMap::new(),
            phones: HashMap::new(),
            mistakes: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// What is served now.
    pub fn serving(&self) -> &'e Serving {
        self.serving
    }

    /// The fleet's folder.
    pub fn folder(&self) -> &'e Path {
        self.editor.live().root()
    }

    /// The files of a phone as they shall be.
    pub fn files_of(&self, mac: Mac) -> Vec<Entity> {
        let mut files = self.serving.world.files_of(mac);
        let drafted = self.phones.get(&mac).into_iter().flatten();
        files.extend(drafted.filter(|file| !files.contains(file)).cloned().collect::<Vec<_>>());
        files.retain(|file| self.files.get(file).is_none_or(Drafted::is_there));
        files
    }

    /// The text of an entity's file as it shall be; none where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn text(&mut self, entity: &Entity) -> Result<Option<&str>, Refused> {
        Ok(self.drafted(entity)?.text())
    }

    fn drafted(&mut self, entity: &Entity) -> Result<&mut Drafted, Refused> {
        Ok(match self.files.entry(entity.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let drafted = Drafted::new(self.editor.text_of(entity)?);
                if let Entity::Phone(_, stem) = entity
                    && let Ok(mac) = stem.parse()
                {
                    self.phones.entry(mac).or_default().push(entity.clone());
                }
                new.insert(drafted)
            }
        })
    }

    /// Whether there is a file of an entity.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn has(&mut self, entity: &Entity) -> Result<bool, Refused> {
        Ok(self.drafted(entity)?.is_there())
    }

    /// A path in an entity's file, with its numbers as they are spelt there.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn spelt(&mut self, entity: &Entity, path: &[&str]) -> Result<Vec<String>, Refused> {
        let drafted = self.drafted(entity)?;
        // Most are spelt so.
        let file = match drafted.value(path).map_err(|_| broken(entity))? {
            Value::Null => drafted.value(&[]).map_err(|_| broken(entity))?,
            _ => Value::Null,
        };
        Ok(spelt_there(&file, path.iter().copied()))
    }

    /// All files of a site as they shall be.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn files_in(&mut self, site: &CompactString) -> Result<BTreeSet<Entity>, Refused> {
        let (stored, _) = list_sites(self.folder(), &BTreeSet::from([site.clone()]));
        let drafted = self.files.keys().filter(|entity| entity.site() == Some(site)).cloned();
        let mut there = BTreeSet::new();
        for entity in drafted.chain(stored).collect::<Vec<_>>() {
            if self.has(&entity)? {
                there.insert(entity);
            }
        }
        Ok(there)
    }

    /// What stands at a place of an entity's file, with its secrets. Where the file is there its tables are too, at least
    /// empty ones; an entry of a table need not be.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn value(&mut self, entity: &Entity, path: &[&str]) -> Result<Option<Value>, Refused> {
        let drafted = self.drafted(entity)?;
        if !drafted.is_there() {
            return Ok(None);
        }
        let value = drafted.value(path).map_err(|_| broken(entity))?;
        // In an address the names of tables and of their entries take turns.
        let is_table = path.len() % 2 == 1;
        Ok(if value.is_null() { is_table.then(|| Map::new().into()) } else { Some(value) })
    }

    /// Sees to it that a place is as the writer believes.
    ///
    /// # Errors
    /// It is not, or he does not say what he believes.
    pub fn expect(&mut self, entity: &Entity, path: &[&str], condition: Option<&Condition>) -> Result<(), Refused> {
        let now = self.value(entity, path)?.map(|value| self.editor.tag(&value));
        let name = || place_name(entity, path);
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

    /// The entity tag of all that is to be written, as it is and as it shall be.
    pub fn tag(&self) -> String {
        let edits = self.edits();
        let edits = edits.iter().map(|Edit { entity, before, after }| json!([entity.path(), before, after]));
        self.editor.tag(&Value::Array(edits.collect()))
    }

    /// Sees to it that all that is to be written is what the writer has looked at.
    ///
    /// # Errors
    /// It is not, or he does not say what he has looked at.
    pub fn expect_looked_at(&self, condition: Option<&Condition>) -> Result<(), Refused> {
        match condition {
            Some(Condition::There) => Ok(()),
            Some(Condition::Is(tags)) => {
                let now = self.tag();
                if tags.contains(&now) {
                    return Ok(());
                }
                let what = "not the same would be written as when you looked: look again".to_owned();
                Err(Refused::Stale { what, now: Some(now) })
            }
            Some(Condition::NotThere) | None => {
                let hint = "send If-Match with the ETag of a dry run; If-Match: * takes whatever is there";
                Err(Refused::Unconditional(format!("this may write over what others wrote: {hint}")))
            }
        }
    }

    /// Puts a JSON Merge Patch into a place of an entity's file, which is made if there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn patch(&mut self, entity: &Entity, path: &[&str], patch: Map<String, Value>) -> Result<(), Refused> {
        self.merge(entity, path, patch, path.len())
    }

    /// Of the tables of the path so many are kept where the patch leaves nothing in them.
    fn merge(&mut self, entity: &Entity, path: &[&str], patch: Map<String, Value>, kept: usize) -> Result<(), Refused> {
        let outer = path.iter().rev().fold(patch, |inner, name| Map::from_iter([((*name).to_owned(), inner.into())]));
        let mistakes = self.drafted(entity)?.merge(&outer, kept).err().unwrap_or_default();
        self.mistakes.extend(mistakes.into_iter().map(|(at, what)| Mistake {
            file: Some(entity.path().display().to_string()),
            ..Mistake::at(at, "bad-value", what.to_string())
        }));
        Ok(())
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
            // With the last entry its table goes, and not what that is in.
            Some((name, above)) => {
                let patch = Map::from_iter([((*name).to_owned(), Value::Null)]);
                self.merge(entity, above, patch, above.len().saturating_sub(1))
            }
            None => self.set(entity, None),
        }
    }

    /// Gives a file another text, or takes it away.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn set(&mut self, entity: &Entity, text: Option<String>) -> Result<(), Refused> {
        self.drafted(entity)?.set(text);
        Ok(())
    }

    /// Says what somebody has sent for a place of a file, `from` there, if `whole` all of it: what is wrong with it is then
    /// told by that.
    pub fn sent(&mut self, entity: &Entity, path: &[&str], from: String, what: Value, whole: bool) {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        self.sent.push(Sent { entity: entity.clone(), path, from, what, whole });
    }

    /// The entity tag of the one place that somebody has sent something for, with these edits made.
    ///
    /// # Errors
    /// Its file is not TOML.
    pub(super) fn tag_of_sent(&mut self, edits: &[Edit]) -> Result<Option<String>, Refused> {
        edits.iter().try_for_each(|Edit { entity, after, .. }| self.set(entity, after.clone()))?;
        let [Sent { entity, path, .. }] = self.sent.as_slice() else { return Ok(None) };
        let (entity, path) = (entity.clone(), path.clone());
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(self.value(&entity, &path)?.map(|value| self.editor.tag(&value)))
    }

    /// Adds something that is wrong with what is wanted.
    pub fn tell(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// What is to be written.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let edit = |(entity, drafted): (&Entity, &Drafted)| {
            let (before, after) = (drafted.before(), drafted.after());
            (before != after.as_deref()).then(|| Edit {
                entity: entity.clone(),
                before: before.map(str::to_owned),
                after: after.map(Cow::into_owned),
            })
        };
        self.files.iter().filter_map(edit).collect()
    }

    /// Whether something is wrong with what is wanted, by what is known so far.
    pub(super) fn has_mistakes(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// All that is wrong with what is wanted: what is known so far, and what was found in the files.
    pub(super) fn mistakes(self, found: Vec<Mistake>) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = self.mistakes;
        for mistake in found {
            // One and the same may be told by who writes and by who reads.
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
        mistakes.iter_mut().for_each(|mistake| by_what_was_sent(mistake, &self.sent));
        mistakes
    }
}

/// Makes a mistake in a file one in what was last sent for it; what nobody has sent has a file only. What is missing is so
/// in what was sent as a whole.
fn by_what_was_sent(mistake: &mut Mistake, sent: &[Sent]) {
    let (Some(file), Some(pointer)) = (&mistake.file, &mistake.pointer) else { return };
    let below = |sent: &Sent| {
        let rest = Some(pointer).filter(|_| sent.entity.path() == Path::new(file))?;
        let rest = rest.strip_prefix(&mistake::pointer(&sent.path))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    let has = |sent: &&Sent| below(sent).is_some_and(|rest| sent.what.pointer(&rest).is_some());
    let lacks = |sent: &&Sent| {
        let table = below(sent).and_then(|rest| Some(rest.rsplit_once('/')?.0.to_owned()));
        sent.whole && table.is_some_and(|table| sent.what.pointer(&table).is_some())
    };
    let from = sent.iter().rev().find(has).or_else(|| sent.iter().rev().find(lacks));
    if !sent.is_empty() {
        mistake.pointer = from.and_then(|sent| Some(format!("{}{}", sent.from, below(sent)?)));
    }
}

fn broken(entity: &Entity) -> Refused {
    Refused::Conflict(format!("`{}` is not valid TOML", entity.path().display()), Vec::new())
}

/// A place as people read it.
pub fn place_name(entity: &Entity, path: &[&str]) -> String {
    let file = entity.path().display().to_string();
    if path.is_empty() { format!("`{file}`") } else { format!("`{}` of `{file}`", path.join(".")) }
}
