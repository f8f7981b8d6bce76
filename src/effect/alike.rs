//! Phones that a change of settings alone reaches, and that need not all be rendered.
//!
//! Phones of a model with the same settings get the same lines for them: what differs between them is their keys, their
//! names and their numbers. So once many such phones were rendered in both states, and all came out alike, the others
//! are taken to. Where a single one came out otherwise all are rendered.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use compact_str::CompactString;

use super::phone::Found;
use super::{Change, FileLines, Said};
use crate::catalogue::Band;
use crate::phone::SettingValue;
use crate::resolve::{Resolved, ResolvedSetting};

/// So many phones have to come out alike.
const ENOUGH: usize = 64;
/// Settings that say who a line is.
const OF_LINES: [&str; 3] = ["sip.user", "sip.auth_user", "sip.display_name"];

/// What makes phones alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Class {
    model: CompactString,
    band: Band,
    rest: u64,
    changes: Vec<Change>,
}

impl Class {
    /// The class of a phone; none where more than settings changes, or edits and handsets of its own come into it.
    pub fn of(will_be: &Resolved<'_>, changes: &[Change]) -> Option<Class> {
        let subject = will_be.subject;
        let of_layer = |said: &Option<Said>| said.as_ref().is_some_and(|said| said.layer.is_some());
        let is_setting = |change: &Change| of_layer(&change.before) || of_layer(&change.after);
        let own = !subject.phone.raw.is_empty() || !subject.phone.handsets.is_empty();
        if own || changes.is_empty() || !changes.iter().all(is_setting) {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        subject.phone.modules.0.count().hash(&mut hasher);
        subject.site.trust.gives_tokens().hash(&mut hasher);
        hash(will_be, &will_be.settings, &mut hasher);
        will_be.accounts.iter().for_each(|account| hash(will_be, &account.settings, &mut hasher));
        let (model, band, changes) = (subject.model.id.clone(), will_be.band, changes.to_vec());
        Some(Class { model, band, rest: hasher.finish(), changes })
    }
}

fn hash(resolved: &Resolved<'_>, settings: &[ResolvedSetting<'_>], hasher: &mut DefaultHasher) {
    let vocabulary = &resolved.subject.catalogue.vocabulary;
    settings.len().hash(hasher);
    for ((_, known), setting) in vocabulary.iter().zip(settings) {
        if OF_LINES.contains(&known.name.as_str()) {
            continue;
        }
        match setting.value {
            None => 0_u8.hash(hasher),
            Some(SettingValue::Boolean(value)) => (1_u8, value).hash(hasher),
            Some(SettingValue::Integer(value)) => (2_u8, value).hash(hasher),
            Some(SettingValue::Text(text)) => (3_u8, text).hash(hasher),
            Some(SettingValue::List(texts)) => (4_u8, texts).hash(hasher),
            Some(SettingValue::Secret(_)) => 5_u8.hash(hasher),
        }
    }
}

/// How phones of each class came out: the lines of their files, none where nothing differs.
#[derive(Default)]
pub(super) struct Alike {
    classes: HashMap<Class, Option<Rendered>>,
}

/// How many phones were rendered, and how all of them came out.
type Rendered = (usize, Option<Vec<FileLines>>);

impl Alike {
    /// How phones of a class come out, where enough of them were rendered.
    pub fn known(&self, class: &Class) -> Option<&Option<Vec<FileLines>>> {
        let (rendered, lines) = self.classes.get(class)?.as_ref()?;
        (*rendered >= ENOUGH).then_some(lines)
    }

    /// Takes in how a phone came out.
    pub fn learn(&mut self, found: &Found) {
        let Some(class) = &found.class else { return };
        let lines = found.compared.as_ref().map(|compared| &compared.files);
        match self.classes.get_mut(class) {
            None => drop(self.classes.insert(class.clone(), Some((1, lines.cloned())))),
            Some(Some((rendered, known))) if known.as_ref() == lines => *rendered += 1,
            Some(other) => *other = None,
        }
    }
}
