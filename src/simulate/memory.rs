//! What a phone keeps: the values of all files that it has read, the later over the earlier.

use std::collections::BTreeMap;
use std::ops::Bound;

/// A phone's memory. It begins empty, which stands for whatever a former owner left: what no file says is not known.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    values: BTreeMap<String, String>,
    /// The files that were taken, in order.
    pub files: Vec<String>,
    /// What a person at the phone would wonder about.
    pub troubles: Vec<String>,
}

impl Memory {
    /// Takes values over those of earlier files.
    pub fn lay(&mut self, values: impl IntoIterator<Item = (String, String)>) {
        self.values.extend(values);
    }

    /// Takes values instead of those of earlier files, as phones do that keep nothing.
    pub fn replace(&mut self, values: impl IntoIterator<Item = (String, String)>) {
        self.values = values.into_iter().collect();
    }

    /// A value as the last file had it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A value that says something.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names that begin so, with their values, without the beginning.
    pub fn below<'m>(&'m self, prefix: &'m str) -> impl Iterator<Item = (&'m str, &'m str)> {
        let from = self.values.range::<str, (Bound<&str>, Bound<&str>)>((Bound::Included(prefix), Bound::Unbounded));
        from.map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Tells something, once.
    pub fn trouble(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.troubles.contains(&what) {
            self.troubles.push(what);
        }
    }
}
