//! The certificate of a first start, so that HTTPS works before anybody has bought or asked for a real one.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::ServerName;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::{TlsError, TlsMaterial};
use crate::folder::{make as make_folder, replace};

/// Names that every such certificate has.
const OURS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// One that ends sooner is made anew.
const NEAR_THE_END: Duration = Duration::from_secs(30 * 24 * 3600);

impl TlsMaterial {
    /// The certificate kept in a folder, made at the first start: self-signed, ECDSA P-256, valid for this machine's
    /// loopback names and for the hosts given.
    ///
    /// A new one is made only if the kept one lacks a name, ends within a month or is damaged, for people may have told
    /// their phones to trust it.
    ///
    /// # Errors
    ///
    /// If a host is neither a name nor an address, or what is in the folder cannot be read. Where it cannot be written, that
    /// is logged, and the certificate is for this run.
    pub fn self_signed(folder: &Path, hosts: &[&str]) -> Result<TlsMaterial, TlsError> {
        let hosts: Vec<&str> = hosts.iter().map(|host| without_brackets(host)).chain(OURS).collect();
        let names = hosts.iter().map(|host| server_name(host)).collect::<Result<Vec<_>, _>>()?;
        let certificate = folder.join("self-signed.pem");
        let key = folder.join("self-signed.key");
        if certificate.exists() && key.exists() {
            match TlsMaterial::load(&certificate, &key) {
                Ok(kept) if will_do(&kept, &names) => return Ok(kept),
                Ok(_) => {
                    info!("the self-signed certificate lacks a name or ends soon, making a new one")
                }
                Err(err @ TlsError::Read { .. }) => return Err(err),
                Err(err) => {
                    warn!(reason = %err, "the self-signed certificate is damaged, making a new one")
                }
            }
        }
        let (chain, secret) = make(&hosts)?;
        let keep = |path: &Path, content: &str, mode| replace(path, mode, |file| file.write_all(content.as_bytes()));
        let kept = make_folder(folder).and_then(|()| keep(&key, &secret, 0o600));
        if let Err(error) = kept.and_then(|()| keep(&certificate, &chain, 0o644)) {
            let file = certificate.display();
            error!("`{file}` cannot be written, so the next start makes another self-signed certificate: {error}");
        }
        TlsMaterial::of(certificate, key, chain.as_bytes(), secret.as_bytes())
    }
}

/// In a URL an IPv6 address stands in brackets.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn server_name(host: &str) -> Result<ServerName<'_>, TlsError> {
    ServerName::try_from(host).map_err(|_| TlsError::Name { name: host.to_owned() })
}

fn will_do(kept: &TlsMaterial, names: &[ServerName<'_>]) -> bool {
    let soon = SystemTime::now() + NEAR_THE_END;
    let Some(leaf) = kept.leaf() else {
        return false;
    };
    let Ok(leaf) = ParsedCertificate::try_from(&leaf) else {
        return false;
    };
    kept.expires().is_none_or(|end| end > soon) && names.iter().all(|name| verify_server_name(&leaf, name).is_ok())
}

/// A certificate and its key, both PEM.
fn make(hosts: &[&str]) -> Result<(String, Zeroizing<String>), TlsError> {
    let mut hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let mut params = CertificateParams::new(hosts)?;
    // Fixed dates: a machine that starts without a clock must not make a certificate of 1970, and a phone with 32 bits
    // for its time cannot count beyond January 2038.
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2038, 1, 1);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Offhook, self-signed");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let signed = params.self_signed(&pair)?;
    Ok((signed.pem(), Zeroizing::new(pair.serialize_pem())))
}
