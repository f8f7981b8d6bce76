//! The phones' service: one request through identify, admit, resolve and render.
//!
//! It answers from one [`Serving`], which the request keeps to its end, and from the cache of rendered files. Nothing
//! here waits for a disk.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use compact_str::CompactString;

use super::decided::{Decided, fetch, later, not_found, refused, reply_of, status_of, untrusted};
use super::doctor::Doctor;
use super::gate::{Gate, way};
use super::ledger::Ledger;
use super::make::Making;
use super::metrics::Metrics;
use super::onlooker::{Onlooker, Served};
use super::passwords::Porter;
use super::proofs::Proofs;
use super::strangers::Strangers;
use super::tokens::{Bearer, Tokens};
use super::unclaimed::{Asking, Unclaimed};
use super::{Answer as Answering, Asked, HandshakeFailure, HeaderValue, Method, Reply, StatusCode};
use crate::admit::pairing::is_pairing_token;
use crate::admit::{Ladder, Proof, Refusal, Shown, admit, is_token, network};
use crate::catalogue::{Answer, Evidence, Family, FilePattern};
use crate::identify::{Claim, FamilyIndex, Place, Request, Token, identify};
use crate::journal::{Fetch, Journal, now_ms};
use crate::live::{Live, Serving};
use crate::phone::Mac;
use crate::render::{Cache, CacheKey, Carried, Document, RenderError, Renderer, Reveal, RevisionKey, bootstrap};
use crate::resolve::Phase;
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

    /// A file of the phone's own, if the request shows what the phone's site wants to be shown.
    fn own_file(&self, visit: Visit<'_>, subject: &Subject, found: (usize, &FilePattern)) -> Decided {
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

    /// A request of a phone that the fleet does not have.
    fn stranger(&self, visit: Visit<'_>, mac: Mac) -> Decided {
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
    fn newcomer(&self, visit: Visit<'_>, subject: &Subject, ladder: &Ladder, file: &FilePattern) -> Option<Reply> {
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

    /// An answer that is the same for every phone of a family.
    fn plain(
        &self,
        visit: Visit<'_>,
        answer: Answer,
        family: &Family,
        template: Option<&str>,
        file: &FilePattern,
    ) -> Decided {
        match answer {
            Answer::NotFound | Answer::Document => not_found(),
            Answer::Empty => {
                let content_type = HeaderValue::from_str(&file.content_type).ok();
                Reply { content_type, ..Reply::empty(StatusCode::OK) }.into()
            }
            Answer::Bootstrap => self.bootstrap(visit, family, template.unwrap_or_default(), file),
        }
    }

    /// A file without any secret, which leads the phone to its own; the phone keeps the token with which it came.
    fn bootstrap(&self, visit: Visit<'_>, family: &Family, template: &str, file: &FilePattern) -> Decided {
        let Some(root) = visit.serving.world.root() else { return later() };
        let url = root.url();
        let with = Renderer {
            templates: &visit.serving.templates,
            url: &url,
            token: visit.token().filter(|token| is_token(token)).map(|token| Carried { token, epoch: 0 }),
            key: &self.key,
            reveal: Reveal::Nothing,
            changed_at: &|_| 0,
        };
        match bootstrap(family, file, template, &with) {
            Ok(made) => Reply {
                content_type: HeaderValue::from_str(&file.content_type).ok(),
                body: made.bytes,
                ..Reply::empty(StatusCode::OK)
            }
            .into(),
            Err(error) => {
                tracing::error!("a `{}` cannot be made: {error}", file.name);
                later()
            }
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

/// What a request shows of itself.
fn ladder(subject: &Subject, visit: Visit<'_>) -> Ladder {
    Ladder {
        network: network(&subject.site.trust.networks, way(visit.asked)),
        password: Shown::Nothing,
        token: Shown::Nothing,
        certificate: visit.proof.shown(subject.phone.mac, &subject.model.family),
    }
}

fn file_of<'f>(claim: &Claim, index: FamilyIndex, family: &'f Family) -> Option<(usize, &'f FilePattern)> {
    let at = claim.file_for(index)?;
    Some((at, family.files.get(at)?))
}

fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
