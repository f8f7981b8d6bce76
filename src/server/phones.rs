//! The phones' service: one request through identify, admit, resolve and render.
//!
//! It answers from one [`Serving`], which the request keeps to its end, and from the cache of rendered files. Nothing
//! here waits for a disk.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use compact_str::CompactString;

use super::ledger::Ledger;
use super::strangers::Strangers;
use super::unclaimed::{Asking, Unclaimed};
use super::{Answer as Answering, Asked, HeaderValue, Method, Reply, StatusCode};
use crate::admit::{Ladder, Refusal, Shown, Way, admit, network};
use crate::catalogue::{Answer, Band, Evidence, Family, FilePattern};
use crate::identify::{Claim, FamilyIndex, Request, identify};
use crate::live::{Live, Serving};
use crate::phone::Mac;
use crate::render::{Cache, CacheKey, Document, RenderError, Renderer, Reveal, RevisionKey, bootstrap, render};
use crate::resolve::{Phase, resolve};
use crate::world::{Subject, Unserved};

/// After how many seconds a phone that cannot be served now shall ask again.
const RETRY_AFTER_SECS: u32 = 120;

/// Answers phones.
pub struct Phones {
    live: Arc<Live>,
    cache: Cache,
    key: RevisionKey,
    ledger: Ledger,
    unclaimed: Unclaimed,
    listeners: Vec<Vec<CompactString>>,
}

impl Phones {
    /// A service; `listeners` are the families that each listener serves, none for all.
    pub fn new(
        live: Arc<Live>,
        cache: Cache,
        key: RevisionKey,
        ledger: Ledger,
        listeners: Vec<Vec<CompactString>>,
    ) -> Phones {
        let unclaimed = Unclaimed::new(Arc::new(Strangers::in_memory()));
        Phones { live, cache, key, ledger, unclaimed, listeners }
    }

    /// The same with strangers that outlive it.
    pub fn with_strangers(self, strangers: Arc<Strangers>) -> Phones {
        Phones { unclaimed: Unclaimed::new(strangers), ..self }
    }

    fn reply(&self, asked: &Asked<'_>) -> Reply {
        let serving = self.live.now();
        let request = Request { target: asked.target, user_agent: asked.user_agent };
        let claim = identify(&request, &serving.index);
        if let Some(two) = &claim.contradiction {
            tracing::debug!("`{}` and `{}` in one request", two.one.1, two.other.1);
            return refused(&claim, asked, Refusal::Contradiction);
        }
        match claim.mac {
            Some(mac) => self.phone(&serving, &claim, mac, asked),
            None => self.anybody(&serving, &claim, asked),
        }
    }

    /// A request that names a phone.
    fn phone(&self, serving: &Serving, claim: &Claim, mac: Mac, asked: &Asked<'_>) -> Reply {
        let subject = match serving.world.subject(mac) {
            Ok(subject) => subject,
            Err(Unserved::Unknown(_)) => return self.stranger(serving, claim, mac, asked),
            Err(broken @ Unserved::Broken { .. }) => {
                tracing::error!(phone.mac = %mac, peer = %asked.peer.ip(), "{broken}");
                return later();
            }
        };
        let family = &subject.maker.family;
        let Some(index) = serving.index.family_named(&family.id) else { return not_found() };
        // The fleet knows the phone's family better than its path does.
        let Some((at, file)) = file_of(claim, index, family) else { return refused(claim, asked, Refusal::NoSuchFile) };
        if !self.serves(asked, &family.id) {
            return refused(claim, asked, Refusal::OtherFamily);
        }
        if claim.site.as_ref().is_some_and(|site| *site != subject.site.id && serving.world.site(site).is_some()) {
            return refused(claim, asked, Refusal::OtherSite);
        }
        match file.answer {
            Answer::Document => {
                let own = ladder(&subject, asked);
                let by_pairing = self.unclaimed.judge(mac, claim, now_secs());
                let ladder = if by_pairing == Shown::Good { Ladder { token: by_pairing, ..own } } else { own };
                match admit(&subject.site.trust, &ladder) {
                    Ok(()) => {
                        self.unclaimed.served(mac, own.shows_credentials());
                        self.document(serving, &subject, claim, (at, file), asked)
                    }
                    Err(refusal) => {
                        let new = self.newcomer(serving, &subject, &own, claim, file, asked);
                        new.unwrap_or_else(|| refused(claim, asked, refusal))
                    }
                }
            }
            answer => self.plain(answer, serving, &subject.maker.family, file.template.as_deref(), file),
        }
    }

