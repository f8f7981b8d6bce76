//! The revision of a file: what says whether it changed, without saying what is in it.

use aws_lc_rs::hmac;

/// The key under which revisions are made. It is kept in the state folder, so that a revision outlives a restart and
/// nobody can test passwords against one.
#[derive(Clone)]
pub struct RevisionKey(hmac::Key);

impl RevisionKey {
    /// A key from its bytes.
    pub fn new(bytes: &[u8]) -> RevisionKey {
        RevisionKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The key that the command line uses, where no state folder is at hand; its revisions are not the server's.
    pub fn fixed() -> RevisionKey {
        RevisionKey::new(b"offhook without a state folder")
    }

    /// Eight bytes that are different for other bytes, and that nobody can guess.
    pub(super) fn salt(&self, bytes: &[u8]) -> [u8; 8] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"salt");
        context.update(bytes);
        std::array::from_fn({
            let tag = context.sign();
            move |at| tag.as_ref()[at]
        })
    }

    /// The revision of some bytes: 32 hexadecimal digits.
    pub fn revision(&self, bytes: &[u8]) -> String {
        let tag = hmac::sign(&self.0, bytes);
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for RevisionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevisionKey")
    }
}
