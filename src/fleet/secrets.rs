//! Where a secret's value comes from: the TOML file itself, in clear or encrypted, another file, or the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use super::sealed::{KEY_FILE_VARIABLE, SealError, SealKeys, key_file};
use super::{Entity, Stamp};
use crate::phone::Secret;
use crate::reader::{Value, plain, read_plain};

/// Reads secrets, and remembers which files they came from, so that those can be watched.
#[derive(Debug, Default)]
pub struct Secrets {
    root: PathBuf,
    files: Mutex<BTreeMap<PathBuf, Users>>,
    keys: Mutex<Option<Keys>>,
    /// Without a key file, encrypted secrets are stood in for, and counted.
    without_key: bool,
    closed: AtomicUsize,
}

/// The key file as it was last read.
type Keys = (Option<Stamp>, Result<Arc<SealKeys>, SealError>);

/// Stands for a secret that is not opened; every format and field can carry it.
const STAND_IN: &str = "0000";

/// The entities that a secret's file was read for, and how it looked then.
type Users = BTreeMap<Entity, Option<Stamp>>;

impl Secrets {
    /// Secrets whose relative paths begin at the fleet's folder.
    pub fn new(root: &Path) -> Secrets {
        Secrets { root: root.to_owned(), ..Secrets::default() }
    }

    /// Where there is no key file, encrypted secrets are stood in for: enough to look at a fleet, and never to serve it.
    pub fn without_key(self) -> Secrets {
        Secrets { without_key: true, ..self }
    }

    /// How many encrypted secrets were stood in for.
    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::Relaxed)
    }

    /// The files that secrets were read from, those that could not be read too.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.lock().map(|files| files.keys().cloned().collect()).unwrap_or_default()
    }

    /// How many files those are; it never becomes less.
    pub fn count_files(&self) -> usize {
        self.files.lock().map_or(0, |files| files.len())
    }

    /// The entities whose secrets come from a file that looks different now.
    pub fn users_of_changed(&self) -> BTreeSet<Entity> {
        let Ok(files) = self.files.lock() else { return BTreeSet::new() };
        let changed = |(path, users): (&PathBuf, &Users)| {
            let now = Stamp::of(path);
            let changed = users.iter().filter(|(_, known)| **known != now).map(|(entity, _)| entity.clone());
            changed.collect::<Vec<_>>()
        };
        files.iter().flat_map(changed).collect()
    }

    /// A secret as it is written in TOML.
    ///
    /// # Errors
    /// What is wrong, to be read behind the field's name, and what to do.
    pub fn read(&self, value: &Value, entity: Option<&Entity>) -> Result<Secret, (String, String)> {
        const HOW: &str = "write \"…\", { file = \"/path\" }, { env = \"NAME\" } or { encrypted = \"…\" }";
        let wrong = |what: String| Err((what, HOW.to_owned()));
        match value {
            Value::Text(text) => Ok(Secret::new(text.clone())),
            Value::Table(fields) => match fields.as_slice() {
                [(name, Value::Text(path))] if name == "file" => self.read_file(path, entity),
                [(name, Value::Text(variable))] if name == "env" => {
                    std::env::var(variable).map(Secret::new).map_err(|_| {
                        let what = format!("is in the environment variable `{variable}`, which is not set");
                        (what, "set it where offhook is started".to_owned())
                    })
                }
                [(name, Value::Text(sealed))] if name == "encrypted" => self.open(sealed, entity),
                [(name, _)] => wrong(format!("has `{name}`, which is not a source of secrets")),
                _ => wrong("must have one source".to_owned()),
            },
            other => wrong(format!("must be a text or a table that says where it is, not {}", other.kind())),
        }
    }

    fn open(&self, sealed: &str, entity: Option<&Entity>) -> Result<Secret, (String, String)> {
        let path = key_file(&self.root);
        self.remember(&path, entity);
        match self.keys(&path) {
            Ok(keys) => keys.open(sealed).map_err(|error| {
                (error.to_string(), "encrypt it again: `offhook secret encrypt` prints what to write".to_owned())
            }),
            Err(_) if self.without_key && !path.exists() => {
                self.closed.fetch_add(1, Ordering::Relaxed);
                Ok(Secret::new(STAND_IN.to_owned()))
            }
            Err(error) => {
                let hint = format!("name the file with the key in ${KEY_FILE_VARIABLE}, or put it there");
                Err((format!("is encrypted, and {error}"), hint))
            }
        }
    }

    /// The keys, read again when their file looks different.
    fn keys(&self, path: &Path) -> Result<Arc<SealKeys>, SealError> {
        let now = Stamp::of(path);
        let read = || SealKeys::read(path).map(Arc::new);
        let Ok(mut kept) = self.keys.lock() else { return read() };
        match &*kept {
            Some((stamp, keys)) if *stamp == now => keys.clone(),
            _ => kept.insert((now, read())).1.clone(),
        }
    }

    /// A file that changes while it is read looks different at the next look.
    fn remember(&self, path: &Path, entity: Option<&Entity>) {
        if let (Some(entity), Ok(mut files)) = (entity, self.files.lock()) {
            files.entry(path.to_owned()).or_default().insert(entity.clone(), Stamp::of(path));
        }
    }

    /// The text of a file that is followed as those of secrets are.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read_beside(&self, path: &str, entity: Option<&Entity>) -> Result<String, String> {
        let path = self.root.join(path);
        self.remember(&path, entity);
        read_plain(&path).map_err(|error| plain(&error))
    }

    fn read_file(&self, path: &str, entity: Option<&Entity>) -> Result<Secret, (String, String)> {
        let shown = self.root.join(path);
        let wrong =
            |what: &str, hint: &str| (format!("is in the file `{}`, which {what}", shown.display()), hint.into());
        let text = self.read_beside(path, entity).map_err(|why| {
            wrong(&format!("cannot be read: {why}"), "make the file readable for the user that runs offhook")
        })?;
        let text = Zeroizing::new(text);
        let secret = text.trim_end_matches(['\n', '\r']);
        // Whoever writes it has not finished, or has forgotten to.
        if secret.is_empty() {
            return Err(wrong("is empty", "write the secret into it"));
        }
        Ok(Secret::new(secret.to_owned()))
    }
}