    /// A request of a phone that the fleet does not have.
    fn stranger(&self, serving: &Serving, claim: &Claim, mac: Mac, asked: &Asked<'_>) -> Reply {
        if claim.mac_evidence != Some(Evidence::Strong) {
            return self.anybody(serving, claim, asked);
        }
        let unknown = || refused(claim, asked, Refusal::UnknownPhone);
        let Some((family, found)) = claim.family.zip(claim.file) else { return unknown() };
        let family = serving.index.family(family);
        let Some(file) = family.files.get(found.file).filter(|_| self.serves(asked, &family.id)) else {
            return unknown();
        };
        let model = claim.model.as_ref().and_then(|model| serving.world.catalogue.models.get(model)).map(Arc::as_ref);
        // Its file may be gone by mistake, or for a moment only.
        let was_served = self.ledger.knows(mac);
        let asking = Asking { mac, family, model, file, claim, was_served };
        let answer = self.unclaimed.answer(serving, asking, asked, now_secs());
        answer.unwrap_or_else(|| refused(claim, asked, Refusal::Unclaimed))
    }

    /// A phone that was never given a file, and shows nothing that its site trusts: somebody may bless it by its code,
    /// where that would do. One that has a password is to be asked for it.
    fn newcomer(
        &self,
        serving: &Serving,
        subject: &Subject,
        ladder: &Ladder,
        claim: &Claim,
        file: &FilePattern,
        asked: &Asked<'_>,
    ) -> Option<Reply> {
        let mac = subject.phone.mac;
        let has_password = subject.phone.access.as_ref().is_some_and(|access| access.password.is_some());
        let blessed = Ladder { token: Shown::Good, ..*ladder };
        if has_password || self.ledger.knows(mac) || admit(&subject.site.trust, &blessed).is_err() {
            return None;
        }
        let (family, model) = (&subject.maker.family, Some(&*subject.model));
        let asking = Asking { mac, family, model, file, claim, was_served: false };
        self.unclaimed.answer(serving, asking, asked, now_secs())
    }

    /// A request that names none.
    fn anybody(&self, serving: &Serving, claim: &Claim, asked: &Asked<'_>) -> Reply {
        let Some(found) = claim.file else { return refused(claim, asked, Refusal::NoSuchFile) };
        let family = serving.index.family(found.family);
        let Some(file) = family.files.get(found.file) else { return not_found() };
        if !self.serves(asked, &family.id) {
            return refused(claim, asked, Refusal::OtherFamily);
        }
        let template = file.bootstrap_template.as_deref().or(file.template.as_deref());
        match file.without_mac {
            // A phone's own file, and nobody knows which phone's.
            Answer::Document => refused(claim, asked, Refusal::UnknownPhone),
            answer => self.plain(answer, serving, family, template, file),
        }
    }

