//! What a phone can show against what its site wants to be shown, and the key of its files.

use super::phone::Checker;
use crate::findings::{Finding, Level};
use crate::fleet::{Access, Rung};

impl Checker<'_> {
    /// What would keep the phone from its files, or its files from being encrypted.
    pub(super) fn trust(&mut self) {
        let (site, access) = (&self.subject.site, self.subject.phone.access.as_deref());
        let demands = |rung| site.trust.demand.contains(&rung);
        if demands(Rung::Network) && site.trust.networks.is_empty() {
            let what = "`trust.demand` has `network`, and `trust.networks` is empty: only this machine is served";
            self.findings.push(Finding::warning("no-networks", site.path(), None, what));
        }
        if demands(Rung::Password) && access.is_none_or(|access| access.password.is_none()) {
            let what = format!("the site `{}` demands a password, and the phone has none: it is refused", site.id);
            let hint = Some(format!("`offhook password {}` makes one", self.subject.phone.mac));
            self.on_phone(Level::Warning, "no-password", 1, what, hint);
        }
        if site.trust.encrypt_files {
            self.file_key(access);
        }
    }

    fn file_key(&mut self, access: Option<&Access>) {
        let family = &self.subject.maker.family;
        let key = access.and_then(|access| access.file_key.as_ref());
        let (Some(encryption), Some(key)) = (&family.encryption, key) else {
            let why = match key {
                Some(_) => format!("no source tells how phones of the family `{}` decrypt", family.id),
                None => "the phone has no `trust.file_key`".to_owned(),
            };
            let what = format!(
                "the site `{}` encrypts files, and this phone's are sent as they are: {why}",
                self.subject.site.id
            );
            return self.on_phone(Level::Warning, "not-encrypted", 1, what, None);
        };
        if let Err(why) = encryption.cipher.takes(key) {
            let hint = Some("choose letters and digits that nobody can guess".into());
            self.on_phone(Level::Error, "bad-file-key", 1, why, hint);
        }
    }
}
