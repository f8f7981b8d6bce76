//! Whether a phone has what the fleet says now: the revisions of its files as they would be made, beside those that the
//! server has recorded.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use compact_str::CompactString;
use serde::Serialize;

use crate::admit::{Stage, TokenKey};
use crate::catalogue::Answer;
use crate::fleet::Rung;
use crate::folder::{REVISION_KEY, known_key};
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{Carried, RevisionKey, documents_of};
use crate::resolve::Phase;
use crate::server::make::Making;
use crate::server::orders::{self, Order};
use crate::server::{ledger, seen};
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

/// What a server has recorded in its state folder.
#[derive(Debug)]
pub struct Books {
    key: RevisionKey,
    served: BTreeMap<(Mac, CompactString), CompactString>,
    firmware: HashMap<Mac, CompactString>,
    /// Phones whose tokens were revoked.
    epochs: HashMap<Mac, u64>,
}

impl Books {
    /// Reads a state folder; none where no server has kept one.
    ///
    /// # Errors
    /// A file is there, and cannot be read.
    pub fn read(folder: &Path, now: u64) -> std::io::Result<Option<Books>> {
        let Some(key) = known_key(folder, REVISION_KEY)? else { return Ok(None) };
        let revoked = orders::look(folder, now)?.into_iter().filter_map(|told| match told.order {
            Order::RevokeTokens { mac } => Some((mac, told.id)),
            _ => None,
        });
        Ok(Some(Books {
            key: RevisionKey::new(&*key),
            served: ledger::served(folder)?,
            firmware: seen::all(folder)?,
            epochs: revoked.collect(),
        }))
    }

    /// How a phone of the fleet stands.
    pub fn standing(&self, serving: &Serving, mac: Mac) -> Standing {
        let subject = match serving.world.subject(mac) {
            Ok(subject) => subject,
            Err(why) => return Standing::Unserved { why: why.to_string() },
        };
        let mut files = Vec::new();
        let mut has_any = false;
        for (_, file) in documents_of(&subject).into_iter().filter(|(_, file)| file.answer == Answer::Document) {
            let Some(served) = self.served.get(&(mac, file.name.clone())) else { continue };
            has_any = true;
            let made = self.makings(&subject).into_iter().map(|(phase, epoch)| {
                let token = TokenKey::new(&[]).token(mac, 0, Stage::Steady);
                let making = Making {
                    band: subject.band(None, self.firmware.get(&mac).map(CompactString::as_str)),
                    phase,
                    // Whichever it is, it is left blank.
                    token: epoch.map(|epoch| Carried { token: &token, epoch }),
                    key: &self.key,
                    changed_at: &|_| 0,
                };
                making.make(serving, &subject, file)
            });
            let mut made = made.map(|made| made.map(|document| document.revision));
            match made.find(|made| made.as_ref().is_ok_and(|revision| *revision == *served) || made.is_err()) {
                Some(Ok(_)) => {}
                Some(Err(why)) => return Standing::Unserved { why: why.to_string() },
                None => files.push(file.name.clone()),
            }
        }
        match (has_any, files.is_empty()) {
            (false, _) => Standing::NeverSeen,
            (true, true) => Standing::InSync,
            (true, false) => Standing::Behind { files },
        }
    }

    /// The ways in which a phone's files may be made now: a phone that has its seed keeps it, and where a site takes tokens
    /// and gives none, only those phones carry one that came with it.
    fn makings(&self, subject: &Subject) -> Vec<(Phase, Option<u64>)> {
        let trust = &subject.site.trust;
        let epoch = self.epochs.get(&subject.phone.mac).copied().unwrap_or_default();
        let mut tokens = Vec::new();
        if trust.knows(Rung::Token) {
            tokens.push(Some(epoch));
        }
        if !trust.gives_tokens() {
            tokens.push(None);
        }
        let phases: &[Phase] =
            if subject.phone.seed.is_empty() { &[Phase::Later] } else { &[Phase::Later, Phase::First] };
        phases.iter().flat_map(|phase| tokens.iter().map(|token| (*phase, *token))).collect()
    }
}