    fn document(
        &self,
        serving: &Serving,
        subject: &Subject,
        claim: &Claim,
        (at, file): (usize, &FilePattern),
        asked: &Asked<'_>,
    ) -> Reply {
        let mac = subject.phone.mac;
        let told = claim.firmware.as_deref().filter(|told| subject.maker.family.bands.fitting(told).is_some());
        let seen = told.is_none().then(|| self.ledger.seen().firmware(mac)).flatten();
        let band = subject.band(told, seen.as_deref());
        if subject.maker.family.no_files(band).is_some() {
            return refused(claim, asked, Refusal::OldFirmware);
        }
        let seeded = !subject.phone.seed.is_empty();
        let phase = if seeded && !self.ledger.knows(mac) { Phase::First } else { Phase::Later };
        let key = CacheKey { mac, file: at as u16, band, phase, generations: serving.generations(&subject.phone) };
        let now = now_secs();
        let made = self.cache.get_or_render(&key, || self.render(serving, subject, band, phase, file, now));
        match made {
            Ok(document) => {
                // A look at the head is no provisioning: the phone has none of it.
                if asked.method != Method::HEAD {
                    self.record(mac, file, &document, asked, now);
                    told.into_iter().for_each(|told| self.ledger.seen().note(mac, told));
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
        band: Band,
        phase: Phase,
        file: &FilePattern,
        now: u64,
    ) -> Result<Document, RenderError> {
        let none = || RenderError::NoTemplate(subject.model.family.to_string());
        let resolved = resolve(subject, band, phase).ok_or_else(none)?;
        let mac = subject.phone.mac;
        let modules = resolved.modules.iter().flat_map(|module| &module.keys);
        for key in resolved.keys.iter().chain(&resolved.soft_keys).chain(modules) {
            if key.outcome == crate::catalogue::Outcome::Impossible {
                let why = key.why.as_deref().unwrap_or_default();
                tracing::warn!(phone.mac = %mac, "`{}` of `{mac}` is sent empty: `{}`: {why}", key.place, key.function);
            }
        }
        let url = subject.root.url();
        let changed_at = |revision: &str| self.ledger.changed_at(mac, &file.name, revision, now);
        let with = Renderer {
            templates: &serving.templates,
            url: &url,
            key: &self.key,
            reveal: Reveal::Secrets,
            changed_at: &changed_at,
        };
        render(&resolved, file, &with)
    }

    /// An answer that is the same for every phone of a family.
    fn plain(
        &self,
        answer: Answer,
        serving: &Serving,
        family: &Family,
        template: Option<&str>,
        file: &FilePattern,
    ) -> Reply {
        match answer {
            Answer::NotFound | Answer::Document => not_found(),
            Answer::Empty => {
                Reply { content_type: HeaderValue::from_str(&file.content_type).ok(), ..Reply::empty(StatusCode::OK) }
            }
            Answer::Bootstrap => self.bootstrap(serving, family, template.unwrap_or_default(), file),
        }
    }

    /// A file without any secret, which leads the phone to its own.
    fn bootstrap(&self, serving: &Serving, family: &Family, template: &str, file: &FilePattern) -> Reply {
        let Some(root) = serving.world.root() else { return later() };
        let url = root.url();
        let with = Renderer {
            templates: &serving.templates,
            url: &url,
            key: &self.key,
            reveal: Reveal::Nothing,
            changed_at: &|_| 0,
        };
        match bootstrap(family, file, template, &with) {
            Ok(made) => Reply {
                content_type: HeaderValue::from_str(&file.content_type).ok(),
                body: made.bytes,
                ..Reply::empty(StatusCode::OK)
            },
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
        self.reply(asked)
    }
}

/// What a request shows of itself.
fn ladder(subject: &Subject, asked: &Asked<'_>) -> Ladder {
    let way = Way { peer: asked.peer.ip(), local: asked.local.ip(), forwarded: asked.forwarded };
    Ladder {
        network: network(&subject.site.trust.networks, way),
        password: Shown::Nothing,
        token: Shown::Nothing,
        certificate: Shown::Nothing,
    }
}

fn file_of<'f>(claim: &Claim, index: FamilyIndex, family: &'f Family) -> Option<(usize, &'f FilePattern)> {
    let at = claim.file_for(index)?;
    Some((at, family.files.get(at)?))
}

fn reply_of(document: &Document) -> Reply {
    Reply {
        content_type: HeaderValue::from_str(&document.content_type).ok(),
        etag: HeaderValue::from_str(&document.etag).ok(),
        body: document.bytes.clone(),
        ..Reply::empty(StatusCode::OK)
    }
}

fn not_found() -> Reply {
    Reply::empty(StatusCode::NOT_FOUND)
}

/// The phone keeps what it has, and asks again.
fn later() -> Reply {
    Reply { retry_after_secs: Some(RETRY_AFTER_SECS), ..Reply::empty(StatusCode::SERVICE_UNAVAILABLE) }
}

/// Refusals that phones meet in their normal life are quiet; those that somebody has to look at are not.
fn refused(claim: &Claim, asked: &Asked<'_>, refusal: Refusal) -> Reply {
    let peer = asked.peer.ip();
    let mac = claim.mac.map(|mac| mac.to_string()).unwrap_or_default();
    let code = refusal.code();
    match refusal {
        Refusal::NoSuchFile | Refusal::Unclaimed => {
            tracing::debug!(peer = %peer, phone.mac = %mac, reason = code, "refused: {refusal}")
        }
        _ => tracing::warn!(peer = %peer, phone.mac = %mac, reason = code, "refused a request of `{peer}`: {refusal}"),
    }
    match refusal {
        Refusal::Untrusted | Refusal::NoPassword | Refusal::NoToken | Refusal::NoCertificate => {
            Reply::empty(StatusCode::FORBIDDEN)
        }
        _ => not_found(),
    }
}

fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
