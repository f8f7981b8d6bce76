//! Encrypts the secrets of a fleet's file where they stand; comments and order stay.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, TomlError, Value};

use super::sealed::{SealError, SealKeys};
use crate::catalogue::{Kind, Vocabulary};
use crate::phone::Secret;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// The file as it shall be.
    pub text: String,
    /// How many secrets were encrypted, or encrypted anew with the first key.
    pub count: usize,
}

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// It is not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(#[from] TomlError),
    /// One that is encrypted already does not open.
    #[error("`{0}` {1}")]
    Closed(String, SealError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// Encrypts every secret that a file holds in clear, and those that are under an older key.
///
/// # Errors
/// Nothing of the file is changed then.
pub fn seal_file(text: &str, keys: &SealKeys, vocabulary: &Vocabulary) -> Result<Sealing, SealingError> {
    let mut document: DocumentMut = text.parse()?;
    let mut sealer = Sealer { keys, vocabulary, count: 0 };
    sealer.table(document.as_table_mut(), "")?;
    Ok(Sealing { text: document.to_string(), count: sealer.count })
}

/// Whether what stands at a dotted path of a file is a secret; none where it is neither a setting nor a place of secrets.
/// Settings may stand below a family or a model, and at the file's own level.
pub fn is_secret(path: &str, vocabulary: &Vocabulary) -> Option<bool> {
    const OWN: [&str; 4] = ["trust.password", "trust.former_password", "trust.file_key", "registration.code"];
    if OWN.contains(&path) {
        return Some(true);
    }
    let parts: Vec<&str> = path.split('.').collect();
    let name = match parts[..] {
        [.., "settings" | "seed", name] => name.to_owned(),
        [.., "sip", name] => format!("sip.{name}"),
        _ => return None,
    };
    vocabulary.id(&name).map(|id| matches!(vocabulary.get(id).kind, Kind::Secret(_)))
}

struct Sealer<'k> {
    keys: &'k SealKeys,
    vocabulary: &'k Vocabulary,
    count: usize,
}

impl Sealer<'_> {
    fn table(&mut self, table: &mut dyn TableLike, path: &str) -> Result<(), SealingError> {
        for (name, item) in table.iter_mut() {
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{}", name.get()) };
            if is_secret(&path, self.vocabulary) == Some(true) {
                self.item(item, &path)?;
            } else if let Some(inner) = item.as_table_like_mut() {
                self.table(inner, &path)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &mut Item, path: &str) -> Result<(), SealingError> {
        let old = item.as_table_like().and_then(|table| table.get("encrypted")).and_then(Item::as_str);
        let secret = match (item.as_str(), old) {
            (Some(text), _) => Secret::new(text.to_owned()),
            (None, Some(sealed)) if !self.keys.is_current(sealed) => {
                self.keys.open(sealed).map_err(|error| SealingError::Closed(path.to_owned(), error))?
            }
            _ => return Ok(()),
        };
        let sealed = self.keys.seal(&secret).ok_or(SealingError::NoRandom)?;
        let mut new = InlineTable::new();
        new.insert("encrypted", sealed.into());
        let mut new = Value::InlineTable(new);
        if let Some(old) = item.as_value() {
            *new.decor_mut() = old.decor().clone();
        }
        *item = Item::Value(new);
        self.count += 1;
        Ok(())
    }
}
