//! A file as a phone gets it now, encrypted where its site has it so.

use crate::catalogue::{Band, FilePattern};
use crate::live::Serving;
use crate::render::{Carried, Document, RenderError, Renderer, Reveal, RevisionKey, encrypt, render};
use crate::resolve::{Phase, resolve};
use crate::world::Subject;

/// What a file depends on besides fleet and catalogue.
pub struct Making<'a> {
    /// The firmware band.
    pub band: Band,
    /// First provisioning or later.
    pub phase: Phase,
    /// The token that it carries.
    pub token: Option<Carried<'a>>,
    /// The key of revisions.
    pub key: &'a RevisionKey,
    /// Whether the log is told of keys that are sent empty.
    pub tell: bool,
    /// When a revision was first given.
    pub changed_at: &'a (dyn Fn(&str) -> u64 + Sync),
}

impl Making<'_> {
    /// Makes a file of a phone.
    ///
    /// # Errors
    /// Why it is not made.
    pub fn make(&self, serving: &Serving, subject: &Subject, file: &FilePattern) -> Result<Document, RenderError> {
        let none = || RenderError::NoTemplate(subject.model.family.to_string());
        let resolved = resolve(subject, self.band, self.phase).ok_or_else(none)?;
        if self.tell {
            warn_of_empty_keys(&resolved);
        }
        let url = subject.root.url();
        let with = Renderer {
            templates: &serving.templates,
            url: &url,
            token: self.token,
            key: self.key,
            reveal: Reveal::Secrets,
            changed_at: self.changed_at,
        };
        let document = render(&resolved, file, &with)?;
        let key = subject.phone.access.as_ref().and_then(|access| access.file_key.as_ref());
        match (key, &subject.maker.family.encryption) {
            (Some(key), Some(encryption)) if subject.site.trust.encrypt_files => {
                encrypt(document, encryption.cipher, key, self.key)
            }
            _ => Ok(document),
        }
    }
}

/// Keys that cannot do what they are asked never stop a phone.
fn warn_of_empty_keys(resolved: &crate::resolve::Resolved<'_>) {
    let mac = resolved.subject.phone.mac;
    let modules = resolved.modules.iter().flat_map(|module| &module.keys);
    for key in resolved.keys.iter().chain(&resolved.soft_keys).chain(modules) {
        if key.outcome == crate::catalogue::Outcome::Impossible {
            let why = key.why.as_deref().unwrap_or_default();
            tracing::warn!(phone.mac = %mac, "`{}` of `{mac}` is sent empty: `{}`: {why}", key.place, key.function);
        }
    }
}
