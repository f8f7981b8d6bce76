//! Phones that were given nothing yet: somebody may claim them.

use std::sync::Arc;

use super::{Phones, Visit};
use crate::admit::{Ladder, Refusal, Shown, admit};
use crate::catalogue::{Evidence, FilePattern};
use crate::phone::Mac;
use crate::server::Reply;
use crate::server::decided::Decided;
use crate::server::unclaimed::Asking;
use crate::world::Subject;

impl Phones {
    /// A request of a phone that the fleet does not have.
    pub(super) fn stranger(&self, visit: Visit<'_>, mac: Mac) -> Decided {
        let Visit { serving, claim, asked, .. } = visit;
        if claim.mac_evidence != Some(Evidence::Strong) {
            return self.anybody(visit);
        }
        let unknown = || visit.refused(Refusal::UnknownPhone);
        let Some((family, found)) = claim.family.zip(claim.file) else { return unknown() };
        let family = serving.index.family(family);
        let Some(file) = family.files.get(found.file).filter(|_| self.serves(asked, &family.id)) else {
            return unknown();
        };
        let model = claim.model.as_ref().and_then(|model| serving.world.catalogue.models.get(model)).map(Arc::as_ref);
        // Its file may be gone by mistake, or for a moment only.
        let was_served = self.ledger.knows(mac);
        let asking = Asking { mac, family, model, file, claim, was_served };
        let answer = self.unclaimed.answer(serving, asking, asked, visit.now);
        answer.map_or_else(|| visit.refused(Refusal::Unclaimed), Decided::unclaimed)
    }

    /// A phone that was never given a file, and shows nothing that its site trusts: somebody may bless it by its code,
    /// where that would do. One that has a password is to be asked for it.
    pub(super) fn newcomer(
        &self,
        visit: Visit<'_>,
        subject: &Subject,
        ladder: &Ladder,
        file: &FilePattern,
    ) -> Option<Reply> {
        let mac = subject.phone.mac;
        let has_password = subject.phone.access.as_ref().is_some_and(|access| access.password.is_some());
        let blessed = Ladder { token: Shown::Good, ..*ladder };
        if has_password || self.ledger.knows(mac) || admit(&subject.site.trust, &blessed).is_err() {
            return None;
        }
        let (family, model) = (&subject.maker.family, Some(&*subject.model));
        let asking = Asking { mac, family, model, file, claim: visit.claim, was_served: false };
        self.unclaimed.answer(visit.serving, asking, visit.asked, visit.now)
    }
}
