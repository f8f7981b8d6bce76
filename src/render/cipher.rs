//! Files encrypted as their makers' phones decrypt them, on top of TLS or where there is none.
//!
//! The same file under the same key is the same bytes: what OpenSSL would draw at random is made from the file's
//! revision, which nobody can guess and which differs as soon as the file does.

use aws_lc_rs::cipher::{
    AES_128, AES_256, EncryptingKey, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::iv::FixedLength;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::document::{Document, RenderError};
use super::revision::RevisionKey;
use crate::catalogue::Cipher;
use crate::phone::Secret;

const BLOCK: usize = 16;
/// How OpenSSL marks that a salt follows.
const MARK: &[u8] = b"Salted__";

/// A document whose bytes are encrypted; its revision stays that of what is in it.
///
/// # Errors
/// The key has not as many characters as the scheme wants.
pub fn encrypt(
    document: Document,
    cipher: Cipher,
    key: &Secret,
    revisions: &RevisionKey,
) -> Result<Document, RenderError> {
    cipher.takes(key).map_err(RenderError::Key)?;
    let salt = revisions.salt(&document.bytes);
    let bytes = match cipher {
        Cipher::Aes128Ecb => ecb(&document.bytes, key.expose().as_bytes()),
        Cipher::Aes256CbcMd5 => salted(&document.bytes, key, salt, |bytes| Md5::digest(bytes).to_vec()),
        Cipher::Aes256CbcSha256 => salted(&document.bytes, key, salt, |bytes| digest(&SHA256, bytes).as_ref().to_vec()),
    };
    let bytes = bytes.ok_or_else(|| RenderError::Key("the file cannot be encrypted".into()))?;
    let etag = format!("\"{}\"", revisions.revision(&bytes));
    let content_type = "application/octet-stream".into();
    Ok(Document { bytes: bytes.into(), etag, content_type, ..document })
}

fn ecb(plain: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = plain.to_vec();
    bytes.resize(plain.len().next_multiple_of(BLOCK), b'\n');
    let key = EncryptingKey::ecb(UnboundCipherKey::new(&AES_128, key).ok()?).ok()?;
    key.encrypt(&mut bytes).ok()?;
    Some(bytes)
}

fn salted(plain: &[u8], password: &Secret, salt: [u8; 8], hash: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let derived = derived(password.expose().as_bytes(), &salt, hash);
    let (key, iv) = derived.split_at(32);
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key).ok()?).ok()?;
    let mut bytes = plain.to_vec();
    let iv = FixedLength::<BLOCK>::from(<[u8; BLOCK]>::try_from(iv).ok()?);
    key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(iv)).ok()?;
    Some([MARK, &salt, &bytes].concat())
}

/// Key and first block as OpenSSL's `EVP_BytesToKey` makes them with a count of 1: hash after hash, each of the one
/// before, the password and the salt.
fn derived(password: &[u8], salt: &[u8], hash: impl Fn(&[u8]) -> Vec<u8>) -> Zeroizing<Vec<u8>> {
    let mut derived = Zeroizing::new(Vec::new());
    let mut last = Zeroizing::new(Vec::new());
    while derived.len() < 32 + BLOCK {
        last = Zeroizing::new(hash(&Zeroizing::new([last.as_slice(), password, salt].concat())));
        derived.extend_from_slice(&last);
    }
    derived.truncate(32 + BLOCK);
    derived
}
