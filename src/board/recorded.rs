//! Whether a phone has what the fleet says now: the revisions of its files as they would be made, beside those that the
//! server has recorded.

use std::hash::{DefaultHasher, Hash, Hasher};

use compact_str::CompactString;
use serde::Serialize;

use super::State;
use crate::admit::{Stage, TokenKey};
use crate::catalogue::{Answer, FilePattern};
use crate::fleet::Rung;
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{Carried, RenderError, RevisionKey};
use crate::resolve::Phase;
use crate::server::ledger::Entry;
use crate::server::make::Making;
use crate::world::Subject;

/// How a phone stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Standing {
    /// It has got what the fleet says.
    InSync,
    /// It has got something else.
    Behind {
        /// The files that are others now, by their handles.
        files: Vec<CompactString>,
    },
    /// It never got a file of its own.
    NeverSeen,
    /// Its files cannot be made.
    Unserved {
        /// Why.
        why: String,
    },
}

impl Standing {
    /// The state of a phone that stands so and of which nothing else is known.
    pub fn state(&self) -> State {
        match self {
            Standing::InSync => State::InSync,
            Standing::Behind { .. } => State::Behind,
            Standing::NeverSeen => State::NeverSeen,
            Standing::Unserved { .. } => State::Unserved,
        }
    }
}

/// What a server has recorded of a phone.
#[derive(Debug)]
pub struct Recorded {
    /// What it last got of each of its files, by their handles.
    pub files: Vec<(CompactString, Entry)>,
    /// The firmware that it last told.
    pub firmware: Option<CompactString>,
    /// How often its tokens were revoked, as a number.
    pub epoch: u64,
}

impl Recorded {
    /// How the phone stands, and a number that is another one whenever it should have something else; `is_known` tells of
    /// files, by their places in the family, that they are as they should be.
    pub fn standing(
        &self,
        serving: &Serving,
        key: &RevisionKey,
        mac: Mac,
        is_known: impl Fn(usize) -> bool,
    ) -> (Standing, u64) {
        let unserved = |why: &dyn std::fmt::Display| (Standing::Unserved { why: why.to_string() }, 0);
        let subject = match serving.world.subject(mac) {
            Ok(subject) => subject,
            Err(why) => return unserved(&why),
        };
        let mut has_any = false;
        let mut behind = Vec::new();
        let mut wanted = DefaultHasher::new();
        for (at, file) in subject.maker.family.documents().filter(|(_, file)| file.answer == Answer::Document) {
            let got = self.got(&subject, file).map(|got| &got.revision);
            has_any |= got.is_some();
            if let Some(got) = got.filter(|_| is_known(at)) {
                got.as_str().hash(&mut wanted);
                continue;
            }
            // One that it never got is made too: it may be that it cannot be.
            match self.desired(serving, key, &subject, file) {
                Ok(desired) => {
                    desired.as_str().hash(&mut wanted);
                    if got.is_some_and(|got| desired != *got) {
                        behind.push(file.name.clone());
                    }
                }
                Err(why) => return unserved(&why),
            }
        }
        let standing = match (has_any, behind.is_empty()) {
            (false, _) => Standing::NeverSeen,
            (true, true) => Standing::InSync,
            (true, false) => Standing::Behind { files: behind },
        };
        (standing, wanted.finish())
    }

    /// What the phone last got of a document, by whichever of its names it has asked.
    pub fn got(&self, subject: &Subject, document: &FilePattern) -> Option<&Entry> {
        let names = subject.maker.family.files.iter().filter(|file| file.is_same_as(document)).map(|file| &file.name);
        let names: Vec<&CompactString> = names.collect();
        let got = self.files.iter().filter(|(name, _)| names.contains(&name));
        got.map(|(_, got)| got).max_by_key(|got| got.changed_at)
    }

    /// The revision that a file would have now: the one that the phone has, if it may still be that.
    ///
    /// # Errors
    /// Why it is not made.
    pub fn desired(
        &self,
        serving: &Serving,
        key: &RevisionKey,
        subject: &Subject,
        file: &FilePattern,
    ) -> Result<String, RenderError> {
        let got = self.got(subject, file);
        let mut first = None;
        for (phase, epoch) in self.makings(subject) {
            let token = TokenKey::new(&[]).token(subject.phone.mac, 0, Stage::Steady);
            let making = Making {
                band: subject.band(None, self.firmware.as_deref()),
                phase,
                // Whichever it is, it is left blank.
                token: epoch.map(|epoch| Carried { token: &token, epoch }),
                key,
                tell: false,
                changed_at: &|_| 0,
            };
            let made = making.make(serving, subject, file)?.revision;
            if got.is_none_or(|got| got.revision == made) {
                return Ok(made);
            }
            first.get_or_insert(made);
        }
        Ok(first.unwrap_or_default())
    }

    /// The ways in which a phone's files may be made now: a phone that has its seed keeps it, and where a site takes tokens
    /// and gives none, only those phones carry one that came with it.
    fn makings(&self, subject: &Subject) -> Vec<(Phase, Option<u64>)> {
        let trust = &subject.site.trust;
        let mut tokens = Vec::new();
        if !trust.gives_tokens() {
            tokens.push(None);
        }
        if trust.knows(Rung::Token) {
            tokens.push(Some(self.epoch));
        }
        let phases: &[Phase] = match (subject.phone.seed.is_empty(), self.files.is_empty()) {
            (true, _) => &[Phase::Later],
            (false, true) => &[Phase::First],
            (false, false) => &[Phase::Later, Phase::First],
        };
        phases.iter().flat_map(|phase| tokens.iter().map(|token| (*phase, *token))).collect()
    }
}
