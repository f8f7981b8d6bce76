//! What the board tells.

use std::sync::Arc;

use compact_str::CompactString;
use tokio::sync::broadcast;

use super::entry::Entry;
use super::recorded::Standing;
use super::state::{Change, Counts, FileState, Filter, PhoneFiles, PhoneState};
use super::{Board, Recorded};
use crate::catalogue::Answer;
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::documents_of;

impl Board {
    /// How many phones are in which state.
    pub fn counts(&self, filter: &Filter) -> Counts {
        if let Filter { site: None, state: None } = filter {
            return *self.counts.borrow();
        }
        self.all(filter).iter().map(|phone| phone.state).collect()
    }

    /// Phones with their states, by site and MAC.
    pub fn all(&self, filter: &Filter) -> Vec<PhoneState> {
        let serving = self.live.now();
        let of_site = |site: &CompactString| filter.site.as_ref().is_none_or(|meant| meant == site);
        let in_state = |phone: &PhoneState| filter.state.is_none_or(|state| phone.state == state);
        let macs = serving.world.sites_of_phones().filter(|(_, site)| of_site(site));
        let mut phones: Vec<PhoneState> =
            macs.filter_map(|(mac, site)| self.told_of(mac, site)).filter(in_state).collect();
        phones.sort_by(|a, b| (&a.site, a.mac).cmp(&(&b.site, b.mac)));
        phones
    }

    /// The state of a phone; none where it is not in the fleet.
    pub fn state_of(&self, mac: Mac) -> Option<PhoneState> {
        self.told_of(mac, self.live.now().world.site_of(mac)?)
    }

    fn told_of(&self, mac: Mac, site: &CompactString) -> Option<PhoneState> {
        Some(self.shard(mac).get(&mac)?.told(mac, site.clone()))
    }

    /// A phone with what it should have, which is rendered for this, and what it has.
    pub fn of(&self, mac: Mac) -> Option<PhoneFiles> {
        let phone = self.state_of(mac)?;
        Some(PhoneFiles { phone, files: self.files(&self.live.now(), &self.recorded(mac), mac) })
    }

    fn files(&self, serving: &Serving, recorded: &Recorded, mac: Mac) -> Vec<FileState> {
        let Ok(subject) = serving.world.subject(mac) else { return Vec::new() };
        let documents = documents_of(&subject).into_iter().filter(|(_, file)| file.answer == Answer::Document);
        documents
            .map(|(name, file)| {
                let got = recorded.got(&subject, file);
                let (desired, why) = match recorded.desired(serving, &self.key, &subject, file) {
                    Ok(desired) => (Some(desired), None),
                    Err(why) => (None, Some(why.to_string())),
                };
                FileState {
                    file: file.name.clone(),
                    name,
                    desired,
                    why,
                    served: got.map(|got| got.revision.clone()),
                    served_since: got.map(|got| got.changed_at),
                }
            })
            .collect()
    }

    /// Changes of states from here on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Waits until everything that is served now is taken note of, and no phone is being looked at.
    pub async fn settled(&self) {
        self.until(|| self.counts.borrow().checking == 0).await;
    }

    /// Waits until everything that is served now is taken note of, and each of these phones was looked at.
    pub async fn looked_at(&self, macs: &[Mac]) {
        let mut left = macs.iter().copied().peekable();
        let is_looked_at = |mac: &Mac| !self.is_checking(*mac);
        self.until(|| {
            while left.next_if(is_looked_at).is_some() {}
            left.peek().is_none()
        })
        .await;
    }

    async fn until(&self, mut is_so: impl FnMut() -> bool) {
        let mut counts = self.counts.subscribe();
        loop {
            counts.mark_unchanged();
            let follows = self.followed.load().as_ref().is_some_and(|own| Arc::ptr_eq(own, &self.live.now()));
            if (follows && is_so()) || counts.changed().await.is_err() {
                return;
            }
        }
    }

    /// Whether a phone is being looked at.
    pub fn is_checking(&self, mac: Mac) -> bool {
        self.shard(mac).get(&mac).is_some_and(|entry| entry.checking)
    }

    /// Whether a phone is known to have something else than it should, be it asked or refused meanwhile: a number that is
    /// another one whenever it should have something else.
    pub fn is_behind(&self, mac: Mac) -> Option<u64> {
        self.shard(mac).get(&mac).filter(|entry| entry.is_behind()).map(|entry| entry.wanted)
    }

    pub(super) fn follow(&self, serving: Arc<Serving>) {
        self.followed.store(Some(serving));
        // Somebody may wait for it.
        self.counts.send_modify(|_| ());
    }
}

impl Entry {
    fn told(&self, mac: Mac, site: CompactString) -> PhoneState {
        let refusal = self.refusal();
        let (behind, why) = match &self.standing {
            Standing::Behind { files } => (files.clone(), None),
            Standing::Unserved { why } => (Vec::new(), Some(why.clone())),
            Standing::InSync | Standing::NeverSeen => (Vec::new(), None),
        };
        PhoneState {
            mac,
            site,
            state: self.state(),
            since: self.since(),
            behind,
            reason: refusal.map(|refusal| refusal.code()),
            why: why.or_else(|| refusal.map(|refusal| refusal.to_string())),
        }
    }
}
