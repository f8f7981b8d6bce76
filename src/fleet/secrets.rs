//! Where a secret's value comes from: the TOML file itself, another file, or the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{Entity, Stamp};
use crate::phone::Secret;
use crate::reader::{Value, plain, read_plain};

/// Reads secrets, and remembers which files they came from, so that those can be watched.
#[derive(Debug, Default)]
pub struct Secrets {
    root: PathBuf,
    files: Mutex<BTreeMap<PathBuf, Users>>,
}

/// The entities that a secret's file was read for, and how it looked then.
type Users = BTreeMap<Entity, Option<Stamp>>;

impl Secrets {
    /// Secrets whose relative paths begin at the fleet's folder.
    pub fn new(root: &Path) -> Secrets {
        Secrets { root: root.to_owned(), files: Mutex::default() }
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
    pub fn read(&self, value: &Value, entity: &Entity) -> Result<Secret, (String, String)> {
        const HOW: &str = "write \"…\", { file = \"/path\" } or { env = \"NAME\" }";
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
                [(name, Value::Text(_))] if name == "encrypted" => {
                    let what = "is encrypted, and this version has no key for that".to_owned();
                    Err((what, HOW.to_owned()))
                }
                [(name, _)] => wrong(format!("has `{name}`, which is not a source of secrets")),
                _ => wrong("must have one source".to_owned()),
            },
            other => wrong(format!("must be a text or a table that says where it is, not {}", other.kind())),
        }
    }

    /// The text of a file that is followed as those of secrets are.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read_beside(&self, path: &str, entity: &Entity) -> Result<String, String> {
        let path = self.root.join(path);
        if let Ok(mut files) = self.files.lock() {
            // A file that changes while it is read looks different at the next look.
            files.entry(path.clone()).or_default().insert(entity.clone(), Stamp::of(&path));
        }
        read_plain(&path).map_err(|error| plain(&error))
    }

    fn read_file(&self, path: &str, entity: &Entity) -> Result<Secret, (String, String)> {
        let shown = self.root.join(path);
        let wrong =
            |what: &str, hint: &str| (format!("is in the file `{}`, which {what}", shown.display()), hint.into());
        let text = self.read_beside(path, entity).map_err(|why| {
            wrong(&format!("cannot be read: {why}"), "make the file readable for the user that runs offhook")
        })?;
        let secret = text.trim_end_matches(['\n', '\r']);
        // Whoever writes it has not finished, or has forgotten to.
        if secret.is_empty() {
            return Err(wrong("is empty", "write the secret into it"));
        }
        Ok(Secret::new(secret.to_owned()))
    }
}
