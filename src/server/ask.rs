//! Asking phones for their own certificates.
//!
//! The handshake only proves that the phone holds the key of the certificate that it shows. A phone with none, a strange
//! or an old one gets through all the same: whether it may have a file is a question of its site, and so `admit`'s.
//!
//! The names of the authorities are told to the phone, since some clients send nothing else; long lists are not, since
//! others choke on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key};
use rustls::server::ServerConfig;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime};
use webpki::{RawPublicKeyEntity, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::admit::legacy;
use crate::fleet::ClientAuthority;

/// So many names of authorities are told to phones at the most: a few makers with a few certificates each.
const MOST_NAMES: usize = 32;

type Authorities = Arc<[ClientAuthority]>;

/// The configuration of a listener that asks, made again when the authorities change.
pub(super) struct Asking {
    authorities: Box<dyn Fn() -> Authorities + Send + Sync>,
    current: ArcSwap<(Authorities, Arc<ServerConfig>)>,
}

impl Asking {
    /// `configured` makes a configuration with a verifier.
    pub(super) fn new(
        authorities: Box<dyn Fn() -> Authorities + Send + Sync>,
        configured: impl Fn(Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, Error>,
    ) -> Result<Asking, Error> {
        let now = authorities();
        let config = configured(Arc::new(Verifier::new(&now)))?;
        Ok(Asking { authorities, current: ArcSwap::from_pointee((now, config)) })
    }

    /// The configuration for the next handshake.
    pub(super) fn config(
        &self,
        configured: impl Fn(Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, Error>,
    ) -> Arc<ServerConfig> {
        let now = (self.authorities)();
        let current = self.current.load();
        if Arc::ptr_eq(&current.0, &now) {
            return Arc::clone(&current.1);
        }
        match configured(Arc::new(Verifier::new(&now))) {
            Ok(config) => {
                self.current.store(Arc::new((now, Arc::clone(&config))));
                config
            }
            Err(_) => Arc::clone(&current.1),
        }
    }
}

/// Takes every certificate of which the phone has the key.
#[derive(Debug)]
struct Verifier {
    names: Vec<DistinguishedName>,
    /// Some authority is weak, so its phones may prove themselves with SHA-1.
    sha1: bool,
}

impl Verifier {
    fn new(authorities: &[ClientAuthority]) -> Verifier {
        let certificates = authorities.iter().flat_map(|authority| &authority.certificates);
        let anchors = certificates.filter_map(|der| anchor_from_trusted_cert(der).ok());
        let subjects: BTreeSet<Vec<u8>> = anchors.map(|anchor| anchor.subject.to_vec()).collect();
        let names = match subjects.len() <= MOST_NAMES {
            true => subjects.iter().map(|subject| DistinguishedName::in_sequence(subject)).collect(),
            false => Vec::new(),
        };
        Verifier { names, sha1: authorities.iter().any(|authority| authority.weak) }
    }
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = key_of(certificate)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        if !self.supported_verify_schemes().contains(&signed.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        let holds = |one: &&&dyn SignatureVerificationAlgorithm| {
            key.verify_signature(**one, message, signed.signature()).is_ok()
        };
        match algorithms_of(signed.scheme).iter().find(holds) {
            Some(_) => Ok(HandshakeSignatureValid::assertion()),
            None => Err(CertificateError::BadSignature.into()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(message, &key_of(certificate)?, signed, &modern())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = modern().supported_schemes();
        // OpenSSL takes the first that its key can do, and short RSA keys are understood with this one only.
        schemes.sort_by_key(|scheme| *scheme != SignatureScheme::RSA_PKCS1_SHA256);
        if self.sha1 {
            schemes.push(SignatureScheme::RSA_PKCS1_SHA1);
        }
        schemes
    }
}

fn modern() -> WebPkiSupportedAlgorithms {
    aws_lc_rs::default_provider().signature_verification_algorithms
}

/// The key alone: a certificate that is odd in other ways proves it as well as any.
fn key_of(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(read.public_key().raw).into_owned())
}

/// Short RSA keys are good enough to prove what is judged as weak later.
fn algorithms_of(scheme: SignatureScheme) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    match scheme {
        SignatureScheme::RSA_PKCS1_SHA1 => vec![legacy::RSA_SHA1],
        SignatureScheme::RSA_PKCS1_SHA256 => vec![legacy::RSA_SHA256],
        SignatureScheme::RSA_PKCS1_SHA512 => vec![legacy::RSA_SHA512],
        other => {
            modern().mapping.iter().filter(|(scheme, _)| *scheme == other).flat_map(|(_, all)| *all).copied().collect()
        }
    }
}
