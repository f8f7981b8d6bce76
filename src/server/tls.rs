//! Certificates: read and checked with their key, and exchanged while the server runs.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert, ServerConfig, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::ask::Asking;
use super::expiry;
use crate::fleet::ClientAuthority;

/// Sessions remembered for phones that resume by number, as TLS 1.2 without tickets does. About 200 bytes each.
const SESSIONS: usize = 16 * 1024;

/// A certificate that cannot be served.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TlsError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is not PEM: it has {flaw}", path.display())]
    Pem { path: PathBuf, flaw: &'static str },
    #[error("`{}` holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("`{}` holds no private key", path.display())]
    NoKey { path: PathBuf },
    #[error("the private key in `{}` is encrypted", path.display())]
    EncryptedKey { path: PathBuf },
    #[error("cannot use the private key in `{}`", path.display())]
    Key { path: PathBuf, source: rustls::Error },
    #[error("cannot use the certificate in `{}`", path.display())]
    Certificate { path: PathBuf, source: rustls::Error },
    #[error("the key in `{}` is not that of the first certificate in `{}`", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("`{name}` is neither a host name nor an address")]
    Name { name: String },
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    #[error("cannot set up tls")]
    Setup(#[from] rustls::Error),
}

impl TlsError {
    /// What can be done about it, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            TlsError::NoCertificate { .. } => {
                Some("expected PEM, with a line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts DER")
            }
            TlsError::NoKey { .. } => Some("expected PEM, with a line such as `-----BEGIN PRIVATE KEY-----`"),
            TlsError::EncryptedKey { .. } => Some("`openssl pkey -in KEY -out NEW` takes the passphrase off"),
            TlsError::Mismatch { .. } => {
                Some("the server's own certificate comes first, those of its issuers after it")
            }
            TlsError::Key { .. } => {
                Some("RSA of 2048 bits or more, ECDSA P-256, P-384, P-521 and Ed25519 keys are understood")
            }
            TlsError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Some(
                "make it readable for the user that offhook runs as; a restart as root with --user reads it before",
            ),
            _ => None,
        }
    }
}

/// A certificate with its key, and all that TLS needs around them.
///
/// Listeners may share it, and it outlives its certificate: [`TlsMaterial::reload`] puts a new one in place.
pub struct TlsMaterial {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    asking: Option<Asking>,
}

impl TlsMaterial {
    /// Reads a chain of certificates, the server's own first, and its key, both PEM. They may be in one file.
    ///
    /// # Errors
    ///
    /// If a file can't be read or understood, or if the two don't belong together.
    pub fn load(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<TlsMaterial, TlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let (chain, secret) = (content(&certificate)?, content(&key)?);
        TlsMaterial::of(certificate, key, &chain, &secret)
    }

    /// The same from what is, or shall be, in the two files.
    pub(super) fn of(certificate: PathBuf, key: PathBuf, chain: &[u8], secret: &[u8]) -> Result<TlsMaterial, TlsError> {
        let certified = certified((&certificate, chain), (&key, secret))?;
        let current = Arc::new(Current(ArcSwap::from_pointee(certified)));
        let mut config = config(Arc::clone(&current), Arc::new(NoClientAuth))?;
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        config.ticketer = Ticketer::new()?;
        Ok(TlsMaterial { certificate, key, current, config: Arc::new(config), asking: None })
    }
    /// The same, asking each phone for a certificate of its own, which it may leave out. Those of `authorities`, which is
    /// called for each handshake, are told to the phone as welcome.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn asking(
        mut self,
        authorities: impl Fn() -> Arc<[ClientAuthority]> + Send + Sync + 'static,
    ) -> Result<TlsMaterial, TlsError> {
        self.asking = Some(Asking::new(Box::new(authorities), |verifier| self.verified_by(verifier))?);
        Ok(self)
    }

    /// Reads the files again. The next handshake gets the new certificate; connections and sessions live on.
    ///
    /// Returns whether anything has changed.
    ///
    /// # Errors
    ///
    /// As [`TlsMaterial::load`]; the certificate in place stays there.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let (chain, secret) = (content(&self.certificate)?, content(&self.key)?);
        let new = certified((&self.certificate, &chain), (&self.key, &secret))?;
        let changed = new.cert != self.current.0.load().cert;
        if changed {
            self.current.0.store(Arc::new(new));
        }
        Ok(changed)
    }

    /// The file of the certificate and that of the key, to be watched for changes.
    pub fn files(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }

    /// When the certificate in place ends, or ended: phones refuse it from then on.
    pub fn expires(&self) -> Option<SystemTime> {
        expiry::not_after(self.current.0.load().cert.first()?)
    }

    /// The server's own certificate, as DER.
    pub(super) fn leaf(&self) -> Option<CertificateDer<'static>> {
        self.current.0.load().cert.first().cloned()
    }

    /// What the next handshake is to be made with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        match &self.asking {
            None => Arc::clone(&self.config),
            Some(asking) => asking.config(|verifier| self.verified_by(verifier)),
        }
    }

    /// The same sessions can be resumed with it.
    fn verified_by(&self, verifier: Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = config(Arc::clone(&self.current), verifier)?;
        config.session_storage = Arc::clone(&self.config.session_storage);
        config.ticketer = Arc::clone(&self.config.ticketer);
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [certificate, key] = self.files();
        f.debug_struct("TlsMaterial").field("certificate", &certificate).field("key", &key).finish_non_exhaustive()
    }
}

/// The certificate in place.
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

fn config(current: Arc<Current>, verifier: Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(current);
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A phone comes back over one connection; a second ticket in every handshake would be for nothing.
    config.send_tls13_tickets = 1;
    Ok(config)
}

/// Suites with SHA-256 first. Most clients put AES-256 with SHA-384 first by habit, and then a fifth of a handshake is
/// SHA-384, for which few processors have instructions.
fn provider() -> CryptoProvider {
    let mut provider = default_provider();
    provider.cipher_suites.sort_by_key(|suite| {
        !matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    });
    provider
}

/// What is in a file; of a key nothing stays in memory.
fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    fs::read(path).map(Zeroizing::new).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

/// A chain and its key, out of two files.
fn certified((certificate, chain): (&Path, &[u8]), (key, secret): (&Path, &[u8])) -> Result<CertifiedKey, TlsError> {
    let chain = parse_chain(certificate, chain)?;
    let signer = default_provider()
        .key_provider
        .load_private_key(parse_key(key, secret)?)
        .map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
    let certified = CertifiedKey::new(chain, signer);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() })
        }
        Err(source) => Err(TlsError::Certificate { path: certificate.to_owned(), source }),
    }
}

fn parse_chain(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain =
        CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>().map_err(|err| not_pem(path, &err))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    Ok(chain)
}

fn parse_key(path: &Path, text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|err| match err {
        pem::Error::NoItemsFound if is_encrypted(text) => TlsError::EncryptedKey { path: path.to_owned() },
        pem::Error::NoItemsFound => TlsError::NoKey { path: path.to_owned() },
        err => not_pem(path, &err),
    })
}

fn not_pem(path: &Path, err: &pem::Error) -> TlsError {
    let flaw = match err {
        pem::Error::MissingSectionEnd { .. } => "a block without its `-----END` line",
        pem::Error::IllegalSectionStart { .. } => "a `-----BEGIN` line that is not complete",
        pem::Error::Base64Decode(_) => "a block that is not base64",
        _ => "a block that cannot be read",
    };
    TlsError::Pem { path: path.to_owned(), flaw }
}

fn is_encrypted(pem: &[u8]) -> bool {
    let mark = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    pem.windows(mark.len()).any(|window| window == mark)
}
