//! The phones' service: one request through identify, admit, resolve and render.
//!
//! It answers from one [`Serving`], which the request keeps to its end, and from the cache of rendered files. Nothing
//! here waits for a disk.

mod newcomers;
mod own;
mod plain;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use compact_str::CompactString;

use super::decided::{Decided, fetch, later, not_found, refused, status_of};
use super::doctor::Doctor;
use super::gate::Gate;
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::onlooker::Onlooker;
use super::passwords::Porter;
use super::proofs::Proofs;
use super::strangers::Strangers;
use super::tokens::Tokens;
use super::unclaimed::Unclaimed;
use super::{Answer as Answering, Asked, HandshakeFailure, Reply, StatusCode};
use crate::admit::{Proof, Refusal};
use crate::catalogue::{Answer, Family, FilePattern};
use crate::identify::{Claim, FamilyIndex, Place, Request, Token, identify};
use crate::journal::{Fetch, Journal, now_ms};
use crate::live::{Live, Serving};
use crate::phone::Mac;
use crate::render::{Cache, RevisionKey};
use crate::world::{Subject, Unserved};

/// Answers phones.
pub struct Phones {
    live: Arc<Live>,
    cache: Cache,
    key: RevisionKey,
    ledger: Arc<Ledger>,
    tokens: Arc<Tokens>,
    passwords: Porter,
    unclaimed: Unclaimed,
    listeners: Vec<Vec<CompactString>>,
    proofs: Proofs,
    doctor: Doctor,
    journal: Option<Arc<Journal>>,
    onlooker: Option<Arc<dyn Onlooker>>,
    gate: Gate,
    metrics: Metrics,
}

/// One request, and what is known of it before the phone is looked up.
#[derive(Clone, Copy)]
struct Visit<'v> {
    serving: &'v Serving,
    claim: &'v Claim,
    proof: &'v Proof,
    asked: &'v Asked<'v>,
    /// Seconds since 1970.
    now: u64,
}

impl<'v> Visit<'v> {
    fn token(self) -> Option<&'v str> {
        self.claim.token.as_ref().map(Token::expose)
    }

    fn refused(self, refusal: Refusal) -> Decided {
        refused(self.claim, self.asked, refusal)
    }
}

impl Phones {
    /// A service; `listeners` are the families that each listener serves, none for all.
    pub fn new(
        live: Arc<Live>,
        cache: Cache,
        key: RevisionKey,
        ledger: impl Into<Arc<Ledger>>,
        listeners: Vec<Vec<CompactString>>,
    ) -> Phones {
        Phones {
            live,
            cache,
            key,
            ledger: ledger.into(),
            tokens: Arc::new(Tokens::in_memory()),
            passwords: Porter::new(),
            listeners,
            proofs: Proofs::new(),
            doctor: Doctor::default(),
            journal: None,
            onlooker: None,
            gate: Gate::default(),
            metrics: Metrics::default(),
            unclaimed: Unclaimed::new(Arc::new(Strangers::in_memory())),
        }
    }

    /// The same with strangers that outlive it.
    #[must_use]
    pub fn with_strangers(self, strangers: Arc<Strangers>) -> Phones {
        Phones { unclaimed: Unclaimed::new(strangers), ..self }
    }

    /// The same with tokens that outlive it.
    #[must_use]
    pub fn with_tokens(self, tokens: Arc<Tokens>) -> Phones {
        Phones { tokens, ..self }
    }

    /// The same service, which tells a journal what it answers.
    #[must_use]
    pub fn with_journal(self, journal: Arc<Journal>) -> Phones {
        Phones { journal: Some(journal), ..self }
    }

    /// The same service with somebody who looks on.
    #[must_use]
    pub fn with_onlooker(self, onlooker: Arc<dyn Onlooker>) -> Phones {
        Phones { onlooker: Some(onlooker), ..self }
    }

    /// What is counted of its answers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The files that are kept to be served again.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The last handshakes that failed, the oldest first.
    pub fn handshake_failures(&self) -> Vec<HandshakeFailure> {
        self.doctor.last()
    }

    fn decide(&self, visit: Visit<'_>) -> Decided {
        if let Some(two) = &visit.claim.contradiction {
            tracing::debug!("`{}` and `{}` in one request", two.one.1, two.other.1);
            let of_certificate = two.is_in(Place::Certificate);
            let refusal = if of_certificate { Refusal::OtherCertificate } else { Refusal::Contradiction };
            return visit.refused(refusal);
        }
        match visit.claim.mac {
            Some(mac) => self.phone(visit, mac),
            None => self.anybody(visit),
        }
    }

