//! How a maker's phones have their files encrypted.

use super::figure::Source;
use crate::findings::nearest;
use crate::phone::Secret;
use crate::reader::Table;

/// A scheme, by what goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES-128 in ECB mode under the 16 characters of the key; what is short of a block is filled with line breaks.
    Aes128Ecb,
    /// What `openssl enc -aes-256-cbc -md md5` makes of the key as its password.
    Aes256CbcMd5,
    /// What `openssl enc -aes-256-cbc -md sha256` makes of it.
    Aes256CbcSha256,
}

impl Cipher {
    const ALL: [(&str, Cipher); 3] = [
        ("aes-128-ecb", Cipher::Aes128Ecb),
        ("aes-256-cbc-md5", Cipher::Aes256CbcMd5),
        ("aes-256-cbc-sha256", Cipher::Aes256CbcSha256),
    ];

    /// Whether a key is one of this scheme's.
    ///
    /// # Errors
    /// Why it is not.
    pub fn takes(self, key: &Secret) -> Result<(), String> {
        let (least, most) = self.key_length();
        let length = key.expose().len();
        if (least..=most).contains(&length) {
            return Ok(());
        }
        let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        Err(format!("`trust.file_key` has {length} characters, but must have {wanted} for this family"))
    }

    /// How many characters a key has at the least and at the most.
    fn key_length(self) -> (usize, usize) {
        match self {
            Cipher::Aes128Ecb => (16, 16),
            Cipher::Aes256CbcMd5 | Cipher::Aes256CbcSha256 => (16, 64),
        }
    }
}

/// `[encryption]` of a family.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// The scheme.
    pub cipher: Cipher,
    /// Where this is known from.
    pub source: Source,
}

impl Encryption {
    pub(super) fn read(mut table: Table<'_, '_>) -> Option<Encryption> {
        let scheme = table.required_text("scheme");
        let source = Source::read(&mut table);
        let cipher = scheme.and_then(|at| {
            let found = Cipher::ALL.into_iter().find(|(name, _)| *name == at.value);
            if found.is_none() {
                let what = format!("`scheme` is `{}`, which is none that can be written", at.value);
                let near = nearest(&at.value, Cipher::ALL.map(|(name, _)| name));
                let hint = near.map_or_else(
                    || format!("known are {}", Cipher::ALL.map(|(name, _)| name).join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                table.error_hint("unknown-word", at.line, what, hint);
            }
            found.map(|(_, cipher)| cipher)
        });
        table.finish();
        Some(Encryption { cipher: cipher?, source })
    }
}
