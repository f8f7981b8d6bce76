//! What a write has changed, word for word, so that it can be taken back: in the journal, and encrypted, since the files
//! hold passwords.

use std::path::Path;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::fleet::sealed::SealKeys;
use crate::folder::key;
use crate::phone::Secret;

/// The key's name in the state folder.
const KEY: &str = "undo.key";

/// Seals and opens former texts.
#[derive(Debug)]
pub struct Vault(SealKeys);

impl Vault {
    /// The vault of a state folder.
    ///
    /// # Errors
    /// Its key can be neither read nor made.
    pub fn open(state: &Path) -> std::io::Result<Vault> {
        let bytes = Zeroizing::new(key(state, KEY)?);
        let key = Zeroizing::new(BASE64.encode(&*bytes));
        SealKeys::of(&[&key]).map(Vault).ok_or_else(|| std::io::Error::other("it is no key"))
    }

    /// A text that nobody else can read; none where the system gives no random numbers.
    pub fn seal(&self, text: &str) -> Option<String> {
        self.0.seal(&Secret::new(text.to_owned()))
    }

    /// The text that was sealed; none if it was by another key.
    pub fn unseal(&self, sealed: &str) -> Option<String> {
        Some(self.0.open(sealed).ok()?.expose().to_owned())
    }
}
