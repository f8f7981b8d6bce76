//! A file of the fleet as it is and as it shall be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, TableLike, TomlError};

use super::merge::{MergeError, MergeMistake, merge};

/// A file as it is and as it shall be. Many writes may be about one file, so it is read once, and made a text again when
/// somebody asks for that.
pub(super) struct Drafted {
    before: Option<String>,
    /// As it shall be, but for what was only put into the document; none: it is taken away.
    after: Option<String>,
    document: Option<DocumentMut>,
    is_patched: bool,
}

impl Drafted {
    pub fn new(before: Option<String>) -> Drafted {
        Drafted { after: before.clone(), before, document: None, is_patched: false }
    }

    pub fn is_there(&self) -> bool {
        self.after.is_some()
    }

    /// As it is.
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// As it shall be.
    pub fn after(&self) -> Option<Cow<'_, str>> {
        let text = self.after.as_deref()?;
        let document = self.document.as_ref().filter(|_| self.is_patched);
        Some(document.map_or(Cow::Borrowed(text), |document| with_line_ends_of(text, document.to_string()).into()))
    }

    /// The same as a text that stays.
    pub fn text(&mut self) -> Option<&str> {
        if self.is_patched {
            self.after = self.after().map(Cow::into_owned);
            self.is_patched = false;
        }
        self.after.as_deref()
    }

    pub fn set(&mut self, text: Option<String>) {
        (self.after, self.document, self.is_patched) = (text, None, false);
    }

    fn document(&mut self) -> Result<&mut DocumentMut, TomlError> {
        let document = match self.document.take() {
            Some(document) => document,
            None => self.after.as_deref().unwrap_or_default().parse()?,
        };
        Ok(self.document.insert(document))
    }

    /// What stands at a place of it; null: nothing.
    ///
    /// # Errors
    /// It is not TOML.
    pub fn value(&mut self, path: &[&str]) -> Result<Value, TomlError> {
        let whole = self.document()?.as_item();
        let there = path.iter().try_fold(whole, |item, name| item.get(name));
        Ok(there.map_or(Value::Null, json))
    }

    /// Puts a patch into it, which makes it if it is not there.
    ///
    /// # Errors
    /// As [`merge`].
    pub fn merge(&mut self, patch: &Map<String, Value>, kept: usize) -> Result<(), Vec<MergeMistake>> {
        let broken = |error: TomlError| vec![(String::new(), MergeError::Broken(error.message().to_owned()))];
        merge(self.document().map_err(broken)?, patch, kept)?;
        self.after.get_or_insert_default();
        self.is_patched = true;
        Ok(())
    }
}

/// A document knows one kind of line ends.
fn with_line_ends_of(text: &str, made: String) -> String {
    if text.contains("\r\n") { made.replace("\r\n", "\n").replace('\n', "\r\n") } else { made }
}

fn json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => of_value(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => tables.iter().map(|inner| table(inner)).collect(),
    }
}

/// Fields by name: their order in the file says nothing.
fn table(table: &dyn TableLike) -> Value {
    let fields: BTreeMap<&str, &Item> = table.iter().collect();
    fields.into_iter().map(|(name, item)| (name.to_owned(), json(item))).collect()
}

fn of_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(is) => (*is.value()).into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(items) => items.iter().map(of_value).collect(),
        toml_edit::Value::InlineTable(inner) => table(inner),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::edit::shown::plain;

    #[test]
    fn a_file_says_the_same_to_all_who_read_it() {
        let text = "a = 1\nb.c = [1.5, true, 2026-11-23T08:00:00Z]\nd = { e = 'x', f.g = 2 }\n[[h]]\ni = 1\n[j.k]\n\"l.m\" = 3\n";
        let mut file = Drafted::new(Some(text.to_owned()));
        assert_eq!(Some(file.value(&[]).unwrap()), plain(text));
        assert_eq!(file.value(&["j", "k", "l.m"]).unwrap(), json!(3));
        assert_eq!(file.value(&["j", "x"]).unwrap(), Value::Null);
        assert_eq!(file.text(), Some(text));
    }

    #[test]
    fn patches_follow_each_other() {
        let mut file = Drafted::new(None);
        for at in 1..4 {
            file.merge(json!({ "keys": { at.to_string(): { "label": "x" } } }).as_object().unwrap(), 0).unwrap();
        }
        assert_eq!(
            file.after().as_deref(),
            Some("[keys.1]\nlabel = \"x\"\n\n[keys.2]\nlabel = \"x\"\n\n[keys.3]\nlabel = \"x\"\n")
        );
        file.set(None);
        assert!(!file.is_there() && file.after().is_none() && file.before().is_none());
        file.set(Some("a = ".to_owned()));
        assert!(file.value(&[]).is_err() && file.merge(&Map::new(), 0).is_err());
        assert_eq!(file.text(), Some("a = "));
    }

    #[test]
    fn line_ends_stay() {
        let mut file = Drafted::new(Some("# Front.\r\nlayout = \"desk\"\r\n".to_owned()));
        file.merge(json!({ "layout": "hall", "sip": { "user": "7" } }).as_object().unwrap(), 0).unwrap();
        assert_eq!(file.text(), Some("# Front.\r\nlayout = \"hall\"\r\n\r\n[sip]\r\nuser = \"7\"\r\n"));
    }
}
