//! The one who writes the fleet's files for others.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::judge::{Judgement, judge};
use super::mistake::spread;
use super::shown::{in_words, plain, shown};
use super::vault::Vault;
use super::{Draft, Mistake, Refused};
use crate::catalogue::Vocabulary;
use crate::check::KEPT;
use crate::effect::{Effect, effect_of};
use crate::findings::Finding;
use crate::fleet::sealed::{SealKeys, key_file};
use crate::fleet::{Edit, Entity, WriteError, finish, seal_file, write};
use crate::journal::{Change, Journal, now_ms};
use crate::live::{Live, Serving};
use crate::phone::Mac;
use crate::reader::read_plain;
use crate::render::RevisionKey;
use crate::resolve::SENT_EMPTY;

/// The journal is written ten times a second.
const JOURNAL: Duration = Duration::from_secs(1);

/// Writes the fleet's files, one write after the other.
pub struct Editor {
    live: Arc<Live>,
    journal: Option<Arc<Journal>>,
    vault: Option<Vault>,
    key: RevisionKey,
    writing: Mutex<()>,
    /// Long looks have threads of their own, so that reloads and writes do not wait for them.
    looking: rayon::ThreadPool,
    last: AtomicI64,
}

/// Whether edits may be made, by what is served before and after them.
pub type May<'m> = dyn Fn(&[Edit], &Serving, &Serving) -> Result<(), Refused> + Sync + 'm;

/// A write that somebody wants.
pub struct Order<'o> {
    /// Who, as the journal shall have it.
    pub who: &'o str,
    /// By what.
    pub what: &'o str,
    /// Whether they may make it.
    pub may: &'o May<'o>,
    /// Only look what it would do.
    pub look: Option<&'o dyn Look>,
    /// The write that this one takes back.
    pub undoes: Option<i64>,
}

/// Somebody who waits while it is looked what a write would do.
pub trait Look: Sync {
    /// So many phones are compared.
    fn begins(&self, phones: usize);

    /// One of them is.
    fn compared(&self);

    /// Whether somebody still waits.
    fn is_awaited(&self) -> bool;
}

/// A write that was found good.
struct Judged {
    edits: Vec<Edit>,
    before: Arc<Serving>,
    after: Serving,
    phones: Vec<Mac>,
    doubts: Vec<Finding>,
    tag: Option<String>,
}

/// What has come of a write, or would.
#[derive(Debug)]
pub struct Done {
    /// The write's number; none where nothing was written.
    pub number: Option<i64>,
    /// The files that are others now.
    pub entities: Vec<Entity>,
    /// The phones that may get another file.
    pub phones: Vec<Mac>,
    /// What is doubtful now, and was not.
    pub doubts: Vec<Finding>,
    /// What becomes of phones, where that was asked.
    pub effect: Option<Effect>,
    /// The entity tag of the one place that something was written to: of what was written, whoever writes next.
    pub tag: Option<String>,
    /// What is served with it.
    pub serving: Arc<Serving>,
}

