//! One file of one phone.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use compact_str::CompactString;
use tera::Context;

use super::parameters::Trouble;
use super::revision::RevisionKey;
use super::shared::Shared;
use super::templates::Templates;
use super::view::{CONTRACT, Like, Stamp, context};
use crate::catalogue::{Answer, Family, FilePattern};
use crate::findings::Level;
use crate::format::{Format, FormatError, RawEdit};
use crate::resolve::Resolved;
use crate::world::Subject;

/// Whether secrets are written, or what stands for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// As the phone gets them.
    Secrets,
    /// `‹secret:sip.password@LINE›`
    Nothing,
}

/// A file as a phone gets it.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its bytes.
    pub bytes: Bytes,
    /// What people are shown of a binary file; none where the bytes are the text.
    pub text: Option<String>,
    /// Its `Content-Type`.
    pub content_type: CompactString,
    /// What says whether its content changed: of the bytes with the stamp left blank.
    pub revision: String,
    /// The `ETag`, of the final bytes, in quotes.
    pub etag: String,
    /// Settings that are sent otherwise than they are written.
    pub troubles: Vec<Trouble>,
}

impl Document {
    /// The file as people read it.
    pub fn text(&self) -> Cow<'_, str> {
        as_read(&self.bytes, self.text.as_deref())
    }
}

fn as_read<'d>(bytes: &'d [u8], text: Option<&'d str>) -> Cow<'d, str> {
    match text.or_else(|| std::str::from_utf8(bytes).ok()) {
        Some(text) => text.into(),
        None => String::from_utf8_lossy(bytes),
    }
}

/// Why a file is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The family's files cannot be written yet, or its template is gone.
    #[error("the template `{0}` is not in place")]
    NoTemplate(String),
    /// The template has an error.
    #[error("the template `{template}` cannot be rendered: {what}")]
    Template {
        /// Its name.
        template: String,
        /// What the engine says.
        what: String,
    },
    /// A secret, number or address that the phone would get as another one; and lesser troubles besides.
    #[error("{}", .0.iter().filter(|trouble| trouble.level == Level::Error).map(|trouble| trouble.what.as_str()).collect::<Vec<_>>().join("; "))]
    CannotCarry(Vec<Trouble>),
    /// An edit of the fleet's `[raw]` tables.
    #[error("an edit of `[raw]` cannot be made: {0}")]
    Raw(FormatError),
    /// The key under which its files are encrypted.
    #[error("{0}")]
    Key(String),
    /// What came out is not in the phone's syntax.
    #[error("what the template `{template}` makes is not valid: {what}")]
    Invalid {
        /// Its name.
        template: String,
        /// What the parser says.
        what: FormatError,
    },
}

/// The token that a file carries, in the address at which its phone is to ask from then on.
#[derive(Debug, Clone, Copy)]
pub struct Carried<'a> {
    /// The token.
    pub token: &'a str,
    /// The phone's epoch: after a revocation the file is another one.
    pub epoch: u64,
}

/// What stands for a token.
const TOKEN: &str = "‹token›";

/// What rendering needs besides what is resolved.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    /// The families' templates.
    pub templates: &'a Templates,
    /// What phones call us.
    pub url: &'a str,
    /// The token in that address; none: what stands for one, where the phone's site gives tokens.
    pub token: Option<Carried<'a>>,
    /// The key of revisions.
    pub key: &'a RevisionKey,
    /// Whether secrets are written.
    pub reveal: Reveal,
    /// When a file got the revision that it has, in seconds since 1970; asked by templates with a stamp only.
    pub changed_at: &'a (dyn Fn(&str) -> u64 + Sync),
}

impl Renderer<'_> {
    /// The revision of a file: of its bytes with the token left blank.
    fn revision(&self, bytes: &[u8]) -> String {
        let Some(Carried { token, epoch }) = self.token else { return self.key.revision(bytes) };
        let blank = if epoch == 0 { TOKEN.to_owned() } else { format!("‹token:{epoch}›") };
        let mut left = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(at) = memchr::memmem::find(rest, token.as_bytes()) {
            left.extend_from_slice(&rest[..at]);
            left.extend_from_slice(blank.as_bytes());
            rest = &rest[at + token.len()..];
        }
        left.extend_from_slice(rest);
        self.key.revision(&left)
    }
}

