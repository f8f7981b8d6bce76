//! The certificate of a first start, so that HTTPS works before anybody has bought or asked for a real one.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::ServerName;
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::{TlsError, TlsMaterial};

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
    /// If a host is neither a name nor an address, or the folder cannot be read or written.
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
        make(&hosts, &certificate, &key)?;
        TlsMaterial::load(certificate, key)
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

fn make(hosts: &[&str], certificate: &Path, key: &Path) -> Result<(), TlsError> {
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
    let secret = Zeroizing::new(pair.serialize_pem());
    write_aside(key, secret.as_bytes(), 0o600)?;
    write_aside(certificate, signed.pem().as_bytes(), 0o644)
}

/// Writes a file that is either not there or whole.
fn write_aside(path: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    let aside = aside(path);
    write_new(&aside, content, mode).and_then(|()| fs::rename(&aside, path)).map_err(|source| {
        let _ = fs::remove_file(&aside);
        TlsError::Write { path: path.to_owned(), source }
    })
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    PathBuf::from(name)
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Left by a run that was killed halfway, if at all.
    let _ = fs::remove_file(path);
    // The mode counts from the first moment, so nobody else can open the file before it is set.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
