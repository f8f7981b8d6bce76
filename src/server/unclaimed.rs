//! What phones get that nobody has claimed, or that were never given a file and show nothing that their site trusts.
//!
//! Anybody may ask for such a file, from anywhere, so it says nothing of the fleet and costs next to nothing: it is
//! rendered once for a model with signs that stand for code and token, and each answer has its own put in.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use compact_str::CompactString;

use super::strangers::{Strangers, Told};
use super::{Asked, HeaderValue, Reply, StatusCode};
use crate::admit::Shown;
use crate::admit::pairing::is_pairing_token;
use crate::catalogue::{Answer, Band, Evidence, Family, FilePattern, Model};
use crate::identify::{Claim, Token};
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{RenderError, Renderer, Reveal, RevisionKey, Templates, Unclaimed as Pattern, pairing};

/// What stands for a code in what is rendered: no code has a Q.
const CODE: &str = "QQQ-QQQ";
/// What stands for a token: no token has a q.
const TOKEN: &str = "pair-qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";

/// Answers phones that nobody has claimed.
pub(super) struct Unclaimed {
    strangers: Arc<Strangers>,
    prepared: RwLock<Prepared>,
}

/// Which phones get the same but for code and token.
type Kind = (CompactString, Option<CompactString>, Band);

/// Files for the templates and the address of one moment.
#[derive(Default)]
struct Prepared {
    templates: Option<Arc<Templates>>,
    url: CompactString,
    files: HashMap<Kind, Option<Arc<File>>>,
}

struct File {
    text: String,
    shows_code: bool,
}

/// A phone that asks, and for what.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub mac: Mac,
    pub family: &'a Family,
    pub model: Option<&'a Model>,
    pub file: &'a FilePattern,
    pub claim: &'a Claim,
    /// It was given a file once, and is to keep what it has.
    pub was_served: bool,
}

impl Unclaimed {
    pub fn new(strangers: Arc<Strangers>) -> Unclaimed {
        Unclaimed { strangers, prepared: RwLock::default() }
    }

    /// What the token of a request is worth, if it is a pairing token.
    pub fn judge(&self, mac: Mac, claim: &Claim, now: u64) -> Shown {
        pairing_token(claim).map_or(Shown::Nothing, |token| self.strangers.judge(mac, token, now))
    }

    /// Notes that a phone of the fleet got its file, and whether it has shown what is really its own.
    pub fn served(&self, mac: Mac, shown_its_own: bool) {
        self.strangers.served(mac, shown_its_own);
    }

    /// Notes that a phone asks, and answers it if its family has something for it.
    pub fn answer(&self, serving: &Serving, asking: Asking<'_>, asked: &Asked<'_>, now: u64) -> Option<Reply> {
        let Asking { mac, family, model, file, claim, was_served } = asking;
        if claim.mac_evidence != Some(Evidence::Strong) {
            return None;
        }
        let prepared = if was_served { None } else { self.file(serving, asking) };
        let wanted = prepared.as_ref().is_some_and(|prepared| prepared.shows_code);
        let told = Told {
            family: family.id.clone(),
            model: model.map(|model| model.id.clone()),
            product: claim.product.clone(),
            firmware: claim.firmware.clone(),
        };
        let peer = asked.peer.ip();
        let met = self.strangers.meet(mac, peer, told, pairing_token(claim), wanted, now)?;
        if met.is_new {
            tracing::info!(phone.mac = %mac, peer = %peer, "`{mac}` ({}) asks, and nobody has claimed it: see `offhook seen`", family.id);
        }
        if met.has_rival {
            tracing::warn!(phone.mac = %mac, peer = %peer, "two phones wait to be claimed as `{mac}`: one may not be what it says");
        }
        let prepared = prepared?;
        let body = match met.pairing {
            Some(pairing) => {
                let key = self.strangers.key();
                let code = key.code(pairing.nonce).to_string();
                prepared.text.replace(TOKEN, &key.token(pairing.nonce)).replace(CODE, &code)
            }
            // The system gives no random numbers.
            None if prepared.shows_code => return None,
            None => prepared.text.clone(),
        };
        Some(Reply {
            content_type: HeaderValue::from_str(&file.content_type).ok(),
            body: Bytes::from(body),
            ..Reply::empty(StatusCode::OK)
        })
    }

    /// The file of a phone's kind; none where the family has none for what it asks.
    fn file(&self, serving: &Serving, asking: Asking<'_>) -> Option<Arc<File>> {
        let Asking { family, model, file, claim, .. } = asking;
        let pairing = family.pairing.as_ref()?;
        let band = claim.band_for(family);
        let meant = file.answer == Answer::Document && file.template.as_ref() == Some(&pairing.in_place_of);
        if !meant || family.no_files(band).is_some() {
            return None;
        }
        let url = serving.world.root()?.url();
        let kind: Kind = (family.id.clone(), model.map(|model| model.id.clone()), band);
        let known = {
            let prepared = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
            prepared.is_of(serving, &url).then(|| prepared.files.get(&kind).cloned()).flatten()
        };
        if let Some(known) = known {
            return known;
        }
        let made = match prepare(serving, &Pattern { family, model, band, code: None }, &url) {
            Some(Ok(made)) => Some(Arc::new(made)),
            Some(Err(error)) => {
                tracing::error!("a file for unclaimed phones of the family `{}` cannot be made: {error}", family.id);
                None
            }
            None => None,
        };
        let mut prepared = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        if !prepared.is_of(serving, &url) {
            *prepared = Prepared { templates: Some(serving.templates.clone()), url, files: HashMap::new() };
        }
        prepared.files.insert(kind, made.clone());
        made
    }
}

impl Prepared {
    /// Templates are replaced together with the catalogue.
    fn is_of(&self, serving: &Serving, url: &str) -> bool {
        self.url == url && self.templates.as_ref().is_some_and(|own| Arc::ptr_eq(own, &serving.templates))
    }
}

/// Renders with what stands for code and token; without both where the phone would not show the code.
fn prepare(serving: &Serving, phone: &Pattern<'_>, url: &str) -> Option<Result<File, RenderError>> {
    let made = |code: Option<&str>, url: &str| {
        let with = Renderer {
            templates: &serving.templates,
            url,
            token: None,
            key: &RevisionKey::fixed(),
            reveal: Reveal::Nothing,
            changed_at: &|_| 0,
        };
        let made = pairing(&Pattern { code, ..*phone }, &with)?;
        Some(made.map(|made| String::from_utf8_lossy(&made.bytes).into_owned()))
    };
    let shown = made(Some(CODE), &format!("{url}/~{TOKEN}"))?;
    match shown {
        Ok(text) if text.contains(CODE) && text.contains(TOKEN) => Some(Ok(File { text, shows_code: true })),
        Ok(_) => Some(made(None, url)?.map(|text| File { text, shows_code: false })),
        Err(error) => Some(Err(error)),
    }
}

fn pairing_token(claim: &Claim) -> Option<&str> {
    claim.token.as_ref().map(Token::expose).filter(|token| is_pairing_token(token))
}
