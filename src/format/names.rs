//! Whether a name comes for the first time in a file, told fast: every entry of every file is asked about.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// The names that a file has set so far.
pub(super) struct Names<'a>(HashSet<Cow<'a, str>, BuildHasherDefault<NameHasher>>);

impl<'a> Names<'a> {
    /// With room for as many as a file of this length is likely to set.
    pub(super) fn for_text(text: &str) -> Names<'a> {
        Names(HashSet::with_capacity_and_hasher(text.len() / 48, BuildHasherDefault::default()))
    }

    /// Whether the name is new.
    pub(super) fn insert(&mut self, name: Cow<'a, str>) -> bool {
        self.0.insert(name)
    }
}

/// A short hash for short names. They come from templates and from the fleet's owner, so none of them is made to
/// collide, and the standard hash would take a third of the time that reading a file takes.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let word = word.iter().fold(0, |word, &b| (word << 8) | u64::from(b));
            self.write_u64(word);
        }
        let rest = words.remainder().iter().fold(0, |word, &b| (word << 8) | u64::from(b));
        self.write_u64(rest);
    }

    fn write_u8(&mut self, _: u8) {
        // What the standard library adds to tell "ab" + "c" from "a" + "bc"; a name is one text.
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