    /// A request that names a phone.
    fn phone(&self, visit: Visit<'_>, mac: Mac) -> Decided {
        let Visit { serving, asked, .. } = visit;
        let subject = match serving.world.subject(mac) {
            Ok(subject) => subject,
            Err(Unserved::Unknown(_)) => {
                return self.gate.unknown(mac, asked, || self.stranger(visit, mac));
            }
            Err(broken @ Unserved::Broken { .. }) => {
                tracing::error!(phone.mac = %mac, peer = %asked.peer.ip(), "{broken}");
                return later();
            }
        };
        // The claim may have taken it for a phone of another family, or of none.
        Decided { family: Some(subject.maker.family.id.clone()), ..self.known(visit, &subject) }
    }

    /// A request that names a phone of the fleet.
    fn known(&self, visit: Visit<'_>, subject: &Subject) -> Decided {
        let Visit { serving, claim, asked, .. } = visit;
        let family = &subject.maker.family;
        let Some(index) = serving.index.family_named(&family.id) else { return not_found() };
        // The fleet knows the phone's family better than its path does.
        let Some((at, file)) = file_of(claim, index, family) else { return visit.refused(Refusal::NoSuchFile) };
        if !self.serves(asked, &family.id) {
            return visit.refused(Refusal::OtherFamily);
        }
        if claim.site.as_ref().is_some_and(|site| *site != subject.site.id && serving.world.site(site).is_some()) {
            return visit.refused(Refusal::OtherSite);
        }
        let decided = match file.answer {
            Answer::Document => self.own_file(visit, subject, (at, file)),
            answer => self.plain(visit, answer, family, file.template.as_deref(), file),
        };
        // The claim may have taken it for a file of another family.
        Decided { file: Some(file.name.clone()), ..decided }
    }

    /// A request that names none.
    fn anybody(&self, visit: Visit<'_>) -> Decided {
        let Some(found) = visit.claim.file else { return visit.refused(Refusal::NoSuchFile) };
        let family = visit.serving.index.family(found.family);
        let Some(file) = family.files.get(found.file) else { return not_found() };
        if !self.serves(visit.asked, &family.id) {
            return visit.refused(Refusal::OtherFamily);
        }
        let template = file.bootstrap_template.as_deref().or(file.template.as_deref());
        match file.without_mac {
            // A phone's own file, and nobody knows which phone's.
            Answer::Document => visit.refused(Refusal::UnknownPhone),
            answer => self.plain(visit, answer, family, template, file),
        }
    }

    fn serves(&self, asked: &Asked<'_>, family: &str) -> bool {
        self.listeners.get(asked.listener).is_none_or(|only| only.is_empty() || only.iter().any(|id| id == family))
    }
}

impl Answering for Phones {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let began = Instant::now();
        let serving = self.live.now();
        let proof = self.proofs.of(asked.certificates, &serving, SystemTime::now());
        let request = Request { target: asked.target, user_agent: asked.user_agent, certificate: proof.mac() };
        let claim = identify(&request, &serving.index);
        let visit = Visit { serving: &serving, claim: &claim, proof: &proof, asked, now: now_secs() };
        let decided = self.decide(visit);
        if let (Some(onlooker), Some((mac, refusal))) = (&self.onlooker, claim.mac.zip(decided.refusal)) {
            onlooker.refused(mac, refusal, decided.reply.status == StatusCode::UNAUTHORIZED);
        }
        if let Some(journal) = &self.journal {
            journal.fetched(fetch(&serving, &claim, asked, &decided));
        }
        let claimed = || claim.family.map(|family| &serving.index.family(family).id);
        let (family, status) = (decided.family.as_ref().or_else(claimed), status_of(asked, &decided.reply));
        self.metrics.answered(family, status, decided.refusal, began.elapsed());
        decided.reply
    }

    fn handshake_failed(&self, failure: HandshakeFailure) {
        self.metrics.handshake_failed(failure.fault);
        if let Some(journal) = &self.journal {
            journal.fetched(Fetch::handshake(now_ms(), failure.peer, &failure.to_string()));
        }
        self.doctor.see(failure, &self.live.now().world.catalogue);
    }
}

fn file_of<'f>(claim: &Claim, index: FamilyIndex, family: &'f Family) -> Option<(usize, &'f FilePattern)> {
    let at = claim.file_for(index)?;
    Some((at, family.files.get(at)?))
}

fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
