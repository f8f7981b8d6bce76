//! `[[client_authorities]]` of `fleet.toml`: the makers' certificates by which those of phones are judged.

use std::path::PathBuf;

use compact_str::CompactString;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::Reading;
use crate::reader::{At, Table};

/// An RSA key of fewer bits is weak.
pub const STRONG_RSA_BITS: usize = 2048;

/// Certificates of a maker, and whose phones they speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuthority {
    /// The PEM file that they are in, as `fleet.toml` has it.
    pub file: PathBuf,
    /// The families of the phones.
    pub families: Vec<CompactString>,
    /// Certificates count that were made with SHA-1 or RSA of 1024 bits, or whose time is over.
    pub weak: bool,
    /// All of them, each trusted for itself.
    pub certificates: Vec<CertificateDer<'static>>,
    /// Its line in the file, from 1.
    pub at: u32,
}

impl ClientAuthority {
    pub(super) fn read(mut table: Table<'_, '_>, reading: &Reading<'_>) -> Option<ClientAuthority> {
        let at = table.line();
        let file = table.required_text("file");
        let weak = table.boolean("weak").is_some_and(|at| at.value);
        let families = table.texts("families").map(|at| at.value).unwrap_or_default();
        if families.is_empty() {
            let what = format!("`{}` says for no family of phones", table.name_of("families"));
            table.error_hint(
                "missing-field",
                at,
                what,
                "a maker vouches for its own phones only: families = [\"yealink\"]",
            );
        }
        let certificates = file.as_ref().and_then(|file| read_file(&table, file, reading));
        table.finish();
        let families = families.into_iter().map(|at| at.value.into()).collect();
        Some(ClientAuthority { file: file?.value.into(), families, weak, certificates: certificates?, at })
    }

    /// Whether phones' certificates are refused for this one's own key.
    pub fn has_weak_key(&self) -> bool {
        self.certificates.iter().any(|der| X509Certificate::from_der(der).is_ok_and(|(_, read)| is_weak(&read)))
    }
}

/// Whether a certificate's own key is one that nobody should rely on.
pub fn is_weak(certificate: &X509Certificate<'_>) -> bool {
    matches!(certificate.public_key().parsed(), Ok(PublicKey::RSA(key)) if key.key_size() < STRONG_RSA_BITS)
}

fn read_file(table: &Table<'_, '_>, file: &At<String>, reading: &Reading<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let wrong = |what: String, hint: &str| table.error_hint("bad-authority", file.line, what, hint);
    let name = &file.value;
    let text = match reading.secrets.read_beside(name, reading.entity) {
        Ok(text) => text,
        Err(why) => {
            wrong(format!("`{name}` cannot be read: {why}"), "paths begin at the fleet's folder; PEM is expected");
            return None;
        }
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let Ok(certificates) = certificates else {
        wrong(format!("`{name}` is not PEM: a block in it is cut off or damaged"), "get it from the maker again");
        return None;
    };
    if certificates.is_empty() {
        let hint = "expected PEM, with a line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts DER";
        wrong(format!("`{name}` holds no certificate"), hint);
        return None;
    }
    let mut good = true;
    for (at, certificate) in certificates.iter().enumerate() {
        if let Err(why) = check(certificate) {
            let hint = "only certificates that sign others belong here, never a phone's or a server's own";
            wrong(format!("certificate {} of `{name}` {why}", at + 1), hint);
            good = false;
        }
    }
    good.then_some(certificates)
}

/// Whoever has the key of a certificate in the file can make phones, so it has to be meant for that.
fn check(der: &CertificateDer<'_>) -> Result<(), String> {
    let read = X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, read)| read);
    let read = read.filter(|_| webpki::anchor_from_trusted_cert(der).is_ok()).ok_or("cannot be read")?;
    let says_so = read.basic_constraints().ok().flatten().map(|constraints| constraints.value.ca);
    // Before version 3 there was no way to say it.
    match says_so.unwrap_or(read.subject() == read.issuer()) {
        true => Ok(()),
        false => Err(format!("is not that of an authority: `{}`", read.subject())),
    }
}
