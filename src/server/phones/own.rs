//! Files of a phone's own: who may have one, how it is made, and what is remembered of it.

use std::time::Instant;

use super::{Phones, Visit};
use crate::admit::pairing::is_pairing_token;
use crate::admit::{Ladder, Refusal, Shown, admit, network};
use crate::catalogue::FilePattern;
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{CacheKey, Carried, Document, RenderError};
use crate::resolve::Phase;
use crate::server::decided::{Decided, later, reply_of, untrusted};
use crate::server::gate::way;
use crate::server::make::Making;
use crate::server::onlooker::Served;
use crate::server::tokens::Bearer;
use crate::server::{Asked, Method};
use crate::world::Subject;

impl Phones {
    /// A file of the phone's own, if the request shows what the phone's site wants to be shown.
    pub(super) fn own_file(&self, visit: Visit<'_>, subject: &Subject, found: (usize, &FilePattern)) -> Decided {
        let Visit { claim, asked, now, .. } = visit;
        let mac = subject.phone.mac;
        let token = visit.token().filter(|token| !is_pairing_token(token));
        let bearer = self.tokens.bearer(subject, token, asked.peer.ip(), now);
        let password = self.passwords.judge(subject, asked);
        let own = Ladder { token: bearer.shown, password, ..ladder(subject, visit) };
        let is_blessed = self.unclaimed.judge(mac, claim, now) == Shown::Good;
        let bearer = if is_blessed { self.tokens.blessed(subject) } else { bearer };
        let ladder = Ladder { token: bearer.shown, ..own };
        match admit(&subject.site.trust, &ladder) {
            Ok(()) => self.gate.right(mac, asked, || {
                let decided = self.document(visit, subject, found, &bearer);
                if decided.revision.is_some() && asked.method != Method::HEAD {
                    self.unclaimed.served(mac, own.shows_credentials());
                }
                decided
            }),
            Err(refusal) => {
                let refused = || {
                    let challenges = self.passwords.challenges(subject, &ladder, refusal, asked);
                    untrusted(claim, asked, refusal, challenges)
                };
                match refusal.is_a_guess() {
                    true => self.gate.wrong(mac, asked, refused),
                    false => self.newcomer(visit, subject, &own, found.1).map_or_else(refused, Decided::unclaimed),
                }
            }
        }
    }

    fn document(
        &self,
        visit: Visit<'_>,
        subject: &Subject,
        (at, file): (usize, &FilePattern),
        bearer: &Bearer,
    ) -> Decided {
        let Visit { serving, claim, asked, now, .. } = visit;
        let mac = subject.phone.mac;
        let told = claim.firmware.as_deref().filter(|told| subject.maker.family.bands.fitting(told).is_some());
        let seen = told.is_none().then(|| self.ledger.seen().firmware(mac)).flatten();
        let band = subject.band(told, seen.as_deref());
        if subject.maker.family.no_files(band).is_some() {
            return visit.refused(Refusal::OldFirmware);
        }
        let seeded = !subject.phone.seed.is_empty();
        let phase = if seeded && !self.ledger.knows(mac) { Phase::First } else { Phase::Later };
        let (token, generations) = (bearer.carried, serving.generations(&subject.phone));
        let key = CacheKey { mac, file: at as u16, band, phase, token, generations };
        let made = self.cache.get_or_render(&key, || self.render(serving, subject, &key, file, now));
        match made {
            Ok(document) => {
                // A look at the head is no provisioning: the phone has none of it.
                if asked.method != Method::HEAD {
                    self.record(mac, file, &document, asked, now);
                    self.tokens.note(mac, &bearer.facts);
                    let has_new_firmware = told.is_some_and(|told| self.ledger.seen().note(mac, told));
                    if let Some(onlooker) = &self.onlooker {
                        let document = subject.maker.family.document_of(file).map(|(at, file)| (at, &file.name));
                        onlooker.served(&Served { mac, document, serving, has_new_firmware });
                    }
                }
                reply_of(&document)
            }
            Err(error) => {
                tracing::error!(phone.mac = %mac, "`{}` of `{mac}` cannot be made: {error}", file.name);
                later()
            }
        }
    }

    /// Takes note of what a phone has got.
    fn record(&self, mac: Mac, file: &FilePattern, document: &Document, asked: &Asked<'_>, now: u64) {
        let (peer, revision) = (asked.peer.ip(), &document.revision);
        // A phone that asks for what it has is no news; thousands do so at once.
        match self.ledger.served(mac, &file.name, revision, now) {
            true => {
                tracing::info!(phone.mac = %mac, peer = %peer, %revision, "served a new `{}` to `{mac}`", file.name)
            }
            false => tracing::debug!(phone.mac = %mac, peer = %peer, %revision, "served `{}` to `{mac}`", file.name),
        }
    }

    fn render(
        &self,
        serving: &Serving,
        subject: &Subject,
        key: &CacheKey,
        file: &FilePattern,
        now: u64,
    ) -> Result<Document, RenderError> {
        let (mac, began) = (subject.phone.mac, Instant::now());
        let steady = key.token.map(|epoch| (epoch, self.tokens.steady(mac, epoch)));
        let making = Making {
            band: key.band,
            phase: key.phase,
            token: steady.as_ref().map(|(epoch, token)| Carried { token, epoch: *epoch }),
            key: &self.key,
            tell: true,
            changed_at: &|revision| self.ledger.changed_at(mac, &file.name, revision, now),
        };
        let made = making.make(serving, subject, file);
        self.metrics.rendered(&subject.maker.family.id, began.elapsed(), made.is_ok());
        made
    }
}

/// What a request shows of itself.
fn ladder(subject: &Subject, visit: Visit<'_>) -> Ladder {
    Ladder {
        network: network(&subject.site.trust.networks, way(visit.asked)),
        password: Shown::Nothing,
        token: Shown::Nothing,
        certificate: visit.proof.shown(subject.phone.mac, &subject.model.family),
    }
}
