//! Secrets that are encrypted in place: `{ encrypted = "…" }`, opened with keys that stand in a file of their own.
//!
//! A sealed secret is ChaCha20-Poly1305 (RFC 8439) under a random nonce; before it stands which key it was sealed with,
//! so that a missing key has a name and keys can be exchanged one after the other. Anybody may read and copy it; whoever
//! changes a bit of it gets an error.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::phone::Secret;
use crate::reader::{plain, read_plain};

/// The variable that names the key file.
pub const KEY_FILE_VARIABLE: &str = "OFFHOOK_KEY_FILE";
/// The name of the key file in systemd's credentials, and in the fleet's folder.
pub const KEY_FILE_NAME: &str = "secret.key";

const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;

/// The keys of a key file: the first seals, all open.
pub struct SealKeys(Vec<SealKey>);

struct SealKey {
    id: [u8; ID_BYTES],
    key: LessSafeKey,
}

/// Why a key file or a sealed secret cannot be used. It never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key file cannot be read.
    #[error("the key file `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A line of the key file is no key.
    #[error("line {line} of the key file `{path}` is no key: 32 bytes in base64 were expected")]
    BadKey {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The key file has no key in it.
    #[error("the key file `{0}` holds no key")]
    NoKey(PathBuf),
    /// What is sealed is cut or not ours.
    #[error("is not what `offhook secret encrypt` prints")]
    Malformed,
    /// It was sealed with a key that is not there.
    #[error("was encrypted with the key {0}, which the key file does not hold")]
    OtherKey(String),
    /// Somebody has changed it.
    #[error("was changed after it was encrypted")]
    Changed,
}

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKeys")
    }
}

impl SealKeys {
    /// Reads a key file: a key on each line, lines with `#` are remarks.
    ///
    /// # Errors
    /// The file cannot be read, or a line of it is no key.
    pub fn read(path: &Path) -> Result<SealKeys, SealError> {
        let unreadable = |error| SealError::Unreadable { path: path.to_owned(), why: plain(&error) };
        let text = Zeroizing::new(read_plain(path).map_err(unreadable)?);
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let keys = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, text)| SealKey::parse(text).ok_or_else(|| SealError::BadKey { path: path.to_owned(), line }));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SealError::NoKey(path.to_owned())) } else { Ok(SealKeys(keys)) }
    }

    /// Keys as they stand in a key file; none if one is no key.
    pub fn of(keys: &[&str]) -> Option<SealKeys> {
        keys.iter().map(|key| SealKey::parse(key)).collect::<Option<Vec<_>>>().map(SealKeys)
    }

    /// A secret that only these keys open, in base64; none where the system gives no random numbers.
    pub fn seal(&self, secret: &Secret) -> Option<String> {
        let sealer = self.0.first()?;
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut bytes = Zeroizing::new(secret.expose().as_bytes().to_vec());
        let aad = Aad::from(sealer.id);
        sealer.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *bytes).ok()?;
        Some(BASE64.encode(&[&sealer.id[..], &nonce, &bytes].concat()))
    }

    /// The secret behind a sealed text.
    ///
    /// # Errors
    /// Why it stays closed, to be read behind the name of the field.
    pub fn open(&self, sealed: &str) -> Result<Secret, SealError> {
        let bytes = BASE64.decode(sealed.as_bytes()).map_err(|_| SealError::Malformed)?;
        let (id, rest) = bytes.split_first_chunk::<ID_BYTES>().ok_or(SealError::Malformed)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Malformed)?;
        let opener = self.0.iter().find(|key| key.id == *id).ok_or_else(|| SealError::OtherKey(name(id)))?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = opener.key.open_in_place(nonce, Aad::from(opener.id), &mut body).map_err(|_| SealError::Changed)?;
        let text = std::str::from_utf8(text).map_err(|_| SealError::Changed)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// Whether a sealed text is under the key that seals, as against an older one.
    pub fn is_current(&self, sealed: &str) -> bool {
        let id = BASE64.decode(sealed.as_bytes()).ok().and_then(|bytes| bytes.first_chunk::<ID_BYTES>().copied());
        id.is_some() && id == self.0.first().map(|key| key.id)
    }
}

impl SealKey {
    fn parse(text: &str) -> Option<SealKey> {
        let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).ok()?);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        let id = digest(&SHA256, &bytes);
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?);
        Some(SealKey { id: *id.as_ref().first_chunk()?, key })
    }
}

/// A new key as it stands in a key file; none where the system gives no random numbers.
pub fn new_key() -> Option<Zeroizing<String>> {
    let bytes = Zeroizing::new(random::<KEY_BYTES>()?);
    Some(Zeroizing::new(BASE64.encode(&*bytes)))
}

/// The key file of a fleet: the one that `$OFFHOOK_KEY_FILE` names, else systemd's credential, else the fleet's own.
pub fn key_file(fleet: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os(KEY_FILE_VARIABLE) {
        return named.into();
    }
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(KEY_FILE_NAME));
    credential.filter(|path| path.exists()).unwrap_or_else(|| fleet.join(KEY_FILE_NAME))
}

fn name(id: &[u8; ID_BYTES]) -> String {
    data_encoding::HEXLOWER.encode(id)
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lines: &[&str]) -> Result<SealKeys, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        SealKeys::read(file.path()).map_err(|error| error.to_string().replace(&*file.path().to_string_lossy(), "KEYS"))
    }

    #[test]
    fn what_is_sealed_opens_again_and_nothing_else_does() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        let own = keys(&["# of the office", &one]).unwrap();
        let sealed = own.seal(&Secret::new("s3cret é".into())).unwrap();
        assert_eq!(own.open(&sealed).unwrap().expose(), "s3cret é");
        assert_ne!(own.seal(&Secret::new("s3cret é".into())).unwrap(), sealed);
        let strangers = keys(&[&other]).unwrap();
        assert!(matches!(strangers.open(&sealed), Err(SealError::OtherKey(_))));
        // During a change of keys both open, and the first seals.
        let both = keys(&[&other, &one]).unwrap();
        assert_eq!(both.open(&sealed).unwrap().expose(), "s3cret é");
        assert!(own.is_current(&sealed) && !both.is_current(&sealed));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let keys = keys(&[&new_key().unwrap()]).unwrap();
        let sealed = BASE64.decode(keys.seal(&Secret::new("x".into())).unwrap().as_bytes()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(&BASE64.encode(&changed)).is_err(), "byte {at}");
            assert!(keys.open(&BASE64.encode(&sealed[..at])).is_err(), "cut at {at}");
        }
        for text in ["", "abc", "s3cret", "{}"] {
            assert_eq!(keys.open(text).unwrap_err(), SealError::Malformed, "{text}");
        }
    }

    #[test]
    fn a_key_file_says_which_line_is_wrong() {
        let told = |lines: &[&str]| keys(lines).err().unwrap();
        assert_eq!(told(&["# nothing"]), "the key file `KEYS` holds no key");
        let wrong = "line 2 of the key file `KEYS` is no key: 32 bytes in base64 were expected";
        assert_eq!(told(&["", "c2hvcnQ="]), wrong);
    }
}