/// What a phone calls us.
pub(super) fn url_of<'a>(base: &'a str, token: Option<Carried<'_>>, subject: &Subject) -> Cow<'a, str> {
    let sign = subject.site.trust.gives_tokens().then_some(TOKEN);
    with_token(base, token.map(|carried| carried.token).or(sign))
}

/// The server's address with a token in its path.
pub fn with_token<'a>(base: &'a str, token: Option<&str>) -> Cow<'a, str> {
    token.map_or(base.into(), |token| format!("{base}/~{token}").into())
}

/// Renders a document of a phone.
///
/// # Errors
/// Why the file is not made; the phone keeps what it has.
pub fn render(resolved: &Resolved<'_>, file: &FilePattern, with: &Renderer<'_>) -> Result<Document, RenderError> {
    let family = &resolved.subject.model.family;
    let template = template_of(resolved, file, with)?;
    let (mut made, troubles) = match file.answer {
        Answer::Bootstrap => (bootstrap(&resolved.subject.maker.family, file, template, with)?, Vec::new()),
        _ => once(resolved, file, with, &Stamp::default())?,
    };
    let revision = with.revision(&made.bytes);
    // Where nothing is left blank that is the same.
    let mut tag = if with.token.is_some() { with.key.revision(&made.bytes) } else { revision.clone() };
    if with.templates.is_stamped(family, template) {
        // A third of the revision is enough for a version, and fits where families want a number.
        let stamp = Stamp { id: revision[..10].to_owned(), changed_at: (with.changed_at)(&revision) };
        made = once(resolved, file, with, &stamp)?.0;
        tag = with.key.revision(&made.bytes);
    }
    let etag = format!("\"{tag}\"");
    let Made { bytes, text } = made;
    Ok(Document { bytes, text, content_type: file.content_type.clone(), revision, etag, troubles })
}

/// The file's template.
///
/// # Errors
/// That it is not in place.
pub(super) fn template_of<'f>(
    resolved: &Resolved<'_>,
    file: &'f FilePattern,
    with: &Renderer<'_>,
) -> Result<&'f str, RenderError> {
    let family = &resolved.subject.model.family;
    let template = file.template.as_deref().unwrap_or_default();
    match with.templates.has(family, template) {
        true => Ok(template),
        false => Err(RenderError::NoTemplate(format!("templates/{family}/{template}"))),
    }
}

/// A file's bytes, and what people are shown where the bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What goes out.
    pub bytes: Bytes,
    /// The text form of a binary file.
    pub text: Option<String>,
}

impl Made {
    /// The file as people read it.
    pub fn text(&self) -> Cow<'_, str> {
        as_read(&self.bytes, self.text.as_deref())
    }
}

/// A file as its template writes it, which nobody has read back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    format: Format,
    template: String,
    text: String,
}

impl Draft {
    /// Reads it back, and makes the bytes of it.
    ///
    /// # Errors
    /// That it is not in the phone's syntax.
    pub fn made(self) -> Result<Made, RenderError> {
        let Draft { format, template, text } = self;
        checked(format, text).map_err(|what| RenderError::Invalid { template, what })
    }
}

/// Makes a file that says nothing of any phone, from one of the family's templates.
///
/// # Errors
/// Why the file is not made.
pub fn bootstrap(
    family: &Family,
    file: &FilePattern,
    template: &str,
    with: &Renderer<'_>,
) -> Result<Made, RenderError> {
    bootstrap_draft(family, file, template, with)?.made()
}

/// The same, not read back yet.
pub(super) fn bootstrap_draft(
    family: &Family,
    file: &FilePattern,
    template: &str,
    with: &Renderer<'_>,
) -> Result<Draft, RenderError> {
    let mut context = Context::new();
    context.insert_value("contract", CONTRACT.into());
    context.insert_value("url", with_token(with.url, with.token.map(|carried| carried.token)).as_ref().into());
    written(family, file, template, with, &context)
}

/// What a template writes with a context.
fn written(
    family: &Family,
    file: &FilePattern,
    template: &str,
    with: &Renderer<'_>,
    context: &Context,
) -> Result<Draft, RenderError> {
    let named = format!("templates/{}/{template}", family.id);
    let Some(format) = family.format_of(file) else { return Err(RenderError::NoTemplate(named)) };
    match with.templates.render(&family.id, format, template, context) {
        Ok(text) => Ok(Draft { format, template: named, text }),
        Err(what) => Err(RenderError::Template { template: named, what }),
    }
}

