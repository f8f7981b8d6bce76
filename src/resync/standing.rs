//! Whether phones have what the fleet says now, by what a server has recorded in its state folder.

use std::collections::HashMap;
use std::path::Path;

use compact_str::CompactString;

use crate::board::{Recorded, Standing};
use crate::folder::{REVISION_KEY, known_key};
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::RevisionKey;
use crate::server::orders::{self, Order};
use crate::server::{ledger, seen};

/// What a server has recorded in its state folder.
#[derive(Debug)]
pub struct Books {
    key: RevisionKey,
    served: ledger::Entries,
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
        let recorded = Recorded {
            files: ledger::files_of(&self.served, mac)
                .map(|((_, file), entry)| (file.clone(), entry.clone()))
                .collect(),
            firmware: self.firmware.get(&mac).cloned(),
            epoch: self.epochs.get(&mac).copied().unwrap_or_default(),
        };
        recorded.standing(serving, &self.key, mac, |_| false).0
    }
}