impl Editor {
    /// An editor of what is served; the key makes entity tags that tell nothing of secrets.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(live: Arc<Live>, key: RevisionKey) -> std::io::Result<Editor> {
        let looking = rayon::ThreadPoolBuilder::new().thread_name(|at| format!("look-{at}")).build();
        Ok(Editor {
            live,
            journal: None,
            vault: None,
            key,
            writing: Mutex::new(()),
            looking: looking.map_err(std::io::Error::other)?,
            last: AtomicI64::new(0),
        })
    }

    /// The same, which tells the journal; writes can be taken back as long as it has them. Where the state folder has no
    /// key for that, and takes none, they cannot.
    pub fn with_journal(self, journal: Arc<Journal>, state: &Path) -> Editor {
        let vault = Vault::open(state).inspect_err(|error| {
            tracing::error!("writes of the API cannot be taken back: the key for it cannot be kept: {error}");
        });
        Editor { journal: Some(journal), vault: vault.ok(), ..self }
    }

    /// What is served.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    pub(super) fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    /// The text of an entity's file; none where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn text_of(&self, entity: &Entity) -> Result<Option<String>, Refused> {
        let path = entity.path();
        match read_plain(&self.live.root().join(&path)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let why = crate::reader::plain(&error);
                Err(Refused::Trouble(format!("`{}` cannot be read: {why}", path.display())))
            }
        }
    }

    /// What of an entity's file may be shown, and its entity tag; none where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub fn look(&self, entity: &Entity, path: &[&str]) -> Result<Option<(Value, String)>, Refused> {
        let serving = self.live.now();
        let mut draft = Draft::new(self, &serving);
        let spelt = draft.spelt(entity, path)?;
        let path: &[&str] = &spelt.iter().map(String::as_str).collect::<Vec<_>>();
        let (Some(whole), Some(there)) = (draft.value(entity, &[])?, draft.value(entity, path)?) else {
            return Ok(None);
        };
        let mut value = shown(entity, whole, &serving.world.catalogue.vocabulary);
        for name in path {
            value = value.get_mut(*name).map_or(Value::Null, Value::take);
        }
        if value.is_null() {
            value = Value::Object(Default::default());
        }
        Ok(Some((value, self.tag(&there))))
    }

    /// The entity tag of a value; nobody can try secrets against it.
    pub fn tag(&self, value: &Value) -> String {
        format!("\"{}\"", self.key.revision(value.to_string().as_bytes()))
    }

    /// Encrypts the secrets in edited files, where the fleet has a key for it.
    fn sealed(&self, edits: &[Edit], vocabulary: &Vocabulary) -> Result<Vec<Edit>, Refused> {
        let key = key_file(self.live.root());
        if !key.exists() {
            return Ok(edits.to_vec());
        }
        let keys = SealKeys::read(&key).map_err(|error| {
            Refused::Trouble(format!("secrets cannot be encrypted, so nothing is written: {error}"))
        })?;
        let sealed = |edit: &Edit| {
            let text = edit.after.as_ref().map(|text| seal_file(text, &keys, vocabulary)).transpose();
            let closed = |error| Refused::Conflict(format!("`{}`: {error}", edit.entity.path().display()), Vec::new());
            Ok(Edit { after: text.map_err(closed)?.map(|sealing| sealing.text), ..edit.clone() })
        };
        edits.iter().map(sealed).collect()
    }

    /// Drafts a write, judges it, and puts it in place; or tells what it would do.
    ///
    /// # Errors
    /// Why nothing is written.
    pub fn commit(
        &self,
        order: &Order<'_>,
        draft: impl FnOnce(&mut Draft<'_>) -> Result<(), Refused> + Send,
    ) -> Result<Done, Refused> {
        if let Some(look) = order.look {
            // It may take a while, and writes nothing.
            return self.looking.install(|| self.would_do(order, look, draft));
        }
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        finish(self.live.root()).map_err(|error| self.trouble(error))?;
        let now = self.live.now();
        let Judged { edits, phones, doubts, tag, .. } = self.judged(order, &now, draft)?;
        let entities = entities(&edits);
        let number = if edits.is_empty() { None } else { Some(self.put(order, &edits, &now)?) };
        Ok(Done { number, entities, phones, doubts, effect: None, tag, serving: self.live.now() })
    }

    fn would_do(
        &self,
        order: &Order<'_>,
        look: &dyn Look,
        draft: impl FnOnce(&mut Draft<'_>) -> Result<(), Refused>,
    ) -> Result<Done, Refused> {
        let Judged { edits, before, after, phones, doubts, .. } = self.judged(order, &self.live.now(), draft)?;
        look.begins(phones.len());
        let goes_on = || {
            look.compared();
            look.is_awaited().then_some(()).ok_or_else(nobody_waits)
        };
        let effect = Some(effect_of(&before, &after, phones.iter().copied(), goes_on)?);
        let entities = entities(&edits);
        Ok(Done { number: None, entities, phones, doubts, effect, tag: None, serving: Arc::new(after) })
    }

    /// What is drafted, if nothing is wrong with it.
    fn judged(
        &self,
        order: &Order<'_>,
        now: &Serving,
        draft: impl FnOnce(&mut Draft<'_>) -> Result<(), Refused>,
    ) -> Result<Judged, Refused> {
        let mut wanted = Draft::new(self, now);
        if let Err(refused) = draft(&mut wanted) {
            let is_told = !wanted.has_mistakes();
            return Err(if is_told { refused } else { Refused::Mistakes(wanted.mistakes(Vec::new())) });
        }
        let plain = wanted.edits();
        let edits = self.sealed(&plain, &now.world.catalogue.vocabulary)?;
        let (before, after) = self.live.would_serve(&edits);
        // A secret that is encrypted on this occasion is no change of theirs.
        (order.may)(&plain, &before, &after)?;
        let phones = reached(&before, &after, &edits);
        let goes_on = || order.look.is_none_or(Look::is_awaited);
        let Judgement { mistakes, doubts } =
            judge(&before, &after, &edits, &phones, goes_on).ok_or_else(nobody_waits)?;
        if wanted.has_mistakes() || !mistakes.is_empty() {
            let exact = self.exactly(&edits, &phones, mistakes, goes_on).ok_or_else(nobody_waits)?;
            return Err(Refused::Mistakes(wanted.mistakes(exact)));
        }
        let tag = if order.look.is_none() { wanted.tag_of_sent(&edits)? } else { None };
        Ok(Judged { edits, before, after, phones, doubts, tag })
    }

    /// The same mistakes, each with its own place: a finding has a line, and several values may stand on one.
    fn exactly(
        &self,
        edits: &[Edit],
        phones: &[Mac],
        mistakes: Vec<Mistake>,
        goes_on: impl Fn() -> bool + Sync,
    ) -> Option<Vec<Mistake>> {
        let spread = |edit: &Edit| Edit { after: edit.after.as_deref().map(spread), ..edit.clone() };
        let edits: Vec<Edit> = edits.iter().map(spread).collect();
        let (before, after) = self.live.would_serve(&edits);
        let exact = judge(&before, &after, &edits, phones, goes_on)?.mistakes;
        let mut mistakes = if exact.len() < mistakes.len() { mistakes } else { exact };
        // What is refused is neither kept nor sent.
        let is_idle = |hint: &mut String| [KEPT, SENT_EMPTY].contains(&hint.as_str());
        mistakes.iter_mut().for_each(|mistake| drop(mistake.hint.take_if(is_idle)));
        Some(mistakes)
    }

    fn put(&self, order: &Order<'_>, edits: &[Edit], now: &Serving) -> Result<i64, Refused> {
        let written = write(self.live.root(), edits);
        if matches!(written, Ok(()) | Err(WriteError::Half { .. })) {
            self.live.take_in(edits.iter().map(|edit| edit.entity.clone()).collect());
        }
        let number = self.number();
        if let (Some(journal), Ok(()) | Err(WriteError::Half { goes_on: true, .. })) = (&self.journal, &written) {
            journal.changed_together(edits.iter().map(|edit| self.change(order, number, edit, now)).collect());
        }
        written.map(|()| number).map_err(|error| self.trouble(error))
    }

    /// Why nothing is written, with the file as those know it who do not know the machine.
    fn trouble(&self, error: WriteError) -> Refused {
        let root = self.live.root();
        let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
        match error {
            WriteError::Changed(path) => {
                let what = format!("`{}` has changed meanwhile; nothing is written: try again", name(&path).display());
                Refused::Conflict(what, Vec::new())
            }
            WriteError::Cannot { path, what } => {
                Refused::Trouble(WriteError::Cannot { path: name(&path), what }.to_string())
            }
            WriteError::Half { path, what, written, goes_on } => {
                Refused::Trouble(WriteError::Half { path: name(&path), what, written, goes_on }.to_string())
            }
            lost @ WriteError::Lost(_) => Refused::Trouble(lost.to_string()),
        }
    }

    /// Waits until the journal has all that was written up to now, if that takes no longer than a moment.
    pub async fn journaled(&self) {
        if let Some(journal) = &self.journal {
            journal.has_changes(JOURNAL).await;
        }
    }

    /// Tells the journal of a change that is none of the fleet's files.
    pub fn tell(&self, change: Change) {
        if let Some(journal) = &self.journal {
            journal.changed(change);
        }
    }

    /// A number that no two writes share, and that grows with time.
    fn number(&self) -> i64 {
        let now = now_ms() * 1000;
        let next = |last: i64| Some(now.max(last + 1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(now);
        now.max(last + 1)
    }

    fn change(&self, order: &Order<'_>, number: i64, edit: &Edit, now: &Serving) -> Change {
        let vocabulary = &now.world.catalogue.vocabulary;
        let harmless = |text: &Option<String>| {
            toml::to_string(&in_words(shown(&edit.entity, plain(text.as_deref()?)?, vocabulary))).ok()
        };
        let sealed = |text: &Option<String>| self.vault.as_ref()?.seal(text.as_deref()?);
        Change {
            at: now_ms(),
            who: order.who.to_owned(),
            what: order.what.to_owned(),
            entity: edit.entity.path().display().to_string(),
            mac: match &edit.entity {
                Entity::Phone(_, stem) => stem.parse().ok(),
                _ => None,
            },
            before: harmless(&edit.before),
            after: harmless(&edit.after),
            undoes: order.undoes,
            number: Some(number),
            together: None,
            sealed_before: sealed(&edit.before),
            sealed_after: sealed(&edit.after),
        }
    }
}

fn entities(edits: &[Edit]) -> Vec<Entity> {
    edits.iter().map(|edit| edit.entity.clone()).collect()
}

fn nobody_waits() -> Refused {
    Refused::Trouble("it was broken off".to_owned())
}

/// The phones that edits may reach, in order.
fn reached(before: &Serving, after: &Serving, edits: &[Edit]) -> Vec<Mac> {
    let using = edits.iter().flat_map(|Edit { entity, .. }| {
        before.world.phones_using(entity).into_iter().chain(after.world.phones_using(entity))
    });
    using.collect::<BTreeSet<Mac>>().into_iter().collect()
}