/// Reads a text strictly, and makes the bytes of it.
pub(super) fn checked(format: Format, text: String) -> Result<Made, FormatError> {
    let text = format.encoded(text);
    format.check(&text)?;
    let shown = format.is_binary().then(|| text.clone());
    Ok(Made { bytes: format.encode(text)?, text: shown })
}

/// What a phone fetches, by the names under which it asks, in its order. A file whose name has the model's number in it
/// is left out where no source tells that number.
pub fn documents_of(subject: &Subject) -> Vec<(String, &FilePattern)> {
    let (mac, family) = (subject.phone.mac, &subject.maker.family);
    let number = family.number_of(&subject.model.products);
    let name = |url: &str| {
        let url = if url.contains("{number}") { url.replace("{number}", number?) } else { url.to_owned() };
        Some(url.replace("{mac}", &mac.to_string()).replace("{MAC}", &mac.upper()))
    };
    family.documents().filter_map(|(_, file)| Some((name(file.url.as_deref()?)?, file))).collect()
}

fn once(
    resolved: &Resolved<'_>,
    file: &FilePattern,
    with: &Renderer<'_>,
    stamp: &Stamp,
) -> Result<(Made, Vec<Trouble>), RenderError> {
    let view = View::of(resolved, with, stamp, None)?;
    let made = view.draft(resolved, file, with)?.made()?;
    Ok((made, view.troubles))
}

/// What the templates of a phone's files see.
pub(super) struct View {
    context: Context,
    shared: Arc<Shared>,
    troubles: Vec<Trouble>,
}

impl View {
    /// The view of a phone. What another state of it has alike is taken from that one's view.
    ///
    /// # Errors
    /// That the family has no templates, or that there is something that no file of the phone can carry.
    pub(super) fn of(
        resolved: &Resolved<'_>,
        with: &Renderer<'_>,
        stamp: &Stamp,
        like: Option<(&Resolved<'_>, &View)>,
    ) -> Result<View, RenderError> {
        let shared = with.templates.shared(resolved);
        let family = &resolved.subject.model.family;
        let Some(shared) = shared else { return Err(RenderError::NoTemplate(family.to_string())) };
        let like = like.filter(|(_, view)| Arc::ptr_eq(&view.shared, &shared));
        let like = like.map(|(resolved, view)| Like { resolved, context: &view.context });
        let codes = with.templates.codes(&resolved.subject.codes);
        let url = url_of(with.url, with.token, resolved.subject);
        let reveal = with.reveal == Reveal::Secrets;
        let (context, mut troubles) = context(resolved, &shared, codes, &url, reveal, stamp, like);
        troubles.dedup();
        match troubles.iter().any(|trouble| trouble.level == Level::Error) {
            true => Err(RenderError::CannotCarry(troubles)),
            false => Ok(View { context, shared, troubles }),
        }
    }

    /// A document of the phone.
    ///
    /// # Errors
    /// What is wrong with the template or with an edit of `[raw]`.
    pub(super) fn draft(
        &self,
        resolved: &Resolved<'_>,
        file: &FilePattern,
        with: &Renderer<'_>,
    ) -> Result<Draft, RenderError> {
        let template = file.template.as_deref().unwrap_or_default();
        let mut draft = written(&resolved.subject.maker.family, file, template, with, &self.context)?;
        // Edits are written for the family's own format.
        let edits =
            if file.format.is_none() { raw_edits(resolved, with.reveal == Reveal::Secrets) } else { Vec::new() };
        if !edits.is_empty() {
            // Edits are made in the file as it goes out, so that they read what the phone will read.
            draft.text = draft.format.edit(&draft.format.encoded(draft.text), &edits).map_err(RenderError::Raw)?;
        }
        Ok(draft)
    }
}

fn raw_edits(resolved: &Resolved<'_>, reveal: bool) -> Vec<RawEdit> {
    let own = resolved.subject.phone.raw.iter().filter(|raw| raw.family == resolved.subject.model.family);
    own.map(|raw| RawEdit {
        name: raw.name.to_string(),
        values: match !reveal && names_a_secret(&raw.name) {
            true => raw.values.iter().map(|_| format!("‹secret:{}›", raw.name)).collect(),
            false => raw.values.iter().map(CompactString::to_string).collect(),
        },
        attributes: raw.attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    })
    .collect()
}

/// A raw parameter is the maker's own, so only its name can tell that its value is a secret.
fn names_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["pass", "secret", "pin", "key_16"].iter().any(|part| name.contains(part))
}
