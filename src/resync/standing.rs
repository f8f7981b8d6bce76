//! Whether a phone has what the fleet says now: the revisions of its files as they would be made, beside those that the
//! server has recorded.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use compact_str::CompactString;
use serde::Serialize;

use crate::admit::{Stage, TokenKey};
use crate::catalogue::Answer;
use crate::fleet::Rung;
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{Carried, RevisionKey, documents_of};
use crate::resolve::Phase;
use crate::server::folder::{REVISION_KEY, known_key};
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

/// A file that a phone has got.
struct Compared {
    name: CompactString,
    /// The revision that it would get now, if that is another one.
    other: Option<CompactString>,
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
        match self.compared(serving, mac) {
            Err(why) => Standing::Unserved { why },
            Ok(files) if files.is_empty() => Standing::NeverSeen,
            Ok(files) => {
                let files: Vec<_> =
                    files.into_iter().filter(|file| file.other.is_some()).map(|file| file.name).collect();
                if files.is_empty() { Standing::InSync } else { Standing::Behind { files } }
            }
        }
    }

    /// What a phone that is behind should have: a text of its files' revisions. None: it is not behind.
    pub fn wanted(&self, serving: &Serving, mac: Mac) -> Option<CompactString> {
        let files = self.compared(serving, mac).ok()?;
        let others: Vec<CompactString> = files.into_iter().filter_map(|file| file.other).collect();
        (!others.is_empty()).then(|| others.join(" ").into())
    }

    /// The files that a phone has got, beside those that it would get now.
    ///
    /// # Errors
    /// They cannot be made.
    fn compared(&self, serving: &Serving, mac: Mac) -> Result<Vec<Compared>, String> {
        let subject = serving.world.subject(mac).map_err(|why| why.to_string())?;
        let mut files = Vec::new();
        for (_, file) in documents_of(&subject).into_iter().filter(|(_, file)| file.answer == Answer::Document) {
            let Some(served) = self.served.get(&(mac, file.name.clone())) else { continue };
            let mut other = None;
            for (phase, epoch) in self.makings(&subject) {
                let token = TokenKey::new(&[]).token(mac, 0, Stage::Steady);
                let making = Making {
                    band: subject.band(None, self.firmware.get(&mac).map(CompactString::as_str)),
                    phase,
                    // Whichever it is, it is left blank.
                    token: epoch.map(|epoch| Carried { token: &token, epoch }),
                    key: &self.key,
                    changed_at: &|_| 0,
                };
                let revision = making.make(serving, &subject, file).map_err(|why| why.to_string())?.revision;
                if revision == *served {
                    other = None;
                    break;
                }
                other = other.or(Some(revision.into()));
            }
            files.push(Compared { name: file.name.clone(), other });
        }
        Ok(files)
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
