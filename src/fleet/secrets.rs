//! Where a secret's value comes from: the TOML file itself, another file, or the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::Entity;
use crate::phone::Secret;
use crate::reader::{Value, plain};

/// Reads secrets, and remembers which files they came from, so that those can be watched.
#[derive(Debug, Default)]
pub struct Secrets {
    root: PathBuf,
    files: Mutex<BTreeMap<PathBuf, BTreeSet<Entity>>>,
}

impl Secrets {
    /// Secrets whose relative paths begin at the fleet's folder.
    pub fn new(root: &Path) -> Secrets {
        Secrets { root: root.to_owned(), files: Mutex::default() }
    }

    /// The files that secrets were read from, those that could not be read too.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.lock().map(|files| files.keys().cloned().collect()).unwrap_or_default()
    }

    /// The entities whose secrets come from this file, or from one beside it: secrets are often mounted as links.
    pub fn users_of(&self, path: &Path) -> BTreeSet<Entity> {
        let Ok(files) = self.files.lock() else { return BTreeSet::new() };
        let users = files.iter().filter(|(file, _)| file.parent() == path.parent());
        users.flat_map(|(_, entities)| entities.iter().cloned()).collect()
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

    fn read_file(&self, path: &str, entity: &Entity) -> Result<Secret, (String, String)> {
        let path = self.root.join(path);
        if let Ok(mut files) = self.files.lock() {
            files.entry(path.clone()).or_default().insert(entity.clone());
        }
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let what = format!("is in the file `{}`, which cannot be read: {}", path.display(), plain(&error));
            (what, "make the file readable for the user that runs offhook".to_owned())
        })?;
        Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}
