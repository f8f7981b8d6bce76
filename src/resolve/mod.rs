//! What a phone gets: the layers of settings merged, the keys of its primary line placed on its model.
//!
//! Keys come from the primary line and its layout, and from nowhere else: the other lines' keys are never looked at.
//! Nothing here knows a file format; [`crate::render`] writes down what is resolved.

mod functions;
mod handsets;
mod keys;
mod labels;
mod possible;
mod settings;

use compact_str::CompactString;

pub use functions::{Asked, Placed, place};
pub use handsets::Handset;
pub use keys::{Key, Module, Problem, SENT_EMPTY, place_on, stored_at, unset_module};
pub use labels::{AccountNames, LabelRoom, carried_name};
pub use possible::{Possible, possible};
pub use settings::{Origin, ResolvedSetting, SettingLayer};

use crate::catalogue::{Band, How, SettingId, Tables};
use crate::fleet::Line;
use crate::world::Subject;

/// Whether a phone is provisioned for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its `[seed]` is sent.
    First,
    /// It keeps what its user has made of the seed.
    Later,
}

/// What a phone gets, in our own words.
#[derive(Debug)]
pub struct Resolved<'s> {
    /// The phone and what it stands in.
    pub subject: &'s Subject,
    /// The family's tables.
    pub tables: &'s Tables,
    /// The firmware band.
    pub band: Band,
    /// The settings of the phone, by their place in the vocabulary.
    pub settings: Vec<ResolvedSetting<'s>>,
    /// An account for each line that the model can have.
    pub accounts: Vec<Account<'s>>,
    /// Every key of the model.
    pub keys: Vec<Key<'s>>,
    /// Every soft key of the model.
    pub soft_keys: Vec<Key<'s>>,
    /// Every expansion module that the model can have.
    pub modules: Vec<Module<'s>>,
    /// Every handset that the model can have.
    pub handsets: Vec<Handset<'s>>,
    /// Parameters of the whole phone that keys decide.
    pub wide: Vec<(&'s CompactString, &'s CompactString)>,
}

/// One account of a phone.
#[derive(Debug)]
pub struct Account<'s> {
    /// Its line; none for an account that is not used.
    pub line: Option<&'s Line>,
    /// Its settings, by their place in the vocabulary; empty for an account that is not used.
    pub settings: Vec<ResolvedSetting<'s>>,
}

/// Merges the layers of a phone. None if no file of it can be written: its family has no tables, or its firmware reads
/// another format.
pub fn resolve(subject: &Subject, band: Band, phase: Phase) -> Option<Resolved<'_>> {
    let tables = subject.maker.tables.as_ref().filter(|_| subject.maker.family.no_files(band).is_none())?;
    let base = settings::base(subject);
    let phone_settings = settings::phone(subject, &base, phase);
    let accounts = (0..subject.model.lines.count)
        .map(|at| match subject.lines.get(at as usize) {
            Some(line) => Account { line: Some(line), settings: settings::account(subject, &base, line, phase) },
            None => Account { line: None, settings: Vec::new() },
        })
        .collect();
    let mut resolved = Resolved {
        subject,
        tables,
        band,
        settings: phone_settings,
        accounts,
        keys: Vec::new(),
        soft_keys: Vec::new(),
        modules: Vec::new(),
        handsets: Vec::new(),
        wide: Vec::new(),
    };
    keys::fill(&mut resolved);
    resolved.handsets = handsets::handsets(&resolved);
    Some(resolved)
}

impl Resolved<'_> {
    /// Why the family has not a setting; none where it has it.
    pub fn lacks(&self, id: SettingId) -> Option<String> {
        let mapping = self.tables.mappings.of(id, self.band, &self.subject.model.id);
        match mapping.map(|mapping| &mapping.how) {
            Some(How::Unsupported(reason)) => Some(reason.to_string()),
            Some(_) => None,
            None => Some("no source says how".to_owned()),
        }
    }
}
